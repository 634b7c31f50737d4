"""What systems of record deliver: a table with a person and facts in each line, below facts/<source>/.

A column is called as a kind of fact or by one of its names; an empty cell says nothing. A line of which anything cannot
be right is not taken. What is the same as before is not written again. A table that is older than the newest one of its
source adds what is not known yet, and changes nothing: so it does not matter how often, or in which order, they come.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tabular import Unreadable, rows

from yinji.archive.refusing import Refused, Rejected
from yinji.forms.facts import Fact, kinds, person_columns, person_fact, read, sources, validator
from yinji.forms.facts_store import Facts
from yinji.platform.clock import stamp
from yinji.platform.ids import id_of

PREFIX, REPORTS = "facts/", "reports/facts/"
LARGEST = 16 * 2**20
MOST = 50_000
PERSON = re.compile(r"[A-Z0-9]{2,16}")
THREADS = 16


@dataclass
class Table:
    """What a file says, by person and kind; the lines that were not taken, and how many said what another one said."""

    source: str
    kinds: tuple[str, ...] = ()
    people: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    lines: int = 0
    repeated: int = 0


def read_table(key: str, data: bytes) -> Table:
    """The table in the file `key`, facts/<source>/<name>. Raises Refused when it cannot be read as one."""
    source = key.split("/")[1] if key.count("/") == 2 else ""
    if source not in sources():
        raise Refused("facts-place")
    if len(data) > LARGEST:
        raise Refused("too-large", limit=LARGEST // 2**20)
    found = Table(source)
    try:
        head, lines = rows(key, data)
        columns = _columns(source, head)
        found.kinds = tuple(kind for kind in columns if kind)
        if person_fact() in _kinds_of(source):
            found.kinds = tuple(dict.fromkeys([person_fact(), *found.kinds]))
        for number, cells in lines:
            found.lines += 1
            if found.lines > MOST:
                raise Refused("too-long", limit=MOST)
            if len(cells) != len(head):
                found.rejected.append(Rejected(number, "cells"))
            else:
                _take(found, number, columns, head, cells)
    except Unreadable as error:
        raise Refused(error.code, error.line) from error
    return found


def _columns(source: str, head: Sequence[str]) -> list[str]:
    """Which kind each column is of; "" for the person's. Raises Refused unless each is one of `source`, once."""
    called = _called(source)
    columns = [called.get(name.strip().casefold()) for name in head]
    if unknown := [name for name, kind in zip(head, columns, strict=True) if kind is None]:
        raise Refused("facts-columns", unknown=", ".join(unknown))
    known = [kind for kind in columns if kind is not None]
    if len(set(known)) != len(known):
        raise Refused("facts-columns", unknown=", ".join(head))
    if "" not in known or len(known) < 2:
        raise Refused("columns", missing="person" if "" not in known else ", ".join(_kinds_of(source)))
    return known


def _called(source: str) -> Mapping[str, str]:
    """What columns may be called, in small letters, with their kind."""
    told: dict[str, str] = {}
    for id in _kinds_of(source):
        kind = kinds()[id]
        told |= {name.casefold(): id for name in (*kind.names, *kind.title.values(), id)}
    # a student number is a fact too, but the column says whose line it is
    return told | dict.fromkeys(person_columns(), "")


def _kinds_of(source: str) -> list[str]:
    return [id for id, kind in kinds().items() if kind.source == source]


def _take(found: Table, number: int, columns: Sequence[str], head: Sequence[str], cells: Sequence[str]) -> None:
    """Let `found` learn what a line says, or why it is not taken."""
    person, said = "", dict[str, Any]()
    for kind, name, cell in zip(columns, head, cells, strict=True):
        text = cell.strip()
        if not kind:
            person = text
        elif text:
            try:
                said[kind] = read(kind, text)
            except ValueError:
                found.rejected.append(Rejected(number, "value", name))
                return
    if not PERSON.fullmatch(person):
        found.rejected.append(Rejected(number, "value", head[columns.index("")]))
        return
    # a member of staff has no number of a student
    if person_fact() in found.kinds and validator(person_fact()).holds(person):
        said = {person_fact(): person} | said
    before = found.people.setdefault(person, said)
    if before is said:
        return
    if before == said:
        found.repeated += 1
    else:
        found.rejected.append(Rejected(number, "twice", head[columns.index("")]))


def apply(facts: Facts, table: Table, at: datetime, through: str) -> Counter[str]:
    """Let `facts` learn what `table` says as of `at`; what came of it: how many facts "changed", how many "conflicts"
    arose, how many people were "unchanged". Who is stopped halfway does it again.

    What is the same as before is not written, so facts do not tell as of when they were last told. Of tables that are
    taken one after the other, the marks tell which is the older. Of two that are taken at once, the one that begins
    later, or both, write down all they say.
    """
    run = id_of(through, stamp(at))
    begun = facts.begin(table.source, run, table.kinds, at)
    told: Counter[str] = Counter(changed=0, conflicts=0, unchanged=0)

    def learn(person: str) -> Counter[str]:
        words = [Fact(person, kind, value, table.source, through, at) for kind, value in table.people[person].items()]
        done = facts.take(person, words, quietly=begun.alone, late=begun.late)
        return Counter(changed=done.changed, conflicts=len(done.conflicts), unchanged=not done.changed)

    with ThreadPoolExecutor(THREADS) as threads:
        for one in threads.map(learn, table.people):
            told.update(one)
    facts.end(table.source, run)
    return told
