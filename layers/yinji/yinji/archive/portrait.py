"""The portrait 全息画像: what a student's records amount to, by year, dimension and kind. Pure.

A portrait is computed from all records of its student and from nothing else, so that records that come late, twice or
in another order leave the same one, and a repair is to compute it again. Scores are whole points; within a term a kind
counts up to its limit (kinds.toml). Beside each score stands what it is made of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yinji.archive.hours import HOUR, Hours
from yinji.archive.kinds import dimensions, hundreds, kinds, rules
from yinji.archive.record import Record
from yinji.archive.student import Student, stored_student, student_document
from yinji.archive.terms import year_of


@dataclass(frozen=True)
class Tally:
    """Records of one kind in one dimension and term: how many count and for how many minutes, what they would be worth
    and what of it is counted, and how many wait to be certified."""

    term: str
    dimension: str
    kind: str
    records: int = 0
    minutes: int = 0
    worth: int = 0
    score: int = 0
    pending: int = 0

    @property
    def year(self) -> str:
        return year_of(self.term)


@dataclass(frozen=True)
class Portrait:
    """See the module. `tallies` are in order of term, dimension and kind; `hundreds` counts different things."""

    student: Student
    tallies: Sequence[Tally] = ()
    hundreds: Mapping[str, int] = field(default_factory=dict[str, int])
    credited: Mapping[str, int] = field(default_factory=dict[str, int])
    """Minutes of the second classroom that count, by dimension."""
    first_day: date | None = None
    last_day: date | None = None
    waiting: int = 0
    """Records that somebody has to look at."""
    version: int = 0
    """Counts how often it was written; no part of what it says."""

    @property
    def years(self) -> list[str]:
        """The academic years that have records, in order."""
        return sorted({one.year for one in self.tallies})

    @property
    def pending(self) -> int:
        """Records that wait to be certified."""
        return sum(one.pending for one in self.tallies)

    def score(self, dimension: str = "", *, year: str = "", term: str = "") -> int:
        """Points in a dimension, or in all by their weights; of one year or term, or of all."""
        return _scores(self._some(year, term))[f"dimension.{dimension}" if dimension else "overall"]

    def records(self, *, dimension: str = "", kind: str = "", year: str = "", term: str = "") -> int:
        """How many records count."""
        return sum(one.records for one in self._some(year, term) if one.dimension == (dimension or one.dimension)
                   and one.kind == (kind or one.kind))  # fmt: skip

    def _some(self, year: str, term: str) -> Iterator[Tally]:
        return (one for one in self.tallies if one.year == (year or one.year) and one.term == (term or one.term))

    @property
    def features(self) -> dict[str, int]:
        """What groups are made of: every dimension's score, the overall one, the hundreds, and records by kind."""
        records = dict.fromkeys(kinds(), 0)
        for one in self.tallies:
            records[one.kind] += one.records
        told = _scores(self.tallies) | {f"hundred.{id}": number for id, number in self.hundreds.items()}
        return told | {f"kind.{id}": number for id, number in records.items()}

    @property
    def by_term(self) -> dict[str, dict[str, int]]:
        """The scores and the number of records of each term that has any."""
        terms: dict[str, list[Tally]] = {}
        for one in self.tallies:
            terms.setdefault(one.term, []).append(one)
        return {
            term: _scores(some) | {"records": sum(one.records for one in some)} for term, some in sorted(terms.items())
        }


def _scores(tallies: Iterable[Tally]) -> dict[str, int]:
    """The score of each dimension, and of all by their weights."""
    parts = dict.fromkeys(dimensions(), 0)
    for one in tallies:
        parts[one.dimension] += one.score
    whole = sum(one.weight for one in dimensions().values())
    overall = rounded(sum(parts[id] * one.weight for id, one in dimensions().items()), whole)
    return {f"dimension.{id}": score for id, score in parts.items()} | {"overall": overall}


def rounded(number: int, by: int) -> int:
    """number / by, a half rounded up; without floating point, which would round differently in another order."""
    return (2 * number + by) // (2 * by)


def portrait(student: Student, records: Iterable[Record]) -> Portrait:
    """The portrait of `student`; `records` are theirs, in any order."""
    found: dict[tuple[str, str, str], list[int]] = {}
    things: dict[str, set[str]] = {id: set() for id in hundreds()}
    days: list[date] = []
    waiting = 0
    hours = Hours(rules(student.programme))
    for one in records:
        waiting += one.waits
        if not (one.counts or one.state == "pending"):
            continue
        tally = found.setdefault((one.term, one.education, one.kind), [0, 0, 0, 0])
        if not one.counts:
            tally[3] += 1
            continue
        kind = kinds()[one.kind]
        tally[0] += 1
        tally[1] += one.minutes
        # in sixtieths of a point, for an hour has sixty minutes
        tally[2] += kind.levels.get(one.level, kind.each) * HOUR + kind.hourly * one.minutes
        hours.add(one)
        days.append(one.day)
        for id, hundred in hundreds().items():
            if one.kind in hundred.kinds:
                things[id].add(one.thing)
    return Portrait(
        student,
        _tallies(found),
        {id: len(some) for id, some in things.items()},
        hours.credited(),
        min(days, default=None),
        max(days, default=None),
        waiting,
    )


def thing_of(record: Record) -> str:
    """What a record is about, as the hundreds tell things apart: its entity, or its title where nobody gave one; of a
    kind that is about nothing in particular each record is a thing of its own."""
    if not kinds()[record.kind].entity:
        return record.key
    return record.entity or f"{record.kind} {record.title}"


def _tallies(found: Mapping[tuple[str, str, str], Sequence[int]]) -> list[Tally]:
    """The tallies, with what of each is counted: a kind's limit in a term is used up by its dimensions in order."""
    left: dict[tuple[str, str], int] = {}
    order = {id: place for place, id in enumerate(dimensions())}
    tallies: list[Tally] = []
    for (term, dimension, kind), (records, minutes, worth, pending) in sorted(
        found.items(), key=lambda one: (one[0][0], order[one[0][1]], one[0][2])
    ):
        limit = left.get((term, kind), kinds()[kind].term)
        points = rounded(worth, HOUR)
        score = min(points, limit)
        left[term, kind] = limit - score
        tallies.append(Tally(term, dimension, kind, records, minutes, points, score, pending))
    return tallies


def portrait_document(portrait: Portrait) -> dict[str, Any]:
    """`portrait` as stored, without its key; read back by `portrait_of`.

    What is made of many numbers is one text of JSON: a table has nothing to ask of them one by one, and a text is read,
    kept and sent in a tenth of the time that a nested value takes.
    """
    return {
        **student_document(portrait.student),
        "tallies": _text(
            [
                [one.term, one.dimension, one.kind, one.records, one.minutes, one.worth, one.score, one.pending]
                for one in portrait.tallies
            ]
        ),
        "sums": _text({"hundreds": dict(portrait.hundreds), "credited": dict(portrait.credited)}),
        "features": _text(portrait.features),
        "by_term": _text(portrait.by_term),
        "first_day": portrait.first_day.isoformat() if portrait.first_day else "",
        "last_day": portrait.last_day.isoformat() if portrait.last_day else "",
        "waiting": portrait.waiting,
        "version": portrait.version,
    }


def portrait_of(document: Mapping[str, Any]) -> Portrait:
    """The portrait of a stored document."""
    first, last = document.get("first_day"), document.get("last_day")
    sums = json.loads(document["sums"])
    return Portrait(
        stored_student(document),
        [Tally(*one) for one in json.loads(document["tallies"])],
        sums["hundreds"],
        sums["credited"],
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
        int(document["waiting"]),
        int(document["version"]),
    )


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
