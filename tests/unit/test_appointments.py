"""Which times there are, which of them may be booked, and who holds one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from yinji.clearance import appointments, calendar, definition
from yinji.clearance.appointments import Standing
from yinji.clearance.case import Case, correct
from yinji.clearance.view import case_view
from yinji.identity.session import Session
from yinji.platform.clock import CAMPUS

from tests.graduates import BATCH, LIN, event, opened
from tests.unit.test_case import act, settled

TOLD = definition.Appointments(
    field="slot", title={"zh": "查房", "en": "Inspection"}, times=(("08:30", "10:00"), ("14:00", "15:30")),
    capacity=2, days_ahead=14, notice_hours=12,
)  # fmt: skip
NATIONAL_DAY = [date(2026, 10, day) for day in range(1, 8)]


@pytest.mark.parametrize("day", NATIONAL_DAY)
def test_nobody_works_in_the_week_of_the_national_day(day: date) -> None:
    assert not appointments.working_day(day)
    assert appointments.of_day(TOLD, day) == []


@pytest.mark.parametrize("day", [date(2026, 9, 20), date(2026, 10, 10), date(2026, 2, 14)])
def test_a_weekend_that_makes_up_for_a_holiday_is_worked(day: date) -> None:
    assert day.weekday() >= 5
    assert appointments.working_day(day)
    assert [slot.id for slot in appointments.of_day(TOLD, day)] == [f"{day}T08:30", f"{day}T14:00"]


def test_a_year_that_is_not_announced_has_mondays_to_fridays_and_is_named() -> None:
    unknown = date(2099, 10, 1)
    assert not appointments.announced(unknown) and appointments.announced(date(2026, 12, 31))
    week = [unknown + timedelta(days=ahead) for ahead in range(7)]
    assert [appointments.working_day(day) for day in week] == [day.weekday() < 5 for day in week]
    assert appointments.unannounced([date(2026, 12, 31), *week]) == [2099]


def test_what_is_past_too_soon_or_too_far_ahead_is_not_offered() -> None:
    now = datetime(2026, 9, 30, 2, 0, tzinfo=CAMPUS)  # twelve hours before 14:00
    days = [day for day, _ in appointments.offers(TOLD, {}, now)]
    assert days == [date(2026, 9, 30), date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10), *(
        date(2026, 10, day) for day in (12, 13, 14)
    )]  # fmt: skip
    first = appointments.bookable(TOLD, now)[0]
    assert first.id == "2026-09-30T14:00" and first.start == datetime(2026, 9, 30, 6, 0, tzinfo=UTC)
    assert appointments.bookable(TOLD, now + timedelta(seconds=1))[0].id == "2026-10-08T08:30"


@pytest.mark.parametrize(("kept", "free", "capacity"), [
    (Standing(), 2, 2), (Standing(1), 1, 2), (Standing(2), 0, 2), (Standing(0, 5), 5, 5), (Standing(3, 1), 0, 1),
    (Standing(0, 0), 0, 0), (Standing(1, None, True), 0, 2), (Standing(1, 9, True), 0, 9),
])  # fmt: skip
def test_a_slot_has_the_places_that_office_and_bookings_leave(kept: Standing, free: int, capacity: int) -> None:
    slot = appointments.of_day(TOLD, date(2026, 6, 16))[0]
    offer = appointments.offer(TOLD, slot, {slot.id: kept})
    assert (offer.free, offer.capacity) == (free, capacity)


def test_a_time_is_said_with_its_weekday() -> None:
    assert appointments.say(TOLD, "2026-06-16T08:30", "en") == "Tue 16 June 2026 08:30–10:00"
    assert appointments.say(TOLD, "2026-06-16T08:30", "zh") == "2026 年 6 月 16 日 周二 08:30–10:00"
    assert appointments.say(TOLD, "2026-06-16T08:31", "en") == "2026-06-16T08:31", "a time that is no more"


def held(case: Case) -> list[tuple[str, bool]]:
    return [(one.slot, one.done) for one in appointments.bookings(case).values()]


def test_a_time_is_held_from_booking_on_and_given_up_with_whatever_ends_it() -> None:
    case = act(opened(), "dormitory", "book-inspection")
    assert held(case) == [("2026-06-16T08:30", False)]
    assert held(act(case, "dormitory", "book-inspection", slot="2026-06-17T14:00")) == [("2026-06-17T14:00", False)]
    assert held(act(case, "dormitory", "send-back")) == []
    assert held(act(case, "dormitory", "waive")) == []
    done = act(case, "dormitory", "sign-off")
    assert held(done) == [("2026-06-16T08:30", True)], "who has been there stays counted"
    again = act(done, "dormitory", "reopen")
    assert held(again) == [] and "slot" not in again.steps["dormitory"].facts.answers
    gone = correct(case, replace(LIN, flags=frozenset()), BATCH, event("c"))
    assert gone and held(gone.after) == [], "the step is gone"


def test_who_leaves_the_country_gives_the_time_up_and_is_asked_anew() -> None:
    guest = replace(LIN, category="international")
    case = act(opened(guest), "dormitory", "book-inspection")
    abroad = replace(guest, flags=frozenset({"lives_in", "abroad"}))
    moved = correct(case, abroad, BATCH, event("c"))
    assert moved and held(moved.after) == []
    assert moved.after.state("dormitory") == "ready"
    done = act(case, "dormitory", "sign-off")
    kept = correct(done, abroad, BATCH, event("d"))
    assert kept and kept.after.state("dormitory") == "done", "what is done stays done"


def test_only_who_comes_to_the_room_is_told_which_it_is() -> None:
    case = act(opened(), "dormitory", "book-inspection")
    assert [one.room for one in appointments.bookings(case).values()] == [LIN.room] and LIN.room
    approved = act(settled(opened()), "school-approval", "sign-off")
    case = act(approved, "diploma", "book-pick-up")
    assert {one.step: one.room for one in appointments.bookings(case).values()}["diploma"] == ""


@pytest.mark.parametrize(("language", "summary"), [("zh", "查房"), ("en", "Room inspection")])
def test_the_calendar_file_says_when_and_where(language: str, summary: str) -> None:
    case = act(opened(), "dormitory", "book-inspection")

    def read(case: Case) -> Calendar:
        view = case_view(case, Session(LIN.student, "student", "x"), language)
        step = next(one for one in view.steps if one.id == "dormitory")
        return Calendar.from_ical(calendar.appointment(case, step, language, "https://yinji.example.edu"))

    file = read(case)
    [zone], [found] = file.walk("VTIMEZONE"), file.walk("VEVENT")
    assert zone["TZID"] == "Asia/Shanghai" and file["PRODID"] and file["VERSION"] == "2.0"
    assert found["SUMMARY"] == summary and found["LOCATION"] == LIN.room
    assert found["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert found.decoded("DTSTART").replace(tzinfo=CAMPUS) == datetime(2026, 6, 16, 8, 30, tzinfo=CAMPUS)
    assert found.decoded("DTEND") - found.decoded("DTSTART") == timedelta(minutes=90)
    moved = read(act(case, "dormitory", "book-inspection", slot="2026-06-17T14:00")).walk("VEVENT")[0]
    assert moved["UID"] == found["UID"] and LIN.student not in found["UID"]
    assert int(moved["SEQUENCE"]) > int(found["SEQUENCE"])


def test_old_answers_of_open_cases_are_still_shown() -> None:
    case = act(opened(), "dormitory", "book-inspection")
    record = case.steps["dormitory"]
    old = replace(record, facts=replace(record.facts, answers={"date": "2026-06-16", "half_day": "morning"}))
    case = replace(case, steps={**case.steps, "dormitory": old})
    view = case_view(case, Session(LIN.student, "student", "x"), "en")
    [shown] = [step.answers for step in view.steps if step.id == "dormitory"]
    assert [answer for _, answer in shown] == ["2026-06-16", "Morning 8:30–11:30"]
    assert held(case) == []
