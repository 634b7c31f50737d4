"""advance: the relay from the table's stream to the event bus.

Trigger: the stream of the table, changes of cases only. Reads and writes nothing. Emits: step-ready for a step that
became ready and can settle itself upon what is known; step-answered when the graduate told something that is a fact;
case-finished when nothing is left.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import bus, definition
from yinji.clearance.case import Case, Values, settles_itself
from yinji.clearance.document import case_of
from yinji.platform.clock import stamp
from yinji.platform.observability import count, logger, metrics

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, relay, processor, context)


def relay(record: DynamoDBRecord) -> None:
    """Say on the bus what follows from one change of a case. A repeated record says it again; nobody minds."""
    change = record.dynamodb
    if change is None or not change.new_image or change.new_image.get("sk") != "CASE":
        return  # a case taken away, or an item that is none
    after = case_of(change.new_image)
    before = case_of(change.old_image) if change.old_image else None
    student = after.graduate.student
    messages = [
        bus.step_ready(student, step, after.version)
        for step in after.steps
        if settles_itself(after, step) and not (before and step in before.steps and settles_itself(before, step))
    ]
    if after.practice:
        # its steps settle themselves as real ones do; but nothing is counted, and no case is over
        bus.emit(messages)
        return
    count("StepsReady", len(messages))
    messages += [
        bus.step_answered(student, step, after.version, stamp(after.updated_at)) for step in answered(before, after)
    ]
    if after.finished_at and not (before and before.finished_at):
        messages.append(bus.case_finished(student, after.version))
    bus.emit(messages)


def answered(before: Case | None, after: Case) -> list[str]:
    """The steps at which other facts are answered than before."""
    found: list[str] = []
    for id, record in after.steps.items():
        known = definition.steps().get(id)
        names = known.facts if known else {}
        was: Values = before.steps[id].facts.answers if before and id in before.steps else {}
        if any(record.facts.answers.get(name) and record.facts.answers[name] != was.get(name) for name in names):
            found.append(id)
    return found
