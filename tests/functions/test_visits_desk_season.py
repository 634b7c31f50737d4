"""The demo's home visits are asked for once, however often the local cloud comes up."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest
from yinji.visits.days import Plan, at_campus
from yinji.visits.desk import plan_of
from yinji.visits.store import Visits

from infra.local import deploy, home, seeding
from infra.local.season.visits import ASKING, PLANS, places
from tests.functions.conftest import Cloud
from tests.functions.test_visits_desk import Turn, at
from tests.visits import FIRST, NOW

__all__ = ["at"]


def test_people_of_the_demo_ask_once_and_some_wait(cloud: Cloud, at: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "environment", dict)
    names = {"TableName": os.environ["YINJI_TABLE"], "VisitsTableName": os.environ["YINJI_VISITS_TABLE"]}
    monkeypatch.setattr(deploy, "outputs", lambda: names)
    visits = Visits()
    for staff in PLANS:
        assert visits.put_plan(replace(plan_of(Plan(staff, staff), staff, places(staff)), version=1))
    visits.make_days(at_campus(NOW))
    assert seeding._ask() == seeding._ask() == 2 * sum(ASKING.values())
    found = visits.of_month("2026-11") + visits.of_month("2026-12")
    assert len(found) == 2 * sum(ASKING.values())
    states = Counter(one.state for one in found)
    assert states["booked"] > states["waiting"] > 0
    stored, _ = visits.day(("meiyuan", FIRST))
    assert stored and visits.put_day(replace(stored, closed="停电"))
    assert seeding._ask() == 2 * sum(ASKING.values()), "who asked before has asked"
