"""capture: a reader sent passes; each becomes a record, or waits for what it lacks, or for somebody's decision.

Trigger: SQS, with what the topic rule makes of messages on yinji/readers/<device>/passes. Reads: the register of
readers, cards, students, the catalogue. Writes: passes, records, who came, when readers were heard of. Emits nothing:
the portrait follows from the table's stream. A message of which a pass could not be dealt with comes again.
"""

import json
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers import Impostor, message_of
from yinji.archive.readers_store import Readers
from yinji.archive.store import Archive
from yinji.platform.observability import count, gauge, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS)
readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    """Raises Malformed for what is no message: it ends among the failures, where somebody looks."""
    try:
        message = message_of(json.loads(record.body))
    except Impostor:
        count("PassesRefused")
        logger.warning("a reader spoke for another")
        return
    counts, failed = readers.capture(message)
    gauge("ReaderClockOffset", abs(message.offset) / timedelta(seconds=1), MetricUnit.Seconds)
    count("PassesCaptured", counts["captured"])
    count("PassesRepeated", counts["repeated"])
    count("PassesPending", counts["pending"])
    count("PassesDoubtful", counts["doubtful"])
    if failed:
        logger.error("passes failed", exc_info=failed[0], extra={"number": len(failed)})
        raise failed[0]
