"""The year of visits for programs and spreadsheets."""

from __future__ import annotations

import io
from base64 import b64decode

import pytest
from openpyxl import load_workbook
from yinji.identity.session import ROLES, Session
from yinji.visits import acts
from yinji.visits.store import Visits
from yinji.visits.visit import Record

from tests.functions.conftest import Cloud
from tests.functions.test_visits_desk import Turn, at
from tests.visits import AT_THE_DOOR, ask, keep

__all__ = ["at"]

API = "/api/visits/figures"
AUDITOR = Session("A001", "auditor", "x")


@pytest.fixture
def done(cloud: Cloud, at: Turn) -> None:
    keep()
    one = ask(1)
    assert Visits().change(*acts.finish(one, Record(90, ("phone",), True, face="good"), "f", "N001", AT_THE_DOOR))


@pytest.mark.parametrize("role", ROLES)
def test_roles(cloud: Cloud, done: None, role: str) -> None:
    who = Session("X001", role, "x", department="network-centre" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("community-worker", "department-officer", "administrator", "auditor")
    for path in ("2026", "2026/visits.csv"):
        assert cloud.call("visits/figures", who, "GET", f"{API}/{path}").status == (200 if may else 403)


def test_a_year_for_programs(cloud: Cloud, done: None) -> None:
    told = cloud.call("visits/figures", AUDITOR, "GET", f"{API}/2026")
    assert told.json["whole"] == told.json["months"]["2026-12"] == told.json["communities"]["meiyuan"]
    assert (told.json["whole"]["hours"], told.json["whole"]["troubles"]) == (1.5, {"phone": 1})
    assert "张1" not in told.body
    assert cloud.call("visits/figures", AUDITOR, "GET", f"{API}/2025").json["whole"]["asked"] == 0
    for path in ("2027", "soon", "2026/visits.pdf", "2026/people.csv", "2027/visits.csv"):
        assert cloud.call("visits/figures", AUDITOR, "GET", f"{API}/{path}").status == 404


def test_a_year_for_spreadsheets(cloud: Cloud, done: None) -> None:
    table = cloud.call("visits/figures", AUDITOR, "GET", f"{API}/2026/visits.csv")
    text = b64decode(table.body).decode("utf-8-sig") if table.encoded else table.body.lstrip("\ufeff")
    head, row = text.splitlines()
    assert head.startswith("月份,社区,") and row.startswith("2026-12,梅园社区,1,1,1,0,1,1.5,")
    book = cloud.call("visits/figures", AUDITOR, "GET", f"{API}/2026/visits.xlsx", headers={"accept-language": "en"})
    sheet = load_workbook(io.BytesIO(b64decode(book.body))).active
    assert sheet is not None
    [first, second] = sheet.iter_rows(values_only=True)
    assert first[:2] == ("Month", "Community") and second[:2] == ("2026-12", "Meiyuan")
