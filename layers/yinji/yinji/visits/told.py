"""Visits, days, plans and figures as programs see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yinji.platform.clock import stamp
from yinji.visits.days import Day, Plan
from yinji.visits.desk import Glance, Whole
from yinji.visits.figures import Part, Year
from yinji.visits.visit import Event, Visit

Document = dict[str, Any]


def visit_document(one: Visit) -> Document:
    """All of a visit but what was done and how it was asked for; for who may see visits."""
    person, relative = one.person, one.relative
    return {
        "id": one.id,
        "state": one.state,
        "community": person.community,
        "day": one.day.isoformat(),
        "wish": one.wish,
        "window": one.window or None,
        "technician": one.technician or None,
        "name": person.name,
        "phone": person.phone,
        "address": person.address,
        "relative": {"name": relative.name, "phone": relative.phone} if relative else None,
        "troubles": list(one.troubles),
        "words": one.words or None,
        "asker": one.asker,
        "asked_at": stamp(one.asked_at),
        "reminded": bool(one.reminded),
        "version": one.version,
    }


def history_document(events: Iterable[Event]) -> list[Document]:
    return [{"what": one.what, "who": one.who, "at": stamp(one.at), "told": dict(one.told)} for one in events]


def day_document(one: Day) -> Document:
    return {
        "community": one.community,
        "day": one.day.isoformat(),
        "origin": one.origin,
        "closed": one.closed or None,
        "by_hand": one.by_hand,
        "places": [{"technician": each.technician, "window": each.window, "most": each.most} for each in one.places],
        "booked": len(one.held),
        "free": one.free(),
        "version": one.version,
    }


def glance_document(found: Glance) -> Document:
    return {
        "days": [
            day_document(cell.day) | {"waiting": cell.waiting, "over": cell.over}
            for _, cell in sorted(found.cells.items(), key=lambda item: (item[0][1], item[0][0]))
        ],
        "without": [visit_document(one) for one in found.without],
        "down": [visit_document(one) for one in found.down],
        "to_call": [visit_document(one) for one in found.to_call],
    }


def whole_document(found: Whole) -> Document:
    booked = [one for visits in found.booked.values() for one in visits]
    return day_document(found.day) | {
        "visits": [visit_document(one) for one in (*booked, *found.waiting, *found.others)],
        "to_call": [one.id for one in found.to_call],
    }


def plan_document(one: Plan) -> Document:
    return {
        "staff": one.technician,
        "name": one.called,
        "places": [
            {"community": community, "window": window, "most": most}
            for (community, window), most in sorted(one.places.items())
        ],
        "version": one.version,
    }


def year_document(found: Year) -> Document:
    return {
        "year": found.year,
        "whole": part_document(found.whole),
        "months": _parts(found.months),
        "communities": _parts(found.communities),
        "cells": [
            {"month": month, "community": community} | part_document(part)
            for (month, community), part in sorted(found.cells.items())
        ],
    }


def part_document(one: Part) -> Document:
    return {
        "asked": one.asked,
        "done": one.done,
        "missed": one.missed,
        "cancelled": one.cancelled,
        "open": one.open,
        "people": one.people,
        "again": one.again,
        "solved": one.solved,
        "hours": one.hours,
        "days_waited": one.days_waited,
        "troubles": dict(one.troubles),
        "faces": dict(one.faces),
    }


def _parts(parts: Mapping[str, Part]) -> dict[str, Document]:
    return {id: part_document(one) for id, one in parts.items()}
