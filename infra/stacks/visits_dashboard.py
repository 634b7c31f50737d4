"""The visits as they are watched: their board, and the alarms of their functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_sns as sns
from constructs import Construct
from yinji.visits.desk import DEEDS

from infra.setting import Setting
from infra.stacks.service import ServiceStack
from infra.stacks.watching import (
    FULL,
    HALF,
    HOUR,
    QUARTER,
    THIRD,
    WatchingStack,
    depth,
    durations,
    lines,
    of_lambda,
    ours,
    rows_of,
    text,
)

VISITS, SETTLE = "visits", "visits-settle"
COUNTED: Mapping[str, Sequence[str]] = {
    "visits-asked": ("VisitsAsked", "VisitsMoved", "VisitsCancelled", "VisitsRated"),
    "visits-days": ("VisitDaysMade", "VisitDaysSettled", "VisitsCarriedOver"),
    "visits-told": ("VisitsWithoutDay", "VisitsReminded"),
    "visits-round": ("VisitsRecorded",),
}
"""Widgets about visits, each with the metrics whose sums it shows."""


class VisitsDashboard(WatchingStack):
    """The board and the alarms over the stack of visits, `watched`; alarms go to `alarms`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        watched: Sequence[ServiceStack],
        alarms: sns.ITopic,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, watched, **more)
        self.alarms = alarms
        board = self.board(VISITS)
        sums = [
            lines(widget, [ours(one, "Sum", text("series", one), HOUR, VISITS) for one in names], THIRD)
            for widget, names in COUNTED.items()
        ]
        acts = [ours("VisitsArranged", "Sum", deed, HOUR, VISITS, deed=deed) for deed in DEEDS]
        sums.append(lines("visits-arranged", acts, THIRD))
        for row in rows_of(sums, FULL // THIRD):
            board.add_widgets(*row)
        board.add_widgets(
            lines("errors", [of_lambda(function, "Errors", "Sum") for function in self.watched], HALF),
            lines("failures", [depth(function) for function in self.watched if function.queue], HALF, threshold=1),
        )
        for row in rows_of(self.watched, FULL // QUARTER):
            board.add_widgets(*(durations(function) for function in row))
        self.watch_functions()
        self.watch_stream(SETTLE)
        self.watch_clock("visits-days", ours("VisitDaysMade", "SampleCount", period=HOUR, service=VISITS), 3)
        without = ours("VisitsWithoutDay", "Maximum", period=HOUR, service=VISITS)
        self.alarm("visits-without-day", VISITS, without, 1)
