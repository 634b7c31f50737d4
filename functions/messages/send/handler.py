"""messages-send: deliveries leave, each at most once.

Trigger: the stream of the table of messages, new deliveries only; every five minutes, for those that were to wait
(quiet hours, a channel that was busy) and those whose sender never came back. Reads: the outbox, the case it is about,
the report and its incident, the visit, or the form that was sent and the address of who sent it, the signing keys, the
keys of repair and of visits, the secret of the webhooks. Writes: the outbox. Emits: mail, posts to webhooks.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.forms.facts_store import Facts
from yinji.forms.store import Forms
from yinji.identity.session import signing_keys
from yinji.messages import stop
from yinji.messages.channels import Channel, Ses, Webhook
from yinji.messages.faults import Reporters
from yinji.messages.filled import Applicants
from yinji.messages.model import OF_FORMS, REPORTS, VISITS, Delivery, Message, Topic
from yinji.messages.people import Campus
from yinji.messages.sending import People, Sender, Unknown
from yinji.messages.store import Outbox, delivery_of
from yinji.messages.visiting import Visitors
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics
from yinji.repair.following import incident_of
from yinji.repair.incidents_store import Incidents
from yinji.repair.keys import repair_key
from yinji.repair.report import follow_link
from yinji.repair.reports_store import Reports
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits

CHANNELS = ("email", "webhook")
TIME_TO_END = 30_000
"""Milliseconds before the end in which no further delivery is begun."""

processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
outbox = Outbox()
store = Store()
reports = Reports()
incidents = Incidents()
visits = Visits()
forms = Forms()
facts = Facts()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:

        def take(record: DynamoDBRecord) -> None:
            image = record.dynamodb.new_image if record.dynamodb else None
            if image and str(image.get("sk", "")).startswith("DELIVERY#"):
                send(delivery_of(image), context.aws_request_id)

        return process_partial_response(event, take, processor, context)
    return sweep(context)


def sweep(context: LambdaContext) -> dict[str, int]:
    """Send what is due by now, as far as time allows; the next run goes on."""
    looked_at = 0
    for channel in CHANNELS:
        for delivery in outbox.due(channel, clock.now()):
            if context.get_remaining_time_in_millis() < TIME_TO_END:
                break
            looked_at += 1
            try:
                send(delivery, context.aws_request_id)
            except Exception as error:  # one delivery must not hold up the others; what it left is found again
                logger.error("delivery failed", exc_info=error)
    count("MessagesSwept", looked_at)
    return {"looked_at": looked_at}


def send(delivery: Delivery, owner: str) -> None:
    sender = Sender(outbox, people_of(delivery.message), channel, stop_link, setting("PUBLIC_URL"))
    try:
        outcome = sender.deliver(delivery, owner, clock.now())
    except Unknown as error:
        # to try again would be to send twice; it stays on its way until it counts as uncertain
        logger.error("delivery broke off", extra={"channel": delivery.channel, "why": str(error)})
        return
    if outcome == "sent":
        count("MessagesSent", channel=delivery.channel)
    elif outcome == "failed":
        count("MessagesFailed", channel=delivery.channel)
    elif outcome == "uncertain":
        count("MessagesUncertain", channel=delivery.channel)


def people_of(message: Message) -> People:
    """Who reads `message`: whoever reported a fault, asked for a visit or sent a form is found by that, and goes on
    by its link."""
    box = message.box
    if message.kind in OF_FORMS:
        return Applicants(forms.find, store.get, facts.of)
    if box.startswith(REPORTS):
        return Reporters(
            reports.find, lambda report: incident_of(report, incidents), lambda id: follow_link(id, repair_key())
        )
    return Visitors(visits.find, visits_key) if box.startswith(VISITS) else Campus(store.get)


def channel(delivery: Delivery) -> Channel | None:
    """By mail everybody is reached; by webhook the offices that the secret {"<office>": "<URL>"} names."""
    if delivery.channel == "email":
        return mail()
    url = webhooks().get(delivery.message.box.removeprefix("office:"))
    return Webhook(url) if url else None


@cache
def mail() -> Ses:
    return Ses(setting("MAIL_FROM"), setting("MAIL_SET"))


def webhooks() -> Mapping[str, str]:
    """The URLs by office; none when no secret is named."""
    if not (secret := setting("WEBHOOK_SECRET")):
        return {}
    text: str = parameters.get_secret(secret, max_age=300)  # pyright: ignore[reportUnknownMemberType]
    return json.loads(text)


def stop_link(box: str, topic: Topic) -> str:
    return f"{setting('PUBLIC_URL')}/api/messages/stop/{stop.token(box, topic, signing_keys())}"
