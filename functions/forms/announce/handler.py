"""announce: says on the bus that somebody corrected a fact of which a system of record is the source.

Trigger: the stream of the table of facts, new conflicts only. Reads and writes nothing. Emits: fact-corrected, which
tells whose fact and which kind, and not what it is.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import bus
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, announce, processor, context)


def announce(record: DynamoDBRecord) -> None:
    """Say it. A repeated record says it again; nobody minds."""
    new = record.dynamodb.new_image if record.dynamodb else None
    if not new:
        return
    source = new["pk"].partition("#")[2]
    bus.emit([bus.fact_corrected(new["sk"], new["person"], new["fact"], source, new["at"])])
    count("FactsAnnounced")
