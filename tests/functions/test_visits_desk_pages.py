"""Pages of the desk: the days to come, a day with its visits, where technicians usually go, what a year was like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from yinji.identity.session import ROLES, Session
from yinji.visits import acts
from yinji.visits.days import Plan
from yinji.visits.desk import DEEDS, TURNS
from yinji.visits.store import Visits
from yinji.visits.visit import STATES, Record, Visit

from tests import portal
from tests.functions.conftest import Cloud, officer
from tests.functions.test_visits_desk import EVE, OFFICE, WORKER, at
from tests.visits import AT_THE_DOOR, COMMUNITY, FIRST, NOW, SECOND, ask, keep

__all__ = ["at"]

Turn = Callable[[datetime], None]
AUDITOR = Session("A001", "auditor", "x")
DAY = f"/visits/desk/{COMMUNITY}/{FIRST}"


@pytest.fixture
def visits(cloud: Cloud, at: Turn) -> Visits:
    keep()
    found = Visits()
    assert found.put_plan(Plan("N001", "<b>甲</b>", {(COMMUNITY, "morning"): 3}, 1))
    return found


def finished(one: Visit, minutes: int = 30) -> Visit:
    record = Record(minutes, ("network",), True, face="good")
    done, event = acts.finish(one, record, f"finish-{one.id}", "N001", AT_THE_DOOR)
    assert Visits().change(done, event)
    return done


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_what(cloud: Cloud, visits: Visits, role: str) -> None:
    who = Session("X001", role, "x", department="network-centre" if role == "department-officer" else "")  # type: ignore[arg-type]
    desk = role in ("department-officer", "administrator", "community-worker")
    for path in ("/visits/desk", "/visits/desk/plans", DAY):
        assert portal.visit(path, who).status == (200 if desk else 403), path
        assert portal.visit(path).location.startswith("/sign-in")
    assert portal.visit("/visits/year", who).status == (200 if desk or role == "auditor" else 403)
    assert portal.visit("/visits/desk", officer("library")).status == 403


def test_what_the_navigation_leads_to(cloud: Cloud, visits: Visits) -> None:
    assert portal.visit("/", WORKER).location == "/visits/desk"
    assert '<a href="/visits/year">' in portal.visit("/visits/desk", WORKER, "en").body
    assert 'href="/visits/desk"' in portal.visit("/visits/year", OFFICE).body
    assert 'class="crumb"' not in portal.visit("/visits/year", AUDITOR).body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_days_to_come(cloud: Cloud, visits: Visits, language: str) -> None:
    for number in range(14):
        ask(number, at=NOW + timedelta(seconds=number))
    body = portal.visit("/visits/desk", WORKER, language).body
    cells = re.findall(rf'<a class="state (\w+)" href="/visits/desk/{COMMUNITY}/([0-9-]+)">', body)
    assert cells == [("waiting", str(FIRST)), ("done", str(SECOND))]
    assert "12" in body and 'id="call"' not in body and 'action="/api/visits/desk/days"' not in body
    assert 'action="/api/visits/desk/days"' in portal.visit("/visits/desk", OFFICE, language).body


def test_who_is_to_be_called_stands_first_with_a_tick(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1)
    at(EVE)
    body = portal.visit("/visits/desk", WORKER, "en").body
    assert f'href="tel:{one.person.phone.replace(" ", "").replace("-", "")}"' in body
    assert f'action="/api/visits/desk/visits/{one.id}/remind"' in body
    assert f'name="version" value="{one.version}"' in body
    assert visits.change(*acts.remind(one, "C001", "k", "C001", NOW))
    assert "Nothing needs anybody now" in portal.visit("/visits/desk", WORKER, "en").body


def test_who_has_no_day_and_what_nobody_wrote_down(cloud: Cloud, visits: Visits, at: Turn) -> None:
    lost, silent = ask(1, on=SECOND), ask(2)
    stored, _ = visits.day((COMMUNITY, SECOND))
    assert stored and visits.put_day(replace(stored, closed="停水"))
    at(EVE + timedelta(days=3))
    body = portal.visit("/visits/desk", OFFICE, "en").body
    assert "Without a day (1)" in body and "Not written down (1)" in body
    for one in (lost, silent):
        assert f'href="/visits/desk/{COMMUNITY}/{one.day}?visit={one.id}#visit-{one.id}"' in body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_with_its_visits(cloud: Cloud, visits: Visits, language: str) -> None:
    those = [ask(number, at=NOW + timedelta(seconds=number)) for number in range(14)]
    told = asked_by_relative()
    body = portal.visit(DAY, WORKER, language).body
    for one in (*those, told):
        assert f'id="visit-{one.id}"' in body
    assert "&lt;b&gt;甲" in body and "<b>甲" not in body and "N002" in body
    waits = body[body.index('id="waits"') :]
    assert [waits.index(f"visit-{one.id}") for one in those[12:]] == sorted(
        waits.index(f"visit-{one.id}") for one in those[12:]
    )
    assert 'href="tel:13800001111"' in body and "李" in body
    assert "/api/visits/desk/days" not in body, "the community's office leaves the days alone"
    managed = portal.visit(DAY, OFFICE, language).body
    assert set(re.findall(r"/api/visits/desk/days/[a-z0-9/-]+?/([a-z]+)\"", managed)) == {"close", "places"}
    assert 'name="place.N002.morning"' in managed


def asked_by_relative() -> Visit:
    return ask(
        20, asker="relative", relative_name="李", relative_phone="138 0000-1111", consent="yes", at=NOW,
        words="<i>怎么打不开</i>",
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_visit_in_every_state(cloud: Cloud, visits: Visits, state: str) -> None:
    one = asked_by_relative()
    if state == "cancelled":
        assert visits.cancel(one, *acts.cancel(one, "c", "C001", NOW))
    elif state == "done":
        finished(one)
    elif state == "not-met":
        assert visits.change(*acts.miss(one, "m", "N001", AT_THE_DOOR))
    elif state == "waiting":
        for number in range(12):
            ask(number, on=SECOND)
        assert visits.move(one, *acts.move(one, SECOND, "either", "w", "C001", NOW), wait=True)
    now = visits.find(one.id)
    assert now and now.state == state
    body = portal.visit(f"/visits/desk/{COMMUNITY}/{now.day}?visit={one.id}", WORKER, "en").body
    assert "&lt;i&gt;怎么打不开" in body and "Asked for, for 2 December 2026" in body
    forms = set(re.findall(rf"/api/visits/desk/visits/{one.id}/([a-z]+)", body))
    assert forms == ({"move", "cancel"} if state in ("booked", "waiting") else set())
    looks = portal.visit(f"/visits/desk/{COMMUNITY}/{now.day}?visit=nobody", WORKER, "en").body
    assert "What happened" not in looks


def test_what_can_be_done_to_a_day(cloud: Cloud, visits: Visits, at: Turn) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, by_hand=True))
    assert f'action="/api/visits/desk/days/{COMMUNITY}/{FIRST}/usual"' in portal.visit(DAY, OFFICE).body
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, closed="<大雪>"))
    body = portal.visit(DAY, OFFICE, "en").body
    assert "Nobody comes on this day: &lt;大雪&gt;" in body
    assert set(re.findall(r"/api/visits/desk/days/[a-z0-9/-]+?/([a-z]+)\"", body)) == {"open"}
    at(EVE + timedelta(days=3))
    assert "/api/visits/desk/days" not in portal.visit(DAY, OFFICE).body


def test_visits_above_the_places_are_told(cloud: Cloud, visits: Visits) -> None:
    ask(1)
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=()))
    assert "1 visit is above the places there are" in portal.visit(DAY, OFFICE, "en").body
    assert "1 too many" in portal.visit("/visits/desk", OFFICE, "en").body


@pytest.mark.parametrize("path", ["meiyuan/2026-12-03", "nowhere/2026-12-02", "meiyuan/soon"])
def test_days_that_there_are_not(cloud: Cloud, visits: Visits, path: str) -> None:
    assert portal.visit(f"/visits/desk/{path}", OFFICE).status == 404


def test_where_technicians_go(cloud: Cloud, visits: Visits) -> None:
    body = portal.visit("/visits/desk/plans", OFFICE, "en").body
    assert "&lt;b&gt;甲" in body and "Morning 3" in body
    assert f'name="place.{COMMUNITY}.morning" aria-label="Meiyuan Morning" min="0" max="20"' in body
    assert 'action="/api/visits/desk/plans/N001/leave"' in body
    assert "/api/visits/desk/plans" not in portal.visit("/visits/desk/plans", WORKER, "en").body
    wrong = portal.visit(
        f"/visits/desk/plans?problem=invalid-form&fields=place.{COMMUNITY}.morning&at=visits-desk.planned", OFFICE
    ).body
    assert 'aria-invalid="true"' in wrong


def test_notices_tell_what_was_done(cloud: Cloud, visits: Visits) -> None:
    for done in (*DEEDS, *TURNS, "added", "planned", "left"):
        assert 'class="notice good"' in portal.visit(f"/visits/desk?done=visits-desk.{done}", OFFICE).body
    assert "has changed meanwhile" in portal.visit(f"{DAY}?problem=visit-moved-on", OFFICE, "en").body
    assert 'id="notice"' not in portal.visit("/visits/desk?done=visits-desk.nothing", OFFICE).body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_year(cloud: Cloud, visits: Visits, language: str) -> None:
    body = portal.visit("/visits/year", AUDITOR, language).body
    assert "visits.xlsx" not in body
    finished(ask(1), 90)
    body = portal.visit("/visits/year?year=2026", AUDITOR, language).body
    assert "1.5" in body and "100%" in body and "/api/visits/figures/2026/visits.xlsx" in body
    assert "张1" not in body and "0001" not in body
    for wrong in ("2027", "2025", "soon"):
        assert portal.visit(f"/visits/year?year={wrong}", AUDITOR).status == 404
