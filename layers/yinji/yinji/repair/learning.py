"""What is to be learnt from faults that were mended: how long they took, what they were of, what comes again. Pure.

A fault counts in the month of the campus in which it was mended for good; one that was opened again counts when it was
mended again. Times are those on the wall: what people wait is not less because it was night. Whether it was in time, by
working hours, is for the clocks of the work to say.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from yinji.platform.clock import CAMPUS
from yinji.repair.incident import Incident
from yinji.repair.place import Place

AGAIN = timedelta(days=30)
"""How soon after it was mended the same place or device has to fail to be one that fails again and again."""
MONTH = re.compile("[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Spread:
    """How long `number` of something took; None of nothing."""

    number: int
    mean: timedelta | None
    median: timedelta | None

    @classmethod
    def of(cls, spans: Sequence[timedelta]) -> Spread:
        if not spans:
            return cls(0, None, None)
        middle = timedelta(seconds=median(span.total_seconds() for span in spans))
        return cls(len(spans), sum(spans, timedelta()) / len(spans), middle)


@dataclass(frozen=True)
class Part:
    """Faults that were mended, and the `people` who reported them: until a technician took one, until it was mended;
    those mended on the `first_visit`, without parts, without another technician, for good; those `reopened`."""

    mended: int
    people: int
    acknowledged: Spread
    repaired: Spread
    first_visit: int
    reopened: int

    @property
    def first_visit_share(self) -> float | None:
        """The share mended on the first visit, of 1; None of nothing."""
        return self.first_visit / self.mended if self.mended else None


@dataclass(frozen=True)
class Again:
    """A place or device that failed `times` times, each within a month of when it was mended; the last one is
    `incident`, of `since`."""

    cause: str
    building: str
    times: int
    incident: str
    since: datetime


@dataclass(frozen=True)
class Learnt:
    """Of a month: the `whole`, its `areas`; how often which cause was found (empty: nobody said), altogether, by
    building and by model of the device; what fails again and again, the most often first."""

    month: str
    whole: Part
    areas: Mapping[str, Part]
    causes: Mapping[str, int]
    buildings: Mapping[str, Mapping[str, int]]
    models: Mapping[str, Mapping[str, int]]
    again: Sequence[Again]


def month_of(at: datetime | date) -> str:
    """The month of the campus, such as 2026-11."""
    day = at.astimezone(CAMPUS) if isinstance(at, datetime) else at
    return f"{day:%Y-%m}"


def moved(month: str, by: int) -> str:
    """The month so many months later."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04}-{number + 1:02}"


def mended(incidents: Iterable[Incident], month: str) -> list[Incident]:
    """Those of `incidents` that were mended for good in `month`, each once."""
    found = {one.id: one for one in incidents if one.state in ("fixed", "closed") and "fixed" in one.times}
    return [one for one in found.values() if month_of(one.times["fixed"]) == month]


def at_once(incident: Incident) -> bool:
    """Whether a mended `incident` may have been mended on the first visit, as far as it tells itself; that somebody
    handed it over only its history tells."""
    return not incident.reopened and "waiting-parts" not in incident.times


def learnt(
    month: str, incidents: Collection[Incident], places: Mapping[str, Place], handed_over: Collection[str]
) -> Learnt:
    """What `month` teaches.

    `incidents` are those that ended in it, and in the months before and after, and those that are open. `places` has
    their causes; `handed_over` the ids of those that were handed over.
    """
    done = mended(incidents, month)
    areas: defaultdict[str, list[Incident]] = defaultdict(list)
    buildings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    models: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in done:
        areas[one.area].append(one)
        buildings[one.building][one.found] += 1
        place = places.get(one.cause)
        if place and place.model:
            models[place.model][one.found] += 1
    return Learnt(
        month,
        _part(done, handed_over),
        {area: _part(areas[area], handed_over) for area in sorted(areas)},
        _most(Counter(one.found for one in done)),
        _by_size(buildings),
        _by_size(models),
        _again(incidents, month),
    )


def _part(some: Sequence[Incident], handed_over: Collection[str]) -> Part:
    began = {one.id: one.times.get("open", one.opened_at) if one.reopened else one.opened_at for one in some}
    taken = [one.times["taken"] - began[one.id] for one in some if "taken" in one.times]
    return Part(
        len(some),
        sum(one.people for one in some),
        Spread.of([max(span, timedelta()) for span in taken]),
        Spread.of([max(one.times["fixed"] - began[one.id], timedelta()) for one in some]),
        sum(at_once(one) and one.id not in handed_over for one in some),
        sum(one.reopened > 0 for one in some),
    )


def _again(incidents: Iterable[Incident], month: str) -> list[Again]:
    """What failed in `month`, or is failing since, within a month of when it was mended; opened again counts too."""
    of_cause: defaultdict[str, dict[str, Incident]] = defaultdict(dict)
    for one in incidents:
        if one.state != "merged" and (one.is_open or "fixed" in one.times):
            of_cause[one.cause][one.id] = one
    found: list[Again] = []
    for cause, some in of_cause.items():
        every = sorted(some.values(), key=lambda one: (one.opened_at, one.id))
        last = every[-1]
        # those of later months are of a later month's page
        while len(every) > 1 and month_of(last.opened_at) > month:
            every.pop()
            last = every[-1]
        if month_of(last.opened_at) != month and not _mended_in(last, month):
            continue
        times = 1 + last.reopened
        for before, after in zip(reversed(every[:-1]), reversed(every[1:]), strict=True):
            if after.opened_at - before.times.get("fixed", after.opened_at) > AGAIN:
                break
            times += 1 + before.reopened
        if times > 1:
            found.append(Again(cause, last.building, times, last.id, last.opened_at))
    return sorted(found, key=lambda one: (-one.times, one.cause))


def _mended_in(incident: Incident, month: str) -> bool:
    return "fixed" in incident.times and month_of(incident.times["fixed"]) == month


def _most(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _by_size(table: Mapping[str, Counter[str]]) -> dict[str, Mapping[str, int]]:
    names = sorted(table, key=lambda name: (-table[name].total(), name))
    return {name: _most(table[name]) for name in names}
