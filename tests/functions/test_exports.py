"""Exports: what pages show, as files that spreadsheets open; for the same people, by the same filters, written down."""

from __future__ import annotations

import base64
import csv
import gzip
import io
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import load_workbook
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_season import next_slot
from tests.graduates import LIN, graduate

pytestmark = pytest.mark.slow

ADMINISTRATOR = Session("administrator", "administrator", "x")
AUDITOR = Session("auditor", "auditor", "x")
LIBRARY = officer("library")
HOUSING = officer("housing")
ROOT = "/api/clearance/exports"


@pytest.fixture
def opened(cloud: Cloud) -> Cloud:
    cloud.open(LIN, graduate(2), graduate(3, school="S02"))
    cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot())
    return cloud


def taken(cloud: Cloud, file: str, session: Session, **headers: str) -> SimpleNamespace:
    return cloud.call("clearance/exports", session, "GET", f"{ROOT}/{file}", headers=headers)


def lines(answer: SimpleNamespace) -> list[list[str]]:
    body = base64.b64decode(answer.body)
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    text = body.decode("utf-8")
    assert text.startswith("\ufeff") and text.count("\n") == text.count("\r\n")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def sheet(answer: SimpleNamespace) -> Any:
    return load_workbook(io.BytesIO(base64.b64decode(answer.body))).active


def test_a_matrix_opens_in_excel_with_its_names_and_has_the_filters_of_the_page(opened: Cloud) -> None:
    answer = taken(opened, "matrix.csv?school=S01", COUNSELLOR)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="matrix-' in answer.headers["Content-Disposition"]
    head, *rows = lines(answer)
    assert [row[:2] for row in rows] == [[LIN.student, "林晓雨"], ["2022S01002", "学生2"]]
    assert rows[0][head.index("退宿")] == "审核中"
    filtered = taken(opened, "matrix.csv?school=S01&step=dormitory&state=submitted", COUNSELLOR)
    assert [row[0] for row in lines(filtered)[1:]] == [LIN.student]


def test_a_list_is_compressed_for_whoever_can_read_that(opened: Cloud) -> None:
    answer = taken(opened, "matrix.csv?school=S01", COUNSELLOR, **{"accept-encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip" and len(lines(answer)) == 3


def test_a_workbook_has_real_dates_a_head_that_stays_and_the_readers_language(opened: Cloud) -> None:
    answer = taken(opened, "matrix.xlsx?school=S01", COUNSELLOR, **{"accept-language": "en"})
    found = sheet(answer)
    head = [cell.value for cell in found[1]]
    assert found.freeze_panes == "B2" and found.column_dimensions["A"].width == 13
    assert head[:2] == ["Student number", "Name"] and "Dormitory" in head
    assert found.cell(2, head.index("Deadline") + 1).value == datetime(2026, 6, 30)
    assert found.cell(2, head.index("Dormitory") + 1).value == "Being checked"


def test_a_queue_tells_what_was_answered_and_how_long_ago(opened: Cloud) -> None:
    head, row = lines(taken(opened, "queue.csv?step=dormitory", HOUSING))
    told = dict(zip(head, row, strict=True))
    assert told["学号"] == LIN.student and told["查房时间"].endswith("08:30–10:00") and told["已等天数"] == "0"
    assert len(lines(taken(opened, f"queue.csv?step=dormitory&answer.slot={next_slot('14:00')}", HOUSING))) == 1


def test_what_begins_like_a_formula_is_text_in_both_kinds_of_file(cloud: Cloud) -> None:
    formula = '=HYPERLINK("https://evil.example","x")'
    cloud.open(replace(LIN, name=formula, programme="+1", class_name="@SUM(A1)"), replace(graduate(2), name="\uff1d1"))
    first, second = lines(taken(cloud, "matrix.csv?school=S01", COUNSELLOR))[1:]
    assert first[1] == f"'{formula}" and first[3] == "'@SUM(A1)" and first[4] == "'+1" and second[1] == "'\uff1d1"
    found = sheet(taken(cloud, "matrix.xlsx?school=S01", COUNSELLOR))
    assert (found["B2"].value, found["B2"].data_type) == (formula, "s")


def test_the_season_its_days_and_all_cases_are_for_those_who_see_everything(opened: Cloud) -> None:
    for file in ("season.csv", "burn-down.csv", "cases.csv"):
        assert taken(opened, file, ADMINISTRATOR).status == taken(opened, file, AUDITOR).status == 200
        for session in (COUNSELLOR, LIBRARY, STUDENT):
            assert taken(opened, file, session).status == 403, (file, session.role)
    assert [row[1] for row in lines(taken(opened, "season.csv", AUDITOR))[1:]] == ["2", "1"]
    assert len(lines(taken(opened, "cases.csv", AUDITOR))) == 4
    days = lines(taken(opened, "burn-down.csv", AUDITOR))
    assert days[1][1:] == ["2026-06-01", "3", "3.0"] and days[-1][3] == "0.0"


def test_nobody_takes_along_what_they_may_not_see(opened: Cloud) -> None:
    other = Session("T0002", "counsellor", "x", school="S02")
    assert taken(opened, "matrix.csv?school=S01", other).status == 403
    assert taken(opened, "burn-down.csv?school=S01", other).status == 403
    assert taken(opened, "burn-down.csv?school=S01", COUNSELLOR).status == 200
    assert taken(opened, "queue.csv?step=dormitory", LIBRARY).status == 403
    assert taken(opened, "queue.csv?step=nothing", LIBRARY).status == 403
    assert taken(opened, "matrix.csv?school=S01", STUDENT).status == 403
    for file in ("secrets.csv", "matrix.pdf", "matrix", ".csv"):
        assert taken(opened, file, ADMINISTRATOR).status == 404
    assert taken(opened, "matrix.csv?school=S99", ADMINISTRATOR).status == 404


def test_who_took_which_list_of_people_is_written_down_and_never_what_stood_in_it(opened: Cloud) -> None:
    before = clock.now()
    taken(opened, "matrix.xlsx?school=S01&turn=student&q=2022S01", COUNSELLOR)
    taken(opened, "season.csv", AUDITOR)
    [line] = Store().exports_on(datetime.now(UTC).date())
    told = {name: line[name] for name in ("who", "role", "what", "rows", "filters")}
    assert told == {
        "who": "T0001", "role": "counsellor", "what": "matrix", "rows": 2,
        "filters": {"school": "S01", "turn": "student"},
    }  # fmt: skip
    assert clock.instant(line["at"]) >= before and "2022S01" not in str(line)
