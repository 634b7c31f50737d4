"""The story of an archive: a student's records as years and months, told so that one wants to read on. Pure.

Every record is told once: what is done day after day (a year's days in the library) as one line of its year, much of
one kind in a month as one line of the month, and what its source took back at the end. What was first, what makes a
round number, the busiest month, the dearest place and the longest run of weeks are told of what counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from yinji.archive.kinds import hundreds, kinds
from yinji.archive.record import Record
from yinji.archive.terms import year_of, year_of_study

ROUND = (10, 50, 100, 200, 300, 500, 1000)
HABIT = 12
"""From how many records a year on something without a title of its own is a habit."""
MANY = 5
"""From how many records of a kind on a month tells them as one line."""
DEAR = 3
"""From how many times on a place is a dear one."""
PLACES = 5
"""How many places of a year are told."""
RUN = 3
"""From how many weeks on end on a run is told of."""
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Moment:
    """The `number`th different thing of `kind`; 1 is the first."""

    kind: str
    number: int
    record: Record


@dataclass(frozen=True)
class Line:
    """One line: records of one kind, the latest first; mostly one."""

    kind: str
    records: Sequence[Record]

    @property
    def last(self) -> date:
        return self.records[0].day

    @property
    def first(self) -> date:
        return self.records[-1].day


@dataclass(frozen=True)
class Month:
    """`month` is its first day; `lines` are its records but for the habits of the year, the latest first."""

    month: date
    lines: Sequence[Line]

    @property
    def records(self) -> int:
        return sum(len(line.records) for line in self.lines)


@dataclass(frozen=True)
class Year:
    """An academic year. `study` is which year of studies it is; `counts` are the records that count, by kind.

    `busiest` is the first day of the month with most records, and how many; `places` where they were most often, and
    how often; `weeks` how many weeks on end something counts. `shelf` are the different books of the year, each by its
    first record, in the order in which they were read; `teachers` whom they met, each likewise, with how often.
    """

    year: str
    study: int
    habits: Sequence[Line]
    months: Sequence[Month]
    moments: Sequence[Moment]
    counts: Mapping[str, int]
    busiest: tuple[date, int] | None
    places: Sequence[tuple[str, int]]
    weeks: int
    shelf: Sequence[Record]
    teachers: Sequence[tuple[Record, int]]

    @property
    def place(self) -> tuple[str, int] | None:
        """The place where they were most often, if that was often, and how often."""
        return self.places[0] if self.places and self.places[0][1] >= DEAR else None

    @property
    def records(self) -> int:
        return sum(len(line.records) for line in self.habits) + sum(month.records for month in self.months)


@dataclass(frozen=True)
class Story:
    """`years`, the latest first. `taken_back` are records that their sources took back, the latest first. `months` is
    how many records count in each month from the first to the last, by its first day."""

    years: Sequence[Year]
    taken_back: Sequence[Record]
    months: Mapping[date, int]

    def year(self, year: str) -> Year | None:
        """The year `year` ("2024-2025"); the latest when it is empty or there is none such."""
        return next((one for one in self.years if one.year == year), self.years[0] if self.years else None)


def story(records: Iterable[Record], grade: str) -> Story:
    """The story of `records`, in any order, of somebody who came in `grade`."""
    ordered = latest_first(records)
    told = [one for one in ordered if one.state != "void"]
    moments = _moments([one for one in reversed(told) if one.counts])
    years: defaultdict[str, list[Record]] = defaultdict(list)
    for one in told:
        years[year_of(one.term)].append(one)
    return Story(
        [_year(year, some, grade, moments) for year, some in years.items()],
        [one for one in ordered if one.state == "void"],
        _months([one.day for one in told if one.counts]),
    )


def latest_first(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda one: (one.day, one.time, one.key), reverse=True)


def _moments(counting: Sequence[Record]) -> list[Moment]:
    """The firsts and the round numbers of each kind, in order of time."""
    things: defaultdict[str, set[str]] = defaultdict(set)
    found: list[Moment] = []
    for one in counting:
        known = things[one.kind]
        if one.thing in known:
            continue
        known.add(one.thing)
        if len(known) == 1 or len(known) in ROUND:
            found.append(Moment(one.kind, len(known), one))
    return found


def _year(year: str, records: Sequence[Record], grade: str, moments: Sequence[Moment]) -> Year:
    counting = [one for one in records if one.counts]
    many = Counter(one.kind for one in records)
    habitual = {kind for kind, number in many.items() if number >= HABIT and _nameless(kind)}
    months: defaultdict[date, list[Record]] = defaultdict(list)
    for one in records:
        if one.kind not in habitual:
            months[one.day.replace(day=1)].append(one)
    by_month = Counter(one.day.replace(day=1) for one in counting)
    places = Counter(one.place for one in counting if one.place)
    counts = Counter(one.kind for one in counting)
    return Year(
        year,
        year_of_study(year, grade),
        [Line(kind, [one for one in records if one.kind == kind]) for kind in kinds() if kind in habitual],
        [Month(month, _lines(some)) for month, some in months.items()],
        [one for one in moments if year_of(one.record.term) == year],
        {kind: counts[kind] for kind in kinds() if counts[kind]},
        _most(by_month, 2),
        sorted(places.items(), key=lambda one: (-one[1], one[0]))[:PLACES],
        weeks if (weeks := _run({one.day for one in counting})) >= RUN else 0,
        [some[0] for some in _things(counting, "book")],
        [(some[0], len(some)) for some in _things(counting, "teacher")],
    )


def _things(counting: Sequence[Record], entity: str) -> list[list[Record]]:
    """The different things that records are about: of each its records, the first first."""
    found: dict[str, list[Record]] = {}
    for one in reversed(counting):
        if kinds()[one.kind].entity == entity:
            found.setdefault(one.thing, []).append(one)
    return list(found.values())


def _nameless(kind: str) -> bool:
    """Whether one record of `kind` is much like another: it is about no thing, and no honour."""
    return not kinds()[kind].entity and not kinds()[kind].levels


def _lines(records: Sequence[Record]) -> list[Line]:
    """The lines of a month, in which much of one kind is one line."""
    many = Counter(one.kind for one in records)
    lines: list[Line] = []
    told: set[str] = set()
    for one in records:
        if many[one.kind] < MANY or kinds()[one.kind].levels:
            lines.append(Line(one.kind, [one]))
        elif one.kind not in told:
            told.add(one.kind)
            lines.append(Line(one.kind, [other for other in records if other.kind == one.kind]))
    return lines


def _most(counts: Counter[date], least: int) -> tuple[date, int] | None:
    """What there is most of, and how many; of several the first in order. None when it is fewer than `least`."""
    if not counts:
        return None
    thing = min(counts, key=lambda one: (-counts[one], one))
    return (thing, counts[thing]) if counts[thing] >= least else None


def _run(days: Iterable[date]) -> int:
    """How many weeks on end have one of `days`, at most."""
    weeks = {day - timedelta(days=day.weekday()) for day in days}
    longest = 0
    for week in weeks:
        if week - WEEK in weeks:
            continue
        length = 1
        while week + length * WEEK in weeks:
            length += 1
        longest = max(longest, length)
    return longest


def _months(days: Sequence[date]) -> dict[date, int]:
    if not days:
        return {}
    counts = Counter(day.replace(day=1) for day in days)
    month, last = min(counts), max(counts)
    found: dict[date, int] = {}
    while month <= last:
        found[month] = counts[month]
        month = (month + timedelta(days=32)).replace(day=1)
    return found


@dataclass(frozen=True)
class Wanted:
    """Which records are asked for; an empty value asks for all. `hundred` is one of the four hundreds."""

    year: str = ""
    term: str = ""
    dimension: str = ""
    kind: str = ""
    hundred: str = ""
    state: str = ""

    def fits(self, record: Record) -> bool:
        """Whether `record` is one of those asked for."""
        known = hundreds().get(self.hundred)
        return (
            self.year in ("", year_of(record.term))
            and self.term in ("", record.term)
            and self.dimension in ("", record.education)
            and self.kind in ("", record.kind)
            and self.state in ("", record.state)
            and (not self.hundred or (known is not None and record.kind in known.kinds))
        )
