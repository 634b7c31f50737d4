"""Personas of a local deployment: anybody may be anybody, to look around. AWS deployments have no such function."""

from __future__ import annotations

from yinji.clearance import university
from yinji.clearance.case import Case
from yinji.identity.session import Session
from yinji.platform.problem import Problem


def session_for(persona: str, case: Case | None) -> Session:
    """The session of a persona such as "counsellor:S03" or "department-officer:library"; a student's needs their case.

    Raises Problem("not-found") for anybody else.
    """
    role, _, place = persona.partition(":")
    if role == "student" and case:
        return Session(place, "student", case.graduate.name)
    if role in ("counsellor", "school-officer") and place in university.schools():
        title = university.schools()[place]["zh"]
        known = "counsellor" if role == "counsellor" else "school-officer"
        return Session(f"{role}-{place}", known, f"{title}", school=place)
    if role == "department-officer" and place in university.departments():
        return Session(
            f"officer-{place}", "department-officer", university.departments()[place]["zh"], department=place
        )
    if role in ("administrator", "auditor"):
        return Session(role, role, university.departments()["network-centre"]["zh"])
    raise Problem("not-found")


def offices() -> list[str]:
    """The personas that are not students."""
    return [
        *(f"counsellor:{school}" for school in university.schools()),
        *(f"department-officer:{department}" for department in university.departments()),
        "administrator:admin",
        "auditor:auditor",
    ]
