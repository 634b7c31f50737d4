"""What people see of a case: one truth for student, counsellor and office, in the reader's language.

Pages and the JSON routes are made from these views; nothing here decides anything that `Step` does not decide too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from yinji.clearance import appointments, definition, flow, university
from yinji.clearance.appointments import held_slot, is_slot
from yinji.clearance.case import SETTLED, Case, State
from yinji.clearance.definition import Action, Field, StepDefinition, Text
from yinji.clearance.document import STATE_OF_MARK
from yinji.clearance.policy import may, may_see_answers, may_sign, may_unseal
from yinji.clearance.queue import waits_for_office
from yinji.clearance.sealing import Sealed, masked
from yinji.clearance.step import offered, settled_by_itself
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.clock import instant

if TYPE_CHECKING:
    from yinji.clearance.store import Lean

Turn = Literal["student", "office", "feed", "nobody"]


@dataclass(frozen=True)
class Document:
    """An answer that is an uploaded document: its id, under which it is fetched."""

    upload: str


Answer = str | Document | Sealed
"""An answer as it is shown: words, a document, or what may be seen of a sealed number."""


@dataclass(frozen=True)
class StepView:
    """One step of a case. `turn` says who must act: the student, the office, the office's data, or nobody."""

    id: str
    title: str
    office: str
    place: str
    contact: str
    state: State
    turn: Turn
    version: int
    since: datetime
    reasons: Sequence[str]
    reason_codes: Sequence[Mapping[str, Any]]
    waits_for: Sequence[str]
    actions: Sequence[Action]
    answers: Sequence[tuple[str, Answer]]
    guide: str
    by: str
    as_of: datetime | None = None
    """When the department's row about this graduate was true, if there is one."""
    slot: str = ""
    """The appointment that the graduate holds (see appointments.Slot.id), to whom answers are shown."""
    unseals: bool = False
    """Whether the reader may see sealed answers whole."""
    secrets: Sequence[tuple[str, str, str]] = ()
    """What only the graduate sees: the answer's name, what it is called, and a one-time code."""


@dataclass(frozen=True)
class CaseView:
    """A case as one reader sees it: `mine` needs them, `others` goes on elsewhere, `settled` is done."""

    case: Case
    steps: Sequence[StepView]

    @property
    def mine(self) -> list[StepView]:
        return [step for step in self.steps if step.turn == "student"]

    @property
    def others(self) -> list[StepView]:
        return [step for step in self.steps if step.turn != "student" and step.state not in SETTLED]

    @property
    def settled(self) -> list[StepView]:
        return [step for step in self.steps if step.state in SETTLED]

    @property
    def left(self) -> int:
        return len(self.steps) - len(self.settled)


def say(text: Text | Mapping[str, Any], language: str) -> str:
    """`text` in `language` ("zh" or "en")."""
    return str(text["zh" if language == "zh" else "en"])


def turn_of(step: StepDefinition, state: State, flow: str, flags: frozenset[str] | None = None) -> Turn:
    """Who must act on `step` in `state` of a case in `flow`; the graduate's `flags` sharpen it where they are known."""
    if state in ("done", "waived", "not_applicable", "waiting"):
        return "nobody"
    if state == "blocked":
        return "student"
    own = [
        action
        for action in step.actions.values()
        if not action.standard and state in action.sources and (not action.flows or flow in action.flows)
    ]
    if state == "submitted":
        return "office"
    if any(
        action.by == "student" and (not action.only or (flags is not None and action.only in flags)) for action in own
    ):
        # a loan holder may confirm early, but it is the office's data that is missing
        return "feed" if step.feed and all(action.only for action in own if action.by == "student") else "student"
    return "office" if any(action.by == "department" for action in own) else "feed"


def case_view(case: Case, session: Session, language: str) -> CaseView:
    """`case` as `session` may see it. The reader may see the case; that was asked before."""
    states = case.states()
    open_to = {by for by in get_args(definition.Actor) if not case.shut(by, clock.today())}
    steps = [
        _step_view(case, step, states[id], session, language, open_to)
        for id, step in definition.steps().items()
        if id in states
    ]
    return CaseView(case, steps)


def signing_office(step: StepDefinition, school: str, flow: str) -> Text:
    """Who signs `step`, in words: its office, and before that the supervisor where the definition says so."""
    office = university.office(step.department, school, flow)
    return university.supervisor(office) if step.signer else office


def _step_view(
    case: Case, step: StepDefinition, state: State, session: Session, language: str, open_to: set[definition.Actor]
) -> StepView:
    record, graduate = case.steps[step.id], case.graduate
    office = signing_office(step, graduate.school, case.flow)
    where = (
        university.schools()[graduate.school]
        if step.department == "school"
        else university.departments()[step.department]
    )
    may_act = may(session, "act-as-student", student=graduate.student)
    signs = may_sign(session, step, graduate)
    actions = [
        action
        for action in step.actions.values()
        if state in action.sources
        and action.by in open_to
        and offered(action, case, record)
        and not (action.id == "reopen" and settled_by_itself(record))
        and (may_act if action.by == "student" else signs)
    ]
    # a reason that the definition no longer knows has no words
    blocked = [one for one in record.standing.reasons if state == "blocked" and one.code in step.reasons]
    every = definition.steps()
    sees_answers = may_see_answers(session, step, graduate)
    slot = held_slot(step, record) if sees_answers else ""
    # an appointment to come stands by itself
    coming = step.appointments.field if step.appointments and slot and state not in SETTLED else ""
    answers = {name: value for name, value in record.facts.answers.items() if name != coming}
    return StepView(
        id=step.id,
        title=say(step.title, language),
        office=say(office, language),
        place=say(where["place"], language),
        contact=str(where["phone"]),
        state=state,
        turn=turn_of(step, state, case.flow, graduate.flags),
        version=record.version,
        since=record.since or case.opened_at,
        reasons=[
            say(step.reasons[reason.code], language).format_map({"office": say(office, language), **reason.params})
            for reason in blocked
        ],
        reason_codes=[{"code": reason.code, "params": dict(reason.params)} for reason in blocked],
        waits_for=[
            say(every[need].title, language)
            for need in case.needs(step.id)
            if state == "waiting" and case.steps[need].standing.state not in SETTLED
        ],
        actions=actions,
        answers=answers_view(step, answers, language) if sees_answers else [],
        guide=step.guide(language, case.flow),
        by=record.by,
        as_of=instant(record.facts.as_of) if record.facts.as_of else None,
        slot=slot,
        unseals=may_unseal(session, step, graduate),
        secrets=[
            (name, say(title, language), str(record.facts.answers[name]))
            for name, title in step.secrets.items()
            if may_act and record.facts.answers.get(name)
        ],
    )


def answers_view(step: StepDefinition, answers: Mapping[str, Any], language: str) -> list[tuple[str, Answer]]:
    """What was answered, as (question, answer) in words; documents by their id, sealed numbers by their last signs,
    never a one-time code."""
    shown: list[tuple[str, Answer]] = []
    asked = [field for action in step.actions.values() for field in action.fields]
    for field in [*asked, *step.former]:
        value = answers.get(field.name)
        if value and field.evidence:
            shown.append((say(field.title, language), Document(str(value))))
        elif value and field.sealed:
            shown.append((say(field.title, language), Sealed(field.name, masked(str(value)))))
        elif value and not field.secret:
            shown.append((say(field.title, language), answer_view(step, field, str(value), language)))
    return shown


def masked_answers(step: StepDefinition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """`answers` by field, as programs read them: of sealed numbers the last signs."""
    return {name: masked(str(value)) if value and name in step.sealed else value for name, value in answers.items()}


def answer_view(step: StepDefinition, field: Field, value: str, language: str) -> str:
    """The answer `value` to a question of `step` in words: a choice by its title, an appointment by day and hours."""
    if step.appointments and is_slot(field):
        return appointments.say(step.appointments, value, language)
    words = {option["value"]: say(option, language) for option in field.options}
    return words.get(value, value)


@dataclass(frozen=True)
class RowView:
    """A graduate in a counsellor's matrix: the state of each step, and what is left on whom."""

    lean: Lean
    states: Mapping[str, State]
    turns: Mapping[str, Turn]

    @property
    def left(self) -> int:
        return sum(state not in SETTLED for state in self.states.values())

    @property
    def blocked(self) -> int:
        return sum(state == "blocked" for state in self.states.values())

    @property
    def needs_supervisor(self) -> bool:
        """Whether the graduate's supervisor must sign."""
        return any(turn == "office" and definition.steps()[step].signer for step, turn in self.turns.items())

    @property
    def needs_school(self) -> bool:
        """Whether the school must sign; where it may in a supervisor's place, the supervisor must."""
        every = definition.steps()
        return any(
            turn == "office" and every[step].department == "school" and not every[step].signer
            for step, turn in self.turns.items()
        )


def row_view(lean: Lean) -> RowView:
    """The row of a case from its marks."""
    every = definition.steps()
    states: dict[str, State] = {
        step: STATE_OF_MARK[mark] for step, mark in lean.marks.items() if step in every and mark in STATE_OF_MARK
    }
    return RowView(lean, states, {step: turn_of(every[step], state, lean.flow) for step, state in states.items()})


def flow_title(case: Case, language: str) -> str:
    return say(flow.TITLES[case.flow], language)


@dataclass(frozen=True)
class StepFigures:
    """A step among many cases: how many have not settled it, how many of them are blocked, how many wait for it."""

    cases: int
    left: int
    blocked: int
    office: int


def figures_of(step: StepDefinition, rows: Sequence[RowView]) -> StepFigures:
    """`step` counted over `rows`."""
    states: list[State] = [row.states[step.id] for row in rows if step.id in row.states]
    return StepFigures(
        cases=len(states),
        left=sum(state not in SETTLED for state in states),
        blocked=sum(state == "blocked" for state in states),
        office=sum(waits_for_office(step, state) for state in states),
    )


@dataclass(frozen=True)
class SchoolFigures:
    """Cases counted: all, finished, those in which some step is blocked, those that need the school."""

    cases: int
    finished: int
    stuck: int
    needs_school: int

    @property
    def left(self) -> int:
        return self.cases - self.finished


def school_figures(rows: Sequence[RowView]) -> SchoolFigures:
    """`rows` counted."""
    return SchoolFigures(
        cases=len(rows),
        finished=sum(row.left == 0 for row in rows),
        stuck=sum(row.blocked > 0 for row in rows),
        needs_school=sum(row.needs_school for row in rows),
    )
