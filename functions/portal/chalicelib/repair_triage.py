"""Pages of repair for everybody: known outages, planned maintenance, announcements; and the office's page of these."""

from __future__ import annotations

from typing import Any

from yinji.clearance.policy import Permission
from yinji.platform.clock import CAMPUS
from yinji.repair.access import can, demand
from yinji.repair.notices import KINDS, LONGEST, LONGEST_TITLE
from yinji.repair.notices_store import Notices
from yinji.repair.outages_store import Outages

from .repair_work import SHAPES
from .visit import Visit

MANAGES: Permission = "manage-incidents"


def outages(visit: Visit, store: Outages) -> dict[str, Any]:
    """What everybody is told of, whoever they are."""
    told = store.with_places(store.every(visit.now))
    return {
        "outages": [one for one in told if one[0].kind == "outage"],
        "maintenance": [one for one in told if one[0].kind == "maintenance"],
        "announcements": [one for one in told if one[0].kind == "announcement"],
        "shapes": SHAPES,
        "manages": can(visit.session, MANAGES),
    }


def notices(visit: Visit, store: Notices) -> dict[str, Any]:
    """What is planned and announced, and a form for more. Raises Problem("signed-out"), Problem("forbidden")."""
    demand(visit.someone, MANAGES)
    return {
        "notices": store.current(visit.now),
        "kinds": KINDS,
        "longest": LONGEST_TITLE,
        "first": f"{visit.now.astimezone(CAMPUS):%Y-%m-%dT%H:%M}",
        "last": f"{(visit.now + LONGEST).astimezone(CAMPUS):%Y-%m-%dT%H:%M}",
    }
