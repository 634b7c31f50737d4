"""Batches from their declaration to their report, arrangements for single cases, and many cases changed alike."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yinji.clearance import definition
from yinji.identity.session import Session
from yinji.platform import clock

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_season import hand_over, settle_everything
from tests.graduates import LIN, graduate
from tests.portal import visit

pytestmark = pytest.mark.slow

ADMINISTRATOR = Session("A", "administrator", "x")
AUDITOR = Session("B", "auditor", "x")
SCHOOL_OFFICER = Session("T0009", "school-officer", "x", school="S01")
AMINA = replace(LIN, student="2022L25001", category="international", school="S25", nationality="PK")
BATCHES = "/api/clearance/batches"
WINTER = {"batch": "2026-winter", "title_zh": "冬季", "title_en": "Winter", "opens_on": "2026-11-01",
          "deadline": "2026-12-31"}  # fmt: skip


def arrange(cloud: Cloud, session: Session, name: str, student: str = LIN.student, key: str = "", **told: str) -> Any:
    body = {"idempotency_key": key or uuid.uuid4().hex, **told}
    path = f"/api/clearance/cases/{student}/arrangements/{name}"
    return cloud.call("clearance/arrange", session, "POST", path, body)


def rearrange(cloud: Cloud) -> dict[str, int]:
    """Let `rearrange` hear what was said last."""
    kind, detail = cloud.said[-1]
    message = {"id": "m", "source": "yinji.clearance", "detail-type": kind, "detail": detail}
    return cloud.invoke("clearance/rearrange", message)


def tomorrow(days: int = 1) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


# --- batches -------------------------------------------------------------------------------------------------
def test_a_batch_declared_on_the_page_comes_in_like_any_other(cloud: Cloud) -> None:
    answer = cloud.call("clearance/batches", ADMINISTRATOR, "POST", BATCHES, WINTER)
    assert answer.status == 200
    key = "rosters/2026-winter/batch.json"
    data = cloud.s3.get_object(Bucket="intake", Key=key)["Body"].read()
    assert cloud.put(key, data, "clearance/open_cases")["status"] == "accepted"
    assert [batch["id"] for batch in cloud.call("clearance/batches", AUDITOR, "GET", BATCHES).json["batches"]] == [
        "2026-winter"
    ]


@pytest.mark.parametrize(
    "wrong", [{"batch": "Winter 2026"}, {"deadline": "2026-10-01"}, {"opens_on": "soon"}, {"batch": "../x"}]
)
def test_a_batch_that_makes_no_sense_is_refused(cloud: Cloud, wrong: dict[str, str]) -> None:
    answer = cloud.call("clearance/batches", ADMINISTRATOR, "POST", BATCHES, WINTER | wrong)
    assert (answer.status, answer.json["code"]) == (422, "batch-not-possible")
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket="intake")


def test_before_the_opening_day_a_student_looks_and_does_not_act(cloud: Cloud) -> None:
    cloud.open()
    batch = {"title": {"zh": "夏", "en": "Summer"}, "opens_on": tomorrow(3), "deadline": tomorrow(30)}
    cloud.put("rosters/2026-summer/batch.json", json.dumps(batch), "clearance/open_cases")
    assert cloud.case().opens_on.isoformat() == tomorrow(3)
    answers = {"teaching": "5", "services": "4"}
    refused = cloud.act(STUDENT, "exit-survey", "answer", **answers)
    assert (refused.status, refused.json["code"]) == (409, "not-open-yet") and tomorrow(3) in refused.json["detail"]
    steps = cloud.call("clearance/cases", STUDENT, "GET", f"/api/clearance/cases/{LIN.student}").json["steps"]
    assert not any(step["actions"] for step in steps)
    batch["opens_on"] = clock.today().isoformat()
    cloud.put("rosters/2026-summer/batch.json", json.dumps(batch), "clearance/open_cases")
    assert cloud.act(STUDENT, "exit-survey", "answer", **answers).status == 200


def test_a_reason_of_spaces_is_none(cloud: Cloud) -> None:
    cloud.open()
    refused = arrange(cloud, SCHOOL_OFFICER, "withdraw", reason="   ")
    assert (refused.status, refused.json["errors"]) == (422, [{"field": "reason", "code": "required"}])
    assert cloud.case().withdrawn_at is None


def test_whoever_was_withdrawn_is_told_of_in_their_school(cloud: Cloud) -> None:
    cloud.open()
    assert arrange(cloud, SCHOOL_OFFICER, "withdraw", reason="延期毕业").status == 200
    told = cloud.call("clearance/cases", SCHOOL_OFFICER, "GET", f"/api/clearance/cases/{LIN.student}").json
    assert told["school"] == "S01"


def test_the_closing_report_keeps_the_figures_of_its_moment(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2), graduate(3))
    settle_everything(cloud)
    assert arrange(cloud, SCHOOL_OFFICER, "withdraw", graduate(3).student, reason="延期毕业").status == 200
    path = f"{BATCHES}/2026-summer"
    assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", f"{path}/close", {}).status == 200
    again = cloud.call("clearance/batches", ADMINISTRATOR, "POST", f"{path}/close", {})
    assert (again.status, again.json["code"]) == (409, "batch-closed-already")
    assert arrange(cloud, ADMINISTRATOR, "restore", graduate(3).student).status == 200
    told = cloud.call("clearance/batches", AUDITOR, "GET", path).json
    assert (told["closing"]["whole"]["cases"], told["closing"]["withdrawn"]) == (2, 1)
    assert told["closing"]["whole"]["finished"] == 1
    assert (told["now"]["whole"]["cases"], told["now"]["withdrawn"]) == (3, 0)
    assert told["now"]["schools"]["S01"]["cases"] == 3
    assert LIN.name not in json.dumps(told, ensure_ascii=False)


def test_the_unfinished_are_carried_over_once(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    settle_everything(cloud)
    cloud.call("clearance/batches", ADMINISTRATOR, "POST", BATCHES, WINTER)
    key = "rosters/2026-winter/batch.json"
    cloud.put(key, cloud.s3.get_object(Bucket="intake", Key=key)["Body"].read(), "clearance/open_cases")
    path = f"{BATCHES}/2026-summer/carry-over"
    assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", path, {"into": "2026-winter"}).status == 200
    assert rearrange(cloud) == {"changed": 1}
    assert rearrange(cloud) == {"changed": 0}
    assert (cloud.case().batch, cloud.case(graduate(2).student).batch) == ("2026-summer", "2026-winter")


@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR, SCHOOL_OFFICER, officer("finance"), AUDITOR])
def test_only_administrators_manage_batches(cloud: Cloud, session: Session) -> None:
    cloud.open()
    posts = {
        BATCHES: WINTER,
        f"{BATCHES}/2026-summer/close": {},
        "/api/clearance/flows/undergraduate/migrate": {"version": "1"},
    }
    for path, body in posts.items():
        answer = cloud.call("clearance/batches", session, "POST", path, body)
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert store().closing("2026-summer") is None and not [kind for kind, _ in cloud.said if kind == "rearrange"]


def test_a_withdrawal_file_takes_graduates_out_and_says_whom_it_could_not(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2), graduate(3))
    settle_everything(cloud)
    rows = [
        (graduate(2).student, "延期毕业"),
        (LIN.student, "太晚了"),
        ("2022S09999", "没有这个人"),
        (graduate(3).student, ""),
    ]
    data = "student,reason\n" + "".join(f"{student},{reason}\n" for student, reason in rows)
    assert cloud.put("rosters/2026-summer/out.csv", data, "clearance/open_cases")["withdrawn"] == 1
    report = cloud.put("rosters/2026-summer/out-again.csv", data, "clearance/open_cases")
    assert (report["withdrawn"], report["unchanged"], report["rows"]) == (0, 1, 4)
    told = [(row["line"], row["code"]) for row in report["rejected"]]
    assert sorted(told) == [(3, "case-closed"), (4, "not-in-batch"), (5, "value")]
    event = store().events(graduate(2).student)[-1]
    assert (event.what, event.who, event.why) == ("withdraw", "roster", "延期毕业")
    assert cloud.case(graduate(2).student).withdrawn_at and not cloud.case(graduate(3).student).withdrawn_at


# --- one case ------------------------------------------------------------------------------------------------
def test_an_extension_is_the_student_s_new_deadline(cloud: Cloud) -> None:
    cloud.open()
    until = tomorrow(60) if tomorrow(60) > "2026-07-01" else "2026-08-01"
    assert arrange(cloud, COUNSELLOR, "extend", until=until, reason="生病住院").status == 200
    assert cloud.case().deadline.isoformat() == until
    event = store().events(LIN.student)[-1]
    assert (event.what, event.why, event.evidence["until"]) == ("extend", "生病住院", until)


def test_the_same_press_twice_is_one_arrangement(cloud: Cloud) -> None:
    cloud.open()
    first = arrange(cloud, SCHOOL_OFFICER, "withdraw", key="press-once", reason="延期毕业")
    again = arrange(cloud, SCHOOL_OFFICER, "withdraw", key="press-once", reason="延期毕业")
    assert (first.json["repeated"], again.json["repeated"]) == (False, True)
    other = arrange(cloud, SCHOOL_OFFICER, "withdraw", key="press-once", reason="另一个理由")
    assert (other.status, other.json["code"]) == (422, "key-reused")


def test_nobody_acts_on_who_was_withdrawn_and_no_list_has_them(cloud: Cloud) -> None:
    cloud.open()
    assert arrange(cloud, SCHOOL_OFFICER, "withdraw", reason="延期毕业").status == 200
    refused = cloud.act(STUDENT, "exit-survey", "answer", teaching="5", services="4")
    assert (refused.status, refused.json["code"]) == (409, "case-withdrawn")
    school = cloud.call("clearance/cases", COUNSELLOR, "GET", "/api/clearance/schools/S01").json
    assert school["cases"] == []
    assert cloud.feed("library-loans", {"student": LIN.student, "loans": 0})["changed"] == 1  # facts still arrive
    assert arrange(cloud, SCHOOL_OFFICER, "restore").status == 200
    assert cloud.case().state("library-loans") == "done"
    assert len(cloud.call("clearance/cases", COUNSELLOR, "GET", "/api/clearance/schools/S01").json["cases"]) == 1


def test_a_student_goes_abroad_by_themselves_and_nobody_else_s_school_moves_them(cloud: Cloud) -> None:
    cloud.open(AMINA)
    student = Session(AMINA.student, "student", AMINA.name)
    assert arrange(cloud, COUNSELLOR, "move-abroad", AMINA.student).status == 403
    assert arrange(cloud, officer("library"), "move-abroad", AMINA.student).status == 403
    assert arrange(cloud, STUDENT, "move-abroad", AMINA.student).status == 403
    assert arrange(cloud, student, "move-abroad", AMINA.student).status == 200
    assert cloud.case(AMINA.student).flow == "international-overseas"
    assert arrange(cloud, officer("international-education"), "return-to-campus", AMINA.student).status == 200
    assert cloud.case(AMINA.student).flow == "international-on-campus"
    again = arrange(cloud, student, "return-to-campus", AMINA.student)
    assert (again.status, again.json["code"]) == (409, "not-possible-now")


def test_a_reopened_case_revokes_its_certificate_and_gets_a_new_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import handlers

    monkeypatch.setattr(handlers.warm("clearance/certificate"), "certificate_pdf", lambda data, at: b"%PDF-")
    message = {"id": "m", "source": "yinji.clearance", "detail-type": "case-finished"}
    finished = message | {"detail": {"student": LIN.student}}
    cloud.open()
    settle_everything(cloud)
    cloud.invoke("clearance/certificate", finished)
    old = cloud.case().certificate.code
    for session in (STUDENT, COUNSELLOR, SCHOOL_OFFICER, officer("academic-affairs"), AUDITOR):
        assert arrange(cloud, session, "reopen", reason="证书退回").status == 403
    assert arrange(cloud, ADMINISTRATOR, "reopen", reason="证书退回").status == 200
    assert cloud.case().certificate is None and cloud.case().state("diploma") == "ready"
    record = store().certificate(old)
    assert record and record.revoked_at
    path = f"/api/clearance/cases/{LIN.student}/certificate"
    assert cloud.call("clearance/certificate_download", STUDENT, "GET", path).status == 404
    page = visit(f"/verify/{old}", language="en")
    assert page.status == 200 and "revoked" in page.body and "authentic" not in page.body
    hand_over(cloud)
    cloud.invoke("clearance/certificate", finished)
    new = cloud.case().certificate.code
    assert new != old and not store().certificate(new).revoked_at  # type: ignore[union-attr]


# --- flows ---------------------------------------------------------------------------------------------------
def test_a_flow_is_migrated_as_previewed_and_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open(LIN, graduate(2))
    arrange(cloud, SCHOOL_OFFICER, "withdraw", graduate(2).student, reason="延期毕业")
    path = "/api/clearance/flows/undergraduate/migrate"
    monkeypatch.setattr(definition, "flow_version", lambda flow: 2)
    stale = cloud.call("clearance/batches", ADMINISTRATOR, "POST", path, {"version": "1"})
    assert (stale.status, stale.json["code"]) == (409, "changed-meanwhile")
    assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", path, {"version": "2"}).status == 200
    assert rearrange(cloud) == {"changed": 1}
    assert rearrange(cloud) == {"changed": 0}
    assert cloud.case().flow_version == 2 and cloud.case(graduate(2).student).flow_version == 1
    event = store().events(LIN.student)[-1]
    assert (event.what, event.who) == ("flow-migrated", "A")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_administrators_see_batches_reports_and_flows(
    cloud: Cloud, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open(LIN, graduate(2))
    for path in ("/batches", "/batches/2026-summer", "/flows"):
        assert visit(path, ADMINISTRATOR, language=language).status == 200
        assert visit(path, AUDITOR, language=language).status == 200
        assert visit(path, COUNSELLOR, language=language).status == 403
    assert visit("/batches/none", ADMINISTRATOR).status == 404
    assert "/api/clearance/batches" not in visit("/batches", AUDITOR).body
    monkeypatch.setattr(definition, "flow_version", lambda flow: 2)
    page = visit("/flows", ADMINISTRATOR, language=language)
    assert "/api/clearance/flows/undergraduate/migrate" in page.body


def test_a_page_offers_only_the_arrangements_there_are(cloud: Cloud) -> None:
    cloud.open()
    form: Callable[[str], str] = lambda name: f"/api/clearance/cases/{LIN.student}/arrangements/{name}"  # noqa: E731
    page = visit(f"/cases/{LIN.student}", SCHOOL_OFFICER).body
    assert form("extend") in page and form("withdraw") in page and form("move-abroad") not in page
    assert "/arrangements/" not in visit("/me", STUDENT).body
    assert form("extend") not in visit(f"/cases/{LIN.student}", officer("library")).body
