"""Appointments on pages: the times a graduate can choose from, and an office's day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from yinji.clearance import appointments, definition
from yinji.clearance.appointments import Booking, Offer
from yinji.clearance.definition import StepDefinition, Text
from yinji.clearance.store import Store
from yinji.clearance.view import StepView
from yinji.platform.problem import Problem

from .visit import Visit

FARTHEST = 400
"""How many days from today an office's page goes back or ahead."""


@dataclass(frozen=True)
class Choice:
    """What a form offers: the days in words with their times, and the years whose holidays nobody knows yet."""

    days: Sequence[tuple[str, Sequence[Offer]]]
    unannounced: Markup | str


def choices(visit: Visit, store: Store, steps: Sequence[StepView]) -> dict[str, Choice]:
    """By step, what there is to choose from where an action of `steps` asks for a time: one Query each."""
    found: dict[str, Choice] = {}
    for step in steps:
        if any(appointments.is_slot(field) for action in step.actions for field in action.fields):
            found[step.id] = _choice(visit, store, definition.steps()[step.id])
    return found


def _choice(visit: Visit, store: Store, step: StepDefinition) -> Choice:
    told = step.appointments
    assert told  # noqa: S101 - a step whose form asks for a time has appointments
    kept = store.slots(step.id, visit.today, visit.latest(told.days_ahead))
    offered = appointments.offers(told, kept, visit.now)
    years = appointments.unannounced([day for day, _ in offered])
    return Choice(
        [(appointments.say_day(day, visit.language), offers) for day, offers in offered],
        visit.words("appointments.unannounced", years=", ".join(map(str, years))) if years else "",
    )


def booked(visit: Visit, steps: Sequence[StepView]) -> dict[str, tuple[Text, str]]:
    """By step, what is booked and when, in words, of the steps at which a time is held."""
    every = definition.steps()
    return {
        step.id: (told.title, appointments.say(told, step.slot, visit.language))
        for step in steps
        if step.slot and (told := every[step.id].appointments)
    }


def of_office(visit: Visit, store: Store, step: str) -> dict[str, Any]:
    """An office's day: who comes when. `day` of the query says which, else the first worked one from today on."""
    known = definition.steps().get(step)
    visit.demand("see-queue", school=visit.someone.school, department=known.department if known else "")
    if known is None or known.appointments is None:
        raise Problem("not-found")
    told = known.appointments
    day = _asked(visit)
    kept, coming = store.slots(step, day, day), store.coming(step, day)
    slots = {slot.id: slot for slot in appointments.of_day(told, day)}
    # what was booked stays to be seen, though the day is no longer worked or the times have changed
    names = sorted({*slots, *(one.slot for one in coming)})
    lines: list[tuple[str, str, Offer | None, list[Booking]]] = []
    for name in names:
        slot = slots.get(name) or appointments.parse(told, name)
        offer = appointments.offer(told, slot, kept) if slot else None
        lines.append((name, slot.hours if slot else name, offer, [one for one in coming if one.slot == name]))
    return {
        "known": known,
        "told": told,
        "day": day,
        "day_said": appointments.say_day(day, visit.language),
        "worked": appointments.working_day(day),
        "unannounced": [] if appointments.announced(day) else [day.year],
        "lines": lines,
        "total": len(coming),
        "previous": _neighbour(day, -1),
        "next": _neighbour(day, 1),
        "sets": visit.may("set-slots", department=known.department) and day >= visit.today,
    }


def _asked(visit: Visit) -> date:
    text = visit.query.get("day", "")
    if not text:
        return _neighbour(visit.today - timedelta(days=1), 1)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Problem("not-found") from None
    if abs((day - visit.today).days) > FARTHEST:
        raise Problem("not-found")
    return day


def _neighbour(day: date, way: int) -> date:
    """The next day before (-1) or after (1) `day` that is worked."""
    day += timedelta(days=way)
    while not appointments.working_day(day):
        day += timedelta(days=way)
    return day
