"""Pages on which an office practises: its practice cases, and the tour through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from yinji.clearance import definition, training
from yinji.clearance.case import SETTLED, Case
from yinji.clearance.policy import office_of
from yinji.clearance.queue import waits_for_office
from yinji.clearance.store import Store
from yinji.clearance.training import Task
from yinji.clearance.view import StepView, case_view
from yinji.platform.problem import Problem

from .visit import Visit

QUEUE = "/practice#queue"
NAME = Markup("<bdi>{}</bdi>")


@dataclass(frozen=True)
class Row:
    """A practice case in the list: `open` are the steps that somebody can do something about."""

    student: str
    name: str
    left: int
    late: bool
    open: Sequence[StepView]
    step: StepView | None


@dataclass(frozen=True)
class Line:
    """A task in words; `next` is the first that is not done, `place` where to press."""

    task: Task
    title: Markup
    how: Markup
    place: str
    next: bool


def office(visit: Visit) -> str:
    """The office that the visitor practises for. Raises Problem("forbidden") for who acts for none."""
    found = office_of(visit.someone)
    if not found:
        raise Problem("forbidden")
    return found


def cases(visit: Visit, store: Store) -> dict[str, Any]:
    """The practice cases of the visitor's office, and what of them waits for it; `do` of the query as in a queue."""
    its = office(visit)
    known = training.step_of(its)
    found = _found(store, its)
    rows = [_row(visit, case, known.id) for case in found.values()]
    bulk = [action for action in known.actions.values() if action.bulk]
    tasks = _tasks(store, its, found)
    return {
        "known": known,
        "rows": rows,
        "entries": [row for row in rows if row.step and waits_for_office(known, row.step.state)],
        "bulk": bulk,
        "chosen": next((action for action in bulk if action.id == visit.query.get("do")), bulk[0]),
        "done": sum(task.done for task in tasks),
        "tasks": len(tasks),
    }


def tour(visit: Visit, store: Store) -> dict[str, Any]:
    """The tasks of the tour, ticked off by what has happened to the practice cases since they began."""
    its = office(visit)
    found = _found(store, its)
    tasks = _tasks(store, its, found)
    following = next((task.id for task in tasks if not task.done), "")
    return {
        "begun": bool(found),
        "lines": [_line(visit, task, task.id == following, found) for task in tasks],
        "done": sum(task.done for task in tasks),
    }


def _found(store: Store, office: str) -> dict[str, Case]:
    """The practice cases of `office` by number, in order; none before it has begun."""
    numbers = list(training.numbers(office).values())
    found = store.get_many(numbers)
    return {number: found[number] for number in numbers if number in found}


def _tasks(store: Store, office: str, found: Mapping[str, Case]) -> list[Task]:
    parts = {part: number for part, number in training.numbers(office).items() if number in found}
    return training.tour(office, {part: training.since_begun(store.events(number)) for part, number in parts.items()})


def _row(visit: Visit, case: Case, step: str) -> Row:
    view = case_view(case, visit.someone, visit.language)
    return Row(
        student=case.graduate.student,
        name=case.graduate.name,
        left=view.left,
        late=case.deadline < visit.today and not case.finished,
        open=[one for one in view.steps if one.state not in SETTLED and one.state != "waiting"],
        step=next((one for one in view.steps if one.id == step), None),
    )


def _line(visit: Visit, task: Task, following: bool, found: Mapping[str, Case]) -> Line:
    words, case = visit.words, found.get(task.student)
    step = words.say(definition.steps()[task.step].title)
    told = {"step": step, "name": NAME.format(case.graduate.name if case else "")}
    place = f"/cases/{task.student}#{task.step}" if task.student else QUEUE
    return Line(
        task, words(f"practice.task-{task.id}", **told), words(f"practice.how-{task.id}", **told), place, following
    )
