"""Who gets a place, whoever is quicker, and whatever is done meanwhile."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from yinji.platform.problem import Problem
from yinji.visits import acts
from yinji.visits.days import Places, Plan
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

from tests.functions.conftest import Cloud
from tests.visits import COMMUNITY, FIRST, NOW, SECOND, ask, day, keep, visit

KEY = (COMMUNITY, FIRST)


@pytest.fixture
def visits(cloud: Cloud) -> Visits:
    keep()
    return Visits()


def held(visits: Visits, on: date = FIRST) -> set[str]:
    found, _ = visits.day((COMMUNITY, on))
    assert found
    return set(found.held)


def agree(visits: Visits, *days: date) -> None:
    """Days, visits and who waits say the same of one another."""
    for on in days or (FIRST, SECOND):
        found, waiting = visits.day((COMMUNITY, on))
        assert found
        there = {one.id: one for one in visits.of_day(on, COMMUNITY)}
        assert {id for id, one in there.items() if one.state == "booked"} == set(found.held)
        assert {id for id, one in there.items() if one.state == "waiting"} == {one.visit for one in waiting}
        taken = Counter((one.technician, one.window) for one in found.held.values())
        assert all(taken[one.technician, one.window] <= one.most for one in found.places)
        for id, place in found.held.items():
            assert (there[id].technician, there[id].window) == (place.technician, place.window)


def test_two_hundred_race_for_twelve_places(visits: Visits) -> None:
    def asks(number: int) -> Visit:
        return Visits().ask(*visit(number, at=NOW + timedelta(seconds=number)))

    with ThreadPoolExecutor(16) as people:
        found = list(people.map(asks, range(200)))
    visits.settle(KEY)
    agree(visits)
    now = {one.id: one for one in visits.of_day(FIRST)}
    assert Counter(one.state for one in now.values()) == {"booked": 12, "waiting": 188}
    assert {one.state for one in found} <= {"booked", "waiting"}
    _, waiting = visits.day(KEY)
    assert [one.asked_at for one in waiting] == sorted(one.asked_at for one in now.values() if one.state == "waiting")
    # when one goes, it is the turn of whoever waits longest, whatever they were told when they asked
    gone = next(one for one in now.values() if one.state == "booked")
    assert visits.cancel(gone, *acts.cancel(gone, "gone", acts.ASKER, NOW))
    assert waiting[0].visit in held(visits)
    agree(visits)


def test_the_same_asked_twice_at_once_is_one_visit(visits: Visits) -> None:
    with ThreadPoolExecutor(8) as people:
        found = list(people.map(lambda _: Visits().ask(*visit(1)), range(8)))
    assert {(one.id, one.state) for one in found} == {(found[0].id, "booked")}
    assert len(visits.of_day(FIRST)) == 1
    agree(visits)


def test_who_dies_after_asking_gets_a_place_all_the_same(visits: Visits, cloud: Cloud) -> None:
    with patch.object(Visits, "settle", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        ask(1)
    assert held(visits) == set()
    key = {"pk": {"S": f"DAYS#{COMMUNITY}"}, "sk": {"S": f"{FIRST}#2026-11-24T02:00:00.000Z#x"}}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": key, "SequenceNumber": "1"}}
    for _ in range(2):
        assert cloud.invoke("visits/settle", {"Records": [record]}) == {"batchItemFailures": []}
    assert len(held(visits)) == 1
    agree(visits)


def test_a_day_that_cannot_be_settled_comes_again_and_the_others_go_on(visits: Visits, cloud: Cloud) -> None:
    records = [
        {"dynamodb": {"Keys": {"pk": {"S": f"DAYS#{one}"}, "sk": {"S": str(FIRST)}}, "SequenceNumber": number}}
        for one, number in (("xishan", "1"), (COMMUNITY, "2"))
    ]
    real = Visits.settle

    def fails(self: Visits, key: tuple[str, date]) -> int:
        if key[0] == "xishan":
            raise RuntimeError("of the test")
        return real(self, key)

    with patch.object(Visits, "settle", fails):
        told = cloud.invoke("visits/settle", {"Records": records})
    assert told == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_moving_keeps_what_one_has_unless_there_is_a_place(visits: Visits) -> None:
    full = day(SECOND, (Places("N001", "morning", 1),))
    stored, _ = visits.day((COMMUNITY, SECOND))
    assert stored and visits.put_day(replace(full, version=stored.version))
    ask(1, on=SECOND)
    mine = ask(2)
    moved, event = acts.move(mine, SECOND, "either", "m1", acts.ASKER, NOW)
    with pytest.raises(Problem, match="day-full"):
        visits.move(mine, moved, event, wait=False)
    assert visits.find(mine.id) == mine
    assert visits.move(mine, moved, event, wait=True)
    found = visits.find(mine.id)
    assert found and (found.state, found.day, found.technician) == ("waiting", SECOND, "")
    assert held(visits) == set()
    agree(visits)
    back, event = acts.move(found, FIRST, "afternoon", "m2", acts.ASKER, NOW)
    assert visits.move(found, back, event, wait=False)
    found = visits.find(mine.id)
    assert found and (found.state, found.day, found.window) == ("booked", FIRST, "afternoon")
    agree(visits)
    other, event = acts.move(found, FIRST, "morning", "m3", acts.ASKER, NOW + timedelta(seconds=1))
    assert visits.move(found, other, event, wait=False)
    found = visits.find(mine.id)
    assert found and (found.state, found.window) == ("booked", "morning")
    agree(visits)
    assert Counter(one.what for one in visits.history(mine.id)) == {"ask": 1, "book": 3, "move": 3}


def test_who_waits_is_before_who_moves_there(visits: Visits) -> None:
    """A place that was freed a moment ago is the turn of whoever waits for it."""
    stored, _ = visits.day(KEY)
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    first, second = ask(1), ask(2, at=NOW + timedelta(seconds=1))
    assert (first.state, second.state) == ("booked", "waiting")
    elsewhere = ask(3, on=SECOND)
    with patch.object(Visits, "settle", return_value=0):
        assert visits.cancel(first, *acts.cancel(first, "gone", acts.ASKER, NOW))
    moved, event = acts.move(elsewhere, FIRST, "either", "m", acts.ASKER, NOW + timedelta(seconds=2))
    with pytest.raises(Problem, match="day-full"):
        visits.move(elsewhere, moved, event, wait=False)
    visits.settle(KEY)
    assert held(visits) == {second.id}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_many_do_at_once_no_place_is_given_twice(visits: Visits, seed: int) -> None:
    every = [ask(number, at=NOW + timedelta(seconds=number)) for number in range(20)]

    def acts_at_once(number: int) -> bool:
        own = Visits()
        one = own.find(every[number].id)
        assert one
        if (number + seed) % 3 == 0:
            return own.cancel(one, *acts.cancel(one, f"c{number}", acts.ASKER, NOW))
        if (number + seed) % 3 == 1:
            to = SECOND if number % 2 else FIRST
            at = NOW + timedelta(minutes=number)
            return own.move(one, *acts.move(one, to, "either", f"m{number}", acts.ASKER, at), wait=True)
        own.ask(*visit(100 + number, at=NOW + timedelta(minutes=number)))
        return True

    with ThreadPoolExecutor(8) as people:
        list(people.map(acts_at_once, range(20)))
    for on in (FIRST, SECOND):
        visits.settle((COMMUNITY, on))
    agree(visits)


def test_days_are_made_once_and_follow_the_plans(visits: Visits) -> None:
    assert visits.put_plan(Plan("N001", "王工", {("xishan", "morning"): 4}, 1))
    assert not visits.put_plan(Plan("N001", "王工", {}, 1))
    today = NOW.date()
    made = visits.make_days(today)
    assert made > 30 and visits.make_days(today) == 0
    [(first, _), *_] = visits.coming("xishan", today)
    assert first.places == (Places("N001", "morning", 4),)
    assert visits.put_day(replace(first, places=(Places("N009", "morning", 1),), by_hand=True))
    assert visits.put_plan(Plan("N001", "王工", {("xishan", "morning"): 5}, 2))
    visits.make_days(today)
    [(first, _), (second, _), *_] = visits.coming("xishan", today)
    assert first.places == (Places("N009", "morning", 1),)
    assert second.places == (Places("N001", "morning", 5),)


def test_who_waited_in_vain_and_whose_day_is_closed_is_carried_over_and_keeps_the_turn(visits: Visits) -> None:
    stored, _ = visits.day(KEY)
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    booked, waits = ask(1), ask(2, at=NOW + timedelta(seconds=1))
    assert visits.carry_over(NOW) == (0, 0)
    late = NOW + timedelta(days=8)
    later, _ = visits.day((COMMUNITY, SECOND))
    assert later and visits.put_day(replace(later, places=(Places("N001", "morning", 1),)))
    assert visits.carry_over(late) == (1, 0)
    found = visits.find(waits.id)
    assert found and (found.state, found.day, found.asked_at) == ("booked", SECOND, waits.asked_at)
    assert visits.carry_over(late) == (0, 0)
    # the office closes the second day: whoever has a place there finds no other
    closed, _ = visits.day((COMMUNITY, SECOND))
    assert closed and visits.put_day(replace(closed, closed="snow"))
    assert visits.carry_over(late) == (0, 1)
    keep(day(SECOND + timedelta(days=7), (Places("N001", "morning", 1),)))
    assert visits.carry_over(late) == (1, 0)
    agree(visits, FIRST, SECOND, SECOND + timedelta(days=7))
    assert held(visits) == {booked.id}


def test_nobody_asks_for_what_is_closed(visits: Visits) -> None:
    with pytest.raises(Problem, match="day-not-open"):
        ask(1, on=FIRST + timedelta(days=1))
    with pytest.raises(Problem, match="day-not-open"):
        ask(1, at=NOW + timedelta(days=8))
    stored, _ = visits.day(KEY)
    assert stored and visits.put_day(replace(stored, closed="snow"))
    with pytest.raises(Problem, match="day-not-open"):
        ask(1)
    one = ask(2, on=SECOND)
    with pytest.raises(Problem, match="visit-closed"):
        acts.cancel(one, "k", acts.ASKER, NOW + timedelta(days=20))
    assert acts.cancel(one, "k", "C001", NOW + timedelta(days=20))
