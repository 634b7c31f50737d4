"""What groups are for: how schools differ, who has gone quiet and why; pages, API and files, each for whom it is."""

from __future__ import annotations

import csv
import io
import random
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from yinji.archive import quiet as rule
from yinji.archive.groups_store import Groups
from yinji.archive.kinds import dimensions
from yinji.archive.store import Member
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock

from tests import portal
from tests.archives import member, put_members
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_portal import CHINESE, Reader, transferred

AFFAIRS = officer("student-affairs")
LIBRARY = officer("library")
ADMINISTRATOR = Session("administrator", "administrator", "x")
AUDITOR = Session("auditor", "auditor", "x")
OTHER = Session("T0002", "counsellor", "x", school="S02")
SCHOOL_OFFICER = Session("T0003", "school-officer", "x", school="S01")
TERMS = ("2023-2024-1", "2023-2024-2", "2024-2025-1", "2024-2025-2")
NOW = TERMS[-1]
TODAY = date(2025, 6, 1)
YEAR = "undergraduate-2022"


def busy(number: int, school: str, level: int, programme: str, now: int | None = None) -> Member:
    """A student with about `level` records a term, and `now` in this one."""
    spread = random.Random(number)
    terms = {}
    for term in TERMS:
        records = max(level + spread.randint(-2, 2), 0)
        if term == NOW and now is not None:
            records = now
        terms[term] = {f"dimension.{id}": 5 * records for id in dimensions()} | {"overall": 5 * records}
        terms[term]["records"] = records
    told = {f"dimension.{id}": 5 * sum(one["records"] for one in terms.values()) for id in dimensions()}
    return member(
        number, sum(told.values()) // 5, school, terms=terms, features=told, programme=programme, last_day=TODAY
    )


def everybody() -> Iterator[Member]:
    for number in range(60):
        yield busy(number, "S01", 9, "汉语言文学" if number % 2 else "新闻学")
    for number in range(60, 72):
        yield busy(number, "S02", 2, "考古学")
    for number in range(72, 130):
        yield busy(number, "S03", 10, "哲学")
    for number in range(3):
        yield busy(number, "S04", 9, "英语")
    yield busy(500, "S01", 10, "汉语言文学", now=1)
    yield busy(501, "S01", 16, "汉语言文学", now=0)


@pytest.fixture
def compared(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    put_members(everybody())
    cloud.invoke("archive/groups", {"whole": True})
    return cloud


def get(cloud: Cloud, session: Session, path: str, **headers: str) -> Any:
    return cloud.call("archive/compare", session, "GET", f"/api/archive/{path}", headers=headers)


def lines(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b64decode(answer.body).decode("utf-8-sig"))))


# --- who has gone quiet ----------------------------------------------------------------------------------------


def test_each_on_the_list_is_told_why(compared: Cloud) -> None:
    found = Groups().quiet("S01", NOW)
    assert [(one.member.student, one.rule.id, one.now) for one in found] == [
        ("2022S01501", "silent", 0),
        ("2022S01500", "much-less", 1),
    ]
    before, median = " and ".join(map(str, found[1].before)), found[1].median
    assert found[1].why("en") == (
        f"{before} records in the two terms before, 1 in this one; "
        f"half of their own year in the school has {median} or more."
    )
    assert "一条也没有" in found[0].why("zh")


def test_who_sees_all_schools_is_told_how_many_of_each_the_most_first(compared: Cloud) -> None:
    counted = Groups().gone_quiet(NOW)
    assert counted == {school: len(Groups().quiet(school, NOW)) for school in ("S01", "S02", "S03", "S04")}
    assert counted["S01"] == 2 > counted["S02"]
    body = portal.visit("/archive/quiet", AFFAIRS, "en").body
    assert f"{sum(counted.values())} students have gone quiet" in body
    row = r'<a href="/archive/quiet\?school=(S\d\d)">[^<]*?(?: <span class="soft">([^<]*)</span>)?</a>'
    listed = re.findall(row, body)
    assert listed[0] == ("S01", "2 students") and ("S03", f"{counted['S03']} students") in listed
    put_members([busy(500, "S01", 10, "汉语言文学", now=9)])
    compared.invoke("archive/groups", {})
    assert Groups().gone_quiet(NOW)["S01"] == 1
    assert Groups().gone_quiet("2019-2020-1") == {}, "of another term nothing was counted"


def test_nobody_is_quiet_in_a_term_in_which_nobody_does_much(compared: Cloud) -> None:
    calm = [busy(number, "S05", 9, "x", now=0) for number in range(20)]
    put_members(calm)
    compared.invoke("archive/groups", {"whole": True})
    assert Groups().quiet("S05", NOW) == []


def test_who_always_had_few_records_is_not_said_to_have_gone_quiet(compared: Cloud) -> None:
    few = {term: {"records": number} for term, number in zip(TERMS, (1, 1, 0, 0), strict=True)}
    never, once = (member(number, terms=told) for number, told in ((600, {}), (601, few)))
    put_members([never, once])
    compared.invoke("archive/groups", {"whole": True})
    assert {"2022S01600", "2022S01601"}.isdisjoint(one.member.student for one in Groups().quiet("S01", NOW))


def test_who_is_in_a_small_group_is_compared_with_the_university_and_told_so(compared: Cloud) -> None:
    put_members([busy(700, "S04", 10, "英语", now=1)])
    compared.invoke("archive/groups", {"whole": True})
    [found] = Groups().quiet("S04", NOW)
    assert "their year in the whole university" in found.why("en")


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2025, 2, 1), "2024-2025-1"),
        (date(2025, 4, 25), "2024-2025-1"),
        (date(2025, 4, 26), "2024-2025-2"),
        (date(2025, 11, 23), "2024-2025-2"),
        (date(2025, 11, 24), "2025-2026-1"),
    ],
)
def test_a_term_is_looked_at_once_it_is_twelve_weeks_old(day: date, term: str) -> None:
    assert rule.term_looked_at(day) == term


def test_names_are_for_the_school_itself_and_who_may_see_archives(compared: Cloud) -> None:
    for session in (COUNSELLOR, SCHOOL_OFFICER, AFFAIRS, ADMINISTRATOR, AUDITOR):
        answer = get(compared, session, "quiet?school=S01")
        assert [one["student"] for one in answer.json["students"]] == ["2022S01501", "2022S01500"], session.role
    for session in (STUDENT, OTHER, LIBRARY):
        assert get(compared, session, "quiet?school=S01").status == 403, session.role
        assert portal.visit("/archive/quiet?school=S01", session).status == 403, session.role
    assert get(compared, COUNSELLOR, "quiet").status == 200, "one's own without naming it"
    assert get(compared, ADMINISTRATOR, "quiet").status == 404
    assert get(compared, ADMINISTRATOR, "quiet?school=S99").status == 404


def test_who_saw_the_names_is_written_down_before_they_are_shown(compared: Cloud) -> None:
    portal.visit("/archive/quiet", COUNSELLOR)
    get(compared, COUNSELLOR, "quiet")
    get(compared, COUNSELLOR, "lists/quiet.csv")
    looks = compared.looks()
    assert sorted(one["what"] for one in looks) == ["list", "quiet", "quiet"]
    assert all(set(one["students"]) == {"2022S01500", "2022S01501"} for one in looks)


def test_names_that_cannot_be_noted_are_not_shown(compared: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_SEEN_QUEUE", "http://127.0.0.1:9/nowhere")
    assert portal.visit("/archive/quiet", COUNSELLOR).status == 503
    assert get(compared, COUNSELLOR, "quiet").status == 503
    assert get(compared, COUNSELLOR, "lists/quiet.csv").status == 503


# --- files -----------------------------------------------------------------------------------------------------


def test_the_list_of_names_is_a_file_that_is_written_down(compared: Cloud) -> None:
    head, *rows = lines(get(compared, COUNSELLOR, "lists/quiet.csv", **{"accept-language": "en"}))
    assert head[0] == "Student number" and [row[0] for row in rows] == ["2022S01501", "2022S01500"]
    assert "half of their own year in the school has" in rows[1][-1]
    [taken] = Store().exports_on(clock.now().date())
    assert (taken["who"], taken["what"], taken["rows"]) == (COUNSELLOR.sub, "archive-quiet", 2)


def test_schools_programmes_and_terms_are_files_for_who_may_see_them(compared: Cloud) -> None:
    found = lines(get(compared, AFFAIRS, f"lists/groups.csv?year={YEAR}"))
    assert {row[0] for row in found[1:]} == {"全校", "文学院", "哲学学院"}
    own = lines(get(compared, COUNSELLOR, f"lists/programmes.csv?year={YEAR}"))
    assert {row[1] for row in own[1:]} == {"汉语言文学", "新闻学"}
    book = load_workbook(io.BytesIO(b64decode(get(compared, AUDITOR, f"lists/history.xlsx?year={YEAR}").body)))
    assert book.active.max_row == 1 + 3 * len(TERMS) * (len(dimensions()) + 2)
    assert list(Store().exports_on(clock.now().date())) == [], "nobody is named in them"
    assert get(compared, COUNSELLOR, f"lists/groups.csv?year={YEAR}&school=S03").status == 403
    assert get(compared, STUDENT, f"lists/groups.csv?year={YEAR}").status == 403
    for file in ("groups.pdf", "secrets.csv", f"groups.csv?year={YEAR[:-1]}"):
        assert get(compared, AUDITOR, f"lists/{file}").status == 404, file


# --- schools and programmes ------------------------------------------------------------------------------------


def test_a_school_of_three_and_the_smallest_beside_it_are_told_of_nowhere(compared: Cloud) -> None:
    answer = get(compared, AUDITOR, f"groups/{YEAR}")
    assert answer.json["schools"].keys() == {"S01", "S03"}
    assert {one["programme"] for one in answer.json["programmes"]} == {"汉语言文学", "新闻学", "哲学"}
    page = portal.visit("/archive/groups", AUDITOR)
    assert "文学院" in page.body and "历史学院" not in page.body.split("</table>")[0]
    assert portal.visit("/archive/groups/S02", AUDITOR).body.count("<table") == 0


def test_a_counsellor_sees_their_own_school_and_the_university(compared: Cloud) -> None:
    answer = get(compared, COUNSELLOR, f"groups/{YEAR}")
    assert answer.json["schools"].keys() == {"S01"} and answer.json["whole"]["number"] == 135
    assert get(compared, COUNSELLOR, "groups").json == {"years": [YEAR]}
    assert portal.visit("/archive/groups/S01", COUNSELLOR).status == 200
    assert portal.visit("/archive/groups/S03", COUNSELLOR).status == 403
    assert portal.visit("/archive/groups", COUNSELLOR).status == 403
    for session in (STUDENT, LIBRARY):
        assert portal.visit("/archive/groups/S01", session).status == 403
        assert get(compared, session, f"groups/{YEAR}?school=S01").status == 403
    assert portal.visit("/archive/groups/S99", AUDITOR).status == 404
    assert portal.visit("/archive/groups?year=undergraduate-1999", AUDITOR).status == 404


def test_a_thin_programme_is_told_in_a_sentence(cloud: Cloud) -> None:
    put_members([*(busy(number, "S01", 9, "甲") for number in range(60)),
                 *(busy(number, "S02", 2, "乙") for number in range(12))])  # fmt: skip
    cloud.invoke("archive/groups", {"whole": True})
    page = portal.visit("/archive/groups", AUDITOR, "en").body
    assert re.search(r"<bdi>乙</bdi> \(School of History\), Moral: half has at most \d+ points", page)
    assert "far below" in portal.visit("/archive/groups/S02", AUDITOR, "en").body


PAGES = [
    ("/archive/groups", AUDITOR),
    ("/archive/groups/S01", COUNSELLOR),
    ("/archive/groups/S02", AUDITOR),
    ("/archive/quiet", COUNSELLOR),
    ("/archive/quiet", AFFAIRS),
    ("/archive/quiet?school=S03", ADMINISTRATOR),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_one_language_have_no_style_of_their_own_and_are_light(compared: Cloud, language: str) -> None:
    for path, session in PAGES:
        page = portal.visit(path, session, language)
        assert page.status == 200, path
        assert not Reader(page.body).inline, path
        assert transferred(page.body) < 20_000, path
        if language == "en":
            without = re.sub(
                r"<bdi>.*?</bdi>|<a class=\"language\".*?</a>|<span class=\"seal\".*?</span>", "", page.body
            )
            assert not CHINESE.search(without), (path, CHINESE.findall(without))


def test_every_picture_says_what_it_shows_and_has_its_table(compared: Cloud) -> None:
    body = portal.visit("/archive/groups/S01", COUNSELLOR, "en").body
    pictures = re.findall(r'<svg class="(?:multiple|quarters)"[^>]*role="img" aria-label="([^"]+)"', body)
    assert len(pictures) == 2 * (len(dimensions()) + 1) and all("half" in one for one in pictures)
    assert body.count('<table class="plain-table">') == len(dimensions()) + 2


def test_before_anything_was_counted_a_page_says_so(cloud: Cloud) -> None:
    assert "还没有可以比较的数据" in portal.visit("/archive/groups", AUDITOR).body
    assert "还没有可以比较的数据" in portal.visit("/archive/groups/S01", COUNSELLOR).body
    assert "目前没有" in portal.visit("/archive/quiet", COUNSELLOR).body
