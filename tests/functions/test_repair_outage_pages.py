"""The page of known outages, which everybody may see, and the office's page of notices."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.repair.incident import ACTS, Act, done
from yinji.repair.incidents_store import Incidents

from tests import portal
from tests.functions.conftest import Cloud
from tests.functions.test_repair_sorting import OFFICER, TECHNICIAN, at_campus, notice
from tests.functions.test_repair_triage import file, incidents, recent, stream, there
from tests.unit.test_repair_triage import ROOMS

__all__ = ["there"]
PAGE = "/repair/outages"


def test_without_outages_it_says_so_and_how_to_report(there: Cloud) -> None:
    page = portal.visit(PAGE, None)
    assert page.status == 200 and "目前没有已知的大范围故障" in page.body and "/repair/notices" not in page.body
    english = portal.visit(PAGE, None, language="en")
    assert "We know of no outage" in english.body


def test_it_tells_of_outages_maintenance_and_announcements(there: Cloud) -> None:
    reports = [recent(room) for room in ROOMS]
    file(*reports)
    stream(there, *reports)
    notice(there)
    notice(
        there,
        kind="announcement",
        cause="",
        title_en="<b>Exams</b>",
        until=at_campus(24),
        idempotency_key="another-of-mine",
    )
    page = portal.visit(PAGE, None, language="en").body
    for told in ("We know of 1 outage", "Library", "8 people reported it", "A new switch", "Going on", "Floor 1"):
        assert told in page, told
    assert "&lt;b&gt;Exams" in page and "<b>Exams" not in page.replace("<b>&lt;", "")
    assert "who-" not in page


@pytest.mark.parametrize("act", ["take", "need-access", "need-parts", "travel", "fix"])
def test_each_state_of_work_has_its_words(there: Cloud, act: Act) -> None:
    reports = [recent(room) for room in ROOMS]
    file(*reports)
    stream(there, *reports)
    [one] = [one for one in incidents(there) if one.state == "open"]
    for number, step in enumerate(dict.fromkeys(("take", act))):
        after, event = done(one, step, "T7", clock.now() + timedelta(seconds=number), step)  # type: ignore[arg-type]
        assert Incidents().change(after, event)
        one = after
    assert one.state == ACTS[act][1]
    assert portal.visit(PAGE, None, language="en").status == 200


def test_only_who_may_plan_is_shown_the_way_and_the_form(there: Cloud) -> None:
    assert "/repair/notices" in portal.visit(PAGE, OFFICER).body
    assert "/repair/notices" not in portal.visit(PAGE, TECHNICIAN).body
    assert portal.visit("/repair/notices", TECHNICIAN).status == 403
    notice(there)
    page = portal.visit("/repair/notices", OFFICER).body
    assert (
        "更换交换机" in page and 'name="until"' in page and re.search(r'action="/api/repair/notices/[\w-]+/end"', page)
    )
    assert portal.visit("/repair/notices", Session("L1", "department-officer", "x", department="library")).status == 403


@pytest.mark.parametrize("done_", ["merge", "split", "notice-made", "notice-ended"])
def test_what_was_done_is_told(there: Cloud, done_: str) -> None:
    page = portal.visit(f"/repair/notices?at=repair-triage.{done_}&done=repair-triage.{done_}", OFFICER)
    assert 'class="notice good"' in page.body
