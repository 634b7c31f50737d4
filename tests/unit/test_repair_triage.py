"""Which reports are of one cause: the rules, and that no order and no repetition loses or doubles a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.repair.board import Board, Entry, as_text, from_text
from yinji.repair.incident import WORK, Act, Incident, done
from yinji.repair.notices import Notice
from yinji.repair.report import Report
from yinji.repair.triage import AGAIN, MOST_AT_ONCE, Desk, Step, decide, incident_id, priority, spread

from tests.repairs import AREA, AT, BUILDING, campus

PLACES = {place.id: place for place in campus()}
ROOMS = [id for id, place in PLACES.items() if place.kind == "room"]


def report(place: str, minutes: float = 0, who: str = "", **more: Any) -> Report:
    at = AT + timedelta(minutes=minutes)
    there = PLACES.get(place)
    told: dict[str, Any] = {
        "id": incident_id(place, str(minutes), who) + "00000000",
        "place": place,
        "building": there.building if there else BUILDING,
        "area": AREA,
        "line": there.line if there else (),
        "symptom": "no-connection",
        "text": "",
        "check": "",
        "contact": "",
        "language": "zh",
        "source": "scan",
        "reporter": who or f"who-{place}-{minutes}",
        "noticed_at": at,
        "filed_at": at,
    }
    return Report(**(told | more))


class World:
    """A table in memory: the board, incidents, which incident each report is of; it checks every step."""

    def __init__(self, notices: Sequence[Notice] = ()) -> None:
        self.board = Board(BUILDING)
        self.incidents: dict[str, Incident] = {}
        self.of: dict[str, str] = {}
        self.told: list[tuple[str, str, Mapping[str, Any]]] = []
        self.notices = notices
        self.steps = 0

    def desk(self, at: Any, **more: Any) -> Desk:
        board = replace(self.board, entries=from_text(as_text(self.board.entries)))
        return spread(board, {id: self.incidents[id] for id in board.entries}, PLACES, self.notices, at, **more)

    def file(self, *reports: Report, at: Any = None) -> None:
        left: Sequence[Report] = [one for one in reports if one.id not in self.of]
        while step := decide(self.desk(at or max((one.filed_at for one in reports), default=AT)), left):
            self.write(step)
            left = step.left
            if not (left or step.unsettled):
                break

    def write(self, step: Step) -> None:
        assert step.size <= MOST_AT_ONCE and step.board.version == self.board.version + 1
        for id, incident in step.joined.items():
            assert id not in self.of
            self.of[id] = incident
        for id, (old, new) in step.moved.items():
            assert self.of[id] == old != new
            self.of[id] = new
        for after, event in step.changes:
            before = self.incidents.get(after.id)
            assert after.version == (before.version if before else 0) + 1
            self.incidents[after.id] = after
            self.told.append((after.id, event.what, event.told))
        self.board = step.board
        self.steps += 1
        self.right()

    def right(self) -> None:
        """Every incident counts its own reports, and the board tells of all that are open."""
        counted = Counter(self.of.values())
        for incident in self.incidents.values():
            assert incident.reports == counted[incident.id], incident
            assert (incident.id in self.board.entries) or incident.state not in WORK
            if incident.state == "merged":
                assert self.incidents[incident.merged_into].state != "merged" or incident.reports == 0
        for id, entry in self.board.entries.items():
            assert {one for one, of in self.of.items() if of == id} == set(entry.reports)

    def act(self, id: str, act: Act, who: str = "T1", minutes: float = 0) -> None:
        self.incidents[id], _ = done(self.incidents[id], act, who, AT + timedelta(minutes=minutes), act)

    @property
    def open(self) -> list[Incident]:
        return [one for one in self.incidents.values() if one.state in WORK]

    @property
    def causes(self) -> list[tuple[str, str]]:
        return sorted((one.cause, one.rule) for one in self.open)


def filed(*reports: Report) -> World:
    world = World()
    for one in reports:
        world.file(one)
    return world


def test_one_report_opens_an_incident_of_its_place() -> None:
    world = filed(report("LIB-1-01"))
    [one] = world.open
    assert (one.cause, one.rule, one.state, one.reports, one.people, one.area) == (
        "LIB-1-01",
        "place",
        "open",
        1,
        1,
        AREA,
    )
    assert one.priority == 3 and dict(one.told) == {"people": 1} and one.opened_at == AT


def test_the_same_place_is_the_same_incident_and_people_are_counted_once() -> None:
    world = filed(report("LIB-1-01", 0, "a"), report("LIB-1-01", 600, "a"), report("LIB-1-01", 700, "b"))
    [one] = world.open
    assert (one.reports, one.people, dict(one.told)) == (3, 2, {"people": 2})


def test_two_places_of_an_access_point_within_a_quarter_of_an_hour_are_of_it() -> None:
    world = filed(report("LIB-1-01"), report("LIB-1-02", 15))
    [one] = world.open
    assert (one.cause, one.rule, dict(one.told)) == ("LIB-AP11", "access-point", {"places": 2, "minutes": 15})
    assert one.priority == 2


def test_after_more_than_a_quarter_of_an_hour_they_are_not() -> None:
    assert filed(report("LIB-1-01"), report("LIB-1-02", 16)).causes == [("LIB-1-01", "place"), ("LIB-1-02", "place")]


def test_three_places_on_two_lines_of_a_switch_are_of_it() -> None:
    world = filed(report("LIB-1-01"), report("LIB-1-03"), report("LIB-1-04", 5))
    assert world.causes == [("LIB-SW1", "switch")]
    assert dict(world.open[0].told) == {"places": 3, "lines": 2, "minutes": 15}
    assert filed(report("LIB-1-01"), report("LIB-1-03")).causes == [("LIB-1-01", "place"), ("LIB-1-03", "place")]


def test_five_places_on_two_switches_are_of_the_building() -> None:
    every = [report(room, number) for number, room in enumerate(ROOMS[:4] + ROOMS[4:5])]
    world = filed(*every)
    assert world.causes == [("LIB", "building")]
    assert dict(world.open[0].told) == {"places": 5, "switches": 2, "minutes": 15}
    assert world.open[0].priority == 1


def test_what_is_merged_says_into_what_and_keeps_its_history() -> None:
    world = filed(report("LIB-1-01"), report("LIB-1-03"), report("LIB-1-04"))
    [kept], [gone] = world.open, [one for one in world.incidents.values() if one.state == "merged"]
    assert gone.merged_into == kept.id and gone.reports == 0 and kept.reports == 3
    assert ("merged", {"into": kept.id, "reports": 1}) in [
        (what, told) for id, what, told in world.told if id == gone.id
    ]


def test_whoever_has_one_of_them_at_work_goes_on_with_the_whole() -> None:
    world = filed(report("LIB-1-01"), report("LIB-1-01", 1, "b"))
    world.file(report("LIB-1-03", 2))
    taken = next(one.id for one in world.open if one.cause == "LIB-1-03")
    world.act(taken, "take", "T7")
    world.file(report("LIB-1-04", 3))
    [one] = world.open
    assert (one.cause, one.technician, one.state, one.reports) == ("LIB-SW1", "T7", "taken", 4)
    assert "taken" in one.times and world.incidents[taken].state in ("merged", "taken")


def test_what_waits_for_parts_is_known_to_be_what_it_is() -> None:
    world = filed(report("LIB-1-01"))
    [one] = world.open
    world.act(one.id, "take")
    world.act(one.id, "need-parts")
    world.file(report("LIB-1-02", 5))
    assert world.causes == [("LIB-1-01", "place"), ("LIB-1-02", "place")]
    world.file(report("LIB-1-01", 6, "b"))
    assert world.incidents[one.id].reports == 2


def test_what_began_hours_before_an_outage_is_no_part_of_it() -> None:
    world = filed(report("LIB-1-01"), report("LIB-1-02", 180), report("LIB-1-03", 181), report("LIB-1-04", 182))
    assert world.causes == [("LIB-1-01", "place"), ("LIB-SW1", "switch")]
    early = filed(report("LIB-1-01"), report("LIB-1-02", 60), report("LIB-1-03", 61), report("LIB-1-04", 62))
    assert early.causes == [("LIB-SW1", "switch")]


def test_the_label_of_a_device_speaks_for_what_hangs_on_it_that_of_a_building_for_itself() -> None:
    assert filed(report("LIB-AP11"), report("LIB-1-01", 30)).causes == [("LIB-AP11", "place")]
    assert filed(report("LIB"), report("LIB-1-01", 1)).causes == [("LIB", "place"), ("LIB-1-01", "place")]


def test_a_report_within_half_an_hour_of_the_end_opens_the_incident_again() -> None:
    world = filed(report("LIB-1-01"))
    [one] = world.open
    world.act(one.id, "take", minutes=5)
    world.act(one.id, "fix", minutes=10)
    world.file(report("LIB-1-01", 10 + AGAIN.total_seconds() / 60, "b"))
    again = world.incidents[one.id]
    assert (again.state, again.reopened, again.technician, again.reports) == ("open", 1, "", 2)


def test_after_that_it_is_another() -> None:
    world = filed(report("LIB-1-01"))
    [one] = world.open
    world.act(one.id, "take", minutes=5)
    world.act(one.id, "fix", minutes=10)
    world.file(report("LIB-1-01", 41, "b"))
    assert world.incidents[one.id].state == "fixed" and [new.id for new in world.open] != [one.id]


def test_who_noticed_before_it_was_fixed_and_told_late_opens_nothing_again() -> None:
    world = filed(report("LIB-1-01"))
    [one] = world.open
    world.act(one.id, "take", minutes=5)
    world.act(one.id, "fix", minutes=10)
    world.file(report("LIB-1-01", 9, "b", filed_at=AT + timedelta(minutes=90)))
    assert world.incidents[one.id].state == "fixed" and world.incidents[one.id].reports == 2 and not world.open


def maintenance(cause: str, since: float, until: float) -> Notice:
    begin, end = AT + timedelta(minutes=since), AT + timedelta(minutes=until)
    return Notice("n1", "maintenance", {"zh": "换", "en": "New"}, cause, BUILDING, begin, end, "D1", begin)


def test_reports_during_maintenance_are_nobodys_work() -> None:
    world = World([maintenance("LIB-SW1", -10, 60)])
    world.file(*[report(room, 5) for room in ROOMS])
    planned = next(one for one in world.open if one.rule == "maintenance")
    assert planned.planned and planned.priority == 4 and planned.reports == 4
    assert ("LIB-SW1", "maintenance") in world.causes and ("LIB-SW2", "switch") in world.causes


def test_who_still_has_no_network_after_maintenance_makes_it_work() -> None:
    world = World([maintenance("LIB-SW1", -10, 60)])
    world.file(report("LIB-1-01", 5))
    [planned] = world.open
    world.act(planned.id, "close", "triage", minutes=60)
    world.file(report("LIB-1-02", 70))
    again = world.incidents[planned.id]
    assert again.state == "open" and not again.planned and again.reports == 2


def test_before_and_after_the_window_reports_are_as_ever() -> None:
    world = World([maintenance("LIB-SW1", 30, 60)])
    world.file(report("LIB-1-01", 5))
    world.file(report("LIB-1-03", 65))
    assert {one.rule for one in world.open} == {"place"}


def test_a_place_the_register_does_not_know_opens_one_of_its_own() -> None:
    world = filed(report("GONE-1"), report("GONE-2", 1))
    assert world.causes == [("GONE-1", "place"), ("GONE-2", "place")]


@pytest.mark.parametrize(
    ("weight", "people", "symptom", "urgent"),
    [
        (0, 1, "slow", 4),
        (0, 1, "no-connection", 3),
        (0, 3, "no-connection", 2),
        (1, 2, "slow", 3),
        (2, 3, "sign-in", 1),
        (3, 1, "slow", 1),
        (0, 500, "slow", 1),
    ],
)
def test_priority_comes_from_people_and_what_hangs_on_it(weight: int, people: int, symptom: Any, urgent: int) -> None:
    assert priority(weight, people, symptom) == urgent


def test_a_core_switch_counts_more() -> None:
    [core] = filed(report("LIB-CORE", symptom="slow")).open
    [switch] = filed(report("LIB-SW1", symptom="slow")).open
    assert (core.priority, switch.priority) == (1, 2)


def test_many_open_incidents_are_merged_in_as_many_steps_as_it_takes() -> None:
    world = World()
    for number in range(60):
        world.file(*[report(f"GONE-{number}", 0, who) for who in "abc"])
    assert len(world.open) == 60
    before = world.steps
    world.file(*[report(room, 1) for room in ROOMS])
    assert world.causes == [("LIB", "building")] and world.open[0].reports == 188
    assert world.steps - before >= 4


def test_of_an_incident_with_very_many_reports_the_board_names_no_more_and_it_stays_itself() -> None:
    reports = [report("LIB-1-01", 0, f"who{number}") for number in range(2_010)]
    world = World()
    entry = Entry()
    for one in reports:
        entry = entry.with_report(one)
    assert entry.more and len(entry.reports) == len(entry.people) == 2_000
    world.file(reports[0])
    [one] = world.open
    world.board = replace(world.board, entries={one.id: entry})
    desk = world.desk(AT)
    desk.take(report("LIB-1-02", 1))
    step = desk.step()
    assert step.moved == {} and {after.cause for after, _ in step.changes} == {"LIB-AP11"}
    assert len(as_text(step.board.entries)) < 100_000


TIMES = st.integers(0, 15)
REPORTS = st.lists(
    st.tuples(st.sampled_from([*ROOMS, "LIB-AP11", "LIB-SW2", "LIB", "GONE-1"]), TIMES, st.sampled_from("abcdef")),
    min_size=1,
    max_size=25,
    unique=True,
)


def batches(reports: Sequence[Report], sizes: Sequence[int]) -> Iterable[Sequence[Report]]:
    left = list(reports)
    for size in sizes:
        if left:
            yield left[:size]
            left = left[size:]
    if left:
        yield left


@given(REPORTS, st.randoms(), st.lists(st.integers(1, 9)))
def test_any_order_and_any_repetition_comes_to_the_same(told: Any, random: Any, sizes: list[int]) -> None:
    reports = [report(place, minute, who) for place, minute, who in told]
    once = World()
    once.file(*reports)
    mixed = [*reports, *random.sample(reports, len(reports) // 2)]
    random.shuffle(mixed)
    other = World()
    end = AT + timedelta(minutes=20)
    for batch in batches(mixed, sizes):
        other.file(*batch, at=end)
    assert set(once.of) == set(other.of) == {one.id for one in reports}
    assert once.causes == other.causes
    assert sum(one.reports for one in other.open) == len(reports)


@given(
    st.lists(st.tuples(st.sampled_from(ROOMS), st.integers(0, 300), st.sampled_from("abc")), unique=True, max_size=30),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["take", "fix", "need-parts", "close", "reopen"]))),
    st.randoms(),
)
def test_whatever_technicians_do_meanwhile_no_report_is_lost_or_doubled(told: Any, acts: Any, random: Any) -> None:
    reports = [report(place, minute, who) for place, minute, who in told]
    random.shuffle(reports)
    world = World()
    deeds = list(acts)
    for one in reports:
        world.file(one, at=AT + timedelta(minutes=300))
        if deeds and world.incidents:
            number, act = deeds.pop()
            some = sorted(world.incidents)[number % len(world.incidents)]
            if world.incidents[some].state != "merged":
                try:
                    world.act(some, act, minutes=random.randint(0, 300))
                except Exception as error:
                    assert getattr(error, "code", "") == "incident-moved-on"
    assert set(world.of) == {one.id for one in reports}
    assert sum(one.reports for one in world.incidents.values()) == len(reports)
