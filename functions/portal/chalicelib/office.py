"""Pages of offices: a school's matrix, queues, what is done to many at once, the season."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from yinji.clearance import definition, flow, overview, selection, university
from yinji.clearance.case import STATES
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.document import MARKS
from yinji.clearance.overview import BurnDown
from yinji.clearance.policy import QueueAccess, see_queue
from yinji.clearance.queue import Entry, fits, queue_id, waits_for_office
from yinji.clearance.rounds import MOST_AT_ONCE
from yinji.clearance.selection import Selection
from yinji.clearance.store import LONGEST_POSITION, FeedState, Store
from yinji.clearance.view import Answer, RowView, answer_view, answers_view, figures_of, row_view, school_figures
from yinji.identity.session import Session
from yinji.platform.clock import instant
from yinji.platform.problem import Problem, sentence

from . import chart
from .visit import TOLD, Visit
from .words import Words

PAGE = 100
THREADS = 8
FORMATS = ("xlsx", "csv")
MOST_BUTTONS = 8
"""With how many choices a filter by what was answered is still buttons: appointments are at any number of times."""
BATCHES_SHOWN = 3
"""How many batches are drawn unless one is asked for."""

QUIET_CELL = Markup('<td class="{}"><i aria-hidden="true">{}</i><span class="vh">{}</span></td>')
OPEN_CELL = Markup('<td class="{} open"><i aria-hidden="true">{}</i><b>{}</b><span class="vh">{}</span></td>')


# --- filters --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """One value of a filter: its words, how many there are with it, and where it leads (or leads away from)."""

    value: str
    text: Markup | str
    count: int
    chosen: bool
    href: str


@dataclass(frozen=True)
class Filter:
    """A filter with its choices; those with many are a list to choose from rather than buttons."""

    name: str
    title: Markup | str
    choices: Sequence[Choice]

    @property
    def value(self) -> str:
        return next((choice.value for choice in self.choices if choice.chosen), "")

    @property
    def many(self) -> bool:
        return len(self.choices) > MOST_BUTTONS


def filter_of(
    visit: Visit, chosen: Selection[Any], name: str, values: Iterable[str], say: Callable[[str], Markup | str]
) -> Filter:
    """The filter `name`: of `values` those that anybody has, and the one that is chosen."""
    wanted = chosen.wanted.get(name, "")
    offered = [value for value in dict.fromkeys((*values, wanted)) if value]
    choices = [
        Choice(
            value,
            say(value),
            chosen.count(name, value),
            value == wanted,
            visit.here(**{name: "" if value == wanted else value, "after": ""}),
        )
        for value in offered
        if value == wanted or chosen.count(name, value)
    ]
    kind = name.partition(".")[0]
    return Filter(name, visit.words(f"filter.{kind}"), choices)


def _told(visit: Visit, *drop: str) -> dict[str, str]:
    """What the query asks for: without what was told, where a page begins, and what is to be dropped."""
    left_out = {*TOLD, "after", "case", "outcome", *drop}
    return {name: value for name, value in visit.query.items() if value and name not in left_out}


def _exports(visit: Visit, what: str, formats: Sequence[str] = FORMATS, **more: str) -> list[tuple[str, str]]:
    """Where the list behind this page can be had, with the page's filters: format and address."""
    query = urlencode({name: value for name, value in (_told(visit, "do") | more).items() if value})
    return [(kind, f"/api/clearance/exports/{what}.{kind}" + (f"?{query}" if query else "")) for kind in formats]


def _flow(words: Words, id: str) -> str:
    return words.say(flow.TITLES[id]) if id in flow.TITLES else id


def _step(words: Words, id: str) -> str:
    every = definition.steps()
    return words.say(every[id].title) if id in every else id


def _school(words: Words, id: str) -> str:
    every = university.schools()
    return words.say(every[id]) if id in every else id


# --- a school -------------------------------------------------------------------------------------------------


def school(visit: Visit, store: Store, school: str) -> dict[str, Any]:
    """The matrix of a school, from one Query. What selection.matrix reads of the query says which graduates."""
    visit.demand("see-school", school=school)
    if school not in university.schools():
        raise Problem("not-found")
    words = visit.words
    rows = [row_view(lean) for lean in store.school(school)]
    chosen = selection.matrix(rows, visit.query, visit.today)
    every = definition.steps()
    columns = [every[id] for id in every if any(id in row.states for row in rows)]
    figures = {column.id: figures_of(column, rows) for column in columns}
    signs = visit.may("sign-for-office", school=school, department="school")
    marks = {(column.id, state): _cell(words, column, state) for column in columns for state in ("", *MARKS)}

    def cells(row: RowView) -> Markup:
        return Markup("").join(marks[column.id, row.states.get(column.id, "")] for column in columns)

    def late(row: RowView) -> tuple[str, Markup | str]:
        kind = selection.lateness(row, visit.today)
        return kind, words.left(row.lean.deadline, visit.today) if kind else ""

    def reminds(row: RowView) -> bool:
        return "student" in row.turns.values()

    return {
        "school": school,
        "title": words.say(university.schools()[school]),
        "rows": chosen.shown,
        "columns": columns,
        "figures": figures,
        "to_sign": [
            column
            for column in columns
            if signs and column.department == "school" and not column.signer and figures[column.id].office
        ],
        "counts": school_figures(rows),
        "step": chosen.wanted.get("step", ""),
        "chosen": chosen,
        "chips": _matrix_chips(visit, chosen),
        "lists": _matrix_lists(visit, chosen),
        "sort": visit.query.get("sort", ""),
        "sorts": selection.SORTS,
        "cells": cells,
        "late": late,
        "reminds": reminds,
        "signs": signs,
        "deadline": min((row.lean.deadline for row in rows if row.left), default=None),
        "exports": _exports(visit, "matrix", school=school),
    }


def _matrix_chips(visit: Visit, chosen: Selection[RowView]) -> list[Filter]:
    """The filters of the matrix that are buttons."""
    words = visit.words
    return [
        filter_of(visit, chosen, "show", selection.SHOWN, lambda value: words(f"filter.show-{value}")),
        filter_of(visit, chosen, "late", selection.LATE, lambda value: words(f"filter.late-{value}")),
        filter_of(visit, chosen, "turn", selection.TURNS, lambda value: words(f"filter.turn-{value}")),
    ]


def _matrix_lists(visit: Visit, chosen: Selection[RowView]) -> list[Filter]:
    """The filters of the matrix that are lists; one that has nothing to choose is left out."""
    words, counts = visit.words, chosen.counts
    told: list[tuple[str, Iterable[str], Callable[[str], Markup | str]]] = [
        ("step", definition.steps(), lambda value: _step(words, value)),
        ("state", STATES, lambda value: words(f"state.{value}")),
        ("flow", flow.TITLES, lambda value: _flow(words, value)),
        ("class", sorted(counts.get("class", ())), str),
        ("counsellor", sorted(counts.get("counsellor", ())), str),
        ("batch", sorted(counts.get("batch", ())), str),
    ]
    found = [filter_of(visit, chosen, name, values, say) for name, values, say in told]
    return [one for one in found if len(one.choices) > 1 or one.value]


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
    undecided: bool
    """Whether somebody still has to decide about the delivery that is held."""


@dataclass(frozen=True)
class Line:
    """A step in the list of queues."""

    step: StepDefinition
    length: int
    oldest: datetime | None
    feed: Freshness | None
    decides: bool
    age: str = ""
    """How old the oldest is, as selection.age says it."""


def freshness(state: FeedState, now: datetime) -> Freshness:
    """How a step's data stands at `now`."""
    held_at = instant(str(state.held["at"])) if state.held else None
    return Freshness(state.as_of, state.as_of is None or state.late(now), state.held, held_at, state.undecided)


def _line(visit: Visit, store: Store, step: StepDefinition, school: str, access: QueueAccess) -> Line:
    queue = queue_id(step.id, school, access.supervisor)
    head, _ = store.queue(queue, limit=1)
    return Line(
        step=step,
        length=store.queue_length(queue) if head else 0,
        oldest=instant(head[0].since) if head else None,
        feed=freshness(store.feed(step.id), visit.now) if step.feed else None,
        decides=step.feed is not None and visit.may("decide-feed", department=step.department),
        age=selection.age(instant(head[0].since), visit.now) if head else "",
    )


def queues(visit: Visit, store: Store) -> dict[str, Any]:
    """What waits for the visitor's office; who sees every office sees every queue but those of the schools.

    A supervisor sees their graduates below, from one Query on their school.
    """
    session = visit.someone
    school = session.school
    seen = [(step, access) for step in definition.steps().values() if (access := _access(session, step, school))]
    if not seen:
        raise Problem("forbidden")
    graduates = [
        row_view(lean)
        for lean in (store.school(school) if school and session.role == "supervisor" else ())
        if visit.may("see-case", student=lean.student, school=lean.school, supervisor=lean.supervisor)
    ]
    lines = [_line(visit, store, step, school, access) for step, access in seen]
    return {"lines": lines, "graduates": sorted(graduates, key=lambda row: (-row.left, row.lean.student))}


def _access(session: Session, step: StepDefinition, school: str) -> QueueAccess | None:
    """What `session` may see of the queue of `step`, of `school` where each has one; None for nothing at all."""
    try:
        return see_queue(session, step, school)
    except Problem:
        return None


def queue(visit: Visit, store: Store, step: str) -> dict[str, Any]:
    """One page of a queue, oldest first, as filtered; `do` of the query is what is about to be done with many."""
    asked = _queue_asked_for(visit, step)
    known = asked.step
    after = visit.query.get("after", "")
    if len(after) > LONGEST_POSITION:
        raise Problem("malformed-request")
    everybody = asked.entries(store)
    chosen = selection.queue(everybody, known, visit.query, visit.now)
    rest = [entry for entry in chosen.shown if entry.position > after]
    page = rest[:PAGE]
    bulk, action = _bulk(visit, asked)
    fitting = [entry for entry in chosen.shown if action and fits(action, entry)]
    own_school = asked.own_school
    confirm = {"do": action.id, **own_school} if action else {}
    return {
        "known": known,
        "entries": [_shown(visit, asked, entry) for entry in page],
        "fitting": {entry.student for entry in fitting},
        "signs": asked.access.signs,
        "total": len(everybody),
        "found": len(chosen.shown),
        "more": page[-1].position if len(rest) > PAGE else "",
        "bulk": bulk,
        "chosen": action,
        "everyone": f"{visit.path}/confirm?{urlencode(_told(visit) | confirm)}",
        "kept": _told(visit) | confirm,
        "filters": _queue_filters(visit, known, chosen),
        "search": chosen.search,
        "filtered": bool(chosen.wanted or chosen.search),
        "bare": f"{visit.path}?{urlencode(own_school)}" if own_school else visit.path,
        "school": own_school.get("school", ""),
        "first": not after,
        "exports": _exports(visit, "queue", step=step, **own_school),
        "whole": _exports(visit, "queue", ("xlsx",), step=step, whole="1", **own_school)
        if known.sealed and asked.access.signs
        else [],
    }


@dataclass(frozen=True)
class Asked:
    """A queue that the visitor may see: of which step, of whose school, and what of it."""

    step: StepDefinition
    school: str
    access: QueueAccess

    @property
    def own_school(self) -> dict[str, str]:
        """The query that names the school whose queue it is; empty where there is one for all."""
        return {"school": self.school} if self.step.department == "school" and not self.access.supervisor else {}

    def entries(self, store: Store) -> list[Entry]:
        """Everybody who waits, oldest first; without their answers for whoever may not see them."""
        return self.access.shown(store.whole_queue(queue_id(self.step.id, self.school, self.access.supervisor)))


def _queue_asked_for(visit: Visit, step: str) -> Asked:
    """The queue of `step` that is asked for. Raises Problem unless there is one that the visitor may see."""
    known = definition.steps().get(step)
    school = visit.query.get("school", visit.someone.school)
    access = see_queue(visit.someone, known, school)
    assert known  # noqa: S101 - nobody sees the queue of a step that there is not
    return Asked(known, school, access)


def _bulk(visit: Visit, asked: Asked) -> tuple[list[Action], Action | None]:
    """What the visitor may do with many, and which of it they are about to do."""
    bulk = [action for action in asked.step.actions.values() if action.bulk and asked.access.signs]
    chosen = next((action for action in bulk if action.id == visit.query.get("do")), bulk[0] if bulk else None)
    return bulk, chosen


def _shown(visit: Visit, asked: Asked, entry: Entry) -> tuple[Entry, datetime, str, list[tuple[str, Answer]]]:
    """An entry with what people read of it: since when, how old that is, what was answered."""
    since = instant(entry.since)
    return entry, since, selection.age(since, visit.now), answers_view(asked.step, entry.answers, visit.language)


def _queue_filters(visit: Visit, step: StepDefinition, chosen: Selection[Entry]) -> list[Filter]:
    """The filters of a queue; one that has nothing to choose is left out."""
    words, counts = visit.words, chosen.counts
    found = [filter_of(visit, chosen, "age", ("long", "days", "new"), lambda value: words(f"filter.age-{value}"))]
    for asked in selection.asked_of(step):
        name = f"{selection.ANSWER}{asked.name}"
        values = [str(option["value"]) for option in asked.options] or sorted(counts.get(name, ()))
        one = filter_of(
            visit, chosen, name, values, lambda value, asked=asked: answer_view(step, asked, value, visit.language)
        )
        found.append(replace(one, title=words.say(asked.title)))
    if step.department != "school":
        schools = [id for id in university.schools() if id in counts.get("of", ())]
        found.append(filter_of(visit, chosen, "of", schools, lambda value: _school(words, value)))
    found.append(filter_of(visit, chosen, "flow", flow.TITLES, lambda value: _flow(words, value)))
    return [one for one in found if len(one.choices) > 1 or one.value]


# --- many at once ---------------------------------------------------------------------------------------------


def confirm(visit: Visit, store: Store, step: str) -> dict[str, Any]:
    """Exactly those to whom something is about to be done: of a queue as filtered, those chosen on its page (`case`),
    or those an earlier round (`outcome`) refused. At most as many as one request may change; the rest is for the next.
    """
    asked = _queue_asked_for(visit, step)
    known = asked.step
    _, action = _bulk(visit, asked)
    if action is None:
        raise Problem("forbidden")
    everybody = selection.queue(asked.entries(store), known, visit.query, visit.now).shown
    found = [entry for entry in everybody if fits(action, entry)]
    picked = set(visit.several("case"))
    if earlier := visit.query.get("outcome"):
        round = store.round(earlier)
        if round is None or not visit.may("see-round", student=round.who):
            raise Problem("not-found")
        picked |= {result.student for result in round.refused}
    named = bool(picked or earlier)
    if named:
        found = [entry for entry in found if entry.student in picked]
    return {
        "known": known,
        "action": action,
        "entries": [_shown(visit, asked, entry) for entry in found[:MOST_AT_ONCE]],
        "rest": max(len(found) - MOST_AT_ONCE, 0),
        "most": MOST_AT_ONCE,
        "gone": len(picked) - len(found) if named else 0,
        "queue": _queue_page(step, _told(visit, "do")),
        "back": visit.back(f"{step}.{action.id}"),
    }


def _queue_page(step: str, filters: Mapping[str, str]) -> str:
    return f"/queues/{step}" + (f"?{urlencode(filters)}" if filters else "")


def outcome(visit: Visit, store: Store, id: str) -> dict[str, Any]:
    """What came of a round for each graduate, those who were not dealt with first. For whoever sent it."""
    session = visit.someone
    round = store.round(id)
    # nobody learns from the answer which rounds there were
    visit.demand("see-round", student=round.who if round else "")
    if round is None:
        raise Problem("not-found")
    words, known = visit.words, definition.steps().get(round.step)
    action = known.actions.get(round.action) if known else None
    names = store.names([result.student for result in round.results])
    lines = [
        (result, *names.get(result.student, ("", "")), sentence(result.code, visit.language, {}) if result.code else "")
        for result in round.results
    ]
    filters = dict(parse_qsl(round.back.partition("?")[2].partition("#")[0]))
    kept = {name: text for name, text in filters.items() if name not in (*TOLD, "do", "case", "outcome")}
    again = {"do": round.action, "outcome": round.id} | ({"school": kept["school"]} if "school" in kept else {})
    return {
        "round": round,
        "step": words.say(known.title) if known else round.step,
        "action": words.say(action.title) if action else round.action,
        "lines": sorted(lines, key=lambda line: line[0].ok),
        "again": f"/queues/{round.step}/confirm?{urlencode(again)}" if session.sub == round.who else "",
        "queue": _queue_page(round.step, kept),
    }


# --- the season -----------------------------------------------------------------------------------------------


def _at_once(threads: ThreadPoolExecutor, ask: Callable[[str], Any], names: Iterable[str]) -> dict[str, Any]:
    """What `ask` says of each name, several asked at a time."""
    every = list(names)
    return dict(zip(every, threads.map(ask, every), strict=True))


def _waits(
    store: Store, threads: ThreadPoolExecutor, rows: Sequence[RowView], schools: Iterable[str]
) -> dict[str, list[datetime]]:
    """Since when those of `rows` who wait for an officer have been waiting, by step."""
    every = definition.steps()
    asked = [
        id
        for id, step in every.items()
        if any(waits_for_office(step, row.states[id]) for row in rows if id in row.states)
    ]
    queues = [
        queue_id(id, school) for id in asked for school in (schools if every[id].department == "school" else ("",))
    ]
    students = {row.lean.student for row in rows}
    found: dict[str, list[datetime]] = {}
    for name, waiting in _at_once(threads, store.waiting, queues).items():
        found.setdefault(name.partition("#")[0], []).extend(since for who, since in waiting if who in students)
    return found


def season(visit: Visit, store: Store) -> dict[str, Any]:
    """Schools and steps in numbers, recomputed from the cases: one Query a school, one a queue in which people wait."""
    visit.demand("see-school", school="")
    words, every = visit.words, definition.steps()
    fed = [id for id, step in every.items() if step.feed]
    with ThreadPoolExecutor(THREADS) as threads:
        batches = threads.submit(store.batches)
        feeds = _at_once(threads, store.feed, fed)
        by_school = {
            school: [row_view(lean) for lean in found] for school, found in store.schools(university.schools()).items()
        }
        everybody = [row for found in by_school.values() for row in found]
        chosen = selection.season(everybody, visit.query)
        rows = chosen.shown
        waits = _waits(store, threads, rows, [school for school, found in by_school.items() if found])
    states = {step: freshness(state, visit.now) for step, state in feeds.items()}
    known = {batch.id: batch for batch in batches.result()}
    if chosen.wanted:
        kept = {row.lean.student for row in rows}
        by_school = {school: [row for row in found if row.lean.student in kept] for school, found in by_school.items()}
    heat = overview.heat_map(by_school)
    columns = [step for id, step in every.items() if any(id in cells for cells in heat.values())]
    return {
        "total": school_figures(rows),
        "lines": overview.bottlenecks(rows, waits, visit.now),
        "feeds": states,
        "decides": {id: visit.may("decide-feed", department=every[id].department) for id in fed},
        "heat": heat,
        "columns": columns,
        "totals": {step.id: overview.total(list(heat.values()), step.id) for step in columns},
        "nothing": overview.NOTHING,
        "schools_": [(school, school_figures(found)) for school, found in by_school.items() if found],
        "charts": _charts(visit, rows, list(known.values())),
        "filters": [
            filter_of(visit, chosen, "batch", known, lambda id: words.say(known[id].title) if id in known else id),
            filter_of(visit, chosen, "flow", flow.TITLES, lambda id: _flow(words, id)),
        ],
        "exports": {what: _exports(visit, what) for what in ("season", "burn-down", "cases")},
    }


def progress(visit: Visit, store: Store, school: str) -> dict[str, Any]:
    """A school's own season: against the deadline, and which steps hold its graduates up."""
    visit.demand("see-school", school=school)
    if school not in university.schools():
        raise Problem("not-found")
    rows = [row_view(lean) for lean in store.school(school)]
    with ThreadPoolExecutor(THREADS) as threads:
        waits = _waits(store, threads, rows, [school])
    return {
        "school": school,
        "title": visit.words.say(university.schools()[school]),
        "total": school_figures(rows),
        "lines": overview.bottlenecks(rows, waits, visit.now),
        "feeds": {},
        "decides": {},
        "charts": _charts(visit, rows, store.batches()),
        "exports": {what: _exports(visit, what, school=school) for what in ("burn-down", "matrix")},
    }


def _charts(visit: Visit, rows: Sequence[RowView], batches: Sequence[Any]) -> list[tuple[BurnDown, Markup]]:
    """The batches of `rows` against their deadlines, drawn: the one asked for, else the latest that are not over."""
    here = {row.lean.batch for row in rows}
    going_on = {row.lean.batch for row in rows if not row.lean.finished_at} or here
    shown = [batch for batch in batches if batch.id in (here if visit.query.get("batch") else going_on)]
    found = [overview.burn_down(rows, batch, visit.today) for batch in shown[:BATCHES_SHOWN]]
    return [(one, chart.of_burn_down(one, visit.today, visit.words)) for one in found]
