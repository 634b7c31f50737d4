"""The board of a building: what triage knows of its incidents beside what they say themselves. Pure.

It is kept in one item, so it is kept short: of a report only its id, of a person a few signs that tell people apart, of
a place by which devices it gets its network and in which minutes somebody reported it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from yinji.platform.ids import id_of
from yinji.repair.report import Report

MOST = 2_000
"""Of how many reports, and of how many people, the board tells of one incident. Any further are counted only: such an
incident is joined no more to another by itself, since nothing here says which reports to take along."""
MINUTES = 30
"""In how many minutes, the latest, somebody reported a place."""


@dataclass(frozen=True)
class Seen:
    """A place that was reported: its line, and the minutes (since 1970), in order."""

    line: tuple[str, ...]
    minutes: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """What the board tells of an incident. `more` says that there are reports which it does not name."""

    reports: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()
    places: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    more: bool = False

    def with_report(self, report: Report) -> Entry:
        full = len(self.reports) >= MOST
        before = self.places.get(report.place)
        minutes = {minute_of(report), *(before.minutes if before else ())}
        seen = Seen(tuple(report.line), tuple(sorted(minutes)[-MINUTES:]))
        people = self.people if len(self.people) >= MOST else self.people | {person(report)}
        return Entry(
            self.reports if full else (*self.reports, report.id),
            people,
            {**self.places, report.place: seen},
            self.more or full,
        )

    def with_other(self, other: Entry) -> Entry:
        """This and all of `other`."""
        places = dict(self.places)
        for place, seen in other.places.items():
            before = places.get(place)
            minutes = {*seen.minutes, *(before.minutes if before else ())}
            places[place] = Seen(seen.line, tuple(sorted(minutes)[-MINUTES:]))
        return Entry((*self.reports, *other.reports), self.people | other.people, places, self.more or other.more)

    def without(self, reports: set[str]) -> Entry:
        return Entry(tuple(one for one in self.reports if one not in reports), self.people, self.places, self.more)

    @property
    def first_minute(self) -> int | None:
        return min((seen.minutes[0] for seen in self.places.values()), default=None)


@dataclass(frozen=True)
class Board:
    """`version` is 0 of one that was never kept. Entries are by the id of the incident."""

    building: str
    version: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])


def noticed(report: Report) -> datetime:
    """When the trouble was there: as the phone says, and never later than it was told here."""
    return min(report.noticed_at, report.filed_at)


def minute_of(report: Report) -> int:
    return int(noticed(report).timestamp()) // 60


def person(report: Report) -> str:
    """A few signs that tell whoever reported from others, and no more."""
    return id_of(report.reporter, length=12)


def as_text(entries: Mapping[str, Entry]) -> str:
    """`entries` as they are kept."""
    told = {
        id: {
            "r": list(entry.reports),
            "p": sorted(entry.people),
            "at": {place: [list(seen.line), list(seen.minutes)] for place, seen in sorted(entry.places.items())},
            **({"more": True} if entry.more else {}),
        }
        for id, entry in sorted(entries.items())
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> dict[str, Entry]:
    """The entries that `as_text` wrote."""
    return {id: _entry(told) for id, told in cast(Mapping[str, Mapping[str, Any]], json.loads(text)).items()}


def _entry(told: Mapping[str, Any]) -> Entry:
    places = cast(Mapping[str, Sequence[Any]], told["at"])
    return Entry(
        tuple(told["r"]),
        frozenset(told["p"]),
        {place: Seen(tuple(line), tuple(minutes)) for place, (line, minutes) in places.items()},
        bool(told.get("more")),
    )
