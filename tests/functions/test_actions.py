"""What students and officers do, through the API: who may, at the same time, twice, and with nonsense."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yinji.clearance import definition
from yinji.identity.session import Session
from yinji.platform.http import redirect

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_season import next_slot
from tests.functions.test_store import together
from tests.graduates import LIN, graduate

SURVEY = "clearance/steps/exit_survey"
DORMITORY = "clearance/steps/dormitory"
ANSWER = f"/api/clearance/cases/{LIN.student}/steps/exit-survey/answer"
FORM = {"teaching": "5", "services": "4"}


def book(cloud: Cloud, student: str = LIN.student, **more: Any) -> Any:
    me = Session(student, "student", "x")
    return cloud.act(me, "dormitory", "book-inspection", student, slot=next_slot(), **more)


# --- one action ----------------------------------------------------------------------------------------------
def test_an_accepted_action_tells_the_new_state(cloud: Cloud) -> None:
    cloud.open()
    answer = cloud.act(STUDENT, "exit-survey", "answer", **FORM)
    assert answer.status == 200
    assert answer.json == {
        "student": LIN.student, "step": "exit-survey", "state": "done", "version": 1, "repeated": False,
    }  # fmt: skip
    told = store().events(LIN.student)[-1]
    assert (told.what, told.who, told.role, told.step) == ("answer", LIN.student, "student", "exit-survey")
    assert told.evidence == FORM


def test_a_form_without_script_is_answered_by_a_redirect(cloud: Cloud) -> None:
    cloud.open()
    form = [("teaching", "5"), ("services", "4"), ("step_version", "0"), ("idempotency_key", "12345678")]
    answer = cloud.call(SURVEY, STUDENT, "POST", ANSWER, [*form, ("next", "/clearance?lang=en&done=x#exit-survey")])
    assert answer.status == 303
    assert answer.headers["Location"] == "/clearance?lang=en&done=exit-survey.answer#exit-survey"
    assert cloud.case().state("exit-survey") == "done"


def test_a_redirect_keeps_the_filters_of_the_page_it_leads_back_to() -> None:
    answer = redirect("/schools/S01?step=library-loans&sort=left&problem=too-busy&at=a.b#notice", done="a.b")
    assert answer.headers["Location"] == "/schools/S01?step=library-loans&sort=left&at=a.b&done=a.b#notice"
    assert redirect("/feeds/x?preview=old", preview="new").headers["Location"] == "/feeds/x?preview=new"


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\nb", "evil"])
def test_a_redirect_never_leads_elsewhere(cloud: Cloud, next: str) -> None:
    cloud.open()
    form = [*FORM.items(), ("step_version", "0"), ("idempotency_key", "12345678"), ("next", next)]
    answer = cloud.call(SURVEY, STUDENT, "POST", ANSWER, form)
    assert answer.status == 200 and "Location" not in answer.headers


def test_what_is_wrong_with_a_form_comes_back_with_the_redirect(cloud: Cloud) -> None:
    cloud.open()
    form = [("teaching", "9"), ("step_version", "0"), ("idempotency_key", "12345678"), ("next", "/clearance")]
    answer = cloud.call(SURVEY, STUDENT, "POST", ANSWER, form)
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (answer.status, told) == (303, {"problem": ["invalid-form"], "fields": ["teaching,services"]})


@pytest.mark.parametrize(("language", "title"), [("zh", "请先登录"), ("en", "Please sign in")])
def test_a_problem_is_told_in_the_reader_s_language(cloud: Cloud, language: str, title: str) -> None:
    answer = cloud.call(SURVEY, None, "POST", ANSWER, {}, headers={"accept-language": f"{language}-XX,fr;q=0.5"})
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json["title"] == title
    assert set(answer.json) == {"type", "code", "status", "title", "detail"}
    chosen = cloud.call(SURVEY, None, "POST", ANSWER, {}, cookies=[f"yinji_language={language}"])
    assert chosen.json["title"] == title


def test_a_form_names_each_field_that_is_wrong(cloud: Cloud) -> None:
    cloud.open()
    answer = cloud.act(STUDENT, "exit-survey", "answer", teaching="9", words="x" * 1001, colour="red")
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert {(error["field"], error["code"]) for error in answer.json["errors"]} == {
        ("teaching", "invalid"), ("services", "required"), ("words", "invalid"), ("colour", "unknown"),
    }  # fmt: skip
    assert cloud.case().version == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://yinji.example.edu"},
        {"origin": "https://elsewhere.example.edu"},
        {"origin": "http://yinji.example.edu"},
        {"origin": "null"},
    ],
)
def test_a_page_of_another_site_cannot_act(cloud: Cloud, headers: dict[str, str]) -> None:
    cloud.open()
    body = {"step_version": 0, "idempotency_key": "12345678", **FORM}
    answer = cloud.call(SURVEY, STUDENT, "POST", ANSWER, body, headers=headers)
    assert (answer.status, answer.json["code"]) == (403, "cross-site")
    bulk = cloud.call(
        DORMITORY, officer("housing"), "POST", "/api/clearance/steps/dormitory/sign-off", body, headers=headers
    )
    assert bulk.status == 403
    assert cloud.call("identity/sign_out", None, "POST", "/api/sign-out", {}, headers=headers).status == 403
    assert cloud.call("identity/demo_sign_in", None, "POST", "/api/sign-in/demo", {}, headers=headers).status == 403
    assert cloud.case().version == 1


@pytest.mark.parametrize("headers", [{}, {"origin": "https://yinji.example.edu"}, {"sec-fetch-site": "same-origin"}])
def test_our_own_pages_and_programs_can_act(cloud: Cloud, headers: dict[str, str]) -> None:
    cloud.open()
    body = {"step_version": 0, "idempotency_key": "12345678", **FORM}
    assert cloud.call(SURVEY, STUDENT, "POST", ANSWER, body, headers=headers).status == 200


def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(cloud: Cloud) -> None:
    """Which is the same number in JSON Schema, and how some programs write theirs."""
    cloud.open()
    body = {"step_version": 0.0, "idempotency_key": "12345678", **FORM}
    assert cloud.call(SURVEY, STUDENT, "POST", ANSWER, body).status == 200


def test_a_version_that_is_no_whole_number_is_none(cloud: Cloud) -> None:
    cloud.open()
    book(cloud)
    for version in (1.7, "1.0", True, None):
        body = {"idempotency_key": "12345678", "cases": [{"student": LIN.student, "step_version": version}]}
        answer = cloud.call(DORMITORY, officer("housing"), "POST", "/api/clearance/steps/dormitory/sign-off", body)
        assert answer.json["code"] == "malformed-request", version
    assert cloud.case().version == 2


def test_who_may_not_is_told_so_and_not_whether_there_is_a_case(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    stranger = Session(graduate(2).student, "student", "x")
    for step, action in [("exit-survey", "answer"), ("exit-survey", "waive"), ("school-approval", "sign-off")]:
        folder = f"clearance/steps/{step.replace('-', '_')}"
        answers = [
            cloud.call(
                folder, stranger, "POST", f"/api/clearance/cases/{student}/steps/{step}/{action}",
                {"step_version": 0, "idempotency_key": "12345678"},
            )
            for student in (LIN.student, "2022S01999", "x" * 5000)
        ]  # fmt: skip
        assert [answer.json for answer in answers] == [answers[0].json] * 3
        assert answers[0].status == 403, (step, action)


def test_an_officer_signs_only_for_their_own_office_and_school(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(1, "S02"))
    book(cloud)
    for session in (officer("library"), COUNSELLOR, Session("a", "administrator", "x"), STUDENT):
        assert cloud.act(session, "dormitory", "sign-off").status == 403
    assert cloud.act(officer("housing"), "dormitory", "sign-off").status == 200
    assert cloud.act(COUNSELLOR, "school-approval", "sign-off", graduate(1, "S02").student).status == 403
    assert cloud.act(COUNSELLOR, "school-approval", "sign-off").json["code"] == "not-possible-now"
    assert cloud.act(officer("housing"), "exit-survey", "waive", reason="不需要").status == 403


@pytest.mark.parametrize(
    "path", ["/api/clearance/cases/x/steps/exit-survey/burn", "/api/clearance/steps/exit-survey/answer"]
)
def test_an_action_there_is_not_is_not_found(cloud: Cloud, path: str) -> None:
    body = {"cases": [{"student": LIN.student, "step_version": 0}], "idempotency_key": "12345678", "step_version": 0}
    assert cloud.call(SURVEY, officer("student-affairs"), "POST", path, body).status == 404


# --- many at once --------------------------------------------------------------------------------------------
def test_a_bulk_action_is_answered_case_by_case(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2), graduate(3))
    book(cloud)
    book(cloud, graduate(2).student)
    chosen = [{"student": LIN.student, "step_version": 1}, {"student": graduate(2).student, "step_version": 7}]
    chosen += [{"student": graduate(3).student, "step_version": 0}, {"student": "2022S01999", "step_version": 0}]
    path, body = "/api/clearance/steps/dormitory/sign-off", {"cases": chosen, "idempotency_key": "12345678"}
    answer = cloud.call(DORMITORY, officer("housing"), "POST", path, body)
    assert [(one["ok"], one.get("code")) for one in answer.json["outcomes"]] == [
        (True, None), (False, "changed-meanwhile"), (False, "not-possible-now"), (False, "not-in-season"),
    ]  # fmt: skip
    again = cloud.call(DORMITORY, officer("housing"), "POST", path, body)
    assert again.json["outcomes"][0]["ok"], "a repetition is no failure"
    assert cloud.case().version == 3
    form = [("case", f"{graduate(2).student}:1"), ("idempotency_key", "abcdefgh"), ("next", "/queue?step=dormitory")]
    told = cloud.call(DORMITORY, officer("housing"), "POST", path, form)
    assert told.status == 303 and told.headers["Location"].startswith("/outcomes/")


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        ([], "malformed-request"),
        ([("a" * 8, 1)] * 2, "malformed-request"),
        ([(f"2022S01{number:03d}", 0) for number in range(501)], "too-many"),
    ],
)
def test_a_bulk_action_has_its_limits(cloud: Cloud, cases: list[tuple[str, int]], code: str) -> None:
    body = {"idempotency_key": "12345678", "cases": [{"student": s, "step_version": v} for s, v in cases]}
    answer = cloud.call(DORMITORY, officer("housing"), "POST", "/api/clearance/steps/dormitory/sign-off", body)
    assert answer.json["code"] == code


# --- at the same time ----------------------------------------------------------------------------------------
def test_of_two_officers_one_signs_and_the_other_is_told_who_did(cloud: Cloud) -> None:
    cloud.open()
    book(cloud)
    cloud.case()
    officers = [Session(f"T{number}", "department-officer", "x", department="housing") for number in range(4)]
    answers = together([lambda who=who: cloud.act(who, "dormitory", "sign-off", step_version=1) for who in officers])
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    signer = officers[[answer.status for answer in answers].index(200)].sub
    for answer in answers:
        if answer.status == 409:
            assert (answer.json["code"], answer.json["by"]) == ("already-done", signer)
            assert answer.json["at"] in answer.json["detail"] and signer in answer.json["detail"]
    assert cloud.case().version == 3
    assert [event.who for event in store().events(LIN.student)][-1] == signer


def test_a_double_press_is_one_event(cloud: Cloud) -> None:
    many = [graduate(number) for number in range(20)]
    cloud.open(*many)

    def press(student: str) -> Any:
        me = Session(student, "student", "x")
        return cloud.act(me, "exit-survey", "answer", student, key=f"key-of-{student}", step_version=0, **FORM)

    answers = together([lambda who=who: press(who.student) for who in many for _ in range(2)])
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.json["repeated"] for answer in answers) == 20
    for one in many:
        assert len(store().events(one.student)) == 2


def test_a_key_used_for_something_else_is_refused(cloud: Cloud) -> None:
    cloud.open()
    assert cloud.act(STUDENT, "exit-survey", "answer", key="12345678", **FORM).status == 200
    answer = cloud.act(STUDENT, "exit-survey", "answer", key="12345678", teaching="1", services="1")
    assert (answer.status, answer.json["code"]) == (422, "key-reused")


# --- nonsense ------------------------------------------------------------------------------------------------
ROUTES = [
    (f"clearance/steps/{step.module}", f"/api/clearance/{way}", step, by)
    for step in definition.steps().values()
    for way, by in [
        *((f"cases/{LIN.student}/steps/{step.id}/{action.id}", action.by) for action in step.actions.values()),
        *((f"steps/{step.id}/{action.id}", action.by) for action in step.actions.values() if action.bulk),
        *((f"steps/{step.id}/feed/{word}", "department") for word in ("confirm", "discard", "x") if step.feed),
    ]
]
texts = st.text(max_size=30) | st.sampled_from(
    ["\ud800", "\x00", "x" * 5000, "林", "' OR 1=1", "{0}", "%s", "9" * 5000]
)
names = st.sampled_from(
    ["step_version", "idempotency_key", "cases", "next", "slot", "belongings", "reason", "teaching", "which", "agreed"]
) | st.text(max_size=8)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
json_bodies = st.dictionaries(names, trees, max_size=6).map(json.dumps) | trees.map(json.dumps)
form_bodies = st.lists(
    st.tuples(names | st.just("case"), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), max_size=6
).map(urlencode)
raw_bodies = st.binary(max_size=60) | st.sampled_from(
    [b"", b"null", b"[" * 100_000, b"{" * 5000, b"\xff\xfe", b"x" * 300_000]
)


def post(cloud: Cloud, session: Session | None, folder: str, path: str, body: bytes, kind: str) -> Any:
    event = {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": kind},
        "requestContext": {
            "http": {"method": "POST", "path": path},
            "stage": "$default",
            "authorizer": {"lambda": session.claims if session else None},
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    return cloud.invoke(folder, event)


@pytest.fixture
def table_calls(counted: Callable[[], list[str]]) -> Callable[[], list[str]]:
    return lambda: [call for call in counted() if call in ("TransactWriteItems", "PutItem", "DeleteItem")]


@pytest.mark.slow
def test_no_body_makes_any_route_fail(cloud: Cloud, table_calls: Callable[[], list[str]]) -> None:
    """Whatever is sent: a problem that can be read, and nothing changed."""
    cloud.open()
    cloud.act(STUDENT, "library-loans", "waive")
    before, written = cloud.case(), len(table_calls())
    bodies = (
        st.tuples(json_bodies.map(str.encode), st.just("application/json"))
        | st.tuples(form_bodies.map(str.encode), st.just("application/x-www-form-urlencoded"))
        | st.tuples(
            raw_bodies, st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
        )
    )

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(route=st.sampled_from(ROUTES), sent=bodies)
    def throw(route: Any, sent: tuple[bytes, str]) -> None:
        folder, path, step, by = route
        office = COUNSELLOR if step.department == "school" else officer(step.department)
        answer = post(cloud, STUDENT if by == "student" else office, folder, path, *sent)
        status = answer["statusCode"]
        if status == 303:
            assert "problem=" in answer["headers"]["Location"]
            return
        assert 400 <= status < 500, (status, path, sent)
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        document = json.loads(answer["body"])
        assert document["status"] == status and document["title"] and document["detail"]

    throw()
    assert cloud.case() == before
    assert len(table_calls()) == written


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"cases": 5}',
        b'{"cases": true}',
        b'{"cases": "abc"}',
        b'{"cases": [{"student": "x", "step_version": Infinity}]}',
        b'{"cases": [{"student": "x", "step_version": NaN}]}',
        b'{"teaching": "\\ud800", "idempotency_key": "12345678", "step_version": 0}',
        b'{"idempotency_key": "12345678", "step_version": "' + b"9" * 5000 + b'"}',
        b'{"a": {"b": 1}}',
        b"7",
    ],
)
def test_bodies_that_once_made_it_fail(cloud: Cloud, body: bytes) -> None:
    for path in (ANSWER, "/api/clearance/steps/exit-survey/sign-off"):
        answer = post(cloud, STUDENT, SURVEY, path, body, "application/json")
        assert answer["statusCode"] in (400, 404)
    bulk = post(
        cloud, officer("housing"), DORMITORY, "/api/clearance/steps/dormitory/sign-off", body, "application/json"
    )
    assert json.loads(bulk["body"])["code"] == "malformed-request"


def test_an_officer_s_strange_student_numbers_are_nobody_s(cloud: Cloud) -> None:
    chosen = [{"student": student, "step_version": 0} for student in ("", "x" * 5000, "林", "a#b", "\x00")]
    body = {"cases": chosen, "idempotency_key": uuid.uuid4().hex}
    answer = cloud.call(DORMITORY, officer("housing"), "POST", "/api/clearance/steps/dormitory/sign-off", body)
    assert {one["code"] for one in answer.json["outcomes"]} == {"not-in-season"}


def test_a_failure_of_ours_is_a_problem_too_and_tells_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinji.clearance.store import Store

    def broken(*args: Any, **more: Any) -> Any:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(Store, "change", broken)
    answer = cloud.call(SURVEY, STUDENT, "POST", ANSWER, {"step_version": 0, "idempotency_key": "12345678", **FORM})
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert "secret" not in answer.body
