"""The page about readers: how each is, and what somebody has to decide about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from markupsafe import Markup
from yinji.archive.readers_store import DOUBTFUL, KEPT, Readers, Standing, Waiting
from yinji.platform.clock import CAMPUS

from .visit import Visit
from .words import Words

SHOWN = 20
"""Doubtful passes of one reader that are told of; the others are counted."""
SILENT = timedelta(days=1)
OFF = timedelta(minutes=2)
"""A clock that is wrong by more is worth setting, though nothing is counted wrong by it."""
State = Literal["well", "clock", "silent", "never", "doubtful", "unknown", "retired"]
ICONS = {
    "well": "done", "clock": "ready", "silent": "blocked", "never": "waiting", "doubtful": "submitted",
    "unknown": "blocked", "retired": "waived",
}  # fmt: skip
"""The shape that goes with each state's word."""
LOOK_AT: Sequence[State] = ("doubtful", "unknown", "silent", "clock")
"""States that somebody should see to, the most urgent first."""


@dataclass(frozen=True)
class Line:
    """A reader in the list: its `doubtful` passes are the first of those there are."""

    standing: Standing
    state: State
    offset: Markup
    doubtful: Sequence[Waiting]

    @property
    def icon(self) -> str:
        return ICONS[self.state]


def devices(visit: Visit, readers: Readers) -> dict[str, Any]:
    """Every reader: those to see to first, each with its doubtful passes, then the others."""
    visit.demand("see-deliveries", department="student-affairs")
    doubtful: dict[str, list[Waiting]] = {}
    for one in readers.waiting(DOUBTFUL):
        doubtful.setdefault(one.one.device, []).append(one)
    lines = [
        Line(
            one,
            state_of(one, visit.now),
            told_offset(visit.words, one.offset) if one.heard_at else Markup(),
            doubtful.get(one.device.id, [])[:SHOWN],
        )
        for one in readers.standings()
    ]
    urgent = sorted((line for line in lines if line.state in LOOK_AT), key=lambda line: LOOK_AT.index(line.state))
    return {
        "urgent": urgent,
        "others": [line for line in lines if line.state not in LOOK_AT],
        "doubtful": sum(line.standing.doubtful for line in lines),
        "pending": sum(line.standing.pending for line in lines),
        "decides": visit.may("decide-pass"),
        "days": KEPT.days,
        "latest": local(visit.now),
        "local": local,
    }


def local(moment: datetime) -> str:
    """An instant on the campus' clock, as browsers write it."""
    return f"{moment.astimezone(CAMPUS):%Y-%m-%dT%H:%M}"


def state_of(standing: Standing, now: datetime) -> State:
    """The one thing to say of a reader."""
    if standing.doubtful:
        return "doubtful"
    if not standing.registered:
        return "unknown"
    if standing.device.retired:
        return "retired"
    if standing.heard_at is None:
        return "never"
    if now - standing.heard_at > SILENT:
        return "silent"
    return "clock" if abs(standing.offset) > OFF else "well"


def told_offset(words: Words, offset: timedelta) -> Markup:
    """By how much a clock is wrong, as people say it."""
    seconds = abs(round(offset / timedelta(seconds=1)))
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)):
        if seconds >= length:
            by = words(f"readers.{unit}", n=seconds // length)
            return words("readers.behind" if offset > timedelta(0) else "readers.ahead", by=by)
    return words("readers.right")
