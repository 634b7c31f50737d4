"""The rota 值班表: which technician is on duty when, where, and for what; and whose a new fault is. Pure.

Whose it is is derived whenever it is shown, from the rota and from who has how much: nothing is stored that could be
wrong an hour later, and whoever is quicker may take it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from yinji.platform.problem import invalid_form
from yinji.repair.incident import WORK, Incident
from yinji.repair.place import Kind

Skill = Literal["cabling", "wireless", "switching", "accounts"]
SKILLS: tuple[Skill, ...] = get_args(Skill)
NEEDED: Mapping[Kind, Skill] = {
    "room": "cabling",
    "socket": "cabling",
    "floor": "switching",
    "access-point": "wireless",
    "switch": "switching",
    "building": "switching",
    "campus": "switching",
}
"""What whoever mends a fault of such a place has to know."""
LONGEST_AREA = 40
MOST_AREAS = 20
MOST_DAYS = 60
"""How many single days are kept of somebody, those on duty and those off: the latest."""
AREA = re.compile(rf"[^\x00-\x1f#,，、]{{1,{LONGEST_AREA}}}")


@dataclass(frozen=True)
class Technician:
    """`weekdays` are the days of the week on which they are usually on duty, Monday is 0. `days_on` and `days_off` are
    single days that are otherwise. `version` counts changes; 0 is none that is kept yet."""

    staff: str
    name: str
    areas: Sequence[str] = ()
    skills: Sequence[str] = ()
    weekdays: frozenset[int] = frozenset()
    days_on: frozenset[date] = frozenset()
    days_off: frozenset[date] = frozenset()
    version: int = 0

    def on_duty(self, day: date) -> bool:
        if day in self.days_off:
            return False
        return day in self.days_on or day.weekday() in self.weekdays


def wished(fields: Mapping[str, str]) -> tuple[Sequence[str], Sequence[str], frozenset[int]]:
    """The areas, skills and weekdays that a form tells: `areas` by commas, `skill.<id>` and `weekday.<0 to 6>`.

    Raises Problem("invalid-form").
    """
    told = re.split("[,，、]", fields.get("areas", ""))
    areas = tuple(dict.fromkeys(one.strip() for one in told if one.strip()))
    if len(areas) > MOST_AREAS or not all(AREA.fullmatch(area) for area in areas):
        raise invalid_form({"areas": "invalid"})
    if not areas:
        raise invalid_form({"areas": "required"})
    skills = tuple(skill for skill in SKILLS if fields.get(f"skill.{skill}"))
    weekdays = frozenset(day for day in range(7) if fields.get(f"weekday.{day}"))
    return areas, skills, weekdays


def with_day(one: Technician, day: date, duty: str) -> tuple[frozenset[date], frozenset[date]]:
    """The single days of `one`, on and off duty, once `day` is "on", "off" or "usual". The oldest are forgotten."""
    on, off = one.days_on - {day}, one.days_off - {day}
    if duty == "on":
        on |= {day}
    elif duty == "off":
        off |= {day}
    return frozenset(sorted(on)[-MOST_DAYS:]), frozenset(sorted(off)[-MOST_DAYS:])


def loads(incidents: Iterable[Incident]) -> Counter[str]:
    """How many incidents each technician has to work on."""
    return Counter(one.technician for one in incidents if one.technician and one.state in WORK)


def routed(
    incidents: Sequence[Incident], kinds: Mapping[str, Kind], rota: Sequence[Technician], day: date
) -> Mapping[str, str]:
    """By the ids of those of `incidents` that nobody has: for whom they are on `day`, where anybody is on duty there.

    Of those who are on duty for the area it is whoever knows what it needs, then whoever has the least to do, counting
    what comes before it here. `incidents` are all that are open, the most urgent first; `kinds` are those of their
    causes, by id.
    """
    load = loads(incidents)
    found: dict[str, str] = {}
    for incident in incidents:
        there = [one for one in rota if incident.area in one.areas and one.on_duty(day)]
        if incident.state != "open" or not there:
            continue
        needed = _needed(incident, kinds)
        best = min(there, key=lambda one: (needed not in one.skills, load[one.staff], one.staff))
        load[best.staff] += 1
        found[incident.id] = best.staff
    return found


def _needed(incident: Incident, kinds: Mapping[str, Kind]) -> Skill:
    if incident.symptom == "sign-in":
        return "accounts"
    kind = kinds.get(incident.cause)
    return NEEDED[kind] if kind else "cabling"
