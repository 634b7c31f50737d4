"""The days of the service: which Wednesdays there are, and who gets a place on one. Pure.

A day of a community is one document: the places that technicians have in each window, and which visits have them. Who
waits for it waits in the order in which they asked. `settle` gives out what is free; it depends on nothing but the
day and who waits, so everybody who looks comes to the same, and doing it again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from yinji.clearance.appointments import working_day
from yinji.platform.clock import CAMPUS
from yinji.visits import service
from yinji.visits.visit import Wish

WEEK = timedelta(days=7)
Origin = Literal["usual", "extra"]
"""A Wednesday that is worked, or a day that the office added: for one that a holiday took, for instance."""
Key = tuple[str, date]
"""A community and a day."""


@dataclass(frozen=True)
class Places:
    """How many visits a technician has time for in a window."""

    technician: str
    window: str
    most: int


@dataclass(frozen=True)
class Plan:
    """Where a technician usually goes: for each community and window, how many visits. `called` is the name on pages.
    `version` counts changes; 0 is none that is kept yet."""

    technician: str
    called: str
    places: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    version: int = 0


@dataclass(frozen=True)
class Held:
    """The place that a visit has."""

    technician: str
    window: str


@dataclass(frozen=True)
class Day:
    """A day in a community. `closed` is why the service does not come, or empty. `by_hand` says that the office set its
    places, so that the plan changes them no more. `version` counts changes; 0 is none that is kept yet."""

    community: str
    day: date
    places: Sequence[Places] = ()
    held: Mapping[str, Held] = field(default_factory=dict[str, Held])
    origin: Origin = "usual"
    closed: str = ""
    by_hand: bool = False
    version: int = 0

    @property
    def key(self) -> Key:
        return self.community, self.day

    def open_at(self, now: datetime) -> bool:
        """Whether people may still ask for it, move and cancel by themselves at `now`."""
        return not self.closed and now < service.closes(self.day)

    def free(self, window: str = "") -> int:
        """How many places are left, in `window` or in all of them."""
        return sum(left for (_, at), left in self.left().items() if window in ("", at))

    def overbooked(self) -> list[str]:
        """The visits whose technician has more of them in the window than there are places, after places were taken
        away."""
        taken = Counter(self.held.values())
        most = {Held(one.technician, one.window): one.most for one in self.places}
        return [id for id, one in self.held.items() if taken[one] > most.get(one, 0)]

    def left(self) -> dict[tuple[str, str], int]:
        """How many places each technician has left in each window, those with none too. What is held above what there
        is takes nobody else's place."""
        if self.closed:
            return {}
        taken = Counter((one.technician, one.window) for one in self.held.values())
        return {
            (one.technician, one.window): max(one.most - taken[one.technician, one.window], 0) for one in self.places
        }


@dataclass(frozen=True)
class Waiting:
    """A visit that waits for a place on a day; who asked first is first."""

    asked_at: datetime
    visit: str
    wish: Wish


def wednesdays(today: date) -> list[date]:
    """The Wednesdays from tomorrow on, as far ahead as there are days of the service."""
    first = today + timedelta(days=(service.weekday() - today.weekday() - 1) % 7 + 1)
    return [first + week * WEEK for week in range(service.weeks_ahead())]


def usual(today: date) -> list[date]:
    """Those of `wednesdays` that are worked: one that is a public holiday is no day of the service."""
    return [day for day in wednesdays(today) if working_day(day)]


def planned(plans: Sequence[Plan], community: str) -> tuple[Places, ...]:
    """The places that `community` has on a usual day."""
    return tuple(
        Places(plan.technician, window, most)
        for plan in sorted(plans, key=lambda plan: plan.technician)
        for window in service.windows()
        if (most := plan.places.get((community, window), 0))
    )


def settle(day: Day, waiting: Sequence[Waiting]) -> tuple[Day, Mapping[str, Held]]:
    """`day` once whoever waits longest has what is free of what they wish, and who got which place.

    Whoever wishes what is taken keeps nobody else from what they do not wish. Of several technicians it is whoever has
    fewer visits that day; of windows the earlier.
    """
    left, given = day.left(), dict[str, Held]()
    loads = Counter(one.technician for one in day.held.values())
    order = list(service.windows())
    for one in sorted(waiting, key=lambda one: (one.asked_at, one.visit)):
        if one.visit in day.held:
            continue
        fits = [place for place, free in left.items() if free and one.wish in ("either", place[1])]
        if not fits:
            continue
        place = min(fits, key=lambda place: (order.index(place[1]), loads[place[0]], place[0]))
        left[place] -= 1
        loads[place[0]] += 1
        given[one.visit] = Held(*place)
    return (replace(day, held={**day.held, **given}), given) if given else (day, given)


def adrift(day: Day, waiting: Sequence[Waiting], now: datetime) -> list[str]:
    """The visits that have to go to another day: whoever still waits for one whose sheets are made, and everybody on a
    day that was closed."""
    if day.open_at(now):
        return []
    return [one.visit for one in waiting] + (list(day.held) if day.closed else [])


def next_open(days: Iterable[Day], after: date, now: datetime) -> date | None:
    """The first of `days`, which are in order, that comes after `after` and may still be asked for."""
    return next((one.day for one in days if one.day > after and one.open_at(now)), None)


def without(day: Day, visit: str) -> Day:
    """`day` without the place that `visit` has."""
    return replace(day, held={id: one for id, one in day.held.items() if id != visit})


def at_campus(now: datetime) -> date:
    """The date on the campus at `now`."""
    return now.astimezone(CAMPUS).date()
