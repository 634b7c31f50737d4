"""The growth archive as it is watched: its board, and the alarms of its functions and queues."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from yinji.archive.deciding import DEEDS

from infra.stacks.watching import DAY, HALF, HOUR, THIRD, Above, ServiceDashboard, lines, ours, text

ARCHIVE = "archive"
SELECTED = ("SelectionsChanged", "SelectionsKept")
CLAIMED = ("RecordsClaimed", "ClaimsChanged", "RecordsDisputed", "RoundsBegun")
PASSES_BEHIND = 900  # seconds
IMPORT_QUEUES = ("ingest", "load", "refresh")
IMPORT_BEHIND = 3600  # seconds: of twenty deliveries of one source the last one waits
AUTHORITY_ENDS = 60  # days: a new certificate takes a university some weeks
SEALS_BEHIND = 900  # seconds: a run has five hundred editions under way, sealed by ten at once


class ArchiveDashboard(ServiceDashboard):
    """The board and the alarms over the stacks of the archive."""

    def draw(self) -> None:
        """The growth archive: what comes in and which way, who certifies, and what is made of it."""
        board = self.board(ARCHIVE)
        board.add_widgets(
            lines("archive-imported", sums("RecordLines", "RecordLinesRejected"), THIRD),
            lines("archive-deliveries", sums("ChunksLoaded", "DeliveriesRefused"), THIRD),
            lines(
                "archive-import-waiting",
                [self.waiting(name, name) for name in IMPORT_QUEUES],
                THIRD,
                threshold=IMPORT_BEHIND,
            ),
        )
        board.add_widgets(
            lines("archive-students", sums("StudentsEnrolled", "StudentRowsRejected"), THIRD),
            lines("archive-portraits", sums("PortraitsComputed"), THIRD),
            lines("grouped", sums("StudentsGrouped"), THIRD),
        )
        passes = ("PassesCaptured", "PassesRepeated", "PassesTakenUp")
        left = ("PassesPending", "PassesDoubtful", "PassesRefused", "PassesDecided")
        readers = ("ReadersAdmitted", "ReadersTurnedAway", "ReaderRowsRejected")
        board.add_widgets(
            lines("archive-passes", sums(*passes), THIRD),
            lines("archive-passes-left", sums(*left), THIRD),
            lines("archive-readers", sums(*readers), THIRD),
        )
        board.add_widgets(
            lines("archive-passes-waiting", [ours("PassesWaiting", "Maximum", service=ARCHIVE)], HALF),
            lines("archive-clocks", [ours("ReaderClockOffset", "Maximum", service=ARCHIVE)], HALF),
        )
        announced = ("ActivitiesAnnounced", "SignUps", "PlacesPassedOn", "GuestsExported")
        tables = ("CatalogueLines", "CatalogueLinesRejected", "CatalogueTablesRefused")
        board.add_widgets(
            lines("archive-catalogue", sums(*announced), THIRD),
            lines("archive-check-ins", sums("CheckIns", "CheckInsRefused"), THIRD),
            lines("archive-catalogue-tables", sums(*tables), THIRD),
        )
        made = ("EditionsRendered", "EditionsUnchanged", "EditionsHeld", "EditionsFailed")
        asked = (
            "EditionsRequested",
            "RunsBegun",
            "EditionsPlanned",
            "EditionsReleased",
            "EditionsTakenUp",
            "EditionsAgain",
        )
        handed = ("EditionsRevoked", "EditionsPacked", "KeptCopiesTaken", "StatusListsSigned")
        shared = ("SharesMade", "SharesRevoked", "SharedDocumentsFetched", "EditionsVerified")
        board.add_widgets(
            lines("editions-asked", sums(*asked), THIRD),
            lines("editions-made", sums(*made), THIRD),
            lines("editions-handed", sums(*handed), THIRD),
        )
        board.add_widgets(
            lines("editions-sealed", sums("EditionsSealed"), THIRD),
            lines("editions-to-seal", [self.waiting("seal")], THIRD, threshold=SEALS_BEHIND),
            lines("editions-shared", sums(*shared), THIRD),
        )
        decided = [ours("RecordsDecided", "Sum", deed, HOUR, ARCHIVE, deed=deed) for deed in DEEDS]
        board.add_widgets(lines("claimed", sums(*CLAIMED), HALF), lines("decided", decided, HALF))
        board.add_widgets(
            lines("selected", sums(*SELECTED), HALF),
            lines("rows-taken", sums("ArchiveRowsTaken"), HALF),
        )

    def watch(self) -> None:
        self.alarm("passes-behind", ARCHIVE, self.waiting("passes"), PASSES_BEHIND, periods=2)
        self.alarm("seals-behind", ARCHIVE, self.waiting("seal"), SEALS_BEHIND, periods=2)
        self.alarm("packs-behind", ARCHIVE, self.waiting("pack"), IMPORT_BEHIND, periods=2)
        for kind, name in (("editions-held", "EditionsHeld"), ("editions-failed", "EditionsFailed")):
            self.alarm(kind, ARCHIVE, ours(name, "Sum", service=ARCHIVE), 1)
        days = ours("AuthorityDays", "Minimum", period=DAY, service=ARCHIVE)
        self.alarm("authority-ends", ARCHIVE, days, AUTHORITY_ENDS, Above.LESS_THAN_THRESHOLD)
        for name in IMPORT_QUEUES:
            self.alarm("import-behind", name, self.waiting(name), IMPORT_BEHIND, periods=2)


def sums(*names: str) -> list[cloudwatch.Metric]:
    """Sums of the archive's metrics, each by its name in words where there are several."""
    return [ours(one, "Sum", text("series", one) if len(names) > 1 else "", HOUR, ARCHIVE) for one in names]
