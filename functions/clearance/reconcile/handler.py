"""reconcile: finds what was left lying, and brings it on its way again.

Trigger: every five minutes; by hand after an outage, with {"patience_seconds": 0}. Reads: the index by school, the
cases that are not over, the states of the feeds, the keys of the intake and of reports/. Writes nothing. Emits:
step-ready for steps that were never told, case-finished for cases without certificate, intake-left for deliveries
without report and for confirmed ones not applied yet, roster-applied for new cases that a snapshot in force has not
reached.

Whatever it says on the bus is harmless when it was not needed: every consumer recognises what it did before.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import bus, definition, university
from yinji.clearance.case import settles_itself
from yinji.clearance.evidence import PREFIX
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

PATIENCE = timedelta(minutes=2)
INTAKE_PATIENCE = timedelta(minutes=5)
"""How long something may lie before it counts as left: what is being dealt with right now needs no reminder."""
NEW = timedelta(hours=2)
"""How long after its opening a case is asked about; whom no snapshot names need not be asked about for ever."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)

store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    now = clock.now()
    told = event.get("patience_seconds")
    patience, intake_patience = (timedelta(seconds=told),) * 2 if told is not None else (PATIENCE, INTAKE_PATIENCE)
    messages = [*left_cases(now - patience), *left_deliveries(now - intake_patience), *confirmed()]
    bus.emit(messages)
    count("CasesResumed", len(messages))
    found = {kind: sum(message[0] == kind for message in messages) for kind in {message[0] for message in messages}}
    logger.info("reconciled", extra={"found": found})
    return found


def left_cases(before: datetime) -> list[bus.Message]:
    """What cases that have not changed since `before` are still waiting to be told."""
    messages: list[bus.Message] = []
    steps = [step.id for step in definition.steps().values() if step.feed and store.feed(step.id).current]
    unreached: set[str] = set()
    for case in store.going_on(university.schools()):
        if case.updated_at >= before:
            continue
        new = case.opened_at > before - NEW and not case.closed
        if new and any(step in case.steps and case.steps[step].facts.feed is None for step in steps):
            unreached.add(case.batch)
        student = case.graduate.student
        messages += [bus.step_ready(student, step, case.version) for step in case.steps if settles_itself(case, step)]
        if case.finished and not case.certificate:
            messages.append(bus.case_finished(student, case.version))
    return messages + [bus.roster_applied(batch) for batch in sorted(unreached)]


def left_deliveries(before: datetime) -> list[bus.Message]:
    """Objects put before `before` that have no report younger than they are; of evidence none lies where it arrived."""
    feeds = tuple(f"feeds/{step.id}/" for step in definition.steps().values() if step.feed)
    put = objects(setting("INTAKE_BUCKET"), "")
    reported = objects(setting("DOCUMENTS_BUCKET"), "reports/")
    return [
        bus.intake_left(key)
        for key, moment in put.items()
        if moment < before
        and key.startswith(("rosters/", PREFIX, *feeds))
        and reported.get(f"reports/{key}.json", LONG_AGO) < moment
    ]


def objects(bucket: str, prefix: str) -> dict[str, datetime]:
    """Every key below `prefix`, and when it was put."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry["LastModified"] for page in pages for entry in page.get("Contents", [])}


def confirmed() -> list[bus.Message]:
    """Held snapshots that an officer let through."""
    states = [store.feed(step.id) for step in definition.steps().values() if step.feed]
    return [
        bus.intake_left(str(state.held["key"])) for state in states if state.held and state.held.get("confirmed_by")
    ]
