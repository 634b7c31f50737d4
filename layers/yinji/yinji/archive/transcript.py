"""The second-classroom transcript 第二课堂成绩单: what a programme asks for, what is credited and why not more. Pure.

It says of the same records what the portrait says, with the records behind each line; and the four hundreds explained:
which different things count, and which records do not and why.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from yinji.archive import terms
from yinji.archive.hours import HOUR, Hours, Line, minutes_of
from yinji.archive.kinds import Text, dimensions, hundreds, kinds, rules
from yinji.archive.portrait import thing_of
from yinji.archive.record import Record
from yinji.archive.student import Student
from yinji.platform.sheets import Cell, Table

TENTHS = 10
"""Credits are told in tenths, what is less than one of them is not told."""
Left = Literal["again", "pending", "refused", "revoked"]
"""Why a record adds nothing to a hundred: the thing counts already; it waits; it was refused, or counted once."""


@dataclass(frozen=True)
class Entry:
    """A line of hours with the records it is made of, the oldest first."""

    line: Line
    records: Sequence[Record]

    @property
    def assumed(self) -> int:
        """How many of the records tell no time, so that the programme's own counts."""
        return sum(not one.minutes for one in self.records)


@dataclass(frozen=True)
class Part:
    """One dimension: minutes `asked`, and of what the entries add up to what is `credited`."""

    dimension: str
    asked: int
    entries: Sequence[Entry]
    tenths: int
    """Credits, in tenths."""

    @property
    def minutes(self) -> int:
        return sum(one.line.minutes for one in self.entries)

    @property
    def credited(self) -> int:
        return sum(one.line.credited for one in self.entries)

    @property
    def capped(self) -> int:
        return self.minutes - self.credited

    @property
    def missing(self) -> int:
        return max(self.asked - self.credited, 0)

    @property
    def fulfilled(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class Thing:
    """A book, a teacher, a lecture, an activity that counts: by the first record of it that does."""

    record: Record
    again: Sequence[Record] = ()
    """Further records of the same thing, which add nothing."""


@dataclass(frozen=True)
class Progress:
    """One of the four hundreds: the different `things` that count, and the records that do not, by why."""

    hundred: str
    aim: int
    things: Sequence[Thing]
    left: Mapping[Left, Sequence[Record]]

    @property
    def reached(self) -> int:
        return len(self.things)

    @property
    def missing(self) -> int:
        return max(self.aim - self.reached, 0)


@dataclass(frozen=True)
class Transcript:
    """`parts` in the order of the dimensions; `waiting` records wait to be certified and count in none of them."""

    student: Student
    parts: Sequence[Part]
    hundreds: Sequence[Progress]
    own_rules: bool
    """Whether the programme has rules of its own."""
    waiting: int

    @property
    def asked(self) -> int:
        return sum(one.asked for one in self.parts)

    @property
    def credited(self) -> int:
        return sum(one.credited for one in self.parts)

    @property
    def met(self) -> int:
        """What is credited of what is asked: more than a dimension asks for fills up no other one."""
        return sum(min(one.credited, one.asked) for one in self.parts)

    @property
    def tenths(self) -> int:
        return sum(one.tenths for one in self.parts)

    @property
    def fulfilled(self) -> bool:
        return all(one.fulfilled for one in self.parts)

    @property
    def missing(self) -> Sequence[Part]:
        return [one for one in self.parts if not one.fulfilled]


def transcript(student: Student, records: Iterable[Record]) -> Transcript:
    """The transcript of `student`; `records` are theirs, in any order."""
    asked = rules(student.programme)
    every = sorted(records, key=lambda one: (one.day, one.time, one.key))
    hours, behind = Hours(asked), defaultdict[tuple[str, str, str], list[Record]](list)
    for one in every:
        if one.counts and minutes_of(one, asked):
            hours.add(one)
            behind[one.term, one.kind, one.education].append(one)
    entries = [Entry(line, behind[line.term, line.kind, line.dimension]) for line in hours.lines()]
    return Transcript(
        student,
        [_part(id, asked.hours.get(id, 0) * HOUR, entries, asked.hours_a_credit) for id in dimensions()],
        [_progress(id, every) for id in hundreds()],
        asked != rules(""),
        sum(one.state == "pending" for one in every),
    )


def _part(dimension: str, asked: int, entries: Iterable[Entry], hours_a_credit: int) -> Part:
    own = [one for one in entries if one.line.dimension == dimension]
    credited = sum(one.line.credited for one in own)
    return Part(dimension, asked, own, credited * TENTHS // (hours_a_credit * HOUR))


def _progress(id: str, records: Iterable[Record]) -> Progress:
    """`records` are in order of time: the first of a thing is what counts."""
    hundred = hundreds()[id]
    things: dict[str, list[Record]] = {}
    left = defaultdict[Left, list[Record]](list)
    for one in records:
        if one.kind not in hundred.kinds:
            continue
        if one.counts:
            things.setdefault(thing_of(one), []).append(one)
        elif one.state not in ("void", "certified"):
            left[one.state].append(one)
    again = [one for some in things.values() for one in some[1:]]
    if again:
        left["again"] = again
    return Progress(id, hundred.aim, [Thing(some[0], some[1:]) for some in things.values()], dict(left))


# --- as a table ----------------------------------------------------------------------------------------------


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("transcript.toml").read_text("utf-8"))


def table(told: Transcript, language: str) -> Table:
    """A line for each record that counts, under what its kind is credited in its term; then what waits."""

    def say(text: Text) -> str:
        return text[language]

    lines: list[list[Cell]] = []
    for part in told.parts:
        for entry in part.entries:
            line = entry.line
            limit = None if line.limit is None else line.limit / HOUR
            for place, one in enumerate(entry.records):
                last = place == len(entry.records) - 1
                lines.append(
                    [
                        say(dimensions()[part.dimension].title),
                        terms.title(line.term, language),
                        say(kinds()[line.kind].title),
                        one.title,
                        one.day,
                        one.organiser,
                        minutes_of(one, rules(told.student.programme)) / HOUR,
                        limit,
                        # once for all records of the line, so that the column adds up
                        line.credited / HOUR if last else None,
                    ]
                )
    heads = [say(_said()["columns"][name]) for name in COLUMNS]
    return Table(f"{say(_said()['title'])} {told.student.student}", heads, [10, 22, 16, 36, 12, 20, 10, 12, 12], lines)


COLUMNS = ("dimension", "term", "kind", "title", "day", "organiser", "hours", "limit", "credited")
