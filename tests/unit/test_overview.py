"""The season at a glance: shades, days and bottlenecks, from the cases alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from yinji.clearance import overview
from yinji.clearance.overview import Cell
from yinji.platform.clock import stamp

from tests.graduates import BATCH, NOW
from tests.unit.test_selection import DONE, row


def finished(number: int, at: datetime) -> object:
    return row(number, DONE, finished_at=stamp(at))


def test_a_heat_map_counts_who_has_not_settled_each_step() -> None:
    rows = [row(1, DONE), row(2, {"library-loans": "b"}), row(3, {"dormitory": "v"})]
    heat = overview.heat_map({"S01": rows, "S02": []})
    assert list(heat) == ["S01"], "a school without cases has no row"
    assert heat["S01"]["library-loans"] == Cell(3, 2, 1)
    assert heat["S01"]["dormitory"] == Cell(3, 1)
    assert overview.total([*heat.values(), {}], "library-loans") == Cell(3, 2, 1)


@pytest.mark.parametrize(("left", "shade"), [(0, 0), (1, 1), (19, 1), (20, 2), (59, 3), (60, 4), (99, 5), (100, 5)])
def test_each_fifth_of_the_cases_is_a_shade(left: int, shade: int) -> None:
    assert Cell(100, left).shade == shade


def test_a_burn_down_goes_from_all_to_who_is_left_and_no_further_than_today() -> None:
    rows = [
        finished(1, datetime(2026, 6, 3, 2, tzinfo=UTC)),
        finished(2, datetime(2026, 6, 3, 17, tzinfo=UTC)),  # after midnight on the campus
        row(3),
        row(4, batch="another"),
    ]
    found = overview.burn_down(rows, BATCH, date(2026, 6, 5))  # type: ignore[arg-type]
    assert found.cases == 3 and found.days[0].day == BATCH.opens_on and found.days[-1].day == BATCH.deadline
    assert [day.unfinished for day in found.days[:6]] == [3, 3, 2, 1, 1, None]
    assert (found.days[0].ideal, found.days[-1].ideal) == (3, 0)
    assert found.now and found.now.day == date(2026, 6, 5) and found.behind == -2


def test_a_burn_down_goes_on_behind_the_deadline_while_somebody_is_left() -> None:
    found = overview.burn_down([row(1)], BATCH, date(2026, 7, 10))
    assert found.days[-1].day == date(2026, 7, 10) and found.days[-1].unfinished == 1 and found.behind == 1
    over = overview.burn_down([finished(1, NOW)], BATCH, date(2026, 9, 1))  # type: ignore[list-item]
    assert over.days[-1].day == BATCH.deadline and over.days[-1].unfinished == 0


def test_a_batch_that_has_not_opened_tells_nothing_yet() -> None:
    found = overview.burn_down([row(1)], BATCH, date(2026, 5, 1))
    assert found.now is None and found.behind == 0 and found.days[0].unfinished is None


def test_the_step_that_holds_up_most_people_stands_first_with_whose_turn_it_is_and_how_long_they_wait() -> None:
    rows = [row(1, {"dormitory": "s"}), row(2, {"dormitory": "s", "exit-survey": "d"}), row(3, DONE)]
    waits = {"dormitory": [NOW - timedelta(days=4), NOW - timedelta(days=2)]}
    found = overview.bottlenecks(rows, waits, NOW)
    by_step = {one.step.id: one for one in found}
    dormitory = by_step["dormitory"]
    assert (dormitory.holding, dormitory.turns["office"], dormitory.queued) == (2, 2, 2)
    assert dormitory.median == timedelta(days=3) and dormitory.longest == timedelta(days=4)
    assert by_step["exit-survey"].turns == {"student": 1, "office": 0, "data": 0, "school": 0}
    assert [one.holding for one in found] == sorted((one.holding for one in found), reverse=True)
    assert by_step["exit-survey"].median is None


def test_a_step_whose_turn_has_not_come_holds_nobody_up() -> None:
    [diploma] = [one for one in overview.bottlenecks([row(1, {"diploma": "w"})], {}, NOW) if one.step.id == "diploma"]
    assert (diploma.left, diploma.holding) == (1, 0)
