"""load: a chunk of a delivery is written: records and corrections. Who loads the last one reports.

Trigger: SQS, {"delivery", "chunk"}. Reads and writes: the archive; imports/ and reports/ of its bucket. Emits: whose
portraits are to be computed, to the queue of portraits.
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
from yinji.archive.importing import Importer
from yinji.archive.queues import Sqs
from yinji.archive.store import Archive
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
processor = BatchProcessor(event_type=EventType.SQS)
importer = Importer(s3, setting("ARCHIVE_BUCKET"), Archive(), Deliveries(), Sqs())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    told = json.loads(record.body)
    importer.load(str(told["delivery"]), int(told["chunk"]))
    count("ChunksLoaded")
