"""Who may do what, written out once more: role x permission x relation. What is not here is denied."""

from itertools import product
from typing import get_args

import pytest
from yinji.clearance.policy import TABLE, Permission, demand, may
from yinji.identity.session import ROLES, Session
from yinji.platform.problem import Problem

STUDENT, SCHOOL, OFFICE, SUPERVISOR = "2022S01001", "S01", "library", "T0123"
PEOPLE = {
    "student": Session(STUDENT, "student", "x"),
    "counsellor": Session("T1", "counsellor", "x", school=SCHOOL),
    "school-officer": Session("T2", "school-officer", "x", school=SCHOOL),
    "department-officer": Session("T3", "department-officer", "x", department=OFFICE),
    "supervisor": Session(SUPERVISOR, "supervisor", "x"),
    "technician": Session("T6", "technician", "x"),
    "community-worker": Session("T7", "community-worker", "x"),
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
    "case-of-my-graduate": {"student": "2023M01001", "school": "S03", "supervisor": SUPERVISOR},
    "case-of-another-s-graduate": {"student": "2023M01002", "school": "S03", "supervisor": "T0124"},
    "supervisors-step": {"school": SCHOOL, "department": "school", "supervisor": SUPERVISOR},
    "supervisors-step-elsewhere": {"school": "S02", "department": "school", "supervisor": SUPERVISOR},
    "another-supervisors-step": {"school": "S02", "department": "school", "supervisor": "T0124"},
    "nothing": {},
}
CASES = ("own-case", "case-of-my-school", "case-of-another-school")
MY_SCHOOL = ("case-of-my-school", "school", "school-step", "my-office", "another-office", "supervisors-step")
"""What tells of the school S01 in one way or another."""
MY_GRADUATES = ("case-of-my-graduate", "supervisors-step", "supervisors-step-elsewhere")
"""What tells of a graduate of the supervisor T0123, whatever the school."""
EVERYTHING = tuple(THINGS)
SEES_ARCHIVES = {
    "counsellor": MY_SCHOOL,
    "school-officer": MY_SCHOOL,
    "department-officer": ("my-office",),
    "administrator": EVERYTHING,
    "auditor": EVERYTHING,
}
SEES_REPAIR = {
    "technician": EVERYTHING,
    "department-officer": ("my-office",),
    "administrator": EVERYTHING,
    "auditor": EVERYTHING,
}
OF_TECHNICIANS = ("see-places", "see-incidents", "work-on-incidents", "make-visits")
OF_COMMUNITIES = ("see-visits", "arrange-visits", "see-visit-figures")
ARRANGES_VISITS = {
    "community-worker": EVERYTHING,
    "department-officer": ("my-office",),
    "administrator": EVERYTHING,
}

DECIDES_SUBMISSIONS = {
    "counsellor": ("school-step", "supervisors-step"),
    "school-officer": ("school-step", "supervisors-step"),
    "department-officer": ("my-office",),
}

ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("student", "see-case"): ("own-case",),
    ("student", "act-as-student"): ("own-case",),
    ("student", "sign-for-office"): (),
    ("student", "see-school"): (),
    ("student", "see-queue"): (),
    ("student", "decide-feed"): (),
    ("student", "see-feed"): (),
    ("student", "export-history"): (),
    ("student", "see-slots"): EVERYTHING,
    ("student", "set-slots"): (),
    ("student", "see-round"): (),
    ("student", "see-messages"): ("own-case",),
    ("student", "remind"): (),
    ("counsellor", "see-case"): MY_SCHOOL,
    ("counsellor", "act-as-student"): (),
    ("counsellor", "sign-for-office"): ("school-step", "supervisors-step"),
    ("counsellor", "see-school"): MY_SCHOOL,
    ("counsellor", "see-queue"): ("school-step", "supervisors-step"),
    ("counsellor", "decide-feed"): (),
    ("counsellor", "see-feed"): (),
    ("counsellor", "export-history"): (),
    ("counsellor", "see-slots"): EVERYTHING,
    ("counsellor", "set-slots"): (),
    ("counsellor", "see-round"): (),
    ("counsellor", "see-messages"): MY_SCHOOL,
    ("counsellor", "remind"): MY_SCHOOL,
    ("school-officer", "see-case"): MY_SCHOOL,
    ("school-officer", "act-as-student"): (),
    ("school-officer", "sign-for-office"): ("school-step", "supervisors-step"),
    ("school-officer", "see-school"): MY_SCHOOL,
    ("school-officer", "see-queue"): ("school-step", "supervisors-step"),
    ("school-officer", "decide-feed"): (),
    ("school-officer", "see-feed"): (),
    ("school-officer", "export-history"): (),
    ("school-officer", "see-slots"): EVERYTHING,
    ("school-officer", "set-slots"): (),
    ("school-officer", "see-round"): (),
    ("school-officer", "see-messages"): MY_SCHOOL,
    ("school-officer", "remind"): MY_SCHOOL,
    ("department-officer", "see-case"): EVERYTHING,
    ("department-officer", "act-as-student"): (),
    ("department-officer", "sign-for-office"): ("my-office",),
    ("department-officer", "see-school"): (),
    ("department-officer", "see-queue"): ("my-office",),
    ("department-officer", "decide-feed"): ("my-office",),
    ("department-officer", "see-feed"): ("my-office",),
    ("department-officer", "export-history"): (),
    ("supervisor", "see-case"): MY_GRADUATES,
    ("supervisor", "act-as-student"): (),
    ("supervisor", "sign-for-office"): MY_GRADUATES,
    ("supervisor", "see-school"): (),
    ("supervisor", "see-queue"): MY_GRADUATES,
    ("supervisor", "decide-feed"): (),
    ("supervisor", "see-feed"): (),
    ("supervisor", "export-history"): (),
    ("supervisor", "see-slots"): (),
    ("supervisor", "set-slots"): (),
    ("supervisor", "see-round"): (),
    ("supervisor", "see-messages"): (),
    ("supervisor", "remind"): (),
    ("department-officer", "see-slots"): EVERYTHING,
    ("department-officer", "set-slots"): ("my-office",),
    ("department-officer", "see-round"): (),
    ("department-officer", "see-messages"): ("my-office",),
    ("department-officer", "remind"): ("my-office",),
    ("administrator", "see-case"): EVERYTHING,
    ("administrator", "act-as-student"): (),
    ("administrator", "sign-for-office"): (),
    ("administrator", "see-school"): EVERYTHING,
    ("administrator", "see-queue"): EVERYTHING,
    ("administrator", "decide-feed"): EVERYTHING,
    ("administrator", "see-feed"): EVERYTHING,
    ("administrator", "export-history"): EVERYTHING,
    ("administrator", "see-slots"): EVERYTHING,
    ("administrator", "set-slots"): (),
    ("administrator", "see-round"): EVERYTHING,
    ("administrator", "see-messages"): (),
    ("administrator", "remind"): (),
    ("auditor", "see-case"): EVERYTHING,
    ("auditor", "act-as-student"): (),
    ("auditor", "sign-for-office"): (),
    ("auditor", "see-school"): EVERYTHING,
    ("auditor", "see-queue"): EVERYTHING,
    ("auditor", "decide-feed"): (),
    ("auditor", "see-feed"): EVERYTHING,
    ("auditor", "export-history"): EVERYTHING,
    ("auditor", "see-slots"): EVERYTHING,
    ("auditor", "set-slots"): (),
    ("auditor", "see-round"): EVERYTHING,
    ("auditor", "see-messages"): (),
    ("auditor", "remind"): (),
} | {
    (role, permission): {
        "extend-case": {"counsellor": MY_SCHOOL, "school-officer": MY_SCHOOL, "administrator": EVERYTHING},
        "withdraw-case": {"school-officer": MY_SCHOOL, "administrator": EVERYTHING},
        "move-case": {
            "student": ("own-case",),
            "counsellor": MY_SCHOOL,
            "school-officer": MY_SCHOOL,
            "department-officer": ("my-office",),
            "administrator": EVERYTHING,
        },
        "reopen-case": {"administrator": EVERYTHING},
        "see-batches": {"administrator": EVERYTHING, "auditor": EVERYTHING},
        "manage-batches": {"administrator": EVERYTHING},
        "see-people": {"administrator": EVERYTHING, "auditor": EVERYTHING},
        "manage-people": {"administrator": EVERYTHING},
        "see-access-log": {"student": ("own-case",), "administrator": EVERYTHING, "auditor": EVERYTHING},
        "decide-pass": {"administrator": EVERYTHING},
        # of the growth archive the department is student affairs, whoever that is here: "my-office"
        "see-archive": SEES_ARCHIVES | {"student": ("own-case",)},
        "act-in-archive": {"student": ("own-case",)},
        "certify-record": {"counsellor": MY_SCHOOL, "school-officer": MY_SCHOOL},
        "see-groups": SEES_ARCHIVES,
        "see-catalogue": dict.fromkeys(
            ("student", "counsellor", "school-officer", "department-officer", "administrator", "auditor"), EVERYTHING
        ),
        "manage-catalogue": {
            "school-officer": MY_SCHOOL,
            "department-officer": ("my-office",),
            "administrator": EVERYTHING,
        },
        "show-check-in": {
            "counsellor": MY_SCHOOL,
            "school-officer": MY_SCHOOL,
            "department-officer": ("my-office",),
            "administrator": EVERYTHING,
        },
        "see-deliveries": {
            "department-officer": ("my-office",),
            "administrator": EVERYTHING,
            "auditor": EVERYTHING,
        },
        "select-archives": {"department-officer": ("my-office",), "administrator": EVERYTHING},
        "see-places": SEES_REPAIR,
        "manage-places": {"department-officer": ("my-office",), "administrator": EVERYTHING},
        "see-incidents": SEES_REPAIR,
        "work-on-incidents": {"technician": EVERYTHING},
        "manage-incidents": {"department-officer": ("my-office",), "administrator": EVERYTHING},
        "see-visits": ARRANGES_VISITS,
        "arrange-visits": ARRANGES_VISITS,
        "make-visits": {"technician": EVERYTHING},
        "manage-visit-days": {"department-officer": ("my-office",), "administrator": EVERYTHING},
        "see-visit-figures": {**ARRANGES_VISITS, "auditor": EVERYTHING},
        "fill-forms": {"student": ("own-case",)},
        "see-submission": {"student": ("own-case",), **DECIDES_SUBMISSIONS},
        "decide-submission": DECIDES_SUBMISSIONS,
        "manage-forms": {"department-officer": ("my-office",), "administrator": EVERYTHING},
        "see-form-figures": {"department-officer": EVERYTHING, "administrator": EVERYTHING, "auditor": EVERYTHING},
        "see-own-facts": {"student": ("own-case",)},
        "correct-fact": {"student": ("own-case",)},
        "decide-fact": {"department-officer": ("my-office",), "administrator": EVERYTHING},
    }[permission].get(role, ())
    for role in PEOPLE
    for permission in (
        "extend-case", "withdraw-case", "move-case", "reopen-case", "see-batches", "manage-batches",
        "see-people", "manage-people", "see-access-log", "decide-pass", "see-archive", "act-in-archive",
        "certify-record", "see-groups", "see-catalogue", "manage-catalogue", "show-check-in", "see-deliveries",
        "select-archives", "see-places", "manage-places", "see-incidents", "work-on-incidents", "manage-incidents",
        "see-visits", "arrange-visits", "make-visits", "manage-visit-days", "see-visit-figures",
        "fill-forms", "see-submission", "decide-submission", "manage-forms", "see-form-figures",
        "see-own-facts", "correct-fact", "decide-fact",
    )
} | {
    # clearance and archives are none of their business
    (role, permission): ()
    for role in ("technician", "community-worker")
    for permission in get_args(Permission)
    if permission not in (OF_TECHNICIANS if role == "technician" else OF_COMMUNITIES)
}  # fmt: skip


def test_what_came_of_a_round_is_for_whoever_sent_it_and_for_those_who_see_everything() -> None:
    for role in ("counsellor", "school-officer", "department-officer"):
        assert may(PEOPLE[role], "see-round", student=PEOPLE[role].sub)
        assert not may(PEOPLE[role], "see-round", student="another officer")


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
    for role in ("counsellor", "school-officer", "department-officer", "supervisor"):
        lost = Session("T9", role, "x")  # type: ignore[arg-type]
        open_to_all = TABLE[permission].get(role) == "any"  # type: ignore[call-overload]
        assert may(lost, permission, school="", department="") is open_to_all
        assert may(lost, permission, school="", department="school", supervisor="") is open_to_all


def test_a_role_nobody_knows_may_nothing() -> None:
    stranger = Session("T9", "rector", "x", school=SCHOOL, department=OFFICE)  # type: ignore[arg-type]
    assert not any(may(stranger, permission, **where) for permission in TABLE for where in THINGS.values())


def test_demand_raises_what_may_denies() -> None:
    demand(PEOPLE["student"], "see-case", student=STUDENT)
    with pytest.raises(Problem) as refused:
        demand(PEOPLE["student"], "see-case", student="2022S01002")
    assert (refused.value.code, refused.value.status) == ("forbidden", 403)


def test_who_stands_in_for_a_supervisor_sees_that_supervisors_graduates_and_no_others() -> None:
    colleague = Session("T0999", "supervisor", "x", acts_for=SUPERVISOR)
    allowed = tuple(thing for thing, where in THINGS.items() if may(colleague, "see-case", **where))
    assert allowed == MY_GRADUATES
    assert not may(colleague, "see-case", supervisor="T0999")
