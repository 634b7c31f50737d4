"""Signing in and out, and the door of the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sign_in import Identity
from yinji.clearance import definition
from yinji.identity.people import Grant, begin
from yinji.identity.session import Session, read, sign
from yinji.identity.store import People
from yinji.platform import clock

from tests import handlers, portal
from tests.archives import with_archive
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.graduates import LIN, graduate
from tests.sessions import begun

AUTHORIZER, DEMO, OUT = "identity/authorizer", "identity/demo_sign_in", "identity/sign_out"


def request(*cookies: str, **more: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:x/$default/GET/api",
        "identitySource": list(cookies),
        "routeKey": "GET /api",
        "headers": {},
        "cookies": list(cookies),
    } | more


@pytest.mark.parametrize("key", ["new", "old"])
@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR])
def test_whoever_has_a_session_is_let_in_as_who_they_are(cloud: Cloud, session: Session, key: str) -> None:
    session = begun(session)
    token = sign(session, [key])
    expected = {"isAuthorized": True, "context": session.claims}
    assert cloud.invoke(AUTHORIZER, request(f"yinji_session={token}")) == expected
    header = request(headers={"cookie": f"a=b; yinji_session={token}"})
    del header["cookies"]
    assert cloud.invoke(AUTHORIZER, header) == expected


@pytest.mark.parametrize("cookies", [[], ["yinji_session="], ["yinji_session=forged"], ["other=x"], ["yinji_session"]])
def test_anybody_else_is_not(cloud: Cloud, cookies: list[str]) -> None:
    forged = f"yinji_session={sign(begun(STUDENT), ['guessed'])}"
    for event in (request(*cookies), request(*cookies, forged)):
        answer = cloud.invoke(AUTHORIZER, event)
        assert answer["isAuthorized"] is False and not answer.get("context")


def test_on_aws_only_the_cookie_that_the_host_itself_set_counts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    token = sign(begun(STUDENT), ["new"])
    assert cloud.invoke(AUTHORIZER, request(f"yinji_session={token}"))["isAuthorized"] is False
    assert cloud.invoke(AUTHORIZER, request(f"__Host-yinji_session={token}"))["isAuthorized"] is True


def test_locally_anybody_may_be_anybody(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    offered = cloud.call(DEMO, None, "GET", "/api/sign-in/demo/personas").json
    assert f"student:{LIN.student}" in [one["persona"] for one in offered["students"]]
    for persona in [*offered["offices"], f"student:{LIN.student}"]:
        answer = cloud.call(DEMO, None, "POST", "/api/sign-in/demo", [("persona", persona), ("next", "/clearance")])
        assert (answer.status, answer.headers["Location"]) == (303, "/clearance")
        token = answer.cookies[0].split(";")[0].split("=", 1)[1]
        session = read(token, ["new"], clock.now()).session
        assert session.role == persona.partition(":")[0]
        assert People().stands(session, clock.today())


def test_locally_anybody_may_be_a_student_with_an_archive(cloud: Cloud) -> None:
    with_archive(LIN, graduate(2))
    cloud.open(LIN)
    offered = cloud.call(DEMO, None, "GET", "/api/sign-in/demo/personas").json["growing"]
    assert [(one["persona"], one["records"]) for one in offered] == [(f"student:{graduate(2).student}", 1)]
    answer = cloud.call(DEMO, None, "POST", "/api/sign-in/demo", [("persona", offered[0]["persona"])])
    session = read(answer.cookies[0].split(";")[0].split("=", 1)[1], ["new"], clock.now())
    assert session and session.session.role == "student"
    assert graduate(2).name in cloud.call(DEMO, None, "GET", "/api/sign-in/demo").body


def come_back(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, account: str) -> Any:
    """The answer to whoever comes back from the university's sign-in with `account`."""
    folder = "identity/sign_in_cas"
    server = SimpleNamespace(
        away=lambda state, again: f"https://cas.example.edu/login?state={state}",
        identity=lambda query, state, again: Identity(account, "", clock.now()),
    )
    monkeypatch.setattr(handlers.warm(folder), "server", lambda: server)
    away = cloud.call(folder, None, "GET", "/api/sign-in/cas")
    state = away.headers["Location"].partition("state=")[2]
    held = [one.split(";")[0] for one in away.cookies]
    return cloud.call(folder, None, "GET", f"/api/sign-in/cas/back?state={state}&ticket=ST-1", cookies=held)


def test_who_has_an_archive_and_no_case_signs_in_as_a_student(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = come_back(cloud, monkeypatch, LIN.student)
    assert "problem=no-role" in nobody.headers["Location"]
    with_archive(LIN)
    answer = come_back(cloud, monkeypatch, LIN.student.lower())
    found = next(one for one in answer.cookies if "yinji_session" in one)
    told = read(found.split(";")[0].split("=", 1)[1], ["new"], clock.now())
    assert told and (told.session.sub, told.session.role, told.session.name) == (LIN.student, "student", LIN.name)
    assert "problem=no-role" in come_back(cloud, monkeypatch, "X" * 5000).headers["Location"]


def test_a_member_of_staff_who_has_an_archive_is_a_student_when_they_want(cloud: Cloud) -> None:
    People().grant(LIN.student, Grant("counsellor", school="S01"))
    both = begun(Session(LIN.student, "counsellor", LIN.name, school="S01"))
    assert cloud.call(ACCOUNT, both, "POST", "/api/account/role", {"key": ""}).status == 403
    with_archive(LIN)
    assert cloud.call(ACCOUNT, both, "POST", "/api/account/role", {"key": ""}).status == 200


@pytest.mark.parametrize("persona", ["", "student:2022S01999", "student:", "counsellor:S99", "student:" + "x" * 5000])
def test_nobody_can_be_who_there_is_not(cloud: Cloud, persona: str) -> None:
    answer = cloud.call(DEMO, None, "POST", "/api/sign-in/demo", {"persona": persona})
    assert (answer.status, answer.json["code"], answer.cookies) == (404, "not-found", [])


def test_on_aws_nobody_can_choose_who_to_be_nor_see_who_there_is(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    answer = cloud.call(DEMO, None, "POST", "/api/sign-in/demo", {"persona": "administrator:admin"})
    assert (answer.status, answer.cookies) == (404, [])
    assert cloud.call(DEMO, None, "GET", "/api/sign-in/demo/personas").status == 404
    monkeypatch.delenv("YINJI_DEPLOYMENT")
    assert cloud.call(DEMO, None, "GET", "/api/sign-in/demo/personas").status == 404, "what is not told is not local"


def test_signing_out_takes_the_cookie_away(cloud: Cloud) -> None:
    answer = cloud.call(OUT, None, "POST", "/api/sign-out", [])
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?done=signed-out")
    assert answer.cookies[0].startswith("yinji_session=;")
    assert "Max-Age=" in answer.cookies[0] and "Max-Age=43200" not in answer.cookies[0]


# --- sessions that no longer stand ----------------------------------------------------------------------------


def minutes_later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """Let cookies be that old."""
    real = clock.now

    def later() -> Any:
        return real() + timedelta(minutes=minutes)

    monkeypatch.setattr(clock, "now", later)


def let_in(cloud: Cloud, token: str) -> bool:
    return bool(cloud.invoke(AUTHORIZER, request(f"yinji_session={token}"))["isAuthorized"])


@pytest.fixture
def wang(cloud: Cloud) -> Session:
    """A counsellor as signing in makes one."""
    people = People()
    people.grant("T0001", Grant("counsellor", school="S01"))
    session = begin(people.person("T0001"), Grant("counsellor", school="S01"), "王老师", clock.now(), clock.now())
    people.signed_in(session, "demo", clock.now())
    return session


@pytest.mark.parametrize("where", ["cookies", "headers"])
def test_a_copied_cookie_is_worth_nothing_minutes_after_its_owner_signed_out(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    token = sign(wang, ["new"])
    held = f"yinji_session={token}"
    sent = {"cookies": [held]} if where == "cookies" else {"headers": {"cookie": f"a=b; {held}"}}
    cloud.call(OUT, None, "POST", "/api/sign-out", [], **sent)
    minutes_later(monkeypatch, 6)
    assert not let_in(cloud, token)
    assert portal.visit("/queues", cookies=f"yinji_session={token}").location.startswith("/sign-in")


def test_signing_out_everywhere_ends_every_session_but_none_that_begins_later(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = People().person("T0001")
    other = begin(person, Grant("counsellor", school="S01"), "王老师", clock.now(), clock.now())
    held = f"yinji_session={sign(wang, ['new'])}"
    cloud.call(OUT, None, "POST", "/api/sign-out/everywhere", [], cookies=[held])
    minutes_later(monkeypatch, 6)
    assert not let_in(cloud, sign(wang, ["new"])) and not let_in(cloud, sign(other, ["new"]))
    again = begin(person, Grant("counsellor", school="S01"), "王老师", clock.now(), clock.now())
    assert let_in(cloud, sign(again, ["new"]))


def test_a_role_that_ended_lets_nobody_in(cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign(wang, ["new"])
    People().end_grant("T0001", Grant("counsellor", school="S01"), "T0009", clock.now())
    assert let_in(cloud, token), "for some minutes nobody asks"
    minutes_later(monkeypatch, 6)
    assert not let_in(cloud, token)


def test_nobody_asks_the_register_about_a_cookie_that_was_just_signed(
    cloud: Cloud, wang: Session, counted: Any
) -> None:
    before = len(counted())
    assert let_in(cloud, sign(wang, ["new"])) and len(counted()) == before


def test_a_page_signs_the_cookie_anew_while_somebody_is_there(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = f"yinji_session={sign(wang, ['new'])}"
    assert "Set-Cookie" not in portal.visit("/queues", cookies=held).headers
    minutes_later(monkeypatch, 6)
    cookie = portal.visit("/queues", cookies=held).headers["Set-Cookie"]
    renewed = read(cookie.split(";")[0].split("=", 1)[1], ["new"], clock.now())
    assert renewed and renewed.session == wang, "it is the same session, since when it was"
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    piece = portal.visit("/queues", cookies=held, **{"HX-Request": "true"})
    assert "Set-Cookie" not in piece.headers, "what comes after signing out must not sign in again"


def test_a_script_that_asks_after_the_session_ended_is_led_to_sign_in_by_the_page(cloud: Cloud) -> None:
    page = portal.visit("/queues?q=x", **{"HX-Request": "true"})
    assert page.status == 200 and page.headers["HX-Redirect"] == "/sign-in?next=%2Fqueues%3Fq%3Dx"


def test_an_ended_session_does_not_come_back_to_life_by_changing_the_role(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"key": "counsellor#S01"}
    assert cloud.call(ACCOUNT, wang, "POST", "/api/account/role", key).status == 200
    People().end_all("T0001", clock.now())
    answer = cloud.call(ACCOUNT, wang, "POST", "/api/account/role", key)
    assert (answer.status, answer.cookies) == (401, [])


def test_when_the_register_cannot_be_reached_pages_say_so_and_signing_out_forgets_the_cookie(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = f"yinji_session={sign(wang, ['new'])}"
    minutes_later(monkeypatch, 6)
    cloud.dynamodb.delete_table(TableName="People")
    page = portal.visit("/queues", cookies=held)
    assert page.status == 500 and "<h1>" in page.body and "/api/sign-out" not in page.body
    answer = cloud.call(OUT, None, "POST", "/api/sign-out", [], cookies=[held])
    assert answer.headers["Location"] == "/sign-in?problem=internal" and answer.cookies[0].startswith("yinji_session=;")


@pytest.mark.parametrize(
    ("role", "seen"), [("technician", False), ("community-worker", False), ("administrator", True)]
)
def test_nobody_is_led_where_they_may_not_go(cloud: Cloud, role: Any, seen: bool) -> None:
    body = portal.visit("/account", Session("T0001", role, "x")).body
    assert ('href="/season"' in body) is seen


# --- one's account --------------------------------------------------------------------------------------------
ACCOUNT = "identity/account"


def account(cloud: Cloud, session: Session) -> dict[str, Any]:
    return cloud.call(ACCOUNT, session, "GET", "/api/account").json


def lend(cloud: Cloud, session: Session, to: str = "T0002", days: int = 7, **more: str) -> Any:
    ends_on = (clock.today() + timedelta(days=days)).isoformat()
    return cloud.call(ACCOUNT, session, "POST", "/api/account/lent", {"to": to, "ends_on": ends_on} | more)


def test_one_sees_who_one_is_and_where_one_is_signed_in(cloud: Cloud, wang: Session) -> None:
    told = account(cloud, wang)
    assert (told["sub"], told["role"], [one["key"] for one in told["roles"]]) == (
        "T0001", "counsellor", ["counsellor#S01"],
    )  # fmt: skip
    assert [(one["how"], one["open"], one["this"]) for one in told["sign_ins"]] == [("demo", True, True)]


def test_who_has_two_roles_goes_from_one_to_the_other_and_to_no_third(cloud: Cloud, wang: Session) -> None:
    People().grant("T0001", Grant("supervisor", school="S02"))
    answer = cloud.call(ACCOUNT, wang, "POST", "/api/account/role", [("key", "supervisor#S02")])
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    changed = read(answer.cookies[0].split(";")[0].split("=", 1)[1], ["new"], clock.now())
    assert changed and changed.session == replace(wang, role="supervisor", school="S02")
    for key in ("administrator", "counsellor#S02", "", "x"):
        assert cloud.call(ACCOUNT, wang, "POST", "/api/account/role", {"key": key}).status == 403


def test_a_member_of_staff_who_graduates_as_well_is_a_student_when_they_want(cloud: Cloud) -> None:
    cloud.open(LIN)
    People().grant(LIN.student, Grant("counsellor", school="S01"))
    both = begun(Session(LIN.student, "counsellor", LIN.name, school="S01"))
    answer = cloud.call(ACCOUNT, both, "POST", "/api/account/role", {"key": ""})
    changed = read(answer.cookies[0].split(";")[0].split("=", 1)[1], ["new"], clock.now())
    assert changed and (changed.session.role, changed.session.school) == ("student", "")


def test_a_colleague_stands_in_until_the_day_and_no_longer(
    cloud: Cloud, wang: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People()
    people.grant("T0002", Grant("department-officer", department="library"))
    assert lend(cloud, wang, "t0002", reason="休假").status == 200
    person = people.person("T0002")
    [grant] = [one for one in people.roles(person, clock.today()) if one.acts_for]
    assert (grant.role, grant.school, grant.acts_for, grant.reason) == ("counsellor", "S01", "T0001", "休假")
    assert people.roles(person, clock.today())[0].role == "department-officer", "their own role comes first"
    stands_in = begin(person, grant, "李老师", clock.now(), clock.now())
    assert people.stands(stands_in, clock.today())
    assert not people.stands(stands_in, clock.today() + timedelta(days=8))
    assert lend(cloud, stands_in, "T0001").status == 403, "what is lent is not lent on"
    own = Grant("department-officer", department="library")
    people.end_grant("T0002", own, "T0009", clock.now())
    assert not people.stands(stands_in, clock.today()), "who has no role of their own stands in for nobody"
    people.grant("T0002", own)
    assert people.stands(stands_in, clock.today())
    people.end_grant("T0001", Grant("counsellor", school="S01"), "T0009", clock.now())
    assert not people.stands(stands_in, clock.today()), "nobody stands in for who is it no more"
    assert [one.key for one in people.roles(people.person("T0002"), clock.today())] == [own.key]
    key = {"key": "counsellor#S01#T0001"}
    fellow = begin(people.person("T0002"), own, "李老师", clock.now(), clock.now())
    assert cloud.call(ACCOUNT, fellow, "POST", "/api/account/role", key).status == 403


def test_what_was_lent_is_taken_back(cloud: Cloud, wang: Session) -> None:
    people = People()
    people.grant("T0002", Grant("counsellor", school="S02"))
    lend(cloud, wang)
    [one] = account(cloud, wang)["lent"]
    take_back = {"to": one["to"], "key": one["key"]}
    other = begun(Session("T0003", "counsellor", "x", school="S01"))
    assert cloud.call(ACCOUNT, other, "POST", "/api/account/lent/take-back", take_back).status == 404
    assert cloud.call(ACCOUNT, wang, "POST", "/api/account/lent/take-back", take_back).status == 200
    assert account(cloud, wang)["lent"] == []
    assert [grant.key for grant in people.roles(people.person("T0002"), clock.today())] == ["counsellor#S02"]
    told = [(one.what, one.by) for one in people.record("T0002").changes]
    assert told == [("taken-back", "T0001"), ("lent", "T0001"), ("granted", "register")]


@pytest.mark.parametrize(
    ("to", "days", "code"),
    [
        ("T0404", 7, "no-such-colleague"),
        ("T0001", 7, "no-such-colleague"),
        ("T0002", -1, "delegation-days"),
        ("T0002", 91, "delegation-days"),
    ],
)
def test_what_cannot_be_lent_is_not(cloud: Cloud, wang: Session, to: str, days: int, code: str) -> None:
    People().grant("T0002", Grant("counsellor", school="S02"))
    assert lend(cloud, wang, to, days).json["code"] == code
    assert account(cloud, wang)["lent"] == []


def test_students_administrators_and_auditors_lend_nothing(cloud: Cloud) -> None:
    people = People()
    people.grant("T0002", Grant("counsellor", school="S02"))
    for role in ("administrator", "auditor"):
        people.grant("T0009", Grant(role))
        assert lend(cloud, Session("T0009", role, "x")).status == 403
    assert lend(cloud, STUDENT).status == 403


def test_nobody_lends_to_everybody(cloud: Cloud, wang: Session) -> None:
    for number in range(11):
        People().grant(f"T1{number:03}", Grant("counsellor", school="S02"))
        answer = lend(cloud, wang, f"T1{number:03}")
    assert answer.json["code"] == "delegations-full" and len(account(cloud, wang)["lent"]) == 10


# --- the register ---------------------------------------------------------------------------------------------
PEOPLE = "identity/people"
ADMIN = Session("T0009", "administrator", "x")
HEAD = "staff,name,role,school,department,ends_on\n"


def upload(cloud: Cloud, text: str, session: Session = ADMIN, back: str = "") -> Any:
    """Send a register, as a program or, to come `back` to a page, as a form does."""
    parts = [('name="file"; filename="staff.csv"', text), *([('name="next"', back)] if back else [])]
    body = "".join(f"--x\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n" for name, value in parts)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return cloud.call(PEOPLE, session, "POST", "/api/people", f"{body}--x--\r\n".encode(), headers=headers)


def test_a_register_is_taken_over_and_what_is_wrong_with_it_told_by_line(cloud: Cloud) -> None:
    text = HEAD + (
        "T0100,张三,counsellor,S01,,\n"
        "T0100,张三,supervisor,S02,,2027-07-01\n"
        "T0101,李四,department-officer,,library,\n"
        "T0102,王五,counsellor,S99,,\n"
        "T0103,赵六,rector,,,\n"
        "T0104,,auditor,,,\n"
        "T0105,孙七,auditor,S01,,\n"
        "T0106,周八,auditor,,,someday\n"
        "T0100,张三,counsellor,S01,,\n"
    )
    told = upload(cloud, text).json
    assert (told["rows"], told["changed"]) == (3, 3)
    assert [(one["line"], one["field"]) for one in told["rejected"]] == [
        (5, "school"), (6, "role"), (7, "name"), (8, "school"), (9, "ends_on"), (10, "role"),
    ]  # fmt: skip
    assert [grant.key for grant in People().person("T0100").grants] == ["counsellor#S01", "supervisor#S02"]
    assert upload(cloud, text).json["changed"] == 0, "the same once more changes nothing"


def test_the_page_is_told_what_became_of_a_register(cloud: Cloud) -> None:
    text = HEAD + "T0100,张三,counsellor,S01,,\nT0101,李四,counsellor,S99,,\n"
    place = upload(cloud, text, back="/people").headers["Location"]
    assert place == "/people?done=people.register&rejected=3%3Aschool&rows=1&changed=1&refused=1"
    for language in ("zh", "en"):
        body = portal.visit(place, ADMIN, language).body
        assert "3" in body and "school" in body and 'class="notice good"' in body
    refused = upload(cloud, "x,y\n", back="/people").headers["Location"]
    assert refused == "/people?problem=register-refused&rejected=1%3Acolumns"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "soon"])
def test_a_day_that_cannot_be_is_a_row_that_is_not_taken(cloud: Cloud, day: str) -> None:
    told = upload(cloud, HEAD + f"T0100,张三,counsellor,S01,,{day}\nT0101,李四,auditor,,,\n").json
    assert (told["rows"], [one["field"] for one in told["rejected"]]) == (1, ["ends_on"])


def test_many_people_are_taken_over_by_several_threads_each_with_all_their_roles(cloud: Cloud) -> None:
    rows = [f"T{number:04},某{number},{role},S01,," for number in range(30) for role in ("counsellor", "supervisor")]
    assert upload(cloud, HEAD + "\n".join(rows) + "\n").json["changed"] == 60
    assert [grant.role for grant in People().person("T0029").grants] == ["counsellor", "supervisor"]


def test_a_day_that_is_over_ends_a_role(cloud: Cloud) -> None:
    upload(cloud, HEAD + "T0100,张三,counsellor,S01,,\n")
    upload(cloud, HEAD + "T0100,张三,counsellor,S01,,2020-01-01\n")
    assert People().person("T0100").running(clock.today()) == []


@pytest.mark.parametrize("text", ["", "staff,name\nT1,x\n", HEAD + '"T0100\n', "\x81\x20\xff"])
def test_what_is_no_register_changes_nothing(cloud: Cloud, text: str) -> None:
    assert upload(cloud, text).json["code"] in ("register-refused", "file-missing")
    assert cloud.dynamodb.scan(TableName="People")["Items"] == []


@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR, Session("T0008", "auditor", "x")])
def test_nobody_else_says_who_is_who(cloud: Cloud, session: Session) -> None:
    grant = {"name": "x", "role": "administrator"}
    assert upload(cloud, HEAD, session).status == 403
    assert cloud.call(PEOPLE, session, "POST", "/api/people/T0001/grants", grant).status == 403
    assert cloud.call(PEOPLE, session, "POST", "/api/people/T0001/grants/end", {"key": "x"}).status == 403
    expected = 200 if session.role == "auditor" else 403
    assert cloud.call(PEOPLE, session, "GET", "/api/people/T0001").status == expected


def test_one_role_is_granted_and_ended(cloud: Cloud) -> None:
    grant = {"name": "张三", "role": "counsellor", "school": "S01"}
    assert cloud.call(PEOPLE, ADMIN, "POST", "/api/people/T0100/grants", grant).status == 200
    [known] = cloud.call(PEOPLE, ADMIN, "GET", "/api/people/T0100").json["grants"]
    assert (known["key"], known["given_by"]) == ("counsellor#S01", "T0009")
    wrong = cloud.call(PEOPLE, ADMIN, "POST", "/api/people/T0100/grants", grant | {"school": ""})
    assert (wrong.status, wrong.json["code"]) == (422, "no-such-role")
    end = {"key": "counsellor#S01"}
    assert cloud.call(PEOPLE, ADMIN, "POST", "/api/people/T0100/grants/end", end).status == 200
    assert cloud.call(PEOPLE, ADMIN, "POST", "/api/people/T0100/grants/end", end).status == 404
    record = People().record("T0100")
    assert record.person.running(clock.today()) == [] and record.person.grants[0].ended_by == "T0009"
    assert [(one.what, one.by) for one in record.changes] == [("ended", "T0009"), ("granted", "T0009")]
    assert cloud.call(PEOPLE, ADMIN, "POST", "/api/people/T0100/grants", grant).status == 200
    assert People().person("T0100").running(clock.today()), "who was ended can be granted it again"


def test_who_stood_in_is_written_down_with_for_whom(cloud: Cloud) -> None:
    cloud.open(LIN)
    stands_in = Session("T0002", "department-officer", "x", department="housing", acts_for="T0001")
    assert cloud.act(stands_in, "dormitory", "waive", reason="病休").status == 200
    event = next(one for one in store().events(LIN.student) if one.what == "waive")
    assert (event.who, event.evidence) == ("T0002", {"acts_for": "T0001"})
    assert "T0002" in portal.visit(f"/cases/{LIN.student}/history", COUNSELLOR).body
    assert "T0001" in portal.visit(f"/cases/{LIN.student}/history", COUNSELLOR).body


# --- proving again who one is ---------------------------------------------------------------------------------


def test_what_must_not_be_done_in_a_browser_left_open_is_not(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    stale = begun(Session("T0001", "counsellor", "x", school="S01"), minutes_ago=16)
    office = begun(
        Session("officer-dormitory", "department-officer", "x", department=definition.steps()["dormitory"].department),
        minutes_ago=16,
    )
    step = "dormitory"
    assert cloud.act(office, step, "waive", reason="病休").json["code"] == "prove-again"
    assert cloud.case().state(step) != "waived"
    both = [{"student": one, "step_version": 0} for one in (LIN.student, graduate(2).student)]
    many = {"cases": both, "idempotency_key": "x" * 12}
    path = "/api/clearance/steps/school-approval/sign-off"
    folder = "clearance/steps/school_approval"
    assert cloud.call(folder, stale, "POST", path, many).json["code"] == "prove-again"
    assert cloud.call(folder, stale, "POST", path, many | {"cases": both[:1]}).status == 200, "one at a time one may"
    admin = begun(Session("T0009", "administrator", "x"), minutes_ago=16)
    reopen = {"reason": "录入错误", "idempotency_key": "x" * 12}
    path = f"/api/clearance/cases/{LIN.student}/arrangements/reopen"
    assert cloud.call("clearance/arrange", admin, "POST", path, reopen).json["code"] == "prove-again"
    People().grant("T0001", Grant("counsellor", school="S01"))
    People().grant("T0002", Grant("counsellor", school="S02"))
    assert lend(cloud, stale).json["code"] == "prove-again"
    assert upload(cloud, HEAD, admin).json["code"] == "prove-again"
    library = begun(officer("library"), minutes_ago=16)
    for decision, code in (("confirm", "prove-again"), ("discard", "feed-not-held")):
        path = f"/api/clearance/steps/library-loans/feed/{decision}"
        assert cloud.call("clearance/steps/library_loans", library, "POST", path, {}).json["code"] == code


def test_whose_browser_was_left_open_is_asked_before_they_type(cloud: Cloud) -> None:
    cloud.open(LIN)
    step = "dormitory"
    fresh = Session("officer", "department-officer", "x", department=definition.steps()["dormitory"].department)
    waive = f"/steps/{step}/waive"
    assert waive in portal.visit(f"/cases/{LIN.student}", fresh).body
    page = portal.visit(f"/cases/{LIN.student}", begun(fresh, minutes_ago=16)).body
    assert waive not in page and f"/sign-in?again=1&amp;next=%2Fcases%2F{LIN.student}" in page
