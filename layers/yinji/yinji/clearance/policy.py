"""Who may see and do what, in clearance, archive, one-form and repair. What is not in the table is denied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from yinji.clearance import university
from yinji.clearance.practice import belongs_to, is_practice
from yinji.identity.session import ROLES, Role, Session
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from yinji.clearance.case import Case, Graduate
    from yinji.clearance.definition import StepDefinition
    from yinji.clearance.queue import Entry

Permission = Literal[
    "see-case", "act-as-student", "sign-for-office", "see-school", "see-queue", "decide-feed", "see-feed",
    "export-history", "extend-case", "withdraw-case", "move-case", "reopen-case", "see-batches", "manage-batches",
    "see-slots", "set-slots", "see-round", "see-messages", "remind", "see-people", "manage-people",
    "see-access-log",
    "see-archive", "act-in-archive", "certify-record", "see-groups", "see-catalogue", "manage-catalogue",
    "show-check-in", "see-deliveries", "select-archives", "decide-pass",
    "see-places", "manage-places", "see-incidents", "work-on-incidents", "manage-incidents",
    "see-visits", "arrange-visits", "make-visits", "manage-visit-days", "see-visit-figures",
    "fill-forms", "see-submission", "decide-submission", "manage-forms", "see-form-figures",
    "see-own-facts", "correct-fact", "decide-fact",
]  # fmt: skip
Scope = Literal["own", "own-school", "own-department", "own-office", "own-graduates", "any"]

TABLE: Mapping[Permission, Mapping[Role, Scope]] = {
    # the case of one graduate, and its certificate
    "see-case": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "any",
        "supervisor": "own-graduates",
        "administrator": "any",
        "auditor": "any",
    },
    # the part of a step that is the graduate's
    "act-as-student": {"student": "own"},
    # sign off, send back, waive, reopen; the steps of "school" belong to the graduate's own school, and where the
    # definition says so to their supervisor as well
    "sign-for-office": {
        "counsellor": "own-office",
        "school-officer": "own-office",
        "department-officer": "own-office",
        "supervisor": "own-graduates",
    },
    # all cases of a school
    "see-school": {
        "counsellor": "own-school",
        "school-officer": "own-school",
        "administrator": "any",
        "auditor": "any",
    },
    # what waits for an office
    "see-queue": {
        "counsellor": "own-office",
        "school-officer": "own-office",
        "department-officer": "own-office",
        "supervisor": "own-graduates",
        "administrator": "any",
        "auditor": "any",
    },
    # what came of many cases that somebody dealt with at once: "own" is who did it, given as `student`
    "see-round": {
        "counsellor": "own",
        "school-officer": "own",
        "department-officer": "own",
        "supervisor": "own",
        "administrator": "any",
        "auditor": "any",
    },
    # let a held snapshot through, or discard it
    "decide-feed": {"department-officer": "own-department", "administrator": "any"},
    # a later deadline for one graduate
    "extend-case": {"counsellor": "own-school", "school-officer": "own-school", "administrator": "any"},
    # take a graduate out of the batch, and back in
    "withdraw-case": {"school-officer": "own-school", "administrator": "any"},
    # an international student left the country, or came back; the department asked for is international education
    "move-case": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
        "administrator": "any",
    },
    # open a case again whose diploma was handed over; its certificate is revoked
    "reopen-case": {"administrator": "any"},
    # every batch, its report, and the versions of flows
    "see-batches": {"administrator": "any", "auditor": "any"},
    # declare, close, carry over; migrate cases to the newest version of their flow
    "manage-batches": {"administrator": "any"},
    # what a department is to deliver, and what became of what it delivered
    "see-feed": {"department-officer": "own-department", "administrator": "any", "auditor": "any"},
    # everything that happened to cases, with what proves that it was not changed afterwards
    "export-history": {"administrator": "any", "auditor": "any"},
    # which times are free; who holds them is the queue's matter
    "see-slots": {
        "student": "any",
        "counsellor": "any",
        "school-officer": "any",
        "department-officer": "any",
        "administrator": "any",
        "auditor": "any",
    },
    # close a time, or say how many fit in
    "set-slots": {"department-officer": "own-department"},
    # the box of messages: a student's own, an office's for all its officers
    "see-messages": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
    },
    # who has which role in the house
    "see-people": {"administrator": "any", "auditor": "any"},
    "manage-people": {"administrator": "any"},
    # who looked at what is kept about a graduate: they themselves by office and role, the centre by person
    "see-access-log": {"student": "own", "administrator": "any", "auditor": "any"},
    # the growth archive of one student: records and portrait; the department asked for is student affairs
    "see-archive": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
        "administrator": "any",
        "auditor": "any",
    },
    # claim a record, say that one is wrong, sign up, check in
    "act-in-archive": {"student": "own"},
    # certify, refuse, revoke, settle what a student says is wrong
    "certify-record": {"counsellor": "own-school", "school-officer": "own-school"},
    # group features and what follows from them; of one school, or, without one, of all
    "see-groups": {
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
        "administrator": "any",
        "auditor": "any",
    },
    # activities and lectures: which there are
    "see-catalogue": {
        "student": "any",
        "counsellor": "any",
        "school-officer": "any",
        "department-officer": "any",
        "administrator": "any",
        "auditor": "any",
    },
    # announce, change and cancel an activity: a school its own, student affairs any
    "manage-catalogue": {
        "school-officer": "own-school",
        "department-officer": "own-department",
        "administrator": "any",
    },
    # put the code of a lecture on the screen by which its audience checks in
    "show-check-in": {
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
        "administrator": "any",
    },
    # what source systems delivered, and what became of it
    "see-deliveries": {"department-officer": "own-department", "administrator": "any", "auditor": "any"},
    # count a pass of a reader whose clock cannot be right, or drop it; let a reader have another certificate
    "decide-pass": {"administrator": "any"},
    # who gets an archive
    "select-archives": {"department-officer": "own-department", "administrator": "any"},
    # repair: places and what hangs on what; the department asked for is the network information centre
    "see-places": {
        "technician": "any",
        "department-officer": "own-department",
        "administrator": "any",
        "auditor": "any",
    },
    # import places, print, replace and retire labels
    "manage-places": {"department-officer": "own-department", "administrator": "any"},
    # incidents, the reports they are made of, and the board of a building
    "see-incidents": {
        "technician": "any",
        "department-officer": "own-department",
        "administrator": "any",
        "auditor": "any",
    },
    # take a job, say how far it is, fix it, hand it over
    "work-on-incidents": {"technician": "any"},
    # split and merge, give work to somebody, the rota, planned maintenance and announcements
    "manage-incidents": {"department-officer": "own-department", "administrator": "any"},
    # visits: whom the service goes to, and when; the department asked for is the network information centre
    "see-visits": {"community-worker": "any", "department-officer": "own-department", "administrator": "any"},
    # ask for somebody who calls, move, cancel, tell people of tomorrow
    "arrange-visits": {"community-worker": "any", "department-officer": "own-department", "administrator": "any"},
    # go there, those that are one's own, and write down what was done
    "make-visits": {"technician": "any"},
    # close days, add some, say where technicians usually go
    "manage-visit-days": {"department-officer": "own-department", "administrator": "any"},
    # how many, what it was, how long it took: nobody is named
    "see-visit-figures": {
        "community-worker": "any",
        "department-officer": "own-department",
        "administrator": "any",
        "auditor": "any",
    },
    # one-form: fill a form, of oneself
    "fill-forms": dict.fromkeys(ROLES, "own"),
    # what somebody sent: themselves, the office that asked, and those of the chain of approvals; "school" is that of
    # whoever sent it
    "see-submission": {
        "student": "own",
        "counsellor": "own-office",
        "school-officer": "own-office",
        "department-officer": "own-office",
        "supervisor": "own",
        "technician": "own",
        "community-worker": "own",
        "administrator": "own",
        "auditor": "own",
    },
    # agree, send back, refuse
    "decide-submission": {
        "counsellor": "own-office",
        "school-officer": "own-office",
        "department-officer": "own-office",
    },
    # make, change, publish and retire forms, and take out what was answered; forms of "school" are every school's, and
    # the administrators'
    "manage-forms": {"department-officer": "own-department", "administrator": "any"},
    # how often is asked what is known already: nobody is named
    "see-form-figures": {"department-officer": "any", "administrator": "any", "auditor": "any"},
    # one-form: what is known of oneself, and to say that it is otherwise
    "see-own-facts": dict.fromkeys(ROLES, "own"),
    "correct-fact": dict.fromkeys(ROLES, "own"),
    # decide whether a system of record is right or the person; the department is the one that answers for the system
    "decide-fact": {"department-officer": "own-department", "administrator": "any"},
    # remind a student of what is theirs; a department of its own steps only
    "remind": {"counsellor": "own-school", "school-officer": "own-school", "department-officer": "own-department"},
}

PRACTICE: frozenset[Permission] = frozenset({"see-case", "act-as-student", "sign-for-office"})
"""What an office may do with its own practice cases, whosever part it is; nobody else may do anything with them."""


def may(
    session: Session,
    permission: Permission,
    *,
    student: str = "",
    school: str = "",
    department: str = "",
    supervisor: str = "",
) -> bool:
    """Whether `session` may; the thing's `student`, `school` and `department` (or "school") are given as they apply.

    `supervisor` is the staff id of a case's; of a step's only where supervisors sign it (StepDefinition.supervisor).
    """
    if is_practice(student):
        return permission in PRACTICE and belongs_to(student, office_of(session))
    scope = TABLE[permission].get(session.role)
    if scope is None:
        return False
    own_school = bool(school) and school == session.school
    own_department = bool(department) and department == session.department
    return {
        "any": True,
        "own": bool(student) and student == session.sub,
        "own-school": own_school,
        "own-department": own_department,
        "own-office": own_school if department == "school" else own_department,
        "own-graduates": bool(supervisor) and supervisor == session.supervises,
    }[scope]


def office_of(session: Session) -> str:
    """The school or department that `session` acts for; empty for who acts for none."""
    if TABLE["sign-for-office"].get(session.role) != "own-office":
        return ""
    return session.department if session.role == "department-officer" else session.school


def demand(session: Session, permission: Permission, **thing: str) -> None:
    """Raise Problem("forbidden") unless `session` may; `thing` is told as to `may`."""
    if not may(session, permission, **thing):
        raise Problem("forbidden")


def may_see_answers(session: Session, step: StepDefinition, graduate: Graduate) -> bool:
    """Whether `session`, who may see the case, also sees what `graduate` answered and handed in at `step`.

    Themselves, the step's own office, and their school's people, who help, unless the step is confidential.
    """
    helps = session.role in ("counsellor", "school-officer") and not step.confidential
    return may_unseal(session, step, graduate) or (
        helps and may(session, "see-case", student=graduate.student, school=graduate.school)
    )


def may_unseal(session: Session, step: StepDefinition, graduate: Graduate) -> bool:
    """Whether `session`, who may see the case, may read whole what is kept sealed at `step`: a bank account.

    Themselves and who signs the step, who pays; whoever else sees answers sees the last signs.
    """
    return may(session, "act-as-student", student=graduate.student) or may_sign(session, step, graduate)


def may_sign(session: Session, step: StepDefinition, graduate: Graduate) -> bool:
    """Whether `session` may do the office's part of `step` in the case of `graduate`."""
    return may(
        session,
        "sign-for-office",
        student=graduate.student,
        school=graduate.school,
        department=step.department,
        supervisor=step.supervisor(graduate.supervisor),
    )


@dataclass(frozen=True)
class QueueAccess:
    """What somebody may see of a queue: `supervisor` whose own it is, where it is one's; whether they may sign."""

    supervisor: str
    signs: bool
    tells: bool
    """Whether the answers of those who wait are shown."""

    def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        """`entries` as they may be shown."""
        return [entry if self.tells else replace(entry, answers={}) for entry in entries]


def see_queue(session: Session, step: StepDefinition | None, school: str) -> QueueAccess:
    """What `session` may see of the queue of `step`, of `school` where each has one. Raises Problem("forbidden").

    Who may not see some queue is told the same of a step that there is not; who may, Problem("not-found").
    """
    if step is None:
        demand(session, "see-queue", school=school)
        raise Problem("not-found")
    supervisor = step.supervisor(session.supervises) if session.role == "supervisor" else ""
    place = {"school": school, "department": step.department, "supervisor": supervisor}
    demand(session, "see-queue", **place)
    if step.department == "school" and not supervisor and school not in university.schools():
        raise Problem("not-found")
    signs = may(session, "sign-for-office", **place)
    return QueueAccess(supervisor, signs, signs or not step.confidential)


def visible_case(session: Session, student: str, get: Callable[[str], Case | None]) -> Case:
    """The case of `student`, which `get` looks up, if `session` may see it.

    Who may see some only is told the same of others' and of nobody's: Problem("forbidden"). Who may see any is told
    that there is none: Problem("not-in-season").
    """
    if session.role == "student":
        demand(session, "see-case", student=student)
    case = get(student)
    graduate = case.graduate if case else None
    school, supervisor = (graduate.school, graduate.supervisor) if graduate else ("", "")
    demand(session, "see-case", student=student, school=school, supervisor=supervisor)
    if case is None:
        raise Problem("not-in-season")
    return case
