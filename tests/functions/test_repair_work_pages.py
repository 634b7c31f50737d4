"""Pages of technicians: the queue, an incident, the board of a building, the rota."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.repair.causes import causes
from yinji.repair.clocks import KINDS, Clock
from yinji.repair.incident import ACTS, STATES, Incident
from yinji.repair.queue import queue_of
from yinji.repair.rota import Technician
from yinji.repair.rota_store import Rota
from yinji.repair.work import DEEDS

from tests import portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.repairs import BUILDING, campus, keep
from tests.repairs_at_work import file, incident, open_incident, report

ME = Session("N001", "technician", "甲")
OFFICE = officer("network-centre")
AUDITOR = Session("AUDITOR", "auditor", "x")
ID = "a" * 24
EVERY_DAY = frozenset(range(7))


@pytest.fixture
def places(cloud: Cloud) -> None:
    keep(campus())


def minutes_ago(minutes: int, **more: object) -> Incident:
    at = clock.now() - timedelta(minutes=minutes)
    return incident(opened_at=at, changed_at=at, times={"open": at}, **more)


def test_technicians_begin_at_their_queue(cloud: Cloud) -> None:
    assert portal.visit("/", ME).location == "/repair"
    body = portal.visit("/repair", ME, "en").body
    assert "Nothing waits for anybody" in body and "Nobody is on duty" in body and 'href="/repair/rota"' in body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_queue_of_a_technician(cloud: Cloud, places: None, language: str) -> None:
    Rota().put(Technician("N001", "甲", ("north",), ("wireless",), EVERY_DAY, version=1))
    Rota().put(Technician("N002", "乙", ("north",), (), EVERY_DAY, version=1))
    mine = minutes_ago(50, id="1" * 24, state="taken", technician="N001", cause="LIB-AP12")
    free = minutes_ago(30, id="2" * 24)
    others = minutes_ago(20, id="3" * 24, state="travelling", technician="N002", cause="LIB-AP21")
    south = minutes_ago(10, id="4" * 24, area="south", cause="LIB-AP22")
    fixed = minutes_ago(10, id="5" * 24, state="fixed", technician="N002", found="other", cause="LIB-2-01")
    for one in (mine, free, others, south, fixed):
        open_incident(one)
    body = portal.visit("/repair", ME, language).body
    order = [body.index(f"incident-{letter * 24}") for letter in "12435"]
    assert order == sorted(order)
    assert f"/api/repair/incidents/{'2' * 24}/take" in body and f"/api/repair/incidents/{'4' * 24}/take" in body
    assert f"/api/repair/incidents/{'1' * 24}/travel" in body and f"/api/repair/incidents/{'1' * 24}/fix" in body
    assert f"{'3' * 24}/fix" not in body and 'value="ap-restarted"' in body and 'value="switch-replaced"' not in body
    for word in (
        ("按值班表派给您", "就在您上次所在的楼", "乙已接单", "今天值班：甲、乙")
        if language == "zh"
        else ("For you, by the rota", "In the building where you were last", "乙 has it", "On duty today: 甲, 乙")
    ):
        assert word in body, word


def test_who_only_looks_on_has_no_buttons(cloud: Cloud, places: None) -> None:
    open_incident(incident())
    for who in (OFFICE, AUDITOR):
        body = portal.visit("/repair", who, "en").body
        assert "1 fault" in body and "/take" not in body
    body = portal.visit(f"/repair/incidents/{ID}", AUDITOR, "en").body
    assert "/api/repair/incidents" not in body


@pytest.mark.parametrize(
    "path", ["/repair", f"/repair/incidents/{ID}", "/repair/board", "/repair/board/LIB", "/repair/rota"]
)
def test_nobody_else_sees_any_of_it(cloud: Cloud, places: None, path: str) -> None:
    open_incident(incident())
    for who in (STUDENT, COUNSELLOR, officer("library")):
        assert portal.visit(path, who).status == 403
    assert portal.visit(path).location.startswith("/sign-in")
    for who in (ME, OFFICE, AUDITOR):
        assert portal.visit(path, who).status == 200


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_incident_in_every_state(cloud: Cloud, places: None, state: str, language: str) -> None:
    one = minutes_ago(600, technician="" if state == "open" else "N001", state=state, found="other", note="请重启电脑")
    open_incident(replace(one, merged_into="b" * 24 if state == "merged" else ""))
    body = portal.visit(f"/repair/incidents/{ID}", ME, language).body
    forms = set(re.findall(rf"/api/repair/incidents/{ID}/([a-z-]+)", body))
    assert forms - {"photo"} == {deed for deed in DEEDS if state in ACTS[deed][0]} - {"close"}
    assert ("photo" in forms) == (state not in ("open", "merged"))
    managed = portal.visit(f"/repair/incidents/{ID}", OFFICE, language).body
    forms = set(re.findall(rf"/api/repair/incidents/{ID}/([a-z-]+)", managed))
    expected = {deed for deed in DEEDS if state in ACTS[deed][0]} - {"take"}
    assert forms - {"photo"} == expected | ({"hand-over"} if state == "open" else set())


def test_an_incident_tells_what_was_reported(cloud: Cloud, places: None) -> None:
    open_incident(minutes_ago(5))
    check = '{"verdict": "captive", "ms": 120}'
    file(report("1", text="<b>上不了网</b>", contact="13800001111", check=check, incident=ID))
    file(report("2", incident=ID))
    body = portal.visit(f"/repair/incidents/{ID}", ME, "en").body
    assert "&lt;b&gt;上不了网" in body and "13800001111" in body and "a sign-in page answers" in body and "120" in body
    assert "2 reports" in body and "/split" not in body
    assert "Within 15 minutes 2 places were reported that hang on one access point" in body
    managed = portal.visit(f"/repair/incidents/{ID}", OFFICE, "en").body
    assert "13800001111" not in managed and f"/api/repair/incidents/{ID}/split" in managed
    assert 'name="report.1"' in managed and "/merge" not in managed
    open_incident(minutes_ago(5, id="b" * 24, cause="LIB-SW1"))
    managed = portal.visit(f"/repair/incidents/{ID}", OFFICE, "en").body
    assert f"/api/repair/incidents/{ID}/merge" in managed and f'value="{"b" * 24}"' in managed
    assert "Nobody" in portal.visit(f"/repair/incidents/{'b' * 24}", ME, "en").body
    assert portal.visit("/repair/incidents/nothing", ME).status == 404


def test_notices_tell_what_was_done(cloud: Cloud, places: None) -> None:
    open_incident(minutes_ago(5))
    for deed in DEEDS:
        assert 'class="notice good"' in portal.visit(f"/repair/incidents/{ID}?done=repair-work.{deed}", ME).body
    body = portal.visit(f"/repair/incidents/{ID}?problem=incident-taken", ME, "en").body
    assert "Somebody else has this fault by now" in body
    for done in ("kept", "day", "left"):
        assert 'class="notice good"' in portal.visit(f"/repair/rota?done=repair-rota.{done}", OFFICE).body
    assert 'id="notice"' not in portal.visit("/repair/rota?done=repair-rota.take", OFFICE).body


def test_the_board_of_a_building(cloud: Cloud, places: None) -> None:
    open_incident(minutes_ago(5))
    assert f'href="/repair/board/{BUILDING}"' in portal.visit("/repair/board", OFFICE).body
    body = portal.visit(f"/repair/board/{BUILDING}", OFFICE, "en").body
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", body, re.DOTALL)
    assert [re.search(r'row">(.*?)<', row).group(1) for row in rows] == ["Floor 2", "Floor 1", "Elsewhere"]  # type: ignore[union-attr]
    # the access point itself, and the two rooms that hang on it
    assert rows[1].count(f"/repair/incidents/{ID}") == 3 and rows[0].count("/repair/incidents") == 0
    assert "Core switch" in rows[2] and "no fault known" in rows[0] and "Waiting" in rows[1]
    assert portal.visit("/repair/board/LIB-1", OFFICE).status == 404
    assert portal.visit("/repair/board/NONE", OFFICE).status == 404


def test_the_office_changes_the_rota(cloud: Cloud) -> None:
    Rota().put(Technician("N001", "甲", ("north",), ("wireless",), frozenset({clock.today().weekday()}), version=1))
    assert "/api/repair/rota" not in portal.visit("/repair/rota", ME).body
    body = portal.visit("/repair/rota", OFFICE).body
    for path in (
        "/api/repair/rota/N001",
        "/api/repair/rota/N001/day",
        "/api/repair/rota/N001/leave",
        "/api/repair/rota",
    ):
        assert f'action="{path}"' in body
    assert body.count('class="state done"') == 2, "today, and in a week"


# --- the order of a queue ------------------------------------------------------------------------------------


def test_a_queue_is_in_order_of_urgency_then_lateness_then_distance_then_age() -> None:
    now = clock.now()
    last = minutes_ago(1, id="mine", state="taken", technician="N001")
    some = [
        minutes_ago(5, id="far", building="GYM", area="south"),
        minutes_ago(4, id="near", building="GYM"),
        minutes_ago(3, id="here"),
        minutes_ago(6, id="here-older"),
        minutes_ago(60 * 24 * 14, id="late", building="GYM", area="south"),
        minutes_ago(2, id="urgent", priority=1, building="GYM", area="south"),
        minutes_ago(3, id="other", state="taken", technician="N002"),
    ]
    found = queue_of([last, *some], {}, [], "N001", now)
    ids = [job.incident.id for job in found.free]
    assert ids == ["urgent", "late", "here-older", "here", "near", "far"]
    assert [job.distance for job in found.free] == ["far", "far", "here", "here", "near", "far"]
    assert [job.incident.id for job in found.mine] == ["mine"]
    assert [job.incident.id for job in found.others] == ["other"]


def test_every_standing_of_a_clock_has_words(cloud: Cloud) -> None:
    words = portal.module("chalicelib.words").Words("en")
    shapes = portal.module("chalicelib.repair_work").CLOCKS
    said = portal.module("chalicelib.repair_work").said
    visit = type("Visit", (), {"words": words})()
    for kind in KINDS:
        for standing in shapes:
            for left in (5, 500, -30):
                assert said(visit, Clock(kind, standing, timedelta(minutes=left)))
    assert said(visit, Clock("repair", "soon", timedelta(minutes=90))) == "Mend it soon: 90 min left"
    assert said(visit, Clock("repair", "overdue", timedelta(minutes=-150))) == "Overdue: to be mended 2 h ago"


def test_causes_have_both_languages() -> None:
    assert all(one.title["zh"] and one.title["en"] for one in causes().values())
