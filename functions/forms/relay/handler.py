"""relay: what happened to submissions is passed on: that somebody has to be told of a decision, and that approved
answers are to be delivered to where their form is connected.

Trigger: the stream of the table of forms, what happens to submissions. Reads: the submission, its form. Writes nothing.
Emits: submission-decided on the bus; deliveries into the queue of forms/deliver.
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
from yinji.forms.delivering import Queue, delivery_of
from yinji.forms.store import Forms, event_of
from yinji.forms.submission import VERDICTS
from yinji.platform.clock import stamp
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
forms = Forms()
queue = Queue()
DECIDED = ("approved", "returned", "refused")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, relay, processor, context)


def relay(record: DynamoDBRecord) -> None:
    """Pass one event on. A repeated record passes it on again: who is told, and what is delivered, is once the same."""
    new = record.dynamodb.new_image if record.dynamodb else None
    if not new:
        return
    event, one = event_of(new), forms.find(str(new["pk"]).partition("#")[2])
    if one is None:
        return
    # of a chain, only the last word is news: the state is as of then
    if event.what in VERDICTS and one.state in DECIDED and one.times[one.state] == event.at:
        bus.emit([bus.submission_decided(one.id, one.state, stamp(event.at))])
    if one.state == "approved" and one.times["approved"] == event.at:
        head = forms.head(one.form)
        if head and head.webhook:
            queue.put(delivery_of(one))
            count("FormDeliveriesQueued")
