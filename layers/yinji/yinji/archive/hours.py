"""Hours of the second classroom 第二课堂: what records count for, and what of it a programme credits. Pure.

Of a kind in a term no more counts than the programme's rules say (kinds.toml); the limit is used up by the dimensions
in their order. Everything is in whole minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yinji.archive.kinds import Rules, dimensions
from yinji.archive.record import Record

HOUR = 60


@dataclass(frozen=True)
class Line:
    """What the records of one kind in one dimension and term count for, and what of it is credited, in minutes.

    `limit` is the most that is credited of the kind in the term, in all dimensions; None where there is none.
    """

    term: str
    kind: str
    dimension: str
    minutes: int
    credited: int
    limit: int | None

    @property
    def capped(self) -> int:
        return self.minutes - self.credited


def minutes_of(record: Record, rules: Rules) -> int:
    """What one record counts for before the limit of its term."""
    return record.minutes or rules.record_hours.get(record.kind, 0) * HOUR


class Hours:
    """Adds up the time of records that count."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._minutes: dict[tuple[str, str], dict[str, int]] = {}

    def add(self, record: Record) -> None:
        minutes = minutes_of(record, self._rules)
        if minutes:
            by_dimension = self._minutes.setdefault((record.term, record.kind), {})
            by_dimension[record.education] = by_dimension.get(record.education, 0) + minutes

    def lines(self) -> Iterator[Line]:
        """In order of term, kind and dimension."""
        for (term, kind), by_dimension in sorted(self._minutes.items()):
            hours = self._rules.term_hours.get(kind)
            limit = None if hours is None else hours * HOUR
            left = sum(by_dimension.values()) if limit is None else limit
            for id in dimensions():
                if minutes := by_dimension.get(id, 0):
                    credited = min(minutes, left)
                    left -= credited
                    yield Line(term, kind, id, minutes, credited, limit)

    def credited(self) -> dict[str, int]:
        """Minutes that are credited, by dimension."""
        told = dict.fromkeys(dimensions(), 0)
        for line in self.lines():
            told[line.dimension] += line.credited
        return told
