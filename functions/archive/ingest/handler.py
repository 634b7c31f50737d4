"""ingest: a source system delivered records; the file is read, checked and split, and its chunks go into a queue.

Trigger: SQS, with what S3 says of records/<source>/* of the archive's bucket, or {"key"}. Reads: the bucket and the
deliveries. Writes: deliveries, imports/ and reports/ of the bucket. Emits: a message for each chunk, to the queue of
loads. A delivery whose source is busy with an earlier one is put back for half a minute.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.deliveries import Deliveries
from yinji.archive.importing import Busy, Importer
from yinji.archive.queues import Sqs
from yinji.archive.store import Archive
from yinji.clearance.intake import delivered
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

AGAIN = 30
"""Seconds after which a delivery is looked at again whose source was busy."""

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
processor = BatchProcessor(event_type=EventType.SQS)
queues = Sqs()
importer = Importer(s3, setting("ARCHIVE_BUCKET"), Archive(), Deliveries(), queues)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    told = json.loads(record.body)
    for key in delivered(told) if "Records" in told else filter(None, [told.get("key")]):
        ingest(str(key))


def ingest(key: str) -> None:
    try:
        delivery = importer.plan(key)
    except Busy:
        queues.ingest(key, AGAIN)
        return
    if delivery:
        count("RecordLines", delivery.lines)
        count("RecordLinesRejected", delivery.counts.get("rejected", 0))
        count("DeliveriesRefused", delivery.state == "refused")
        logger.info("delivery planned", extra={"source": delivery.source, "chunks": delivery.chunks})
