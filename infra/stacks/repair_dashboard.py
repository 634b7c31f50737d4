"""The repair of the network as it is watched: its board, and the alarms of its functions and of faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from aws_cdk import aws_cloudwatch as cloudwatch
from yinji.repair.incident import Priority
from yinji.repair.monitoring_store import OUTCOMES
from yinji.repair.work import DEEDS

from infra.stacks.watching import (
    FULL,
    HALF,
    HOUR,
    QUARTER,
    THIRD,
    Above,
    ServiceDashboard,
    counters,
    lines,
    ours,
    rows_of,
)

REPAIR, TRIAGE = "repair", "repair-triage"
REPAIRED: Mapping[str, Sequence[str]] = {
    "repair-reports": ("ReportsFiled", "ReportsSentAgain", "ReportsRefused", "SelfCheckSolved"),
    "repair-answered": ("ReportersAnswered", "PhotosKept", "PhotosRefused"),
    "repair-triage": ("ReportsJoined", "ReportsLeftLying", "TriageFailed"),
    "repair-incidents": ("IncidentsOpened", "IncidentsMerged", "IncidentsReopened", "IncidentsSorted"),
    "repair-time": ("EscalatedIncidents", "IncidentsClosedUnanswered", "TimersSet"),
    "repair-notices": ("NoticesMade", "NoticesEnded"),
    "repair-places": ("PlaceLines", "PlaceLinesRejected", "PlaceTablesRefused"),
    "repair-labels": ("LabelsPrinted", "LabelsReplaced", "LabelsRetired"),
}
"""Widgets about faults of the network, each with the metrics whose sums it shows."""
PRIORITIES = tuple(str(one) for one in get_args(Priority))
LONGEST_FAULT = 3 * 24 * 60  # minutes
URGENT = 6  # of five minutes: for so long a fault of the highest priority may be open


class RepairDashboard(ServiceDashboard):
    """The board and the alarms over the stack of repair."""

    def draw(self) -> None:
        """Faults of the network: what is open, what came in, and the functions that deal with it."""
        board = self.board(REPAIR)
        board.add_widgets(
            lines("repair-open", open_incidents(), HALF),
            lines("repair-oldest", [oldest_incident()], QUARTER, threshold=LONGEST_FAULT),
            lines("repair-to-confirm", [ours("IncidentsToConfirm", "Maximum", service=REPAIR)], QUARTER),
        )
        acts = [ours("RepairActs", "Sum", act, HOUR, REPAIR, act=act) for act in DEEDS]
        alerts = [ours("AlertsTaken", "Sum", outcome, HOUR, REPAIR, outcome=outcome) for outcome in OUTCOMES]
        acted = [lines("repair-acts", acts, THIRD), lines("repair-alerts", alerts, THIRD)]
        for row in rows_of([*counters(REPAIR, REPAIRED), *acted], FULL // THIRD):
            board.add_widgets(*row)
        self.show_functions(board)

    def watch(self) -> None:
        self.watch_stream(TRIAGE)
        self.watch_clock("repair-counts", ours("OldestOpenIncident", "SampleCount", service=REPAIR), 3)
        self.watch_clock("repair-sweep", ours("ReportsLeftLying", "SampleCount", service=REPAIR), 3)
        self.alarm("fault-open-long", REPAIR, oldest_incident(), LONGEST_FAULT, Above.GREATER_THAN_THRESHOLD)
        for kind, name in (("reports-left-lying", "ReportsLeftLying"), ("triage-failed", "TriageFailed")):
            self.alarm(kind, REPAIR, ours(name, "Sum", service=REPAIR), 1)
        self.alarm("urgent-fault", REPAIR, open_incidents()[0], 1, periods=URGENT)


def open_incidents() -> list[cloudwatch.Metric]:
    """How many faults are open, by priority."""
    return [ours("OpenIncidents", "Maximum", one, service=REPAIR, priority=one) for one in PRIORITIES]


def oldest_incident() -> cloudwatch.Metric:
    """For how many minutes the oldest fault has been open."""
    return ours("OldestOpenIncident", "Maximum", service=REPAIR)
