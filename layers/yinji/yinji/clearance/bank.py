"""Bank accounts as people type them, made as banks write them. Raises Problem("invalid-form") naming the field."""

from __future__ import annotations

from yinji.clearance.case import Values
from yinji.forms.formats import FORMATS, tidy
from yinji.platform.problem import invalid_form

ACCOUNT = ("account_holder", "iban", "swift", "bank_abroad")
"""What a transfer abroad needs to know, as the forms of steps call it."""


def card(typed: str, field: str) -> str:
    """The number of a bank card, `typed` with or without spaces."""
    return _as_written("cn-bank-card", typed, field)


def abroad(answers: Values) -> Values:
    """`answers` with `iban` and `swift` as banks write them. Nothing of the account may be missing."""
    if missing := [field for field in ACCOUNT if not answers.get(field)]:
        raise invalid_form(dict.fromkeys(missing, "required"))
    number = _as_written("bank-account", str(answers["iban"]), "iban")
    return {**answers, "iban": number, "swift": _as_written("swift", str(answers["swift"]), "swift")}


def _as_written(format: str, typed: str, field: str) -> str:
    text = tidy(format, typed)
    # digits that only look like ours are refused here: of an account nothing is guessed
    if not "".join(typed.split()).isascii() or not FORMATS[format](text):
        raise invalid_form({field: "invalid"})
    return text
