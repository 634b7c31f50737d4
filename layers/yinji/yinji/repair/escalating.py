"""What becomes of an incident when a clock of it runs out. Pure.

It is more urgent by one step, once for each clock. A mended one that nobody said anything about is closed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from yinji.repair.clocks import clock, closes_at
from yinji.repair.incident import Event, Incident, Priority, done, moment
from yinji.repair.timers import Purpose

WHO = "clock"


def escalated(incident: Incident, purpose: Purpose, now: datetime) -> tuple[Incident, Event] | None:
    """The incident after that at `now`, with the event; None where nothing is due as it stands."""
    if incident.planned or not incident.is_open:
        return None
    at = moment(incident, now)
    if purpose == "answer":
        closes = closes_at(incident)
        if closes is None or closes > now:
            return None
        return done(incident, "close", WHO, at, f"clock-answer-{incident.reopened}")
    if purpose in incident.escalated or not clock(incident, purpose, now).over:
        return None
    urgent = cast(Priority, max(1, incident.priority - 1))
    after = replace(
        incident,
        priority=urgent,
        escalated=(*incident.escalated, purpose),
        changed_at=at,
        version=incident.version + 1,
    )
    return after, Event(f"clock-{purpose}-{incident.reopened}", "escalated", WHO, at, {"clock": purpose})
