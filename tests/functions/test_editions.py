"""Editions of archives: how one goes from state to state, whoever comes twice or at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.editions.model import ALONE, MOST_ATTEMPTS, Edition
from yinji.editions.releasing import AT_WORK, PATIENCE, Releaser
from yinji.editions.runs import Run, Runs, progress
from yinji.editions.store import Editions, new_edition

from tests.functions.conftest import Cloud

AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def editions(cloud: Cloud) -> Editions:
    return Editions()


def asked(editions: Editions, student: str = "2022S01001", key: str = "1", **more: Any) -> Edition:
    told: dict[str, Any] = {"state": "requested", "key": key} | more
    return editions.ask(new_edition(student, told.pop("run", ALONE), "both", "ink", student, **told))


def sealed(editions: Editions, edition: Edition, says: str = "f1") -> Edition:
    found = editions.seal(edition, says, "d" * 64, 1000, editions.place())
    assert found
    return found


def test_who_asks_twice_gets_one(editions: Editions) -> None:
    first, second = asked(editions), asked(editions)
    assert first == second
    assert [one.id for one in editions.of("2022S01001")] == [first.id]


def test_an_edition_is_found_by_its_code(editions: Editions) -> None:
    edition = asked(editions)
    assert editions.by_code(edition.code) == edition
    assert editions.by_code("0" * 16) is None


def test_of_two_that_seal_one_comes_first(editions: Editions) -> None:
    edition = asked(editions)
    assert editions.rendered(edition, "f1")
    mine = editions.seal(edition, "f1", "a" * 64, 1, editions.place())
    theirs = editions.seal(edition, "f1", "b" * 64, 1, editions.place())
    assert mine and mine.digest == "a" * 64 and theirs is None
    found = editions.find(edition.student, edition.id)
    assert found and (found.state, found.digest, found.standing) == ("sealed", "a" * 64, "in-force")


def test_a_later_one_supersedes_the_one_before_it(editions: Editions) -> None:
    first, second = sealed(editions, asked(editions, key="1")), asked(editions, key="2")
    sealed(editions, second, "f2")
    was = editions.find(first.student, first.id)
    assert was and (was.standing, was.superseded_by) == ("superseded", second.id)
    assert editions.in_force(first.student, "both") == (second.id, "f2")


def test_an_older_one_that_is_sealed_late_takes_no_later_ones_place(editions: Editions) -> None:
    older = asked(editions, key="1", at=AT)
    younger = sealed(editions, asked(editions, key="2", at=AT + timedelta(days=1)), "f2")
    late = sealed(editions, older, "f1")
    assert (late.standing, late.superseded_by) == ("superseded", younger.id)
    assert editions.in_force(older.student, "both") == (younger.id, "f2")
    found = editions.find(younger.student, younger.id)
    assert found and found.standing == "in-force"


def test_other_students_and_languages_are_not_superseded(editions: Editions) -> None:
    first = sealed(editions, asked(editions))
    sealed(editions, asked(editions, student="2022S01002"))
    other = new_edition(first.student, ALONE, "zh", "ink", first.student, state="requested")
    sealed(editions, editions.ask(other))
    found = editions.find(first.student, first.id)
    assert found and found.standing == "in-force"


def test_what_is_sealed_stays_so_whatever_comes_late(editions: Editions) -> None:
    edition = sealed(editions, asked(editions))
    assert not editions.rendered(edition, "f2")
    assert not editions.unchanged(edition, "f2")
    assert not editions.hold(edition, "𰻞")
    assert not editions.fail(edition, "not-typeset")
    assert not editions.set_aside(edition)
    assert not editions.release(edition)
    assert editions.find(edition.student, edition.id) == edition


def test_it_is_revoked_once(editions: Editions) -> None:
    edition = asked(editions)
    assert not editions.revoke(edition, "D07", "not sealed yet")
    sealed(editions, edition)
    assert editions.revoke(edition, "D07", "award withdrawn")
    assert not editions.revoke(edition, "D08", "again")
    found = editions.find(edition.student, edition.id)
    assert found and (found.standing, found.revoked_by) == ("revoked", "D07")


def test_what_was_revoked_is_not_in_force_so_that_the_same_can_be_made_anew(editions: Editions) -> None:
    first = sealed(editions, asked(editions, key="1"))
    assert editions.revoke(first, "D07", "mistaken")
    assert editions.in_force(first.student, "both") == ("", "")
    second = sealed(editions, asked(editions, key="2"))
    assert second.standing == "in-force"
    older = editions.find(first.student, first.id)
    assert older and older.standing == "revoked" and not older.superseded_by


def test_to_revoke_an_older_one_leaves_the_later_one_in_force(editions: Editions) -> None:
    first = sealed(editions, asked(editions, key="1"))
    second = sealed(editions, asked(editions, key="2"), "f2")
    assert editions.revoke(first, "D07", "mistaken")
    assert editions.in_force(first.student, "both") == (second.id, "f2")


def test_places_in_the_list_are_nobody_elses(editions: Editions) -> None:
    assert [editions.place() for _ in range(3)] == [1, 2, 3]


def test_what_was_held_is_made_again_and_what_lies_too_long_fails(editions: Editions) -> None:
    edition = asked(editions)
    assert editions.hold(edition, "𰻞")
    held = editions.find(edition.student, edition.id)
    assert held and held.characters == "𰻞" and editions.again(held)
    for attempt in range(1, MOST_ATTEMPTS):
        found = editions.find(edition.student, edition.id)
        assert found and found.attempts == attempt and editions.again(found)
        assert not editions.again(found), "whoever looked at the same state comes second"
    last = editions.find(edition.student, edition.id)
    assert last and not editions.again(last)
    failed = editions.find(edition.student, edition.id)
    assert failed and (failed.state, failed.reason) == ("failed", "left-lying")


def run_of(runs: Runs, students: int = 3) -> Run:
    return runs.begin(Run("r1", "2022", "s1", 1, "both", "ink", "D07", AT))


def test_a_run_makes_one_for_each_and_no_more_however_often_it_is_planned(editions: Editions) -> None:
    runs, now = Runs(), datetime.now(UTC)
    run = run_of(runs)
    chosen = [f"2022S0100{number}" for number in range(3)]
    releaser = Releaser(runs, editions, lambda selection: chosen if selection == "s1" else [])
    first = releaser.release(now)
    assert (first.planned, first.released) == (3, 3)
    codes = {edition.code for edition in editions.of_run("r1")}
    assert releaser.plan(run, now) == 0
    assert {edition.code for edition in editions.of_run("r1")} == codes
    assert {edition.state for edition in editions.of_run("r1")} == {"requested"}
    assert all(edition.at > AT for edition in editions.of_run("r1")), "as of when it is made"


def test_a_paused_run_waits_and_a_resumed_one_goes_on(editions: Editions) -> None:
    runs, now = Runs(), datetime.now(UTC)
    run_of(runs)
    releaser = Releaser(runs, editions, lambda _: ["2022S01001"])
    assert runs.pause("r1", "D07", now) and not runs.pause("r1", "D08", now)
    assert releaser.release(now).released == 0
    assert runs.paused("r1")
    assert runs.resume("r1") and not runs.resume("r1")
    assert releaser.release(now).released == 1
    [edition] = editions.of_run("r1")
    assert editions.set_aside(edition), "one that comes to be rendered while its run is paused"
    assert releaser.release(now).released == 1


def test_what_was_left_lying_is_taken_up_again(editions: Editions) -> None:
    runs = Runs()
    edition = asked(editions)
    releaser = Releaser(runs, editions, lambda _: [])
    assert releaser.release(datetime.now(UTC)).taken_up == 0
    assert releaser.release(datetime.now(UTC) + PATIENCE + timedelta(seconds=5)).taken_up == 1
    found = editions.find(edition.student, edition.id)
    assert found and found.attempts == 2


def test_no_more_than_so_many_are_under_way(editions: Editions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yinji.editions.releasing.AT_WORK", 2)
    assert AT_WORK > 2
    runs = Runs()
    run_of(runs)
    releaser = Releaser(runs, editions, lambda _: [f"2022S0100{number}" for number in range(5)])
    assert releaser.release(datetime.now(UTC)).released == 2
    assert releaser.release(datetime.now(UTC)).released == 0


def test_progress_tells_what_is_left_and_when_it_ends(editions: Editions) -> None:
    for number in range(4):
        asked(editions, student=f"2022S0100{number}", run="r1", key="")
    for edition in list(editions.of_run("r1"))[:2]:
        editions.hold(edition, "𰻞")
    now = datetime.now(UTC)
    told = progress(editions.of_run("r1"), now)
    assert (dict(told.states), told.total, told.left) == ({"held": 2, "requested": 2}, 4, 2)
    assert told.rate == pytest.approx(4) and told.end == now + timedelta(seconds=30), "two within half a minute"
    later = progress(editions.of_run("r1"), now + timedelta(minutes=4))
    assert later.rate == pytest.approx(0.5, rel=0.05), "two in four minutes"
    over = progress(editions.of_run("r1"), now + timedelta(minutes=20))
    assert over.rate == 0 and over.end is None, "none lately"
    assert progress([], now).end is None


def test_everything_of_a_student_can_go(editions: Editions) -> None:
    edition = sealed(editions, asked(editions))
    editions.forget(edition.student)
    assert editions.of(edition.student) == [] and editions.in_force(edition.student, "both") == ("", "")
