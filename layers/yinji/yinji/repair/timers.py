"""Timers of EventBridge Scheduler: they wake `repair/escalate` when a clock of an incident runs out.

A timer's name is made of the incident, what it is for and when it wakes: setting it twice sets one, and one that was
moved has another name. A timer that wakes in vain does no harm: whoever is woken looks at the incident as it is then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import boto3
from botocore.exceptions import ClientError

from yinji.platform.environment import setting
from yinji.repair.clocks import clocks, closes_at
from yinji.repair.incident import Incident

Purpose = Literal["response", "repair", "answer"]
"""Nobody took it in time; it was not mended in time; nobody said that it is not fixed."""
SOONEST = timedelta(minutes=1)
"""How far ahead a timer is set at least: the service may take a moment."""
NAME = re.compile(r"[^0-9A-Za-z_.-]")
LONGEST_NAME = 64


@dataclass(frozen=True)
class Timer:
    purpose: Purpose
    at: datetime


def wanted(incident: Incident, now: datetime) -> Iterator[Timer]:
    """The timers that `incident` needs as it stands: one for each clock that runs, or ran out and was not told of."""
    if incident.planned or not incident.is_open:
        return
    if at := closes_at(incident):
        yield Timer("answer", at)
        return
    for clock in clocks(incident, now):
        if clock.ended is None and clock.due and clock.kind not in incident.escalated:
            yield Timer(clock.kind, clock.due)


class Timers:
    """Every method raises what the service raises when it cannot be reached."""

    @cached_property
    def _client(self) -> Any:
        return boto3.client("scheduler")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def set(self, incident: str, timer: Timer, now: datetime) -> bool:
        """Let `repair/escalate` be woken by `timer` for `incident`; False when it was set before."""
        at = max(_whole(timer.at), _whole(now + SOONEST))
        try:
            self._client.create_schedule(
                GroupName=setting("TIMERS"),
                Name=name_of(incident, timer.purpose, at),
                ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": setting("ESCALATE"),
                    "RoleArn": setting("TIMERS_ROLE"),
                    "Input": json.dumps({"incident": incident, "purpose": timer.purpose}),
                    "DeadLetterConfig": {"Arn": setting("ESCALATE_FAILURES")},
                    "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 6 * 3600},
                },
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConflictException":
                raise
            return False
        return True


def name_of(incident: str, purpose: Purpose, at: datetime) -> str:
    """The same for the same timer of the same incident."""
    return NAME.sub("-", f"{incident}-{purpose}-{at:%Y%m%d%H%M%S}")[-LONGEST_NAME:]


def _whole(at: datetime) -> datetime:
    """The first whole second that is not before `at`, in UTC: the service knows no parts of it."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
