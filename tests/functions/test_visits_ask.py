"""Asking for a visit over HTTP: whoever asks first has a place, everybody is told how it stands, nobody asks twice."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.identity.session import Session, signing_keys
from yinji.platform import clock
from yinji.repair.report import new_nonce
from yinji.visits import acts, service
from yinji.visits.asking import LONGEST_DRAFT, TICKET, draft_name, draft_of, follow_link, followed, ticket_for, typed
from yinji.visits.days import Places
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

from tests.functions.conftest import Cloud
from tests.visits import COMMUNITY, FIRST, NOW, SECOND, day, fields, keep, visit

ASK, DESK, DAYS = "/api/visits", "/api/visits/desk/ask", "/api/visits/days"
WORKER = Session("C001", "community-worker", "x")


@pytest.fixture
def visits(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Visits:
    keep()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Visits()


def ticket(nonce: str = "") -> str:
    return ticket_for(nonce or new_nonce(), signing_keys())


def body(number: int = 1, **more: Any) -> dict[str, str]:
    told: dict[str, Any] = {
        **fields(number),
        "ticket": ticket(),
        "day": FIRST.isoformat(),
        "wish": "either",
        "idempotency_key": f"key-of-{number}",
    } | more
    return {name: value for name, value in told.items() if value is not None}


def send(cloud: Cloud, number: int = 1, **more: Any) -> SimpleNamespace:
    return cloud.call("visits/ask", None, "POST", ASK, body(number, **more))


def found(answer: SimpleNamespace) -> Visit:
    assert answer.status == 200, answer.json
    one = Visits().find(followed(answer.json["follow"].removeprefix("/visits/v/"), visits_key()))
    assert one
    return one


def test_whoever_asks_has_a_place_and_a_link(visits: Visits, cloud: Cloud) -> None:
    answer = send(cloud, words="屏幕\u202e黑了", language="en", mail=" z@example.edu ")
    one = found(answer)
    assert answer.json == {
        "state": "booked",
        "day": FIRST.isoformat(),
        "window": "morning",
        "before": None,
        "follow": follow_link(one.id, visits_key()),
    }
    assert (one.person.name, one.person.address, one.words, one.language) == (
        "张1",
        "1 号楼 1 门 101",
        "屏幕黑了",
        "en",
    )
    assert (one.asker, one.mail, one.follows, one.asked_at) == ("person", "z@example.edu", "", NOW)
    assert {event.what: event.who for event in visits.history(one.id)} == {"ask": acts.ASKER, "book": acts.SERVICE}


def test_who_comes_too_late_is_told_how_many_are_before_them(visits: Visits, cloud: Cloud) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    told = [send(cloud, number).json for number in range(3)]
    assert [(one["state"], one["before"]) for one in told] == [("booked", None), ("waiting", 0), ("waiting", 1)]
    # whoever wishes another window waits as well, and the day that is free is had at once
    assert send(cloud, 4, day=SECOND.isoformat(), wish="afternoon").json["window"] == "afternoon"


def test_two_hundred_ask_at_once_for_twelve_places(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of the part: 12 are booked, 188 are told that they wait, and the order is that in which they asked."""
    keep()
    begun = time.monotonic()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=time.monotonic() - begun))
    spans: dict[str, tuple[datetime, datetime]] = {}

    def asks(number: int) -> SimpleNamespace:
        start = clock.now()
        answer = send(cloud, number)
        spans[answer.json["follow"]] = (start, clock.now())
        return answer

    with ThreadPoolExecutor(12) as people:
        answers = list(people.map(asks, range(200)))
    assert {one.status for one in answers} == {200}
    assert len({one.json["follow"] for one in answers}) == 200
    store = Visits()
    store.settle((COMMUNITY, FIRST))
    ended = {one.json["follow"]: found(one) for one in answers}
    assert Counter(one.state for one in ended.values()) == {"booked": 12, "waiting": 188}
    # who was told that they have a place has it, and who was told that they wait knew how many were before them
    told = {one.json["follow"]: one.json for one in answers}
    assert all(ended[link].state == "booked" for link, one in told.items() if one["state"] == "booked")
    assert all(isinstance(one["before"], int) for one in told.values() if one["state"] == "waiting")
    # nobody who began to ask once somebody was told to wait was given a place before them
    waits = [spans[link][1] for link, one in ended.items() if one.state == "waiting"]
    assert all(spans[link][0] < min(waits) for link, one in ended.items() if one.state == "booked")
    # the queue is in the order in which they asked, and moves up in it
    _, waiting = store.day((COMMUNITY, FIRST))
    turns = sorted((one.asked_at, one.id) for one in ended.values() if one.state == "waiting")
    assert [one.visit for one in waiting] == [id for _, id in turns]
    gone = next(one for one in ended.values() if one.state == "booked")
    assert store.cancel(gone, *acts.cancel(gone, "gone", acts.ASKER, NOW))
    next_one = store.find(turns[0][1])
    assert next_one and next_one.state == "booked"


def test_the_same_sent_again_is_one_visit(visits: Visits, cloud: Cloud) -> None:
    first, again = send(cloud), send(cloud, ticket=ticket("another-page"))
    assert first.json == again.json and len(visits.of_day(FIRST)) == 1
    # a key that somebody else happens to use, or guesses, does not lead to this visit
    other = send(cloud, 2, idempotency_key="key-of-1")
    assert other.json["follow"] != first.json["follow"] and len(visits.of_day(FIRST)) == 2


def test_a_relative_asks_with_consent(visits: Visits, cloud: Cloud) -> None:
    told: dict[str, Any] = {"asker": "relative", "relative_name": "张小", "relative_phone": "138 0013 8000"}
    refused = send(cloud, **told)
    assert (refused.status, refused.json["errors"]) == (422, [{"field": "consent", "code": "required"}])
    one = found(send(cloud, **told, consent="yes", relative_mail="x@example.edu"))
    assert one.asker == "relative" and one.relative and one.relative.mail == "x@example.edu"


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": "x" * 41}, "name", "invalid"),
        ({"phone": "call me"}, "phone", "invalid"),
        ({"community": "elsewhere"}, "community", "invalid"),
        ({"address": None}, "address", "required"),
        ({"trouble.network": None}, "words", "required"),
        ({"words": "x" * 301}, "words", "invalid"),
        ({"mail": "x@"}, "mail", "invalid"),
        ({"wish": "at night"}, "wish", "invalid"),
        ({"asker": "community"}, "asker", "invalid"),
        ({"asker": "technician"}, "asker", "invalid"),
        ({"day": None}, "day", "required"),
        ({"day": "tomorrow"}, "day", "invalid"),
        ({"day": "20261202"}, "day", "invalid"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    visits: Visits, cloud: Cloud, more: dict[str, Any], field: str, code: str
) -> None:
    answer = send(cloud, **more)
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert answer.json["errors"] == [{"field": field, "code": code}]
    assert visits.of_day(FIRST) == []
    assert "张" not in str(answer.json) and "6275" not in str(answer.json)


@pytest.mark.parametrize("on", [FIRST - timedelta(days=1), FIRST - timedelta(days=7), date(2036, 1, 2)])
def test_a_day_on_which_nobody_comes_is_refused(visits: Visits, cloud: Cloud, on: date) -> None:
    answer = send(cloud, day=on.isoformat())
    assert (answer.status, answer.json["code"]) == (409, "day-not-open")


def test_whoever_has_no_ticket_of_ours_asks_for_nothing(
    visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yinji.repair.report import ticket_for as of_repair

    from tests.repairs import campus

    foreign = ticket_for("n", ["somebody-elses-key"])
    label = of_repair(campus()[0], "n", signing_keys())  # signed by us, for something else
    for wrong in (None, "", "made up", foreign, label, ticket()[:-1], ticket() + "x"):
        answer = send(cloud, ticket=wrong)
        assert (answer.status, answer.json["code"]) == (403, "page-unknown")
    good = ticket()
    monkeypatch.setattr("yinji.visits.asking.now", lambda: datetime.now(NOW.tzinfo) + TICKET + timedelta(minutes=1))
    answer = send(cloud, ticket=good)
    assert (answer.status, answer.json["code"]) == (410, "page-over")
    assert visits.of_day(FIRST) == []


def test_a_page_of_another_site_asks_for_nothing(visits: Visits, cloud: Cloud) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = cloud.call("visits/ask", None, "POST", ASK, body(), headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "cross-site")


def test_a_page_asks_some_times_and_no_more(visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    mine = ticket("one-page")
    answers = [send(cloud, number, ticket=mine).status for number in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert send(cloud, 50).status == 200


# --- a page without script ------------------------------------------------------------------------------------------


def post(cloud: Cloud, **more: Any) -> SimpleNamespace:
    told: dict[str, Any] = {"next": "/visits#told"} | more
    return cloud.call("visits/ask", None, "POST", ASK, list(body(**told).items()))


def cookie_of(answer: SimpleNamespace) -> str:
    [held] = answer.cookies
    name, _, value = held.split(";")[0].partition("=")
    assert name == draft_name() and "HttpOnly" in held and "SameSite=Lax" in held
    return value


def test_a_form_chooses_the_day_in_a_second_step_and_nothing_of_it_is_in_an_address(
    visits: Visits, cloud: Cloud
) -> None:
    first = post(cloud, day=None, words="坏了")
    assert (first.status, first.headers["Location"]) == (303, "/visits?step=day#told")
    kept = typed(cookie_of(first))
    assert kept["name"] == "张1" and kept["words"] == "坏了" and "ticket" not in kept and "next" not in kept
    assert visits.of_day(FIRST) == []
    second = post(cloud, **kept, day=FIRST.isoformat())
    [one] = visits.of_day(FIRST)
    assert second.headers["Location"] == follow_link(one.id, visits_key()) + "?done=visits-ask.asked"
    assert cookie_of(second) == "" and "Max-Age=0" in second.cookies[0]
    # whoever goes back and sends both steps once more asks once
    assert post(cloud, **kept, day=FIRST.isoformat()).headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"name": "", "day": None}, "/visits?problem=invalid-form&fields=name#told"),
        ({"day": "x"}, "/visits?problem=invalid-form&fields=day&step=day#told"),
        ({"day": "2026-12-03"}, "/visits?problem=day-not-open&step=day#told"),
        ({"ticket": "x"}, "/visits?problem=page-unknown#told"),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed(
    visits: Visits, cloud: Cloud, more: dict[str, Any], place: str
) -> None:
    answer = post(cloud, **more)
    assert (answer.status, answer.headers["Location"]) == (303, place)
    assert typed(cookie_of(answer))["address"] == "1 号楼 1 门 101"


def test_what_a_browser_kept_is_believed_in_nothing() -> None:
    assert typed("") == typed("no base64!") == typed(draft_of({})) == {}
    assert typed("W10=") == {} and typed("eyJuYW1lIjogMX0=") == {}
    longest = {"name": "名" * 40, "address": "址" * 80, "words": "话" * 300, "mail": "m" * 254}
    longest |= {"relative_name": "名" * 40, "relative_mail": "m" * 254, "community": COMMUNITY}
    assert typed(draft_of(longest | {"ticket": "t", "made-up": "x"})) == longest
    assert len(draft_of(longest)) <= LONGEST_DRAFT
    assert draft_of(longest | {"words": "话" * 3_000}) == ""


# --- the community's office ---------------------------------------------------------------------------------------


def test_the_office_asks_for_who_calls(visits: Visits, cloud: Cloud) -> None:
    answer = cloud.call("visits/ask", WORKER, "POST", DESK, body(ticket=None, asker="relative"))
    one = found(answer)
    assert (one.asker, one.relative) == ("community", None)
    assert {event.what: event.who for event in visits.history(one.id)}["ask"] == WORKER.sub
    for who, status in (
        (None, 401),
        (Session("N001", "technician", "x"), 403),
        (Session("D001", "department-officer", "x", department="library"), 403),
        (Session("D002", "department-officer", "x", department="network-centre"), 200),
    ):
        assert cloud.call("visits/ask", who, "POST", DESK, body(2, ticket=None)).status == status


def test_the_office_takes_a_day_whose_sheets_are_made_and_none_that_is_over(
    visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: service.closes(FIRST))
    assert send(cloud).json["code"] == "day-not-open"
    assert cloud.call("visits/ask", WORKER, "POST", DESK, body()).json["state"] == "booked"
    over = max(window.on(FIRST)[1] for window in service.windows().values())
    monkeypatch.setattr(clock, "now", lambda: over)
    answer = cloud.call("visits/ask", WORKER, "POST", DESK, body(2))
    assert (answer.status, answer.json["code"]) == (409, "day-not-open")


# --- which days there are -------------------------------------------------------------------------------------------


def test_the_days_of_a_community_are_told_with_what_is_free(
    visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    for number in range(3):
        visits.ask(*visit(number))
    keep(day(SECOND + timedelta(days=7), closed="大雪"))
    told = cloud.call("visits/ask", None, "GET", f"{DAYS}/{COMMUNITY}").json
    first, second, third = told["days"]
    assert first == {
        "day": FIRST.isoformat(), "standing": "open", "why": "", "waiting": 2, "free": {"morning": 0, "afternoon": 0},
    }  # fmt: skip
    assert second["free"] == {"morning": 6, "afternoon": 6} and told["suggested"] == SECOND.isoformat()
    assert (third["standing"], third["why"], third["free"]) == ("closed", "大雪", {})
    # whoever has its ticket may ask
    assert send(cloud, 9, ticket=told["ticket"]).status == 200
    assert cloud.call("visits/ask", None, "GET", f"{DAYS}/elsewhere").status == 404
    monkeypatch.setattr(clock, "now", lambda: service.closes(FIRST))
    assert cloud.call("visits/ask", None, "GET", f"{DAYS}/{COMMUNITY}").json["days"][0]["standing"] == "late"


def test_a_wednesday_that_is_a_holiday_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 9, 29, 2, 0, tzinfo=NOW.tzinfo))
    told = cloud.call("visits/ask", None, "GET", f"{DAYS}/{COMMUNITY}").json
    assert [(one["day"], one["standing"]) for one in told["days"]] == [("2026-10-07", "holiday")]
    assert told["suggested"] is None
