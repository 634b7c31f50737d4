"""Pages of technicians and their office: the queue, an incident, the board of a building, the rota."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from markupsafe import Markup
from yinji.clearance.evidence import MEDIA_TYPES
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.repair.causes import causes, causes_of
from yinji.repair.clocks import Clock, clocks
from yinji.repair.incident import WORK, Event, Incident, State
from yinji.repair.incidents_store import Incidents
from yinji.repair.photos import KEPT_FOR, LARGEST
from yinji.repair.photos import KINDS as PHOTOS
from yinji.repair.place import DEVICES, Kind, Place
from yinji.repair.places_store import Places
from yinji.repair.queue import queue_of
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports
from yinji.repair.rota import SKILLS, Technician
from yinji.repair.rota_store import Rota
from yinji.repair.work import LONGEST_NOTE, WHYS, may_photograph, possible

from .visit import Visit
from .words import catalogue

SHAPES: Mapping[State, str] = {
    "open": "ready",
    "taken": "submitted",
    "travelling": "submitted",
    "waiting-access": "waiting",
    "waiting-parts": "waiting",
    "fixed": "done",
    "closed": "waived",
    "merged": "waived",
}
"""The shape and colour in which a state is said, beside its word."""
CLOCKS = {
    "running": "waiting",
    "soon": "ready",
    "overdue": "blocked",
    "paused": "waived",
    "kept": "done",
    "missed": "blocked",
}
"""The same of a clock."""
MOST_REPORTS, MOST_PLACES = 50, 40
"""How many reports and places an incident's page lists; it says how many more there are."""
HOURS_FROM = timedelta(minutes=120)
SYSTEM = ("triage", "monitor", "clock", "reporter")
"""Who does something to an incident, if it is nobody on the staff."""


def sees(visit: Visit) -> None:
    """Raise Problem("signed-out") or Problem("forbidden") unless whoever comes may see incidents."""
    access.demand(visit.someone, "see-incidents")


def queue(visit: Visit, incidents: Incidents, places: Places, rota: Rota) -> dict[str, Any]:
    """What is the technician's, and what is free; whoever only looks on sees all that is open."""
    sees(visit)
    session = visit.someone
    found, technicians = incidents.open(), rota.every()
    known = places.find_many(sorted({id for one in found for id in (one.cause, one.building) if id}))
    kinds: dict[str, Kind] = {id: place.kind for id, place in known.items()}
    return common(visit, technicians) | {
        "queue": queue_of(found, kinds, technicians, session.sub, visit.now),
        "known": known,
        "me": session.sub,
        "works": access.can(session, "work-on-incidents"),
        "sees_places": access.can(session, "see-places"),
        "on_duty": [one for one in technicians if one.on_duty(visit.today)],
        "causes": {one.id: causes_of(kinds.get(one.cause)) for one in found if one.technician == session.sub},
    }


def incident(
    visit: Visit, incidents: Incidents, places: Places, reports: Reports, rota: Rota, id: str
) -> dict[str, Any]:
    """All of an incident: why it is one, where, what was reported, what happened, and what can be done now."""
    sees(visit)
    session = visit.someone
    found = incidents.find(id)
    if found is None:
        raise Problem("not-found")
    technicians = rota.every()
    filed = reports.of_incident(id)
    shown = filed[-MOST_REPORTS:][::-1]
    listed = list(found.places)[:MOST_PLACES]
    wanted = {found.cause, found.building, *listed, *(one.place for one in shown)} - {""}
    known = places.find_many(sorted(wanted))
    cause = known.get(found.cause)
    manages = access.can(session, "manage-incidents")
    return common(visit, technicians) | {
        "one": found,
        "known": known,
        "cause": cause,
        "rule": rule(visit, found),
        "clocks": [] if found.planned else clocks(found, visit.now),
        "listed": listed,
        "reports": shown,
        "filed": len(filed),
        "check": check,
        "contacts": found.is_open and access.can(session, "work-on-incidents"),
        "events": [(event, what(visit, event), who(technicians, event.who)) for event in incidents.history(id)],
        "deeds": possible(found, session),
        "causes": causes_of(cause.kind if cause else None),
        "found_titles": causes(),
        "whys": WHYS,
        "longest_note": LONGEST_NOTE,
        "colleagues": [one for one in technicians if one.staff not in (session.sub, found.technician)],
        "others": others(found, incidents) if manages and found.state in WORK else [],
        "splits": manages and found.state in WORK and len(filed) > 1,
        "merged": found.state == "merged",
        "day_of": date.fromisoformat,
        "photo": found.photo is not None and visit.now - found.photo < KEPT_FOR,
        "photographs": may_photograph(found, session),
        "types": ",".join(MEDIA_TYPES[kind] for kind in PHOTOS),
        "largest": LARGEST,
    }


def others(one: Incident, incidents: Incidents) -> Sequence[Incident]:
    """What `one` may turn out to be a part of: what is worked on in the same building."""
    return [
        other
        for other in incidents.open()
        if other.id != one.id and other.building == one.building and other.state in WORK
    ]


def board(visit: Visit, incidents: Incidents, places: Places) -> dict[str, Any]:
    """The buildings that have something open, the most of it first, and how much."""
    sees(visit)
    found = [one for one in incidents.open() if one.building]
    of: dict[str, list[Incident]] = {}
    for one in found:
        of.setdefault(one.building, []).append(one)
    known = places.find_many(sorted(of))
    rows = [(id, known.get(id), some, min(one.priority for one in some)) for id, some in of.items()]
    return {"rows": sorted(rows, key=lambda row: (row[3], -len(row[2]), row[0]))}


def building(visit: Visit, incidents: Incidents, places: Places, id: str) -> dict[str, Any]:
    """The board of a building: floors as rows, the highest first, places as cells with what is wrong there."""
    sees(visit)
    found = [place for place in places.of_building(id) if not place.retired] if id else []
    whole = next((place for place in found if place.id == id), None)
    if whole is None:
        raise Problem("not-found")
    faults = [one for one in incidents.open() if one.building == id or not one.building]
    cells = [(place, _worst(place, faults)) for place in found if place.kind not in ("building", "floor")]
    floors = sorted((place for place in found if place.kind == "floor"), key=lambda one: _natural(one.id), reverse=True)
    rows = [_row(floor, [cell for cell in cells if floor.id in cell[0].path]) for floor in floors]
    placed = {floor.id for floor in floors}
    rest = [cell for cell in cells if not placed & set(cell[0].path)]
    return {
        "building": whole,
        "rows": [*rows, *([_row(None, rest)] if rest else [])],
        "faults": faults,
        "shapes": SHAPES,
        "known": {place.id: place for place in found},
    }


Cell = tuple[Place, Incident | None]


def _row(floor: Place | None, cells: Iterable[Cell]) -> tuple[Place | None, list[Cell], list[Cell]]:
    """A floor with its places, and with its devices beside them."""
    order = sorted(cells, key=lambda cell: _natural(cell[0].id))
    return (
        floor,
        [cell for cell in order if cell[0].kind not in DEVICES],
        [cell for cell in order if cell[0].kind in DEVICES],
    )


def _natural(id: str) -> tuple[tuple[int, str], ...]:
    """Sorts by the numbers in `id` as numbers: floor 2 comes before floor 10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in id.split("-"))


def _worst(place: Place, faults: Sequence[Incident]) -> Incident | None:
    """What is wrong at `place`: of what touches it, and of what was reported there, the most urgent that is not mended
    yet."""
    here = [one for one in faults if place.touches(one.cause) or place.id in one.places]
    return min(here, key=lambda one: (one.state == "fixed", one.priority, one.opened_at), default=None)


def duty(visit: Visit, rota: Rota) -> dict[str, Any]:
    """The rota of the days to come; whoever may changes it."""
    sees(visit)
    days = [visit.today + timedelta(days=ahead) for ahead in range(14)]
    return {
        "technicians": rota.every(),
        "days": days,
        "skills": SKILLS,
        "manages": access.can(visit.session, "manage-incidents"),
        "last": visit.latest(365),
    }


# --- how it is said ------------------------------------------------------------------------------------------


def common(visit: Visit, technicians: Sequence[Technician]) -> dict[str, Any]:
    return {
        "shapes": SHAPES,
        "clock_shapes": CLOCKS,
        "said": partial(said, visit),
        "who": partial(who, technicians),
        "manages": access.can(visit.session, "manage-incidents"),
    }


def said(visit: Visit, clock: Clock) -> Markup:
    """How a clock stands, in a few words."""
    left = abs(clock.left)
    n = int(left.total_seconds() // 60)
    time = visit.words("repair-work.hours", n=n // 60) if left >= HOURS_FROM else visit.words("repair-work.min", n=n)
    return visit.words(f"repair-work.clock-{clock.kind}-{clock.standing}", left=time)


def rule(visit: Visit, one: Incident) -> Markup:
    """Why these reports are one incident, in the words of triage."""
    return visit.words(f"repair-triage.rule.{one.rule}", **{"people": one.people, **one.told})


def what(visit: Visit, event: Event) -> Markup:
    """What happened, as a sentence; what this page has no word for is that it changed."""
    key = f"repair-work.event-{event.what}"
    return visit.words(key if key in catalogue(visit.language) else "repair-work.event-changed")


def who(technicians: Sequence[Technician], staff: str) -> str:
    """The name of somebody on the rota, or their number; nothing for who is no person."""
    if staff in SYSTEM:
        return ""
    return next((one.name for one in technicians if one.staff == staff), staff)


def check(one: Report) -> Mapping[str, str]:
    """What a self check found, by name."""
    try:
        told: Any = json.loads(one.check or "{}")
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {str(name): str(value) for name, value in cast(dict[str, Any], told).items()}
