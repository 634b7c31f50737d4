"""Practice cases: the same set for every office, in the states an officer meets; and a tour that ticks itself off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from yinji.clearance import definition, practice, training, university
from yinji.clearance.case import Case, Event, certify
from yinji.clearance.document import case_document, case_of
from yinji.clearance.queue import entries
from yinji.clearance.roster import _PATTERNS
from yinji.clearance.training import BEGUN, begin, numbers, people, step_of, tour

from tests import handlers

OFFICES = [*university.schools(), *university.departments()]
AT = datetime(2026, 6, 18, 2, 0, tzinfo=UTC)
NOW = Event(key="officer#k1", what=BEGUN, who="officer", role="department-officer", at=AT)
each_office = pytest.mark.parametrize("office", OFFICES)


def practised(office: str) -> dict[str, Case]:
    return {part: begin(None, office, part, NOW).after for part in people()}


# --- numbers --------------------------------------------------------------------------------------------------


def test_no_two_offices_share_a_practice_case_and_none_is_longer_than_a_student_number() -> None:
    every = [number for office in OFFICES for number in numbers(office).values()]
    assert len(set(every)) == len(every) == 8 * len(OFFICES)
    assert all(len(number) <= 16 for number in every)


@pytest.mark.parametrize(("office", "other"), list(product(OFFICES[-12:], OFFICES)))
def test_a_practice_case_belongs_to_its_office_alone(office: str, other: str) -> None:
    assert practice.belongs_to(practice.number(office, 1), other) is (office == other)
    assert not practice.belongs_to(practice.number(office, 1), "")


def test_neither_a_roster_nor_a_feed_can_name_one() -> None:
    assert not any(_PATTERNS["student"].fullmatch(number) for office in OFFICES for number in numbers(office).values())
    assert not practice.is_practice("2022S01001") and not practice.is_practice("P2022001")


# --- the set --------------------------------------------------------------------------------------------------


@each_office
def test_the_set_has_what_an_officer_meets(office: str) -> None:
    found, step = practised(office), step_of(office)
    states = {part: case.state(step.id) for part, case in found.items()}
    signable = {"first", "second", "third"}
    [action] = [one for one in step.actions.values() if one.bulk and not one.standard][:1]
    assert all(states[part] in action.sources for part in signable)
    assert states["settled"] == "done" and found["settled"].steps[step.id].facts.signed_off
    assert found["returned"].state(training.returned_step(office).id) == "blocked"
    stuck = found["stuck"].steps[training.STUCK].standing
    assert stuck.state == "blocked" and stuck.reasons
    assert found["abroad"].flow == "international-overseas"
    assert "party_member" in found["fresh"].graduate.flags
    assert any("waived" in case.states().values() for case in found.values())
    assert found["stuck"].deadline < AT.date() < found["first"].deadline, "one is late"
    assert not any(case.finished for case in found.values())


@each_office
def test_every_case_is_marked_in_its_number_and_its_name(office: str) -> None:
    for part, case in practised(office).items():
        assert case.practice == office
        assert case.graduate.student == numbers(office)[part]
        assert case.graduate.name.startswith("练习")
        assert not case.graduate.email
        assert case.graduate.school in university.schools()


def test_the_set_is_the_same_whenever_it_begins() -> None:
    later = replace(NOW, at=AT + timedelta(days=300), key="another")
    for part in people():
        once, again = begin(None, "library", part, NOW).after, begin(None, "library", part, later).after
        assert once.states() == again.states()
        assert once.graduate == again.graduate
        assert [record.standing for record in once.steps.values()] == [
            record.standing for record in again.steps.values()
        ]


@each_office
def test_the_steps_own_reactions_agree_with_what_the_cases_say(office: str) -> None:
    """What is known of a step leads, by the code that runs, to where it stands; so practice behaves like the truth."""
    steps = handlers.steps()
    for part, case in practised(office).items():
        for id, record in case.steps.items():
            settle = steps[id]._settle
            if settle is None or record.standing.state in (None, "waived"):
                continue
            told = settle(record.facts, case.graduate)
            own = tuple(reason for reason in record.standing.reasons if reason.code != "sent-back")
            assert told.reasons == own, (part, id)
            sent_back = len(own) < len(record.standing.reasons)  # that an officer said, whatever the facts say
            assert sent_back or told.state == record.standing.state, (part, id)


def test_what_begins_anew_goes_on_from_the_versions_there_were() -> None:
    first = begin(None, "library", "first", NOW).after
    worn = replace(first, version=7)
    change = begin(worn, "library", "first", replace(NOW, key="k2"))
    assert change.before == worn and change.after.version == change.event.version == 8
    assert all(change.after.steps[id].version == record.version + 7 for id, record in first.steps.items())
    assert change.after.states() == first.states()


def test_practice_waits_in_no_queue_and_is_never_certified() -> None:
    for case in practised("library").values():
        assert entries(case) == {}
        assert entries(replace(case, practice="")) or case.graduate.student.endswith(("01", "05", "06", "07"))
    assert certify(practised("library")["first"], object(), NOW) is None  # type: ignore[arg-type]


def test_its_document_lies_below_no_school_and_comes_back_whole() -> None:
    case = practised("S05")["first"]
    document = case_document(case)
    assert document["school"] == "practice:S05" and document["practice"] == "S05"
    assert document["school"] not in university.schools()
    assert case_of(document) == case


# --- the tour -------------------------------------------------------------------------------------------------


def happened(step: str, what: str, key: str = "officer#1") -> Event:
    return Event(key=key, what=what, who="officer", role="department-officer", at=AT, step=step)


def done(office: str, **since: Any) -> set[str]:
    return {task.id for task in tour(office, since) if task.done}


@each_office
def test_a_tour_takes_ten_minutes_and_every_task_has_its_place(office: str) -> None:
    tasks = tour(office, {})
    assert 7 <= len(tasks) <= 8 and len({task.id for task in tasks}) == len(tasks)
    assert not any(task.done for task in tasks)
    found = {case.graduate.student: case for case in practised(office).values()}
    for task in tasks:
        assert task.student == "" or task.step in found[task.student].steps


def test_a_task_is_ticked_off_by_what_happened_and_by_nothing_else() -> None:
    assert done("library", stuck=[happened("library-loans", "declare-lost")]) == {"stuck"}
    assert done("library", returned=[happened("library-loans", "declare-lost")]) == {"answer"}
    assert done("library", fresh=[happened("library-loans", "declare-lost")]) == set()
    assert done("library", first=[happened("library-loans", "sign-off")]) == {"sign"}
    assert done("library", first=[happened("library-loans", "send-back")]) == {"send-back"}
    assert done("library", fresh=[happened("library-loans", "waive")]) == {"waive"}
    assert done("library", settled=[happened("library-loans", "reopen")]) == {"reopen"}
    assert done("library", settled=[happened("school-approval", "sign-off")]) == {"sign", "school"}
    assert done("S01", fresh=[happened("exit-survey", "answer")]) == {"student"}
    assert done("library", first=[happened("", "became-ready"), happened("gone", "sign-off")]) == set()


def test_several_at_once_are_signed_by_one_request() -> None:
    signed = happened("library-loans", "sign-off")
    assert done("library", first=[signed], second=[replace(signed, key="officer#2")]) == {"sign"}
    assert done("library", first=[signed], second=[signed]) == {"sign", "several"}


def test_only_what_happened_since_it_began_counts() -> None:
    signed = happened("library-loans", "sign-off")
    assert training.since_begun([signed, NOW, signed]) == [signed]
    assert training.since_begun([signed, NOW]) == []
    assert training.since_begun([signed]) == [signed]


def test_an_office_practises_on_a_step_of_its_own_where_it_signs_one() -> None:
    for office in OFFICES:
        step = step_of(office)
        department = "school" if office in university.schools() else office
        own = [
            one
            for one in definition.steps().values()
            if one.department == department and any(a.bulk and not a.standard for a in one.actions.values())
        ]
        assert step.department == department or all(one.final for one in own)
