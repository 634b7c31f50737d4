"""The season at a glance: schools and steps as a heat map, unfinished cases by day, the steps that hold people up.

Recomputed from the cases every time; days are the campus'. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from yinji.clearance import definition
from yinji.clearance.case import SETTLED, Batch
from yinji.clearance.definition import StepDefinition
from yinji.clearance.selection import TURNS, turn
from yinji.clearance.view import RowView
from yinji.platform.clock import CAMPUS, instant

SHADES = 5
"""How many shades a heat map has besides that of nobody left."""
LONGEST = 400
"""Days that a burn-down shows at most."""


@dataclass(frozen=True)
class Cell:
    """A step among the cases of a school: for how many it applies, and how many have not settled it."""

    cases: int
    left: int
    blocked: int = 0

    @property
    def share(self) -> float:
        return self.left / self.cases if self.cases else 0.0

    @property
    def shade(self) -> int:
        """0 when nobody is left, else 1 to SHADES, each a fifth of the cases."""
        return min(SHADES, int(self.share * SHADES) + 1) if self.left else 0


NOTHING = Cell(0, 0)


def heat_map(by_school: Mapping[str, Sequence[RowView]]) -> dict[str, dict[str, Cell]]:
    """For each school that has cases, each step that applies to any of them."""
    found: dict[str, dict[str, Cell]] = {}
    for school, rows in by_school.items():
        cases: Counter[str] = Counter()
        left: Counter[str] = Counter()
        blocked: Counter[str] = Counter()
        for row in rows:
            for step, state in row.states.items():
                cases[step] += 1
                if state not in SETTLED:
                    left[step] += 1
                    blocked[step] += state == "blocked"
        if rows:
            found[school] = {step: Cell(number, left[step], blocked[step]) for step, number in cases.items()}
    return found


def total(cells: Sequence[Mapping[str, Cell]], step: str) -> Cell:
    """`step` over all schools."""
    every = [known.get(step, NOTHING) for known in cells]
    return Cell(sum(one.cases for one in every), sum(one.left for one in every), sum(one.blocked for one in every))


# --- against the deadline -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """How many cases were not finished when `day` ended (on the day that is today: now); None in the future.

    `ideal` is what a batch that finishes steadily from its opening day to its deadline would have left.
    """

    day: date
    unfinished: int | None
    ideal: float


@dataclass(frozen=True)
class BurnDown:
    batch: Batch
    cases: int
    days: Sequence[Day]

    @property
    def now(self) -> Day | None:
        """The last day of which anything is known."""
        known = [day for day in self.days if day.unfinished is not None]
        return known[-1] if known else None

    @property
    def behind(self) -> int:
        """How many more are unfinished than a steady batch would have by now; negative when it is ahead."""
        return round((self.now.unfinished or 0) - self.now.ideal) if self.now else 0


def burn_down(rows: Sequence[RowView], batch: Batch, today: date) -> BurnDown:
    """The cases of `batch` among `rows`, day by day from its opening day to its deadline, or today when that is over.

    A case that was finished before the opening day was never unfinished; one that came late counts from the start.
    """
    cases = [row for row in rows if row.lean.batch == batch.id]
    finished = Counter(instant(row.lean.finished_at).astimezone(CAMPUS).date() for row in cases if row.lean.finished_at)
    unfinished_yet = any(not row.lean.finished_at for row in cases)
    last = max(batch.deadline, today if unfinished_yet else max(finished, default=batch.deadline))
    last = min(max(last, batch.opens_on), batch.opens_on + timedelta(days=LONGEST - 1))
    length = max((batch.deadline - batch.opens_on).days, 1)
    left = len(cases) - sum(number for day, number in finished.items() if day < batch.opens_on)
    days: list[Day] = []
    for number in range((last - batch.opens_on).days + 1):
        day = batch.opens_on + timedelta(days=number)
        left -= finished[day]
        ideal = len(cases) * max(0.0, 1 - number / length)
        days.append(Day(day, left if day <= today else None, round(ideal, 1)))
    return BurnDown(batch, len(cases), days)


# --- what holds people up -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bottleneck:
    """A step that `holding` cases could settle now and have not: by whose turn it is, and how long offices let wait.

    `queued` is how many wait for an officer; `median` and `longest` say how long they have been waiting.
    """

    step: StepDefinition
    cases: int
    left: int
    holding: int
    blocked: int
    turns: Mapping[str, int]
    queued: int = 0
    median: timedelta | None = None
    longest: timedelta | None = None


def bottlenecks(rows: Sequence[RowView], waiting: Mapping[str, Sequence[datetime]], now: datetime) -> list[Bottleneck]:
    """Every step that applies to any of `rows`, the one that holds up most people first.

    `waiting` are the instants since when somebody waits for an officer, by step.
    """
    cases: Counter[str] = Counter()
    left: Counter[str] = Counter()
    blocked: Counter[str] = Counter()
    turns: dict[str, Counter[str]] = {}
    for row in rows:
        for step, state in row.states.items():
            cases[step] += 1
            if state in SETTLED:
                continue
            left[step] += 1
            if state != "waiting":
                blocked[step] += state == "blocked"
                turns.setdefault(step, Counter())[turn(row, step)] += 1
    found: list[Bottleneck] = []
    for id, step in definition.steps().items():
        if not cases[id]:
            continue
        whose = turns.get(id, Counter[str]())
        waits = [(now - since).total_seconds() for since in waiting.get(id, ())]
        found.append(
            Bottleneck(
                step=step,
                cases=cases[id],
                left=left[id],
                holding=sum(whose.values()),
                blocked=blocked[id],
                turns={name: whose[name] for name in TURNS},
                queued=len(waits),
                median=timedelta(seconds=median(waits)) if waits else None,
                longest=timedelta(seconds=max(waits)) if waits else None,
            )
        )
    return sorted(found, key=lambda one: (-one.holding, one.step.order))
