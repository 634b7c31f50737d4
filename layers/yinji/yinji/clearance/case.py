"""A case: one graduate's clearance in one batch, as one document; and how it changes.

Everything here is a pure function of its arguments. `waiting` and `ready` are derived from the other steps, never
stored; every change yields the new case and the event that tells of it (design: domain.md, section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, cast

from yinji.clearance import definition, flow
from yinji.clearance.practice import partition
from yinji.platform.problem import Problem

Stored = Literal["submitted", "blocked", "done", "waived"]
State = Literal["not_applicable", "waiting", "ready", "submitted", "blocked", "done", "waived"]
STATES: tuple[State, ...] = ("not_applicable", "waiting", "ready", "submitted", "blocked", "done", "waived")
WITHDRAWN = "withdrawn:"
SETTLED: frozenset[str] = frozenset({"done", "waived"})

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Graduate:
    """Who the case is about, as the roster says. `student` is the student number 学号; `language` zh or en."""

    student: str
    name: str
    category: str
    school: str
    name_latin: str = ""
    programme: str = ""
    class_name: str = ""
    counsellor: str = ""
    supervisor: str = ""
    """The staff id of the supervisor 导师, or empty."""
    email: str = ""
    language: str = "zh"
    nationality: str = "CN"
    room: str = ""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reason:
    """Why a step is blocked: a code of the step's reasons and what fills its sentence."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Standing:
    """What a step's facts amount to: a stored state, or None when somebody still has to act."""

    state: Stored | None
    reasons: tuple[Reason, ...] = ()


UNSETTLED = Standing(None)
DONE = Standing("done")
SUBMITTED = Standing("submitted")


def blocked(*reasons: Reason) -> Standing:
    return Standing("blocked", reasons)


@dataclass(frozen=True)
class Facts:
    """What is known about a step: the feed's row, what the student answered, whether an officer signed off."""

    feed: Values | None = None
    as_of: str = ""
    """The instant the feed's row was true (ISO 8601, UTC)."""
    answers: Values = field(default_factory=dict[str, Any])
    signed_off: bool = False


@dataclass(frozen=True)
class StepRecord:
    """One step of a case as stored. `version` counts its changes, `since` is when its state began (UTC)."""

    standing: Standing = UNSETTLED
    facts: Facts = Facts()
    version: int = 0
    since: datetime | None = None
    by: str = ""
    """Who changed it last (see Event.who)."""
    noticed: bool = False
    """Whether the step reacted to having become ready."""


@dataclass(frozen=True)
class Certificate:
    code: str
    issued_at: datetime


@dataclass(frozen=True)
class Batch:
    """One round of clearance: opening day and deadline are days of the campus."""

    id: str
    title: definition.Text
    opens_on: date
    deadline: date


@dataclass(frozen=True)
class Case:
    graduate: Graduate
    batch: str
    deadline: date
    flow: str
    flow_version: int
    steps: Mapping[str, StepRecord]
    opened_at: datetime
    updated_at: datetime
    version: int = 1
    finished_at: datetime | None = None
    certificate: Certificate | None = None
    as_of: str = ""
    """When the roster was delivered that said last what changed of graduate and batch (ISO 8601, UTC)."""
    opens_on: date = date.min
    """The batch's opening day: before it the graduate can look, not act."""
    extended_to: date | None = None
    """A later deadline than the batch's, granted to this graduate."""
    declared: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Flags that were told about this case itself; they outrank the roster's."""
    withdrawn_at: datetime | None = None
    """Since when the graduate is no longer in the batch. Nobody acts on the case then, and nothing counts it."""
    chain: str = ""
    """The hash of the last event, which seals all of them (see chain.py); empty before anything was sealed."""
    practice: str = ""
    """The office that practises on it; empty for the case of a real graduate."""

    @property
    def shelf(self) -> str:
        """Where lists look for it: its school; when it is withdrawn, or practised on, a place of their own."""
        if self.practice:
            return partition(self.practice)
        return f"{WITHDRAWN}{self.graduate.school}" if self.withdrawn_at else self.graduate.school

    def state(self, step: str) -> State:
        """The state of `step` as everybody sees it."""
        record = self.steps.get(step)
        if record is None:
            return "not_applicable"
        stored = record.standing.state
        if stored in SETTLED:
            return cast(State, stored)
        if any(self.steps[need].standing.state not in SETTLED for need in self.needs(step)):
            return "waiting"
        return cast(State, stored) if stored else "ready"

    def needs(self, step: str) -> list[str]:
        """The ids of the applicable steps that `step` needs settled first."""
        known = definition.steps().get(step)
        return definition.needs_of(known, self.steps) if known else []

    def states(self) -> dict[str, State]:
        """The state of every applicable step, in order."""
        order = definition.steps()
        known = [step for step in order if step in self.steps]
        return {step: self.state(step) for step in [*known, *(s for s in self.steps if s not in order)]}

    @property
    def finished(self) -> bool:
        return bool(self.steps) and all(record.standing.state in SETTLED for record in self.steps.values())

    @property
    def closed(self) -> bool:
        """Whether the final step is done: after that nothing changes any more."""
        every = definition.steps()
        return any(
            record.standing.state == "done"
            for step, record in self.steps.items()
            if step in every and every[step].final
        )

    def shut(self, by: definition.Actor, today: date) -> Problem | None:
        """Why nobody who acts as `by` can do anything at any step on the campus's day `today`: case-closed,
        case-withdrawn, not-open-yet; None when they may."""
        if self.closed:
            return Problem("case-closed")
        if self.withdrawn_at:
            return Problem("case-withdrawn")
        if by == "student" and today < self.opens_on:
            return Problem("not-open-yet", first=self.opens_on.isoformat())
        return None


@dataclass(frozen=True)
class Event:
    """What happened to a case, kept for ever.

    `key` is unique in the case and makes a repetition harmless; `version` is the case's after it; `who` is a
    person's id or the name of what did it ("feed", "roster", "system"); `why` holds words somebody wrote;
    `states` says which steps changed their state and to what.
    """

    key: str
    what: str
    who: str
    role: str
    at: datetime
    version: int = 0
    step: str = ""
    why: str = ""
    fingerprint: str = ""
    evidence: Values = field(default_factory=dict[str, Any])
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    hash: str = ""
    """Over the hash of the event before and this event's document (see chain.py)."""


@dataclass(frozen=True)
class Change:
    """A case before (None when it opens) and after, and the event that tells of it."""

    before: Case | None
    after: Case
    event: Event


def open_case(graduate: Graduate, batch: Batch, event: Event, as_of: str = "") -> Change:
    """The case of `graduate` in `batch`, with the steps their flow and the roster's flags ask for."""
    at, its_flow = event.at, flow.flow_of(graduate)
    bare = Case(
        graduate=graduate,
        batch=batch.id,
        deadline=batch.deadline,
        flow=its_flow,
        flow_version=flow.version(its_flow),
        steps={step: StepRecord(since=at) for step in flow.applicable(graduate)},
        opened_at=at,
        updated_at=at,
        as_of=as_of,
        opens_on=batch.opens_on,
    )
    return Change(None, bare, replace(event, version=1, states=dict(bare.states())))


def correct(case: Case, graduate: Graduate, batch: Batch, event: Event, as_of: str = "") -> Change | None:
    """The case after the roster said something else about its graduate or batch, or None when it is the same.

    A roster that was delivered (`as_of`) before the one that spoke last changes nothing. Steps are added and removed
    as they apply now; what is done stays done. Raises Problem("case-closed") once the diploma is handed over.
    """
    graduate = told(graduate, case.declared)
    deadline = max(batch.deadline, case.extended_to or batch.deadline)
    now = (graduate, batch.id, batch.opens_on, deadline)
    if now == (case.graduate, case.batch, case.opens_on, case.deadline) or (as_of and as_of < case.as_of):
        return None
    if case.closed:
        raise Problem("case-closed")
    after = replace(
        refitted(case, graduate, event),
        batch=batch.id,
        opens_on=batch.opens_on,
        deadline=deadline,
        as_of=as_of or case.as_of,
        # who is in the roster of another batch takes part in that one
        withdrawn_at=case.withdrawn_at if batch.id == case.batch else None,
    )
    return changed(case, after, event)


def told(graduate: Graduate, declared: Mapping[str, bool]) -> Graduate:
    """`graduate` with the flags that were `declared` about the case itself."""
    on = {flag for flag, is_so in declared.items() if is_so}
    return replace(graduate, flags=frozenset((graduate.flags | on) - (declared.keys() - on)))


def refitted(case: Case, graduate: Graduate, event: Event, version: int | None = None) -> Case:
    """A draft of `case` for `graduate` with the steps of their flow as they apply now; what is done stays done.

    Whoever changes the flow takes the newest version of the other one, everybody else keeps the case's own unless
    another `version` is told.
    """
    its_flow, every = flow.flow_of(graduate), definition.steps()
    if version is None:
        version = case.flow_version if its_flow == case.flow else flow.version(its_flow)
    kept: dict[str, StepRecord] = {}
    for step in flow.applicable(graduate, version):
        record = case.steps.get(step, StepRecord(since=event.at))
        if its_flow != case.flow:
            record = _moved(every[step], record, its_flow, event)
        asked_again = every[step].ready and every[step].asks_about & (graduate.flags ^ case.graduate.flags)
        if asked_again and record.standing.state not in (None, "waived"):
            # what it was settled upon may have changed: it settles itself again once it is told to be ready
            record = replace(record, standing=UNSETTLED, version=record.version + 1, by=event.who)
        kept[step] = record
    return replace(case, graduate=graduate, flow=its_flow, flow_version=version, steps=kept)


def _moved(step: definition.StepDefinition, record: StepRecord, flow: str, event: Event) -> StepRecord:
    """`record` in another flow: what was submitted by an action which that flow does not have is asked anew.

    What is done stays done, however it was done.
    """
    strange = {
        field.name
        for action in step.actions.values()
        if action.by == "student" and action.flows and flow not in action.flows
        for field in action.fields
    }
    answers = record.facts.answers
    if record.standing.state != "submitted" or not any(answers.get(name) for name in strange):
        return record
    facts = replace(record.facts, answers={name: value for name, value in answers.items() if name not in strange})
    return replace(record, facts=facts, standing=UNSETTLED, version=record.version + 1, by=event.who)


def settle(case: Case, step: str, facts: Facts, standing: Standing, event: Event) -> Change | None:
    """The case after `step` came to know `facts` and stands as `standing`, or None when nothing is new.

    A step whose needs are not settled keeps its facts but not the standing: it will be asked again when it
    becomes ready. Steps that were done upon this one and no longer may be are undone. Raises
    Problem("not-applicable"), Problem("case-closed").
    """
    record = case.steps.get(step)
    if record is None:
        raise Problem("not-applicable")
    if case.closed:
        raise Problem("case-closed")
    if standing.state not in (None, "waived") and _unsettled_needs(case, step):
        standing = UNSETTLED
    if (facts, standing) == (record.facts, record.standing):
        return None
    new = replace(record, facts=facts, standing=standing, version=record.version + 1, by=event.who)
    return changed(case, replace(case, steps={**case.steps, step: new}), replace(event, step=step), looked=step)


def notice(case: Case, step: str, event: Event) -> Change | None:
    """The case after `step` was told that it is ready and had nothing to do about it."""
    record = case.steps.get(step)
    if record is None or record.noticed or case.state(step) != "ready":
        return None
    return changed(case, case, replace(event, step=step), looked=step)


def certify(case: Case, certificate: Certificate, event: Event) -> Change | None:
    """The case with its certificate; None when it has one or is for practice.

    Raises Problem("not-possible-now") if unfinished.
    """
    if case.certificate or case.practice:
        return None
    if not case.finished:
        raise Problem("not-possible-now")
    return changed(case, replace(case, certificate=certificate), event)


def _unsettled_needs(case: Case, step: str) -> bool:
    return any(case.steps[need].standing.state not in SETTLED for need in case.needs(step))


def changed(before: Case, draft: Case, event: Event, looked: str = "") -> Change:
    """Carry a draft through what follows from it: undone successors, instants, version, finish, event.

    `looked` is the step that has just looked at what it knows: it need not be told again that it is ready.
    """
    steps = dict(draft.steps)
    for step in definition.steps():  # in order, so that what is undone undoes what comes after it
        if step in steps and steps[step].standing.state == "done":
            now = replace(draft, steps=steps)
            if _unsettled_needs(now, step):
                record = steps[step]
                steps[step] = replace(
                    record,
                    standing=UNSETTLED,
                    facts=replace(record.facts, signed_off=False),
                    version=record.version + 1,
                    by=event.who,
                )
    draft = replace(draft, steps=steps)
    was, states = before.states(), draft.states()
    moved: dict[str, State] = {step: state for step, state in states.items() if was.get(step) != state}
    for step, record in steps.items():
        ready = states[step] == "ready"
        noticed = ready and (step == looked or (record.noticed and step not in moved))
        steps[step] = replace(record, noticed=noticed, since=event.at if step in moved else record.since)
    finished = draft.finished
    after = replace(
        draft,
        steps=steps,
        version=before.version + 1,
        updated_at=event.at,
        finished_at=(before.finished_at or event.at) if finished else None,
    )
    gone: dict[str, State] = {step: "not_applicable" for step in was if step not in states}
    return Change(before, after, replace(event, version=after.version, states={**moved, **gone}))


def settles_itself(case: Case, step: str) -> bool:
    """Whether `step` is ready and may settle itself upon what is known, but has not been told yet."""
    known = definition.steps().get(step)
    record = case.steps[step]
    informed = record.facts.feed is not None or bool(record.facts.answers)
    return bool(known and known.ready and informed and not record.noticed and case.state(step) == "ready")
