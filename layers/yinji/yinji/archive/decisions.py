"""Who may see groups, and names that follow from them: the same on pages, in the API and in files."""

from __future__ import annotations

from yinji.clearance import university
from yinji.clearance.policy import demand
from yinji.identity.session import Session
from yinji.platform.problem import Problem

OFFICE = "student-affairs"
"""The department that the growth archive belongs to."""


def demand_groups(session: Session, school: str) -> None:
    """Raise Problem unless `session` may see the groups of `school`, or, without one, of all."""
    demand(session, "see-groups", school=school, department=OFFICE)
    if school and school not in university.schools():
        raise Problem("not-found")


def demand_names(session: Session, school: str) -> None:
    """Raise Problem unless `session` may see by name who of `school` stands out."""
    demand_groups(session, school)
    demand(session, "see-archive", school=school, department=OFFICE)
    if not school:
        raise Problem("not-found")
