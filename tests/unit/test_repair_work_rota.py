"""Who is on duty, and for whom a new fault is."""

from __future__ import annotations

from datetime import date

import pytest
from yinji.platform.problem import Problem
from yinji.repair.causes import causes, causes_of
from yinji.repair.place import KINDS, Kind
from yinji.repair.rota import MOST_DAYS, NEEDED, SKILLS, Technician, loads, routed, wished, with_day

from tests.repairs_at_work import incident

WEDNESDAY, THURSDAY = date(2026, 6, 17), date(2026, 6, 18)
KINDS_OF: dict[str, Kind] = {"LIB-AP11": "access-point", "LIB-SW1": "switch"}


def technician(staff: str, *skills: str, area: str = "north", weekdays: frozenset[int] = frozenset({2})) -> Technician:
    return Technician(staff, staff, (area,), skills, weekdays)


def test_days_of_duty() -> None:
    one = Technician("T1", "T1", ("north",), (), frozenset({2}), frozenset({THURSDAY}), frozenset({date(2026, 6, 24)}))
    assert one.on_duty(WEDNESDAY) and one.on_duty(THURSDAY)
    assert not one.on_duty(date(2026, 6, 19)) and not one.on_duty(date(2026, 6, 24))


def test_single_days_are_changed_and_the_oldest_forgotten() -> None:
    one = technician("T1")
    assert with_day(one, WEDNESDAY, "off") == (frozenset(), {WEDNESDAY})
    on, off = frozenset({THURSDAY}), frozenset({WEDNESDAY})
    kept = Technician("T1", "T1", days_on=on, days_off=off)
    assert with_day(kept, WEDNESDAY, "on") == ({THURSDAY, WEDNESDAY}, frozenset())
    assert with_day(kept, WEDNESDAY, "usual") == (on, frozenset())
    full = Technician("T1", "T1", days_on=frozenset(date.fromordinal(700_000 + day) for day in range(MOST_DAYS)))
    found, _ = with_day(full, WEDNESDAY, "on")
    assert len(found) == MOST_DAYS and WEDNESDAY in found and date.fromordinal(700_000) not in found


def test_it_is_for_who_is_there_knows_it_and_has_least_to_do() -> None:
    rota = [
        technician("T1", "cabling"),
        technician("T2", "wireless"),
        technician("T3", "wireless"),
        technician("T4", "wireless", weekdays=frozenset({3})),
        technician("T5", "wireless", area="south"),
    ]
    mine = incident("m" * 24, state="taken", technician="T2")
    new = [incident(letter * 24) for letter in "abc"]
    assert routed([mine, *new], KINDS_OF, rota, WEDNESDAY) == {"a" * 24: "T3", "b" * 24: "T2", "c" * 24: "T3"}
    # nobody who knows switches is there: whoever has least to do
    switch = incident("s" * 24, cause="LIB-SW1")
    assert routed([mine, switch], KINDS_OF, rota, WEDNESDAY) == {"s" * 24: "T1"}
    assert routed([switch], KINDS_OF, [], WEDNESDAY) == {}


def test_who_signs_in_in_vain_needs_somebody_who_knows_accounts() -> None:
    rota = [technician("T1", "wireless"), technician("T2", "accounts")]
    assert routed([incident(symptom="sign-in")], KINDS_OF, rota, WEDNESDAY) == {"a" * 24: "T2"}


def test_what_waits_for_an_answer_is_no_load() -> None:
    some = [incident("a" * 24, state="fixed", technician="T1"), incident("b" * 24, state="taken", technician="T1")]
    assert loads(some) == {"T1": 1}


def test_every_kind_of_place_needs_a_skill_that_there_is() -> None:
    assert set(NEEDED) == set(KINDS) and set(NEEDED.values()) <= set(SKILLS)


def test_what_a_form_tells() -> None:
    fields = {"areas": " north, 南区，north ", "skill.wireless": "yes", "skill.magic": "yes", "weekday.0": "1"}
    assert wished(fields) == (("north", "南区"), ("wireless",), {0})


@pytest.mark.parametrize("areas", ["", " , ", "a#b", "x" * 41, ",".join(map(str, range(21)))])
def test_areas_that_are_none(areas: str) -> None:
    with pytest.raises(Problem) as raised:
        wished({"areas": areas})
    assert raised.value.code == "invalid-form"


def test_every_kind_of_place_has_causes_of_its_own_and_those_of_all() -> None:
    for kind in KINDS:
        found = causes_of(kind)
        assert len(found) >= 5 and {"nothing-found", "other"} <= set(found)
    assert set(causes_of(None)) == set(causes())
    assert {kind for one in causes().values() for kind in one.of} <= set(KINDS)
