"""The desk: who sees the days to come, what the office does to visits and days, where technicians usually go."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from yinji.identity.people import Grant
from yinji.identity.session import ROLES, Session
from yinji.identity.store import People
from yinji.visits import acts, desk, service
from yinji.visits.days import Places
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

from tests.functions.conftest import Cloud, officer
from tests.visits import COMMUNITY, FIRST, NOW, PLACES, SECOND, ask, day, keep

OFFICE = officer("network-centre")
WORKER = Session("C001", "community-worker", "社区")
API = "/api/visits/desk"
DAY = f"{API}/days/{COMMUNITY}/{FIRST}"
EVE = service.closes(FIRST)
Turn = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Turns the clock."""

    def turn(now: datetime) -> None:
        monkeypatch.setattr("yinji.platform.clock.now", lambda: now)
        monkeypatch.setattr("yinji.platform.clock.today", lambda: (now + timedelta(hours=8)).date())

    turn(NOW)
    return turn


@pytest.fixture
def visits(cloud: Cloud, at: Turn) -> Visits:
    keep()
    return Visits()


def act(cloud: Cloud, one: Visit, deed: str, who: Session = WORKER, key: str = "", **more: Any) -> Any:
    body = {"version": one.version, "idempotency_key": key or f"the-key-of-{deed}"} | more
    return cloud.call("visits/desk", who, "POST", f"{API}/visits/{one.id}/{deed}", body)


def turn(cloud: Cloud, what: str, who: Session = OFFICE, **fields: Any) -> Any:
    return cloud.call("visits/desk", who, "POST", f"{DAY}/{what}", fields)


def now(one: Visit) -> Visit:
    found = Visits().find(one.id)
    assert found
    return found


@pytest.mark.parametrize("role", ROLES)
def test_roles(cloud: Cloud, visits: Visits, role: str) -> None:
    who = Session("X001", role, "x", department="network-centre" if role == "department-officer" else "")  # type: ignore[arg-type]
    manages = role in ("department-officer", "administrator")
    arranges = manages or role == "community-worker"
    one = ask(1)
    for path in ("", f"/days/{COMMUNITY}/{FIRST}", f"/visits/{one.id}"):
        assert cloud.call("visits/desk", who, "GET", API + path).status == (200 if arranges else 403)
    assert cloud.call("visits/plans", who, "GET", f"{API}/plans").status == (200 if arranges else 403)
    assert act(cloud, one, "remind", who).status == (200 if arranges else 403)
    assert turn(cloud, "close", who, reason="下雪").status == (200 if manages else 403)
    body = {"community": COMMUNITY, "day": "2026-12-05"}
    assert cloud.call("visits/desk", who, "POST", f"{API}/days", body).status == (200 if manages else 403)
    assert cloud.call("visits/plans", who, "POST", f"{API}/plans/N001/leave", {}).status == (200 if manages else 403)
    assert cloud.call("visits/plans", who, "POST", f"{API}/plans", {"staff": "N009"}).status == (
        422 if manages else 403
    )
    for office in ("library", ""):
        assert cloud.call("visits/desk", officer(office), "GET", API).status == 403


def test_the_days_to_come(cloud: Cloud, visits: Visits) -> None:
    for number in range(14):
        ask(number, at=NOW + timedelta(seconds=number))
    told = cloud.call("visits/desk", WORKER, "GET", API).json
    assert [(one["day"], one["booked"], one["free"], one["waiting"]) for one in told["days"]] == [
        (str(FIRST), 12, 0, 2),
        (str(SECOND), 0, 12, 0),
    ]
    assert (told["without"], told["to_call"], told["down"]) == ([], [], [])
    whole = cloud.call("visits/desk", WORKER, "GET", DAY).json
    assert [one["state"] for one in whole["visits"]] == ["booked"] * 12 + ["waiting"] * 2
    assert [one["name"] for one in whole["visits"][12:]] == ["张12", "张13"]
    assert {one["phone"] for one in whole["visits"][:1]} <= {f"010-6275 {number:04}" for number in range(14)}


@pytest.mark.parametrize("path", [f"/days/{COMMUNITY}/2026-12-03", "/days/nowhere/2026-12-02", "/days/meiyuan/soon"])
def test_days_that_there_are_not(cloud: Cloud, visits: Visits, path: str) -> None:
    assert cloud.call("visits/desk", OFFICE, "GET", API + path).status == 404
    assert cloud.call("visits/desk", OFFICE, "POST", f"{API}{path}/open", {}).status == 404


def test_whoever_calls_is_moved_even_after_the_sheets_are_made(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1)
    at(EVE + timedelta(hours=2))
    answer = act(cloud, one, "move", day=str(SECOND), wish="afternoon")
    assert (answer.json["state"], answer.json["day"], answer.json["window"]) == ("booked", str(SECOND), "afternoon")
    again = act(cloud, one, "move", day=str(SECOND), wish="afternoon")
    assert again.json["version"] == answer.json["version"], "the same sent again is done once"
    assert [event.what for event in visits.history(one.id)].count("move") == 1
    assert [event.who for event in visits.history(one.id) if event.what == "move"] == ["C001"]
    found, _ = visits.day((COMMUNITY, FIRST))
    assert found and not found.held


def test_a_day_that_is_full_keeps_what_they_have_unless_they_will_wait(cloud: Cloud, visits: Visits) -> None:
    stored, _ = visits.day((COMMUNITY, SECOND))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    ask(1, on=SECOND)
    mine = ask(2)
    answer = act(cloud, mine, "move", day=str(SECOND))
    assert (answer.status, answer.json["code"]) == (409, "day-full") and now(mine) == mine
    assert act(cloud, mine, "move", day=str(SECOND), wait="yes").json["state"] == "waiting"


def test_what_changed_meanwhile_is_looked_at_again(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    moved, event = acts.move(one, SECOND, "either", "theirs", acts.ASKER, NOW)
    assert visits.move(one, moved, event, wait=False)
    deeds: dict[str, Any] = {"move": {"day": str(FIRST)}, "cancel": {}, "remind": {}}
    for deed, more in deeds.items():
        answer = act(cloud, one, deed, **more)
        assert (answer.status, answer.json["code"]) == (409, "visit-moved-on"), deed
    assert now(one).day == SECOND


@pytest.mark.parametrize(
    ("deed", "fields", "wrong"),
    [
        ("move", {"version": "x"}, {"version", "day"}),
        ("move", {"version": "1", "day": "soon", "wish": "night"}, {"day", "wish"}),
        ("cancel", {"version": ""}, {"version"}),
        ("remind", {"version": "-1"}, {"version"}),
    ],
)
def test_forms_that_say_nothing(cloud: Cloud, visits: Visits, deed: str, fields: Any, wrong: set[str]) -> None:
    one = ask(1)
    body = {"idempotency_key": "the-key-of-the-test"} | fields
    answer = cloud.call("visits/desk", WORKER, "POST", f"{API}/visits/{one.id}/{deed}", body)
    assert answer.status == 422 and {error["field"] for error in answer.json["errors"]} == wrong


def test_nobody_is_moved_into_the_past_or_to_a_day_that_is_closed(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, on=SECOND)
    at(NOW + timedelta(days=9))
    for when in (FIRST, SECOND + timedelta(days=1)):
        answer = act(cloud, one, "move", day=str(when))
        assert (answer.status, answer.json["code"]) == (409, "day-not-open")
    assert cloud.call("visits/desk", WORKER, "GET", f"{API}/visits/none").status == 404
    assert act(cloud, replace(one, id="0" * 24), "cancel").status == 404
    assert act(cloud, one, "finish").status == 404


def test_what_is_over_is_not_changed(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1)
    at(NOW + timedelta(minutes=1))
    assert act(cloud, one, "cancel").json["state"] == "cancelled"
    assert act(cloud, one, "cancel").json["state"] == "cancelled", "the same sent again"
    answer = act(cloud, now(one), "move", key="another-key", day=str(SECOND))
    assert (answer.status, answer.json["code"]) == (409, "visit-over")
    assert [event.what for event in visits.history(one.id)] == ["ask", "book", "cancel"]


def test_a_place_that_the_office_frees_goes_to_who_waits(cloud: Cloud, visits: Visits) -> None:
    those = [ask(number, at=NOW + timedelta(seconds=number)) for number in range(13)]
    assert now(those[12]).state == "waiting"
    act(cloud, now(those[0]), "cancel")
    assert now(those[12]).state == "booked"


def test_of_two_offices_that_move_at_once_one_looks_again(cloud: Cloud, visits: Visits) -> None:
    one = ask(1)
    with ThreadPoolExecutor(4) as offices:
        answers = list(
            offices.map(lambda number: act(cloud, one, "move", key=f"the-key-{number}", day=str(SECOND)), range(4))
        )
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert len([event for event in visits.history(one.id) if event.what == "move"]) == 1


def test_who_is_called_the_day_before(cloud: Cloud, visits: Visits, at: Turn) -> None:
    by_phone, by_mail = ask(1), ask(2, mail="a@example.com")
    relative = ask(
        3, asker="relative", relative_name="李", relative_phone="13800001111", relative_mail="b@example.com",
        consent="yes",
    )  # fmt: skip

    def to_call() -> set[str]:
        return {one["id"] for one in cloud.call("visits/desk", WORKER, "GET", API).json["to_call"]}

    assert to_call() == set(), "not yet"
    at(EVE - timedelta(hours=1))
    assert to_call() == {by_phone.id}
    at(EVE + timedelta(hours=2))
    assert to_call() == {by_phone.id, by_mail.id, relative.id}, "no mail has left"
    answer = act(cloud, by_phone, "remind")
    assert answer.json["reminded"] is True and now(by_phone).reminded == "C001"
    assert act(cloud, by_phone, "remind", key="another-key").json["version"] == answer.json["version"]
    assert to_call() == {by_mail.id, relative.id}
    assert set(cloud.call("visits/desk", WORKER, "GET", DAY).json["to_call"]) == {by_mail.id, relative.id}


def test_a_day_that_is_closed_sends_everybody_to_the_next(cloud: Cloud, visits: Visits) -> None:
    those = [ask(number, at=NOW + timedelta(seconds=number)) for number in range(14)]
    told = turn(cloud, "close", reason=" 大雪\n停 ").json
    assert (told["closed"], told["free"]) == ("大雪 停", 0)
    assert {(now(one).day, now(one).state) for one in those[:12]} == {(SECOND, "booked")}
    assert [now(one).state for one in those[12:]] == ["waiting"] * 2, "they keep their turns"
    assert turn(cloud, "close", reason="大雪 停").json["version"] >= told["version"]
    assert turn(cloud, "open").json["free"] == 12
    for reason in ("", "长" * 61):
        assert turn(cloud, "close", reason=reason).status == 422


def test_who_finds_no_other_day_needs_somebody(cloud: Cloud, visits: Visits) -> None:
    mine = ask(1, on=SECOND)
    path = f"{API}/days/{COMMUNITY}/{SECOND}/close"
    assert cloud.call("visits/desk", OFFICE, "POST", path, {"reason": "停水"}).status == 200
    [one] = cloud.call("visits/desk", WORKER, "GET", API).json["without"]
    assert one["id"] == mine.id and one["phone"] == mine.person.phone


def test_what_nobody_wrote_down_is_told(cloud: Cloud, visits: Visits, at: Turn) -> None:
    mine = ask(1)
    at(EVE + timedelta(days=2))
    assert [one["id"] for one in cloud.call("visits/desk", WORKER, "GET", API).json["down"]] == [mine.id]
    over = turn(cloud, "close", reason="x")
    assert (over.status, over.json["code"]) == (409, "day-not-open")


def test_places_by_hand_and_back(cloud: Cloud, visits: Visits) -> None:
    plans(cloud, "N001", **{f"place.{COMMUNITY}.morning": "2"})
    plans(cloud, "N002", **{f"place.{COMMUNITY}.afternoon": "1"})
    those = [ask(number, at=NOW + timedelta(seconds=number)) for number in range(4)]
    assert [now(one).state for one in those] == ["booked"] * 3 + ["waiting"]
    fields: Any = {"place.N001.morning": "4", "place.N002.afternoon": "", "place.X.morning": "9"}
    told = turn(cloud, "places", **fields).json
    assert told["by_hand"] and told["places"] == [{"technician": "N001", "window": "morning", "most": 4}]
    assert now(those[3]).state == "booked", "what is free is given out at once"
    days = cloud.call("visits/desk", WORKER, "GET", API).json["days"]
    [over] = [one for one in days if (one["community"], one["day"]) == (COMMUNITY, str(FIRST))]
    assert over["over"] == 1 and over["booked"] == 4, "nobody loses a place by that"
    assert turn(cloud, "usual").json["places"] == [
        {"technician": "N001", "window": "morning", "most": 2},
        {"technician": "N002", "window": "afternoon", "most": 1},
    ]
    for wrong in ("21", "-1", "many"):
        fields = {"place.N001.morning": wrong}
        assert turn(cloud, "places", **fields).status == 422
    with patch.object(Visits, "put_day", return_value=False):
        assert turn(cloud, "open").status == 200, "nothing to change"
        assert turn(cloud, "close", reason="x").json["code"] == "too-busy"


def test_a_day_is_added(cloud: Cloud, visits: Visits) -> None:
    plans(cloud, "N001", **{f"place.{COMMUNITY}.morning": "2"})
    body = {"community": COMMUNITY, "day": "2026-12-05"}
    told = cloud.call("visits/desk", OFFICE, "POST", f"{API}/days", body).json
    assert (told["origin"], told["free"], told["version"]) == ("extra", 2, 1)
    assert cloud.call("visits/desk", OFFICE, "POST", f"{API}/days", body).json == told
    for wrong in ({"day": "2026-11-24"}, {"day": "2027-12-01"}, {"day": "soon"}, {"community": "nowhere"}):
        assert cloud.call("visits/desk", OFFICE, "POST", f"{API}/days", body | wrong).status == 422


# --- plans ----------------------------------------------------------------------------------------------------------
def plans(cloud: Cloud, staff: str, **places: str) -> Any:
    People().grant(staff, Grant("technician"))
    People().name(staff, f"name of {staff}")
    return cloud.call("visits/plans", OFFICE, "POST", f"{API}/plans", {"staff": staff.lower(), **places})


def test_days_follow_the_plans_at_once(cloud: Cloud, at: Turn) -> None:
    told = plans(cloud, "N001", **{"place.zhuyuan.morning": "3", "place.xishan.afternoon": "0"}).json
    assert (told["staff"], told["name"], told["version"]) == ("N001", "name of N001", 1)
    assert told["places"] == [{"community": "zhuyuan", "window": "morning", "most": 3}]
    days = cloud.call("visits/desk", OFFICE, "GET", API).json["days"]
    assert len(days) == 5 * 8 and {one["free"] for one in days if one["community"] == "zhuyuan"} == {3}
    assert plans(cloud, "N001", **{"place.zhuyuan.morning": "3"}).json["version"] == 1
    path = f"{API}/plans/N001"
    changed = cloud.call("visits/plans", OFFICE, "POST", path, {"place.zhuyuan.morning": "1"})
    assert changed.json["version"] == 2
    assert cloud.call("visits/plans", WORKER, "GET", f"{API}/plans").json == {"plans": [changed.json]}
    assert cloud.call("visits/plans", OFFICE, "POST", f"{path}/leave", {}).status == 200
    days = cloud.call("visits/desk", OFFICE, "GET", API).json["days"]
    assert {one["free"] for one in days} == {0}


def test_nobody_else_is_planned(cloud: Cloud, at: Turn) -> None:
    People().grant("T0001", Grant("counsellor", school="S01"))
    for staff in ("N009", "T0001", "", "x" * 3000):
        answer = cloud.call("visits/plans", OFFICE, "POST", f"{API}/plans", {"staff": staff})
        assert (answer.status, answer.json["code"]) == (422, "no-such-colleague")
    for wrong in ("21", "x", "1.5", "\u0663"):
        assert plans(cloud, "N001", **{"place.zhuyuan.morning": wrong}).status == 422
    assert Visits().plans() == []


def test_who_is_overtaken_looks_at_the_plan_anew(cloud: Cloud, at: Turn) -> None:
    plans(cloud, "N001", **{"place.zhuyuan.morning": "3"})
    real, lost = Visits.put_plan, [True]

    def slow(self: Visits, after: Any) -> bool:
        if lost and lost.pop():
            assert real(self, replace(after, places={}))
            return False
        return real(self, after)

    with patch.object(Visits, "put_plan", slow):
        assert plans(cloud, "N001", **{"place.zhuyuan.morning": "4"}).json["version"] == 3
    with patch.object(Visits, "put_plan", return_value=False):
        assert plans(cloud, "N001").json["code"] == "too-busy"


def test_places_that_a_form_tells() -> None:
    assert desk.placed({"place.N001.morning": " 2 ", "place.N002.night": "4"}, ["N002", "N001"]) == (
        Places("N001", "morning", 2),
    )
    assert day().overbooked() == [] and len(PLACES) == 4
