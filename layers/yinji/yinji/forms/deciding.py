"""Deciding 审批: what waits for an office, who may see and decide it, and what they say to it.

Whoever decides names the version that they saw: what moved on meanwhile is looked at anew. The same said again is done
once. Nobody decides of what they sent themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yinji.clearance.policy import may, office_of
from yinji.forms import facts, submission
from yinji.forms.access import may_see, visible
from yinji.forms.answered import office_title
from yinji.forms.form import OF_SCHOOL, Field, Form
from yinji.forms.store import MOST_WAITING, Forms
from yinji.forms.submission import VERDICTS, Submission, Verdict
from yinji.identity.session import Session
from yinji.platform.clock import stamp
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, whole

ATTEMPTS = 6


# --- who may ---------------------------------------------------------------------------------------------------------
def queue_of(session: Session) -> str:
    """The office whose queue `session` works on, as Submission.waits_for has it. Raises Problem("forbidden")."""
    office = office_of(session)
    waits = office if session.role == "department-officer" else f"{OF_SCHOOL}/{office}"
    if not office or not may(session, "decide-submission", **_place(waits)):
        raise Problem("forbidden")
    return waits


def may_decide(session: Session, one: Submission) -> bool:
    """Whether `session` acts for the office that `one` waits for, and neither sent it nor stands in for who did."""
    theirs = one.person in (session.sub, session.acts_for)
    return bool(one.waits_for) and not theirs and may(session, "decide-submission", **_place(one.waits_for))


def may_open(session: Session, one: Submission, field: Field | None) -> bool:
    """Whether `session` may read whole what is kept sealed of `one` at `field`: who may see it, in a role that may read
    the fact."""
    if field is None or not field.sealed or not may_see(session, one):
        return False
    return facts.may_read(facts.kinds()[field.fact], session.role, self_=one.person == session.sub)


def _place(office: str) -> dict[str, str]:
    """Where an office is, as the policy asks for it."""
    if office.startswith(f"{OF_SCHOOL}/"):
        return {"department": OF_SCHOOL, "school": office.partition("/")[2]}
    return {"department": office}


# --- deciding --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Wish:
    """What somebody wishes to say of a submission, of which they saw the version `seen`."""

    verdict: Verdict
    key: str
    seen: int
    reason: str = ""


def wished(verdict: str, fields: Mapping[str, str], key: str) -> Wish:
    """What a form wishes: `version`, and `reason`, which sending back and refusing need. Raises Problem("not-found"),
    Problem("invalid-form")."""
    if verdict not in VERDICTS:
        raise Problem("not-found")
    return Wish(verdict, key, whole(fields.get("version", ""), "version"), fields.get("reason", ""))


def perform(forms: Forms, id: str, wish: Wish, session: Session, at: datetime) -> tuple[Submission, bool]:
    """The submission after what `session` wishes, and whether it is done now rather than it was before.

    Raises Problem("forbidden"), Problem("submission-moved-on"), Problem("invalid-form"), Problem("too-busy").
    """
    key = id_of(session.sub, id, wish.verdict, wish.key)
    for _ in range(ATTEMPTS):
        before = visible(session, forms.find(id))
        if before.version != wish.seen:
            if any(event.key == key for event in forms.history(id)):
                return before, False
            raise Problem("submission-moved-on")
        if not before.waits_for:
            raise Problem("submission-moved-on")
        if not may_decide(session, before):
            raise Problem("forbidden")
        after, event = submission.decide(before, wish.verdict, session, wish.reason, key, at)
        if forms.change(after, event):
            return after, True
    raise Problem("too-busy")


# --- how it is told --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Waiting:
    """A submission in a queue, with the form that it was filled by."""

    submission: Submission
    form: Form


def queue(forms: Forms, office: str, most: int = MOST_WAITING) -> list[Waiting]:
    """What waits for `office`, the longest first. The index lags for a moment: what was decided since is left out when
    it says so itself."""
    found = [one for one in forms.waiting(office, most) if one.waits_for == office]
    known = versions(forms, found)
    return [Waiting(one, known[one.form, one.form_version]) for one in found]


def versions(forms: Forms, some: Iterable[Submission]) -> dict[tuple[str, int], Form]:
    """The versions of forms by which `some` were filled, each read once."""
    keys = {(one.form, one.form_version) for one in some}
    return {key: forms.version(*key) for key in sorted(keys)}


def line_document(one: Waiting) -> dict[str, Any]:
    """A line of a queue."""
    sent = one.submission
    return {
        "id": sent.id,
        "form": sent.form,
        "title": dict(one.form.title),
        "person": sent.person,
        "called": sent.called,
        "school": sent.school,
        "since": stamp(sent.times["waiting"]),
        "stage": sent.stage,
        "version": sent.version,
    }


def decided_document(one: Submission) -> dict[str, Any]:
    """What an office is told of a submission once it said something to it."""
    return {"id": one.id, "state": one.state, "stage": one.stage, "version": one.version}


def approvals_document(one: Submission) -> list[dict[str, Any]]:
    """What the offices of the chain said, in order, and whom it waits for."""
    return [
        {
            "office": said.office,
            "title": dict(office_title(said.office, one.school)),
            "who": said.who,
            "verdict": said.verdict,
            "at": stamp(said.at),
            "reason": said.reason,
        }
        for said in one.approvals
    ]
