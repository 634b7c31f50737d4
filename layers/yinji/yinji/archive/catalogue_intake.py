"""What the catalogue's keepers deliver: tables of activities, books and teachers, and what became of each line.

A table may be delivered again at any time, and what an earlier attempt at the same delivery wrote counts as it did
then. A line that is not there takes nothing away: an activity that will not be is one whose state is "cancelled".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tabular import Unreadable, rows

from yinji.archive.bulk import batches
from yinji.archive.catalogue import FACTS, Activity, Book, Teacher, Told, activity_of, book_of, teacher_of
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.refusing import Refused, Rejected
from yinji.platform.clock import stamp

PREFIX = "catalogue/"
MOST = 500_000
LARGEST = 64 * 2**20
AT_ONCE = 500
Thing = Activity | Book | Teacher


@dataclass(frozen=True)
class Kind:
    """A kind of table: what tells its things apart, the columns it must have and those it may have besides."""

    id: str
    needed: Sequence[str]
    known: Sequence[str]
    read: Callable[[Mapping[str, str]], Thing | str]
    """The thing of a row, or the name of the first column that cannot be right."""
    put: Callable[[Catalogue, Sequence[Any], str], list[Told]]


KINDS: Mapping[str, Kind] = {
    "activities": Kind(
        "id",
        ("id", "kind", "title", "begins_at", "minutes"),
        ("id", *FACTS),
        activity_of,
        Catalogue.put_activities,
    ),
    "books": Kind("isbn", ("isbn", "title"), ("isbn", "title", "author", "publisher"), book_of, Catalogue.put_books),
    "teachers": Kind(
        "staff", ("staff", "name"), ("staff", "name", "title", "school"), teacher_of, Catalogue.put_teachers
    ),
}


@dataclass
class Lines:
    """The things that a file tells of, each once, and the lines that tell of none."""

    things: dict[str, Thing] = field(default_factory=dict[str, Thing])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    number: int = 0
    repeated: int = 0


def kind_of(key: str) -> Kind:
    """What the object `key` is to hold. Raises Refused for one that lies elsewhere."""
    found = KINDS.get(key.split("/")[1]) if key.count("/") == 2 else None
    if found is None:
        raise Refused("catalogue-place")
    return found


def read(name: str, data: bytes, kind: Kind, told_at: datetime) -> Lines:
    """The lines of a file, which are true as of `told_at`. Raises Refused when it cannot be read as such a table."""
    if len(data) > LARGEST:
        raise Refused("too-large", limit=LARGEST // 2**20)
    found = Lines()
    try:
        head, lines = rows(name, data)
        if missing := [column for column in kind.needed if column not in head]:
            raise Refused("columns", missing=", ".join(missing))
        for number, cells in lines:
            found.number += 1
            if found.number > MOST:
                raise Refused("too-long", limit=MOST)
            if len(cells) != len(head):
                found.rejected.append(Rejected(number, "cells"))
                continue
            told = {name: cell for name, cell in zip(head, cells, strict=True) if name in kind.known}
            thing = kind.read(told)
            if isinstance(thing, str):
                found.rejected.append(Rejected(number, "value", thing))
                continue
            if isinstance(thing, Activity):
                thing = replace(thing, as_of=stamp(told_at))
            before = found.things.setdefault(str(getattr(thing, kind.id)), thing)
            if before is thing:
                continue
            if before == thing:
                found.repeated += 1
            else:
                found.rejected.append(Rejected(number, "twice", kind.id))
    except Unreadable as error:
        raise Refused(error.code, error.line) from error
    return found


def load(catalogue: Catalogue, lines: Lines, kind: Kind, delivery: str) -> Counter[str]:
    """Take what a delivery tells, and how many lines came to what."""
    counts = Counter({"rejected": len(lines.rejected), "repeated": lines.repeated})
    for some in batches(lines.things.values(), AT_ONCE):
        counts.update(kind.put(catalogue, some, delivery))
    return counts
