"""A technician's route 行程单 on paper, in large type: whom they visit, with boxes to tick and a place to sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from typeset.certificate import ROUNDS, code_points, legible
from typeset.rendering import MissingGlyph, render


@dataclass(frozen=True)
class VisitData:
    """Whom to visit. `troubles` are what it is as a rule, `words` what they said themselves."""

    name: str
    address: str
    phone: str
    troubles: Sequence[str]
    words: str


@dataclass(frozen=True)
class StopData:
    """What is to be done in a window in a community, in the order of the way. `office` is the phone number of the
    community's office."""

    window: str
    hours: str
    community: str
    office: str
    visits: Sequence[VisitData]


@dataclass(frozen=True)
class SheetData:
    """The sheet, all in `language` where it is not as people wrote it."""

    language: Literal["zh", "en"]
    day: date
    technician: str
    stops: Sequence[StopData]
    university: str


def route_pdf(sheet: SheetData, at: datetime) -> bytes:
    """`sheet` as PDF/A-2b and PDF/UA-1; the same sheet and `at` (with a time zone) give the same.

    A character that no font has is written as its code point. Raises `typeset.RenderError` when the document cannot be
    made.
    """
    undrawn: dict[str, None] = {}
    for _ in range(ROUNDS):
        try:
            return render("route", _document(sheet, undrawn), at=at)
        except MissingGlyph as missing:
            if all(character in undrawn for character in missing.characters):
                raise
            undrawn |= dict.fromkeys(missing.characters)
    return render("route", _document(sheet, undrawn), at=at)


def _document(sheet: SheetData, undrawn: Mapping[str, object]) -> dict[str, Any]:
    """The template's data; the same names as in templates/route.typ."""

    def text(value: str) -> str:
        return code_points(legible(value), undrawn)

    def visit(one: VisitData) -> dict[str, Any]:
        return {
            "name": text(one.name),
            "address": text(one.address),
            "phone": text(one.phone),
            "troubles": [text(trouble) for trouble in one.troubles],
            "words": text(one.words),
        }

    return {
        "language": sheet.language,
        "day": sheet.day,
        "technician": text(sheet.technician),
        "university": text(sheet.university),
        "stops": [
            {
                "window": text(stop.window),
                "hours": stop.hours,
                "community": text(stop.community),
                "office": text(stop.office),
                "visits": [visit(one) for one in stop.visits],
            }
            for stop in sheet.stops
        ],
    }
