"""Who signed up for an activity, as its organiser reads it: on a page, by a program, as a file. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from yinji.archive.catalogue import SignUp, Standing
from yinji.archive.student import Student
from yinji.clearance import university
from yinji.platform.clock import stamp
from yinji.platform.sheets import Table


@dataclass(frozen=True)
class Guest:
    """`standing` is empty for who came without signing up; `name`, `school`, `class_name` for who left the register."""

    student: str
    standing: Standing | str
    at: datetime | None
    came: bool
    name: str = ""
    school: str = ""
    class_name: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The guest as programs read it."""
        return {
            "student": self.student,
            "name": self.name,
            "school": self.school,
            "class_name": self.class_name,
            "standing": self.standing,
            "at": stamp(self.at) if self.at else None,
            "came": self.came,
        }


def everybody(held: Sequence[SignUp], waiting: Sequence[SignUp], came: frozenset[str]) -> list[str]:
    """The numbers of all who signed up or came."""
    return list(dict.fromkeys([*(one.student for one in (*held, *waiting)), *sorted(came)]))


def guests(
    held: Sequence[SignUp], waiting: Sequence[SignUp], came: frozenset[str], known: Mapping[str, Student]
) -> list[Guest]:
    """Who holds a place, then who waits, the first one first, then who came without having signed up."""

    def all_of_them() -> Iterator[tuple[str, str, datetime | None]]:
        for one in (*held, *waiting):
            yield one.student, one.standing, one.at
        signed = {one.student for one in (*held, *waiting)}
        for student in sorted(came - signed):
            yield student, "", None

    found: list[Guest] = []
    for student, standing, at in all_of_them():
        who = known.get(student)
        told = (who.name, who.school, who.class_name) if who else ("", "", "")
        found.append(Guest(student, standing, at, student in came, *told))
    return found


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("guests.toml").read_text("utf-8"))


def table(title: str, found: Sequence[Guest], language: str) -> Table:
    """`found` as a table in `language` ("zh" or "en")."""
    words, schools = _words(), university.schools()
    head = [text[language] for text in words["columns"].values()]
    rows = [
        [
            one.student,
            one.name,
            schools[one.school][language] if one.school in schools else one.school,
            one.class_name,
            words["standings"][one.standing or "none"][language],
            one.at,
            words["came"]["yes" if one.came else "no"][language],
        ]
        for one in found
    ]
    return Table(title, head, [13, 16, 20, 14, 14, 17, 10], rows)
