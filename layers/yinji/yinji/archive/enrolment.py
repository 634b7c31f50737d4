"""The register of students as a table: who studies what where, since when, and whose card theirs is."""

from __future__ import annotations

from dataclasses import dataclass

from tabular import Unreadable, rows

from yinji.archive.refusing import Refused, Rejected
from yinji.archive.student import COLUMNS, Student, student_of

MOST = 100_000


@dataclass(frozen=True)
class Register:
    students: list[Student]
    rejected: list[Rejected]


def read(name: str, data: bytes) -> Register:
    """The students of a file. Raises Refused when it cannot be read as a register at all."""
    try:
        head, lines = rows(name, data)
        if missing := [column for column in COLUMNS if column not in head]:
            raise Refused("columns", missing=", ".join(missing))
        students: dict[str, Student] = {}
        cards: set[str] = set()
        rejected: list[Rejected] = []
        for number, cells in lines:
            if len(students) + len(rejected) == MOST:
                raise Refused("too-long", limit=MOST)
            if len(cells) != len(head):
                rejected.append(Rejected(number, "cells"))
                continue
            found = student_of(dict(zip(head, cells, strict=True)))
            if isinstance(found, str):
                rejected.append(Rejected(number, "value", found))
            elif found.student in students:
                rejected.append(Rejected(number, "twice", "student"))
            elif found.card and found.card in cards:
                rejected.append(Rejected(number, "twice", "card"))
            else:
                students[found.student] = found
                cards.add(found.card)
    except Unreadable as error:
        raise Refused(error.code, error.line) from error
    return Register(list(students.values()), rejected)
