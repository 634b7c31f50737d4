"""Pages of archives: what students and counsellors see, that every number leads to what it counts, and who may."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import quote, urlsplit

import pytest
from yinji.archive.catalogue import Book, Teacher
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.groups_store import Groups
from yinji.archive.kinds import dimensions, hundreds, kinds
from yinji.archive.record import STATES, Certification, Record
from yinji.archive.store import Archive, RecordEvent
from yinji.archive.story import story
from yinji.clearance import university
from yinji.identity.session import Session
from yinji.platform import clock

from tests import portal
from tests.archives import AT, SU, Library, activity, as_csv, fill, loan, record, student
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_portal import ADMINISTRATOR, AUDITOR, CHINESE, OTHER_COUNSELLOR, Reader, transferred

ME = Session(SU.student, "student", SU.name)
SOMEBODY_ELSE = Session("2022S01999", "student", "别人")
OFFICE, LIBRARY = officer("student-affairs"), officer("library")
THEIRS = f"/archive/students/{SU.student}"
DAY = date(2023, 9, 4)


def a_life() -> list[Record]:
    """Records of every kind and state over two years and a half."""
    found = [
        record(number, kind, day=DAY + timedelta(days=62 * place + 3 * (number % 100)), title=f"《题目》{number}",
               entity=f"e{number}" if kinds()[kind].entity else "", minutes=90, place=f"场馆{place % 3}",
               level="school" if kinds()[kind].levels else "", source="second-classroom")
        for place, kind in enumerate(kinds())
        for number in range(100 * place, 100 * place + 14)
    ]  # fmt: skip
    states = [
        replace(found[place], id=f"S/{state}", state=state, certification=None, entity=f"x{place}")
        for place, state in enumerate(STATES)
        if state != "certified"
    ]
    return found + states


@pytest.fixture
def archives(cloud: Cloud) -> Archive:
    found = Archive()
    found.enrol([SU])
    life = a_life()
    fill(SU, [replace(one, state="certified") if one.state == "void" else one for one in life])
    fill(SU, [replace(one, as_of="2026-07-01T00:00:00.000Z") for one in life if one.state == "void"])
    return found


@pytest.fixture
def grouped(archives: Archive) -> Archive:
    """Fourteen others, so that there is a group to be compared with."""
    others = [student(number) for number in range(100, 114)]
    archives.enrol(others)
    for place, other in enumerate(others):
        fill(other, [record(one, student=other.student) for one in range(place)])
    Groups().build()
    return archives


def links(body: str, beginning: str) -> list[tuple[str, str]]:
    """Links that begin with `beginning`: address and the text between their tags."""
    found = re.findall(rf'<a[^>]*? ?href="({re.escape(beginning)}[^"]*)"[^>]*>(.*?)</a>', body, re.DOTALL)
    return [(html.unescape(href), re.sub(r"<[^>]+>", " ", text)) for href, text in found]


def number_on(body: str) -> int:
    found = re.search(r'id="number">(\d+)', body)
    assert found
    return int(found[1])


PEOPLES = r'<bdi[^>]*>.*?</bdi>|<option.*?</option>|<a class="language".*?</a>|<span class="seal".*?</span>'
"""Names, and what is Chinese in every language."""

PATHS: list[tuple[str, Session]] = [
    ("/archive", ME),
    ("/archive?year=2023-2024", ME),
    ("/archive?year=nonsense", ME),
    ("/archive/portrait", ME),
    ("/archive/records", ME),
    ("/archive/records?state=pending&kind=nonsense&page=x", ME),
    ("/archive/records/second-classroom:L0", ME),
    ("/archive/records/second-classroom:S~2Fpending?at=claim.dispute&problem=invalid-form", ME),
    ("/archive/students", COUNSELLOR),
    ("/archive/students?sort=moral&waiting=yes&class=x&q=1&grade=2022&counsellor=T0001", COUNSELLOR),
    ("/archive/students", OFFICE),
    ("/archive/students?school=S01", OFFICE),
    (THEIRS, COUNSELLOR),
    (f"{THEIRS}/years", COUNSELLOR),
    (f"{THEIRS}/records?year=2023-2024", COUNSELLOR),
    (f"{THEIRS}/records/second-classroom:L0", COUNSELLOR),
    ("/archive/deliveries", OFFICE),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_speaks_its_language_and_is_light_and_keeps_to_its_policy(grouped: Archive, language: str) -> None:
    for path, session in PATHS:
        page = portal.visit(path, session, language)
        assert page.status == 200, path
        reader = Reader(page.body)
        assert reader.inline == [], path
        assert [one for one in reader.addresses if one.startswith(("http", "//"))] == [], path
        assert transferred(page.body) < 20_000, path
        if language == "en":
            said = re.sub(PEOPLES, "", page.body, flags=re.DOTALL)
            assert not CHINESE.search(said), (path, CHINESE.search(said))


ROLES: list[tuple[str, set[str]]] = [
    ("/archive", {"me"}),
    ("/archive/portrait", {"me"}),
    ("/archive/records", {"me"}),
    ("/archive/records/second-classroom:L0", {"me"}),
    ("/archive/students", {"counsellor", "other-counsellor", "office", "administrator", "auditor"}),
    (THEIRS, {"me", "counsellor", "office", "administrator", "auditor"}),
    (f"{THEIRS}/years", {"me", "counsellor", "office", "administrator", "auditor"}),
    (f"{THEIRS}/records", {"me", "counsellor", "office", "administrator", "auditor"}),
    (f"{THEIRS}/records/second-classroom:L0", {"me", "counsellor", "office", "administrator", "auditor"}),
    ("/archive/deliveries", {"office", "administrator", "auditor"}),
]
WHO = {
    "me": ME,
    "somebody-else": SOMEBODY_ELSE,
    "counsellor": COUNSELLOR,
    "other-counsellor": OTHER_COUNSELLOR,
    "office": OFFICE,
    "library": LIBRARY,
    "supervisor": Session("T0123", "supervisor", "T0123", school="S01"),
    "administrator": ADMINISTRATOR,
    "auditor": AUDITOR,
}


@pytest.mark.parametrize(("path", "allowed"), ROLES, ids=[path for path, _ in ROLES])
def test_each_page_is_for_those_it_concerns(archives: Archive, path: str, allowed: set[str]) -> None:
    answers = {name: portal.visit(path, session).status for name, session in WHO.items()}
    expected = {name: 200 if name in allowed else 403 for name in WHO}
    if "somebody-else" not in allowed and path.startswith("/archive") and allowed == {"me"}:
        expected["somebody-else"] = 404  # a student as well, without an archive
    assert answers == expected


def test_who_has_no_archive_and_who_does_not_exist_look_the_same_to_who_sees_some(archives: Archive) -> None:
    for nobody in ("2022S01998", "x" * 3000, "CARD"):
        for session in (COUNSELLOR, ME):
            assert portal.visit(f"/archive/students/{nobody}", session).status == 403
        assert portal.visit(f"/archive/students/{nobody}", AUDITOR).status == 404
    assert portal.visit("/archive").location.startswith("/sign-in")


def test_a_look_of_somebody_else_is_written_down_and_ones_own_is_not(cloud: Cloud, archives: Archive) -> None:
    for path in ("/archive", "/archive/portrait", "/archive/records", THEIRS):
        assert portal.visit(path, ME).status == 200
    assert cloud.looks() == []
    for path in (THEIRS, f"{THEIRS}/records", f"{THEIRS}/records/second-classroom:L0"):
        assert portal.visit(path, COUNSELLOR).status == 200
        assert [(one["what"], one["students"], one["who"]) for one in cloud.looks()] == [
            ("archive", [SU.student], COUNSELLOR.sub)
        ]
    assert portal.visit(THEIRS, OTHER_COUNSELLOR).status == 403
    assert cloud.looks() == []


def test_a_look_that_cannot_be_written_down_is_not_shown(archives: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_SEEN_QUEUE", "https://sqs.us-east-1.amazonaws.com/123456789012/none")
    page = portal.visit(THEIRS, COUNSELLOR)
    assert page.status == 503 and SU.name not in page.body
    assert portal.visit("/archive/portrait", ME).status == 200


def test_a_portrait_is_two_reads_and_the_timeline_two_whatever_the_visitor(
    grouped: Archive, counted: Callable[[], list[str]]
) -> None:
    for path, session in (("/archive/portrait", ME), (THEIRS, COUNSELLOR)):
        before = len(counted())
        assert 'class="half"' in portal.visit(path, session).body
        assert counted()[before:] == ["BatchGetItem", "GetItem"], path
    before = len(counted())
    portal.visit("/archive", ME)
    assert counted()[before:] == ["BatchGetItem", "Query"]
    before = len(counted())
    portal.visit("/archive/students", COUNSELLOR)
    assert counted()[before:] == ["Query", "Query"], "the list of cohorts, and the only one of the school"


def test_every_number_of_a_portrait_leads_to_exactly_the_records_it_counts(grouped: Archive) -> None:
    for path, session, base in (("/archive/portrait", ME, "/archive"), (THEIRS, COUNSELLOR, THEIRS)):
        body = portal.visit(path, session).body
        known = grouped.portrait(SU.student)
        assert known
        told = links(body, f"{base}/records?")
        assert len(told) > 25
        for href, text in told:
            page = portal.visit(href, session)
            assert page.status == 200, href
            query = dict(one.split("=") for one in urlsplit(href).query.split("&"))
            expected = known.records(
                dimension=query.get("dimension", ""), kind=query.get("kind", ""), year=query.get("year", ""),
                term=query.get("term", ""),
            )  # fmt: skip
            if "hundred" in query:
                expected = sum(known.records(kind=kind) for kind in hundreds()[query["hundred"]].kinds)
                shown = re.search(r"\d+", text)
                assert shown and int(shown[0]) == known.hundreds[query["hundred"]]
            elif "state=pending" in href:
                expected = 1
            assert number_on(page.body) == expected, href
            if "kind" in query or "year" in query:
                assert str(expected) in text, (href, text)


def test_a_portrait_shows_each_score_term_by_term_beside_the_group(grouped: Archive) -> None:
    known = grouped.portrait(SU.student)
    assert known
    group = Groups().of(known.student)
    assert group and len(group.terms) > 1
    body = portal.visit("/archive/portrait", ME, "en").body
    assert body.count('class="multiple"') == 1 + len(dimensions()) == body.count('class="band"')
    tables = re.findall(r"aria-label=\"Term by term: ([^\"]+)\">(.*?)</table>", body, re.DOTALL)
    assert len(tables) == 1 + len(dimensions())
    for id, (title, table) in zip(["", *dimensions()], tables, strict=True):
        assert title == (dimensions()[id].title["en"] if id else "Overall")
        rows = [re.findall(r"<td>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
        feature = f"dimension.{id}" if id else "overall"
        expected = [
            [str(known.score(id, term=term)), *(str(group.quantile(feature, at, term)) for at in (50, 25, 75))]
            for term in sorted({*group.terms, *(one.term for one in known.tallies)}, reverse=True)
        ]
        told = [[re.sub(r"<[^>]+>", "", one) for one in row] for row in rows]
        assert [[points, middle, *half.split("–")] for points, middle, half in told] == expected
        assert sum("<a " in row[0] for row in rows) == len(
            {one.term for one in known.tallies if one.records and one.dimension == (id or one.dimension)}
        )
    assert "Half of the group" in body


def test_a_portrait_without_a_group_shows_its_terms_all_the_same(archives: Archive) -> None:
    body = portal.visit("/archive/portrait", ME, "en").body
    assert body.count('class="multiple"') == 1 + len(dimensions()) and 'class="band"' not in body
    assert "Median of the group" not in body


def test_every_link_of_a_timeline_leads_somewhere(archives: Archive) -> None:
    seen: set[str] = set()
    for year in ("2023-2024", "2024-2025", "2025-2026"):
        body = portal.visit(f"/archive?year={year}", ME).body
        seen |= {href for href, _ in links(body, "/archive/records/")}
    assert len(seen) == len(a_life()), "every record of the archive is linked"
    for href in seen:
        assert portal.visit(href, ME).status == 200, href


def test_a_timeline_begins_with_the_whole_and_the_latest_year_and_folds_what_is_much(archives: Archive) -> None:
    body = portal.visit("/archive", ME, "en").body
    assert re.findall(r'<a href="/archive\?year=([0-9-]+)" aria-current="page">', body) == ["2024-2025"]
    assert "records in 2 years" in body and body.index("The four hundreds") < body.index("skyline")
    assert "14 times of sport" in body and "<summary>" in body
    earlier = portal.visit("/archive?year=2023-2024", ME, "en").body
    assert "second year" in earlier and "The four hundreds" not in earlier
    assert "Your first book" in earlier and "Book number 10" in earlier
    assert "14 days in the library" in earlier


def test_a_year_has_its_books_its_teachers_its_places_and_leads_on_to_the_next(archives: Archive) -> None:
    told = story(archives.records(SU.student), SU.grade).years
    for base, session, here in (("/archive", ME, "/archive"), (THEIRS, COUNSELLOR, f"{THEIRS}/years")):
        for place, year in enumerate(told):
            body = portal.visit(f"{here}?year={year.year}", session, "en").body
            assert body.count('class="spine ') == len(year.shelf)
            shown = {href for href, _ in links(body, f"{base}/records/")}
            for one in (*year.shelf, *(met for met, _ in year.teachers)):
                assert f"{base}/records/{one.path}" in shown
            assert all(f"<bdi>{place}</bdi>" in body for place, _ in year.places)
            turned = re.findall(rf'rel="(prev|next)" href="{here}\?year=([0-9-]+)#year"', body)
            later = [("next", told[place - 1].year)] if place else []
            assert turned == [("prev", one.year) for one in told[place + 1 : place + 2]] + later
    assert any(one.shelf for one in told) and any(one.teachers for one in told)
    hint = "Open the record and tell your school"
    assert hint in portal.visit("/archive", ME, "en").body
    theirs = portal.visit(f"{THEIRS}/years", COUNSELLOR, "en").body
    assert hint not in theirs and f'href="{THEIRS}/transcript"' in theirs and '"/archive/claim"' not in theirs


def test_an_archive_without_anything_says_how_it_begins(cloud: Cloud) -> None:
    Archive().enrol([SU])
    body = portal.visit("/archive", ME, "en").body
    assert "still blank" in body and "/archive/claim" in body
    assert portal.visit("/archive/portrait", ME).status == 200
    assert portal.visit("/archive/records", ME).status == 200


def test_fifteen_hundred_records_are_light_on_every_page(cloud: Cloud) -> None:
    found = Archive()
    found.enrol([SU])
    many = list(kinds())
    fill(
        SU,
        [
            record(number, many[number % 3], title=f"{number * 7919 % 1000} 的故事与历史 {number}", entity="",
                   day=date(2024, 9, 1) + timedelta(days=number % 300), place=f"教学楼 {number % 40}")
            for number in range(1500)
        ],
    )  # fmt: skip
    for path in ("/archive", "/archive/portrait", "/archive/records"):
        page = portal.visit(path, ME)
        assert page.status == 200
        assert transferred(page.body) < 60_000, (path, transferred(page.body))
    first = portal.visit("/archive/records", ME).body
    second = portal.visit("/archive/records?page=1", ME).body
    assert len(links(first, "/archive/records/")) == len(links(second, "/archive/records/")) == 200
    assert set(links(first, "/archive/records/")).isdisjoint(links(second, "/archive/records/"))
    assert "page=8" not in portal.visit("/archive/records?page=7", ME).body


def test_a_record_tells_everything_and_names_the_office_to_students_and_the_person_to_staff(archives: Archive) -> None:
    one = next(one for one in a_life() if one.state == "certified")

    def correct(known: Record) -> tuple[Record, RecordEvent]:
        told = replace(known, title="新题目", certification=replace(known.certification, by="T0001", why="核对过"),  # type: ignore[type-var]
                       via="office")  # fmt: skip
        return told, RecordEvent("certified", "T0001", "counsellor", AT, "核对过", was={"title": known.title})

    archives.change(SU, one.key, correct)
    mine = portal.visit(f"/archive/records/{one.path}", ME, "en").body
    theirs = portal.visit(f"{THEIRS}/records/{one.path}", COUNSELLOR, "en").body
    for body in (mine, theirs):
        for told in ("新题目", one.title, "核对过", "old system", "1.5 hours", "delivered in bulk"):
            assert told in body, told
    assert "T0001" not in mine and "T0001" in theirs
    assert "dispute" in mine and "/dispute" not in theirs


def test_a_record_says_where_it_came_from_in_words_whoever_changed_it_since(archives: Archive) -> None:
    at_gate = replace(record(811, "library-visit", title="中心图书馆"), source="gate", via="device",
                      certification=Certification("gate", AT))  # fmt: skip
    checked_in = replace(
        record(812, "lecture"), source="check-in", via="check-in", certification=Certification("check-in", AT)
    )
    claimed = replace(record(813, "award"), source="claim", via="claim", state="pending", certification=None)
    for one in (at_gate, checked_in, claimed):
        assert archives.add(one, SU.school)
    told = {
        one.source: portal.visit(f"/archive/records/{one.path}", ME, "en").body
        for one in (at_gate, checked_in, claimed)
    }
    assert "Library gates" in told["gate"] and "written down by a device" in told["gate"]
    assert "Certified by Library gates" in told["gate"]
    assert "Check-in at the activity" in told["check-in"] and "The student’s claim" in told["claim"]
    delivered = next(one for one in a_life() if one.state == "certified")
    event = RecordEvent("disputed", SU.student, "student", AT, "不是我")
    archives.change(
        SU, delivered.key, lambda known: (replace(known, disputed="不是我", disputed_at=AT, via="claim"), event)
    )
    body = portal.visit(f"/archive/records/{delivered.path}", ME, "en").body
    assert "delivered in bulk" in body and "student’s claim" not in body


def test_a_record_tells_of_its_book_its_teacher_and_its_activity_what_the_catalogue_knows(archives: Archive) -> None:
    catalogue = Catalogue()
    catalogue.put_books([Book("9787020002207", "红楼梦", "曹雪芹", "人民文学出版社")], "d1")
    catalogue.put_teachers([Teacher("T0777", "叶书琳", "教授", "S02")], "d1")
    announced = activity(1, kind="lecture", title="疫苗简史")
    catalogue.put(announced)
    made = [
        record(801, "book", title="红楼梦", entity="9787020002207"),
        record(802, "teacher-talk", title="叶书琳", entity="T0777"),
        record(803, "lecture", title="疫苗简史", entity=announced.id),
        record(804, "book", title="没有人知道的书", entity="9787111111111"),
    ]
    fill(SU, made)
    for base, session in (("/archive", ME), (THEIRS, COUNSELLOR)):
        book, teacher, lecture, other = (portal.visit(f"{base}/records/{one.path}", session, "en").body for one in made)
        assert "曹雪芹" in book and "人民文学出版社" in book
        assert "教授" in teacher and university.schools()["S02"]["en"] in html.unescape(teacher)
        assert f'<a href="/archive/activities/{announced.id}">疫苗简史</a>' in lecture
        assert "Author" not in other and "没有人知道的书" in other


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_record_is_said_by_word_and_shape(archives: Archive, state: str) -> None:
    one = next(one for one in a_life() if one.state == state)
    body = portal.visit(f"/archive/records/{one.path}", ME, "en").body
    words = portal.module("chalicelib.words").catalogue("en")
    shape = portal.module("chalicelib.archive_story").STATES[state]
    assert re.search(rf'<span class="state {shape}">\s*<svg.*?</svg>{words[f"archive.state-{state}"]}', body, re.DOTALL)


def test_what_a_student_says_is_wrong_goes_to_the_function_of_the_record(archives: Archive) -> None:
    one = next(one for one in a_life() if one.state == "pending")
    body = portal.visit(f"/archive/records/{one.path}", ME).body
    form = Reader(body).form("/dispute")
    assert form["action"] == f"/api/archive/students/{SU.student}/records/second-classroom:S~2Fpending/dispute"
    assert set(form["fields"]) == {"idempotency_key", "next", "words"}
    done = portal.visit(f"/archive/records/{one.path}?done=claim.disputed", ME, "en").body
    assert "Told. Your school will look at it and answer." in done
    told = RecordEvent("disputed", SU.student, "student", AT, "不是我")
    archives.change(SU, one.key, lambda known: (replace(known, disputed="不是我", disputed_at=AT), told))
    body = portal.visit(f"/archive/records/{one.path}", ME).body
    assert "不是我" in body and "/dispute" not in body
    assert "不是我" in portal.visit(f"{THEIRS}/records/{one.path}", COUNSELLOR).body


@pytest.mark.parametrize("id", ["a/b", "a~b", "a%2Fb", "a:b@c?d#e", "借阅 1", "~2F"])
@pytest.mark.parametrize("written", [str, lambda path: quote(path, safe="")], ids=["plain", "encoded"])
def test_a_record_has_one_path_in_pages_and_api_whatever_its_id(
    cloud: Cloud, id: str, written: Callable[[str], str]
) -> None:
    found = Archive()
    found.enrol([SU])
    fill(SU, [replace(record(1), id=id)])
    body = portal.visit("/archive", ME).body
    [href] = {href for href, _ in links(body, "/archive/records/")}  # of its first, and of its line
    one = href.removeprefix("/archive/records/")
    body = portal.visit(f"/archive/records/{written(one)}", ME).body
    place = Reader(body).form("/dispute")["action"]
    assert place == f"/api/archive/students/{SU.student}/records/{one}/dispute"
    path = f"/api/archive/students/{SU.student}/records/{written(one)}/dispute"
    answer = cloud.call("archive/claim", ME, "POST", path, {"words": "不是我", "idempotency_key": "1" * 32})
    assert (answer.status, answer.json["record"]) == (200, one)
    assert "不是我" in portal.visit(f"{THEIRS}/records/{written(one)}", COUNSELLOR).body


def test_names_and_titles_cannot_become_markup(cloud: Cloud) -> None:
    evil = "<img src=x onerror=alert(1)>{what}"
    found = Archive()
    found.enrol([replace(SU, name=evil, programme=evil, class_name=evil)])
    fill(SU, [record(1, title=evil, place=evil, organiser=evil, note=evil)])
    for path, session in (("/archive", ME), ("/archive/portrait", ME), ("/archive/records", ME), (THEIRS, COUNSELLOR),
                          ("/archive/records/library-loans:L1", ME), ("/archive/students", COUNSELLOR)):  # fmt: skip
        page = portal.visit(path, session)
        assert page.status == 200 and "<img" not in page.body, path


def test_a_counsellor_sees_who_waits_and_finds_and_sorts(grouped: Archive) -> None:
    def rows(query: str = "") -> list[str]:
        body = portal.visit(f"/archive/students{query}", COUNSELLOR).body
        return [href.rpartition("/")[2] for href, _ in links(body, "/archive/students/")]

    assert len(rows()) == 15 and rows() == sorted(rows())
    assert rows("?waiting=yes") == [SU.student]
    assert rows("?sort=overall")[0] == SU.student
    assert rows("?sort=last")[0] == student(100).student, "who never did anything comes first"
    assert rows(f"?q={SU.name}") == [SU.student]
    assert rows("?grade=2021") == []
    body = portal.visit("/archive/students", COUNSELLOR, "en").body
    assert "Upper quarter of the grade" in body and "/archive/certify" in body
    assert "/archive/certify" not in portal.visit("/archive/students?school=S01", AUDITOR).body


def test_a_counsellor_is_told_who_went_quiet_and_why_and_led_to_what_waits(
    archives: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2025, 12, 20))
    early, now = (date(2024, 10, 1), date(2025, 3, 10)), date(2025, 10, 8)
    others = [student(number) for number in range(100, 114)]
    archives.enrol(others)
    for other in others:
        fill(other, [record(one, student=other.student, day=now) for one in range(6)])
    busy = others[0].student
    fill(others[0], [record(10 + place, student=busy, day=day) for place, day in enumerate(early * 10)])
    Groups().build()
    fill(SU, [record(700 + place, day=day) for place, day in enumerate(early * 10)])
    [listed] = Groups().quiet("S01", "2025-2026-1")
    assert listed.member == next(one for one in archives.cohort(SU.cohort) if one.student == SU.student)
    body = portal.visit(THEIRS, COUNSELLOR, "en").body
    assert "They have gone quiet" in body and listed.why("en") in html.unescape(body)
    assert f'href="/archive/certify?q={SU.student}"' in body and f'href="{THEIRS}/years"' in body
    assert "They have gone quiet" not in portal.visit(f"/archive/students/{busy}", COUNSELLOR, "en").body
    assert f"/archive/certify?q={SU.student}" not in portal.visit(THEIRS, AUDITOR, "en").body
    own = portal.visit("/archive/portrait", ME, "en").body
    assert "gone quiet" not in own and "/archive/certify" not in own


def test_four_hundred_students_are_one_light_page(cloud: Cloud) -> None:
    found = Archive()
    found.enrol([student(number, name_latin="") for number in range(400)])
    page = portal.visit("/archive/students", COUNSELLOR)
    assert page.body.count("<tr>") == 401
    assert transferred(page.body) < 60_000


def test_deliveries_tell_what_became_of_each_file_and_why_lines_were_not_taken(cloud: Cloud) -> None:
    library = Library(cloud)
    library.enrol(SU)
    library.loans(loan(1), loan(2, borrowed_on="nonsense"))
    library.deliver("library-gate", as_csv(["a"], [{"a": "1"}]))
    body = portal.visit("/archive/deliveries", OFFICE, "en").body
    assert "The latest 2 deliveries" in body and "Refused whole" in body and "Dealt with" in body
    assert "1 student, 1 new or changed" in body
    reports = [portal.visit(href, OFFICE, "en").body for href, _ in links(body, "/archive/deliveries?delivery=")]
    assert len(reports) == 2
    assert "These columns are missing" in reports[0] and "borrowed_on" in reports[1]
    assert portal.visit("/archive/deliveries?delivery=none", OFFICE).status == 404


def test_the_first_page_of_a_student_who_is_not_leaving_yet_is_their_archive(cloud: Cloud, archives: Archive) -> None:
    assert portal.visit("/", ME).location == "/archive"
    cloud.open()
    assert portal.visit("/", STUDENT).location == "/me"
    assert 'href="/archive"' in portal.visit("/me", STUDENT).body


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/me", "/me/history"])
def test_who_is_not_leaving_yet_is_led_from_clearance_to_their_archive_and_told_why(
    archives: Archive, path: str, language: str
) -> None:
    led = portal.visit(path, ME, language)
    assert (led.status, led.location) == (303, "/archive?done=clearance.later")
    page = portal.visit(led.location, ME, language)
    assert page.status == 200
    assert ("You are not leaving yet" if language == "en" else "你现在还不用办离校") in page.body


def test_wherever_the_navigation_leads_who_is_not_leaving_yet_there_is_a_page(archives: Archive) -> None:
    body = portal.visit("/archive", ME).body
    navigation = re.findall(r'href="([^"]+)"', body[body.index("<nav") : body.index("</nav>")])
    assert {"/me", "/archive", "/forms", "/archive/activities", "/messages"} == set(navigation)
    for path in [*navigation, "/account", "/account/seen", "/messages/preferences", "/"]:
        page = portal.visit(path, ME)
        while page.status == 303:
            page = portal.visit(page.location, ME)
        assert page.status == 200, path


def test_who_has_neither_case_nor_archive_is_told_whom_to_ask(cloud: Cloud) -> None:
    for path in ("/me", "/archive"):
        page = portal.visit(path, ME, "en")
        page = portal.visit(page.location, ME, "en") if page.status == 303 else page
        assert page.status == 404 and "please ask your school" in page.body


def test_every_kind_and_education_has_its_words(cloud: Cloud) -> None:
    known = portal.module("chalicelib.words").catalogue("zh")
    for kind in kinds():
        assert {f"archive.many-{kind}", f"archive.first-{kind}", f"archive.nth-{kind}"} <= known.keys()
    mark = (portal.FOLDER / "chalicelib/templates/archive.html").read_text("utf-8")
    assert all(f'kind == "{kind}"' in mark for kind in kinds())
    assert len(dimensions()) == 5 and story([], "2022").years == [] and clock.today()
