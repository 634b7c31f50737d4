"""Working time over holidays and nights, and the clocks of incidents made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.platform.clock import CAMPUS
from yinji.repair.clocks import (
    ANSWER,
    KINDS,
    NONE,
    clock,
    closes_at,
    due,
    hours_of,
    next_due,
    target,
    worked,
)
from yinji.repair.incident import Incident, Priority, done

from tests.repairs_at_work import incident

MINUTE = timedelta(minutes=1)
instants = st.datetimes(datetime(2026, 8, 1), datetime(2027, 3, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(0), timedelta(hours=200))


def on(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=CAMPUS)


def minutes(start: datetime, end: datetime) -> int:
    return int(worked(start, end) / MINUTE)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (("2026-06-17", "10:00"), ("2026-06-17", "10:40"), 40),
        (("2026-06-17", "10:40"), ("2026-06-17", "10:00"), 0),
        # a night counts for nothing: two hours of the evening, one of the morning
        (("2026-06-17", "20:00"), ("2026-06-18", "09:00"), 180),
        (("2026-06-17", "23:30"), ("2026-06-18", "00:30"), 0),
        # Friday evening to Monday morning: the Dragon Boat Festival is on Friday the 19th
        (("2026-06-18", "21:00"), ("2026-06-22", "09:00"), 120),
        (("2026-06-12", "21:00"), ("2026-06-15", "09:00"), 120),
        # National Day: off from Thursday 1 October to Wednesday the 7th, for which Sunday 20 September and Saturday
        # 10 October are worked
        (("2026-09-30", "21:00"), ("2026-10-08", "09:00"), 120),
        (("2026-10-01", "00:00"), ("2026-10-08", "00:00"), 0),
        (("2026-09-18", "22:00"), ("2026-09-21", "08:00"), 840),
        (("2026-10-09", "22:00"), ("2026-10-12", "08:00"), 840),
        # Mid-Autumn Festival, Friday 25 to Sunday 27 September
        (("2026-09-24", "22:00"), ("2026-09-28", "08:00"), 0),
        # a year that is not announced: Monday to Friday
        (("2031-10-01", "00:00"), ("2031-10-08", "00:00"), 5 * 840),
    ],
)
def test_working_minutes(start: tuple[str, str], end: tuple[str, str], expected: int) -> None:
    assert minutes(on(*start), on(*end)) == expected


def test_due_over_national_day() -> None:
    assert due(on("2026-09-30", "21:30"), 60 * MINUTE) == on("2026-10-08", "08:30")
    assert due(on("2026-09-30", "21:30"), 30 * MINUTE) == on("2026-09-30", "22:00")
    # two days and a half: Thursday and Friday, half of the Saturday that is worked instead
    assert due(on("2026-10-03", "12:00"), (2 * 840 + 420) * MINUTE) == on("2026-10-10", "15:00")
    assert due(on("2026-10-03", "12:00"), NONE) == on("2026-10-03", "12:00")


@given(instants, instants, instants)
def test_working_time_adds_up_and_never_runs_backwards(one: datetime, two: datetime, three: datetime) -> None:
    a, b, c = sorted((one, two, three))
    assert worked(a, c) == worked(a, b) + worked(b, c)
    assert NONE <= worked(a, b) <= min(worked(a, c), b - a)


@given(instants, lengths)
def test_due_is_the_first_instant_with_so_much_time(start: datetime, length: timedelta) -> None:
    found = due(start, length)
    assert worked(start, found) == length
    if length:
        assert worked(start, found - timedelta(microseconds=1)) < length


@given(instants, lengths, lengths)
def test_due_may_be_reached_in_two_steps(start: datetime, one: timedelta, two: timedelta) -> None:
    assert due(due(start, one), two) == due(start, one + two) or not two


def test_hours_of_every_day_are_in_order() -> None:
    for ahead in range(400):
        spans = [one for span in hours_of(date(2026, 1, 1) + timedelta(days=ahead)) for one in span]
        assert spans == sorted(set(spans))


def test_more_urgent_is_sooner_and_a_raise_is_not_overdue_at_once() -> None:
    priorities: tuple[Priority, ...] = get_args(Priority)
    for kind in KINDS:
        assert [target(kind, one) for one in priorities] == sorted({target(kind, one) for one in priorities})
    for before, after in zip(priorities[1:], priorities, strict=False):
        assert target("response", before) < target("repair", after)
    assert all(target("response", one) < target("repair", one) for one in priorities)


# --- clocks of incidents -------------------------------------------------------------------------------------

OPENED = on("2026-06-17", "10:00")


def opened(**more: object) -> Incident:
    return incident(opened_at=OPENED, changed_at=OPENED, times={"open": OPENED}, **more)


def then(one: Incident, *acts: tuple[str, datetime]) -> Incident:
    for act, at in acts:
        one, _ = done(one, act, "T0001", at, f"{act}{at}")  # type: ignore[arg-type]
    return one


def test_a_clock_runs_and_runs_out() -> None:
    one = opened()
    assert clock(one, "response", OPENED).due == on("2026-06-17", "14:00")
    assert clock(one, "response", OPENED).standing == "running"
    assert clock(one, "response", on("2026-06-17", "13:30")).standing == "soon"
    late = clock(one, "response", on("2026-06-17", "14:30"))
    assert (late.standing, late.left, late.due) == ("overdue", -30 * MINUTE, on("2026-06-17", "14:00"))


def test_a_clock_is_kept_or_missed() -> None:
    kept = then(opened(), ("take", on("2026-06-17", "11:00")))
    assert clock(kept, "response", on("2026-06-30", "11:00")).standing == "kept"
    missed = then(opened(), ("take", on("2026-06-17", "15:00")))
    assert clock(missed, "response", on("2026-06-17", "15:00")).standing == "missed"
    to_repair = next_due(missed, on("2026-06-17", "15:00"))
    assert to_repair and to_repair.kind == "repair"
    assert next_due(then(kept, ("fix", on("2026-06-17", "12:00"))), OPENED) is None


def test_a_clock_stands_still_while_nobody_can_go_on() -> None:
    one = then(opened(), ("take", on("2026-06-17", "11:00")), ("need-parts", on("2026-06-17", "12:00")))
    waits = clock(one, "repair", on("2026-06-25", "12:00"))
    assert (waits.standing, waits.due, waits.left) == ("paused", None, (1680 - 120) * MINUTE)
    again = then(one, ("go-on", on("2026-06-25", "12:00")))
    runs = clock(again, "repair", on("2026-06-25", "12:00"))
    assert runs.standing == "running" and runs.due == due(on("2026-06-25", "12:00"), 1560 * MINUTE)
    twice = then(again, ("need-access", on("2026-06-25", "13:00")), ("fix", on("2026-06-29", "13:00")))
    assert clock(twice, "repair", on("2026-07-30", "13:00")).left == (1680 - 180) * MINUTE


def test_what_ran_out_before_it_waited_stays_overdue() -> None:
    one = then(opened(), ("take", on("2026-06-17", "11:00")), ("need-parts", on("2026-06-23", "12:00")))
    late = clock(one, "repair", on("2026-06-25", "12:00"))
    assert late.standing == "overdue" and late.due == due(OPENED, 1680 * MINUTE)


def test_both_clocks_begin_anew_when_it_is_opened_again() -> None:
    one = then(
        opened(),
        ("take", on("2026-06-17", "11:00")),
        ("need-parts", on("2026-06-17", "12:00")),
        ("fix", on("2026-06-18", "12:00")),
        ("reopen", on("2026-06-22", "09:00")),
    )
    assert one.waits == () and clock(one, "response", on("2026-06-22", "09:00")).due == on("2026-06-22", "13:00")
    # handing it over does not
    over = then(one, ("take", on("2026-06-22", "10:00")), ("hand-over", on("2026-06-22", "11:00")))
    assert clock(over, "repair", on("2026-06-22", "11:00")).left == (1680 - 120) * MINUTE


def test_it_closes_by_itself_some_days_after_it_was_mended() -> None:
    at = on("2026-06-17", "12:00")
    one = then(opened(), ("take", at), ("fix", at))
    assert closes_at(one) == at + ANSWER and closes_at(opened()) is None
