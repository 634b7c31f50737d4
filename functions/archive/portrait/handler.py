"""portrait: a record was captured, claimed, certified or disputed; the portrait of its student is computed anew.

Trigger: the archive's stream, records that came one by one: what is imported computes its portraits itself. Reads: the
records of the student. Writes: their portrait. Emits nothing. What comes twice, or late, leaves the same portrait.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.store import Archive
from yinji.platform.observability import count, logger, metrics

archive = Archive()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Each student of the batch once; the records of whose portrait could not be computed come again."""
    last: dict[str, list[str]] = {}
    for record in event["Records"]:
        student = record["dynamodb"]["Keys"]["pk"]["S"].partition("#")[2]
        last.setdefault(student, []).append(record["dynamodb"]["SequenceNumber"])
    failed: list[str] = []
    for student, numbers in last.items():
        try:
            archive.refresh(student)
            count("PortraitsComputed")
        except Exception as error:
            logger.error("portrait not computed", exc_info=error)
            failed += numbers
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
