"""Every answer of a form as a table: masked unless it may be read, written down, no more than an answer holds."""

from __future__ import annotations

import csv
import io
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from yinji.clearance.store import Store
from yinji.forms.form import Field, Page
from yinji.forms.library import draft, publish
from yinji.forms.outputs import table
from yinji.forms.store import Forms
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.platform.sheets import drawn

from tests import handlers
from tests.functions.conftest import Cloud
from tests.submissions import AFFAIRS, AID, CARD, FINANCE, IDENTITY, NOW, WAYS, aid, keep, sent

API = "/api/forms/desk/hardship-aid/answers"
ADMINISTRATOR = Session("A001", "administrator", "x")


def fetch(cloud: Cloud, who: Session, kind: str = "xlsx", query: str = "", language: str = "zh") -> Any:
    return cloud.call("forms/answers", who, "GET", f"{API}.{kind}{query}", headers={"accept-language": language})


def rows(answer: Any) -> list[dict[str, Any]]:
    assert answer.status == 200
    sheet = load_workbook(io.BytesIO(b64decode(answer.body))).active
    assert sheet is not None
    head, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), line, strict=True)) for line in lines]


def lines(answer: Any) -> list[dict[str, str]]:
    assert answer.status == 200
    text = b64decode(answer.body).decode("utf-8-sig") if answer.encoded else answer.body.lstrip("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def audited() -> list[Any]:
    return list(Store().exports_on(clock.now().date()))


def test_a_line_for_each_that_was_sent_a_column_for_each_question(cloud: Cloud) -> None:
    keep()
    keep(person="2022S01002", called="=HYPERLINK()", answers=dict(AID) | {"amount": 500.5})
    found = rows(fetch(cloud, AFFAIRS, language="en"))
    assert [line["Sender's number"] for line in found] == ["2022S01001", "2022S01002"]
    assert (found[0]["State"], found[0]["Sender's school"]) == ("waiting", "School of Humanities")
    titles = {name: one.title["en"] for name, one in aid().by_name.items()}
    assert [line[titles["amount"]] for line in found] == [3000, 500.5], "numbers are numbers"
    family = "母亲 | 小学教师 | 42000\n父亲 |  | 0\n祖母 | 务农 <b>兼</b> #strong[织布] | 3600.5"
    assert found[0][titles["family"]] == family
    assert found[1]["Sender"] == "=HYPERLINK()"
    [_, second] = lines(fetch(cloud, AFFAIRS, "csv"))
    assert second["提交人"] == "'=HYPERLINK()", "and no formula"


def test_numbers_are_masked(cloud: Cloud) -> None:
    keep()
    for kind in ("xlsx", "csv"):
        told = str(rows(fetch(cloud, AFFAIRS)) if kind == "xlsx" else lines(fetch(cloud, AFFAIRS, kind)))
        assert CARD not in told and IDENTITY not in told and "sealed:" not in told and f"•••• {CARD[-4:]}" in told


def test_an_office_that_may_read_them_has_them_whole_and_that_is_written_down(cloud: Cloud) -> None:
    keep()
    told = str(rows(fetch(cloud, AFFAIRS, query="?whole=yes")))
    assert CARD in told and IDENTITY in told
    assert [look["what"] for look in cloud.looks()] == ["account", "list"]
    assert audited()[-1]["filters"] == {"form": "hardship-aid", "whole": "yes"}
    assert fetch(cloud, AFFAIRS, "csv", "?whole=yes").status == 404, "a spreadsheet would round a card"
    assert fetch(cloud, ADMINISTRATOR, query="?whole=yes").status == 403
    stale = replace(AFFAIRS, since=1, proved=1, id="this")
    assert fetch(cloud, stale, query="?whole=yes").json["code"] == "prove-again"


def test_what_is_taken_is_written_down_first(cloud: Cloud) -> None:
    one = keep()
    keep(key="second-time")
    assert len(rows(fetch(cloud, AFFAIRS))) == 2
    [taken] = audited()
    assert (taken["what"], taken["who"], taken["rows"]) == ("answers", AFFAIRS.sub, 2)
    [look] = cloud.looks()
    assert (look["what"], look["students"]) == ("list", [one.person])


@pytest.mark.parametrize("role", ROLES)
def test_who_may_take_it(cloud: Cloud, role: str) -> None:
    keep()
    who = Session("X001", role, "x", school="S01", department="student-affairs" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    for kind in ("xlsx", "csv"):
        assert fetch(cloud, who, kind).status == (200 if may else 403)
        assert fetch(cloud, FINANCE, kind).status == 403
    assert len(audited()) == 2 * may


def test_a_form_that_there_is_not(cloud: Cloud) -> None:
    for who, status in ((ADMINISTRATOR, 404), (FINANCE, 404)):
        assert cloud.call("forms/answers", who, "GET", "/api/forms/desk/nothing/answers.csv").status == status


def test_one_year_of_it(cloud: Cloud) -> None:
    keep(at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC), key="in-the-old-year")
    keep(at=datetime(2025, 12, 31, 16, 1, tzinfo=UTC), key="in-the-new-year")
    assert [len(rows(fetch(cloud, AFFAIRS, query=f"?year={year}"))) for year in ("2024", "2025", "2026")] == [0, 1, 1]
    assert fetch(cloud, AFFAIRS, query="?year=x").status == 404
    assert audited()[-1]["filters"] == {"form": "hardship-aid", "year": "2026"}


def test_versions_of_a_form_are_one_table(cloud: Cloud) -> None:
    keep()
    forms = Forms()
    head = forms.head("hardship-aid")
    assert head
    more = Field("more", {"zh": "补充说明", "en": "More"}, required=False)
    kept = tuple(
        replace(page, fields=tuple(one for one in page.fields if one.name not in ("support", "proof")))
        for page in aid().pages
    )
    head, event = draft(head, replace(aid(), pages=(*kept, Page(BOTH, (more,)))), "draft", AFFAIRS.sub, NOW)
    assert forms.change_form(head, event)
    head, form, event = publish(head, "publish", AFFAIRS.sub, NOW)
    assert forms.change_form(head, event, form)
    answers = {name: value for name, value in AID.items() if name != "support"} | {"more": "还有一句"}
    keep(form, person="2022S01002", answers=answers, ways=WAYS)
    first, second = rows(fetch(cloud, AFFAIRS))
    gone = aid().by_name["support"].title["zh"]
    assert (first[gone], second[gone] or "") == ("没有", "") and (first["补充说明"] or "", second["补充说明"]) == (
        "",
        "还有一句",
    )


BOTH = {"zh": "其他", "en": "More"}


def test_what_no_answer_holds_is_not_begun(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    keep()
    monkeypatch.setattr(handlers.warm("forms/answers"), "LARGEST", 100)
    answer = fetch(cloud, AFFAIRS)
    assert (answer.status, answer.json["code"]) == (422, "export-too-large")


def test_ten_thousand_are_within_an_answer() -> None:
    form = aid()
    some = [sent(form, person=f"2022S{number:05}", key=str(number), clear=True) for number in range(2_000)]
    body, _ = drawn(table(form, {form.version: form}, some * 5, "zh"), "xlsx")
    assert len(body) < handlers.load("forms/answers").LARGEST
