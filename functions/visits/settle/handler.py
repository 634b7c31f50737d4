"""settle: places of a day are given to who waits for it.

Trigger: the stream of the table of visits, days and who waits for them. Reads and writes: the day, who waits for it,
their visits with what happened to them. Emits: metrics.

Whoever asks, cancels or moves settles the day at once; this makes good whoever died before that. A day that is settled
stays as it is, so it does not matter how often, or in which order, the stream tells of it.
"""

from collections import defaultdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform.observability import count, logger, metrics
from yinji.visits.days import Key
from yinji.visits.store import Visits, key_of

visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    days: defaultdict[Key, list[str]] = defaultdict(list)
    for record in event["Records"]:
        told = record["dynamodb"]
        days[key_of(told["Keys"]["pk"]["S"], told["Keys"]["sk"]["S"])].append(told["SequenceNumber"])
    failed: list[str] = []
    for key, numbers in days.items():
        try:
            count("VisitDaysSettled", visits.settle(key))
        except Exception as error:  # the other days go on
            logger.error("day not settled", exc_info=error)
            failed += numbers
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
