"""Who may see an archive."""

from __future__ import annotations

from collections.abc import Callable

from yinji.archive.portrait import Portrait
from yinji.archive.record import STUDENT
from yinji.clearance.policy import demand
from yinji.identity.session import Session
from yinji.platform.problem import Problem

OFFICE = "student-affairs"
"""The department whose officers see archives."""


def visible(session: Session, student: str, get: Callable[[str], Portrait | None]) -> Portrait:
    """The portrait of `student`, which `get` looks up, if `session` may see their archive.

    Who may see some only is told the same of others' and of nobody's: Problem("forbidden"). Who may see any, and
    students of themselves, are told that there is none: Problem("no-archive").
    """
    if session.role == "student":
        demand(session, "see-archive", student=student)
    found = get(student) if STUDENT.fullmatch(student) else None
    demand(session, "see-archive", student=student, school=found.student.school if found else "", department=OFFICE)
    if found is None:
        raise Problem("no-archive")
    return found
