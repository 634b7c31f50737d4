"""clocks: whatever happens to an incident, timers are set for when its clocks run out; what whoever reported it may
have to be told of is passed on.

Trigger: the stream of the table, incidents and reports that bear a contact; its second reader, and the last that a
stream bears. Reads: the incident as it is by then. Writes: one-time schedules of EventBridge Scheduler, each once,
however often a record comes. Emits: news into the queue of messages/compose_repair, metrics.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.repair.incidents_store import Incidents
from yinji.repair.news import News, news_of
from yinji.repair.timers import Timers, wanted

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
incidents = Incidents()
timers = Timers()
news = News()
MATTER = ("state", "priority", "reopened", "waits", "opened_at", "escalated")
"""What timers depend on: a report that joins changes none of it."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: DynamoDBRecord) -> None:
    assert record.dynamodb and record.dynamodb.keys  # noqa: S101 - every record of a stream has them
    before, after = record.dynamodb.old_image or {}, record.dynamodb.new_image or {}
    if not after:
        return
    if told := news_of(before, after):
        news.pass_on(told)
    if record.dynamodb.keys["sk"] != "INCIDENT" or all(before.get(name) == after.get(name) for name in MATTER):
        return
    incident = incidents.find(record.dynamodb.keys["pk"].partition("#")[2])
    if incident is None:
        return
    now = clock.now()
    for timer in wanted(incident, now):
        if timers.set(incident.id, timer, now):
            count("TimersSet")
