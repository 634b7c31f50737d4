"""A step as it runs: its definition and a few small reactions, all pure.

    step = Step("tuition")

    @step.on_feed            # a row of the department's snapshot -> what the case should know of it
    def read(row): ...

    @step.settles            # what is known -> where the step stands
    def standing(facts, graduate): ...

    @step.on("choose")       # an action's fields -> the answers to keep; raise Problem to refuse
    def choose(answers, graduate, today): ...

    @step.signs("post")      # an officer's action: what is known and the fields -> the answers to keep
    def post(known, answers): ...

    handler = step.handler

A step without reactions follows its definition: a student's action leads where `to` says, an officer's too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from yinji.clearance import appointments, definition
from yinji.clearance import case as cases
from yinji.clearance.case import (
    DONE,
    UNSETTLED,
    Case,
    Change,
    Event,
    Facts,
    Graduate,
    Reason,
    Standing,
    Values,
)
from yinji.platform import clock
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from yinji.clearance.adapter import LambdaHandler

SENT_BACK = "sent-back"
Row = Mapping[str, str]
Reader = Callable[[Row], Values]
Settler = Callable[[Facts, Graduate], Standing]
Keeper = Callable[[Values, Values], bool]
Checker = Callable[[Values, Graduate, date], Values]
Signer = Callable[[Values, Values], "Values | TurnedDown"]

REFUSED = "refused"
"""In an event's evidence: the code of the problem that an action was answered with."""


@dataclass(frozen=True)
class Request:
    """Somebody's action on one case. `version` is the step's as they saw it; `answers` passed the schema."""

    action: str
    answers: Values
    version: int
    event: Event


@dataclass(frozen=True)
class TurnedDown:
    """An officer's action that is refused but remembered: the case keeps `answers` and stands where it stood, or as
    blocked for `reason`; whoever acted is told the `problem`."""

    problem: Problem
    answers: Values
    reason: Reason | None = None


class Step:
    """The step `id` with its reactions. Raises KeyError when there is no definition of that name."""

    def __init__(self, id: str) -> None:
        self.definition = definition.steps()[id]
        self._read: Reader | None = None
        self._settle: Settler | None = None
        self._keeps: Keeper | None = None
        self._checks: dict[str, Checker] = {}
        self._signers: dict[str, Signer] = {}

    # --- reactions -----------------------------------------------------------------------------------------
    def on_feed(self, reaction: Reader) -> Reader:
        """Register what reads a row of the snapshot; of a malformed one it raises ValueError(column[, refusal]).

        `refusal` is a key of refusals.toml that says what is wanted.
        """
        self._read = reaction
        return reaction

    def settles(self, reaction: Settler) -> Settler:
        """Register what says where the step stands, given all that is known."""
        self._settle = reaction
        return reaction

    def keeps_answers(self, reaction: Keeper) -> Keeper:
        """Register what says whether answers and sign-off outlive a new row (old row, new row); they do unless told."""
        self._keeps = reaction
        return reaction

    def on(self, action: str) -> Callable[[Checker], Checker]:
        """Register what checks an action's fields and returns the answers to keep."""

        def register(reaction: Checker) -> Checker:
            self._checks[self.definition.actions[action].id] = reaction
            return reaction

        return register

    def signs(self, action: str) -> Callable[[Signer], Signer]:
        """Register what an officer's action leaves in the answers; it may be TurnedDown."""

        def register(reaction: Signer) -> Signer:
            self._signers[self.definition.actions[action].id] = reaction
            return reaction

        return register

    # --- what the triggers do ------------------------------------------------------------------------------
    def read(self, row: Row) -> Values:
        """The facts in a row of the feed."""
        assert self._read, "a step with a feed reads it"  # noqa: S101
        return self._read(row)

    def act(self, case: Case, request: Request, today: date) -> Change | None:
        """The case after somebody's action on the campus's day `today`. Raises Problem: not-applicable, case-closed,
        case-withdrawn, not-open-yet, already-done, changed-meanwhile, not-possible-now, slot-not-possible, and what the
        step's own check raises. An action that is refused but remembered leaves an event whose evidence says so
        (REFUSED).
        """
        action = self.definition.actions[request.action]
        record = case.steps.get(self.definition.id)
        if record is None:
            raise Problem("not-applicable")
        if refused := case.shut(action.by, today):
            raise refused
        state = case.state(self.definition.id)
        if state not in action.sources or not offered(action, case, record):
            if state in cases.SETTLED:
                at = record.since.astimezone(clock.CAMPUS) if record.since else None
                raise Problem("already-done", state=state, by=record.by, at=f"{at:%Y-%m-%d %H:%M}")
            raise Problem("not-possible-now", state=state)
        if request.version != record.version:
            raise Problem("changed-meanwhile")
        if told := self.definition.appointments:
            for field in action.fields:
                if appointments.is_slot(field) and field.name in request.answers:
                    appointments.check(told, str(request.answers[field.name]), request.event.at)
        if signer := self._signers.get(action.id):
            signed = signer(record.facts.answers, request.answers)
            if isinstance(signed, TurnedDown):
                return self._refused(case, record, signed, request.event)
            request = replace(request, answers=signed)
        facts, standing = self._acted(action, request, record, case.graduate, today)
        if standing.state not in (None, "waived") and case.state(self.definition.id) == "waiting":
            raise Problem("not-possible-now", state=state)
        return cases.settle(case, self.definition.id, facts, standing, request.event)

    def _acted(
        self,
        action: definition.Action,
        request: Request,
        record: cases.StepRecord,
        graduate: Graduate,
        today: date,
    ) -> tuple[Facts, Standing]:
        facts = record.facts
        if action.standard:
            return self._standard(action, request.answers, facts, graduate)
        if action.by == "student":
            check = self._checks.get(action.id)
            answers = check(request.answers, graduate, today) if check else request.answers
            facts = replace(facts, answers={**facts.answers, **answers}, signed_off=False)
            if action.to == "done":
                facts = replace(facts, signed_off=True)
        elif action.id in self._signers:
            facts = replace(facts, answers={**facts.answers, **request.answers}, signed_off=True)
        else:
            facts = replace(facts, signed_off=True)
        return facts, self._settle(facts, graduate) if self._settle else Standing(action.to)  # type: ignore[arg-type]

    def _refused(self, case: Case, record: cases.StepRecord, turned: TurnedDown, event: Event) -> Change | None:
        facts = replace(record.facts, answers={**record.facts.answers, **turned.answers})
        standing = cases.blocked(turned.reason) if turned.reason else record.standing
        told = replace(event, evidence={**event.evidence, REFUSED: turned.problem.code})
        return cases.settle(case, self.definition.id, facts, standing, told)

    def _without_slot(self, facts: Facts) -> Facts:
        """`facts` without the booked time, which whoever is not awaited any more gives up."""
        told = self.definition.appointments
        if told is None or told.field not in facts.answers:
            return facts
        kept = {name: value for name, value in facts.answers.items() if name != told.field}
        return replace(facts, answers=kept)

    def _standard(
        self, action: definition.Action, answers: Values, facts: Facts, graduate: Graduate
    ) -> tuple[Facts, Standing]:
        if action.id == "waive":
            return self._without_slot(facts), Standing("waived")
        facts = replace(self._without_slot(facts), signed_off=False)
        if action.id == "send-back":
            facts = replace(facts, answers={})
            rest = self._settle(facts, graduate).reasons if self._settle else ()
            return facts, cases.blocked(Reason(SENT_BACK, {"reason": str(answers["reason"])}), *rest)
        standing = self._settle(facts, graduate) if self._settle else UNSETTLED
        if standing == DONE:
            raise Problem("nothing-to-reopen")
        return facts, standing

    def learn(self, case: Case, row: Row, as_of: str, event: Event) -> Change | None:
        """The case after a row of a snapshot that was true at `as_of` (ISO 8601, UTC); older news change nothing."""
        record = case.steps.get(self.definition.id)
        if record is None or case.closed or as_of < record.facts.as_of:
            return None
        feed = self.read(row)
        if record.facts.feed is not None and dict(feed) == dict(record.facts.feed):
            return None
        facts = replace(record.facts, feed=feed, as_of=as_of)
        if self._keeps and record.facts.feed is not None and not self._keeps(record.facts.feed, feed):
            facts = replace(facts, answers={}, signed_off=False)
        waived = record.standing.state == "waived"
        standing = record.standing if waived or not self._settle else self._settle(facts, case.graduate)
        told = [reason for reason in record.standing.reasons if reason.code == SENT_BACK]
        if told and standing != DONE:
            # what the officer wrote holds until the student has acted upon it
            standing = cases.blocked(*told, *standing.reasons)
        return cases.settle(case, self.definition.id, facts, standing, event)

    def become_ready(self, case: Case, event: Event) -> Change | None:
        """The case after the step was told that it is ready: what is known already may settle it at once."""
        record = case.steps.get(self.definition.id)
        if record is None or case.closed or case.state(self.definition.id) != "ready" or not self._settle:
            return None
        standing = self._settle(record.facts, case.graduate)
        changed = cases.settle(case, self.definition.id, record.facts, standing, event)
        return changed or cases.notice(case, self.definition.id, event)

    @property
    def handler(self) -> LambdaHandler:
        """The Lambda handler of the step."""
        from yinji.clearance.adapter import handler_of

        return handler_of(self)


def offered(action: definition.Action, case: Case, record: cases.StepRecord) -> bool:
    """Whether `action` makes sense for this graduate now, its source states apart."""
    if action.only and action.only not in case.graduate.flags:
        return False
    if action.flows and case.flow not in action.flows:
        return False
    answered: Any = record.facts.answers
    if any(answered.get(name) != value for name, value in action.when.items()):
        return False
    return not (action.once and all(field.name in answered for field in action.fields if field.required))


def settled_by_itself(record: cases.StepRecord) -> bool:
    """Whether the step is done though nobody signed it off: reopening changes nothing, the facts say it is done."""
    return record.standing.state == "done" and not record.facts.signed_off
