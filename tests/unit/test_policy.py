"""Who may do what, written out once more: role x permission x relation. What is not here is denied."""

from itertools import product
from typing import get_args

import pytest
from yinji.clearance.policy import TABLE, Permission, demand, may
from yinji.identity.session import ROLES, Session
from yinji.platform.problem import Problem

STUDENT, SCHOOL, OFFICE = "2022S01001", "S01", "library"
PEOPLE = {
    "student": Session(STUDENT, "student", "x"),
    "counsellor": Session("T1", "counsellor", "x", school=SCHOOL),
    "school-officer": Session("T2", "school-officer", "x", school=SCHOOL),
    "department-officer": Session("T3", "department-officer", "x", department=OFFICE),
    "administrator": Session("T4", "administrator", "x"),
    "auditor": Session("T5", "auditor", "x"),
}
THINGS = {
    "own-case": {"student": STUDENT},
    "case-of-my-school": {"student": "2022S01002", "school": SCHOOL},
    "case-of-another-school": {"student": "2022S02001", "school": "S02"},
    "school": {"school": SCHOOL},
    "another-school": {"school": "S02"},
    "school-step": {"school": SCHOOL, "department": "school"},
    "school-step-elsewhere": {"school": "S02", "department": "school"},
    "my-office": {"school": SCHOOL, "department": OFFICE},
    "another-office": {"school": SCHOOL, "department": "finance"},
    "nothing": {},
}
CASES = ("own-case", "case-of-my-school", "case-of-another-school")
MY_SCHOOL = ("case-of-my-school", "school", "school-step", "my-office", "another-office")
"""What tells of the school S01 in one way or another."""
EVERYTHING = tuple(THINGS)

ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("student", "see-case"): ("own-case",),
    ("student", "act-as-student"): ("own-case",),
    ("student", "sign-for-office"): (),
    ("student", "see-school"): (),
    ("student", "see-queue"): (),
    ("student", "decide-feed"): (),
    ("student", "see-messages"): ("own-case",),
    ("student", "remind"): (),
    ("counsellor", "see-case"): MY_SCHOOL,
    ("counsellor", "act-as-student"): (),
    ("counsellor", "sign-for-office"): ("school-step",),
    ("counsellor", "see-school"): MY_SCHOOL,
    ("counsellor", "see-queue"): ("school-step",),
    ("counsellor", "decide-feed"): (),
    ("counsellor", "see-messages"): MY_SCHOOL,
    ("counsellor", "remind"): MY_SCHOOL,
    ("school-officer", "see-case"): MY_SCHOOL,
    ("school-officer", "act-as-student"): (),
    ("school-officer", "sign-for-office"): ("school-step",),
    ("school-officer", "see-school"): MY_SCHOOL,
    ("school-officer", "see-queue"): ("school-step",),
    ("school-officer", "decide-feed"): (),
    ("school-officer", "see-messages"): MY_SCHOOL,
    ("school-officer", "remind"): MY_SCHOOL,
    ("department-officer", "see-case"): EVERYTHING,
    ("department-officer", "act-as-student"): (),
    ("department-officer", "sign-for-office"): ("my-office",),
    ("department-officer", "see-school"): (),
    ("department-officer", "see-queue"): ("my-office",),
    ("department-officer", "decide-feed"): ("my-office",),
    ("department-officer", "see-messages"): ("my-office",),
    ("department-officer", "remind"): ("my-office",),
    ("administrator", "see-case"): EVERYTHING,
    ("administrator", "act-as-student"): (),
    ("administrator", "sign-for-office"): (),
    ("administrator", "see-school"): EVERYTHING,
    ("administrator", "see-queue"): EVERYTHING,
    ("administrator", "decide-feed"): EVERYTHING,
    ("administrator", "see-messages"): (),
    ("administrator", "remind"): (),
    ("auditor", "see-case"): EVERYTHING,
    ("auditor", "act-as-student"): (),
    ("auditor", "sign-for-office"): (),
    ("auditor", "see-school"): EVERYTHING,
    ("auditor", "see-queue"): EVERYTHING,
    ("auditor", "decide-feed"): (),
    ("auditor", "see-messages"): (),
    ("auditor", "remind"): (),
}


@pytest.mark.parametrize(("role", "permission"), list(product(PEOPLE, get_args(Permission))))
def test_the_whole_table(role: str, permission: Permission) -> None:
    allowed = tuple(thing for thing, where in THINGS.items() if may(PEOPLE[role], permission, **where))
    assert allowed == ALLOWED[role, permission]


def test_the_table_speaks_of_every_role_and_permission() -> None:
    assert set(PEOPLE) == set(ROLES)
    assert set(TABLE) == set(get_args(Permission))
    assert set(ALLOWED) == set(product(PEOPLE, TABLE))


@pytest.mark.parametrize("permission", get_args(Permission))
def test_who_has_no_place_is_not_everywhere(permission: Permission) -> None:
    """A counsellor without school and an officer without department match nothing that has none either."""
    for role in ("counsellor", "school-officer", "department-officer"):
        lost = Session("T9", role, "x")  # type: ignore[arg-type]
        open_to_all = TABLE[permission].get(role) == "any"  # type: ignore[call-overload]
        assert may(lost, permission, school="", department="") is open_to_all
        assert may(lost, permission, school="", department="school") is open_to_all


def test_a_role_nobody_knows_may_nothing() -> None:
    stranger = Session("T9", "rector", "x", school=SCHOOL, department=OFFICE)  # type: ignore[arg-type]
    assert not any(may(stranger, permission, **where) for permission in TABLE for where in THINGS.values())


def test_demand_raises_what_may_denies() -> None:
    demand(PEOPLE["student"], "see-case", student=STUDENT)
    with pytest.raises(Problem) as refused:
        demand(PEOPLE["student"], "see-case", student="2022S01002")
    assert (refused.value.code, refused.value.status) == ("forbidden", 403)
