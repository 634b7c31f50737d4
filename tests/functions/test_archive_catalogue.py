"""The catalogue's table: where an activity is found, and who has a place in it, whoever is quicker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yinji.archive.catalogue import Activity, SignUp
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.store import RecordEvent
from yinji.platform.problem import Problem

from tests.archives import AT, BEGINS, activity
from tests.functions.conftest import Cloud, cloud

__all__ = ["cloud"]

HALL = "致远楼报告厅"


@pytest.fixture
def catalogue(cloud: Cloud) -> Catalogue:
    return Catalogue()


def change(catalogue: Catalogue, id: str = "A1", **facts: object) -> Activity | None:
    def work(known: Activity) -> tuple[Activity, RecordEvent]:
        return replace(known, **facts), RecordEvent("changed", "T0001", "school-officer", AT + timedelta(hours=1))

    return catalogue.change(id, work)


def test_an_activity_is_found_by_its_number_its_term_and_its_place(catalogue: Catalogue) -> None:
    assert catalogue.put(activity()) == "accepted"
    found = catalogue.find("A1")
    assert found == activity() and catalogue.term("2025-2026-2") == [found]
    assert catalogue.at(HALL, BEGINS) == found and catalogue.find("A2") is None


@pytest.mark.parametrize(
    ("minutes", "open"), [(-31, False), (-30, True), (0, True), (89, True), (90, False), (24 * 60, False)]
)
def test_a_reader_finds_the_activity_from_half_an_hour_before_it_begins_until_it_ends(
    catalogue: Catalogue, minutes: int, open: bool
) -> None:
    catalogue.put(activity())
    assert (catalogue.at(HALL, BEGINS + timedelta(minutes=minutes)) is not None) is open


def test_of_two_at_one_place_the_one_that_begins_last_is_meant(catalogue: Catalogue) -> None:
    catalogue.put(activity(1))
    catalogue.put(activity(2, begins_at=BEGINS + timedelta(minutes=100)))
    early, late = (catalogue.at(HALL, BEGINS + timedelta(minutes=number)) for number in (60, 80))
    assert (early and early.id, late and late.id) == ("A1", "A2")


def test_an_activity_over_midnight_is_found_on_both_days(catalogue: Catalogue) -> None:
    late = BEGINS.replace(hour=15, minute=50)  # ten to midnight
    catalogue.put(activity(begins_at=late))
    assert catalogue.at(HALL, late) and catalogue.at(HALL, late + timedelta(minutes=30))
    catalogue.put(activity(2, begins_at=late + timedelta(minutes=20), place="操场"))
    assert catalogue.at("操场", late), "the door opens before midnight"


def test_an_activity_that_moves_is_found_where_it_is_and_nowhere_else(catalogue: Catalogue) -> None:
    catalogue.put(activity())
    next_term = BEGINS + timedelta(days=100)
    assert catalogue.put(activity(place="操场", begins_at=next_term, as_of="2026-06-02T04:00:00.000Z")) == "corrected"
    assert catalogue.at(HALL, BEGINS) is None and catalogue.term("2025-2026-2") == []
    found = catalogue.at("操场", next_term)
    assert found and found.version == 2 and catalogue.term("2026-2027-1") == [found]


def test_a_cancelled_activity_is_listed_and_lets_nobody_in(catalogue: Catalogue) -> None:
    catalogue.put(activity())
    change(catalogue, state="cancelled")
    assert catalogue.at(HALL, BEGINS) is None
    assert [one.state for one in catalogue.term("2025-2026-2")] == ["cancelled"]
    [event] = catalogue.events("A1")
    assert event.was == {"state": "announced"} and event.who == "T0001"


def test_an_older_word_changes_nothing_and_the_same_word_neither(catalogue: Catalogue) -> None:
    catalogue.put(activity())
    assert catalogue.put(activity(as_of="2026-06-03T04:00:00.000Z")) == "unchanged"
    change(catalogue, title="改了")
    assert catalogue.put(activity(title="旧", as_of="2026-06-01T04:00:00.000Z")) == "outdated"
    found = catalogue.find("A1")
    assert found and found.title == "改了"


def test_what_comes_is_told_by_when_it_begins_until_it_is_over(catalogue: Catalogue) -> None:
    for number, hours in ((1, 5), (2, -1), (3, -3), (4, 24 * 90)):
        catalogue.put(
            activity(number, begins_at=BEGINS + timedelta(hours=hours), kind="art" if number == 1 else "lecture")
        )
    assert [one.id for one in catalogue.coming(BEGINS, 10)] == ["A2", "A1", "A4"]
    assert [one.id for one in catalogue.coming(BEGINS, 1)] == ["A2"]
    assert [one.id for one in catalogue.coming(BEGINS, 10, kind="art")] == ["A1"]
    assert [one.id for one in catalogue.coming(BEGINS, 10, dimension="intellectual")] == ["A2", "A4"]


# --- places ----------------------------------------------------------------------------------------------------


def people(catalogue: Catalogue, id: str = "A1") -> tuple[list[str], list[str]]:
    found = catalogue.audience(id)
    return [one.student for one in found.held], [one.student for one in found.waiting]


def at(minute: int) -> datetime:
    return AT + timedelta(minutes=minute)


def sign_up(catalogue: Catalogue, id: str, student: str, at: datetime, key: str = "") -> SignUp:
    """Sign up by a press of its own, or by the one of `key`."""
    mine = catalogue.sign_up(id, student, at, key or uuid4().hex)
    assert mine
    return mine


def give_back(catalogue: Catalogue, id: str, student: str, at: datetime, key: str = "") -> str:
    return catalogue.give_back(id, student, at, key or uuid4().hex)


def test_places_are_taken_until_none_is_left_and_others_wait(catalogue: Catalogue) -> None:
    catalogue.put(activity(capacity=2))
    told = [sign_up(catalogue, "A1", f"2022S0100{one}", at(one)).standing for one in (3, 1, 2, 4)]
    assert told == ["held", "held", "waiting", "waiting"]
    assert sign_up(catalogue, "A1", "2022S01002", at(9)).at == at(2), "who signed up stays where they were"
    assert people(catalogue) == (["2022S01001", "2022S01003"], ["2022S01002", "2022S01004"])
    found = catalogue.find("A1")
    assert found and (found.taken, found.waiting, found.free) == (2, 2, 0)
    mine = catalogue.mine("A1", "2022S01004")
    assert mine and catalogue.place_in_line(mine) == 2


def test_a_place_given_back_goes_to_whoever_waited_longest(catalogue: Catalogue) -> None:
    catalogue.put(activity(capacity=1))
    for one in (1, 2, 3):
        sign_up(catalogue, "A1", f"2022S0100{one}", at(one))
    assert give_back(catalogue, "A1", "2022S01001", at(5)) == "2022S01002"
    assert people(catalogue) == (["2022S01002"], ["2022S01003"])
    assert give_back(catalogue, "A1", "2022S01001", at(6)) == "", "again changes nothing"
    assert give_back(catalogue, "A1", "2022S01003", at(6)) == "" and people(catalogue) == (["2022S01002"], [])
    assert catalogue.signed_up("2022S01002")["A1"].standing == "held"
    assert give_back(catalogue, "A1", "2022S01002", at(7)) == "" and people(catalogue) == ([], [])
    found = catalogue.find("A1")
    assert found and (found.taken, found.waiting) == (0, 0)


def test_more_places_go_to_those_who_wait_and_fewer_take_none_away(catalogue: Catalogue) -> None:
    catalogue.put(activity(capacity=1))
    for one in (1, 2, 3, 4):
        sign_up(catalogue, "A1", f"2022S0100{one}", at(one))
    found = change(catalogue, capacity=3)
    assert found and (found.taken, found.waiting) == (3, 1)
    change(catalogue, capacity=2)
    assert give_back(catalogue, "A1", "2022S01001", at(5)) == "", "that place is no more"
    assert people(catalogue) == (["2022S01002", "2022S01003"], ["2022S01004"])
    assert give_back(catalogue, "A1", "2022S01002", at(6)) == "2022S01004"
    change(catalogue, capacity=0)
    assert sign_up(catalogue, "A1", "2022S01009", at(7)).standing == "held"


@pytest.mark.parametrize(
    ("facts", "minutes", "code"),
    [({}, 0, "sign-up-closed"), ({"state": "cancelled"}, -60, "activity-cancelled")],
)
def test_nobody_signs_up_or_gives_back_once_it_began_or_was_cancelled(
    catalogue: Catalogue, facts: dict[str, str], minutes: int, code: str
) -> None:
    catalogue.put(activity())
    sign_up(catalogue, "A1", "2022S01001", AT)
    if facts:
        change(catalogue, **facts)
    for deed in (sign_up, give_back):
        with pytest.raises(Problem) as refused:
            deed(catalogue, "A1", "2022S01002", BEGINS + timedelta(minutes=minutes))
        assert refused.value.code == code
    assert people(catalogue) == (["2022S01001"], [])


def test_a_place_that_was_taken_since_somebody_looked_is_not_given_again(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.put(activity(capacity=1))
    mine = Catalogue.mine

    def meanwhile(self: Catalogue, id: str, student: str) -> SignUp | None:
        monkeypatch.setattr(Catalogue, "mine", mine)
        sign_up(catalogue, "A1", "2022S01002", AT)
        return mine(self, id, student)

    monkeypatch.setattr(Catalogue, "mine", meanwhile)
    assert sign_up(catalogue, "A1", "2022S01001", AT).standing == "waiting"
    assert [one.student for one in catalogue.audience("A1").held] == ["2022S01002"]


def test_thirty_who_press_at_once_get_ten_places_and_no_eleventh(catalogue: Catalogue) -> None:
    catalogue.put(activity(capacity=10))
    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(lambda one: sign_up(catalogue, "A1", f"2022S010{one:02}", AT), range(30)))
    assert [one.standing for one in told].count("held") == 10
    held, waiting = people(catalogue)
    found = catalogue.find("A1")
    assert found and (found.taken, found.waiting) == (10, 20) == (len(held), len(waiting))


STEPS = st.lists(
    st.tuples(st.sampled_from(["up", "up", "back", "capacity"]), st.integers(0, 4)), min_size=1, max_size=25
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_people_do_places_add_up(cloud: Cloud, steps: list[tuple[str, int]]) -> None:
    catalogue = Catalogue()
    id = f"A{uuid4().hex}"
    catalogue.put(replace(activity(capacity=2), id=id))
    for minute, (what, one) in enumerate(steps):
        student = f"2022S0100{one}"
        if what == "up":
            sign_up(catalogue, id, student, at(minute))
        elif what == "back":
            give_back(catalogue, id, student, at(minute))
        else:
            change(catalogue, id, capacity=one)
        held, waiting = people(catalogue, id)
        found = catalogue.find(id)
        assert found and (found.taken, found.waiting) == (len(held), len(waiting))
        assert not waiting or found.free == 0, "nobody waits while there is a place"
        assert not set(held) & set(waiting)
        for student in (*held, *waiting):
            mine = catalogue.mine(id, student)
            assert mine and mine.standing == ("held" if student in held else "waiting")


def test_a_ticket_is_good_for_one_person(catalogue: Catalogue) -> None:
    assert catalogue.use("n1", "2022S01001", AT) and catalogue.use("n1", "2022S01001", AT)
    assert not catalogue.use("n1", "2022S01002", AT)


def test_nothing_of_who_is_to_be_forgotten_stays_with_activities(catalogue: Catalogue) -> None:
    catalogue.put(activity())
    for one in (1, 2):
        sign_up(catalogue, "A1", f"2022S0100{one}", AT)
        catalogue.came("A1", f"2022S0100{one}", AT)
    assert catalogue.how_many_came("A1") == 2
    catalogue.forget("2022S01001")
    assert people(catalogue) == (["2022S01002"], []) and catalogue.audience("A1").came == {"2022S01002"}
