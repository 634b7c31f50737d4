"""Known outages 已知故障: what is told to everybody, so that nobody has to report it once more. Pure.

An incident is known once it is more than one person's trouble: several people reported it, it is of a device or a whole
building, or a monitor saw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from yinji.repair.incident import Incident, State
from yinji.repair.place import Place
from yinji.repair.report import Symptom

ENOUGH = 3
"""How many people make a place's trouble everybody's."""


@dataclass(frozen=True)
class Known:
    """`cause` is the place or device it is of. `since` is when it began; `until` when it is to be over, of what is
    planned. `state` is how far the work is, empty for what is planned or announced; `title` says what that is, by
    language."""

    id: str
    kind: Literal["outage", "maintenance", "announcement"]
    cause: str
    building: str
    since: datetime
    symptom: Symptom | Literal[""] = ""
    state: State | Literal[""] = ""
    until: datetime | None = None
    people: int = 0
    title: Mapping[str, str] = field(default_factory=dict[str, str])


def known(incidents: Iterable[Incident]) -> list[Known]:
    """Those of `incidents` that everybody is told of, in their order."""
    return [
        Known(
            one.id,
            "outage",
            one.cause,
            one.building,
            one.opened_at,
            one.symptom,
            one.state,
            people=one.people,
        )
        for one in incidents
        if one.is_open
        and not one.planned
        and (one.rule not in ("place", "by-hand", "maintenance") or one.people >= ENOUGH)
    ]


def here(place: Place, every: Iterable[Known]) -> list[Known]:
    """Those of `every` that concern `place`; what is of no place in particular concerns all."""
    return [one for one in every if not one.cause or place.touches(one.cause)]
