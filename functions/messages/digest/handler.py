"""messages-digest: on working days every office for which something waits is told so, in one message.

Trigger: every morning at 08:00 of the campus; by hand with {"today": "2026-06-15"} for a morning that was missed.
Reads: the queues, the states of the feeds. Writes: messages and their deliveries, once for an office and day. Emits
nothing.
"""

from datetime import date, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition, university
from yinji.clearance.appointments import working_day
from yinji.clearance.definition import StepDefinition
from yinji.clearance.queue import queue_id
from yinji.clearance.store import FeedState, Store
from yinji.messages.compose import QueueFigures, of_office
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

store = Store()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    now = clock.now()
    today = date.fromisoformat(event["today"]) if "today" in event else clock.today()
    said = 0
    if not working_day(today):
        return {"said": said}
    channels = ("email", "webhook") if setting("WEBHOOK_SECRET") else ("email",)
    for office, steps in offices().items():
        figures = [queue_figures(step, office, now) for step in steps]
        message = of_office(office, figures, today, now)
        if message and outbox.put(message, now, channels):
            count("MessagesComposed", kind=message.kind)
            said += 1
    return {"said": said}


def offices() -> dict[str, list[StepDefinition]]:
    """Every department and school with the steps that are its own."""
    steps = definition.steps().values()
    departments = {id: [step for step in steps if step.department == id] for id in university.departments()}
    return departments | {id: [step for step in steps if step.department == "school"] for id in university.schools()}


def queue_figures(step: StepDefinition, office: str, now: datetime) -> QueueFigures:
    queue = queue_id(step.id, office)
    head, _ = store.queue(queue, limit=1)
    feed = store.feed(step.id) if step.feed and step.department != "school" else FeedState()
    return QueueFigures(
        step=step.id,
        waiting=store.queue_length(queue) if head else 0,
        oldest=head[0].since if head else "",
        held=feed.undecided,
        stale=feed.late(now),
    )
