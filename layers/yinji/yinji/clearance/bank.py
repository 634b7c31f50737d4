"""Bank accounts as people type them, made as banks write them. Raises Problem("invalid-form") naming the field."""

from __future__ import annotations

import re

from yinji.clearance.case import Values
from yinji.platform.problem import invalid_form

ACCOUNT = ("account_holder", "iban", "swift", "bank_abroad")
"""What a transfer abroad needs to know, as the forms of steps call it."""
_CARD = re.compile(r"\d{12,22}")
_ACCOUNT = re.compile(r"[A-Z0-9]{4,34}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
_SWIFT = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_BETWEEN = re.compile(r"[\s./-]+")


def card(typed: str, field: str) -> str:
    """The number of a bank card, `typed` with or without spaces."""
    return _like(_CARD, typed, field)


def abroad(answers: Values) -> Values:
    """`answers` with `iban` and `swift` as banks write them. An IBAN's check digits are checked (ISO 13616, mod 97);
    an account of a country without IBAN is taken as it is. Nothing of it may be missing."""
    if missing := [field for field in ACCOUNT if not answers.get(field)]:
        raise invalid_form(dict.fromkeys(missing, "required"))
    number = _like(_ACCOUNT, str(answers["iban"]), "iban")
    if _IBAN.fullmatch(number) and not _adds_up(number):
        raise invalid_form({"iban": "invalid"})
    return {**answers, "iban": number, "swift": _like(_SWIFT, str(answers["swift"]), "swift")}


def _adds_up(iban: str) -> bool:
    digits = "".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])
    return int(digits) % 97 == 1


def _like(pattern: re.Pattern[str], typed: str, field: str) -> str:
    text = _BETWEEN.sub("", typed).upper()
    if not text.isascii() or not pattern.fullmatch(text):
        raise invalid_form({field: "invalid"})
    return text
