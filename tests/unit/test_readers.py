"""What readers send, and when it happened whatever their clocks say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.archive.readers import (
    AHEAD,
    LONGEST_BACK,
    MOST_PASSES,
    Device,
    Impostor,
    Malformed,
    device_of,
    message_of,
    visit_of,
)
from yinji.archive.record import wrong_with

from tests.archives import GATE, HEARD, SU, passed

CLOCKS = st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=9000))


@given(CLOCKS, st.timedeltas(min_value=timedelta(0), max_value=LONGEST_BACK))
def test_a_pass_is_told_as_of_when_it_was_however_wrong_the_clock(behind: timedelta, ago: timedelta) -> None:
    [found] = message_of(passed((1, SU.card, HEARD - ago), behind=behind)).passes
    assert not found.doubt and abs(found.at - (HEARD - ago)) <= timedelta(milliseconds=2)


@given(CLOCKS, st.timedeltas(min_value=AHEAD + timedelta(seconds=1), max_value=timedelta(days=9000)))
def test_a_pass_after_its_own_sending_is_in_doubt_and_never_in_the_future(behind: timedelta, by: timedelta) -> None:
    [found] = message_of(passed((1, SU.card, HEARD + by), behind=behind)).passes
    assert found.doubt == "ahead" and found.at <= HEARD


def test_a_pass_that_waited_longer_than_readers_do_is_in_doubt() -> None:
    [found] = message_of(passed((1, SU.card, HEARD - LONGEST_BACK - timedelta(seconds=1)))).passes
    assert found.doubt == "long-ago"


def test_a_pass_that_seems_to_be_moments_after_its_sending_was_when_it_was_sent() -> None:
    [found] = message_of(passed((1, SU.card, HEARD + timedelta(seconds=30)))).passes
    assert not found.doubt and found.at == HEARD


def test_a_message_says_by_how_much_its_reader_is_behind() -> None:
    assert message_of(passed(behind=timedelta(hours=3))).offset == timedelta(hours=3)


@pytest.mark.parametrize("more", [{"topic_device": "gate-other"}, {"client": "gate-other"}, {"client": ""}])
def test_a_reader_cannot_speak_for_another(more: dict[str, Any]) -> None:
    with pytest.raises(Impostor):
        message_of(passed((1, SU.card, HEARD), **more))


def test_a_message_by_http_has_no_client_and_its_topic_says_whose_it_is() -> None:
    assert message_of(passed((1, SU.card, HEARD), client="n/a")).device == GATE.id


@pytest.mark.parametrize(
    "more",
    [
        {"passes": [{"seq": "1", "card": SU.card, "at": "2026-06-01T04:00:00Z"}]},
        {"passes": [{"seq": True, "card": SU.card, "at": "2026-06-01T04:00:00Z"}]},
        {"passes": [{"seq": -1, "card": SU.card, "at": "2026-06-01T04:00:00Z"}]},
        {"passes": [{"seq": 1, "card": "", "at": "2026-06-01T04:00:00Z"}]},
        {"passes": [{"seq": 1, "card": "苏明", "at": "2026-06-01T04:00:00Z"}]},
        {"passes": [{"seq": 1, "card": SU.card, "at": "2026-06-01T04:00:00"}]},
        {"passes": [{"seq": 1, "card": SU.card}]},
        {"passes": [3]},
        {"passes": None},
        {"passes": [{"seq": 1, "card": SU.card, "at": "2026-06-01T04:00:00Z"}] * (MOST_PASSES + 1)},
        {"sent_at": "yesterday"},
        {"received": None},
        {"received": 10**20},
        {"boot": "a#b"},
        {"device": "A", "topic_device": "A", "client": "A"},
    ],
)
def test_what_is_no_message_is_said_to_be_none(more: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        message_of(passed((1, SU.card, HEARD)) | more)


def test_a_visit_is_one_a_day_and_place_on_the_day_of_the_campus() -> None:
    late, early = datetime(2026, 6, 1, 15, 59, tzinfo=UTC), datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
    first, second = visit_of(GATE, SU.student, late), visit_of(GATE, SU.student, early)
    assert (first.day, first.time) == (date(2026, 6, 1), "23:59")
    assert (second.day, second.time) == (date(2026, 6, 2), "00:00")
    assert first.key != second.key
    assert wrong_with(first, first.day) == ""
    other = Device("gate-main-2", "gate", GATE.place, GATE.title)
    assert visit_of(other, SU.student, late).key == first.key, "another gate of the same library"


ROW = {"device": "gate-1", "kind": "gate", "place": "library-main", "title": "中心图书馆", "retired": ""}


@pytest.mark.parametrize(
    ("more", "column"),
    [
        ({"device": "Gate 1"}, "device"),
        ({"kind": "door"}, "kind"),
        ({"place": ""}, "place"),
        ({"place": "图书馆"}, "place"),
        ({"title": "\u202e"}, "title"),
        ({"retired": "perhaps"}, "retired"),
    ],
)
def test_a_row_of_the_register_that_cannot_be_right_is_told_by_its_column(more: dict[str, str], column: str) -> None:
    assert device_of(ROW | more) == column


def test_a_row_of_the_register_is_a_reader() -> None:
    assert device_of(ROW) == Device("gate-1", "gate", "library-main", "中心图书馆")
    door = device_of(ROW | {"kind": "check-in", "place": "大礼堂", "retired": "yes"})
    assert isinstance(door, Device) and door.retired
