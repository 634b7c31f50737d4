"""Appointments: which times a step offers, and which one a case holds.

A slot is named by its beginning on the campus' clock, "2026-06-16T08:30". Days on which China works are told by
chinese_calendar, which knows the State Council's yearly announcement: public holidays, and the weekends worked instead.
A year that has not been announced yet is taken as Monday to Friday, and people are told so (`announced`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs]

from yinji.clearance import definition
from yinji.clearance.definition import Appointments, Field, StepDefinition, Text
from yinji.platform.clock import CAMPUS
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from yinji.clearance.case import Case, StepRecord

SATURDAY = 5
HELD_IN = frozenset({"submitted", "done"})
"""The stored states in which a booked time is the graduate's: what was sent back or waived gives it up."""
WEEKDAYS: tuple[Text, ...] = (
    {"zh": "周一", "en": "Mon"},
    {"zh": "周二", "en": "Tue"},
    {"zh": "周三", "en": "Wed"},
    {"zh": "周四", "en": "Thu"},
    {"zh": "周五", "en": "Fri"},
    {"zh": "周六", "en": "Sat"},
    {"zh": "周日", "en": "Sun"},
)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True)
class Slot:
    """A time of a step's day; both instants carry the campus' offset."""

    start: datetime
    end: datetime

    @property
    def id(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M}"

    @property
    def hours(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"


@dataclass(frozen=True)
class Standing:
    """What is kept of a slot: how many hold it, and what the office decided about it, if anything."""

    booked: int = 0
    capacity: int | None = None
    closed: bool = False


UNTOUCHED = Standing()


@dataclass(frozen=True)
class Offer:
    """A slot as it stands. `capacity` is the office's, or the step's; what was booked above a new capacity stays."""

    slot: Slot
    booked: int
    capacity: int
    closed: bool

    @property
    def free(self) -> int:
        return 0 if self.closed else max(self.capacity - self.booked, 0)


@dataclass(frozen=True)
class Booking:
    """Who comes to a slot of a step; `done` once the office has signed."""

    step: str
    slot: str
    student: str
    name: str
    school: str
    room: str = ""
    done: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.step, self.slot, self.student


def announced(day: date) -> bool:
    """Whether the working days of the year of `day` are known; the calendar's last year is the last announced one."""
    return _first_year() <= day.year <= _last_year()


@cache
def _last_year() -> int:
    return max(day.year for day in chinese_calendar.constants.holidays)


@cache
def _first_year() -> int:
    return min(day.year for day in chinese_calendar.constants.holidays)


def working_day(day: date) -> bool:
    """Whether the campus works on `day`; Monday to Friday in a year that is not announced."""
    if not announced(day):
        return day.weekday() < SATURDAY
    return bool(chinese_calendar.is_workday(day))  # pyright: ignore[reportUnknownMemberType]


def of_day(told: Appointments, day: date) -> list[Slot]:
    """The slots of `day`; none on a day that is not worked."""
    return [_slot(day, *hours) for hours in told.times] if working_day(day) else []


def _slot(day: date, start: str, end: str) -> Slot:
    return Slot(
        datetime.fromisoformat(f"{day.isoformat()}T{start}").replace(tzinfo=CAMPUS),
        datetime.fromisoformat(f"{day.isoformat()}T{end}").replace(tzinfo=CAMPUS),
    )


def parse(told: Appointments, text: str) -> Slot | None:
    """The slot of that name, if the step has such a time on such a day; whether it may be booked is another matter."""
    try:
        day = date.fromisoformat(text.partition("T")[0])
    except ValueError:
        return None
    return next((slot for slot in (_slot(day, *hours) for hours in told.times) if slot.id == text), None)


def days(told: Appointments, now: datetime) -> Iterator[date]:
    """The working days on which something may be booked at `now`, whether or not a time of today is still left."""
    today = now.astimezone(CAMPUS).date()
    for ahead in range(told.days_ahead + 1):
        day = today + timedelta(days=ahead)
        if working_day(day):
            yield day


def bookable(told: Appointments, now: datetime) -> list[Slot]:
    """Every slot that is neither past, nor too soon, nor too far ahead at `now`."""
    earliest = now + timedelta(hours=told.notice_hours)
    return [slot for day in days(told, now) for slot in of_day(told, day) if slot.start >= earliest]


def check(told: Appointments, text: str, now: datetime) -> None:
    """Raise Problem("slot-not-possible") unless the slot named `text` may be booked at `now`, places apart."""
    slot = parse(told, text)
    if slot is None or not working_day(slot.start.date()):
        raise Problem("slot-not-possible")
    ahead = (slot.start.date() - now.astimezone(CAMPUS).date()).days
    if ahead > told.days_ahead or slot.start < now + timedelta(hours=told.notice_hours):
        raise Problem("slot-not-possible")


def offer(told: Appointments, slot: Slot, kept: Mapping[str, Standing]) -> Offer:
    """`slot` as it stands, given what is `kept` of slots."""
    known = kept.get(slot.id, UNTOUCHED)
    return Offer(slot, known.booked, told.capacity if known.capacity is None else known.capacity, known.closed)


def offers(told: Appointments, kept: Mapping[str, Standing], now: datetime) -> list[tuple[date, list[Offer]]]:
    """What may be booked at `now`, by day; full and closed slots among them."""
    by_day: dict[date, list[Offer]] = {}
    for slot in bookable(told, now):
        by_day.setdefault(slot.start.date(), []).append(offer(told, slot, kept))
    return list(by_day.items())


def is_slot(field: Field) -> bool:
    return field.schema.get("format") == "slot"


def held_slot(step: StepDefinition, record: StepRecord) -> str:
    """The slot that the step's graduate holds, or nothing."""
    if not step.appointments or record.standing.state not in HELD_IN:
        return ""
    return str(record.facts.answers.get(step.appointments.field) or "")


def bookings(case: Case | None) -> dict[tuple[str, str, str], Booking]:
    """What `case` has booked, by step, slot and student; a practice case takes nobody's place."""
    found: dict[tuple[str, str, str], Booking] = {}
    for id, record in case.steps.items() if case and not case.practice else ():
        step = definition.steps().get(id)
        if case and step and (slot := held_slot(step, record)):
            who = case.graduate
            # whose office does not come to the room need not know which it is
            room = who.room if step.appointments and step.appointments.in_room else ""
            booking = Booking(id, slot, who.student, who.name, who.school, room, done=record.standing.state == "done")
            found[booking.key] = booking
    return found


def say_day(day: date, language: str) -> str:
    """A day with its weekday, as people write it."""
    weekday = WEEKDAYS[day.weekday()]
    if language == "zh":
        return f"{day.year} 年 {day.month} 月 {day.day} 日 {weekday['zh']}"
    return f"{weekday['en']} {day.day} {MONTHS[day.month - 1]} {day.year}"


def say(told: Appointments, text: str, language: str) -> str:
    """The slot named `text` with weekday and hours; as it is when the step no longer has such a time."""
    slot = parse(told, text)
    return f"{say_day(slot.start.date(), language)} {slot.hours}" if slot else text


def unannounced(shown: Sequence[date]) -> list[int]:
    """The years among the days `shown` whose holidays are not known yet."""
    return sorted({day.year for day in shown if not announced(day)})
