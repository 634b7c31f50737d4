"""Filters: each by itself, together, and how many each of their choices has."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from yinji.clearance import definition, selection
from yinji.clearance.case import Case
from yinji.clearance.document import case_document
from yinji.clearance.queue import Entry
from yinji.clearance.store import Lean
from yinji.clearance.view import RowView, row_view
from yinji.platform.clock import stamp

from tests.graduates import NOW, graduate, opened

LAST = ("school-approval", "diploma")
TODAY = date(2026, 6, 29)


def row(number: int, marks: dict[str, str] | None = None, **more: Any) -> RowView:
    """The row of a graduate, whose steps are as `marks` says and to do otherwise, the last ones not yet."""
    case: Case = opened(graduate(number))
    told = case_document(case)
    known = {
        "student": told["student"], "name": told["name"], "school": told["school"], "flow": told["flow"],
        "class_name": "中文 2201", "counsellor": "T0001", "programme": "", "batch": told["batch"],
        "deadline": case.deadline, "version": 1,
        "marks": {step: "w" if step in LAST else "r" for step in told["marks"]} | (marks or {}),
        "finished_at": "", "certified": False,
    }  # fmt: skip
    return row_view(Lean(**(known | more)))


DONE = dict.fromkeys(case_document(opened(graduate(1)))["marks"], "d")
FINISHED = row(1, DONE, finished_at=stamp(NOW))
STUCK = row(2, {"library-loans": "b"})
LATE = row(3, deadline=date(2026, 6, 28), class_name="中文 2202")
EARLY = row(4, {"dormitory": "s"}, deadline=date(2026, 7, 20), counsellor="T0002")
AT_SCHOOL = row(5, DONE | {"school-approval": "r", "diploma": "w"}, deadline=date(2026, 7, 20), flow="postgraduate")
ROWS = [EARLY, AT_SCHOOL, FINISHED, STUCK, LATE]


def found(**query: str) -> list[int]:
    chosen = selection.matrix(ROWS, query, TODAY)
    return [int(one.lean.student[-3:]) for one in chosen.shown]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"late": "over"}, [3]),
        ({"late": "soon"}, [2]),
        ({"turn": "school"}, [5]),
        ({"turn": "student"}, [2, 3, 4]),
        ({"show": "stuck"}, [2]),
        ({"show": "finished"}, [1]),
        ({"show": "open"}, [2, 3, 4, 5]),
        ({"flow": "postgraduate"}, [5]),
        ({"class": "中文 2202"}, [3]),
        ({"counsellor": "T0002"}, [4]),
        ({"step": "dormitory"}, [2, 3, 4]),
        ({"step": "dormitory", "state": "submitted"}, [4]),
        ({"step": "dormitory", "state": "done"}, [1, 5]),
        ({"state": "blocked"}, [2]),
        ({"late": "over", "class": "中文 2201"}, []),
        ({"q": "01004"}, [4]),
        ({"late": "sometime", "step": "nothing"}, [1, 2, 3, 4, 5]),
    ],
)
def test_each_filter_finds_its_own_and_several_find_who_meets_all(query: dict[str, str], numbers: list[int]) -> None:
    assert found(**query) == numbers


def test_orders() -> None:
    assert found(sort="deadline")[:2] == [3, 2] and found(sort="deadline")[-1] == 1
    assert found(sort="left")[-2:] == [5, 1]
    assert found(sort="library-loans")[0] == 2
    assert found(sort="class")[-1] == 3


def test_a_choice_tells_how_many_there_would_be_with_it_the_other_filters_staying() -> None:
    chosen = selection.matrix(ROWS, {"class": "中文 2201", "show": "stuck"}, TODAY)
    assert len(chosen.shown) == 1
    assert chosen.count("show", "open") == 3 and chosen.count("show", "finished") == 1
    assert chosen.count("class", "中文 2201") == 1 and chosen.count("class", "中文 2202") == 0
    for name, counts in chosen.counts.items():
        for value, number in counts.items():
            query = {"class": "中文 2201", "show": "stuck", name: value}
            assert len(selection.matrix(ROWS, query, TODAY).shown) == number, (name, value)


def test_whose_turn_it_is_names_the_school_and_the_data_apart() -> None:
    assert selection.turn(AT_SCHOOL, "school-approval") == "school"
    assert selection.turn(EARLY, "dormitory") == "office"
    assert selection.turn(LATE, "graduation-audit") == "data"
    assert selection.turn(FINISHED, "dormitory") == "nobody"


def entry(number: int, ago: timedelta, school: str = "S01", **answers: str) -> Entry:
    since = stamp(NOW - ago)
    return Entry("diploma", school, f"2022S01{number:03d}", f"学生{number}", since, 1, answers, "undergraduate")


QUEUE = [
    entry(1, timedelta(days=5), delivery="mail"),
    entry(2, timedelta(days=2), school="S02", delivery="pick-up"),
    entry(3, timedelta(hours=2), delivery="mail"),
]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"age": "long"}, [1]),
        ({"age": "days"}, [2]),
        ({"age": "new"}, [3]),
        ({"of": "S02"}, [2]),
        ({"answer.delivery": "mail"}, [1, 3]),
        ({"answer.delivery": "mail", "age": "new"}, [3]),
        ({"answer.secret": "x"}, [1, 2, 3]),
        ({"q": "学生3"}, [3]),
        ({"flow": "postgraduate"}, []),
    ],
)
def test_a_queue_by_school_flow_age_and_what_was_answered(query: dict[str, str], numbers: list[int]) -> None:
    chosen = selection.queue(QUEUE, definition.steps()["diploma"], query, NOW)
    assert [int(one.student[-3:]) for one in chosen.shown] == numbers


def test_three_days_to_the_minute_are_long() -> None:
    now = datetime.fromisoformat("2026-06-15T04:00:00+00:00")
    assert selection.age(now - timedelta(days=3), now) == "long"
    assert selection.age(now - timedelta(days=3) + timedelta(minutes=1), now) == "days"


def test_the_season_by_batch_and_flow() -> None:
    other = replace(STUCK, lean=replace(STUCK.lean, batch="2026-autumn"))
    assert len(selection.season([*ROWS, other], {"batch": "2026-autumn"}).shown) == 1
    assert len(selection.season([*ROWS, other], {"batch": "2026-summer", "flow": "postgraduate"}).shown) == 1
