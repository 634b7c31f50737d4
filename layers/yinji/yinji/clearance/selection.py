"""Which graduates a page or a list is about: filters that can be combined, and how many each of their choices has.

A filter is a name of the address's query and what a thing has of it; pages and exports read the same query by the
same rules, so that what is exported is what was seen. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar

from yinji.clearance import definition
from yinji.clearance.case import SETTLED, STATES
from yinji.clearance.definition import StepDefinition
from yinji.clearance.queue import Entry
from yinji.clearance.view import RowView
from yinji.platform.clock import instant

SOON = 3
"""How many days before its deadline a case that is not finished counts as late soon."""
AGES = {"days": 1, "long": 3}
"""After how many days somebody has been waiting for days, and for long."""
LATE = ("over", "soon")
TURNS = ("student", "office", "data", "school")
SHOWN = ("open", "stuck", "finished")
LONGEST = 60
"""How long what is searched for may be."""

Query = Mapping[str, str]
Facets = Mapping[str, frozenset[str]]
"""What a thing has of each filter: it is chosen by any of these values."""
Thing = TypeVar("Thing")

NONE: frozenset[str] = frozenset()
TOGETHER = frozenset({"step", "state"})
"""Filters that mean one thing together: a step in a state."""


@dataclass(frozen=True)
class Selection(Generic[Thing]):
    """`things` by the filters that are `wanted`: every one of them has to be met."""

    things: Sequence[Thing]
    wanted: Query
    facets: Callable[[Thing], Facets]
    order: Callable[[Thing], object] | None = None
    search: str = ""
    text: Callable[[Thing], str] = field(default=str)

    @cached_property
    def _failed(self) -> list[tuple[Thing, Facets, frozenset[str]]]:
        """Each thing that is found by its text, what it has, and which of the wanted filters it does not meet."""
        needle = self.search.casefold()
        found: list[tuple[Thing, Facets, frozenset[str]]] = []
        for thing in self.things:
            if needle and needle not in self.text(thing).casefold():
                continue
            has = self.facets(thing)
            failed = frozenset(name for name, value in self.wanted.items() if value not in has.get(name, NONE))
            found.append((thing, has, failed))
        return found

    @cached_property
    def shown(self) -> list[Thing]:
        """What meets every filter, in the order that is wanted."""
        found = [thing for thing, _, failed in self._failed if not failed]
        return sorted(found, key=self.order) if self.order else found  # type: ignore[arg-type, type-var]

    @cached_property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """For each filter and each of its choices: how many there would be with it, the other filters staying."""
        counted: dict[str, Counter[str]] = {}
        for _, has, failed in self._failed:
            for name, values in has.items():
                if failed and not failed <= (TOGETHER if name in TOGETHER else {name}):
                    continue
                counted.setdefault(name, Counter()).update(values)
        return counted

    def count(self, name: str, value: str) -> int:
        return self.counts.get(name, {}).get(value, 0)


def searched(query: Query) -> str:
    """What is searched for in names and numbers."""
    return query.get("q", "").strip()[:LONGEST]


# --- the graduates of a school --------------------------------------------------------------------------------

MATRIX_FILTERS = ("late", "turn", "show", "flow", "class", "counsellor", "batch", "step", "state")
SORTS = ("number", "name", "class", "left", "deadline")
_WORST_FIRST = {"blocked": 0, "ready": 1, "submitted": 2, "waiting": 3, "waived": 4, "done": 5}


def turn(row: RowView, step: str) -> str:
    """Whose turn `step` is in `row`, as people ask for it: one of TURNS, or nobody's."""
    known = row.turns.get(step, "nobody")
    if known == "office" and definition.steps()[step].department == "school":
        return "school"
    return "data" if known == "feed" else known


def lateness(row: RowView, today: date) -> str:
    """over, soon, or nothing for who is finished or has time."""
    if row.lean.finished_at or not row.left:
        return ""
    days = (row.lean.deadline - today).days
    return "over" if days < 0 else "soon" if days <= SOON else ""


def matrix(rows: Sequence[RowView], query: Query, today: date) -> Selection[RowView]:
    """The graduates among `rows` that `query` asks for: MATRIX_FILTERS, q, and sort (one of SORTS, or a step's id).

    What no filter knows is not asked for.
    """
    every = definition.steps()
    offered: dict[str, Sequence[str]] = {
        "late": LATE, "turn": TURNS, "show": SHOWN, "step": list(every), "state": STATES,
    }  # fmt: skip
    wanted = {
        name: value
        for name in MATRIX_FILTERS
        if (value := query.get(name, "")) and (name not in offered or value in offered[name])
    }
    step, state = wanted.get("step", ""), wanted.get("state", "")

    def facets(row: RowView) -> Facets:
        lean, states = row.lean, row.states
        late = lateness(row, today)
        if state:
            steps = frozenset(id for id, one in states.items() if one == state)
        else:
            steps = frozenset(id for id, one in states.items() if one not in SETTLED)
        of_step = [states[step]] if step in states else [] if step else states.values()
        shown = {"open"} if row.left else {"finished"}
        if row.blocked:
            shown.add("stuck")
        return {
            "late": frozenset({late}) if late else NONE,
            "turn": frozenset(turn(row, id) for id in states) - {"nobody"},
            "show": frozenset(shown),
            "flow": frozenset({lean.flow}),
            "class": frozenset({lean.class_name} if lean.class_name else ()),
            "counsellor": frozenset({lean.counsellor} if lean.counsellor else ()),
            "batch": frozenset({lean.batch}),
            "step": steps,
            "state": frozenset(of_step),
        }

    def text(row: RowView) -> str:
        return f"{row.lean.name} {row.lean.student} {row.lean.class_name}"

    return Selection(rows, wanted, facets, _order(query.get("sort", "")), searched(query), text)


def _order(sort: str) -> Callable[[RowView], object]:
    if sort == "left":
        return lambda row: (-row.left, -row.blocked, row.lean.student)
    if sort == "deadline":
        return lambda row: (not row.left, row.lean.deadline, -row.left, row.lean.student)
    if sort == "name":
        return lambda row: (row.lean.name, row.lean.student)
    if sort == "class":
        return lambda row: (row.lean.class_name, row.lean.student)
    if sort in definition.steps():
        return lambda row: (_WORST_FIRST.get(row.states.get(sort, ""), 6), row.lean.student)
    return lambda row: row.lean.student


# --- what waits for an office ---------------------------------------------------------------------------------

ANSWER = "answer."
"""How the filters by what was answered begin: answer.delivery."""


def age(since: datetime, now: datetime) -> str:
    """long, days, or new: how long somebody has been waiting since `since`."""
    waited = now - since
    return next((name for name, days in reversed(AGES.items()) if waited >= timedelta(days=days)), "new")


def asked_of(step: StepDefinition) -> list[definition.Field]:
    """The questions of `step` whose answers can be filtered by: a few answers to choose from, dates, appointments."""
    found: dict[str, definition.Field] = {}
    every = [field for action in step.actions.values() for field in action.fields]
    for one in [*every, *step.former]:
        if one.options or one.schema.get("format") in ("date", "slot"):
            found.setdefault(one.name, one)
    return list(found.values())


def queue(entries: Sequence[Entry], step: StepDefinition, query: Query, now: datetime) -> Selection[Entry]:
    """The entries of the queue of `step` that `query` asks for, oldest first: of, flow, age, answer.<field>, q.

    `of` is the school of the graduate; `school` names the queue of a step that each school has for itself.
    """
    asked = [one.name for one in asked_of(step)]
    names = ["of", "flow", "age", *(f"{ANSWER}{name}" for name in asked)]
    wanted = {name: query[name] for name in names if query.get(name)}

    def facets(entry: Entry) -> Facets:
        answered = {
            f"{ANSWER}{name}": frozenset({str(entry.answers[name])}) for name in asked if entry.answers.get(name)
        }
        return answered | {
            "of": frozenset({entry.school}),
            "flow": frozenset({entry.flow} if entry.flow else ()),
            "age": frozenset({age(instant(entry.since), now)}),
        }

    return Selection(entries, wanted, facets, None, searched(query), lambda entry: f"{entry.name} {entry.student}")


# --- the season -----------------------------------------------------------------------------------------------


def season(rows: Sequence[RowView], query: Query) -> Selection[RowView]:
    """The cases among `rows` that `query` asks for: batch, flow."""
    wanted = {name: query[name] for name in ("batch", "flow") if query.get(name)}
    return Selection(
        rows,
        wanted,
        lambda row: {"batch": frozenset({row.lean.batch}), "flow": frozenset({row.lean.flow})},
    )
