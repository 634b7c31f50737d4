"""sweep: what was left lying in triage is taken up, and what was planned ends.

Trigger: every five minutes. Reads: reports that are of no incident, boards, places, notices, incidents of maintenance.
Writes: boards, incidents with what happened to them, which incident reports are of. Emits: metrics.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.repair.board_store import Boards
from yinji.repair.counting import counted
from yinji.repair.maintenance import end_planned
from yinji.repair.reports_store import Reports

LEFT = timedelta(minutes=3)
"""For how long a report may be of no incident before it is taken to have been left lying."""

boards = Boards()
reports = Reports()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now = clock.now()
    buildings: defaultdict[str, list[str]] = defaultdict(list)
    for report in reports.unjoined(now - LEFT):
        buildings[report.building].append(report.id)
    failed: list[Exception] = []
    for building, ids in buildings.items():
        try:
            counted(boards.triage(building, ids, now))
        except Exception as error:  # the other buildings go on, and this one in five minutes
            logger.error("building not triaged", exc_info=error)
            failed.append(error)
    count("ReportsLeftLying", sum(map(len, buildings.values())))
    end_planned(boards, now)
    if failed:
        raise failed[0]
