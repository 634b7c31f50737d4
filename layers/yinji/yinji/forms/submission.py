"""A submission 提交: a form that somebody filled and sent, and what the offices said to it. Pure.

    waiting    -> approved, by the last office of the chain; a form without a chain is approved when it is sent
               -> returned, with a reason: whoever filled it corrects it and sends it again
               -> refused, with a reason
    waiting, returned -> withdrawn, by whoever filled it

Each act takes a submission and gives the next version of it and the event. Raises Problem("submission-moved-on") when
it is not where the act can be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from yinji.forms.filling import Filled, Way
from yinji.forms.form import OF_SCHOOL, Form
from yinji.identity.session import Session
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.platform.text import plain

State = Literal["waiting", "approved", "returned", "refused", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
Verdict = Literal["approve", "return", "refuse"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LONGEST_REASON = 500
PREFIX = "form."
"""What an upload's step begins with that a form asked for."""


@dataclass(frozen=True)
class Approval:
    """What an office said."""

    office: str
    who: str
    verdict: Verdict
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Submission:
    """`answers` are as the schema of version `form_version` of the form has them, those of sensitive facts sealed;
    `ways` and `repeated` are how the questions were dealt with (filling.py). `school` is that of the `person`, who is
    `called` so. `stage` is the place in the chain of the office that is to decide. `at` is when it was first sent."""

    id: str
    form: str
    form_version: int
    office: str
    person: str
    called: str
    school: str
    answers: Mapping[str, Any]
    ways: Mapping[str, Way]
    repeated: tuple[str, ...]
    at: datetime
    kept_until: datetime
    chain: tuple[str, ...] = ()
    state: State = "waiting"
    stage: int = 0
    approvals: tuple[Approval, ...] = ()
    times: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    version: int = 1

    @property
    def waits_for(self) -> str:
        """The office that is to decide: a department, `school/<id>`, or nobody (an empty text)."""
        if self.state != "waiting" or self.stage >= len(self.chain):
            return ""
        office = self.chain[self.stage]
        return f"{OF_SCHOOL}/{self.school}" if office == OF_SCHOOL else office

    @property
    def answered_at(self) -> datetime:
        """When its answers were sent as they are."""
        return self.times["waiting" if self.chain else "approved"]

    @property
    def correctable(self) -> bool:
        """Whether whoever filled it may change it now."""
        return self.state in ("returned", "withdrawn")


@dataclass(frozen=True)
class Event:
    """Something that happened to a submission or a form. `key` is the same whenever the same is sent again."""

    key: str
    what: str
    who: str
    at: datetime
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])


Done = tuple[Submission, Event]


def submission_id(form: Form, person: str, key: str) -> str:
    """The id of what `person` sends as `key`; of a form that is answered once it is always the same."""
    return id_of("submission", form.id, person, "" if form.once else key)


def submit(
    form: Form,
    person: str,
    called: str,
    school: str,
    filled: Filled,
    answers: Mapping[str, Any],
    key: str,
    at: datetime,
) -> Done:
    """A form is sent for the first time. `answers` are those of `filled`, what is sensitive sealed."""
    made = Submission(
        submission_id(form, person, key),
        form.id,
        form.version,
        form.office,
        person,
        called,
        school,
        answers,
        filled.ways,
        filled.repeated,
        at,
        at + timedelta(days=form.kept_days),
        form.approvals,
        "waiting" if form.approvals else "approved",
        times={"waiting": at} if form.approvals else {"waiting": at, "approved": at},
    )
    return made, Event(key, "submit", person, at, {"version": form.version})


def correct(before: Submission, form: Form, filled: Filled, answers: Mapping[str, Any], key: str, at: datetime) -> Done:
    """It is sent again, changed: after it was returned or withdrawn, or, of a form that is answered once, whenever no
    office is at it. The chain begins anew."""
    settled = before.state == "approved" and form.once
    if not before.correctable and not settled:
        raise Problem("submission-moved-on")
    state: State = "waiting" if form.approvals else "approved"
    after = replace(
        _next(before, state, at),
        form_version=form.version,
        answers=answers,
        kept_until=at + timedelta(days=form.kept_days),
        ways=filled.ways,
        repeated=filled.repeated,
        chain=form.approvals,
        stage=0,
        approvals=(),
    )
    return after, Event(key, "correct", before.person, at, {"version": form.version})


def decide(before: Submission, verdict: Verdict, session: Session, reason: str, key: str, at: datetime) -> Done:
    """The office that it waits for decides. Whoever sends it back or refuses says why: Problem("invalid-form")."""
    if before.state != "waiting" or not before.waits_for:
        raise Problem("submission-moved-on")
    said = " ".join(plain(reason).split())
    if len(said) > LONGEST_REASON or (verdict != "approve" and len(said) < 2):
        raise invalid_form({"reason": "invalid" if said else "required"})
    approval = Approval(before.waits_for, session.sub, verdict, at, said)
    approvals = (*before.approvals, approval)
    told = {"office": before.waits_for, "reason": said, **session.on_behalf}
    if verdict == "approve" and before.stage + 1 < len(before.chain):
        after = replace(before, stage=before.stage + 1, approvals=approvals, version=before.version + 1)
        return after, Event(key, "approve", session.sub, at, told)
    state: State = {"approve": "approved", "return": "returned", "refuse": "refused"}[verdict]  # type: ignore[assignment]
    return replace(_next(before, state, at), approvals=approvals), Event(key, verdict, session.sub, at, told)


def withdraw(before: Submission, key: str, at: datetime) -> Done:
    """Whoever filled it takes it back."""
    if before.state not in ("waiting", "returned"):
        raise Problem("submission-moved-on")
    return _next(before, "withdrawn", at), Event(key, "withdraw", before.person, at)


def _next(before: Submission, state: State, at: datetime) -> Submission:
    return replace(before, state=state, times={**before.times, state: at}, version=before.version + 1)
