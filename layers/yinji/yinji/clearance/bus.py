"""What clearance says on the event bus (source yinji.clearance). The shapes here are public."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3

from yinji.platform.environment import setting

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "yinji.clearance"
STEP_READY = "step-ready"
CASE_FINISHED = "case-finished"
STEP_ANSWERED = "step-answered"
ROSTER_APPLIED = "roster-applied"
INTAKE_LEFT = "intake-left"
REARRANGE = "rearrange"
FACT_CORRECTED = "fact-corrected"
SUBMISSION_DECIDED = "submission-decided"
LAYOUT_FAILED = "layout-failed"
AT_ONCE = 10

_client: EventBridgeClient | None = None


class NotEmitted(Exception):
    """The bus did not take every event; emit them all again."""


Message = tuple[str, Mapping[str, Any]]


def step_ready(student: str, step: str, version: int) -> Message:
    """A step that can settle itself upon what is known became ready, in the case's `version`."""
    return STEP_READY, {"student": student, "step": step, "version": version}


def step_answered(student: str, step: str, version: int, at: str) -> Message:
    """A graduate answered questions of a step that ask for facts, as the case's `version` has them, `at` an instant."""
    return STEP_ANSWERED, {"student": student, "step": step, "version": version, "at": at}


def case_finished(student: str, version: int) -> Message:
    """Every applicable step is done or waived."""
    return CASE_FINISHED, {"student": student, "version": version}


def roster_applied(batch: str) -> Message:
    """Cases were opened or corrected in the batch."""
    return ROSTER_APPLIED, {"batch": batch}


def intake_left(key: str) -> Message:
    """The object `key` of the intake is to be dealt with (again)."""
    return INTAKE_LEFT, {"key": key}


def rearrange(what: str, who: str, **told: str) -> Message:
    """Many cases are to be changed alike, as `who` decided: what is "migrate" (flow, version) or "carry-over" (batch,
    into)."""
    return REARRANGE, {"what": what, "who": who, **told}


def fact_corrected(id: str, person: str, kind: str, source: str, at: str) -> Message:
    """`person` says that the fact `kind` is not as the system of record `source` has it; what it is, is not told. `id`
    is that of the conflict, which the source's department decides."""
    return FACT_CORRECTED, {"id": id, "person": person, "kind": kind, "source": source, "at": at}


def submission_decided(id: str, state: str, at: str) -> Message:
    """Offices are through with the submission `id` of a form, which is in `state` since the instant `at`."""
    return SUBMISSION_DECIDED, {"submission": id, "state": state, "at": at}


def layout_failed(form: str, version: int, office: str, why: str) -> Message:
    """The layout that `office` gave version `version` of its form does not work; documents are set in the usual one."""
    return LAYOUT_FAILED, {"form": form, "version": version, "office": office, "why": why}


def emit(messages: Sequence[Message]) -> None:
    """Put `messages` on the bus. Raises NotEmitted unless it took all of them."""
    global _client
    if _client is None:
        _client = boto3.client("events")  # pyright: ignore[reportUnknownMemberType]
    for start in range(0, len(messages), AT_ONCE):
        entries: list[PutEventsRequestEntryTypeDef] = [
            {
                "EventBusName": setting("BUS"),
                "Source": SOURCE,
                "DetailType": kind,
                "Detail": json.dumps(detail, ensure_ascii=False),
            }
            for kind, detail in messages[start : start + AT_ONCE]
        ]
        if _client.put_events(Entries=entries)["FailedEntryCount"]:
            raise NotEmitted
