"""messages-compose-repair: what whoever reported a fault is told of it, if they left a mail address.

Trigger: SQS, {"report": id} or {"incident": id}: repair/clocks passes on what may be news. Reads: the report or those
of the incident, the incident, places, what was told before. Writes: messages and their deliveries; how often an address
was written to that it was received. Emits: metrics.

What is told follows from how things are by then (messages/faults.py). Who filed several reports of one fault with one
address is told of the fault once.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.messages.faults import by_address, of_fault, of_receipt
from yinji.messages.model import Message, report_box
from yinji.messages.store import Outbox, position
from yinji.platform import clock
from yinji.platform.counter import hit_from
from yinji.platform.limits import RECEIPTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.following import incident_of
from yinji.repair.incident import Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.places_store import Places
from yinji.repair.report import Report, mail_of
from yinji.repair.reports_store import Reports

THREADS = 8
processor = BatchProcessor(event_type=EventType.SQS)
incidents = Incidents()
places = Places()
reports = Reports()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    told: dict[str, str] = json.loads(record.body)
    if "report" in told:
        report = reports.find(told["report"])
        if report and mail_of(report.contact):
            counted(tell([report], incident_of(report, incidents)))
        return
    incident = incidents.find(told["incident"])
    if incident is None:
        return
    groups = by_address(reports.of_incident(incident.id))
    with ThreadPoolExecutor(THREADS) as threads:
        for said in threads.map(tell, groups, repeat(incident)):
            counted(said)


def counted(said: Sequence[Message]) -> None:
    for message in said:
        count("MessagesComposed", kind=message.kind)


def tell(group: Sequence[Report], incident: Incident | None) -> list[Message]:
    """Tell whoever filed the reports of `group`, all by one address, of `incident`: by the first of them whose mail was
    not stopped, if there is one that they know of. What is told now."""
    told = {one.id: outbox.said(report_box(one.id)) for one in group}
    wanted = [one for one in group if outbox.settings(report_box(one.id)).mails("fault-received")]
    if not wanted:
        return []
    chosen = next((one for one in wanted if told[one.id]), wanted[0])
    return say(chosen, incident, sorted(chain(*told.values()), key=position))


def say(report: Report, incident: Incident | None, told: Sequence[Message]) -> list[Message]:
    """What is told now by `report`, where `told` was before: that it was received comes first."""
    place, new = places.find(report.place), list[Message]()
    if not any(one.box == report_box(report.id) for one in told):
        receipt = of_receipt(report, place, clock.now())
        if not (may(report) and outbox.put(receipt, clock.now())):
            return []
        new.append(receipt)
    if incident and (news := of_fault(report, place, incident, [*told, *new], clock.now())):
        new += [news] if outbox.put(news, clock.now()) else []
    return new


def may(report: Report) -> bool:
    """Whether its address is written to: anybody may give anybody's, so that it has to be few times."""
    try:
        hit_from(RECEIPTS, mail_of(report.contact).casefold())
    except Problem:
        return False
    return True
