"""Personas of a local deployment: anybody may be anybody, to look around."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

from yinji.archive.cohorts import Cohorts
from yinji.archive.store import Archive, Member
from yinji.clearance import university
from yinji.clearance.store import Store
from yinji.clearance.view import RowView, row_view
from yinji.identity.people import Grant
from yinji.platform.problem import Problem
from yinji.visits import service

STUDENTS = 20
SUPERVISORS = 4
GROWING = 8
Thing = TypeVar("Thing")
STAFF_ID = re.compile(r"[A-Z0-9]{2,16}")
TECHNICIAN = re.compile(r"N0[0-9]{2}")
TECHNICIANS = ("N001", "N002", "N003")
"""A few technicians of the network information centre to be."""


def grant_of(persona: str) -> tuple[str, str, Grant]:
    """Who a persona such as "counsellor:S03", "department-officer:library" or "supervisor:T0123:S03" is.

    Staff id, name, and the role they have. Raises Problem("not-found") for anybody else.
    """
    role, _, place = persona.partition(":")
    staff, _, school = place.partition(":")
    centre = university.departments()["network-centre"]["zh"]
    if role == "counsellor" and place in university.schools():
        return f"C{place}", university.schools()[place]["zh"], Grant("counsellor", school=place)
    if role == "school-officer" and place in university.schools():
        return f"O{place}", university.schools()[place]["zh"], Grant("school-officer", school=place)
    if role == "department-officer" and place in university.departments():
        return (
            f"D{list(university.departments()).index(place) + 1:02}",
            university.departments()[place]["zh"],
            Grant("department-officer", department=place),
        )
    if role == "supervisor" and STAFF_ID.fullmatch(staff) and school in university.schools():
        return staff, staff, Grant("supervisor", school=school)
    if role == "administrator":
        return "ADMIN", centre, Grant("administrator")
    if role == "technician" and TECHNICIAN.fullmatch(place):
        return place, place, Grant("technician")
    if role == "community-worker" and place in service.communities():
        number = list(service.communities()).index(place) + 1
        return f"M{number:02}", service.communities()[place].title["zh"], Grant("community-worker")
    if role == "auditor":
        return "AUDITOR", centre, Grant("auditor")
    raise Problem("not-found")


def offices() -> list[str]:
    """The personas that are not students."""
    return [
        *(f"counsellor:{school}" for school in university.schools()),
        *(f"department-officer:{department}" for department in university.departments()),
        "administrator:admin",
        "auditor:auditor",
        *(f"technician:{staff}" for staff in TECHNICIANS),
        *(f"community-worker:{community}" for community in service.communities()),
    ]


def students(store: Store) -> list[Mapping[str, Any]]:
    """A few students to be, from the first and the last school that have any: those with most to look at, and least.

    Each is {persona, name, school, flow, left, blocked}.
    """
    schools = list(university.schools())
    first, last = _first(store, schools), _first(store, schools[::-1])
    rows = _few(first, STUDENTS) if first == last else [*_few(first, STUDENTS // 2), *_few(last, STUDENTS // 2)]
    return [
        {
            "persona": f"student:{row.lean.student}",
            "name": row.lean.name,
            "school": row.lean.school,
            "flow": row.lean.flow,
            "left": row.left,
            "blocked": row.blocked,
        }
        for row in rows
    ]


def growing(archive: Archive, cohorts: Cohorts, store: Store) -> list[Mapping[str, Any]]:
    """A few students to be who have an archive and no case yet, of the first school that has any in its latest grade:
    those with most in it, and least. {persona, name, school, grade, records}."""
    every = sorted(cohorts.every(), key=lambda one: (one.split("#")[0], -int(one.split("#")[1])))
    for cohort in every:
        members = {one.student: one for one in archive.cohort(cohort)}
        leaving = store.having("CASE", sorted(members))
        here = sorted((one for id, one in members.items() if id not in leaving), key=_told)
        if here:
            return [
                {
                    "persona": f"student:{one.student}",
                    "name": one.name,
                    "school": one.school,
                    "grade": one.grade,
                    "records": -_told(one)[0],
                }
                for one in _ends(here, GROWING)
            ]
    return []


def _told(one: Member) -> tuple[int, str]:
    """Who has most records comes first."""
    return -sum(number for name, number in one.features.items() if name.startswith("kind.")), one.student


def supervisors(store: Store) -> list[Mapping[str, Any]]:
    """A few supervisors to be, from the first school that has any: those with most to sign. {persona, school, left}."""
    for school in university.schools():
        theirs = [row for row in map(row_view, store.school(school)) if row.lean.supervisor]
        if theirs:
            left = Counter({row.lean.supervisor: 0 for row in theirs})
            left.update(row.lean.supervisor for row in theirs if row.needs_supervisor)
            return [
                {"persona": f"supervisor:{staff}:{school}", "school": school, "left": count}
                for staff, count in left.most_common(SUPERVISORS)
            ]
    return []


def _first(store: Store, schools: list[str]) -> list[RowView]:
    """The rows of the first of `schools` that has any."""
    for school in schools:
        if rows := [row_view(lean) for lean in store.school(school)]:
            return rows
    return []


def _few(rows: list[RowView], number: int) -> list[RowView]:
    """The first half of `number` by what blocks them, and the last half."""
    return _ends(sorted(rows, key=lambda row: (-row.blocked, -row.left)), number)


def _ends(ordered: list[Thing], number: int) -> list[Thing]:
    """The first half of `number` of what is `ordered`, and the last half."""
    return ordered if len(ordered) <= number else [*ordered[: number // 2], *ordered[-(number - number // 2) :]]
