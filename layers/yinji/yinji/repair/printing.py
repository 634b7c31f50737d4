"""Printing labels: which places' labels go on a sheet, and what sheets there are. Pure.

A place's label stays the same however often it is printed, so that a sticker that came off is put up again as it was;
one that was stolen is replaced, and its code is good for nothing then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from yinji.platform.ids import id_of
from yinji.platform.problem import invalid_form
from yinji.repair.place import ID, KINDS, Kind, Place

Format = Literal["a4-24", "a4-10", "door"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""Sheets of 3 x 8 stickers of 70 x 37 mm, sheets of 2 x 5 of 99 x 57 mm, or a sign for a door, a page (A5) each."""
STICKERS: Mapping[Format, int] = {"a4-24": 24, "a4-10": 10, "door": 1}
"""How many there are on a page."""
MOST_ON_A_SHEET = 500
MOST_NAMED = 100
USUAL: frozenset[Kind] = frozenset({"room", "socket", "access-point", "switch"})
"""What bears a label as a rule."""
_BETWEEN = re.compile(r"[\s,，;；、]+")


@dataclass(frozen=True)
class Sheet:
    """Labels that were printed together, in which format, by whom; on paper it has as many pages as it needs. `first`
    is the sticker of the first page that is still free, counted along its rows from 1."""

    id: str
    format: Format
    serials: Sequence[str]
    printed_at: datetime
    printed_by: str
    first: int = 1


@dataclass(frozen=True)
class Wish:
    """What somebody wants labels of: the places named, or all of some kinds that are, or lie in, `within`. `missing`:
    only those at which none hangs."""

    format: Format
    places: Sequence[str] = ()
    within: str = ""
    kinds: frozenset[Kind] = frozenset()
    missing: bool = False
    first: int = 1

    def chosen(self, places: Iterable[Place]) -> list[Place]:
        """Those of `places` that are meant, in the order in which one walks by them. What is retired bears none."""
        there = sorted((place for place in places if not place.retired), key=lambda place: (place.path, place.id))
        if self.places:
            return [place for place in there if place.id in self.places]
        return [place for place in there if self.within in (place.id, *place.path) and place.kind in self.kinds]


def wished(fields: Mapping[str, str]) -> Wish:
    """What `fields` ask for. Raises invalid-form."""
    named = list(dict.fromkeys(one for one in _BETWEEN.split(fields.get("places", "").upper()) if one))
    within = "" if named else fields.get("within", "")
    kinds: frozenset[Kind] = frozenset(kind for kind in KINDS if fields.get(f"kind.{kind}"))
    wrong: dict[str, str] = {}
    if len(named) > MOST_NAMED or not all(ID.fullmatch(one) for one in named):
        wrong["places"] = "invalid"
    elif not named and not ID.fullmatch(within):
        wrong["within"] = "invalid" if within else "required"
    elif not named and not kinds:
        wrong["kinds"] = "required"
    if wrong:
        raise invalid_form(wrong | _wrong_paper(fields))
    format, first = paper_of(fields)
    return Wish(format, named, within, kinds, bool(fields.get("missing")), first)


def paper_of(fields: Mapping[str, str]) -> tuple[Format, int]:
    """The format that `fields` ask for, and the first sticker that is free. Raises invalid-form."""
    if wrong := _wrong_paper(fields):
        raise invalid_form(wrong)
    return next(one for one in FORMATS if one == fields["format"]), int(fields.get("first") or 1)


def _wrong_paper(fields: Mapping[str, str]) -> dict[str, str]:
    told, first = fields.get("format", ""), fields.get("first", "")
    format: Format | None = next((one for one in FORMATS if one == told), None)
    if format is None:
        return {"format": "invalid" if told else "required"}
    fits = not first or (
        first.isascii() and first.isdecimal() and len(first) < 4 and 1 <= int(first) <= STICKERS[format]
    )
    return {} if fits else {"first": "invalid"}


def sheet_id(who: str, key: str) -> str:
    """The same for the same asking, so that asking twice prints once."""
    return id_of(who, key)
