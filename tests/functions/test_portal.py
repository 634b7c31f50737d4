"""The portal: what each page shows to whom, in both languages, and that its forms are what the API takes."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from yinji.clearance import codes, definition, flow, intake
from yinji.clearance.case import Certificate, Event, certify
from yinji.clearance.document import case_document
from yinji.clearance.items import CaseItem
from yinji.clearance.store import FeedState, Store
from yinji.identity.session import Session
from yinji.messages import stop
from yinji.platform import clock
from yinji.platform.markdown import read

from tests import portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_season import next_slot, settle_everything
from tests.graduates import LIN, graduate
from tests.graduates import opened as opened_case

ADMINISTRATOR = Session("administrator", "administrator", "网络信息中心")
AUDITOR = Session("auditor", "auditor", "网络信息中心")
LIBRARY = officer("library")
OTHER_STUDENT = Session("2022S01002", "student", "学生2")
OTHER_COUNSELLOR = Session("T0002", "counsellor", "李老师", school="S02")
SUPERVISOR = Session("T0123", "supervisor", "T0123", school="S01")
OTHER_SUPERVISOR = Session("T0124", "supervisor", "T0124", school="S01")
CASE = f"/cases/{LIN.student}"
STOP_LINK = stop.token(LIN.student, "yours", ["new"])
PAGES: list[tuple[str, Session | None]] = [
    ("/sign-in", None),
    ("/verify", None),
    ("/verify/0000-1111-2222-3333", None),
    ("/guide", None),
    ("/privacy", None),
    *((f"/guide/{id}", None) for id in flow.TITLES),
    ("/me", STUDENT),
    ("/me/history", STUDENT),
    (CASE, COUNSELLOR),
    (CASE, LIBRARY),
    (f"{CASE}/history", COUNSELLOR),
    (f"{CASE}/seen", AUDITOR),
    ("/account/seen", STUDENT),
    ("/schools/S01", COUNSELLOR),
    ("/schools/S01?show=stuck&step=library-loans&sort=left", COUNSELLOR),
    ("/queues", LIBRARY),
    ("/queues", COUNSELLOR),
    ("/queues", ADMINISTRATOR),
    ("/queues/dormitory", officer("housing")),
    ("/queues/dormitory?do=send-back", officer("housing")),
    ("/queues/school-approval", COUNSELLOR),
    ("/queues", SUPERVISOR),
    ("/queues/lab-equipment", SUPERVISOR),
    ("/queues/lab-equipment", COUNSELLOR),
    (CASE, SUPERVISOR),
    ("/season", ADMINISTRATOR),
    ("/season", AUDITOR),
    ("/season?batch=2026-summer&flow=undergraduate", AUDITOR),
    ("/schools/S01?late=over&turn=student&flow=undergraduate&class=x&step=dormitory&state=submitted&q=a", COUNSELLOR),
    ("/schools/S01/progress", COUNSELLOR),
    (f"/queues/dormitory?age=new&of=S01&answer.slot={next_slot()}&q=2022", officer("housing")),
    ("/queues/dormitory/confirm?do=send-back&of=S01", officer("housing")),
    ("/outcomes/0123456789abcdef", officer("housing")),
    ("/feeds", LIBRARY),
    ("/feeds", ADMINISTRATOR),
    ("/feeds/library-loans", LIBRARY),
    ("/feeds/tuition", AUDITOR),
    ("/feeds/lab-equipment", ADMINISTRATOR),
    ("/practice", LIBRARY),
    ("/practice/tour", COUNSELLOR),
    ("/nowhere/at/all", None),
    ("/season", STUDENT),
    ("/messages", STUDENT),
    ("/messages", COUNSELLOR),
    ("/messages", ADMINISTRATOR),
    ("/messages/preferences", STUDENT),
    ("/messages/preferences", LIBRARY),
    (f"/messages/stop/{STOP_LINK}", None),
]
CHINESE = re.compile("[\u4e00-\u9fff]")


class Reader(HTMLParser):
    """What a browser makes of a page: its forms with their fields, its elements, what is inline."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.language = ""
        self.forms: list[dict[str, Any]] = []
        self.inline: list[str] = []
        self.addresses: list[str] = []
        self._script = False
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "html":
            self.language = known.get("lang") or ""
        if tag == "style" or (tag == "script" and "src" not in known):
            self.inline.append(tag)
        self.inline += [name for name in known if name == "style" or name.startswith("on")]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action") and value]
        if tag == "form":
            self.forms.append({"action": known.get("action"), "fields": {}, "choices": {}})
        if self.forms and (name := known.get("name")) and tag in ("input", "textarea", "select"):
            kind = known.get("type")
            if kind in ("radio", "checkbox"):
                self.forms[-1]["choices"].setdefault(name, []).append(known.get("value"))
            else:
                self.forms[-1]["fields"][name] = known.get("value") or ""

    def form(self, end: str) -> dict[str, Any]:
        return next(form for form in self.forms if form["action"].endswith(end))


def confirmation(step: str, action: str, session: Session) -> tuple[str, list[tuple[str, str]]]:
    """What the page that confirms `action` for everybody in the queue of `step` sends, and where to."""
    body = portal.visit(f"/queues/{step}/confirm?do={action}", session).body
    form = Reader(body).form(f"/steps/{step}/{action}")
    fields = [(name, value) for name, value in form["fields"].items() if name != "case"]
    return form["action"], [*fields, *(("case", one) for one in re.findall(r'name="case" value="([^"]+)"', body))]


def transferred(*texts: str) -> int:
    return sum(len(gzip.compress(text.encode(), 6)) for text in texts)


@pytest.fixture
def opened(cloud: Cloud) -> Cloud:
    """Three graduates of S01: one with a book on loan and a room to be inspected, one abroad-free and easy."""
    cloud.open(LIN, graduate(2), graduate(3, school="S02"))
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot())
    return cloud


def certified(cloud: Cloud) -> str:
    """The code of LIN's certificate, everything being done."""
    cloud.open()
    settle_everything(cloud)
    certificate = Certificate(codes.new(), clock.now())
    event = Event(key="c#1", what="certificate-issued", who="system", role="system", at=certificate.issued_at)
    change = certify(cloud.case(), certificate, event)
    assert change and Store().certify(change)
    return certificate.code


# --- every page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_speaks_its_language_and_keeps_to_its_policy(opened: Cloud, language: str) -> None:
    for path, session in PAGES:
        page = portal.visit(path, session, language)
        assert page.status in (200, 403, 404), path
        read = Reader(page.body)
        assert read.language == {"zh": "zh-CN", "en": "en"}[language], path
        assert not read.inline, path
        assert all(address.startswith(("/", "#", "tel:")) for address in read.addresses), path
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "same-origin"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert f'href="/language/{"en" if language == "zh" else "zh"}?next=' in page.body


def test_english_pages_have_no_chinese_but_names_and_what_people_wrote(opened: Cloud) -> None:
    for path, session in PAGES:
        body = portal.visit(path, session, "en").body
        without = re.sub(r"<bdi[^>]*>.*?</bdi>|<a class=\"language\".*?</a>|<span class=\"seal\".*?</span>", "", body)
        without = without.replace("乡土中国", "")
        assert not CHINESE.search(without), (path, CHINESE.findall(without))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.slow
def test_names_and_words_of_people_cannot_become_markup(cloud: Cloud, language: str) -> None:
    hostile = '<script>alert("x")</script>"\'&{{7*7}}'
    cloud.open(replace(LIN, name=hostile, programme=hostile, class_name=hostile[:90]))
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": hostile})
    cloud.act(STUDENT, "library-loans", "declare-lost", which=hostile, payment="card")
    cloud.act(LIBRARY, "library-loans", "send-back", reason=hostile)
    for path, session in [*PAGES, ("/queues/library-loans", LIBRARY)]:
        body = portal.visit(path, session, language).body
        assert "<script>alert" not in body, path
        assert not Reader(body).inline, path
    mine = portal.visit("/me", STUDENT, language).body
    assert "&lt;script&gt;" in mine and "{{7*7}}" in mine


# --- who may see what -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/me", {"student"}),
        ("/me/history", {"student"}),
        (CASE, {"student", "counsellor", "department-officer", "administrator", "auditor"}),
        (f"{CASE}/history", {"student", "counsellor", "department-officer", "administrator", "auditor"}),
        ("/schools/S01", {"counsellor", "administrator", "auditor"}),
        ("/queues", {"counsellor", "department-officer", "administrator", "auditor"}),
        ("/queues/library-loans", {"department-officer", "administrator", "auditor"}),
        ("/queues/dormitory", {"administrator", "auditor"}),
        ("/season", {"administrator", "auditor"}),
        ("/schools/S01/progress", {"counsellor", "administrator", "auditor"}),
        ("/queues/library-loans/confirm", {"department-officer"}),
        ("/feeds", {"department-officer", "administrator", "auditor"}),
        ("/feeds/library-loans", {"department-officer", "administrator", "auditor"}),
        ("/feeds/library-loans/example", {"department-officer", "administrator", "auditor"}),
        ("/feeds/tuition", {"administrator", "auditor"}),
    ],
)
def test_each_page_is_for_those_it_concerns(opened: Cloud, path: str, allowed: set[str]) -> None:
    for session in (STUDENT, COUNSELLOR, LIBRARY, ADMINISTRATOR, AUDITOR):
        expected = 200 if session.role in allowed else 403
        assert portal.visit(path, session).status == expected, (path, session.role)
    for stranger in (OTHER_STUDENT, OTHER_COUNSELLOR):
        if LIN.student in path or "S01" in path:
            assert portal.visit(path, stranger).status == 403


def test_who_has_no_session_signs_in_and_comes_back(opened: Cloud) -> None:
    for path in ("/me", CASE, "/schools/S01?show=stuck", "/queues", "/season"):
        page = portal.visit(path)
        assert page.status == 303
        assert page.location.startswith("/sign-in?next=")
    assert portal.visit("/schools/S01?show=stuck").location == "/sign-in?next=%2Fschools%2FS01%3Fshow%3Dstuck"


def test_a_forged_or_foreign_cookie_is_no_session(opened: Cloud) -> None:
    assert portal.visit("/me", cookies="yinji_session=forged.by.hand").status == 303


def test_a_student_who_is_not_theirs_and_one_who_does_not_exist_look_the_same(opened: Cloud) -> None:
    def told(page: portal.Page, asked: str) -> tuple[int, str]:
        return page.status, page.body.replace(asked, "")

    for session in (STUDENT, COUNSELLOR):
        foreign = portal.visit("/cases/2022S02003", session)
        unknown = portal.visit("/cases/2022S02999", session)
        assert told(foreign, "2022S02003") == told(unknown, "2022S02999")
        assert foreign.status == 403
    assert portal.visit("/cases/2022S02999", ADMINISTRATOR).status == 404


@pytest.mark.parametrize(
    ("session", "home"),
    [
        (None, "/sign-in"),
        (STUDENT, "/me"),
        (COUNSELLOR, "/schools/S01"),
        (LIBRARY, "/queues"),
        (ADMINISTRATOR, "/season"),
        (AUDITOR, "/season"),
    ],
)
def test_the_first_page_is_by_role(opened: Cloud, session: Session | None, home: str) -> None:
    assert portal.visit("/", session).location == home


def test_one_signs_in_by_what_there_is(opened: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    body = portal.visit("/sign-in?next=/me").body
    assert "/api/sign-in/demo?next=%2Fme" in body and "/api/sign-in/oidc?next=%2Fme" in body
    monkeypatch.setenv("YINJI_SIGN_IN", "oidc")
    assert portal.visit("/sign-in?next=/me").location == "/api/sign-in/oidc?next=%2Fme", "there is nothing to choose"
    for query in ("done=signed-out", "problem=no-role", "again=1"):
        page = portal.visit(f"/sign-in?{query}", STUDENT)
        assert page.status == 200 and "/api/sign-in/oidc" in page.body and "demo" not in page.body, query
    assert "/api/sign-in/oidc/leave" in portal.visit("/sign-in?done=signed-out").body
    assert "again=1" in portal.visit("/sign-in?again=1", STUDENT).body
    assert "again=1" not in portal.visit("/sign-in?again=1").body, "who is not signed in proves nothing again"


# --- languages ------------------------------------------------------------------------------------------------


def test_the_language_is_switched_by_one_link_and_kept(opened: Cloud) -> None:
    page = portal.visit("/language/en?next=/me%3Fa%3Db")
    assert (page.status, page.location) == (303, "/me?a=b")
    cookie = page.headers["Set-Cookie"]
    assert cookie == "yinji_language=en; Path=/; Max-Age=31536000; SameSite=Lax"
    assert '<html lang="en">' in portal.visit("/me", STUDENT, "zh", cookies="yinji_language=en").body
    assert portal.visit("/language/de").status == 404


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_switching_the_language_leads_nowhere_else(cloud: Cloud, elsewhere: str) -> None:
    assert portal.visit(f"/language/en?next={elsewhere}").location == "/"


# --- the graduate ---------------------------------------------------------------------------------------------


def test_the_graduate_reads_first_how_much_is_left_and_how_much_of_it_needs_them(opened: Cloud) -> None:
    body = portal.visit("/me", STUDENT, "en").body
    heading = re.search("<h1>(.*?)</h1>", body)
    assert heading and heading[1] == "9 things left, 3 need you"
    assert "Still on your card: 1 book(s): 乡土中国. Return them at any desk, or declare them lost here." in body
    assert body.index('id="library-loans"') < body.index('id="others"') < body.index('id="dormitory"')


def test_the_graduates_page_is_one_read_and_the_matrix_one_query(
    opened: Cloud, counted: Callable[[], list[str]]
) -> None:
    portal.visit("/me", STUDENT)
    assert counted() == ["GetItem", "Query", "Query"], "the case, the times of the step that is booked, what is known"
    portal.visit("/schools/S01", COUNSELLOR)
    assert counted() == ["GetItem", "Query", "Query", "Query"]


def test_every_form_of_the_graduates_page_is_what_the_step_takes(opened: Cloud) -> None:
    values = {
        "which": "乡土中国", "payment": "card", "agreement": "signed", "receiver": "人才服务中心",
        "address": "海滨路 1 号", "teaching": "5",
        "services": "4", "words": "", "slot": next_slot("14:00"),
    }  # fmt: skip
    read = Reader(portal.visit("/me", STUDENT).body)
    forms = [form for form in read.forms if form["action"].startswith("/api/clearance/")]
    assert {form["action"].split("/")[-2] for form in forms} == {
        "library-loans", "personal-file", "exit-survey", "dormitory",
    }  # fmt: skip
    for form in forms:
        step, action = form["action"].split("/")[-2:]
        asked = {name for name in (*form["fields"], *form["choices"]) if name not in HIDDEN}
        assert asked == {field.name for field in definition.steps()[step].actions[action].fields}
        sent = form["fields"] | {name: values[name] for name in asked}
        assert all(values[name] in offered for name, offered in form["choices"].items())
        folder = f"clearance/steps/{definition.steps()[step].module}"
        answer = opened.call(folder, STUDENT, "POST", form["action"], list(sent.items()))
        assert answer.status == 303
        assert answer.headers["Location"] == f"/me?at={step}.{action}&done={step}.{action}#notice"
        told = portal.visit(answer.headers["Location"].partition("#")[0], STUDENT)
        assert 'id="notice" class="notice good"' in told.body
    states = opened.case().states()
    assert [states[form["action"].split("/")[-2]] for form in forms] == ["submitted", "done", "done", "submitted"]


HIDDEN = ("step_version", "idempotency_key", "next")


def test_the_form_offers_no_day_that_the_step_refuses_for_being_too_far_ahead(opened: Cloud) -> None:
    last = (clock.today() + timedelta(days=30)).isoformat()
    offered = re.findall(r'<option value="(\d{4}-\d\d-\d\d)T', portal.visit("/me", STUDENT).body)
    assert offered and clock.today().isoformat() <= min(offered) and max(offered) <= last


def test_a_refused_form_is_told_where_it_was_sent_and_what_to_correct(opened: Cloud) -> None:
    form = Reader(portal.visit("/me", STUDENT).body).form("/personal-file/declare-destination")
    sent = form["fields"] | {"agreement": "signed", "receiver": "x", "address": ""}
    answer = opened.call("clearance/steps/personal_file", STUDENT, "POST", form["action"], list(sent.items()))
    body = portal.visit(answer.headers["Location"].partition("#")[0], STUDENT, "en").body
    card = body[body.index('id="personal-file"') : body.index('id="exit-survey"')]
    assert "Something needs correcting. Please check: Who receives the file, Address to send it to." in card
    assert card.count('aria-invalid="true"') == 2
    assert "x" not in answer.headers["Location"].partition("fields=")[2]


def test_each_rendering_has_a_key_of_its_own(opened: Cloud) -> None:
    keys = [
        form["fields"]["idempotency_key"]
        for _ in range(2)
        for form in Reader(portal.visit("/me", STUDENT).body).forms
        if "idempotency_key" in form["fields"]
    ]
    assert len(keys) == len(set(keys)) > 4 and all(len(key) >= 16 for key in keys)


def test_finishing_gets_its_moment_and_nothing_more_is_offered(cloud: Cloud) -> None:
    code = certified(cloud)
    body = portal.visit("/me", STUDENT, "en").body
    assert "<h1>All done</h1>" in body and codes.spoken(code) in body
    assert f'href="/api/clearance/cases/{LIN.student}/certificate"' in body
    assert not [form for form in Reader(body).forms if form["action"] != "/api/sign-out"]


def test_while_the_certificate_is_made_the_page_looks_again(cloud: Cloud) -> None:
    cloud.open()
    settle_everything(cloud)
    body = portal.visit("/me", STUDENT).body
    assert 'hx-get="/me"' in body and "/certificate" not in body


def test_the_history_names_the_office_to_the_graduate_and_the_person_to_staff(opened: Cloud) -> None:
    opened.act(officer("housing"), "dormitory", "send-back", reason="床板有损坏")
    mine = portal.visit("/me/history", STUDENT).body
    theirs = portal.visit(f"{CASE}/history", COUNSELLOR).body
    assert "床板有损坏" in mine and "公寓中心" in mine and "officer-housing" not in mine
    assert "officer-housing" in theirs
    assert mine.count("<li>") == len(Store().events(LIN.student))


# --- offices --------------------------------------------------------------------------------------------------


def test_an_officer_is_offered_what_they_may_do_and_others_are_not(opened: Cloud) -> None:
    def actions(session: Session) -> set[str]:
        forms = Reader(portal.visit(CASE, session).body).forms
        return {"/".join(f["action"].split("/")[-2:]) for f in forms if "/steps/" in f["action"]}

    assert actions(officer("housing")) == {"dormitory/sign-off", "dormitory/send-back", "dormitory/waive"}
    assert actions(LIBRARY) == {"library-loans/waive"}
    assert actions(AUDITOR) == set()


def test_the_matrix_tells_who_is_stuck_on_what(opened: Cloud) -> None:
    page = portal.visit("/schools/S01", COUNSELLOR, "en").body
    assert "2 graduates, 2 not finished, 1 stuck" in page
    assert page.count('<tr><th scope="row">') == 2
    stuck = portal.visit("/schools/S01?show=stuck", COUNSELLOR, "en").body
    assert LIN.student in stuck and "2022S01002" not in stuck
    assert portal.visit("/schools/S01?show=finished", COUNSELLOR).body.count('<tr><th scope="row">') == 0


def test_a_queue_signs_many_off_at_once_and_tells_how_many_were_refused(opened: Cloud) -> None:
    me = Session("2022S01002", "student", "x")
    opened.act(me, "dormitory", "book-inspection", me.sub, slot=next_slot())
    chosen = Reader(portal.visit("/queues/dormitory", officer("housing")).body).form("/confirm")["choices"]["case"]
    assert chosen == [LIN.student, me.sub]
    action, sent = confirmation("dormitory", "sign-off", officer("housing"))
    assert [value.partition(":")[0] for name, value in sent if name == "case"] == chosen
    # meanwhile one of them books another day
    opened.act(me, "dormitory", "book-inspection", me.sub, slot=next_slot("14:00"))
    answer = opened.call("clearance/steps/dormitory", officer("housing"), "POST", action, sent)
    body = portal.visit(answer.headers["Location"], officer("housing"), "en").body
    assert "1 dealt with, 1 was not" in body
    assert opened.case().state("dormitory") == "done"
    again = opened.call("clearance/steps/dormitory", officer("housing"), "POST", action, [
        (name, "of another page" if name == "idempotency_key" else value) for name, value in sent
    ])  # fmt: skip
    assert again.headers["Location"] != answer.headers["Location"]
    body = portal.visit(again.headers["Location"], officer("housing"), "en").body
    assert "0 dealt with, 2 were not" in body and "Something changed after you opened the page" in body


def test_a_queue_is_a_page_at_a_time_and_goes_on(opened: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal.module("chalicelib.office"), "PAGE", 2)
    for student in ("2022S01002", "2022S02003"):
        me = Session(student, "student", "x")
        opened.act(me, "dormitory", "book-inspection", student, slot=next_slot())
    first = portal.visit("/queues/dormitory", officer("housing")).body
    following = re.search(r'href="(/queues/dormitory\?after=[^"]+)"', first)
    assert following
    second = portal.visit(following[1].replace("&amp;", "&"), officer("housing")).body
    assert 'class="more"' in first and 'class="more"' not in second
    pages = [re.findall(r'name="case" value="(\w+)"', page) for page in (first, second)]
    assert pages == [[LIN.student, "2022S01002"], ["2022S02003"]]


@pytest.mark.slow
def test_a_held_delivery_is_shown_and_decided_by_its_department(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "THREADS", 1)  # moto does not bear so many at once
    everybody = [graduate(number) for number in range(1, 40)]
    cloud.open(*everybody)
    cloud.feed("library-loans", *[{"student": one.student} for one in everybody])
    held = [{"student": one.student, "loans": 1, "titles": "x"} for one in everybody]
    assert cloud.feed("library-loans", *held)["status"] == "held"
    asked = portal.visit("/queues", LIBRARY, "en").body
    assert "39" in asked and "1 delivery is held for a decision" in asked
    assert "feed/confirm" not in portal.visit("/season", AUDITOR).body
    assert "feed/confirm" in portal.visit("/season", ADMINISTRATOR).body
    form = Reader(portal.visit("/queues", LIBRARY).body).form("feed/discard")
    assert form["fields"]["snapshot"] == Store().feed("library-loans").held["identity"], "the one that was seen"
    answer = cloud.call("clearance/steps/library_loans", LIBRARY, "POST", form["action"], list(form["fields"].items()))
    assert answer.headers["Location"].startswith(
        "/queues?at=library-loans.feed-discard&done=library-loans.feed-discard"
    )
    told = portal.visit(answer.headers["Location"].partition("#")[0], LIBRARY, "en").body
    assert "is discarded" in told and "feed/confirm" not in told


def test_a_confirmed_delivery_waits_for_no_decision_any_more(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    office = portal.module("chalicelib.office")
    held = {"at": "2026-06-15T04:00:00.000Z", "changing": 39, "known": 39, "confirmed_by": "officer-library"}
    monkeypatch.setattr(office.Store, "feed", lambda store, step: FeedState(held=held))
    body = portal.visit("/queues", LIBRARY, "en").body
    assert "is confirmed and being applied" in body
    assert "held" not in re.sub("<.*?>", "", body) and "feed/confirm" not in body


def test_a_position_in_a_queue_that_is_none_is_no_failure_of_ours(cloud: Cloud) -> None:
    assert portal.visit(f"/queues/library-loans?after={'9' * 3000}", LIBRARY).status == 400


def test_the_season_counts_schools_and_steps(opened: Cloud) -> None:
    body = portal.visit("/season", ADMINISTRATOR, "en").body
    assert "0 of 3 graduates have finished" in body
    assert body.count('<th scope="row"><a href="/schools/') == 4, "two schools, in the heat map and in figures"


# --- certificates and guides ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_anybody_can_check_a_certificate(cloud: Cloud, language: str) -> None:
    code = certified(cloud)
    page = portal.visit(f"/verify/{codes.spoken(code).lower()}", None, language)
    assert page.status == 200
    assert LIN.name in page.body and codes.spoken(code) in page.body
    assert LIN.student not in page.body and "2022****01" in page.body
    assert portal.visit(f"/verify/{codes.new()}", None, language).status == 404
    assert portal.visit("/verify/short", None, language).status == 404
    assert 'value="&lt;short"' in portal.visit("/verify?code=%3Cshort", None, language).body, "it can be corrected"
    assert portal.visit(f"/verify?code={codes.spoken(code)}").location == f"/verify/{code}"


def test_every_step_has_a_guide_in_both_languages_of_a_length_one_reads() -> None:
    every = definition.steps().values()
    for step, flow_id in [(one, flow_id) for one in every for flow_id in one.flows]:
        chinese, english = step.guide("zh", flow_id), step.guide("en", flow_id)
        assert 120 <= len(CHINESE.findall(chinese)) <= 300, step.id
        assert 60 <= len(english.split()) <= 150, step.id
        assert not CHINESE.search(english), step.id


def test_a_guide_has_every_step_of_its_flow_and_no_other() -> None:
    for id in flow.TITLES:
        body = portal.visit(f"/guide/{id}").body
        told = re.findall(r'<li id="([a-z-]+)">', body)
        assert told == [step.id for step in definition.steps().values() if id in step.flows]
    assert portal.visit("/guide/nobody").status == 404


def test_the_guides_markdown_knows_paragraphs_lists_and_strong_words_only() -> None:
    markdown = portal.module("chalicelib.markdown")
    text = "One **two** <b>\nthree\n\n- a\n- b & c"
    assert markdown.of_blocks(read(text)) == (
        "<p>One <strong>two</strong> &lt;b&gt; three</p>\n<ul><li>a</li><li>b &amp; c</li></ul>"
    )


# --- weight ---------------------------------------------------------------------------------------------------


def test_static_files_are_kept_for_ever_under_an_address_that_changes_with_them(cloud: Cloud) -> None:
    address = portal.module("chalicelib.static").address("portal.css")
    page = portal.visit(address)
    assert page.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert page.headers["Content-Type"].startswith("text/css")
    older = portal.visit("/static/0123456789ab/portal.css")
    assert (older.status, older.headers["Cache-Control"]) == (200, "no-store")
    assert portal.visit("/static/0123456789ab/secrets.toml").status == 404


def test_what_checks_forms_comes_from_here_alone_and_with_its_licence(cloud: Cloud) -> None:
    static = portal.module("chalicelib.static")
    script, library = (portal.visit(static.address(name)) for name in ("forms-check.js", "json-schema.js"))
    assert all(one.headers["Content-Type"].startswith("text/javascript") for one in (script, library))
    assert re.findall(r'^import .* from "(.*)"', script.body, re.MULTILINE) == ["./json-schema.js"]
    assert not re.search(r"^import|sourceMappingURL|\beval\b|new Function", library.body, re.MULTILINE)
    assert "MIT License" in library.body and "Copyright (c) 2020 Jeremy Danyow" in library.body


def test_the_first_view_of_the_graduates_page_is_light(opened: Cloud) -> None:
    body = portal.visit("/me", STUDENT).body
    assets = [address for address in Reader(body).addresses if address.startswith("/static/")]
    assert len(assets) == 5
    assert transferred(body, *(portal.visit(address).body for address in assets)) < 35_000


@pytest.mark.slow
def test_four_hundred_graduates_fit_into_one_light_page_drawn_at_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(4)
    with CaseItem.batch_write() as batch:
        for number in range(400):
            case = case_document(opened_case(graduate(number, class_name=f"中文 220{number % 5}")))
            case["marks"] = {step: chance.choice("wrsbddd") for step in case["marks"]}
            batch.save(CaseItem(f"CASE#{case['student']}", "CASE", **case))
    rows = Store().school("S01")
    monkeypatch.setattr(Store, "school", lambda self, school: rows)
    page = portal.visit("/schools/S01", COUNSELLOR)
    assert page.body.count('<tr><th scope="row">') == 400
    assert transferred(page.body) < 60_000


# --- supervisors ----------------------------------------------------------------------------------------------
MASTER = graduate(9, category="postgraduate", supervisor="T0123")
OTHER_MASTER = graduate(10, category="postgraduate", supervisor="T0124")


@pytest.fixture
def laboratory(cloud: Cloud) -> Cloud:
    """Two postgraduates of S01 with a supervisor each; the first has returned everything, the second has not."""
    cloud.open(MASTER, OTHER_MASTER)
    lent = {"student": OTHER_MASTER.student, "items": 1, "names": "示波器"}
    cloud.feed("lab-equipment", {"student": MASTER.student}, lent)
    return cloud


@pytest.mark.parametrize(("language", "who"), [("zh", "导师"), ("en", "The supervisor")])
def test_a_supervisor_sees_what_waits_for_them_and_signs(laboratory: Cloud, language: str, who: str) -> None:
    assert portal.visit("/", SUPERVISOR).location == "/queues"
    queues = portal.visit("/queues", SUPERVISOR, language).body
    assert 'href="/queues/lab-equipment"' in queues and "/queues/school-approval" not in queues
    assert f"/cases/{MASTER.student}" in queues and OTHER_MASTER.student not in queues
    queue = portal.visit("/queues/lab-equipment", SUPERVISOR, language).body
    assert MASTER.student in queue and OTHER_MASTER.student not in queue
    action, sent = confirmation("lab-equipment", "sign-off", SUPERVISOR)
    assert [value for name, value in sent if name == "case"] == [f"{MASTER.student}:1"]
    told = laboratory.call("clearance/steps/lab_equipment", SUPERVISOR, "POST", action, sent)
    outcome = portal.visit(told.headers["Location"], SUPERVISOR, language)
    assert outcome.status == 200 and MASTER.student in outcome.body
    assert portal.visit(told.headers["Location"], OTHER_SUPERVISOR).status == 403
    assert laboratory.case(MASTER.student).state("lab-equipment") == "done"
    history = portal.visit(f"/cases/{MASTER.student}/history", COUNSELLOR, language).body
    assert who in history and "T0123" in history


def test_a_supervisor_sees_their_own_graduates_only(laboratory: Cloud) -> None:
    for path in (f"/cases/{MASTER.student}", f"/cases/{MASTER.student}/history"):
        assert portal.visit(path, SUPERVISOR).status == 200
        assert portal.visit(path, OTHER_SUPERVISOR).status == 403
    for path in ("/cases/2022S01999", "/schools/S01", "/queues/school-approval", "/queues/dormitory", "/season", "/me"):
        assert portal.visit(path, SUPERVISOR).status == 403
    elsewhere = Session("T0123", "supervisor", "T0123", school="S02")
    assert MASTER.student in portal.visit("/queues/lab-equipment", elsewhere).body, "whatever the school"
    nowhere = Session("T0123", "supervisor", "T0123")
    assert portal.visit("/queues", nowhere).status == portal.visit("/queues/lab-equipment", nowhere).status == 200


def test_the_school_can_sign_in_a_supervisor_s_place(laboratory: Cloud) -> None:
    assert MASTER.student in portal.visit("/queues/lab-equipment", COUNSELLOR).body
    answer = laboratory.act(COUNSELLOR, "lab-equipment", "sign-off", MASTER.student)
    assert (answer.status, answer.json["state"]) == (200, "done")
    assert MASTER.student not in portal.visit("/queues/lab-equipment", SUPERVISOR).body, "gone from both queues"
    assert laboratory.act(SUPERVISOR, "lab-equipment", "sign-off", MASTER.student).json["code"] == "already-done"


def test_what_is_lent_is_said_and_can_be_explained(laboratory: Cloud) -> None:
    who = Session(OTHER_MASTER.student, "student", "x")
    assert "示波器" in portal.visit("/me", who).body
    assert OTHER_MASTER.student not in portal.visit("/queues/lab-equipment", OTHER_SUPERVISOR).body
    laboratory.act(who, "lab-equipment", "declare-handed-over", who.sub, handed_over="交给了师弟周一鸣")
    assert "周一鸣" in portal.visit("/queues/lab-equipment", OTHER_SUPERVISOR).body
    assert laboratory.act(OTHER_SUPERVISOR, "lab-equipment", "sign-off", who.sub).json["state"] == "done"
    laboratory.feed("lab-equipment", {"student": who.sub, "items": 2, "names": "示波器;相机"})
    assert laboratory.case(who.sub).state("lab-equipment") == "blocked", "something new is not covered by it"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_can_be_a_supervisor_with_something_to_sign(laboratory: Cloud, language: str) -> None:
    headers = {"accept-language": language}
    body = laboratory.call(
        "identity/demo_sign_in", None, "GET", "/api/sign-in/demo?as=supervisor", headers=headers
    ).body
    assert "supervisor:T0123:S01" in body and "supervisor:T0124:S01" in body
    assert body.index("supervisor:T0123") < body.index("supervisor:T0124"), "who has most to sign comes first"


# --- bank accounts --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bank_account_is_seen_by_the_graduate_and_the_office_only(cloud: Cloud, language: str) -> None:
    who = graduate(11, category="international", flags=frozenset({"scholarship", "abroad"}))
    cloud.open(who)
    me, office = Session(who.student, "student", "x"), officer("international-education")
    account = {"account_holder": "Aigerim", "swift": "hsbk kzkx", "bank_abroad": "Halyk Bank"}
    refused = cloud.act(
        me, "scholarship-settlement", "declare-account", who.student, iban="KZ86125KZT5004100101", **account
    )
    assert refused.json["errors"] == [{"field": "iban", "code": "invalid"}], "a digit that is wrong is noticed"
    good = cloud.act(
        me, "scholarship-settlement", "declare-account", who.student, iban="kz86 125K ZT50 0410 0100", **account
    )
    assert good.json["state"] == "submitted"
    case, queue = f"/cases/{who.student}", "/queues/scholarship-settlement"
    for path, session in (("/me", me), (case, office), (queue, office)):
        shown = portal.visit(path, session, language).body
        assert "•••• 0100" in shown and "KZ86125KZT5004100100" not in shown
        assert ("/sealed/scholarship-settlement/iban" in shown) == (path != queue), "one at a time, where the case is"
    for session in (COUNSELLOR, ADMINISTRATOR, AUDITOR, LIBRARY):
        for path in (case, f"{case}/history", queue, f"{queue}?do=send-back"):
            assert "0100" not in portal.visit(path, session, language).body
    told = cloud.call("clearance/cases", AUDITOR, "GET", "/api/clearance/steps/scholarship-settlement/queue")
    assert [one["answers"] for one in told.json["items"]] == [{}]
