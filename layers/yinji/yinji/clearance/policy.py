"""Who may see and do what in clearance. What is not in the table is denied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from yinji.identity.session import Role, Session
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from yinji.clearance.case import Case

Permission = Literal[
    "see-case", "act-as-student", "sign-for-office", "see-school", "see-queue", "decide-feed", "see-messages", "remind"
]
Scope = Literal["own", "own-school", "own-department", "own-office", "any"]

TABLE: Mapping[Permission, Mapping[Role, Scope]] = {
    # the case of one graduate, and its certificate
    "see-case": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "any",
        "administrator": "any",
        "auditor": "any",
    },
    # the part of a step that is the graduate's
    "act-as-student": {"student": "own"},
    # sign off, send back, waive, reopen; the steps of "school" belong to the graduate's own school
    "sign-for-office": {
        "counsellor": "own-office",
        "school-officer": "own-office",
        "department-officer": "own-office",
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
        "administrator": "any",
        "auditor": "any",
    },
    # let a held snapshot through, or discard it
    "decide-feed": {"department-officer": "own-department", "administrator": "any"},
    # the box of messages: a student's own, an office's for all its officers
    "see-messages": {
        "student": "own",
        "counsellor": "own-school",
        "school-officer": "own-school",
        "department-officer": "own-department",
    },
    # remind a student of what is theirs; a department of its own steps only
    "remind": {"counsellor": "own-school", "school-officer": "own-school", "department-officer": "own-department"},
}


def may(session: Session, permission: Permission, *, student: str = "", school: str = "", department: str = "") -> bool:
    """Whether `session` may; the thing's `student`, `school` and `department` (or "school") are given as they apply."""
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
    }[scope]


def demand(
    session: Session, permission: Permission, *, student: str = "", school: str = "", department: str = ""
) -> None:
    """Raise Problem("forbidden") unless `session` may."""
    if not may(session, permission, student=student, school=school, department=department):
        raise Problem("forbidden")


def visible_case(session: Session, student: str, get: Callable[[str], Case | None]) -> Case:
    """The case of `student`, which `get` looks up, if `session` may see it.

    Who may see some only is told the same of others' and of nobody's: Problem("forbidden"). Who may see any is told
    that there is none: Problem("not-in-season").
    """
    if session.role == "student":
        demand(session, "see-case", student=student)
    case = get(student)
    demand(session, "see-case", student=student, school=case.graduate.school if case else "")
    if case is None:
        raise Problem("not-in-season")
    return case
