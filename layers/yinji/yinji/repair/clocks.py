"""Clocks of incidents: by when one has to be taken, and by when mended, in working time. Pure.

Working time is that of clocks.toml, without public holidays and with the weekends worked instead, as
clearance/appointments.py knows them. A clock stands still while nobody can go on: no access, no parts. Both begin when
the incident is opened, and anew when it is opened again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from yinji.clearance.appointments import SATURDAY, working_day
from yinji.platform.clock import CAMPUS
from yinji.repair.incident import WAITING, Incident, Priority

Kind = Literal["response", "repair"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Standing = Literal["running", "soon", "overdue", "paused", "kept", "missed"]
"""It runs, and has little time left; it ran out; it stands still; the work was done in time, or was not."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MADE_UP = "made-up"
NONE = timedelta()
DAY = timedelta(days=1)
SOON = 0.25
"""The part of its time that is little."""
ANSWER = timedelta(days=3)
"""How long whoever reported it may say that it is not fixed, before it closes by itself."""


@dataclass(frozen=True)
class Clock:
    """`due` is when it runs out as things stand, None while it stands still; `left` the working time until then, less
    than none when it ran out. `ended` is when the work was done."""

    kind: Kind
    standing: Standing
    left: timedelta
    due: datetime | None = None
    ended: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether it ran out, and the work is still to be done."""
        return self.standing == "overdue"


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("clocks.toml").read_text("utf-8"))


@cache
def _hours(name: str) -> Sequence[tuple[time, time]]:
    pairs = cast(Sequence[tuple[str, str]], _told()["hours"][name])
    return [(time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in pairs]


def target(kind: Kind, priority: Priority) -> timedelta:
    """How much working time there is."""
    return timedelta(minutes=_told()["targets"][str(priority)][kind])


@lru_cache(maxsize=4096)
def hours_of(day: date) -> Sequence[tuple[datetime, datetime]]:
    """When `day` is worked, the earliest first; nothing on a holiday."""
    if not working_day(day):
        return ()
    weekday = day.weekday()
    spans = _hours(MADE_UP if weekday >= SATURDAY else DAYS[weekday])
    return tuple((datetime.combine(day, begin, CAMPUS), datetime.combine(day, end, CAMPUS)) for begin, end in spans)


def _spans(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What is worked from `start` on."""
    day = start.astimezone(CAMPUS).date()
    while True:
        for begin, end in hours_of(day):
            if end > start:
                yield max(begin, start), end
        day += DAY


def worked(start: datetime, end: datetime) -> timedelta:
    """The working time from `start` until `end`; none when `end` is before."""
    found = NONE
    if end <= start:
        return found
    for begin, until in _spans(start):
        if begin >= end:
            break
        found += min(until, end) - begin
    return found


def due(start: datetime, time_left: timedelta) -> datetime:
    """The first instant by which `time_left` of working time has gone by since `start`."""
    if time_left <= NONE:
        return start
    for begin, until in _spans(start):
        if until - begin >= time_left:
            return begin + time_left
        time_left -= until - begin
    raise AssertionError  # days do not end


def begun(incident: Incident) -> datetime:
    """When its clocks began: when it was opened (again)."""
    return incident.times.get("open", incident.opened_at) if incident.reopened else incident.opened_at


def clock(incident: Incident, kind: Kind, now: datetime) -> Clock:
    """How the clock `kind` of `incident` stands at `now`."""
    ended = _ended(incident, kind)
    left, end = target(kind, incident.priority), ended or now
    ran_out: datetime | None = None
    for begin, until in _stretches(begun(incident), incident.waits, end):
        gone_by = worked(begin, until)
        if ran_out is None and gone_by >= left:
            ran_out = due(begin, left)
        left -= gone_by
    if ended:
        missed = ran_out is not None and ran_out < ended
        return Clock(kind, "missed" if missed else "kept", left, ran_out, ended)
    if ran_out is not None:
        return Clock(kind, "overdue", left, ran_out)
    if incident.state in WAITING:
        return Clock(kind, "paused", left)
    soon = left <= target(kind, incident.priority) * SOON
    return Clock(kind, "soon" if soon else "running", left, due(end, left))


def clocks(incident: Incident, now: datetime) -> Sequence[Clock]:
    """Both clocks of `incident`, that of the response first."""
    return [clock(incident, kind, now) for kind in KINDS]


def next_due(incident: Incident, now: datetime) -> Clock | None:
    """The clock that matters now: the first whose work is not done."""
    return next((one for one in clocks(incident, now) if one.ended is None), None)


def _ended(incident: Incident, kind: Kind) -> datetime | None:
    """When the work of `kind` was done: taken by somebody, or mended; or given up, as it was closed or merged."""
    times = incident.times
    first = ("taken", "fixed", "closed", "merged") if kind == "response" else ("fixed", "closed", "merged")
    done = [times[state] for state in first if state in times]
    if done:
        return min(done)
    return None if incident.is_open else incident.changed_at


def _stretches(start: datetime, waits: Sequence[datetime], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of `start` to `end` in which it did not wait."""
    turns = [start, *waits, end]
    for begin, until in zip(turns[::2], turns[1::2], strict=False):
        if begin < end:
            yield begin, min(until, end)


def closes_at(incident: Incident) -> datetime | None:
    """When it closes by itself, if nobody says before that it is not fixed."""
    return incident.times["fixed"] + ANSWER if incident.state == "fixed" and "fixed" in incident.times else None
