"""Pages of offices: a school's matrix, queues, the season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup
from yinji.clearance import definition, university
from yinji.clearance.case import SETTLED
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.document import MARKS
from yinji.clearance.queue import fits, queue_id
from yinji.clearance.store import FeedState, Store
from yinji.clearance.view import RowView, StepFigures, answers_view, figures_of, row_view, school_figures
from yinji.platform.clock import instant
from yinji.platform.problem import Problem

from .visit import Visit
from .words import Words

PAGE = 100
STALE = timedelta(hours=26)
"""A department delivers every morning; when a delivery was left out, people are told."""
SHOWN = ("all", "school", "stuck", "finished")

QUIET_CELL = Markup('<td class="{}"><i aria-hidden="true">{}</i><span class="vh">{}</span></td>')
OPEN_CELL = Markup('<td class="{} open"><i aria-hidden="true">{}</i><b>{}</b><span class="vh">{}</span></td>')


# --- a school -------------------------------------------------------------------------------------------------


def school(visit: Visit, store: Store, school: str) -> dict[str, Any]:
    """The matrix of a school, from one Query. `show` and `step` of the query say which graduates."""
    visit.demand("see-school", school=school)
    if school not in university.schools():
        raise Problem("not-found")
    rows = [row_view(lean) for lean in store.school(school)]
    show = visit.query.get("show", "all")
    step = visit.query.get("step", "")
    every = definition.steps()
    columns = [every[id] for id in every if any(id in row.states for row in rows)]
    shown = [row for row in rows if _belongs(row, show, step)]
    if visit.query.get("sort") == "left":
        shown.sort(key=lambda row: (-row.left, -row.blocked, row.lean.student))
    words = visit.words
    marks = {(column.id, state): _cell(words, column, state) for column in columns for state in ("", *MARKS)}

    def cells(row: RowView) -> Markup:
        return Markup("").join(marks[column.id, row.states.get(column.id, "")] for column in columns)

    return {
        "school": school,
        "title": words.say(university.schools()[school]),
        "rows": shown,
        "columns": columns,
        "figures": {column.id: figures_of(column, rows) for column in columns},
        "counts": {name: sum(_belongs(row, name, "") for row in rows) for name in SHOWN},
        "show": show if show in SHOWN else "all",
        "step": step if step in every else "",
        "cells": cells,
        "signs": visit.may("sign-for-office", school=school, department="school"),
        "deadline": min((row.lean.deadline for row in rows if row.left), default=None),
    }


def _belongs(row: RowView, show: str, step: str) -> bool:
    if step and row.states.get(step, "done") in SETTLED:
        return False
    if show == "school":
        return row.needs_school
    if show == "stuck":
        return bool(row.blocked)
    return row.left == 0 if show == "finished" else True


def _cell(words: Words, step: StepDefinition, state: str) -> Markup:
    """A cell of the matrix: shape and colour by its class, a letter to see, words to hear; on phones, the step too."""
    if not state:
        return Markup('<td class="n"></td>')
    word, mark = words(f"state.{state}"), words(f"mark.{state}")
    if state in ("done", "waived", "waiting"):
        return QUIET_CELL.format(state, mark, word)
    return OPEN_CELL.format(state, mark, words.say(step.title), word)


# --- queues ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Freshness:
    """How a step's data stands: true `as_of` when, whether that is too long ago, and a delivery that is held."""

    as_of: datetime | None
    stale: bool
    held: Mapping[str, Any] | None
    held_at: datetime | None

    @property
    def undecided(self) -> bool:
        """Whether somebody still has to decide about the delivery that is held."""
        return self.held is not None and not self.held.get("confirmed_by")


@dataclass(frozen=True)
class Line:
    """A step in the list of queues."""

    step: StepDefinition
    length: int
    oldest: datetime | None
    feed: Freshness | None
    decides: bool


def _freshness(state: FeedState, now: datetime) -> Freshness:
    as_of = instant(str(state.current["as_of"])) if state.current else None
    held_at = instant(str(state.held["at"])) if state.held else None
    return Freshness(as_of, as_of is None or now - as_of > STALE, state.held, held_at)


def _line(visit: Visit, store: Store, step: StepDefinition, school: str, supervisor: str) -> Line:
    queue = queue_id(step.id, school, supervisor)
    head, _ = store.queue(queue, limit=1)
    return Line(
        step=step,
        length=store.queue_length(queue) if head else 0,
        oldest=instant(head[0].since) if head else None,
        feed=_freshness(store.feed(step.id), visit.now) if step.feed else None,
        decides=step.feed is not None and visit.may("decide-feed", department=step.department),
    )


def queues(visit: Visit, store: Store) -> dict[str, Any]:
    """What waits for the visitor's office; who sees every office sees every queue but those of the schools.

    A supervisor sees their graduates below, from one Query on their school.
    """
    session = visit.someone
    school = session.school
    steps = [
        step
        for step in definition.steps().values()
        if _sees_queue(visit, step, school) and (step.department != "school" or school or _supervises(visit, step))
    ]
    if not steps:
        raise Problem("forbidden")
    graduates = [
        row_view(lean)
        for lean in (store.school(school) if school and session.role == "supervisor" else ())
        if visit.may("see-case", student=lean.student, school=lean.school, supervisor=lean.supervisor)
    ]
    lines = [_line(visit, store, step, school, _supervises(visit, step)) for step in steps]
    return {"lines": lines, "graduates": sorted(graduates, key=lambda row: (-row.left, row.lean.student))}


def _supervises(visit: Visit, step: StepDefinition) -> str:
    """The staff id of a visitor who is a supervisor and signs `step` as one; empty for everybody else."""
    session = visit.someone
    return step.supervisor(session.sub) if session.role == "supervisor" else ""


def _sees_queue(visit: Visit, step: StepDefinition | None, school: str) -> bool:
    if step is None:
        return visit.may("see-queue", school=school)
    supervisor = _supervises(visit, step)
    return visit.may("see-queue", school=school, department=step.department, supervisor=supervisor)


def queue(visit: Visit, store: Store, step: str) -> dict[str, Any]:
    """One page of a queue, oldest first; `do` of the query is what the visitor is about to do with many."""
    known = definition.steps().get(step)
    session = visit.someone
    school = visit.query.get("school", session.school)
    # who may not see some queue need not know which steps there are
    if not _sees_queue(visit, known, school):
        raise Problem("forbidden")
    supervisor = _supervises(visit, known) if known else ""
    if known is None or (known.department == "school" and not supervisor and school not in university.schools()):
        raise Problem("not-found")
    page, more = store.queue(queue_id(step, school, supervisor), PAGE, visit.query.get("after", ""))
    signs = visit.may("sign-for-office", school=school, department=known.department, supervisor=supervisor)
    tells = signs or not known.confidential
    bulk: list[Action] = [action for action in known.actions.values() if action.bulk and signs]
    chosen = next((action for action in bulk if action.id == visit.query.get("do")), bulk[0] if bulk else None)
    return {
        "known": known,
        "entries": [
            (entry, instant(entry.since), answers_view(known, entry.answers, visit.language) if tells else [])
            for entry in page
        ],
        "fitting": {entry.student for entry in page if chosen and fits(chosen, entry)},
        "more": more,
        "bulk": bulk,
        "signs": signs,
        "chosen": chosen,
        "school": school if known.department == "school" and not supervisor else "",
        "first": not visit.query.get("after"),
    }


# --- the season -----------------------------------------------------------------------------------------------


def season(visit: Visit, store: Store) -> dict[str, Any]:
    """Schools and steps in numbers, recomputed from the cases: one Query a school, two reads a step at most."""
    visit.demand("see-school", school="")
    by_school = {school: [row_view(lean) for lean in store.school(school)] for school in university.schools()}
    rows = [row for found in by_school.values() for row in found]
    lines: list[tuple[StepDefinition, StepFigures, datetime | None, Freshness | None, bool]] = []
    for step in definition.steps().values():
        figures = figures_of(step, rows)
        head = store.queue(step.id, limit=1)[0] if figures.office and step.department != "school" else []
        feed = _freshness(store.feed(step.id), visit.now) if step.feed else None
        decides = visit.may("decide-feed", department=step.department)
        lines.append((step, figures, instant(head[0].since) if head else None, feed, decides))
    schools = [(school, school_figures(found)) for school, found in by_school.items() if found]
    return {"schools_": schools, "total": school_figures(rows), "lines": lines}
