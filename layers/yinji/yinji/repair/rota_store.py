"""Where the rota lives: the table `Repair`. Items (pk, sk): ROTA TECHNICIAN#<staff>.

Whoever's duty nobody has changed for three years (the data map's term `work`) is not on it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from yinji.archive.bulk import Bulk
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.platform import clock
from yinji.repair.incidents_store import KEPT
from yinji.repair.items import TABLE, DutyItem
from yinji.repair.rota import Technician

PK = "ROTA"


class Rota:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def every(self) -> list[Technician]:
        """Everybody on the rota, by their numbers."""
        return [_technician(plains(item)) for item in self._bulk.query("pk", PK, consistent=True)]

    def find(self, staff: str) -> Technician | None:
        item = one(DutyItem, PK, _sk(staff))
        return _technician(values(item)) if item else None

    def put(self, after: Technician) -> bool:
        """Keep `after` in the place of the version before it; False when somebody else was quicker."""
        item = DutyItem(
            PK,
            _sk(after.staff),
            staff=after.staff,
            called=after.name,
            areas_of=list(after.areas),
            skills=list(after.skills),
            weekdays=sorted(after.weekdays),
            days_on=sorted(day.isoformat() for day in after.days_on),
            days_off=sorted(day.isoformat() for day in after.days_off),
            version=after.version,
            expires_at=int((clock.now() + KEPT).timestamp()),
        )
        new = after.version == 1
        before = DutyItem.pk.does_not_exist() if new else DutyItem.version == after.version - 1
        return kept(lambda: item.save(condition=before))

    def take_off(self, staff: str) -> None:
        """Take somebody off the rota; whoever is not on it is not on it."""
        DutyItem(PK, _sk(staff)).delete()


def _sk(staff: str) -> str:
    return f"TECHNICIAN#{staff}"


def _technician(told: Mapping[str, Any]) -> Technician:
    def days(name: str) -> frozenset[date]:
        some: Sequence[str] = told.get(name) or ()
        return frozenset(map(date.fromisoformat, some))

    return Technician(
        told["staff"],
        told["called"],
        tuple(told.get("areas_of") or ()),
        tuple(told.get("skills") or ()),
        frozenset(int(day) for day in told.get("weekdays") or ()),
        days("days_on"),
        days("days_off"),
        int(told["version"]),
    )
