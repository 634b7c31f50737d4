"""The catalogue without its table: what an activity can be, what books are called, which codes are good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.archive import check_in
from yinji.archive.catalogue import activity_document as document
from yinji.archive.catalogue import (
    activity_of,
    announced_kinds,
    attended,
    book_of,
    cells_of,
    stored_activity,
    teacher_of,
    told_anew,
    wrong_with,
)
from yinji.archive.isbn import isbn_of
from yinji.archive.record import wrong_with as wrong_with_record
from yinji.platform.clock import CAMPUS

from tests.archives import AT, BEGINS, SU, activity

KEYS = ["new", "old"]


def test_an_activity_reads_back_as_it_was_stored_and_as_it_was_told() -> None:
    one = activity(about="先生\n开讲", dimension="aesthetic")
    assert stored_activity(document(one)) == one
    told = activity_of(cells_of(one))
    assert not isinstance(told, str) and told.facts == one.facts


def test_kinds_that_can_be_announced_are_those_of_activities_and_sport_and_work() -> None:
    assert announced_kinds() == ["lecture", "activity", "service", "sport", "art", "work"]


@pytest.mark.parametrize(
    ("fact", "value"),
    [("kind", "book"), ("title", ""), ("title", "x" * 201), ("school", "S99"), ("minutes", 0), ("minutes", 20_161),
     ("capacity", -1), ("dimension", "magic"), ("state", "gone"), ("about", "a\x00"), ("place", "a\nb")],
)  # fmt: skip
def test_what_cannot_be_right_is_named(fact: str, value: object) -> None:
    assert wrong_with(activity(**{fact: value})) == fact
    assert wrong_with(activity()) == ""


def test_who_signed_up_stays_signed_up_when_the_activity_is_told_of_anew() -> None:
    known = activity(taken=7, waiting=2, version=3)
    merged, outcome = told_anew(known, activity(title="新", as_of="2026-06-02T00:00:00.000Z"))
    assert (outcome, merged.taken, merged.waiting, merged.version) == ("corrected", 7, 2, 4)
    assert told_anew(known, activity())[1] == "unchanged"
    assert told_anew(known, activity(title="旧", as_of="2026-05-01T00:00:00.000Z"))[1] == "outdated"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(1, 20_160))
def test_every_moment_at_which_one_may_check_in_is_on_one_of_its_days(begins: datetime, minutes: int) -> None:
    one = activity(begins_at=begins.replace(tzinfo=UTC), minutes=minutes)
    for moment in (one.opens_at, one.begins_at, one.ends_at - timedelta(microseconds=1)):
        assert one.admits(moment) and moment.astimezone(CAMPUS).date() in one.days
    assert not one.admits(one.ends_at) and not one.admits(one.opens_at - timedelta(microseconds=1))


def test_the_record_of_who_checked_in_can_be_right() -> None:
    one = attended(activity(), SU.student, BEGINS)
    assert wrong_with_record(one, BEGINS.date()) == "" and one.counts and one.key == "check-in#A1"


@pytest.mark.parametrize(
    ("written", "isbn"),
    [("978-0-306-40615-7", "9780306406157"), ("0-306-40615-2", "9780306406157"), ("0 8044 2957 X", "9780804429573"),
     ("978-0-306-40615-8", ""), ("0-306-40615-3", ""), ("12345", ""), ("９７８", ""), ("", "")],
)  # fmt: skip
def test_a_book_is_known_by_its_thirteen_digits_however_they_were_written(written: str, isbn: str) -> None:
    assert isbn_of(written) == isbn


def test_a_row_that_tells_of_no_book_or_teacher_names_its_column() -> None:
    assert book_of({"isbn": "1", "title": "x"}) == "isbn"
    assert book_of({"isbn": "9780306406157", "title": ""}) == "title"
    assert teacher_of({"staff": "林", "name": "x"}) == "staff"
    assert teacher_of({"staff": "T0009", "name": "林", "school": "S99"}) == "school"


# --- codes -------------------------------------------------------------------------------------------------------


@given(st.integers(-600, 600))
def test_a_code_is_good_while_it_is_shown_and_for_the_next_window(seconds: int) -> None:
    code = check_in.read(check_in.token("A1", BEGINS, KEYS), KEYS)
    assert code and code.activity == "A1"
    leeway = int(check_in.LEEWAY.total_seconds())
    assert code.good(BEGINS + timedelta(seconds=seconds)) is (-leeway <= seconds < 30)


def test_a_code_holds_through_a_rotation_of_the_keys_and_no_longer() -> None:
    told = check_in.token("A1", AT, ["old"])
    assert check_in.read(told, KEYS) and check_in.read(told, ["new"]) is None


@given(st.text(max_size=400))
def test_no_other_text_is_a_code_or_a_ticket(text: str) -> None:
    assert check_in.read(text, KEYS) is None and check_in.read_ticket(text, KEYS) is None


def test_a_ticket_is_no_code_and_a_code_no_ticket() -> None:
    ticket = check_in.ticket("A1", AT)
    assert check_in.read(check_in.sign(ticket, KEYS), KEYS) is None
    assert check_in.read_ticket(check_in.token("A1", AT, KEYS), KEYS) is None
    again = check_in.read_ticket(check_in.sign(ticket, KEYS), KEYS)
    assert again == ticket and check_in.ticket("A1", AT).number != ticket.number


def test_the_code_is_drawn_as_a_picture_of_its_own() -> None:
    drawn = check_in.image("https://clearance.example.edu/archive/check-in/x")
    assert drawn.startswith("data:image/svg+xml") and len(drawn) < 6_000
