"""Each role on each route of the API: own and foreign school, department, student and graduate, as the table says.

What is written here is who gets through; everybody else is told 403, whatever they send and whomever it is about.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from yinji.clearance import definition, flow
from yinji.clearance.appointments import is_slot
from yinji.clearance.case import Graduate
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.document import case_document
from yinji.clearance.evidence import Upload
from yinji.clearance.items import CaseItem
from yinji.identity.session import ROLES, Session
from yinji.platform.clock import now, today

from infra.local.season.answers import answers
from tests.functions.conftest import Cloud, store
from tests.functions.test_season import next_slot
from tests.graduates import graduate, opened

pytestmark = pytest.mark.slow

EVERY_FLAG = frozenset({"lives_in", "party_member", "household_on_campus", "student_loan", "thesis", "scholarship"})
SUPERVISOR = "T0123"
OWN = [
    graduate(1, category="undergraduate", flags=EVERY_FLAG, supervisor=SUPERVISOR),
    graduate(2, category="postgraduate", flags=EVERY_FLAG, supervisor=SUPERVISOR),
    graduate(3, category="international", flags=EVERY_FLAG, supervisor=SUPERVISOR),
    graduate(4, category="international", flags=EVERY_FLAG | {"abroad"}, supervisor=SUPERVISOR),
]
"""Of every flow one, all in S01 and with one supervisor."""
FOREIGN = [
    graduate(1, "S02", category="undergraduate", flags=EVERY_FLAG, supervisor="T0124"),
    graduate(2, "S02", category="postgraduate", flags=EVERY_FLAG, supervisor="T0124"),
    graduate(3, "S02", category="international", flags=EVERY_FLAG, supervisor="T0124"),
    graduate(4, "S02", category="international", flags=EVERY_FLAG | {"abroad"}, supervisor="T0124"),
]
each_step = pytest.mark.parametrize("step", list(definition.steps().values()), ids=lambda step: step.id)


def people(student: str, step: StepDefinition) -> dict[str, Session]:
    """Whom it concerns, each role once: of the case of `student` in S01 and of the office of `step`."""
    office = "library" if step.department == "school" else step.department
    return {
        "student": Session(student, "student", "x"),
        "counsellor": Session("T0001", "counsellor", "x", school="S01"),
        "school-officer": Session("T0002", "school-officer", "x", school="S01"),
        "department-officer": Session("T0003", "department-officer", "x", department=office),
        "supervisor": Session(SUPERVISOR, "supervisor", "x"),
        "technician": Session("T0006", "technician", "x"),
        "community-worker": Session("T0007", "community-worker", "x"),
        "administrator": Session("T0004", "administrator", "x"),
        "auditor": Session("T0005", "auditor", "x"),
    }


def signers(step: StepDefinition) -> set[str]:
    """Who signs for the office of `step`, of those whom it concerns."""
    if step.department != "school":
        return {"department-officer"}
    return {"counsellor", "school-officer"} | ({"supervisor"} if step.signer else set())


@pytest.fixture
def season(cloud: Cloud) -> Iterator[Cloud]:
    with CaseItem.batch_write() as batch:
        for one in [*OWN, *FOREIGN]:
            batch.save(CaseItem(f"CASE#{one.student}", "CASE", **case_document(opened(one))))
    yield cloud


def uploaded(step: StepDefinition, action: Action, student: str) -> dict[str, str]:
    """A document of `student` that was accepted for each question of `action` that asks for one; their ids."""
    found: dict[str, str] = {}
    for one in action.fields:
        if one.evidence:
            made = Upload(uuid.uuid4().hex, student, step.id, one.name, now())
            store().expect(made, today())
            store().settle_upload(replace(made, status="accepted", kind="pdf", size=900, sha256="e3" * 32, pages=1))
            found[one.name] = made.id
    return found


def sent(action: Action, **more: Any) -> dict[str, Any]:
    """A form as it should be; its version is one that no step has, so that whoever gets through changes nothing."""
    fields = [{"name": one.name, "required": one.required, "schema": one.schema} for one in action.fields]
    known = {one.name: next_slot() for one in action.fields if is_slot(one)}
    known |= {one.name: uuid.uuid4().hex for one in action.fields if one.evidence}
    return (
        answers(fields, Random(1), today(), "en", known)
        | {"step_version": 999, "idempotency_key": uuid.uuid4().hex}
        | more
    )


def folder(step: StepDefinition) -> str:
    return f"clearance/steps/{step.module}"


def test_every_role_is_asked() -> None:
    assert set(people("2022S01001", definition.steps()["tuition"])) == set(ROLES)


def pair(step: StepDefinition, action: Action) -> tuple[Graduate, Graduate]:
    """Two graduates who can be offered `action` on `step`: one of S01, one of S02."""
    fits = [
        place
        for place, one in enumerate(OWN)
        if step.id in flow.applicable(one) and flow.flow_of(one) in (action.flows or flow.TITLES)
    ]
    return OWN[fits[0]], FOREIGN[fits[0]]


@each_step
def test_an_action_on_one_case(season: Cloud, step: StepDefinition) -> None:
    for action in step.actions.values():
        own, foreign = pair(step, action)
        allowed = {"student"} if action.by == "student" else signers(step)
        documents = {whom.student: uploaded(step, action, whom.student) for whom in (own, foreign)}
        for role, session in people(own.student, step).items():
            for whom in (own, foreign):
                path = f"/api/clearance/cases/{whom.student}/steps/{step.id}/{action.id}"
                answer = season.call(folder(step), session, "POST", path, sent(action, **documents[whom.student]))
                # a department serves every school
                through = role in allowed and (whom is own or role == "department-officer")
                codes = ("changed-meanwhile", "not-possible-now") if through else ("forbidden",)
                assert answer.json["code"] in codes, (action.id, role, whom.student)
                assert (answer.status == 403) != through


@each_step
def test_an_action_on_many_cases(season: Cloud, step: StepDefinition) -> None:
    """Whoever signs for no such office is refused at once, whoever does those cases that are not theirs."""
    for action in (action for action in step.actions.values() if action.bulk):
        own, foreign = pair(step, action)
        cases = [{"student": one.student, "step_version": 999} for one in (own, foreign)]
        for role, session in people(own.student, step).items():
            path = f"/api/clearance/steps/{step.id}/{action.id}"
            answer = season.call(folder(step), session, "POST", path, sent(action, cases=cases))
            if role not in signers(step):
                assert (answer.status, answer.json["code"]) == (403, "forbidden"), (action.id, role)
                continue
            refused = [outcome["code"] == "forbidden" for outcome in answer.json["outcomes"]]
            assert refused == [False, role != "department-officer"], (action.id, role)


@pytest.mark.parametrize("step", [step for step in definition.steps().values() if step.feed], ids=lambda step: step.id)
@pytest.mark.parametrize("decision", ["confirm", "discard"])
def test_a_decision_about_a_delivery(season: Cloud, step: StepDefinition, decision: str) -> None:
    for role, session in people(OWN[0].student, step).items():
        path = f"/api/clearance/steps/{step.id}/feed/{decision}"
        answer = season.call(folder(step), session, "POST", path, {})
        through = role == "administrator" or (role == "department-officer" and step.department != "school")
        assert answer.json["code"] == ("feed-not-held" if through else "forbidden"), role
        elsewhere = Session("T0009", "department-officer", "x", department="security")
        assert season.call(folder(step), elsewhere, "POST", path, {}).status == 403


@each_step
def test_reading_a_queue(season: Cloud, step: StepDefinition) -> None:
    for role, session in people(OWN[1].student, step).items():
        for school in ("S01", "S02"):
            path = f"/api/clearance/steps/{step.id}/queue?school={school}"
            status = season.call("clearance/cases", session, "GET", path).status
            through = role in ("administrator", "auditor") or (
                role in signers(step) and (school == "S01" or role in ("department-officer", "supervisor"))
            )
            assert (status == 200) == through and status in (200, 403), (role, school)


@pytest.mark.parametrize("path", ["", "/certificate"])
def test_reading_a_case_and_its_certificate(season: Cloud, path: str) -> None:
    function = "clearance/certificate_download" if path else "clearance/cases"
    for role, session in people(OWN[1].student, definition.steps()["tuition"]).items():
        for whom in (OWN[1], FOREIGN[1]):
            answer = season.call(function, session, "GET", f"/api/clearance/cases/{whom.student}{path}")
            elsewhere = ("technician", "community-worker")  # their services are others
            concerned = whom is OWN[1] and role not in elsewhere
            through = concerned or role in ("department-officer", "administrator", "auditor")
            assert answer.status == ((404 if path else 200) if through else 403), (role, whom.student)


def test_reading_a_school(season: Cloud) -> None:
    for role, session in people(OWN[1].student, definition.steps()["tuition"]).items():
        for school in ("S01", "S02"):
            status = season.call("clearance/cases", session, "GET", f"/api/clearance/schools/{school}").status
            through = role in ("administrator", "auditor") or (
                role in ("counsellor", "school-officer") and school == "S01"
            )
            assert status == (200 if through else 403), (role, school)
