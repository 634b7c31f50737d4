"""Whose an activity is to announce, change and show: its school's, and student affairs' whosever it is."""

from __future__ import annotations

from yinji.clearance.policy import demand, may
from yinji.identity.session import Session

STUDENT_AFFAIRS = "student-affairs"


def manages(session: Session, school: str) -> bool:
    """Whether `session` may announce, change and cancel what `school` organises, and see who signed up for it."""
    return may(session, "manage-catalogue", school=school, department=STUDENT_AFFAIRS)


def demand_to_manage(session: Session, school: str) -> None:
    """Raise Problem("forbidden") unless `manages`."""
    demand(session, "manage-catalogue", school=school, department=STUDENT_AFFAIRS)


def shows(session: Session, school: str) -> bool:
    """Whether `session` may put the code on the screen by which the audience of what `school` organises checks in."""
    return may(session, "show-check-in", school=school, department=STUDENT_AFFAIRS)


def demand_to_show(session: Session, school: str) -> None:
    """Raise Problem("forbidden") unless `shows`."""
    demand(session, "show-check-in", school=school, department=STUDENT_AFFAIRS)
