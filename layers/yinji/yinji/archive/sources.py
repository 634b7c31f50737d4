"""Source systems: how the columns of what they deliver become records; a small TOML each in sources/.

`columns` names the column of a fact, `constant` gives a fact that no column has, `values` what a fact's words mean,
`void` the column and the words by which the source takes a record back. `certify` says whose word makes a record count:
the source's own, or a counsellor's ("office").
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from yinji.archive.isbn import isbn_of
from yinji.archive.kinds import Text, kinds
from yinji.archive.record import FACTS, Certification, Record, wrong_with
from yinji.platform.clock import CAMPUS, stamp

FOLDER = Path(__file__).parent / "sources"
COLUMNS = frozenset({"id", "student", "as_of", "hours", *FACTS})
"""Facts that a column can give; `hours` in place of `minutes`, `as_of` the instant of which the line is true."""
NEEDED = ("id", "student", "day")
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d")
Cells = Sequence[str]


@dataclass(frozen=True)
class Source:
    id: str
    title: Text
    certify: Literal["source", "office"]
    columns: Mapping[str, str]
    constant: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    void_column: str = ""
    void_words: frozenset[str] = frozenset()

    def missing(self, head: Sequence[str]) -> list[str]:
        """The columns that `head` lacks."""
        asked = [*self.columns.values(), *([self.void_column] if self.void_column else [])]
        return [name for name in asked if name not in head]

    def reader(self, head: Sequence[str], told_at: datetime, delivery: str, today: date) -> Reading:
        """What makes a record of a line's cells, which stand in the order of `head`; the line is true as of `told_at`
        unless it says when itself."""
        return _reader(self, head, told_at, delivery, today)


Reading = Callable[[Cells], "Record | str"]
"""The record of a line, or the name of the first fact that cannot be right."""


@cache
def sources() -> Mapping[str, Source]:
    """Every source system by id."""
    found: dict[str, Source] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        told: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        void: Mapping[str, Any] = told.get("void", {})
        found[path.stem] = Source(
            path.stem,
            {"zh": told["zh"], "en": told["en"]},
            told["certify"],
            told["columns"],
            told.get("constant", {}),
            told.get("values", {}),
            void.get("column", ""),
            frozenset(void.get("is", ())),
        )
    return found


def _reader(source: Source, head: Sequence[str], told_at: datetime, delivery: str, today: date) -> Reading:
    places = {fact: head.index(column) for fact, column in source.columns.items()}
    void = head.index(source.void_column) if source.void_column else -1
    constant = dict(source.constant)
    known_as_of, word = stamp(told_at), _clean
    certified = source.certify == "source"
    books = {id for id, kind in kinds().items() if kind.entity == "book"}

    def read(cells: Cells) -> Record | str:
        told: dict[str, Any] = dict(constant)
        for fact, place in places.items():
            told[fact] = word(cells[place])
        for fact, meanings in source.values.items():
            if told[fact] and told[fact] not in meanings:
                return fact
            told[fact] = meanings.get(told[fact], "")
        as_of = known_as_of
        if changed := told.pop("as_of", ""):
            moment = moment_of(changed)
            if moment is None:
                return "as_of"
            as_of = stamp(moment)
        day = _day(told["day"])
        if day is None:
            return "day"
        told["day"] = day
        told["time"] = told.get("time", "")[:5]
        hours = told.pop("hours", None)
        minutes = _minutes(hours, 60) if hours is not None else _minutes(told.get("minutes", ""), 1)
        if minutes is None:
            return "minutes" if hours is None else "hours"
        told["minutes"] = minutes
        if (entity := told.get("entity")) and told.get("kind") in books:
            # one book is one, however a system writes its number
            told["entity"] = isbn_of(entity) or entity
        taken_back = void >= 0 and cells[void].strip() in source.void_words
        state = "void" if taken_back else "certified" if certified else "pending"
        vouched = Certification(source.id, told_at) if state == "certified" else None
        record = Record(source=source.id, state=state, as_of=as_of, delivery=delivery, certification=vouched, **told)
        return wrong_with(record, today) or record

    return read


def _clean(cell: str) -> str:
    """`cell` as it is kept: without blanks around it, its signs composed."""
    text = cell.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _day(text: str) -> date | None:
    # the usual way first; an instant is told by its day on the campus
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        pass
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    return None


def moment_of(text: str) -> datetime | None:
    """The instant that `text` tells, on the campus' clock unless it says another zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=CAMPUS)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _minutes(text: str, factor: int) -> int | None:
    if not text:
        return 0
    try:
        number = float(text)
    except ValueError:
        return None
    return round(number * factor) if 0 <= number < 1e6 else None
