"""What technicians write down at doors, whose visits they see, their sheet and calendar, and the pages of all that."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import vobject
from yinji.identity.session import Session
from yinji.platform import clock, counter
from yinji.visits import acts
from yinji.visits.days import Places, Plan
from yinji.visits.recording import before, recorded
from yinji.visits.rounds import following
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

from tests import portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.visits import COMMUNITY, FIRST, NOW, SECOND, ask, day, keep

ME = Session("N001", "technician", "甲")
COLLEAGUE = Session("N002", "technician", "乙")
OFFICE = officer("network-centre")
WORKER = Session("C001", "community-worker", "丙")
ON_THE_DAY = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)
MINE = (Places("N001", "morning", 3), Places("N001", "afternoon", 3))
TOLD = {"minutes": "40", "trouble.network": "yes", "solved": "yes", "face": "good", "signature": "M1 1L200 100"}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The instant that the functions and the portal take it to be."""
    at = [ON_THE_DAY]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    monkeypatch.setattr(clock, "today", lambda: at[0].date())
    yield at


@pytest.fixture
def visits(cloud: Cloud, now: list[datetime]) -> Visits:
    keep(day(places=MINE), day(SECOND))
    return Visits()


def send(
    cloud: Cloud, one: Visit, deed: str, fields: dict[str, str], who: Session = ME, key: str = "", version: int = 0
) -> SimpleNamespace:
    told = {"version": str(version or one.version), "idempotency_key": key or uuid.uuid4().hex, **fields}
    return cloud.call("visits/record", who, "POST", f"/api/visits/round/{one.id}/{deed}", told)


def again(visits: Visits, one: Visit) -> Visit:
    found = visits.find(one.id)
    assert found
    return found


# --- at the door -----------------------------------------------------------------------------------------------
def test_a_visit_is_written_down(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    answer = send(cloud, one, "finish", TOLD)
    assert (answer.status, answer.json["state"], answer.json["version"]) == (200, "done", one.version + 1)
    found = again(visits, one)
    assert found.record == recorded(TOLD) and found.times["done"] == ON_THE_DAY
    assert {event.what for event in visits.history(one.id)} == {"ask", "book", "finish"}
    assert "张" not in str(answer.json) and "6275" not in str(answer.json)


def test_what_arrives_late_or_again_is_done_once_and_answered_as_it_was(
    cloud: Cloud, visits: Visits, now: list[datetime]
) -> None:
    """A phone in a stairwell sends when there is a network again: hours later, maybe twice, by the version it saw."""
    one = ask(1)
    reminded, event = acts.remind(one, "C001", "reminded-1", "C001", NOW)
    assert visits.change(reminded, event)
    now[0] += timedelta(hours=30)
    first = send(cloud, one, "finish", TOLD, key="of-the-phone")
    now[0] += timedelta(hours=30)  # by now nothing may be corrected any more
    second = send(cloud, one, "finish", TOLD, key="of-the-phone")
    assert (first.status, second.status) == (200, 200) and second.json == first.json
    assert [event.what for event in visits.history(one.id)].count("finish") == 1


def test_of_two_devices_at_once_one_wins_and_the_other_is_told(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)

    def device(number: int) -> SimpleNamespace:
        return send(cloud, one, "finish", TOLD | {"minutes": str(number + 1)}, key=f"device-{number}")

    with ThreadPoolExecutor(6) as phones:
        found = list(phones.map(device, range(6)))
    assert sorted(answer.status for answer in found) == [200, *[409] * 5]
    assert {answer.json["code"] for answer in found if answer.status == 409} == {"visit-moved-on"}
    winner = next(number for number, answer in enumerate(found) if answer.status == 200)
    kept = again(visits, one).record
    assert kept and kept.minutes == winner + 1
    assert [event.what for event in visits.history(one.id)].count("finish") == 1


def test_the_same_sent_at_once_is_done_once(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    with ThreadPoolExecutor(4) as phones:
        found = list(phones.map(lambda _: send(cloud, one, "finish", TOLD, key="the-very-same"), range(4)))
    assert {(answer.status, answer.json["version"]) for answer in found} == {(200, one.version + 1)}


def test_a_record_is_corrected_with_history_by_who_wrote_it(cloud: Cloud, visits: Visits, now: list[datetime]) -> None:
    one = ask(1)
    assert send(cloud, one, "finish", TOLD).status == 200
    # by a page that was opened before
    assert send(cloud, one, "finish", TOLD, version=one.version).json["code"] == "visit-moved-on"
    now[0] += timedelta(days=1)
    done = again(visits, one)
    assert send(cloud, done, "finish", TOLD | {"minutes": "55"}, who=COLLEAGUE).status == 404
    assert send(cloud, done, "finish", TOLD | {"minutes": "55"}).status == 200
    last = visits.history(one.id)[-1]
    was = before(last)
    assert was and was.minutes == 40 and last.who == "N001"
    now[0] += timedelta(days=1)
    refused = send(cloud, again(visits, one), "finish", TOLD)
    assert (refused.status, refused.json["code"]) == (409, "record-closed")


def test_nobody_opens(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    assert send(cloud, one, "miss", {}).json["state"] == "not-met"
    missed = again(visits, one)
    assert send(cloud, missed, "miss", {}).json["code"] == "visit-over"
    # they came home while the technician was still there
    assert send(cloud, missed, "finish", TOLD).json["state"] == "done"


def test_what_was_called_off_is_over(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    assert visits.cancel(one, *acts.cancel(one, "gone-1234", "C001", ON_THE_DAY))
    assert send(cloud, one, "finish", TOLD).status == 404  # it is on nobody's round
    assert again(visits, one).state == "cancelled"


def test_nothing_is_written_down_before_its_day(cloud: Cloud, visits: Visits, now: list[datetime]) -> None:
    one = ask(1)
    now[0] = NOW
    for deed, fields in (("finish", TOLD), ("miss", {}), ("follow-up", {"day": str(SECOND)})):
        assert send(cloud, one, deed, fields).json["code"] == "visit-not-yet"


def test_what_is_wrong_is_told_and_nothing_is_kept(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    wrong = send(cloud, one, "finish", TOLD | {"minutes": "0", "signature": "M1 1L900 1"})
    assert wrong.status == 422 and {error["field"] for error in wrong.json["errors"]} == {"minutes", "signature"}
    assert send(cloud, one, "finish", TOLD | {"version": "x"}).json["code"] == "malformed-request"
    assert send(cloud, one, "finish", TOLD, key="short").status == 400
    assert send(cloud, one, "vanish", TOLD).status == 404
    assert again(visits, one) == one


@pytest.mark.parametrize("who", [STUDENT, COUNSELLOR, OFFICE, WORKER, officer("library")])
def test_nobody_else_writes_down_visits(cloud: Cloud, visits: Visits, who: Session) -> None:
    one = ask(1)
    for deed in ("finish", "miss"):
        assert send(cloud, one, deed, TOLD, who=who).status == 403
    assert send(cloud, one, "finish", TOLD, who=COLLEAGUE).status == 404
    assert cloud.call("visits/record", None, "POST", f"/api/visits/round/{one.id}/miss", {}).status == 401


# --- the next visit --------------------------------------------------------------------------------------------
def test_a_visit_that_follows_is_asked_for_once_for_the_same_person(cloud: Cloud, visits: Visits) -> None:
    one = ask(1, mail="zhang@example.com")
    assert send(cloud, one, "finish", TOLD | {"solved": "no"}).status == 200
    wanted = {"day": str(SECOND), "wish": "afternoon", "words": "带一个新路由器"}
    first = send(cloud, one, "follow-up", wanted, key="follow-1")
    assert first.json["follow_up"] == {"id": first.json["follow_up"]["id"], "day": str(SECOND), "state": "booked"}
    next_one = visits.find(first.json["follow_up"]["id"])
    assert next_one and next_one.follows == one.id and next_one.person == one.person
    assert (next_one.mail, next_one.words, next_one.window) == ("zhang@example.com", "带一个新路由器", "afternoon")
    assert [event.who for event in visits.history(next_one.id) if event.what == "ask"] == ["N001"]
    # twice, or by another device
    for key in ("follow-1", "follow-2"):
        assert send(cloud, one, "follow-up", wanted, key=key).json == first.json
    assert len(visits.of_day(SECOND)) == 1 and following(visits, one.id) == next_one


def test_at_once_by_two_devices_one_visit_follows(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    with ThreadPoolExecutor(4) as phones:
        found = list(
            phones.map(lambda n: send(cloud, one, "follow-up", {"day": str(SECOND)}, key=f"key-{n}-abc"), range(4))
        )
    assert len({answer.json["follow_up"]["id"] for answer in found}) == 1 and len(visits.of_day(SECOND)) == 1


def test_one_that_was_called_off_is_followed_by_another_but_not_by_the_same_sent_late(
    cloud: Cloud, visits: Visits
) -> None:
    one = ask(1)
    first = send(cloud, one, "follow-up", {"day": str(SECOND)}, key="follow-1").json["follow_up"]["id"]
    there = visits.find(first)
    assert there and visits.cancel(there, *acts.cancel(there, "gone-1234", "C001", ON_THE_DAY))
    late = send(cloud, one, "follow-up", {"day": str(SECOND)}, key="follow-1").json["follow_up"]
    assert (late["id"], late["state"]) == (first, "cancelled")
    second = send(cloud, one, "follow-up", {"day": str(SECOND)}, key="follow-2").json["follow_up"]
    assert second["id"] != first and second["state"] == "booked"


def test_a_day_that_is_none(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    assert send(cloud, one, "follow-up", {"day": "2026-12-10"}).json["code"] == "day-not-open"
    for told in ({}, {"day": "soon"}, {"day": "2026-13-40"}, {"day": str(SECOND), "wish": "night"}):
        assert send(cloud, one, "follow-up", told).json["code"] == "invalid-form"
    assert send(cloud, one, "follow-up", {"day": str(SECOND), "words": "x" * 301}).status == 422


# --- the pages -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_way_of_a_day(cloud: Cloud, visits: Visits, language: str) -> None:
    far, near = ask(3), ask(1, words="<b>请带网线</b>")
    later = ask(2, wish="afternoon")
    assert 'href="/visits/round"' in portal.visit("/repair", ME, language).body
    body = portal.visit("/visits/round", ME, language).body
    assert f'href="/visits/round/{FIRST}"' in body and ("3 户" if language == "zh" else "3 visits") in body
    body = portal.visit(f"/visits/round/{FIRST}", ME, language).body
    places = [body.index(f'id="visit-{one.id}"') for one in (near, far, later)]
    assert places == sorted(places)
    assert 'href="tel:01062750001"' in body and "010-6275 0001" in body and "&lt;b&gt;请带网线" in body
    assert body.count("/miss") == 3 and body.count("#record") == 3 and f"/api/visits/round/{FIRST}/sheet.pdf" in body
    for word in (
        ("打电话", "家中无人", "上午", "梅园") if language == "zh" else ("Call", "Nobody there", "Morning", "Meiyuan")
    ):
        assert word in body, word


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_a_visit_before_and_after(cloud: Cloud, visits: Visits, now: list[datetime], language: str) -> None:
    one = ask(1, relative_name="x", asker="person")
    path = f"/visits/round/v/{one.id}"
    now[0] = NOW
    assert "<form" not in portal.visit(path, ME, language).body.partition('<div class="visits')[2]
    now[0] = ON_THE_DAY
    body = portal.visit(path, ME, language).body
    assert f"/api/visits/round/{one.id}/finish" in body and f"/api/visits/round/{one.id}/miss" in body
    assert 'name="trouble.network" value="yes" checked' in body and 'name="trouble.phone" value="yes">' in body
    assert body.count('name="face"') == 3 and "follow-up" not in body
    assert send(cloud, one, "finish", TOLD | {"note": "<i>", "signed": "张"}).status == 200
    assert send(cloud, again(visits, one), "finish", TOLD | {"minutes": "55", "note": "<i>"}).status == 200
    assert send(cloud, one, "follow-up", {"day": str(SECOND)}).status == 200
    body = portal.visit(path, ME, language).body
    assert (
        '<path d="M1 1L200 100"/>' in body and "&lt;i&gt;" in body and "<dd>55</dd>" in body and "<dd>40</dd>" in body
    )
    assert ("已约回访" if language == "zh" else "Another visit was asked for") in body
    next_one = following(visits, one.id)
    assert next_one and next_one.technician == "N001"
    body = portal.visit(f"/visits/round/v/{next_one.id}", ME, language).body
    assert f'href="/visits/round/v/{one.id}"' in body
    now[0] += timedelta(days=3)
    body = portal.visit(path, ME, language).body
    assert "/finish" not in body and "<dd>55</dd>" in body


def test_a_form_without_script_comes_back_to_its_page(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    body = portal.visit(f"/visits/round/v/{one.id}", ME).body
    form = body[body.index('<form id="record"') :].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))
    told = [
        *hidden.items(),
        ("minutes", "30"),
        ("solved", "no"),
        ("signed", "张三"),
        ("note", ""),
        ("parts", "网线\r\n插头"),
    ]
    answer = cloud.call("visits/record", ME, "POST", f"/api/visits/round/{one.id}/finish", told)
    assert answer.status == 303 and "done=visits-round.finish" in answer.headers["Location"]
    kept = again(visits, one).record
    assert kept and kept.signed == "张三" and kept.parts == ("网线", "插头") and not kept.solved
    assert 'class="notice good"' in portal.visit(answer.headers["Location"].partition("#")[0], ME).body
    wrong = [*hidden.items(), ("minutes", "x"), ("solved", "no")]
    answer = cloud.call("visits/record", ME, "POST", f"/api/visits/round/{one.id}/finish", wrong)
    assert "problem=invalid-form&fields=minutes" in answer.headers["Location"]
    assert 'aria-invalid="true"' in portal.visit(answer.headers["Location"].partition("#")[0], ME).body


def test_whose_visits_a_technician_sees(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    assert one.technician == "N001"
    assert portal.visit(f"/visits/round/v/{one.id}", COLLEAGUE).status == 404
    assert one.id not in portal.visit(f"/visits/round/{FIRST}", COLLEAGUE).body
    assert portal.visit(f"/visits/round/{FIRST}?technician=N001", COLLEAGUE).status == 403
    assert cloud.call("visits/sheet", COLLEAGUE, "GET", f"/api/visits/round/{FIRST}/sheet.pdf").status == 404
    for path in ("/visits/round", f"/visits/round/{FIRST}", f"/visits/round/v/{one.id}"):
        for who in (STUDENT, COUNSELLOR, officer("library"), Session("AUDITOR", "auditor", "x")):
            assert portal.visit(path, who).status == 403
        assert portal.visit(path).location.startswith("/sign-in")
    for path in (f"/visits/round/{'0' * 24}", "/visits/round/2026-02-30", "/visits/round/2026", "/visits/round/v/none"):
        assert portal.visit(path, ME).status == 404


def test_the_office_looks_at_anybodys_sheet_and_writes_nothing(cloud: Cloud, visits: Visits) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=(*MINE, Places("N002", "morning", 3))))
    assert visits.put_plan(Plan("N002", "乙师傅", {}, 1))
    some = [ask(number) for number in range(1, 5)]
    assert {one.technician for one in some} == {"N001", "N002"}
    for who in (OFFICE, WORKER):
        body = portal.visit("/visits/round", who, "en").body
        assert f"/visits/round/{FIRST}?technician=N002" in body and "乙师傅" in body and 'id="calendar"' not in body
        body = portal.visit(f"/visits/round/{FIRST}", who, "en").body
        assert f"/visits/round/{FIRST}?technician=N001" in body and "visit-" + some[0].id not in body
        body = portal.visit(f"/visits/round/{FIRST}?technician=N002", who, "en").body
        theirs = [one.id for one in some if one.technician == "N002"]
        assert re.findall(r'id="visit-([0-9a-f]+)"', body) == theirs and "/miss" not in body and "#record" not in body
        body = portal.visit(f"/visits/round/v/{theirs[0]}", who, "en").body
        assert "/api/visits/round/" not in body


# --- the sheet -------------------------------------------------------------------------------------------------
def test_the_sheet_of_a_day(cloud: Cloud, visits: Visits) -> None:
    ask(1)
    path = f"/api/visits/round/{FIRST}/sheet.pdf"
    answer = cloud.call("visits/sheet", ME, "GET", path)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/pdf" and answer.encoded
    for who in (OFFICE, WORKER):
        assert cloud.call("visits/sheet", who, "GET", f"{path}?technician=N001").status == 200
        assert cloud.call("visits/sheet", who, "GET", path).status == 404
    assert cloud.call("visits/sheet", ME, "GET", f"/api/visits/round/{SECOND}/sheet.pdf").status == 404
    assert cloud.call("visits/sheet", ME, "GET", "/api/visits/round/soon/sheet.pdf").status == 404
    assert cloud.call("visits/sheet", STUDENT, "GET", path).status == 403


# --- the calendar ----------------------------------------------------------------------------------------------
def link_of(body: str) -> str:
    found = re.search(r'value="https?://[^"/]+(/api/visits/calendar/[^"?]+)\?', body)
    assert found
    return found[1]


def fetch(cloud: Cloud, path: str) -> SimpleNamespace:
    return cloud.call("visits/round_calendar", None, "GET", path, headers={"x-forwarded-for": "192.0.2.1"})


def test_a_calendar_is_fetched_by_its_link_alone(cloud: Cloud, visits: Visits, now: list[datetime]) -> None:
    ask(1)
    ask(2)
    gone = ask(3, on=SECOND)
    path = link_of(portal.visit("/visits/round", ME).body)
    answer = fetch(cloud, f"{path}?language=en")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;TZID=Asia/Shanghai:{FIRST:%Y%m%d}" in answer.body
    events: list[Any] = vobject.readOne(answer.body).vevent_list
    assert events[0].summary.value == "Meiyuan: visits: 2" and "6275" not in answer.body and "张" not in answer.body
    assert len(events) == (2 if gone.technician == "N001" else 1)
    now[0] += timedelta(days=1)  # what was is not told any more
    assert "DTSTART;TZID=Asia/Shanghai:20261202" not in fetch(cloud, path).body


def test_a_link_that_was_replaced_leads_nowhere(cloud: Cloud, visits: Visits) -> None:
    first = link_of(portal.visit("/visits/round", ME).body)
    told = {"turn": "0"}
    answer = cloud.call("visits/round_calendar", ME, "POST", "/api/visits/calendar", told)
    assert answer.json["turn"] == 1
    # the same again, by a second tap, replaces nothing
    assert cloud.call("visits/round_calendar", ME, "POST", "/api/visits/calendar", told).json == answer.json
    second = link_of(portal.visit("/visits/round", ME).body)
    assert second == answer.json["address"] != first
    assert (fetch(cloud, first).status, fetch(cloud, second).status) == (404, 200)
    assert cloud.call("visits/round_calendar", ME, "POST", "/api/visits/calendar", {"turn": "1"}).json["turn"] == 2
    assert fetch(cloud, second).status == 404
    # who has none yet cannot make one of a colleague's
    assert fetch(cloud, second.replace("N001", "N002")).status == 404
    for broken in ("N001-0", first.removesuffix(".ics"), "/api/visits/calendar/.ics"):
        assert fetch(cloud, broken if broken.startswith("/") else f"/api/visits/calendar/{broken}").status == 404
    for who in (STUDENT, OFFICE, WORKER):
        assert cloud.call("visits/round_calendar", who, "POST", "/api/visits/calendar", told).status == 403
    assert cloud.call("visits/round_calendar", ME, "POST", "/api/visits/calendar", {"turn": "x"}).status == 400


def test_addresses_that_fetch_calendars_are_counted(
    cloud: Cloud, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(counter, "hit_from", lambda limit, address: counted.append((limit.name, address)))
    fetch(cloud, "/api/visits/calendar/none.ics")
    assert counted == [("calendars", "192.0.2.1")]
