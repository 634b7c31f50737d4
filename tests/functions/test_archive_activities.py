"""Activities over the API: who announces, changes and cancels; who comes; what is delivered; how one checks in."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from yinji.archive import check_in
from yinji.archive.catalogue import Book, Teacher
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.store import Archive
from yinji.clearance.store import Store
from yinji.identity.session import Session, host_bound
from yinji.platform import limits

from tests.archives import BEGINS, SU, Library, activity, as_csv, now, student
from tests.functions.conftest import Cloud, cloud

__all__ = ["cloud", "now"]

STUDENT = Session(SU.student, "student", SU.name, "S01")
OTHER = Session("2022S01002", "student", "学生2", "S01")
OFFICER = Session("T0002", "school-officer", "周老师", "S01")
ELSEWHERE = Session("T0003", "school-officer", "吴老师", "S02")
COUNSELLOR = Session("T0001", "counsellor", "郑老师", "S01")
AFFAIRS = Session("D0001", "department-officer", "学生处", department="student-affairs")
LIBRARY = Session("D0002", "department-officer", "图书馆", department="library")
ADMINISTRATOR = Session("admin", "administrator", "网信中心")
PATH = "/api/archive/activities"
KEYS = ["new", "old"]


@pytest.fixture
def library(cloud: Cloud, now: Any) -> Library:
    found = Library(cloud)
    found.enrol(SU, student(2), student(3))
    Catalogue().put(activity(capacity=2))
    return found


def call(
    library: Library, folder: str, who: Session | None, method: str, path: str, body: Any = None, **more: Any
) -> SimpleNamespace:
    return library.cloud.call(f"archive/{folder}", who, method, path, body, **more)


FORM = {
    "kind": "lecture",
    "title": "从甲骨到芯片",
    "organiser": "文学院",
    "place": "致远楼报告厅",
    "begins_at": "2026-06-12T19:00",
    "minutes": "90",
    "capacity": "200",
}


def announce(library: Library, who: Session, key: str = "announce-1", **fields: Any) -> SimpleNamespace:
    return call(library, "activities", who, "POST", PATH, {**FORM, "idempotency_key": key, **fields})


def change(library: Library, who: Session, deed: str = "change", id: str = "A1", **fields: Any) -> SimpleNamespace:
    return call(library, "activities", who, "POST", f"{PATH}/{id}/{deed}", fields)


# --- announcing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "school", "status"),
    [
        (OFFICER, None, 200),
        (OFFICER, "S02", 403),
        (OFFICER, "", 403),
        (AFFAIRS, "", 200),
        (AFFAIRS, "S02", 200),
        (ADMINISTRATOR, "", 200),
        (LIBRARY, "", 403),
        (COUNSELLOR, "S01", 403),
        (STUDENT, "S01", 403),
    ],
)
def test_a_school_announces_its_own_and_student_affairs_whatever_there_is(
    library: Library, who: Session, school: str | None, status: int
) -> None:
    answer = announce(library, who, **({} if school is None else {"school": school}))
    assert answer.status == status
    if status == 200:
        expected = who.school if school is None else school
        assert (answer.json["school"], answer.json["begins_at"]) == (expected, "2026-06-12T11:00:00.000Z")
        [event] = Catalogue().events(answer.json["id"])
        assert (event.what, event.who) == ("announced", who.sub)


def test_what_is_announced_twice_by_one_press_is_there_once(library: Library) -> None:
    first, again = announce(library, OFFICER), announce(library, OFFICER)
    assert first.json == again.json
    assert announce(library, OFFICER, key="announce-2").json["id"] != first.json["id"]
    found = call(library, "activities", STUDENT, "GET", PATH).json["activities"]
    assert [one["title"] for one in found] == ["讲座 1", "从甲骨到芯片", "从甲骨到芯片"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": " "}, ("title", "required")),
        ({"kind": "book"}, ("kind", "invalid")),
        ({"minutes": "0"}, ("minutes", "invalid")),
        ({"minutes": "-5"}, ("minutes", "invalid")),
        ({"capacity": "1e9"}, ("capacity", "invalid")),
        ({"begins_at": "tomorrow"}, ("begins_at", "invalid")),
        ({"begins_at": "2026-05-01T19:00"}, ("begins_at", "invalid")),
        ({"dimension": "magic"}, ("dimension", "invalid")),
        ({"title": "\u202egnihtemos"}, ("title", "invalid")),
        ({"about": "x" * 2001}, ("about", "invalid")),
        ({"id": "A1"}, ("id", "unknown")),
        ({"state": "cancelled"}, ("state", "unknown")),
    ],
)
def test_what_cannot_be_right_is_told_by_its_field_and_changes_nothing(
    library: Library, fields: dict[str, str], wrong: tuple[str, str]
) -> None:
    answer = announce(library, OFFICER, **fields)
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [wrong]
    assert len(Catalogue().term("2025-2026-2")) == 1


def test_a_change_is_made_on_what_was_seen_and_moves_the_activity(library: Library) -> None:
    answer = change(library, OFFICER, version=1, place="操场", begins_at="2026-06-11T19:00")
    assert (answer.status, answer.json["version"], answer.json["place"]) == (200, 2, "操场")
    assert Catalogue().at("致远楼报告厅", BEGINS) is None
    again = change(library, OFFICER, version=1, place="操场", begins_at="2026-06-11T19:00")
    assert (again.status, again.json["version"]) == (200, 2), "the same press twice"
    late = change(library, OFFICER, version=1, title="另一个")
    assert (late.status, late.json["code"]) == (409, "changed-meanwhile")
    [event] = Catalogue().events("A1")
    assert event.was == {"place": "致远楼报告厅", "begins_at": "2026-06-10T11:00:00.000Z"}


def test_nobody_changes_what_is_another_schools_or_gives_theirs_away(library: Library) -> None:
    assert change(library, ELSEWHERE, version=1, title="x").status == 403
    assert change(library, OFFICER, version=1, school="S02").status == 403
    assert change(library, ELSEWHERE, "cancel").status == 403
    assert change(library, STUDENT, "cancel").status == 403
    assert change(library, OFFICER, id="A404", version=1).status == 404
    found = Catalogue().find("A1")
    assert found and found.version == 1


def test_a_cancelled_activity_stays_cancelled_and_one_that_is_over_stays_as_it_was(
    library: Library, now: Callable[[datetime], None]
) -> None:
    assert change(library, OFFICER, "cancel").json["state"] == "cancelled"
    assert change(library, OFFICER, "cancel").json["version"] == 2, "again changes nothing"
    assert change(library, OFFICER, version=2, title="x").json["code"] == "activity-cancelled"
    Catalogue().put(activity(2))
    now(BEGINS + timedelta(minutes=90))
    assert change(library, OFFICER, id="A2", version=1, title="x").json["code"] == "activity-over"
    assert change(library, OFFICER, "cancel", "A2").json["code"] == "activity-over"


def test_everybody_of_the_university_finds_what_is_coming(library: Library) -> None:
    Catalogue().put(activity(2, kind="art", begins_at=BEGINS + timedelta(hours=1)))
    for who in (STUDENT, COUNSELLOR, LIBRARY):
        assert len(call(library, "activities", who, "GET", PATH).json["activities"]) == 2
    some = call(library, "activities", STUDENT, "GET", f"{PATH}?dimension=aesthetic").json["activities"]
    assert [one["id"] for one in some] == ["A2"]
    term = call(library, "activities", STUDENT, "GET", f"{PATH}?term=2025-2026-2&kind=lecture").json["activities"]
    assert [one["id"] for one in term] == ["A1"]
    assert call(library, "activities", STUDENT, "GET", f"{PATH}?term=autumn").status == 400
    assert call(library, "activities", STUDENT, "GET", f"{PATH}/A1").json["title"] == "讲座 1"
    assert call(library, "activities", STUDENT, "GET", f"{PATH}/A404").status == 404


# --- signing up ------------------------------------------------------------------------------------------------


def press(
    library: Library, who: Session, deed: str = "sign-up", id: str = "A1", key: str | None = None
) -> SimpleNamespace:
    """Press the button of `deed`; with the key of an earlier press it is that one, sent again."""
    told = {"idempotency_key": uuid4().hex if key is None else key}
    return call(library, "sign_up", who, "POST", f"{PATH}/{id}/{deed}", told)


def test_a_student_signs_up_waits_and_gets_the_place_that_is_given_back(library: Library) -> None:
    change(library, OFFICER, version=1, capacity=1)
    assert press(library, STUDENT).json == {"activity": "A1", "standing": "held", "ahead": 0}
    assert press(library, OTHER).json == {"activity": "A1", "standing": "waiting", "ahead": 0}
    assert press(library, OTHER).json["standing"] == "waiting"
    assert press(library, STUDENT, "give-back").json["standing"] == ""
    assert press(library, OTHER).json["standing"] == "held"


UP, BACK = "sign-up-1", "give-back-1"


def test_a_late_repeat_of_a_sign_up_brings_nobody_back_who_left(library: Library) -> None:
    assert press(library, STUDENT, key=UP).json["standing"] == "held"
    assert press(library, STUDENT, key="sign-up-2").json["standing"] == "held", "pressed twice, by two keys"
    press(library, STUDENT, "give-back", key=BACK)
    for late in (UP, "sign-up-2"):
        assert press(library, STUDENT, key=late).json == {"activity": "A1", "standing": "", "ahead": 0}
    assert Catalogue().mine("A1", SU.student) is None
    assert press(library, STUDENT, key="sign-up-3").json["standing"] == "held", "asked anew it is done"


def test_a_late_repeat_of_giving_back_takes_no_place_away(library: Library) -> None:
    press(library, STUDENT, "give-back", key="give-back-0")
    press(library, STUDENT, key=UP)
    assert press(library, STUDENT, "give-back", key="give-back-0").json["standing"] == "held", "it came before"
    press(library, STUDENT, "give-back", key=BACK)
    press(library, STUDENT, key="sign-up-2")
    assert press(library, STUDENT, "give-back", key=BACK).json["standing"] == "held"
    found = Catalogue().find("A1")
    assert found and (found.taken, found.waiting) == (1, 0)


def test_a_repeat_is_answered_when_nobody_signs_up_any_more(library: Library, now: Callable[[datetime], None]) -> None:
    press(library, STUDENT, key=UP)
    now(BEGINS)
    assert press(library, STUDENT, key=UP).json["standing"] == "held"
    assert press(library, STUDENT).json["code"] == "sign-up-closed"


def test_a_key_is_for_one_deed_of_one_student_and_activity(library: Library) -> None:
    Catalogue().put(activity(2))
    assert press(library, STUDENT, key=UP).json["standing"] == "held"
    answer = press(library, STUDENT, "give-back", key=UP)
    assert (answer.status, answer.json["code"]) == (422, "key-reused")
    assert press(library, OTHER, key=UP).json["standing"] == "held"
    assert press(library, STUDENT, id="A2", key=UP).json["standing"] == "held"
    for deed in ("sign-up", "give-back"):
        assert press(library, STUDENT, deed, key="").json["code"] == "malformed-request"


@pytest.mark.parametrize("who", [OFFICER, COUNSELLOR, AFFAIRS, ADMINISTRATOR])
def test_only_students_sign_up(library: Library, who: Session) -> None:
    assert press(library, who).status == press(library, who, "give-back").status == 403


def test_who_is_not_in_the_register_of_students_is_told_whom_to_ask(library: Library) -> None:
    answer = press(library, Session("2022S01404", "student", "无名", "S01"))
    assert (answer.status, answer.json["code"]) == (409, "not-enrolled")
    assert press(library, STUDENT, id="A404").status == 404


def test_the_organiser_sees_who_comes_and_that_they_looked_is_written_down(library: Library) -> None:
    press(library, STUDENT)
    answer = call(library, "audience", OFFICER, "GET", f"{PATH}/A1/sign-ups")
    [guest] = answer.json["guests"]
    assert (guest["student"], guest["name"], guest["standing"], guest["came"]) == (SU.student, SU.name, "held", False)
    [look] = library.cloud.looks()
    assert (look["what"], look["students"], look["who"]) == ("sign-ups", [SU.student], OFFICER.sub)
    for who in (ELSEWHERE, STUDENT, COUNSELLOR, LIBRARY):
        assert call(library, "audience", who, "GET", f"{PATH}/A1/sign-ups").status == 403
    assert library.cloud.looks() == []


def test_the_list_is_a_file_for_a_spreadsheet_and_who_took_it_is_known(library: Library) -> None:
    Catalogue().put(activity(9, title="=cmd()", school="S01"))
    for who in (STUDENT, OTHER):
        press(library, who, id="A9")
    Catalogue().came("A9", "2022S01003", BEGINS)
    answer = call(library, "audience", OFFICER, "GET", f"{PATH}/A9/sign-ups/sign-ups.csv")
    text = b64decode(answer.body).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows] == ["学号", SU.student, "2022S01002", "2022S01003"]
    assert rows[1][4] == "有名额" and rows[3][4:] == ["未报名", "", "已签到"] and rows[1][6] == "未签到"
    workbook = call(library, "audience", OFFICER, "GET", f"{PATH}/A9/sign-ups/sign-ups.xlsx")
    sheet = load_workbook(io.BytesIO(b64decode(workbook.body))).active
    assert sheet.max_row == 4
    taken = Store().exports_on(datetime.now(UTC).date())
    assert [(one["what"], one["rows"], one["who"]) for one in taken] == [("sign-ups", 3, OFFICER.sub)] * 2
    assert {one["what"] for one in library.cloud.looks()} == {"list"}
    assert call(library, "audience", OFFICER, "GET", f"{PATH}/A9/sign-ups/other.csv").status == 404


# --- checking in -----------------------------------------------------------------------------------------------


def shown(library: Library, who: Session = COUNSELLOR, id: str = "A1") -> SimpleNamespace:
    return call(library, "code_on_screen", who, "GET", f"{PATH}/{id}/check-in-code")


def code(library: Library) -> str:
    """The token that is on the screen just now."""
    return str(shown(library).json["address"]).rpartition("/")[2]


def scan(library: Library, who: Session | None, token: str, cookie: str = "") -> SimpleNamespace:
    cookies = [f"{host_bound(check_in.COOKIE)}={cookie}"] if cookie else []
    return call(library, "check_in", who, "POST", f"/api/archive/check-in/{token}", {}, cookies=cookies)


def test_who_scans_the_code_in_time_is_checked_in_once(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    token = code(library)
    assert scan(library, STUDENT, token).json == {"activity": "A1", "title": "讲座 1", "again": False}
    assert scan(library, STUDENT, token).json["again"] is True
    [record] = [one for one in Archive().records(SU.student) if one.source == "check-in"]
    assert (record.id, record.kind, record.title, record.minutes) == ("A1", "lecture", "讲座 1", 90)
    assert (record.day.isoformat(), record.time, record.place) == ("2026-06-10", "19:00", "致远楼报告厅")
    assert record.counts and record.via == "check-in" and record.certification and not record.decided
    portrait = Archive().refresh(SU.student)
    assert portrait and portrait.hundreds["lectures"] == 1
    assert shown(library).json["came"] == 1


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (14, 200), (15, 200), (29, 200), (30, 410), (300, 410)])
def test_a_code_is_good_for_its_window_and_the_next(
    library: Library, now: Callable[[datetime], None], seconds: int, status: int
) -> None:
    now(BEGINS)
    token = code(library)
    now(BEGINS + timedelta(seconds=seconds))
    assert scan(library, STUDENT, token).status == status


def test_a_code_that_was_made_for_later_is_not_good_now(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    later = check_in.token("A1", BEGINS + timedelta(minutes=5), KEYS)
    assert scan(library, STUDENT, later).json["code"] == "check-in-code-old"


def test_forged_and_foreign_tokens_are_none_of_ours(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    good = check_in.token("A1", BEGINS, KEYS)
    ticket = check_in.sign(check_in.ticket("A1", BEGINS), KEYS)
    for token in (check_in.token("A1", BEGINS, ["guessed"]), good[:-1], "x" * 400, "x", ticket):
        answer = scan(library, STUDENT, token)
        assert (answer.status, answer.json["code"]) == (404, "check-in-code-wrong")
    assert Archive().records(SU.student) == []


@pytest.mark.parametrize("minutes", [-31, 90])
def test_nobody_checks_in_before_the_doors_open_or_after_the_end(
    library: Library, now: Callable[[datetime], None], minutes: int
) -> None:
    moment = BEGINS + timedelta(minutes=minutes)
    now(moment)
    answer = scan(library, STUDENT, check_in.token("A1", moment, KEYS))
    assert (answer.status, answer.json["code"]) == (409, "check-in-closed")
    assert shown(library).json["code"] == "check-in-closed"


def test_nobody_checks_in_to_what_was_cancelled_or_never_was(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    assert scan(library, STUDENT, check_in.token("A404", BEGINS, KEYS)).json["code"] == "check-in-closed"
    change(library, OFFICER, "cancel")
    assert scan(library, STUDENT, check_in.token("A1", BEGINS, KEYS)).json["code"] == "check-in-closed"


def test_only_students_check_in(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    token = code(library)
    assert scan(library, OFFICER, token).status == 403 and scan(library, None, token).status == 401


def test_who_had_to_sign_in_first_checks_in_with_the_ticket_of_their_browser(
    library: Library, now: Callable[[datetime], None]
) -> None:
    now(BEGINS)
    token, ticket = code(library), check_in.sign(check_in.ticket("A1", BEGINS), KEYS)
    now(BEGINS + timedelta(minutes=4))
    assert scan(library, STUDENT, token).json["code"] == "check-in-code-old"
    assert scan(library, STUDENT, token, ticket).json["again"] is False
    assert scan(library, STUDENT, token, ticket).json["again"] is True, "the same press twice"
    assert scan(library, OTHER, token, ticket).json["code"] == "check-in-ticket-used"
    assert Archive().records(OTHER.sub) == []


def test_a_ticket_is_for_its_activity_and_its_five_minutes(library: Library, now: Callable[[datetime], None]) -> None:
    Catalogue().put(activity(2))
    now(BEGINS)
    token = code(library)
    foreign = check_in.sign(check_in.ticket("A2", BEGINS), KEYS)
    forged = check_in.sign(check_in.ticket("A1", BEGINS), ["guessed"])
    own = check_in.sign(check_in.ticket("A1", BEGINS), KEYS)
    now(BEGINS + timedelta(minutes=1))
    for ticket in (foreign, forged, "x", token):
        assert scan(library, STUDENT, token, ticket).json["code"] == "check-in-code-old"
    now(BEGINS + timedelta(minutes=5))
    assert scan(library, STUDENT, token, own).json["code"] == "check-in-code-old"


def test_whoever_tries_codes_is_told_to_wait(
    library: Library, now: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    now(BEGINS)
    told = [scan(library, STUDENT, f"guess{number}").status for number in range(limits.CHECK_IN.most + 1)]
    assert told == [404] * limits.CHECK_IN.most + [429]


@pytest.mark.parametrize(
    ("who", "status"),
    [(COUNSELLOR, 200), (OFFICER, 200), (AFFAIRS, 200), (ADMINISTRATOR, 200), (ELSEWHERE, 403), (LIBRARY, 403),
     (STUDENT, 403)],
)  # fmt: skip
def test_only_the_organiser_shows_the_code(
    library: Library, now: Callable[[datetime], None], who: Session, status: int
) -> None:
    now(BEGINS)
    answer = shown(library, who)
    assert answer.status == status
    if status == 200:
        assert answer.json["image"].startswith("data:image/svg+xml")
        assert answer.json["address"].startswith("http")


# --- what is delivered ------------------------------------------------------------------------------------------


def deliver(library: Library, what: str, name: str, data: bytes) -> dict[str, Any]:
    return library.put(f"catalogue/{what}/{name}", data, "archive/catalogue_intake")


HEAD = ("id", "kind", "title", "begins_at", "minutes", "place", "school", "capacity", "state")
LINE = {"id": "L1", "kind": "lecture", "title": "一", "begins_at": "2026-06-11 19:00", "minutes": "90", "school": "S01"}


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in report["counts"].items() if count}


def test_a_table_of_activities_is_taken_line_by_line_with_a_report(library: Library) -> None:
    lines = [
        LINE,
        LINE | {"id": "L2", "place": "操场", "capacity": "30"},
        LINE,
        LINE | {"title": "二"},
        LINE | {"id": "a/b"},
        LINE | {"id": "L3", "kind": "book"},
        LINE | {"id": "L4", "school": "S99"},
        LINE | {"id": "L5", "begins_at": "soon"},
    ]
    report = deliver(library, "activities", "a.csv", as_csv(HEAD, lines))
    assert (report["state"], report["lines"], counts(report)) == (
        "loaded", 8, {"accepted": 2, "repeated": 1, "rejected": 5},
    )  # fmt: skip
    assert [(one["line"], one["code"], one["field"]) for one in report["rejected"]] == [
        (5, "twice", "id"), (6, "value", "id"), (7, "value", "kind"), (8, "value", "school"), (9, "value", "begins_at"),
    ]  # fmt: skip
    found = Catalogue().find("L2")
    assert found and (found.place, found.capacity, found.begins_at) == ("操场", 30, BEGINS + timedelta(days=1))


def test_what_is_delivered_again_is_unchanged_and_what_is_different_corrected(library: Library) -> None:
    data = as_csv(HEAD, [LINE, LINE | {"id": "L2"}])
    first = deliver(library, "activities", "a.csv", data)
    library.cloud.deliver("catalogue/activities/a.csv", "archive/catalogue_intake")
    assert counts(library.report("catalogue/activities/a.csv")) == counts(first) == {"accepted": 2}, "told of twice"
    ndjson = "\n".join(json.dumps(one) for one in [LINE, LINE | {"id": "L2", "state": "cancelled"}]).encode()
    assert counts(deliver(library, "activities", "b.ndjson", ndjson)) == {"unchanged": 1, "corrected": 1}
    found = Catalogue().find("L2")
    assert found and not found.announced


def test_what_an_office_decided_later_outlives_an_older_table(library: Library) -> None:
    deliver(library, "activities", "a.csv", as_csv(HEAD, [LINE]))
    Catalogue().put(activity(1, title="新", as_of="2999-01-01T00:00:00.000Z"))
    report = deliver(library, "activities", "b.csv", as_csv(HEAD, [LINE | {"id": "A1"}]))
    assert counts(report) == {"outdated": 1}


def test_books_and_teachers_are_delivered_as_well(library: Library) -> None:
    head = ("isbn", "title", "author", "publisher")
    book = {"isbn": "978-7-100-00001-7", "title": "乡土中国", "author": "费孝通"}
    report = deliver(library, "books", "a.csv", as_csv(head, [book, book | {"isbn": "978-7-100-00001-8"}]))
    assert counts(report) == {"accepted": 1, "rejected": 1}
    assert Catalogue().book("9787100000017") == Book("9787100000017", "乡土中国", "费孝通")
    assert counts(deliver(library, "books", "b.csv", as_csv(head, [book | {"title": "新版"}]))) == {"corrected": 1}
    teacher = {"staff": "T0009", "name": "林语", "title": "教授", "school": "S01"}
    staff = as_csv(tuple(teacher), [teacher])
    assert counts(deliver(library, "teachers", "a.csv", staff)) == {"accepted": 1}
    assert counts(deliver(library, "teachers", "b.csv", staff)) == {"unchanged": 1}
    assert Catalogue().teacher("T0009") == Teacher("T0009", "林语", "教授", "S01")


@pytest.mark.parametrize(
    ("key", "data", "reason"),
    [
        ("catalogue/activities/a.csv", b"id,kind\r\n1,lecture\r\n", "columns"),
        ("catalogue/activities/a.csv", b"\xff\xff\xff", "encoding"),
        ("catalogue/activities/a.pdf", b"%PDF", "format"),
        ("catalogue/songs/a.csv", b"x", "catalogue-place"),
        ("catalogue/a.csv", b"x", "catalogue-place"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_whole_with_a_reason(
    library: Library, key: str, data: bytes, reason: str
) -> None:
    report = library.put(key, data, "archive/catalogue_intake")
    assert (report["state"], report["reason"]["code"]) == ("refused", reason) and report["reason"]["zh"]
