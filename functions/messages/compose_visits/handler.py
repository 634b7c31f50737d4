"""messages-compose-visits: what whoever left an address is told of a visit.

Trigger: the stream of the table of visits, its second reader: what happens to visits. Reads: the visit, what happened
to it, the day it was moved from. Writes: messages and their deliveries. Emits: metrics.

What comes twice is said once. What comes late is told as things are by then: what a later event overtook is told by
that one.
"""

from datetime import date
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.messages.store import Outbox
from yinji.messages.visiting import of_event
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.visits.store import Visits, event_of, visit_id

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
visits = Visits()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, compose, processor, context)


def compose(record: DynamoDBRecord) -> None:
    """Put what follows from one event. A repeated record finds it said."""
    new = record.dynamodb.new_image if record.dynamodb else None
    if not new:
        return
    event, one = event_of(new), visits.find(visit_id(new["pk"]))
    if one is None or not one.mails:
        return
    why = ""
    if event.what == "move":
        day, _ = visits.day((one.person.community, date.fromisoformat(event.told["from"])))
        why = day.closed if day else ""
    for message in of_event(one, event, visits.history(one.id), why):
        if outbox.put(message, clock.now()):
            count("MessagesComposed", kind=message.kind)
