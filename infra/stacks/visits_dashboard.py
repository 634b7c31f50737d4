"""The visits as they are watched: their board, and the alarms of their functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yinji.visits.desk import DEEDS

from infra.stacks.watching import (
    FULL,
    HOUR,
    THIRD,
    ServiceDashboard,
    counters,
    lines,
    ours,
    rows_of,
)

VISITS, SETTLE = "visits", "visits-settle"
COUNTED: Mapping[str, Sequence[str]] = {
    "visits-asked": ("VisitsAsked", "VisitsMoved", "VisitsCancelled", "VisitsRated"),
    "visits-days": ("VisitDaysMade", "VisitDaysSettled", "VisitsCarriedOver"),
    "visits-told": ("VisitsWithoutDay", "VisitsReminded"),
    "visits-round": ("VisitsRecorded",),
}
"""Widgets about visits, each with the metrics whose sums it shows."""


class VisitsDashboard(ServiceDashboard):
    """The board and the alarms over the stack of visits."""

    def draw(self) -> None:
        board = self.board(VISITS)
        acts = [ours("VisitsArranged", "Sum", deed, HOUR, VISITS, deed=deed) for deed in DEEDS]
        for row in rows_of([*counters(VISITS, COUNTED), lines("visits-arranged", acts, THIRD)], FULL // THIRD):
            board.add_widgets(*row)
        self.show_functions(board)

    def watch(self) -> None:
        self.watch_stream(SETTLE)
        self.watch_clock("visits-days", ours("VisitDaysMade", "SampleCount", period=HOUR, service=VISITS), 3)
        without = ours("VisitsWithoutDay", "Maximum", period=HOUR, service=VISITS)
        self.alarm("visits-without-day", VISITS, without, 1)
