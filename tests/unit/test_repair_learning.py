"""What the faults of a month teach: times, causes, the first visit, what fails again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from yinji.repair.incident import Incident
from yinji.repair.learning import Again, Learnt, Spread, at_once, learnt, mended, month_of, moved

from tests.repairs import campus

PLACES = {place.id: place for place in campus()}
NOON = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = "2026-11"


def fault(id: str, cause: str = "LIB-AP11", opened: datetime = NOON, hours: float = 3, **more: Any) -> Incident:
    """A fault that was taken after an hour and mended after so many `hours`."""
    times = {"open": opened, "taken": opened + HOUR, "fixed": opened + hours * HOUR}
    told: dict[str, Any] = {"area": "north", "found": "ap-restarted", "people": 3, "state": "closed"} | more
    return Incident(
        id, "LIB", told.pop("area"), cause, "slow", "access-point", {}, told.pop("state"), 2, 4, told.pop("people"), (),
        opened, opened + 100 * HOUR, 4, "T1", {**times, **told.pop("times", {})}, **told,
    )  # fmt: skip


def of(*some: Incident, month: str = MONTH, handed: Collection[str] = ()) -> Learnt:
    return learnt(month, some, PLACES, handed)


def test_nothing_teaches_nothing() -> None:
    found = of()
    assert (found.whole.mended, found.whole.first_visit_share, found.whole.repaired.mean) == (0, None, None)
    assert not (found.areas or found.causes or found.buildings or found.models or found.again)


def test_it_tells_how_long_it_took_until_it_was_taken_and_mended() -> None:
    found = of(fault("a", hours=2), fault("b", "LIB-AP12", hours=3), fault("c", "LIB-AP21", hours=10))
    assert found.whole.acknowledged == Spread(3, HOUR, HOUR)
    assert found.whole.repaired == Spread(3, 5 * HOUR, 3 * HOUR)
    assert (found.whole.mended, found.whole.people) == (3, 9)


def test_areas_are_told_apart() -> None:
    found = of(fault("a"), fault("b", "LIB-AP12", area="south", hours=7))
    assert list(found.areas) == ["north", "south"]
    assert found.areas["south"].repaired.mean == 7 * HOUR and found.areas["north"].mended == 1


def test_causes_are_counted_altogether_by_building_and_by_the_model_of_the_device() -> None:
    found = of(
        fault("a", found="power"), fault("b", "LIB-AP12"), fault("c", "LIB-AP21"),
        fault("d", "LIB-SW1", found="power"), fault("e", "LIB-1-01", found=""), fault("f", "GONE-1"),
    )  # fmt: skip
    assert list(found.causes.items()) == [("ap-restarted", 3), ("power", 2), ("", 1)]
    assert found.buildings == {"LIB": found.causes}
    assert found.models == {"AP7060": {"ap-restarted": 2, "power": 1}, "S5735": {"power": 1}}
    assert list(found.models) == ["AP7060", "S5735"]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({}, True),
        ({"times": {"waiting-access": NOON + HOUR}}, True),
        ({"times": {"waiting-parts": NOON + HOUR}}, False),
        ({"reopened": 1}, False),
    ],
)
def test_the_first_visit_is_without_parts_and_for_good(change: Any, first: bool) -> None:
    one = fault("a", **change)
    assert at_once(one) == first and of(one).whole.first_visit == first
    assert of(one).whole.first_visit_share == float(first)
    assert of(one, handed=["a"]).whole.first_visit == 0


def test_what_was_opened_again_took_as_long_as_since_then() -> None:
    one = replace(fault("a"), opened_at=NOON - 9 * DAY, reopened=2)
    found = of(one).whole
    assert (found.repaired.mean, found.acknowledged.mean, found.reopened) == (3 * HOUR, HOUR, 1)


def test_clocks_that_disagree_make_no_time_that_is_less_than_none() -> None:
    found = of(fault("a", hours=-1, times={"taken": NOON - HOUR})).whole
    assert found.repaired.mean == found.acknowledged.mean == timedelta()


def test_a_fault_counts_in_the_month_of_the_campus_in_which_it_was_mended_once() -> None:
    last = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # a minute before midnight
    inside, outside = fault("a", opened=last, hours=0), fault("b", opened=last + timedelta(minutes=1), hours=0)
    waiting = replace(fault("c"), state="fixed")
    some = [inside, inside, outside, waiting, replace(fault("d"), state="merged"), replace(fault("e"), state="taken")]
    never = replace(fault("f"), times={"closed": NOON})
    assert [one.id for one in mended([*some, never], MONTH)] == ["a", "c"]
    assert [one.id for one in mended(some, "2026-12")] == ["b"]


def test_what_fails_within_a_month_of_being_mended_fails_again() -> None:
    some = [
        fault("a", opened=NOON - 60 * DAY),
        fault("b", opened=NOON - 25 * DAY),
        fault("c", opened=NOON),
        fault("d", "LIB-AP12", opened=NOON - 31 * DAY),
        fault("e", "LIB-AP12", opened=NOON),
    ]
    assert of(*some).again == [Again("LIB-AP11", "LIB", 2, "c", NOON)]


def test_what_was_opened_again_and_what_fails_now_fails_again() -> None:
    now = replace(fault("b", opened=NOON + 5 * DAY), state="open", times={"open": NOON + 5 * DAY})
    found = of(fault("a"), now, fault("c", "LIB-AP12", reopened=2), fault("d", "LIB-AP21"))
    assert found.again == [
        Again("LIB-AP12", "LIB", 3, "c", NOON),
        Again("LIB-AP11", "LIB", 2, "b", NOON + 5 * DAY),
    ]
    merged = replace(now, state="merged")
    assert [one.cause for one in of(fault("a"), merged).again] == []


def test_a_month_tells_nothing_of_what_failed_later() -> None:
    december = fault("b", opened=NOON + 25 * DAY)
    assert of(fault("a"), december).again == []
    assert of(fault("a"), december, month="2026-12").again == [Again("LIB-AP11", "LIB", 2, "b", december.opened_at)]
    assert of(fault("a"), december, month="2027-01").again == []


@pytest.mark.parametrize(("by", "month"), [(1, "2026-12"), (2, "2027-01"), (-11, "2025-12"), (0, "2026-11")])
def test_months_are_moved(by: int, month: str) -> None:
    assert moved(MONTH, by) == month


def test_a_month_is_that_of_the_campus() -> None:
    assert month_of(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)) == MONTH == month_of(date(2026, 11, 1))
