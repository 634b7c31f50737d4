"""What everybody is told of as of now: outages, what is planned, what was announced."""

from __future__ import annotations

from datetime import datetime, timedelta

from yinji.platform import clock
from yinji.repair.incidents_store import Incidents
from yinji.repair.notices_store import Notices
from yinji.repair.outages import Known, known
from yinji.repair.place import Place
from yinji.repair.places_store import Places

AHEAD = timedelta(days=7)
"""How long before planned maintenance everybody is told of it."""
ORDER = ("announcement", "outage", "maintenance")


class Outages:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._incidents, self._notices, self._places = Incidents(), Notices(), Places()

    def every(self, at: datetime | None = None) -> list[Known]:
        """What was announced, then outages that are known, those that trouble most people first, then maintenance."""
        now = at or clock.now()
        notices = [one.known for one in self._notices.current(now) if one.since <= now or _soon(one.known, now)]
        found = [*known(self._incidents.open()), *notices]
        return sorted(found, key=lambda one: (ORDER.index(one.kind), -one.people, one.since, one.id))

    def with_places(self, every: list[Known]) -> list[tuple[Known, Place | None]]:
        """Each of `every` with the place or device it is of, where the register has it."""
        places = self._places.find_many(sorted({one.cause for one in every} - {""}))
        return [(one, places.get(one.cause)) for one in every]


def _soon(one: Known, now: datetime) -> bool:
    return one.kind == "maintenance" and one.since <= now + AHEAD
