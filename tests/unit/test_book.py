"""The book of an archive: it says what is certified and nothing else, the same whatever order it comes in."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yinji.archive.groups import year
from yinji.archive.portrait import portrait
from yinji.archive.record import Certification, Record
from yinji.archive.transcript import transcript
from yinji.editions.book import Book, book

from infra.local.season import book as demo
from tests.archives import AT, SU, member, record, records

DAY = date(2024, 10, 1)


def things(told: Book) -> int:
    return sum(len(thing["days"]) for chapter in told["chapters"] for thing in chapter["things"])


@given(records(DAY, 25), st.randoms(use_true_random=False))
def test_the_same_records_make_the_same_book_in_whatever_order(every: list[Record], random: Any) -> None:
    shuffled = random.sample(every, len(every))
    assert json.dumps(book(SU, every, None)) == json.dumps(book(SU, shuffled, None))


@given(records(DAY, 25))
def test_every_record_that_counts_stands_in_it_once_and_no_other(every: list[Record]) -> None:
    counting = [one for one in every if one.counts]
    told = book(SU, every, None)
    assert told["records"] == things(told) == len(counting)
    assert sum(one["records"] for one in told["years"]) == len(counting)
    assert sum(sum(one["months"]) for one in told["years"]) == len(counting)
    assert sum(one["records"] for one in told["vouched"]) == len(counting)
    assert told == book(SU, counting, None)


@given(records(DAY, 25))
def test_it_says_the_hours_and_points_that_the_transcript_and_the_portrait_say(every: list[Record]) -> None:
    told, hours, seen = book(SU, every, None), transcript(SU, every), portrait(SU, every)
    assert (told["transcript"]["credited"], told["transcript"]["asked"]) == (hours.credited, hours.asked)
    assert sum(line["credited"] for part in told["transcript"]["parts"] for line in part["lines"]) == hours.credited
    assert told["overall"] == seen.score()
    assert [one["reached"] for one in told["hundreds"]] == [one.reached for one in hours.hundreds]


def test_an_archive_without_records_is_a_book_as_well() -> None:
    told = book(SU, [], None)
    assert (told["first"], told["last"], told["records"], told["years"], told["chapters"]) == ("", "", 0, [], [])
    assert told["student"]["name"] == SU.name and told["group"] is None


def test_notes_are_not_told() -> None:
    """What a student and a teacher talked of stays between them."""
    talk = record(1, "teacher-talk", title="吕涛老师", note="谈了家里的事")
    assert "家里" not in json.dumps(book(SU, [talk], None), ensure_ascii=False)


def test_the_same_thing_on_several_days_is_one_thing() -> None:
    every = [record(at, entity="isbn-1", title="乌合之众", day=DAY + timedelta(days=at)) for at in (3, 1, 2)]
    [chapter] = book(SU, every, None)["chapters"]
    assert [thing["days"] for thing in chapter["things"]] == [["2024-10-02", "2024-10-03", "2024-10-04"]]


def test_of_a_person_the_school_is_told_and_of_a_system_its_name() -> None:
    by_person = record(1, "service", source="claims", certification=Certification("T0001", AT))
    told = book(SU, [by_person, record(2)], None)["vouched"]
    assert [(one["person"], one["records"]) for one in told] == [(False, 1), (True, 1)]
    assert "T0001" not in json.dumps(told)


def test_beside_a_group_it_says_where_the_student_is_and_whom_it_compares_with() -> None:
    group = year("2022", "undergraduate", [member(number, overall=number) for number in range(12)]).whole
    told = book(SU, [record(at, entity=f"e{at}") for at in range(11)], group)
    assert told["group"] and told["group"]["number"] == 12 and "2022" in told["group"]["title"]["en"]
    # of so few the highest tenth is not told
    assert told["overall_place"] and told["overall_place"]["share"] == 90
    assert told["overall_place"]["median"] <= told["overall_place"]["p75"] <= told["overall"]


def test_the_demo_has_books_as_students_have_them() -> None:
    told = demo.book_of(demo.typical())
    assert 90 <= told["records"] <= 130 and len(told["years"]) == 4 and len(told["chapters"]) >= 8
    assert told["group"] and told["group"]["number"] >= 10
