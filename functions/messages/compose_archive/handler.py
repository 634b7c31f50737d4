"""messages-compose-archive: what students are told of their records, and of activities they signed up for.

Trigger: the archive's stream, its second reader: decisions about records, changes of activities, places that went to
who waited. Reads: the record, the activity, who signed up. Writes: messages and their deliveries. Emits nothing.

What comes twice is said once. What comes late is told as things are by then: a change that a later one overtook is told
by that one, a place that was given back meanwhile not at all.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue, version_of
from yinji.archive.deciding import EVENTS
from yinji.archive.store import Archive, event_of
from yinji.messages.compose import of_decision, of_place, of_turn
from yinji.messages.model import BOX_ONLY, Message
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.clock import instant
from yinji.platform.observability import count, logger, metrics

THREADS = 8
SURELY = timedelta(minutes=1)
"""Who signed up so long after a change has read it: a request takes less, and clocks agree better."""
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
archive = Archive()
catalogue = Catalogue()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, compose, processor, context)


def compose(record: DynamoDBRecord) -> None:
    """Put what follows from one change. A repeated record finds it said."""
    change = record.dynamodb
    if change is None or not change.new_image:
        return
    with ThreadPoolExecutor(THREADS) as threads:
        said = list(threads.map(say, following(change.new_image, change.old_image or {})))
    for message, new in said:
        if new:
            count("MessagesComposed", kind=message.kind)


def following(new: dict[str, Any], old: dict[str, Any]) -> Iterator[Message]:
    """The messages that follow from an item that was `old` and is `new`."""
    whose, _, id = new["pk"].partition("#")
    match new["sk"].partition("#")[0], whose:
        case "EVENT", "ACTIVITY":
            yield from changed(id, version_of(new["sk"]))
        case "EVENT", "STUDENT" if new["what"] in EVENTS.values():
            yield from decided(id, new)
        case "SIGNUP", "STUDENT" if (old.get("standing"), new["standing"]) == ("waiting", "held"):
            yield from given(id, new)
        case _:
            return


def changed(id: str, version: int) -> Iterator[Message]:
    turn = catalogue.turn(id, version)
    if turn is None:
        return
    audience = catalogue.audience(id)
    for one in (*audience.held, *audience.waiting):
        if one.at <= turn.at + SURELY and (message := of_turn(turn, one.student, clock.now())):
            yield message


def decided(student: str, new: dict[str, Any]) -> Iterator[Message]:
    record = archive.record(student, new["sk"].removeprefix("EVENT#").rpartition("#")[0])
    if record:
        yield of_decision(record, event_of(new))


def given(student: str, new: dict[str, Any]) -> Iterator[Message]:
    mine, activity = catalogue.mine(new["activity"], student), catalogue.find(new["activity"])
    if mine is None or activity is None or mine.at != instant(new["at"]):
        return
    if message := of_place(activity, mine, clock.now()):
        yield message


def say(message: Message) -> tuple[Message, bool]:
    return message, outbox.put(message, clock.now(), () if message.kind in BOX_ONLY else ("email",))
