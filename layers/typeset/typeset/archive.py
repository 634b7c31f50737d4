"""The book of a growth archive 成长档案: 8 to 14 designed pages in Chinese, in English or in both."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, cast, get_args

from typeset.certificate import grouped, legible, name_spans, qr_svg
from typeset.rendering import TEMPLATES, preview, render

Language = Literal["zh", "en", "both"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = "archive"
PARTS = ("book", "parts")
"""Templates of the folder that all themes share; every other one is a theme."""


# A letter that neither the Latin nor the Chinese face has: templates/paper.typ, `seldom`
_SELDOM = re.compile(
    "[\u0530-\u1cff\u20c1\u2638\u2d00-\u2d2f\u3130-\u318f\ua640-\uabff\uac00-\ud7ff\ufb13-\ufdff\ufe70-\ufefe]"
    "|[\U00010e00-\U00011fff]"
)


@dataclass(frozen=True)
class ArchiveData:
    """What the document says. `book` is what `yinji.editions.book.book` tells, as plain data.

    `code` is the verification code, with or without separators; `verify_url` the page that confirms it; `issued_on` the
    campus' day on which it was made.
    """

    book: Mapping[str, Any]
    code: str
    verify_url: str
    issued_on: date


@cache
def themes() -> Sequence[str]:
    """The themes there are: the templates of the folder but for its parts, in order of name."""
    return sorted(path.stem for path in (TEMPLATES / FOLDER).glob("*.typ") if path.stem not in PARTS)


def archive_pdf(data: ArchiveData, *, language: Language, theme: str, at: datetime) -> bytes:
    """The book as PDF/A-2b and PDF/UA-1; the same data, language, theme and `at`, with a zone, give the same bytes.

    Nothing is replaced: a character that no font has raises `typeset.MissingGlyph`, so that a person looks at it.
    Raises `typeset.RenderError` when it cannot be made for another reason, ValueError for an unknown language or theme.
    """
    return render(_template(theme), _document(data, language), at=at)


def archive_pages(data: ArchiveData, *, language: Language, theme: str, at: datetime, ppi: float = 96) -> list[bytes]:
    """The pages as PNG, for people who edit templates; raises as `archive_pdf` does, but for missing characters."""
    return preview(_template(theme), _document(data, language), at=at, ppi=ppi)


def identity(book: Mapping[str, Any], *, language: Language, theme: str) -> str:
    """The same for the same book drawn by the same templates, another one otherwise; of no code and of no day.

    Raises ValueError for an unknown theme.
    """
    said = json.dumps([book, language, theme], sort_keys=True)
    return hashlib.sha256(said.encode() + _drawing(_template(theme))).hexdigest()


@cache
def _drawing(template: str) -> bytes:
    """A digest of all that decides how a book is drawn."""
    names = (f"{template}.typ", *(f"{FOLDER}/{part}.typ" for part in PARTS), "archive.toml", "paper.typ")
    return hashlib.sha256(b"\0".join((TEMPLATES / name).read_bytes() for name in names)).digest()


def _template(theme: str) -> str:
    if theme not in themes():
        raise ValueError(f"there is no theme {theme!r}")
    return f"{FOLDER}/{theme}"


def _document(data: ArchiveData, language: str) -> dict[str, Any]:
    """The templates' data: the book with every text in it legible, and what is on the last page."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}")
    said = json.dumps(data.book, ensure_ascii=False)
    # one look at everything is quicker than one at each text, and nearly always enough; JSON escapes control characters
    fine = "\\" not in said and legible(said) == said
    book = dict(data.book) if fine else cast(dict[str, Any], _legible(data.book))
    latin = book["student"]["name_latin"]
    name = book["student"]["name"]
    return {
        **book,
        "language": language,
        "seldom": _SELDOM.search(said) is not None,
        "name": name_spans(name),
        "name_latin": "" if latin.casefold() == name.casefold() else latin,
        "code": grouped(legible(data.code)),
        "verify_url": data.verify_url,
        "qr": qr_svg(data.verify_url),
        "issued_on": data.issued_on.isoformat(),
    }


def _legible(value: Any) -> Any:
    match value:
        case str():
            return legible(value)
        case Mapping():
            return {name: _legible(one) for name, one in cast(Mapping[str, Any], value).items()}
        case list() | tuple():
            return [_legible(one) for one in cast(Sequence[Any], value)]
        case _:
            return value
