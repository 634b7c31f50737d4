"""The page of what faults teach, the same for programs, and the numbers that the dashboard has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.repair.incident import Event, Incident, done
from yinji.repair.incidents_store import Incidents

from tests import portal
from tests.functions.conftest import Cloud, cloud
from tests.repairs import campus, keep
from tests.unit.test_repair_learning import DAY, HOUR, NOON, fault

__all__ = ["cloud"]

TECHNICIAN = Session("T0801", "technician", "赵师傅")


@pytest.fixture
def network(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    keep(campus())
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 29))
    monkeypatch.setattr(clock, "now", lambda: NOON + 19 * DAY)
    yield cloud


def kept(*some: Incident) -> None:
    for one in some:
        assert Incidents().change(replace(one, version=1), Event("opened", "opened", "triage", one.opened_at))


def figures(cloud: Cloud, query: str = "") -> Any:
    return cloud.call("repair/learnt", TECHNICIAN, "GET", f"/api/repair/figures{query}")


def worked(id: str, *acts: Any, cause: str = "LIB-AP11", opened: datetime = NOON) -> None:
    """An incident to which `acts` were done, an hour after each other."""
    one = replace(fault(id, cause, opened=opened), state="open", times={"open": opened}, version=1)
    kept(one)
    for number, act in enumerate(acts, start=1):
        one, event = done(one, act, "T1", opened + number * HOUR, f"{id}-{number}")
        if act == "fix":
            one = replace(one, found="power")
        assert Incidents().change(one, event)


def test_what_was_done_to_faults_is_what_they_teach(network: Cloud) -> None:
    worked("a", "take", "fix", "confirm")
    worked("b", "take", "hand-over", "take", "fix", cause="LIB-AP12")
    worked("c", "take", "need-parts", "go-on", "fix", "confirm", cause="LIB-SW1")
    worked("d", "take", "fix", "confirm", cause="LIB-AP21", opened=NOON - 60 * DAY)
    told = figures(network).json
    assert told["month"] == "2026-11"
    assert (told["whole"]["mended"], told["whole"]["first_visit"], told["whole"]["people"]) == (3, 1, 9)
    assert told["whole"]["acknowledged"] == {"number": 3, "mean": 60.0, "median": 60.0}
    assert told["whole"]["repaired"] == {"number": 3, "mean": 200.0, "median": 240.0}
    assert told["causes"] == {"power": 3} and told["models"] == {"AP7060": {"power": 2}, "S5735": {"power": 1}}
    assert figures(network, "?month=2026-09").json["whole"]["mended"] == 1
    assert figures(network, "?month=2026-10").json["whole"]["mended"] == 0


def test_what_was_mended_at_the_end_of_a_month_and_confirmed_in_the_next_counts_where_it_was_mended(
    network: Cloud,
) -> None:
    kept(replace(fault("a", opened=NOON - 11 * DAY), changed_at=NOON))
    assert [figures(network, f"?month=2026-{month}").json["whole"]["mended"] for month in (10, 11)] == [1, 0]


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "november", "1999-01"])
def test_a_month_that_is_none_or_still_to_come_is_not_there(network: Cloud, month: str) -> None:
    assert figures(network, f"?month={month}").status == 404
    assert portal.visit(f"/repair/learn?month={month}", TECHNICIAN).status == 404


def test_the_page_tells_it_in_words(network: Cloud) -> None:
    kept(
        fault("a", found="power", opened=NOON - 2 * DAY),
        replace(fault("b", opened=NOON + DAY), state="open", times={"open": NOON + DAY}),
        fault("c", "LIB-SW1", found="", hours=100, area="south"),
        fault("d", "LIB-AP12", found="gone-from-the-catalogue"),
        *(fault(one, f"LIB-1-{one}", found=one) for one in ("loop", "port", "cable", "other")),
    )  # fmt: skip
    page = portal.visit("/repair/learn", TECHNICIAN)
    assert page.status == 200 and "2026 年 11 月" in page.body and "修好 7 个故障" in page.body
    for text in (
        "图书馆",
        "AP7060",
        "断电或供电不足",
        "未填写",
        "gone-from-the-catalogue",
        "4 天",
        "其他 2",
        "无线 11",
    ):
        assert text in page.body, text
    assert 'href="/repair/incidents/b"' in page.body and "2 次，最近一次" in page.body
    assert 'href="/repair/learn?month=2026-10"' in page.body and "month=2026-12" not in page.body
    english = portal.visit("/repair/learn?month=2026-10", TECHNICIAN, language="en")
    assert "No fault was mended" in english.body and "What faults teach · October 2026" in english.body
    assert 'href="/repair/learn?month=2026-11"' in english.body


def test_an_hour_is_said_in_minutes_and_a_week_in_days(network: Cloud) -> None:
    kept(fault("a", hours=1), fault("b", "LIB-AP12", hours=30), fault("c", "LIB-AP21", hours=168, area="south"))
    body = portal.visit("/repair/learn", TECHNICIAN, language="en").body
    assert "60 minutes" in body and "30 hours" in body and "7 days" in body


def test_the_dashboard_is_told_what_is_open_and_for_how_long(
    network: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    open_ = replace(fault("a", opened=NOON + 19 * DAY - HOUR), state="open", priority=1)
    kept(open_, replace(fault("b"), state="fixed"), replace(open_, id="c", state="travelling"), fault("d"))
    assert network.invoke("repair/counts", {"source": "aws.events"}) == {"open": 2, "to_confirm": 1}
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = {(one.get("priority", ""), name): one[name] for one in told for name in _named(one)}
    assert found["1", "OpenIncidents"] == [2.0] and found["4", "OpenIncidents"] == [0.0]
    assert found["", "OldestOpenIncident"] == [timedelta(hours=1).total_seconds() / 60]
    assert found["", "IncidentsToConfirm"] == [1.0]


def test_with_nothing_open_it_says_so(network: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert network.invoke("repair/counts", {"source": "aws.events"}) == {"open": 0, "to_confirm": 0}
    assert '"OldestOpenIncident":[0.0]' in capsys.readouterr().out


def _named(document: Any) -> list[str]:
    return [one["Name"] for each in document["_aws"]["CloudWatchMetrics"] for one in each["Metrics"]]
