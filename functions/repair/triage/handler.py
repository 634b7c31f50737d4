"""triage: reports came in, and are joined to incidents.

Trigger: the stream of the table of repair, new reports. Reads: the reports, the board of their building with its
incidents, places, notices. Writes: boards, incidents with what happened to them, which incident reports are of. Emits:
metrics.

Reports of one building are decided about together. A report that is of an incident already stays there, so that it does
not matter how often, or in which order, the stream tells of it.
"""

from collections import defaultdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.repair.board_store import Boards
from yinji.repair.counting import counted

boards = Boards()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    buildings: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for record in event["Records"]:
        told = record["dynamodb"]
        image: dict[str, Any] = told.get("NewImage", {})
        if "report" in image and told["Keys"]["sk"]["S"] == "REPORT":
            buildings[image["in_building"]["S"]].append((image["report"]["S"], told["SequenceNumber"]))
    failed: list[str] = []
    for building, reports in buildings.items():
        try:
            counted(boards.triage(building, [report for report, _ in reports], clock.now()))
        except Exception as error:  # the other buildings go on
            logger.error("building not triaged", exc_info=error)
            count("TriageFailed")
            failed += [number for _, number in reports]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
