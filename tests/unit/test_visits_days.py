"""Which days there are, and who gets a place on one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.platform.problem import Problem
from yinji.visits import service
from yinji.visits.days import Day, Held, Places, Plan, Waiting, planned, settle, usual, wednesdays, without
from yinji.visits.visit import WISHES, asked

from tests.visits import COMMUNITY, FIRST, NOW, PLACES, day, fields


def test_the_service_comes_on_wednesdays_that_are_worked() -> None:
    # 2026-09-30 is a Wednesday before National Day; 10-07 is still a holiday
    assert usual(date(2026, 9, 29))[:3] == [date(2026, 9, 30), date(2026, 10, 14), date(2026, 10, 21)]
    assert date(2026, 10, 7) in wednesdays(date(2026, 9, 29))
    # a Wednesday is not ahead of itself
    assert wednesdays(date(2026, 9, 30))[0] == date(2026, 10, 7)
    assert len(wednesdays(date(2026, 9, 29))) == service.weeks_ahead()


def test_a_day_is_closed_from_the_afternoon_before() -> None:
    closes = service.closes(FIRST)
    assert (closes.date(), closes.hour) == (date(2026, 12, 1), 16)
    assert day().open_at(closes - timedelta(seconds=1)) and not day().open_at(closes)
    assert not day(closed="snow").open_at(NOW)


def test_a_plan_gives_a_community_its_places() -> None:
    plans = [
        Plan("N002", "Li", {(COMMUNITY, "morning"): 2, ("xishan", "afternoon"): 4}),
        Plan("N001", "Wang", {(COMMUNITY, "afternoon"): 1, (COMMUNITY, "morning"): 0}),
    ]
    assert planned(plans, COMMUNITY) == (Places("N001", "afternoon", 1), Places("N002", "morning", 2))


def wait(number: int, wish: str = "either") -> Waiting:
    return Waiting(NOW + timedelta(minutes=number), f"v{number}", wish)  # type: ignore[arg-type]


def test_who_asks_first_is_first_and_technicians_share() -> None:
    after, given_ = settle(
        day(places=(Places("N001", "morning", 1), Places("N002", "morning", 1))), [wait(2), wait(3), wait(1)]
    )
    assert given_ == {"v1": Held("N001", "morning"), "v2": Held("N002", "morning")}
    assert after.held == given_ and after.free() == 0


def test_a_wish_that_cannot_be_met_keeps_nobody_else_waiting() -> None:
    places = (Places("N001", "morning", 1), Places("N001", "afternoon", 1))
    _, given_ = settle(day(places=places), [wait(1, "morning"), wait(2, "morning"), wait(3, "afternoon")])
    assert set(given_) == {"v1", "v3"}


def test_nothing_is_given_on_a_closed_day() -> None:
    assert settle(day(closed="snow"), [wait(1)])[1] == {}


WAITING = st.lists(
    st.builds(
        Waiting,
        st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 30), timezones=st.just(UTC)),
        st.integers(0, 30).map(lambda number: f"v{number}"),
        st.sampled_from(WISHES),
    ),
    max_size=25,
    unique_by=lambda one: one.visit,
)
DAYS = st.builds(
    lambda most, held: Day(
        COMMUNITY,
        FIRST,
        tuple(replace(one, most=number) for one, number in zip(PLACES, most, strict=True)),
        {f"h{number}": Held(*place) for number, place in enumerate(held)},
    ),
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.lists(st.sampled_from([(one.technician, one.window) for one in PLACES]), max_size=6),
)


@given(DAYS, WAITING)
def test_settling_gives_no_place_twice_none_away_and_leaves_none_that_somebody_wants(
    before: Day, waiting: list[Waiting]
) -> None:
    after, given_ = settle(before, waiting)
    for one in before.places:
        had = sum(held == Held(one.technician, one.window) for held in before.held.values())
        has = sum(held == Held(one.technician, one.window) for held in after.held.values())
        assert has <= max(one.most, had)
    assert before.held.items() <= after.held.items()
    left = [one for one in waiting if one.visit not in after.held]
    assert not any(after.free("" if one.wish == "either" else one.wish) for one in left)
    # who got a place that another wished for as well asked before them
    for one in left:
        for other in waiting:
            held = given_.get(other.visit)
            if held and one.wish in ("either", held.window):
                assert (other.asked_at, other.visit) < (one.asked_at, one.visit)
    assert settle(after, left)[1] == {}
    assert settle(before, list(reversed(waiting))) == (after, given_)


@given(DAYS, WAITING)
def test_a_freed_place_goes_to_who_waits_longest(before: Day, waiting: list[Waiting]) -> None:
    after, _ = settle(before, waiting)
    for visit in list(after.held)[:3]:
        again, given_ = settle(without(after, visit), [one for one in waiting if one.visit not in after.held])
        assert visit not in again.held and len(given_) <= 1


def test_a_relative_says_that_the_person_agrees() -> None:
    told = fields(relative_name="张明", relative_phone="13800000000", relative_mail="ming@example.com")
    with pytest.raises(Problem) as refused:
        asked(told, "relative")
    assert refused.value.params["fields"] == "consent"
    found = asked(told | {"consent": "yes"}, "relative")
    assert found.relative and found.relative.mail == "ming@example.com"


def test_what_is_missing_or_wrong_is_told_at_once() -> None:
    with pytest.raises(Problem) as refused:
        asked({"name": "", "phone": "abc", "community": "mars", "wish": "night", "mail": "a@b"}, "person")
    errors = {one["field"]: one["code"] for one in refused.value.params["errors"]}
    assert errors == {
        "name": "required",
        "phone": "invalid",
        "community": "invalid",
        "address": "required",
        "words": "required",
        "wish": "invalid",
        "mail": "invalid",
    }
