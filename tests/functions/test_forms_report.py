"""What is asked again: counted from what was sent, told to programs, spreadsheets and on a page."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from yinji.forms import library, report
from yinji.forms.form import Field, Form, Page, check
from yinji.forms.library import begin, draft, publish
from yinji.forms.store import Forms
from yinji.identity.session import ROLES, Session
from yinji.platform import clock

from tests import portal
from tests.functions.conftest import Cloud
from tests.submissions import AFFAIRS, AID, FINANCE, NOW, keep, sent

API = "/api/forms/figures"
AUDITOR = Session("A001", "auditor", "x")
TEL = {"zh": "联系电话", "en": "Phone number"}
WHY = {"zh": "为什么申请", "en": "Why do you ask"}


def old_form(*fields: Field) -> Form:
    """A form as it was on paper: it asks for what is known and points at nothing."""
    fields = fields or (Field("tel", TEL), Field("why", WHY))
    one = Form("old-form", "finance", {"zh": "旧表", "en": "Old form"}, {}, (Page({}, fields),), version=1)
    check(one)
    return one


def kept_old(form: Form, times: int, month: int, repeated: tuple[str, ...] = ("tel",), year: int = 2026) -> None:
    for number in range(times):
        keep(
            form,
            answers={"tel": "13900139000", "why": "x"},
            ways={"tel": "asked", "why": "asked"},
            repeated=repeated,
            person=f"2022S0{number:04}",
            key=f"of-{month}-{number}-{'x' * 8}",
            at=datetime(year, month, 15, 3, tzinfo=UTC),
        )


def published(form: Form) -> Form:
    forms = Forms()
    head, event = begin(form, "begin", FINANCE.sub, NOW)
    assert forms.change_form(head, event)
    head, made, event = publish(head, "publish", FINANCE.sub, NOW)
    assert forms.change_form(head, event, made)
    return made


def mended(form: Form) -> Form:
    from yinji.forms.form import of_fact

    forms = Forms()
    head = forms.head(form.id)
    assert head
    better = replace(form, pages=(Page({}, (of_fact("tel", "phone"), Field("why", WHY))),))
    head, event = draft(head, better, "draft-2", FINANCE.sub, NOW)
    assert forms.change_form(head, event)
    head, made, event = publish(head, "publish-2", FINANCE.sub, NOW)
    assert forms.change_form(head, event, made)
    return made


# --- counting --------------------------------------------------------------------------------------------------------
def test_a_year_is_counted_from_what_was_sent() -> None:
    form = library.shipped()["hardship-aid"][-1]
    moments = [datetime(2026, 3, 31, 15, 59, tzinfo=UTC), datetime(2026, 3, 31, 16, 1, tzinfo=UTC)]
    some = [sent(form, at=at, key=str(at), clear=True) for at in moments]
    found = report.of_year("2026", [form], lambda id, since: some, lambda id, version: form)
    assert list(found.months) == ["2026-03", "2026-04"], "the month is the campus'"
    [line] = found.forms
    assert (line.whole.submissions, line.whole.confirmed, line.whole.asked) == (2, 8, 2 * (len(AID) - 4))
    assert found.whole == line.whole and not line.repeats


@given(st.lists(st.tuples(st.integers(1, 12), st.lists(st.sampled_from(["tel", "why"]), unique=True)), max_size=12))
def test_parts_add_up_to_the_whole(told: list[tuple[int, list[str]]]) -> None:
    form = old_form()
    some = [
        sent(
            form, {"tel": "1", "why": "x"}, ways={"tel": "asked", "why": "asked"}, repeated=tuple(repeated),
            at=datetime(2026, month, 5, tzinfo=UTC), key=str(number), clear=True,
        )
        for number, (month, repeated) in enumerate(told)
    ]  # fmt: skip
    found = report.of_year("2026", [form], lambda id, since: some, lambda id, version: form)
    assert found.whole.submissions == len(told)
    for name in report.COUNTED:
        assert getattr(found.whole, name) == sum(getattr(one, name) for one in found.months.values())
    assert found.whole.repeated == sum(len(repeated) for _, repeated in told)
    assert sum(one.times for line in found.forms for one in line.repeats) == found.whole.repeated


def test_what_a_question_should_point_at() -> None:
    fields = (Field("tel", TEL), Field("kin", {"zh": "家长手机", "en": "x"}), Field("why", WHY))
    wanting = report.findings([old_form(*fields)])
    assert (wanting[0].field, wanting[0].fact, wanting[0].sure) == ("tel", "phone", True)
    assert "why" not in [one.field for one in wanting]


def test_no_form_that_comes_with_it_asks_surely_for_what_is_known() -> None:
    wanting = report.findings(forms[-1] for forms in library.shipped().values())
    assert [one for one in wanting if one.sure] == []


# --- for programs and spreadsheets -----------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ROLES)
def test_who_may_know(cloud: Cloud, role: str) -> None:
    who = Session("X001", role, "x", department="finance" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator", "auditor")
    for path in ("2026", "2026/report.csv"):
        assert cloud.call("forms/figures", who, "GET", f"{API}/{path}").status == (200 if may else 403)
    assert portal.visit("/forms/report", who).status == (200 if may else 403)


def test_down_to_zero(cloud: Cloud) -> None:
    form = published(old_form())
    kept_old(form, 3, 9)
    kept_old(form, 1, 10)
    told = cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2026").json
    [line] = told["forms"]
    assert [one["repeated"] for one in line["months"].values()] == [3, 1] and told["whole"]["repeated"] == 4
    assert line["repeats"] == [{"field": "tel", "title": TEL, "fact": "phone", "times": 4, "mended": False}]
    assert [(one["field"], one["fact"], one["sure"]) for one in told["findings"] if one["form"] == form.id] == [
        ("tel", "phone", True)
    ]
    better = mended(form)
    kept_old(better, 2, 11, repeated=())
    again = cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2026").json
    assert [one["repeated"] for one in again["forms"][0]["months"].values()] == [3, 1, 0]
    assert again["forms"][0]["repeats"][0]["mended"]
    assert [one for one in again["findings"] if one["form"] == form.id] == []


def test_nobody_is_named_and_other_years_are_others(cloud: Cloud) -> None:
    keep()
    answer = cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2026")
    assert answer.json["whole"]["submissions"] == 1
    assert "林晓雨" not in answer.body and AID["home_address"] not in answer.body
    assert cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2025").json["forms"] == []
    for path in ("2027", "soon", "2026/report.pdf", "2026/people.csv", "2027/report.csv"):
        assert cloud.call("forms/figures", AUDITOR, "GET", f"{API}/{path}").status == 404


def test_the_report_for_spreadsheets(cloud: Cloud) -> None:
    kept_old(published(old_form()), 2, 9)
    table = cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2026/report.csv")
    text = b64decode(table.body).decode("utf-8-sig") if table.encoded else table.body.lstrip("\ufeff")
    head, row = text.splitlines()
    assert head.startswith("表单,部门,月份,") and row == "旧表,财务处,2026-09,2,4,0,0,0,2"
    book = cloud.call("forms/figures", AUDITOR, "GET", f"{API}/2026/report.xlsx", headers={"accept-language": "en"})
    sheet = load_workbook(io.BytesIO(b64decode(book.body))).active
    assert sheet is not None
    [first, second] = sheet.iter_rows(values_only=True)
    assert first[:3] == ("Form", "Office", "Month") and second[:3] == ("Old form", "Finance Office", "2026-09")


# --- the page --------------------------------------------------------------------------------------------------------
@pytest.fixture
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 20, 2, tzinfo=UTC))
    monkeypatch.setattr(clock, "today", lambda: datetime(2026, 11, 20).date())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page(cloud: Cloud, autumn: None, language: str) -> None:
    empty = portal.visit("/forms/report", FINANCE, language)
    assert empty.status == 200 and '<svg class="again"' not in empty.body
    kept_old(published(old_form()), 3, 9)
    keep(at=datetime(2026, 10, 2, tzinfo=UTC))
    body = portal.visit("/forms/report", FINANCE, language).body
    picture = re.search(r'<svg class="again".*?aria-label="([^"]+)"(.*?)</svg>', body, re.DOTALL)
    assert picture and "3" in picture[1]
    [points] = re.findall(r'class="line l0" d="M([^"]+)"', picture[2])
    assert len(points.split("L")) == 3, "a point for each month since it was first sent"
    assert body.index("</svg>") < body.index("<table"), "the table is behind it"
    assert 'href="/forms/desk/old-form?field=tel#q-tel"' in body
    assert "/forms/desk/old-form" not in portal.visit("/forms/report", AFFAIRS, language).body, "it is not their form"
    assert "/api/forms/figures/2026/report.xlsx" in body


def test_other_years_on_the_page(cloud: Cloud, autumn: None) -> None:
    assert portal.visit("/forms/report?year=2026", AUDITOR).status == 200
    for year in ("2025", "2027", "x"):
        assert portal.visit(f"/forms/report?year={year}", AUDITOR).status == 404


def test_the_navigation_leads_there(cloud: Cloud) -> None:
    assert 'href="/forms/report"' in portal.visit("/forms/report", AUDITOR).body
    assert 'href="/forms/report"' in portal.visit("/forms/queue", FINANCE).body


def test_lines_that_end_together_keep_their_numbers_apart() -> None:
    chart = portal.module("chalicelib.forms_chart")
    words = portal.module("chalicelib.words").Words("en")
    picture = str(chart.drawn([chart.Line(str(number), [5, 3, 0]) for number in range(6)], words))
    heights = sorted(float(one) for one in re.findall(r'class="name" x="[^"]+" y="([^"]+)"', picture))
    assert all(after - before >= 13 for before, after in pairwise(heights))
    assert "30 questions asked again in the first month, 30 at most, 0 in the last" in picture
