"""The story of an archive: everything is told once, and what is told of it is true."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yinji.archive.record import Record
from yinji.archive.story import DEAR, HABIT, MANY, PLACES, Story, Wanted, story
from yinji.archive.terms import year_of

from tests.archives import record, records

DAY = date(2024, 10, 1)


def visit(number: int, day: date) -> Record:
    return record(number, "library-visit", title="北区", entity="", place="图书馆", day=day)


def told(found: Story) -> list[str]:
    lines = [line for year in found.years for line in (*year.habits, *(one for m in year.months for one in m.lines))]
    return [one.key for line in lines for one in line.records] + [one.key for one in found.taken_back]


@given(records(DAY, 60), st.randoms(use_true_random=False))
def test_every_record_is_told_exactly_once_in_whatever_order_they_come(some: list[Record], chance: Any) -> None:
    found = story(some, "2022")
    assert Counter(told(found)) == Counter(one.key for one in some)
    mixed = list(some)
    chance.shuffle(mixed)
    assert story(mixed, "2022") == found


@given(records(DAY, 60))
def test_a_record_is_told_in_its_year_and_month_and_the_latest_comes_first(some: list[Record]) -> None:
    found = story(some, "2022")
    assert [one.year for one in found.years] == sorted((one.year for one in found.years), reverse=True)
    for year in found.years:
        assert year.records == sum(year_of(one.term) == year.year for one in some if one.state != "void")
        assert [one.month for one in year.months] == sorted((one.month for one in year.months), reverse=True)
        for month in year.months:
            days = [line.last for line in month.lines]
            assert days == sorted(days, reverse=True)
            assert {one.day.replace(day=1) for line in month.lines for one in line.records} == {month.month}
        for moment in year.moments:
            assert moment.record.counts and year_of(moment.record.term) == year.year
    assert sum(found.months.values()) == sum(one.counts for one in some)


def test_a_year_in_the_library_is_one_line_that_opens() -> None:
    days = [visit(number, DAY + timedelta(days=2 * number)) for number in range(87)]
    [year] = story([*days, record(500)], "2022").years
    assert [(line.kind, len(line.records)) for line in year.habits] == [("library-visit", 87)]
    assert [line.kind for month in year.months for line in month.lines] == ["book"]
    [line] = year.habits
    assert (line.first, line.last) == (days[0].day, days[-1].day)
    assert not story(days[: HABIT - 1], "2022").years[0].habits


def test_many_books_of_one_month_are_one_line_and_awards_never_are() -> None:
    books = [record(number) for number in range(MANY)]
    awards = [record(100 + number, "award", title=f"奖 {number}", level="school", entity="") for number in range(MANY)]
    [month] = story([*books, *awards], "2022").years[0].months
    assert sorted((line.kind, len(line.records)) for line in month.lines) == [*[("award", 1)] * MANY, ("book", MANY)]
    assert len(story(books[1:], "2022").years[0].months[0].lines) == MANY - 1


def test_firsts_and_round_numbers_count_different_things_that_count() -> None:
    books = [record(number, day=DAY + timedelta(days=number)) for number in range(60)]
    again = record(900, entity="isbn-0", day=DAY + timedelta(days=8))
    pending = record(901, state="pending", certification=None, day=DAY - timedelta(days=30))
    found = story([*books, again, pending], "2022")
    moments = [(one.kind, one.number, one.record.title) for year in found.years for one in year.moments]
    assert moments == [("book", 1, "书 0"), ("book", 10, "书 9"), ("book", 50, "书 49")]


def test_a_year_tells_its_busiest_month_its_dearest_place_and_its_longest_run() -> None:
    weekly = [visit(number, DAY + timedelta(weeks=number)) for number in range(6)]
    later = [visit(50 + number, date(2025, 5, 5 + number)) for number in range(4)]
    [year] = story([*weekly, *later], "2022").years
    assert year.study == 3
    assert year.busiest == (date(2024, 10, 1), 5)
    assert year.place == ("图书馆", 10)
    assert year.weeks == 6
    assert year.counts == {"library-visit": 10}
    few = story(weekly[: DEAR - 1], "2022").years[0]
    assert (few.place, few.weeks) == (None, 0)


def test_a_year_tells_its_different_books_and_teachers_and_where_most_was() -> None:
    books = [record(number, entity=f"isbn-{number % 3}", day=DAY + timedelta(days=number)) for number in range(5)]
    talks = [
        record(20 + number, "teacher-talk", title=f"老师 {number % 2}", entity=f"T{number % 2}", place=f"楼 {number}",
               day=DAY + timedelta(days=number))
        for number in range(7)
    ]  # fmt: skip
    waits = record(30, entity="isbn-9", state="pending", certification=None)
    [year] = story([*books, *talks, waits], "2022").years
    assert [one.title for one in year.shelf] == ["书 0", "书 1", "书 2"]
    assert [(one.title, times) for one, times in year.teachers] == [("老师 0", 4), ("老师 1", 3)]
    assert len(year.places) == PLACES and year.places[0][1] == max(times for _, times in year.places)


def test_what_was_taken_back_is_told_at_the_end_and_counts_nowhere() -> None:
    found = story([record(1, state="void", certification=None)], "2022")
    assert [one.id for one in found.taken_back] == ["L1"] and not found.years and not found.months
    assert found.year("2024-2025") is None


def test_months_without_anything_are_months_too() -> None:
    found = story([record(1, day=date(2024, 11, 30)), record(2, day=date(2025, 2, 1))], "2022")
    assert list(found.months.items()) == [
        (date(2024, 11, 1), 1), (date(2024, 12, 1), 0), (date(2025, 1, 1), 0), (date(2025, 2, 1), 1),
    ]  # fmt: skip


@given(records(DAY, 60))
def test_what_is_asked_for_is_what_fits(some: list[Record]) -> None:
    for one in some:
        every = Wanted(year_of(one.term), one.term, one.education, one.kind, "", one.state)
        assert every.fits(one) and Wanted().fits(one)
        assert not Wanted(kind="nothing").fits(one) and not Wanted(hundred="nothing").fits(one)
    books = [one for one in some if Wanted(hundred="books").fits(one)]
    assert books == [one for one in some if one.kind == "book"]
