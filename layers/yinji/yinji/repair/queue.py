"""The queue of a technician: what is theirs, what is free, in which order, and how far it is. Pure.

The most urgent comes first; of the same urgency what is overdue, then what is nearest, then what is oldest. How far it
is is told by where they did something last: the same building, the same area, or elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yinji.platform.clock import CAMPUS
from yinji.repair.clocks import Clock, next_due
from yinji.repair.incident import WORK, Incident
from yinji.repair.place import Kind
from yinji.repair.rota import Technician, routed

Distance = Literal["here", "near", "far", ""]
"""In the building, in the area, elsewhere; empty where it is not known where they are."""
FAR: Sequence[Distance] = ("here", "near", "far", "")


@dataclass(frozen=True)
class Job:
    """`whose` is for whom it is by the rota, as long as nobody has it; `clock` the one that matters now."""

    incident: Incident
    clock: Clock | None
    distance: Distance = ""
    whose: str = ""


@dataclass(frozen=True)
class Queue:
    """`mine` is what they have, `free` what nobody has in their areas, `elsewhere` the same in other areas, `others`
    what colleagues have, `fixed` what waits for an answer of whoever reported it."""

    mine: Sequence[Job]
    free: Sequence[Job]
    elsewhere: Sequence[Job]
    others: Sequence[Job]
    fixed: Sequence[Job]


def queue_of(
    incidents: Sequence[Incident], kinds: Mapping[str, Kind], rota: Sequence[Technician], who: str, now: datetime
) -> Queue:
    """The queue of the staff id `who`, of the `incidents` that are open; `kinds` are those of their causes, by id.

    Who is not on the rota has all areas.
    """
    me = next((one for one in rota if one.staff == who), None)
    last = max((one for one in incidents if one.technician == who), key=lambda one: one.changed_at, default=None)
    clocks = {one.id: next_due(one, now) for one in incidents}
    urgent = sorted(incidents, key=lambda one: (one.priority, one.opened_at, one.id))
    whose = routed(urgent, kinds, rota, now.astimezone(CAMPUS).date())
    jobs = [Job(one, clocks[one.id], _distance(one, last), whose.get(one.id, "")) for one in incidents]
    jobs.sort(key=_order)
    working = [job for job in jobs if job.incident.state in WORK]
    free = [job for job in working if job.incident.state == "open"]
    held = [job for job in working if job.incident.state != "open"]
    return Queue(
        [job for job in held if job.incident.technician == who],
        [job for job in free if me is None or job.incident.area in me.areas],
        [job for job in free if me is not None and job.incident.area not in me.areas],
        [job for job in held if job.incident.technician != who],
        [job for job in jobs if job.incident.state == "fixed"],
    )


def _distance(incident: Incident, last: Incident | None) -> Distance:
    if last is None:
        return ""
    if incident.building and incident.building == last.building:
        return "here"
    return "near" if incident.area == last.area else "far"


def _order(job: Job) -> tuple[int, bool, int, datetime, str]:
    late = job.clock is not None and job.clock.over
    return job.incident.priority, not late, FAR.index(job.distance), job.incident.opened_at, job.incident.id
