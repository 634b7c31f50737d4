"""One-form as it is watched: its board, and the alarms of its functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yinji.forms.facts_desk import DEEDS
from yinji.forms.submission import VERDICTS

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

FORMS, RELAY, DELIVERIES = "forms", "forms-relay", "form-deliveries"
COUNTED: Mapping[str, Sequence[str]] = {
    "forms-sent": ("FormsSubmitted", "FormsCorrected", "FormsWithdrawn", "FormDraftsSaved"),
    "forms-fields": (
        "FormFieldsAsked",
        "FormFieldsConfirmed",
        "FormFieldsCorrected",
        "FormFieldsSkipped",
        "FormFieldsRepeated",
    ),
    "forms-made": ("FormsPublished",),
    "forms-documents": ("FormDocuments", "FormLayoutsFailed", "FormAnswersExported", "FormNumbersUnsealed"),
    "forms-deliveries": ("FormDeliveriesQueued", "FormDeliveries", "FormDeliveriesFailed"),
    "facts-records": ("RecordLines", "RecordLinesRejected", "RecordTablesRefused", "FactsRecorded"),
    "facts-learnt": ("FactsLearnt", "FormFactsMadeGood", "FactConflicts", "FactsAnnounced"),
}
"""Widgets about one-form, each with the metrics whose sums it shows."""
CORRECTED = ("taken", "under-way")
"""What came of what people corrected: it is so now, or a department looks at it."""
DELIVERIES_BEHIND = 4 * 3600
"""Seconds for which a system that a form is connected to may take nothing before somebody is called."""


class FormsDashboard(ServiceDashboard):
    """The board and the alarms over the stack of one-form."""

    def draw(self) -> None:
        board = self.board(FORMS)
        decided = [ours("SubmissionsDecided", "Sum", one, HOUR, FORMS, verdict=one) for one in VERDICTS]
        checked = [ours("FactsDecided", "Sum", one, HOUR, FORMS, deed=one) for one in DEEDS]
        corrected = [ours("FactsCorrected", "Sum", one, HOUR, FORMS, outcome=one) for one in CORRECTED]
        begun = [ours("FormsBegun", "Sum", one, HOUR, FORMS, how=one) for one in ("new", "copied")]
        acted = [
            lines("forms-begun", begun, THIRD),
            lines("forms-decided", decided, THIRD),
            lines("facts-corrected", [*corrected, *checked], THIRD),
            lines("forms-waiting", [self.waiting(DELIVERIES)], THIRD, threshold=DELIVERIES_BEHIND),
        ]
        for row in rows_of([*counters(FORMS, COUNTED), *acted], FULL // THIRD):
            board.add_widgets(*row)
        self.show_functions(board)

    def watch(self) -> None:
        self.watch_stream(RELAY)
        self.alarm("deliveries-behind", FORMS, self.waiting(DELIVERIES), DELIVERIES_BEHIND, periods=2)
