"""seen: keeps who looked at what is kept about students.

Trigger: the queue of looks, into which whatever shows a student's data puts who is shown it. Reads nothing. Writes: the
access log in the table of people. Emits nothing but metrics.
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
from yinji.identity.access_log import AccessLog
from yinji.identity.looks import look_of
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS)
log = AccessLog()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, keep, processor, context)


def keep(record: SQSRecord) -> None:
    """Keep one look. A message that comes again changes nothing; what is no look ends in the queue of failures."""
    try:
        told = json.loads(record.body)
    except ValueError:
        raise ValueError("this is no message") from None  # the error itself would quote it
    look = look_of(told)
    log.keep(look)
    count("LooksNoted", len(look.students))
