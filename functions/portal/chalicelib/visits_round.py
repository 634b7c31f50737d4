"""Pages of technicians who visit people at home: their days, the way of a day, and what they write down at a door."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from yinji.platform.environment import setting
from yinji.platform.strokes import HEIGHT, LONGEST_SIGNATURE, MOST_STROKES, WIDTH
from yinji.repair import access
from yinji.visits import service
from yinji.visits.calendar import calendar_link
from yinji.visits.days import at_campus
from yinji.visits.keys import visits_key
from yinji.visits.recording import before
from yinji.visits.rounds import called, coming, day_of, demand_seen, following, of_day, whose, writable
from yinji.visits.route import stops
from yinji.visits.store import Visits
from yinji.visits.visit import (
    FACES,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PART,
    LONGEST_VISIT,
    LONGEST_WORDS,
    MOST_PARTS,
    WISHES,
    State,
)
from yinji.visits.visit import Visit as Visited

from .visit import Visit

SHAPES: Mapping[State, str] = {
    "waiting": "waiting",
    "booked": "ready",
    "done": "done",
    "not-met": "blocked",
    "cancelled": "waived",
}
"""The shape and colour in which a state is said, beside its word."""


def days(visit: Visit, visits: Visits) -> dict[str, Any]:
    """The next day of the technician, those after it, and those that were; for the office everybody's."""
    session, today = visit.someone, at_campus(visit.now)
    technician = whose(session, "")
    found = [(day, _summary(some)) for day, some in coming(visits, technician, today).items()]
    turn = visits.calendar_turn(session.sub) if technician else 0
    link = calendar_link(session.sub, turn, visits_key()) if technician else ""
    return {
        "ahead": [one for one in found if one[0] >= today],
        "past": [one for one in found if one[0] < today][::-1],
        "mine": bool(technician),
        "me": session.sub,
        "names": {} if technician else _names(visits),
        "turn": turn,
        "calendar": f"{setting('PUBLIC_URL')}/api/visits/calendar/{link}.ics?language={visit.language}" if link else "",
    }


def way(visit: Visit, visits: Visits, told: str) -> dict[str, Any]:
    """The visits of a day in the order of the way; the office is asked whose, when there are several."""
    session, day = visit.someone, day_of(told)
    technician = whose(session, visit.query.get("technician", ""))
    found = of_day(visits, day, technician)
    others = sorted({one.technician for one in found})
    chosen = technician or (others[0] if len(others) == 1 else "")
    shown = [one for one in found if one.technician == chosen]
    return common(visit) | {
        "day": day,
        "stops": stops(shown),
        "visits": shown,
        "left": sum(one.state == "booked" for one in shown),
        "technician": chosen,
        "name": called(visits, chosen, session) if chosen else "",
        "others": [] if chosen else others,
        "names": {} if chosen else _names(visits),
        "mine": chosen == session.sub and access.can(session, "make-visits"),
        "writable": [one.id for one in shown if writable(one, session, visit.now)],
        "me": session.sub,
    }


def door(visit: Visit, visits: Visits, id: str) -> dict[str, Any]:
    """All of a visit: who and where, what was written down and what it said before, and what can be written."""
    session = visit.someone
    whose(session, "")
    one = demand_seen(session, visits.find(id))
    history = visits.history(id)
    today = at_campus(visit.now)
    mine = one.technician == session.sub and access.can(session, "make-visits")
    follows = visits.find(one.follows) if one.follows else None
    next_one = following(visits, id)
    asks = mine and one.day <= today and one.state in ("done", "not-met")
    if next_one and next_one.state != "cancelled":
        asks = False
    return common(visit) | {
        "one": one,
        "mine": mine,
        "writable": writable(one, session, visit.now),
        "me": session.sub,
        "corrected": [(event, was) for event in history if (was := before(event))],
        "follows": follows,
        "next_one": next_one,
        "days": _open_days(visits, one, today) if asks else [],
        "asks": asks,
    }


def common(visit: Visit) -> dict[str, Any]:
    return {
        "shapes": SHAPES,
        "windows": service.windows(),
        "communities": service.communities(),
        "troubles": service.troubles(),
        "dial": dial,
        "faces": FACES,
        "wishes": WISHES,
        "longest": {
            "minutes": LONGEST_VISIT,
            "note": LONGEST_NOTE,
            "parts": MOST_PARTS * (LONGEST_PART + 1),
            "name": LONGEST_NAME,
            "words": LONGEST_WORDS,
            "signature": LONGEST_SIGNATURE,
            "strokes": MOST_STROKES,
        },
        "frame": (WIDTH, HEIGHT),
    }


def dial(phone: str) -> str:
    """A phone number as a phone calls it."""
    return re.sub(r"[^0-9+]", "", phone)


def _summary(some: Sequence[Visited]) -> dict[str, Any]:
    found = [one for one in service.communities() if any(visit.person.community == one for visit in some)]
    return {
        "n": len(some),
        "left": sum(one.state == "booked" for one in some),
        "communities": [service.communities()[one].title for one in found],
        "technicians": sorted({one.technician for one in some}),
    }


def _open_days(visits: Visits, one: Visited, today: date) -> list[tuple[date, int]]:
    """The days on which somebody may come again, and how many places each has left."""
    found = [day for day, _ in visits.coming(one.person.community, today) if day.day > today and not day.closed]
    return [(day.day, day.free()) for day in found]


def _names(visits: Visits) -> dict[str, str]:
    return {plan.technician: plan.called for plan in visits.plans()}
