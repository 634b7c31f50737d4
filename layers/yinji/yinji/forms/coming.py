"""What a request says of a form that is filled: from a page, or as JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from yinji.forms.filling import Sent, sent
from yinji.forms.form import Form
from yinji.forms.schema import LARGEST
from yinji.platform.problem import Problem

Go = Literal["next", "stay", "later"]
"""Where whoever saves a page wants to be: at the next one, at the same, or away, to go on another time."""
GOES: Mapping[str, Go] = {"next": "next", "stay": "stay", "later": "later"}
DEEPEST = 4
"""How deep an answer may lie: a table has rows, and rows have answers."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Came:
    """`sent` is what was filled, of one `page` or, without one, wherever it stands. `seen` is the version of the draft
    that was looked at, 0 for none; `corrects` the submission that is changed."""

    sent: Sent
    page: int | None = None
    go: Go = "next"
    seen: int = 0
    corrects: str = ""


def of_page(form: Form, texts: Mapping[str, str]) -> Came:
    """What the fields of a page say. Raises Problem("malformed-request")."""
    page = _number(texts["page"]) if texts.get("page") else None
    if page is not None and page >= len(form.pages):
        raise Problem("malformed-request")
    fields = tuple(form.fields) if page is None else form.pages[page].fields
    go = GOES.get(texts.get("go", ""), "next")
    return Came(sent(fields, texts), page, go, _number(texts.get("draft") or "0"), texts.get("corrects", "")[:40])


def of_document(form: Form, told: Mapping[str, Any]) -> Came:
    """What a JSON object says: `answers` and `uses` by field, `page`, `draft`, `corrects`.

    Raises Problem("malformed-request")."""
    answers, marks, page = _table(told.get("answers")), _table(told.get("uses")), told.get("page")
    if not (_readable(answers) and all(isinstance(one, str) and len(one) <= 40 for one in marks.values())):
        raise Problem("malformed-request")
    number = None if page is None else _number(str(page))
    if number is not None and number >= len(form.pages):
        raise Problem("malformed-request")
    return Came(
        Sent(answers, marks),
        number,
        seen=_number(str(told.get("draft") or 0)),
        corrects=str(told.get("corrects") or "")[:40],
    )


def _table(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Problem("malformed-request")
    return cast(dict[str, Any], value)


def _readable(value: Any, depth: int = 0) -> bool:
    """Whether there is nothing in `value` that nobody types: NUL, escapes of terminals, tables in tables, numbers that
    a browser does not have."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) <= LARGEST  # neither infinity nor what is no number is
    if isinstance(value, str):
        return not _CONTROL.search(value)
    if isinstance(value, dict | list):
        some = cast("dict[Any, Any] | list[Any]", value)
        below = [*some, *some.values()] if isinstance(some, dict) else some
        return depth < DEEPEST and all(_readable(one, depth + 1) for one in below)
    return True


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Problem("malformed-request")
    return int(text)
