"""The group library: built from portraits, read with one item, and told to those who may see it, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.archive import cohorts, queues
from yinji.archive.groups_store import Groups
from yinji.archive.items import CohortItem, GroupItem, YearItem
from yinji.archive.store import Archive
from yinji.platform import clock

from tests.archives import SU, Library, loan, member, put_members, student
from tests.functions.conftest import Cloud


def build(cloud: Cloud, **asked: Any) -> Any:
    return cloud.invoke("archive/groups", asked)


def crowd(number: int, school: str = "S01", first: int = 0, **more: Any) -> Iterable[Any]:
    return [member(first + one, one, school, **more) for one in range(number)]


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def test_an_imported_student_is_in_their_group_after_the_next_build(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "LATER", 0)
    library = Library(cloud)
    library.enrol(SU, *(student(number) for number in range(2, 13)))
    library.loans(*(loan(number) for number in range(1, 8)), loan(9, "2022S01005"))
    assert Groups().of(SU) is None
    assert build(cloud) == {"years": 1, "students": 12, "whole": True}
    found = Groups().of(SU)
    assert found and (found.id, found.number) == ("S01#2022#undergraduate", 12)
    place = found.place("hundred.books", 7)
    assert place and (place.median, place.word) == (0, "upper")
    assert found.quantile("records", 90, "2024-2025-1") == 1


def test_who_is_among_few_is_compared_with_the_next_larger_group(cloud: Cloud) -> None:
    put_members([*crowd(30), *crowd(30, "S02"), *crowd(4, "S03")])
    build(cloud)
    # with the four of S03 one of the other schools has to hide
    assert {Groups().shown_to(f"{school}#2022#undergraduate").id for school in ("S01", "S03")} == {
        "*#2022#undergraduate"
    }  # type: ignore[union-attr]
    assert Groups().shown_to("S02#2022#undergraduate").number == 30  # type: ignore[union-attr]


def test_a_grade_of_few_is_compared_with_its_category_and_is_no_grade_that_is_shown(cloud: Cloud) -> None:
    put_members([*crowd(20), *crowd(25, grade="2023"), *crowd(3, grade="2024")])
    build(cloud)
    assert Groups().shown_to("S01#2024#undergraduate").id == "*#*#undergraduate"  # type: ignore[union-attr]
    assert Groups().glances() == ["undergraduate-2023"]
    assert Groups().glance("undergraduate-2024") is None and Groups().glance("undergraduate-2022") is None


def test_of_fewer_than_ten_in_a_whole_category_nothing_is_kept(cloud: Cloud) -> None:
    put_members(crowd(9))
    build(cloud)
    assert Groups().shown_to("S01#2022#undergraduate") is None and Groups().glances() == []
    assert all(item.group is None for item in GroupItem.scan(GroupItem.sk == "GROUP"))
    assert all(item.glance is None for item in YearItem.scan(YearItem.pk == "GROUPS"))


def test_a_grade_that_grows_is_shown_and_its_neighbour_that_hid_with_it_as_well(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    put_members([*crowd(20), *crowd(25, grade="2023"), *crowd(3, grade="2024")])
    build(cloud)
    at(monkeypatch, NOON + timedelta(hours=1))
    put_members(crowd(9, grade="2024", first=100))
    assert build(cloud) == {"years": 3, "students": 57, "whole": False}
    assert Groups().glances() == ["undergraduate-2024", "undergraduate-2023", "undergraduate-2022"]
    assert Groups().shown_to("S01#2022#undergraduate").id == "S01#2022#undergraduate"  # type: ignore[union-attr]


def test_within_a_day_only_what_changed_is_built_and_on_the_next_everything(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    put_members([*crowd(20), *crowd(25, grade="2023")])
    assert build(cloud)["whole"]
    at(monkeypatch, NOON + timedelta(minutes=30))
    assert build(cloud)["years"] == 2, "what came in the quarter of an hour of the build itself may have been missed"
    at(monkeypatch, NOON + timedelta(hours=1))
    assert build(cloud) == {"years": 0, "students": 0, "whole": False}
    put_members(crowd(2, grade="2023", first=200))
    at(monkeypatch, NOON + timedelta(hours=1, minutes=2))
    assert build(cloud) == {"years": 1, "students": 27, "whole": False}
    # whatever was put in the same quarter of an hour, after that build, is seen by the next
    at(monkeypatch, NOON + timedelta(hours=1, minutes=17))
    assert build(cloud)["students"] == 27
    at(monkeypatch, NOON + timedelta(hours=1, minutes=32))
    build(cloud)
    at(monkeypatch, NOON + timedelta(hours=1, minutes=47))
    assert build(cloud)["students"] == 0
    at(monkeypatch, NOON + timedelta(hours=16))
    assert build(cloud) == {"years": 2, "students": 47, "whole": True}
    at(monkeypatch, NOON + timedelta(hours=17))
    assert build(cloud, whole=True)["years"] == 2


def test_a_student_who_changes_school_leaves_one_cohort_and_is_in_the_other(cloud: Cloud) -> None:
    library = Library(cloud)
    library.enrol(*(student(number) for number in range(1, 12)))
    library.enrol(replace(student(1), school="S02"))
    build(cloud)
    assert {item.sk for item in CohortItem.query("COHORTS")} == {"S01#2022#undergraduate", "S02#2022#undergraduate"}
    assert Groups().shown_to("S02#2022#undergraduate").number == 11  # type: ignore[union-attr]


def test_a_mark_of_a_cohort_is_not_taken_back_by_who_comes_late(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    late, early = cohorts.Cohorts(), cohorts.Cohorts()
    at(monkeypatch, NOON + timedelta(minutes=15))
    early.changing("a#b#c")
    cohorts.TOLD.clear()  # another process
    at(monkeypatch, NOON)
    late.changing("a#b#c")
    assert early.every() == {"a#b#c": NOON + timedelta(minutes=15)}


def test_an_import_says_once_that_a_cohort_changes(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(cohorts, "kept", lambda write: said.append("said"))
    for _ in range(5):
        cohorts.Cohorts().changing("S01#2022#undergraduate")
    assert said == ["said"]


def test_of_two_builds_at_once_the_one_that_began_later_stays(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    put_members(crowd(12))
    at(monkeypatch, NOON)
    build(cloud)
    put_members(crowd(3, first=50))
    at(monkeypatch, NOON - timedelta(minutes=1))
    build(cloud, whole=True)
    assert Groups().shown_to("S01#2022#undergraduate").number == 12  # type: ignore[union-attr]


def test_a_portrait_and_its_group_are_two_reads(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    put_members(crowd(12))
    build(cloud)
    archive, groups = Archive(), Groups()
    before = len(counted())
    found = archive.portrait("2022S01003")
    assert found and groups.of(found.student)
    assert counted()[before:] == ["BatchGetItem", "GetItem"]
