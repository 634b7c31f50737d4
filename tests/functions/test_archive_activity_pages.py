"""Pages of the catalogue: what is coming, one activity, the screen of a lecture, what a scanned code leads to."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from yinji.archive import check_in
from yinji.archive.catalogue_store import Catalogue
from yinji.identity.session import Session, host_bound

from tests import portal
from tests.archives import BEGINS, SU, Library, activity, student
from tests.functions.conftest import Cloud, cloud
from tests.functions.test_archive_activities import (
    ADMINISTRATOR,
    AFFAIRS,
    COUNSELLOR,
    ELSEWHERE,
    KEYS,
    LIBRARY,
    OFFICER,
    OTHER,
    STUDENT,
    call,
    now,
    press,
    scan,
)

__all__ = ["cloud", "now"]

SOON = BEGINS - timedelta(hours=3)


@pytest.fixture
def library(cloud: Cloud, now: Callable[[datetime], None]) -> Library:
    now(SOON)
    found = Library(cloud)
    found.enrol(SU, student(2), student(3))
    Catalogue().put(activity(capacity=1, about="先生\n开讲 <script>"))
    Catalogue().put(activity(2, kind="art", title="合唱", begins_at=BEGINS + timedelta(days=2)))
    Catalogue().put(activity(3, kind="service", title="支教", begins_at=BEGINS + timedelta(days=3), school=""))
    return found


def read(path: str, who: Session | None = STUDENT, **more: Any) -> str:
    answer = portal.visit(path, who, **more)
    assert answer.status == 200, (answer.status, answer.location)
    return answer.body


def titles(body: str) -> list[str]:
    return re.findall(r'<h3><a href="[^"]+"><bdi>([^<]+)', body)


def test_what_is_coming_is_told_by_time_and_ones_own_first(library: Library) -> None:
    assert titles(read("/archive/activities")) == ["讲座 1", "合唱", "支教"]
    press(library, STUDENT, id="A3")
    body = read("/archive/activities")
    assert titles(body) == ["支教", "讲座 1", "合唱"] and "我报名的活动" in body and "已报名" in body
    assert titles(read("/archive/activities", OTHER)) == ["讲座 1", "合唱", "支教"]


def test_the_list_is_filtered_by_dimension_and_kind_and_keeps_ones_own(library: Library) -> None:
    press(library, STUDENT, id="A1")
    assert titles(read("/archive/activities?dimension=aesthetic")) == ["讲座 1", "合唱"]
    assert titles(read("/archive/activities?kind=service", OTHER)) == ["支教"]
    assert titles(read("/archive/activities?kind=nonsense", OTHER)) == ["讲座 1", "合唱", "支教"]
    assert "最近没有" in read("/archive/activities?kind=sport", OTHER)


def test_a_student_signs_up_by_the_page_and_is_told_there(library: Library) -> None:
    page = read("/archive/activities/A1")
    assert 'action="/api/archive/activities/A1/sign-up"' in page and "还剩 1 个" in page
    assert "<script>" not in page.partition("</head>")[2] and "&lt;script&gt;" in page
    form = page.partition("/sign-up")[2].partition("</form>")[0]
    sent = [(name, html.unescape(value)) for name, value in re.findall(r'name="([^"]+)" value="([^"]+)"', form)]
    answer = call(library, "sign_up", STUDENT, "POST", "/api/archive/activities/A1/sign-up", sent)
    assert answer.status == 303
    told = read(answer.headers["Location"].partition("#")[0])
    assert "报名成功" in told and "退出报名" in told and 'action="/api/archive/activities/A1/give-back"' in told
    press(library, STUDENT, "give-back")
    again = call(library, "sign_up", STUDENT, "POST", "/api/archive/activities/A1/sign-up", sent)
    told = read(again.headers["Location"].partition("#")[0])
    assert "之前已经处理过" in told and "/sign-up" in told, "the page that was open before signs nobody up again"
    press(library, STUDENT)
    other = read("/archive/activities/A1", OTHER)
    assert "排队候补" in other and "名额已满" in other
    press(library, OTHER)
    assert "前面还有 0 人" in read("/archive/activities/A1", OTHER)


def test_once_it_began_the_page_offers_no_place_any_more(library: Library, now: Callable[[datetime], None]) -> None:
    press(library, STUDENT)
    now(BEGINS + timedelta(minutes=1))
    page = read("/archive/activities/A1")
    assert "报名结束" in page and "/sign-up" not in page and "/give-back" not in page


def test_a_cancelled_activity_says_so_to_who_signed_up(library: Library) -> None:
    press(library, STUDENT)
    call(library, "activities", OFFICER, "POST", "/api/archive/activities/A1/cancel", {})
    assert "这个活动已经取消" in read("/archive/activities/A1")
    body = read("/archive/activities")
    assert titles(body)[0] == "讲座 1" and "已取消" in body and 'class="card gone"' in body


@pytest.mark.parametrize(
    ("who", "manages", "shows"),
    [(OFFICER, True, True), (AFFAIRS, True, True), (ADMINISTRATOR, True, True), (COUNSELLOR, False, True),
     (ELSEWHERE, False, False), (LIBRARY, False, False), (STUDENT, False, False)],
)  # fmt: skip
def test_everybody_is_offered_what_they_may_do(library: Library, who: Session, manages: bool, shows: bool) -> None:
    page = read("/archive/activities/A1", who)
    assert ("/api/archive/activities/A1/change" in page) is manages
    assert ("/archive/activities/A1/screen" in page) is shows
    assert ('id="announce"' in read("/archive/activities", who)) is (manages or who is ELSEWHERE)


def test_the_organiser_opens_the_list_of_guests_and_the_look_is_noted(library: Library) -> None:
    press(library, STUDENT)
    assert SU.name not in read("/archive/activities/A1", OFFICER) and library.cloud.looks() == []
    page = read("/archive/activities/A1?list=1", OFFICER)
    assert SU.name in page and "sign-ups.xlsx" in page
    [look] = library.cloud.looks()
    assert (look["what"], look["students"]) == ("sign-ups", [SU.student])
    for who in (COUNSELLOR, ELSEWHERE, STUDENT):
        assert portal.visit("/archive/activities/A1?list=1", who).status == 403


def test_what_was_refused_is_marked_where_it_was_asked(library: Library) -> None:
    page = read("/archive/activities?problem=invalid-form&fields=minutes", OFFICER)
    assert (
        re.search(r'name="minutes"[^>]+aria-invalid="true"', page)
        and '<details class="settled" id="announce" open>' in page
    )


# --- the screen ------------------------------------------------------------------------------------------------


def shown(page: str) -> str:
    """The token in the picture is drawn, not written: it is read from the API in the other tests."""
    return unquote(re.findall(r'<img id="code" src="([^"]+)"', page)[0])


def test_the_screen_shows_another_code_every_fifteen_seconds(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    first = read("/archive/activities/A1/screen", COUNSELLOR)
    assert "讲座 1" in first and "已签到 " in first and '<noscript><meta http-equiv="refresh"' in first
    now(BEGINS + timedelta(seconds=14))
    assert shown(read("/archive/activities/A1/screen", COUNSELLOR)) == shown(first)
    now(BEGINS + timedelta(seconds=15))
    assert shown(read("/archive/activities/A1/screen", COUNSELLOR)) != shown(first)
    assert shown(first).startswith("data:image/svg+xml") and "<svg" in shown(first)


def test_before_and_after_the_screen_shows_no_code(library: Library, now: Callable[[datetime], None]) -> None:
    early = read("/archive/activities/A1/screen", COUNSELLOR)
    assert "开放签到" in early and 'id="code"' not in early
    now(BEGINS + timedelta(hours=2))
    late = read("/archive/activities/A1/screen", COUNSELLOR)
    assert "签到关闭" in late and 'id="code"' not in late


@pytest.mark.parametrize("who", [ELSEWHERE, LIBRARY, STUDENT])
def test_only_the_organiser_has_the_screen(library: Library, now: Callable[[datetime], None], who: Session) -> None:
    now(BEGINS)
    assert portal.visit("/archive/activities/A1/screen", who).status == 403


# --- checking in -----------------------------------------------------------------------------------------------


def code(moment: datetime = BEGINS) -> str:
    return check_in.token("A1", moment, KEYS)


def cookie_of(answer: portal.Page) -> str:
    """What the browser keeps of an answer's ticket."""
    told = answer.headers["Set-Cookie"]
    [header] = [told] if isinstance(told, str) else told
    assert "HttpOnly" in header and "SameSite=Lax" in header and "Max-Age=300" in header
    return header.partition(";")[0].strip()


def test_who_is_signed_in_presses_one_button(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    page = read(f"/archive/check-in/{code()}")
    assert "我来了，签到" in page and SU.name in page
    assert scan(library, STUDENT, code()).status == 200
    assert "你已签到" in read(f"/archive/check-in/{code()}")
    now(BEGINS + timedelta(hours=5))
    assert "你已签到" in read(f"/archive/check-in/{code()}"), "also when the page is looked at again later"
    assert "已签到" in read("/archive/activities/A1")


def test_who_has_to_sign_in_first_keeps_their_chance(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    path = f"/archive/check-in/{code()}"
    away = portal.visit(path)
    assert (away.status, away.location) == (303, f"/sign-in?next={path}")
    ticket = cookie_of(away)
    now(BEGINS + timedelta(minutes=4))
    assert portal.visit(path, STUDENT).status == 410, "another browser has no ticket"
    page = read(path, STUDENT, cookies=ticket)
    assert "我来了，签到" in page
    assert scan(library, STUDENT, code(), ticket.partition("=")[2]).json["again"] is False
    assert ticket.partition("=")[0] == host_bound(check_in.COOKIE)


def test_a_code_that_is_old_gives_no_ticket_and_says_what_to_do(
    library: Library, now: Callable[[datetime], None]
) -> None:
    now(BEGINS + timedelta(seconds=31))
    for who in (STUDENT, None):
        answer = portal.visit(f"/archive/check-in/{code()}", who)
        assert answer.status == 410 and "再扫一次" in answer.body and "Set-Cookie" not in answer.headers
    wrong = portal.visit("/archive/check-in/made-up", STUDENT)
    assert wrong.status == 404 and "不是我们的签到码" in wrong.body


def test_nobody_but_students_checks_in_and_nobody_to_what_was_cancelled(
    library: Library, now: Callable[[datetime], None]
) -> None:
    now(BEGINS)
    assert portal.visit(f"/archive/check-in/{code()}", OFFICER).status == 403
    call(library, "activities", OFFICER, "POST", "/api/archive/activities/A1/cancel", {})
    assert portal.visit(f"/archive/check-in/{code()}", STUDENT).status == 409


def test_both_languages_tell_everything_and_no_page_is_heavy(library: Library, now: Callable[[datetime], None]) -> None:
    now(BEGINS)
    for path, who in (
        ("/archive/activities", OFFICER),
        ("/archive/activities/A1?list=1", OFFICER),
        ("/archive/activities/A1/screen", OFFICER),
        (f"/archive/check-in/{code()}", STUDENT),
    ):
        for language in ("zh", "en"):
            assert len(read(path, who, language=language).encode()) < 60_000
