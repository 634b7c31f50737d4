"""The page of what faults teach: how long they took, what they were of, what fails again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from markupsafe import Markup
from yinji.platform.problem import Problem
from yinji.repair.access import OFFICE
from yinji.repair.causes import causes
from yinji.repair.incidents_store import Incidents
from yinji.repair.learning import MONTH, month_of, moved
from yinji.repair.lessons import of_month
from yinji.repair.place import Place
from yinji.repair.places_store import Places

from .visit import Visit
from .words import Words

FIRST = "2026-01"
"""Before that nothing was mended here."""
FEW = 5
"""How many causes of a building or a model are told; the rest is counted."""


def learn(visit: Visit, incidents: Incidents, places: Places) -> dict[str, Any]:
    """What the month teaches that the query names, this one unless told. Raises Problem("not-found") for months that
    are still to come."""
    visit.demand("see-incidents", department=OFFICE)
    now = month_of(visit.today)
    month = visit.query.get("month", "") or now
    if not MONTH.fullmatch(month) or not FIRST <= month <= now:
        raise Problem("not-found")
    found, known = of_month(month, incidents, places)
    words = visit.words
    return {
        "found": found,
        "title": month_title(words, month),
        "before": moved(month, -1) if month > FIRST else "",
        "after": moved(month, 1) if month < now else "",
        "month_title": partial(month_title, words),
        "span": partial(span, words),
        "percent": percent,
        "causes": [(cause(words, id), number) for id, number in found.causes.items()],
        "tables": [
            ("building", [(named(words, known, id), *few(words, one)) for id, one in found.buildings.items()]),
            ("model", [(model, *few(words, one)) for model, one in found.models.items()]),
        ],
        "place": partial(named, words, known),
    }


def month_title(words: Words, month: str) -> Markup:
    return words("repair-learn.month", year=month[:4], name=words(f"month.{int(month[5:])}"))


def span(words: Words, one: timedelta | None) -> Markup | str:
    """How long something took, as people say it."""
    if one is None:
        return "–"
    minutes = round(one.total_seconds() / 60)
    if minutes < 120:
        return words("repair-learn.minutes", n=minutes)
    hours = round(minutes / 60)
    return words("repair-learn.hours", n=hours) if hours < 48 else words("repair-learn.days", n=round(hours / 24))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def cause(words: Words, id: str) -> Markup | str:
    """What a cause is called; one that the catalogue does not have any more by its id."""
    if not id:
        return words("repair-learn.no-cause")
    return words.say(causes()[id].title) if id in causes() else id


def named(words: Words, known: Mapping[str, Place], id: str) -> str:
    place = known.get(id)
    return words.say(place.title) if place else id


def few(words: Words, counted: Mapping[str, int]) -> tuple[int, list[tuple[Markup | str, int]], int]:
    """How many there were, the commonest causes with their numbers, and how many were of others."""
    shown = [(cause(words, id), number) for id, number in list(counted.items())[:FEW]]
    total = sum(counted.values())
    return total, shown, total - sum(number for _, number in shown)
