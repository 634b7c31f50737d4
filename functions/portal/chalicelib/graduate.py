"""Pages about one graduate: their own, and the same truth for whoever helps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from yinji.clearance import arrangements, codes, definition, university
from yinji.clearance.case import Case, Event, State
from yinji.clearance.chain import Head, verify
from yinji.clearance.chain import history as chain_history
from yinji.clearance.definition import Action
from yinji.clearance.policy import may_see_answers, visible_case
from yinji.clearance.store import Store
from yinji.clearance.view import Answer, StepView, answers_view, case_view, flow_title
from yinji.forms import clearance
from yinji.forms.facts import Fact
from yinji.forms.facts_store import Facts
from yinji.identity import seen
from yinji.identity.access_log import AccessLog
from yinji.identity.looks import What
from yinji.identity.session import Session
from yinji.messages.compose import is_written_about
from yinji.platform.clock import CAMPUS, instant

from . import accounts, appointments
from .known import Known, known
from .visit import Visit

RARE = ("waive", "reopen")


@dataclass(frozen=True)
class Happening:
    """An event in words: what happened to which step, who did it, what was written, what became of the steps."""

    what: str
    who: str
    at: datetime
    why: str
    moved: Sequence[tuple[str, State]]
    answers: Sequence[tuple[str, Answer]]
    as_of: datetime | None


@dataclass(frozen=True)
class Day:
    """What happened on one day of the campus, newest first."""

    day: date
    events: Sequence[Happening]


def own(visit: Visit) -> str:
    """The student number of the graduate who visits. Raises Problem("forbidden") for anybody else."""
    session = visit.someone
    visit.demand("act-as-student", student=session.sub)
    return session.sub


def _found(visit: Visit, store: Store, student: str, what: What) -> tuple[Session, Case]:
    """Who visits, and the case of `student`, of which they are shown `what`: written down before anything is drawn."""
    found = visible_case(visit.someone, student, store.get)
    seen.note(visit.someone, what, student)
    return visit.someone, found


def _shown(visit: Visit, store: Store, session: Session, case: Case, facts: Facts | None = None) -> dict[str, Any]:
    view = case_view(case, session, visit.language)
    return {
        "case": case,
        "graduate": case.graduate,
        "view": view,
        "flow": flow_title(case, visit.language),
        "waiting": [step for step in view.steps if step.state == "waiting"],
        "deadline": visit.words.left(case.deadline, visit.today),
        "late": case.deadline < visit.today,
        "opens": case.opens_on if visit.today < case.opens_on else None,
        "arrangements": _arrangements(visit, case),
        "spoken": codes.spoken(case.certificate.code) if case.certificate else "",
        "choices": appointments.choices(visit, store, view.steps),
        "booked": appointments.booked(visit, view.steps),
        "asked": _asked(visit, session.sub, facts),
    }


def _asked(visit: Visit, person: str, facts: Facts | None) -> Callable[[Action], Mapping[str, Known]]:
    """What is known of `person` in answer to the questions of an action, by field; it is looked up once, when the first
    action asks for facts."""
    told: dict[str, Mapping[str, Fact]] = {}

    def of(action: Action) -> Mapping[str, Known]:
        if facts is None or not any(field.fact for field in action.fields):
            return {}
        if person not in told:
            told[person] = facts.of(person)
        found = clearance.questions(action, told[person], visit.now)
        return {name: fact for name, one in found.items() if (fact := known(visit, one))}

    return of


def _arrangements(visit: Visit, case: Case) -> list[Action]:
    """What the visitor may arrange for the case as it stands."""
    graduate = case.graduate
    return [
        form
        for name, form in arrangements.forms().items()
        if arrangements.possible(name, case)
        and visit.may(
            arrangements.PERMISSIONS[name],
            student=graduate.student,
            school=graduate.school,
            department=arrangements.OFFICE,
        )
    ]


def me(visit: Visit, store: Store, facts: Facts) -> dict[str, Any]:
    """What the graduate sees of their own case: what needs them, what others do, what waits, what is done. What is
    known of them already is shown to be confirmed where a step asks for it."""
    session, case = _found(visit, store, own(visit), "case")
    shown = _shown(visit, store, session, case, facts)
    view = shown["view"]
    others = [step for step in view.others if step.state != "waiting"]
    return shown | {"mine": view.mine, "others": others}


def case(visit: Visit, store: Store, student: str) -> dict[str, Any]:
    """The case for an office: what the visitor can do first, then whatever else is left."""
    session, case = _found(visit, store, student, "case")
    shown = _shown(visit, store, session, case)
    steps: Sequence[StepView] = shown["view"].steps
    mine = [step for step in steps if any(action.id not in RARE for action in step.actions)]
    rest = [step for step in shown["view"].mine + shown["view"].others if step not in mine and step.state != "waiting"]
    told = {"mine": mine, "others": rest, "rare": RARE, "settled": shown["view"].settled}
    return shown | told | {"reminds": _reminds(visit, session, case, shown["view"].mine)}


def _reminds(visit: Visit, session: Session, case: Case, mine: Sequence[StepView]) -> list[str]:
    """The titles of what the visitor can remind the student of; a department of its own steps only."""
    department, every = session.department, definition.steps()
    quiet = case.closed or not is_written_about(case) or visit.today < case.opens_on
    if quiet or not visit.may("remind", school=case.graduate.school, department=department):
        return []
    return [step.title for step in mine if not department or every[step.id].department == department]


def history(visit: Visit, store: Store, student: str) -> dict[str, Any]:
    """Everything that happened to the case, day by day, newest first; to auditors, whether all of it is sealed."""
    session, case = _found(visit, store, student, "history")
    events = store.events(student)
    happened = [_happening(visit, session, case, event) for event in reversed(events)]
    audits = visit.may("export-history")
    head = Head(student, case.version, case.chain)
    told = [event for event in events if event.version <= case.version]
    wrong = [finding for finding in verify(chain_history(head, told, "", None)) if finding.bad] if audits else []
    return {
        "graduate": case.graduate,
        "days": [Day(day, list(some)) for day, some in groupby(happened, lambda one: one.at.astimezone(CAMPUS).date())],
        "home": "/me" if session.role == "student" else f"/cases/{student}",
        "audits": audits,
        "wrong": wrong,
        "head": head,
        "practice": case.practice,
    }


def seen_by(visit: Visit, store: Store, log: AccessLog, student: str) -> dict[str, Any]:
    """Who looked at what is kept about the graduate, by person; looking at that is a look as well."""
    visit.demand("see-access-log", student=student)
    session, case = _found(visit, store, student, "access-log")
    told = accounts.looks(log, student, own=session.sub == student)
    return told | {"home": f"/cases/{student}", "name": case.graduate.name}


def _happening(visit: Visit, session: Session, case: Case, event: Event) -> Happening:
    words, every = visit.words, definition.steps()
    known = every.get(event.step)
    title = words.say(known.title) if known else ""
    action = known.actions.get(event.what) if known else None
    if action:
        what = words("history.action", step=title, action=words.say(action.title))
    else:
        what = words(f"history.{event.what}", step=title)
    moved = [(words.say(every[step].title), state) for step, state in event.states.items() if step in every]
    answers = (
        answers_view(known, event.evidence, visit.language)
        if known and may_see_answers(session, known, case.graduate)
        else []
    )
    told = str(event.evidence.get("as_of", "")) if event.what == "feed" else ""
    return Happening(
        what=what,
        who=_who(visit, session, case, event),
        at=event.at,
        why=event.why,
        # what a case opens with is no news of any step
        moved=() if event.what == "case-opened" else moved,  # type: ignore[arg-type]
        answers=answers,
        as_of=instant(told) if told else None,
    )


def _who(visit: Visit, session: Session, case: Case, event: Event) -> str:
    """Who did it: an office by its name; staff see the person's id as well, the graduate does not."""
    words = visit.words
    stood_in = str(event.evidence.get("acts_for", ""))
    person = f"{event.who} {words('account.for', colleague=stood_in)}" if stood_in else event.who
    if event.role == "system":
        return words(f"history.by-{event.who}") if event.who in ("feed", "roster") else words("history.by-system")
    if event.role == "student":
        return words("history.you") if session.sub == event.who else words("history.graduate")
    if event.role == "supervisor":
        name = words("history.supervisor")
        return name if session.role == "student" else words("history.person", office=name, id=person)
    known = definition.steps().get(event.step)
    office = university.office(known.department, case.graduate.school, case.flow) if known else None
    name = words.say(office) if office else words(f"one.{event.role}")
    return name if session.role == "student" else words("history.person", office=name, id=person)
