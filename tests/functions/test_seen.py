"""Who looked at a student's data is written down by every door that shows it, kept once, and told to whose it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from yinji.clearance import codes
from yinji.identity import access_log
from yinji.identity.access_log import AccessLog
from yinji.identity.items import SeenItem
from yinji.identity.session import Session
from yinji.platform import clock

from tests import portal
from tests.archives import with_archive
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_evidence import arrive, begin
from tests.functions.test_portal import certified
from tests.functions.test_season import next_slot
from tests.graduates import LIN, graduate
from tests.infra.conftest import local
from tests.infra.synthesis import Synthesis
from tests.unit.test_inspection import pdf

__all__ = ["local"]

pytestmark = pytest.mark.slow

API = "/api/clearance"
HERE = f"{API}/cases/{LIN.student}"
AUDITOR = Session("A0001", "auditor", "审计员")
LIBRARY = replace(officer("library"), sub="L0001", name="李馆员")
MASTER = graduate(9, category="postgraduate", flags=frozenset({"thesis", "lives_in"}))
THESIS = officer("library")
DOORS: dict[str, tuple[str, str, Session, str]] = {
    f"GET {API}/cases/{{student}}": ("clearance/cases", "", COUNSELLOR, "case"),
    f"GET {API}/cases/{{student}}/certificate": (
        "clearance/certificate_download",
        "/certificate",
        LIBRARY,
        "certificate",
    ),
    f"GET {API}/cases/{{student}}/audit.json": ("clearance/audit_export", "/audit.json", AUDITOR, "audit-export"),
    f"GET {API}/cases/{{student}}/seen": ("identity/who_saw", "/seen", AUDITOR, "access-log"),
}
"""Routes about one student: function, what the path ends with, somebody who may see it, and what is written down."""
OTHERWISE: dict[str, str] = {
    f"GET {API}/cases/{{student}}/evidence/{{id}}/file": "below: it takes a document",
    f"GET {API}/cases/{{student}}/evidence/{{id}}/thumbnail": "below: it takes a document",
    f"GET {API}/cases/{{student}}/steps/{{step}}/appointment.ics": "below: it takes an appointment",
    f"GET {API}/cases/{{student}}/evidence/{{id}}": "only the graduate asks what became of an upload",
    "GET /api/archive/students/{student}/evidence/{id}": "the same, of a claim",
    "GET /api/archive/students/{student}/evidence/{id}/file": "test_archive_claims.py: it takes a document",
    "GET /api/archive/students/{student}/evidence/{id}/thumbnail": "test_archive_claims.py: it takes a document",
    "GET /api/archive/students/{student}/editions": "test_archive_shares.py: it takes an archive",
    "GET /api/archive/students/{student}/editions/{edition}/{file}": "test_archive_shares.py: it takes an edition",
    "GET /api/archive/students/{student}/editions/{edition}/kept-copy": "only its owner takes it along",
    "GET /api/archive/students/{student}/shares": "only whose links they are sees them",
    "GET /api/archive/students/{student}/transcript/{file}": "test_archive_certify_pages.py: it takes an archive",
}
POSTS = {f"POST {API}/cases/{{student}}/sealed/{{step}}/{{field}}": "account"}
"""Routes that show something although they are sent as forms are."""
PAGES = {
    "/cases/{student}": "case",
    "/cases/{student}/history": "history",
    "/cases/{student}/seen": "access-log",
    "/archive/students/{student}": "archive",
    "/archive/students/{student}/years": "archive",
    "/archive/students/{student}/records": "archive",
    "/archive/students/{student}/records/{key}": "archive",
    "/archive/students/{student}/transcript": "transcript",
    "/archive/students/{student}/editions": "edition",
}


def looks(cloud: Cloud) -> list[tuple[str, list[str]]]:
    """What lies in the queue of looks: what was seen, of whom."""
    return [(look["what"], look["students"]) for look in cloud.looks()]


def put_certificate(cloud: Cloud, code: str) -> None:
    cloud.s3.put_object(Bucket="documents", Key=codes.document_key(LIN.student, code), Body=b"%PDF")


def seen(cloud: Cloud, session: Session = LIBRARY, student: str = LIN.student) -> Any:
    return cloud.call("clearance/cases", session, "GET", f"{API}/cases/{student}")


def test_every_route_and_page_about_one_student_is_accounted_for(local: Synthesis) -> None:
    routes = {one.properties["RouteKey"] for one in local.of_type("AWS::ApiGatewayV2::Route")}
    assert {one for one in routes if one.startswith("GET ") and "{student}" in one} == DOORS.keys() | OTHERWISE.keys()
    # what shows a number is a POST; the others do something, and that stands in the history
    assert POSTS.keys() <= routes
    assert {one for one in portal.module().app.routes if "{student}" in one} == PAGES.keys()


@pytest.mark.parametrize("route", DOORS)
def test_whoever_is_shown_what_is_not_theirs_is_written_down(cloud: Cloud, route: str) -> None:
    folder, end, session, what = DOORS[route]
    put_certificate(cloud, certified(cloud))
    cloud.looks()
    assert cloud.call(folder, session, "GET", HERE + end).status == 200
    [look] = cloud.looks()
    assert look == {
        "students": [LIN.student], "what": what, "who": session.sub, "name": session.name, "role": session.role,
        "at": look["at"],
    } | ({"school": session.school} if session.school else {}) | (
        {"department": session.department} if session.department else {}
    )  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_written_down_too(cloud: Cloud, path: str) -> None:
    cloud.open()
    with_archive(LIN)
    assert portal.visit(path.format(student=LIN.student, key="library-loans:L1"), AUDITOR).status == 200
    assert looks(cloud) == [(PAGES[path], [LIN.student])]


def test_documents_and_their_small_pictures_and_appointments(cloud: Cloud) -> None:
    cloud.open(MASTER)
    me, root = Session(MASTER.student, "student", "x"), f"{API}/cases/{MASTER.student}"
    upload = begin(cloud, me, MASTER.student).json
    arrive(cloud, upload, pdf())
    assert cloud.act(me, "dormitory", "book-inspection", MASTER.student, slot=next_slot()).status == 200
    paths = {
        "document": f"{root}/evidence/{upload['id']}/file",
        "thumbnail": f"{root}/evidence/{upload['id']}/thumbnail",
        "appointment": f"{root}/steps/dormitory/appointment.ics",
    }
    for what, path in paths.items():
        folder = "clearance/appointment_calendar" if what == "appointment" else "clearance/evidence_download"
        office = officer("housing") if what == "appointment" else officer("library")
        for session, expected in ((me, []), (office, [(what, [MASTER.student])]), (officer("finance"), [])):
            answer = cloud.call(folder, session, "GET", path)
            assert (answer.status in (200, 303)) == (session in (me, office)), (what, session.sub)
            found = cloud.looks()
            assert [(one["what"], one["students"]) for one in found] == expected, what
            assert {one["step"] for one in found} <= {"thesis-deposit", "dormitory"}


def test_an_account_number_that_is_seen_whole(cloud: Cloud) -> None:
    who = graduate(11, category="international", flags=frozenset({"scholarship"}))
    cloud.open(who)
    account = {"holder": "x y", "card": "6222000012345678", "bank": "Bank of X"}
    me, office = Session(who.student, "student", "x"), officer("international-education")
    assert cloud.act(me, "scholarship-settlement", "confirm-account", who.student, **account).status == 200
    path = f"{API}/cases/{who.student}/sealed/scholarship-settlement/card"
    assert cloud.call("clearance/sealed_answer", me, "POST", path, {}).status == 200
    assert cloud.call("clearance/sealed_answer", COUNSELLOR, "POST", path, {}).status == 403
    assert looks(cloud) == []
    assert cloud.call("clearance/sealed_answer", office, "POST", path, {}).status == 200
    assert looks(cloud) == [("account", [who.student])]


def test_ones_own_and_practice_and_what_was_refused_or_is_not_there_leave_nothing(cloud: Cloud) -> None:
    cloud.open()
    begin = {"idempotency_key": "a-key-of-mine"}
    assert cloud.call("clearance/practice", officer("library"), "POST", f"{API}/practice", begin).status == 200
    for path in ("/me", "/me/history", f"/cases/{LIN.student}", f"/cases/{LIN.student}/history", "/account/seen"):
        assert portal.visit(path, STUDENT).status == 200, path
    assert portal.visit("/cases/P-library-01", officer("library")).status == 200
    assert portal.visit(f"/cases/{LIN.student}", Session("T2", "counsellor", "x", school="S02")).status == 403
    assert seen(cloud, STUDENT).status == 200
    assert seen(cloud, LIBRARY, "2022S09999").status == 404
    assert cloud.call("clearance/certificate_download", LIBRARY, "GET", f"{HERE}/certificate").status == 404
    assert cloud.call("identity/who_saw", LIBRARY, "GET", f"{HERE}/seen").status == 403
    assert cloud.call("identity/who_saw", STUDENT, "GET", f"{HERE}/seen").status == 200
    assert looks(cloud) == []


def test_what_cannot_be_written_down_is_not_shown(cloud: Cloud) -> None:
    put_certificate(cloud, certified(cloud))
    cloud.sqs.delete_queue(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/yinji-seen")
    for folder, end, session, _ in DOORS.values():
        answer = cloud.call(folder, session, "GET", HERE + end)
        assert (answer.status, answer.json["code"]) == (503, "look-not-noted"), folder
        assert LIN.name not in answer.body and LIN.student not in answer.body
    page = portal.visit(f"/cases/{LIN.student}", LIBRARY)
    assert page.status == 503 and LIN.name not in page.body and "留下记录" in page.body
    taken = cloud.call("clearance/exports", COUNSELLOR, "GET", f"{API}/exports/matrix.csv?school=S01")
    assert (taken.status, taken.json["code"]) == (503, "look-not-noted")
    # what is theirs does not wait for it
    assert portal.visit("/me", STUDENT).status == 200 and seen(cloud, STUDENT).status == 200


def test_who_is_in_a_list_that_is_taken_as_a_file_is_told_so_and_nobody_else(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2), graduate(3, school="S02"))
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1}, {"student": graduate(2).student})

    def taken(file: str, session: Session) -> list[tuple[str, list[str]]]:
        assert cloud.call("clearance/exports", session, "GET", f"{API}/exports/{file}").status == 200
        return [(what, sorted(students)) for what, students in looks(cloud)]

    here = [LIN.student, graduate(2).student]
    assert taken("matrix.csv?school=S01", COUNSELLOR) == [("list", here)]
    assert taken("matrix.xlsx?school=S01&show=stuck", COUNSELLOR) == [("list", here[:1])]
    assert taken("cases.csv", AUDITOR) == [("list", [*here, graduate(3, school="S02").student])]
    assert taken("season.csv", AUDITOR) == taken("burn-down.csv", AUDITOR) == [], "numbers are of nobody"
    assert taken("queue.csv?step=library-loans", LIBRARY) == []
    answer = cloud.call("clearance/audit_export", AUDITOR, "GET", f"{API}/schools/S01/audit.ndjson")
    assert answer.status == 200 and looks(cloud) == [("audit-export", here)]


def test_of_histories_in_parts_each_part_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import handlers

    cloud.open(LIN, graduate(2), graduate(3))
    export = handlers.warm("clearance/audit_export")
    monkeypatch.setattr(export, "CHUNK", 1)
    monkeypatch.setattr(export, "LARGEST", 1)
    path, after, parts = f"{API}/schools/S01/audit.ndjson", "", list[list[str]]()
    for _ in range(3):
        body = cloud.call("clearance/audit_export", AUDITOR, "GET", f"{path}?after={after}").body
        parts += [students for _, students in looks(cloud)]
        after = json.loads(body.splitlines()[-1]).get("next", "")
    assert parts == [[LIN.student], [graduate(2).student], [graduate(3).student]] and after == ""


# --- what is kept ---------------------------------------------------------------------------------------------


def entries(student: str = LIN.student) -> list[Any]:
    return AccessLog().of(student)


def test_a_message_that_comes_twice_late_and_in_any_order_leaves_one_entry(cloud: Cloud) -> None:
    cloud.open()
    seen(cloud)
    [look] = cloud.looks()
    later, earlier = look | {"at": "2026-06-03T06:05:00.000Z"}, look | {"at": "2026-06-03T01:31:59.000Z"}
    for told in (later, earlier, later, earlier, earlier | {"at": "2026-06-03T01:31:00.000Z"}):
        assert cloud.keep(told) == {"batchItemFailures": []}
    [one] = entries()
    assert (one.who, one.name, one.department, one.what) == ("L0001", "李馆员", "library", "case")
    assert list(one.minutes) == ["09:31", "14:05"] and one.day.isoformat() == "2026-06-03"


def test_days_roles_and_what_was_seen_are_entries_of_their_own(cloud: Cloud) -> None:
    look = {"students": [LIN.student], "what": "case", "who": "C1", "role": "counsellor", "school": "S01"}
    look |= {"at": "2026-06-03T01:00:00.000Z"}
    others = [
        {"at": "2026-06-03T17:00:00.000Z"},  # the next day on the campus
        {"what": "history"},
        {"what": "document", "step": "thesis-deposit"},
        {"what": "document", "step": "residence-permit"},
        {"acts_for": "C2"},
        {"role": "school-officer"},
        {"who": "C3"},
        {"students": [graduate(2).student]},
    ]
    cloud.keep(look, *(look | other for other in others))
    assert len(entries()) == len(others) and len(entries(graduate(2).student)) == 1
    assert entries()[0].day.isoformat() == "2026-06-04", "the latest day is the first"


def test_every_entry_goes_three_years_later_and_none_lies_where_the_register_reads(cloud: Cloud) -> None:
    cloud.open()
    seen(cloud)
    cloud.keep()
    [item] = [one for one in cloud.dynamodb.scan(TableName="People")["Items"] if "minutes" in one]
    assert item["pk"] == {"S": f"SEEN#{LIN.student}"}
    left = int(item["expires_at"]["N"]) - datetime.now(UTC).timestamp()
    assert abs(left / 86400 - 3 * 365) < 2
    assert set(item) <= set(SeenItem.get_attributes())


def test_a_message_that_is_none_holds_up_no_other(cloud: Cloud) -> None:
    look = {"students": [LIN.student], "what": "case", "who": "C1", "role": "auditor", "at": "2026-06-03T01:00:00.000Z"}
    records = [
        {"messageId": str(place), "eventSource": "aws:sqs", "body": body}
        for place, body in enumerate(["nonsense", json.dumps(look), json.dumps(look | {"what": "diary"})])
    ]
    answer = cloud.invoke("identity/seen", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}]}
    assert len(entries()) == 1


def test_who_died_in_the_middle_of_a_list_leaves_a_message_that_comes_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = {"what": "list", "who": "C1", "role": "auditor", "at": "2026-06-03T01:00:00.000Z"}
    look |= {"students": [graduate(number).student for number in range(1, 30)]}
    keep, died = AccessLog._keep, list[str]()

    def falter(self: AccessLog, one: Any, student: str) -> None:
        if student == graduate(20).student and not died:
            died.append(student)
            raise TimeoutError
        keep(self, one, student)

    monkeypatch.setattr(access_log.AccessLog, "_keep", falter)
    with pytest.raises(Exception, match="All records failed"):
        cloud.keep(look)
    assert cloud.keep(look) == {"batchItemFailures": []}
    assert all(len(entries(student)) == 1 and entries(student)[0].times == 1 for student in look["students"])


# --- what is told ---------------------------------------------------------------------------------------------


@pytest.fixture
def looked(cloud: Cloud) -> Cloud:
    cloud.open(LIN, graduate(2))
    for session in (LIBRARY, replace(LIBRARY, sub="L0002", name="赵馆员"), replace(COUNSELLOR, acts_for="T0009")):
        assert seen(cloud, session).status == 200
    portal.visit(f"/cases/{LIN.student}/history", AUDITOR)
    cloud.call("clearance/exports", COUNSELLOR, "GET", f"{API}/exports/matrix.csv?school=S01")
    cloud.keep()
    return cloud


PERSONS = ("L0001", "L0002", "李馆员", "赵馆员", "T0001", "T0009", "王老师", "A0001", "审计员")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("图书馆", "查看了离校详情", "导出了有你的名单", "审计")),
        ("en", ("Library", "opened the case", "Auditor")),
    ],
)
def test_graduates_are_told_which_office_looked_and_no_person(
    looked: Cloud, language: str, words: tuple[str, ...]
) -> None:
    page = portal.visit("/account/seen", STUDENT, language)
    assert page.status == 200 and all(word in page.body for word in words)
    assert [person for person in PERSONS if person in page.body] == []
    assert page.body.count("<li>") == 4, "two of the library are one line"


def test_auditors_are_told_the_person_and_are_told_of_themselves(looked: Cloud) -> None:
    page = portal.visit(f"/cases/{LIN.student}/seen", AUDITOR)
    assert all(person in page.body for person in PERSONS)
    looked.keep()
    [one] = [one for one in entries() if one.what == "access-log"]
    assert one.who == AUDITOR.sub
    assert "查看了这份查看记录" in portal.visit("/account/seen", STUDENT).body


def test_programs_are_told_the_same(looked: Cloud) -> None:
    mine = looked.call("identity/who_saw", STUDENT, "GET", "/api/account/seen").json
    assert mine["student"] == LIN.student and len(mine["seen"]) == 4
    assert [person for person in PERSONS if person in json.dumps(mine, ensure_ascii=False)] == []
    told = looked.call("identity/who_saw", AUDITOR, "GET", f"{HERE}/seen").json
    assert all(person in json.dumps(told, ensure_ascii=False) for person in PERSONS) and len(told["seen"]) == 5
    assert mine["seen"][0]["day"] == clock.today().isoformat()
    assert all(re.fullmatch(r"\d\d:\d\d", minute) for one in mine["seen"] for minute in one["minutes"])


def test_another_graduate_is_told_of_the_list_only(looked: Cloud) -> None:
    other = Session(graduate(2).student, "student", "x")
    [one] = looked.call("identity/who_saw", other, "GET", "/api/account/seen").json["seen"]
    assert (one["what"], one["role"], one["school"]) == ("list", "counsellor", "S01")


@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR, LIBRARY])
def test_nobody_else_is_told_of_anybody(looked: Cloud, session: Session) -> None:
    path = f"{API}/cases/{graduate(2).student}/seen"
    assert looked.call("identity/who_saw", session, "GET", path).status == 403
    assert portal.visit(f"/cases/{graduate(2).student}/seen", session).status == 403
