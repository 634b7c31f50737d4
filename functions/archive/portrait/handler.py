"""portrait: records came or changed; the portraits of their students are computed anew.

Trigger: the archive's stream, records that came one by one; SQS, {"students", "at"}: an import was over at that
instant. Reads: the records of the students. Writes: their portraits. Emits nothing. What comes twice, or late, leaves
the same portrait.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.store import Archive
from yinji.platform.clock import instant
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS)
archive = Archive()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if event["Records"][0]["eventSource"] == "aws:sqs":
        return process_partial_response(event, imported, processor, context)
    return changed(event)


def imported(record: SQSRecord) -> None:
    told = json.loads(record.body)
    computed = [archive.refresh(student, instant(told["at"])) for student in told["students"]]
    count("PortraitsComputed", sum(one is not None for one in computed))


def changed(event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Each student of a batch once; the records of whose portrait could not be computed come again."""
    numbers: dict[str, list[str]] = {}
    for record in event["Records"]:
        student = record["dynamodb"]["Keys"]["pk"]["S"].partition("#")[2]
        numbers.setdefault(student, []).append(record["dynamodb"]["SequenceNumber"])
    failed: list[str] = []
    for student, theirs in numbers.items():
        try:
            archive.refresh(student)
            count("PortraitsComputed")
        except Exception as error:
            logger.error("portrait not computed", exc_info=error)
            failed += theirs
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
