"""messages-compose: what follows for the student from a change of their case, into the outbox.

Trigger: the stream of the table of cases, changes of cases only; its second reader, and the last that a stream bears.
Reads nothing. Writes: messages and their deliveries. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.document import case_of
from yinji.messages.compose import of_change
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, compose, processor, context)


def compose(record: DynamoDBRecord) -> None:
    """Put what one change of a case says. A repeated record finds it said."""
    change = record.dynamodb
    if change is None or not change.new_image or change.new_image.get("sk") != "CASE":
        return  # a case taken away, or an item that is none
    if change.new_image.get("practice"):
        return
    before = case_of(change.old_image) if change.old_image else None
    for message in of_change(before, case_of(change.new_image)):
        if outbox.put(message, clock.now()):
            count("MessagesComposed", kind=message.kind)
