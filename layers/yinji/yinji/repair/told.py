"""What programs are told of incidents, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yinji.platform.clock import stamp
from yinji.repair.clocks import Clock, clocks
from yinji.repair.incident import Event, Incident
from yinji.repair.photos import KEPT_FOR
from yinji.repair.report import Report


def incident_document(incident: Incident, now: datetime) -> dict[str, Any]:
    return {
        "id": incident.id,
        "building": incident.building,
        "area": incident.area,
        "cause": incident.cause,
        "symptom": incident.symptom,
        "rule": incident.rule,
        "state": incident.state,
        "priority": incident.priority,
        "reports": incident.reports,
        "people": incident.people,
        "places": list(incident.places),
        "opened_at": stamp(incident.opened_at),
        "changed_at": stamp(incident.changed_at),
        "version": incident.version,
        "technician": incident.technician or None,
        "reopened": incident.reopened,
        "found": incident.found or None,
        "note": incident.note or None,
        "merged_into": incident.merged_into or None,
        "escalated": list(incident.escalated),
        "photo": incident.photo is not None and now - incident.photo < KEPT_FOR,
        "clocks": [_clock(one) for one in clocks(incident, now)],
    }


def whole_document(
    incident: Incident, reports: Sequence[Report], history: Sequence[Event], now: datetime, *, contacts: bool
) -> dict[str, Any]:
    """An incident with its reports, with how to reach whoever filed them where `contacts`, and what happened to it."""
    return incident_document(incident, now) | {
        "filed": [
            {
                "id": one.id,
                "place": one.place,
                "symptom": one.symptom,
                "text": one.text or None,
                "check": one.check or None,
                "contact": (one.contact or None) if contacts else None,
                "source": one.source,
                "filed_at": stamp(one.filed_at),
                "photo": one.photo,
            }
            for one in reports
        ],
        "history": [{"what": one.what, "who": one.who, "at": stamp(one.at)} for one in history],
    }


def _clock(one: Clock) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "standing": one.standing,
        "minutes_left": int(one.left.total_seconds() // 60),
        "due": stamp(one.due) if one.due else None,
    }
