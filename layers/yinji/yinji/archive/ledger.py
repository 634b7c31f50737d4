"""What a source has told of so far: whose each of its records is, and of when its last word about it was. Pure.

It is kept beside the records because it answers what the records of one student cannot: that a record which is told of
one student belonged to another before, and that a word is older than a later one that changed nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from yinji.archive.record import Record

Taken = Literal["new", "known", "outdated"]
LEDGERS = "ledgers/"
"""Kept for good: without its ledger a source's old records would be taken for new ones."""


def ledger_key(source: str) -> str:
    """Where the ledger of `source` lies in the archive's bucket."""
    return f"{LEDGERS}{source}.json.gz"


@dataclass
class Ledger:
    """By the id that the source gives a record: its student, and the instant of the last word about it."""

    known: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    def take(self, record: Record) -> tuple[Taken, str]:
        """Note `record`; whether it was told of before, or of a later instant, and whose it was then."""
        before = self.known.get(record.id)
        if before and record.as_of < before[1]:
            return "outdated", before[0]
        self.known[record.id] = (record.student, record.as_of)
        return ("known", before[0]) if before else ("new", "")

    def without(self, students: Set[str]) -> Ledger:
        """The ledger without what is of `students`."""
        return Ledger({id: known for id, known in self.known.items() if known[0] not in students})


def packed(ledger: Ledger) -> bytes:
    """`ledger` as it is kept: gzipped JSON, the same for the same."""
    instants = sorted({as_of for _, as_of in ledger.known.values()})
    places = {as_of: place for place, as_of in enumerate(instants)}
    records = {id: [student, places[as_of]] for id, (student, as_of) in ledger.known.items()}
    text = json.dumps({"as_of": instants, "records": records}, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 5, mtime=0)


def unpacked(data: bytes) -> Ledger:
    told: Mapping[str, Any] = json.loads(gzip.decompress(data))
    instants: list[str] = told["as_of"]
    return Ledger({id: (student, instants[place]) for id, (student, place) in told["records"].items()})
