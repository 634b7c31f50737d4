"""open-cases: a roster was uploaded, and every graduate in it gets a case.

Trigger: S3 rosters/<batch>/*.csv and rosters/<batch>/batch.json; event intake-left below rosters/.
Reads: the intake bucket, the table. Writes: the table, reports/rosters/. Emits: roster-applied.
"""

from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import bus
from yinji.clearance.intake import Desk, Report, RosterIntake, delivered
from yinji.clearance.store import Store
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    desk = Desk(s3, setting("INTAKE_BUCKET"), setting("DOCUMENTS_BUCKET"))
    intake = RosterIntake(desk, store, told)
    for key in delivered(event) if "Records" in event else [str(event["detail"]["key"])]:
        intake.take(key)


def told(report: Report) -> None:
    """Count what became of a roster and let the feeds know that there may be new cases."""
    counts = report.counts
    count("CasesOpened", counts.get("opened", 0))
    count("CasesCorrected", counts.get("corrected", 0))
    count("RosterRowsRejected", len(report.rejected))
    logger.info("roster delivered", extra={"status": report.status, "counts": dict(counts)})
    if report.status == "accepted" and counts:
        bus.emit([bus.roster_applied(report.key.split("/")[1])])
