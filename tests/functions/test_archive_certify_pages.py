"""The pages of claims, of what waits to be certified, of rounds and of the transcript, in both languages."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser

import pytest
from yinji.archive.record import path_of
from yinji.archive.store import Archive
from yinji.identity.session import ROLES, Session

from tests.archives import COUNSELLOR, OFFICER, SU, School, loan, session_of, student
from tests.functions.conftest import Cloud, officer
from tests.portal import Page, visit

pytestmark = pytest.mark.slow
AUDITOR = Session("T0005", "auditor", "x")
ELSEWHERE = Session("T0009", "counsellor", "x", school="S02")
each_language = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture
def school(cloud: Cloud) -> School:
    made = School(cloud)
    made.enrol(SU, student(2))
    return made


class Outline(HTMLParser):
    """What readers of screens need: every control its name, every id once, headings in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.controls: list[str] = []
        self.headings: list[int] = []
        self.pictures: list[dict[str, str | None]] = []
        self._inside = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if id := told.get("id"):
            self.ids.append(id)
        if tag == "label":
            self._inside += 1
            self.labelled.add(told.get("for") or "")
        if tag in ("input", "select", "textarea") and told.get("type") != "hidden" and not self._inside:
            self.controls.append(told.get("id") or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.pictures.append(told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._inside -= 1


def sound(page: Page) -> Page:
    """`page`, which is one that people can use: named controls, headings in order, light, nothing left untranslated."""
    assert page.status == 200, page.body
    outline = Outline(page.body)
    assert len(outline.ids) == len(set(outline.ids)), [id for id in outline.ids if outline.ids.count(id) > 1]
    assert set(outline.controls) <= outline.labelled
    assert outline.headings[0] == 1 and outline.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert all("alt" in one for one in outline.pictures)
    assert len(page.body.encode()) < 60_000
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.body)
    return page


def waiting(school: School) -> None:
    """A claim, an imported record that is said to be wrong, and what counts already."""
    school.claim(hours="2", note="<b>三天三夜</b>")
    school.loans(loan(1), loan(2))
    school.dispute("library-loans#L1")


def claim_key() -> str:
    return next(one.key for one in Archive().records(SU.student) if one.source == "claim")


# --- the student's -------------------------------------------------------------------------------------------
@each_language
def test_a_student_claims_and_sees_what_became_of_it(school: School, language: str) -> None:
    page = sound(visit("/archive/claim", session_of(), language))
    assert f'action="/api/archive/students/{SU.student}/claims"' in page.body and 'name="evidence"' in page.body
    school.claim()
    school.claim(title="校运会")
    refused = next(one.key for one in Archive().records(SU.student) if one.title == "校运会")
    school.decide("refuse", refused, reason="evidence", words="看不清")
    page = sound(visit("/archive/claim", session_of(), language))
    assert "数学建模竞赛" in page.body and "看不清" in page.body
    assert ("证明材料看不清或不完整" if language == "zh" else "cannot be read") in page.body
    id = claim_key().partition("#")[2]
    changing = next(one for one in Archive().records(SU.student) if one.state == "pending").id
    page = sound(visit(f"/archive/claim?change={changing}", session_of(), language))
    assert f"/claims/{changing}/change" in page.body and 'value="数学建模竞赛"' in page.body, id


@each_language
def test_what_was_wrong_with_a_claim_is_said_where_it_was_typed(school: School, language: str) -> None:
    page = sound(visit("/archive/claim?at=claim.make&problem=invalid-form&fields=title,day", session_of(), language))
    assert page.body.count('aria-invalid="true"') >= 2
    done = sound(visit("/archive/claim?done=claim.made", session_of(), language))
    assert ("已提交" if language == "zh" else "Sent in") in done.body


# --- the school's queue --------------------------------------------------------------------------------------
@each_language
def test_what_waits_is_shown_the_oldest_first_and_opens_with_what_decides(school: School, language: str) -> None:
    waiting(school)
    page = sound(visit("/archive/certify", COUNSELLOR, language))
    assert "数学建模竞赛" in page.body and "书 1" in page.body and "书 2" not in page.body
    id = f"{SU.student}.{path_of(claim_key())}"
    opened = sound(visit(f"/archive/certify?open={id}", COUNSELLOR, language))
    for deed in ("certify", "refuse"):
        assert f"/records/{path_of(claim_key())}/{deed}" in opened.body
    assert "&lt;b&gt;三天三夜" in opened.body and "<b>三天" not in opened.body
    disputed = sound(visit(f"/archive/certify?open={SU.student}.library-loans:L1", COUNSELLOR, language))
    assert "不是我借的" in disputed.body and "/records/library-loans:L1/settle" in disputed.body
    assert "书 2" in disputed.body, "what else there is of that kind in that term"


@each_language
def test_a_record_is_decided_where_it_is_read_and_the_student_reads_why(school: School, language: str) -> None:
    school.claim()
    path = path_of(claim_key())
    mine, theirs = f"/archive/records/{path}", f"/archive/students/{SU.student}/records/{path}"
    waits = sound(visit(theirs, COUNSELLOR, language))
    for deed in ("certify", "refuse"):
        assert f"/records/{path}/{deed}" in waits.body
    for nobody in (AUDITOR, officer("student-affairs")):
        assert f"/records/{path}/certify" not in visit(theirs, nobody, language).body
    school.decide("certify", claim_key())
    counts = sound(visit(theirs, COUNSELLOR, language))
    assert f"/records/{path}/revoke" in counts.body and f"/records/{path}/certify" not in counts.body
    school.decide("revoke", claim_key(), reason="untrue", words="名单上没有你")
    told = sound(visit(mine, session_of(), language)).body
    assert (
        "事后核实情况不属实：名单上没有你" if language == "zh" else "turned out not to be true: 名单上没有你"
    ) in told
    assert "untrue" not in re.sub(r"not to be true", "", told) and f"/records/{path}/certify" not in told


def test_who_looks_at_the_queue_is_written_down(school: School) -> None:
    waiting(school)
    school.cloud.looks()
    visit("/archive/certify", COUNSELLOR)
    [look] = school.cloud.looks()
    assert (look["what"], look["who"], look["students"]) == ("archive", "T0001", [SU.student])


def test_filters_leave_what_they_say(school: School) -> None:
    waiting(school)
    for query, there, gone in (
        ("origin=claim", "数学建模竞赛", "书 1"),
        ("origin=disputed", "书 1", "数学建模竞赛"),
        ("kind=award", "数学建模竞赛", "书 1"),
        ("q=数学", "数学建模竞赛", "书 1"),
        ("mine=yes", "书 1", "nothing"),
        ("class=%E4%B8%AD%E6%96%87+2201", "书 1", "nothing"),
    ):
        page = sound(visit(f"/archive/certify?{query}", COUNSELLOR))
        assert there in page.body and gone not in page.body, query
    assert "数学建模竞赛" not in sound(visit("/archive/certify?mine=yes", OFFICER)).body
    assert visit("/archive/certify?kind=magic&after=x&open=1.2", COUNSELLOR).status == 200


def test_nothing_waits_is_said_so(school: School) -> None:
    assert "辛苦了" in sound(visit("/archive/certify", COUNSELLOR)).body


# --- rounds --------------------------------------------------------------------------------------------------
@each_language
def test_a_round_is_begun_decided_and_pressed_for_on_its_pages(school: School, language: str) -> None:
    school.many(20)
    page = sound(visit("/archive/certify?kind=service", COUNSELLOR, language))
    assert 'action="/api/archive/certify/begin"' in page.body
    begun = school.begin()
    place = f"/archive/certify/rounds/{begun.json['round']}"
    assert place in visit("/archive/certify?kind=service", COUNSELLOR, language).body, "the one that is open"
    page = sound(visit(place, COUNSELLOR, language))
    assert "/certify/rest" not in page.body and "/certify/give-up" in page.body
    one = begun.json["sample"][0]
    assert f"/records/{one['record']}/refuse" in visit(f"{place}?open={one['student']}.{one['record']}", OFFICER).body
    school.decide_sample(begun)
    page = sound(visit(place, COUNSELLOR, language))
    assert "/certify/rest" in page.body
    assert "/certify/rest" not in visit(place, OFFICER, language).body, "it is not their sample"
    school.end("rest", begun.json["round"])
    assert "/certify/" not in sound(visit(place, COUNSELLOR, language)).body.replace("/certify/rounds", "")
    assert place in sound(visit("/archive/certify/rounds", COUNSELLOR, language)).body
    assert begun.json["round"] in sound(visit("/archive/certify/rounds?school=S01", AUDITOR, language)).body
    assert visit(f"{place}?school=S01", AUDITOR).status == 200
    assert visit(place, ELSEWHERE).status == 404


# --- the transcript ------------------------------------------------------------------------------------------
@each_language
def test_a_transcript_says_what_is_credited_what_is_missing_and_why(school: School, language: str) -> None:
    school.loans(*(loan(one) for one in range(1, 4)), loan(9, title="书 1", isbn="isbn-1"))
    school.claim(kind="service", title="敬老院", hours="30", level="")
    school.decide("certify", claim_key())
    mine = sound(visit("/archive/transcript", session_of(), language))
    theirs = sound(visit(f"/archive/students/{SU.student}/transcript", COUNSELLOR, language))
    for page in (mine, theirs):
        assert SU.name in page.body and "敬老院" in page.body
        capped = "最多认定 20 学时，超出的 10" if language == "zh" else "at most 20 hours count in a term: 10"
        again = "1 条与已计入的内容重复" if language == "zh" else "1 record of something that counts already"
        assert capped in page.body and again in page.body
        base = "/archive" if page is mine else f"/archive/students/{SU.student}"
        assert f'href="{base}/records/{path_of(claim_key())}"' in page.body, "every record of it leads to itself"
    assert [one["what"] for one in school.cloud.looks() if one["who"] == "T0001"] == ["transcript"]


def test_a_transcript_is_taken_along_as_a_file(school: School) -> None:
    school.loans(loan(1, title="=1+1"))
    school.cloud.looks()
    path = f"/api/archive/students/{SU.student}/transcript/transcript"
    told = school.cloud.call("archive/transcript", COUNSELLOR, "GET", f"{path}.csv")
    assert told.status == 200 and ",'=1+1," in b64decode(told.body).decode()
    assert [one["what"] for one in school.cloud.looks()] == ["transcript"]
    assert school.cloud.call("archive/transcript", session_of(), "GET", f"{path}.xlsx").encoded
    assert school.cloud.call("archive/transcript", COUNSELLOR, "GET", f"{path}.exe").status == 404
    assert school.cloud.call("archive/transcript", ELSEWHERE, "GET", f"{path}.csv").status == 403


# --- who may see what ----------------------------------------------------------------------------------------
def test_each_role_sees_the_pages_that_are_theirs(school: School) -> None:
    waiting(school)
    theirs = {
        "/archive/claim": {"student"},
        "/archive/certify": {"counsellor", "school-officer"},
        "/archive/certify/rounds?school=S01": {
            "counsellor", "school-officer", "department-officer", "administrator", "auditor",
        },
        "/archive/transcript": {"student"},
        f"/archive/students/{SU.student}/transcript": {
            "student", "counsellor", "school-officer", "department-officer", "administrator", "auditor",
        },
    }  # fmt: skip
    for path, roles in theirs.items():
        for role in ROLES:
            who = session_of() if role == "student" else Session(f"X-{role}", role, "x", "S01", "student-affairs")
            # whoever may see any archive is told that they have none themselves
            expected = {200} if role in roles else {403, 404} if path == "/archive/transcript" else {403}
            assert visit(path, who).status in expected, (path, role)
    for session in (session_of(student(2)), officer("library"), ELSEWHERE):
        assert visit(f"/archive/students/{SU.student}/transcript", session).status == 403
    assert visit("/archive/certify").status == 303, "who is signed out signs in"
