"""Where incidents live, with what happened to them: the table `Repair`.

Items (pk, sk): INCIDENT#<id> INCIDENT, INCIDENT#<id> EVENT#<at>#<key>. Index by-shelf (shelf, place_on_shelf).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, cast

from yinji.archive.bulk import Bulk
from yinji.clearance.items import connection, happens, one, transacted, values
from yinji.clearance.reading import plains
from yinji.platform.clock import CAMPUS, instant, stamp
from yinji.repair.incident import Event, Incident, Priority, Rule, State
from yinji.repair.items import TABLE, ByShelf, HappenedItem, IncidentItem
from yinji.repair.report import Symptom

OPEN_SHELF, PLANNED_SHELF = "open", "maintenance"
THREADS = 12
KEPT = timedelta(days=1095)
"""How long an incident is kept after it last changed (the data map's term `work`): for comparing years."""


class Incidents:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk, self._connection = Bulk(TABLE), connection()

    def find(self, id: str) -> Incident | None:
        """The incident as of now."""
        item = one(IncidentItem, pk_of(id), "INCIDENT")
        return incident_of(values(item)) if item else None

    def open(self, area: str = "") -> list[Incident]:
        """Those that are open, of an area where one is named, the oldest first, as of a moment ago; without those of
        planned maintenance."""
        beginning = f"{area}#" if area else ""
        found = self._bulk.query(
            "shelf", OPEN_SHELF, index=ByShelf.Meta.index_name, beginning=beginning, sort="place_on_shelf"
        )
        return [incident_of(plains(item)) for item in found]

    def planned(self) -> list[Incident]:
        """Those of planned maintenance that are not over, as of a moment ago."""
        found = self._bulk.query("shelf", PLANNED_SHELF, index=ByShelf.Meta.index_name)
        return [incident_of(plains(item)) for item in found]

    def find_many(self, ids: Sequence[str]) -> dict[str, Incident]:
        """Those of `ids` that there are, as of now."""
        found = self._bulk.get_many([(pk_of(id), "INCIDENT") for id in ids])
        return {one.id: one for one in map(incident_of, map(plains, found))}

    def over(self, month: str) -> list[Incident]:
        """Those that ended in a month of the campus, such as 2026-11."""
        found = self._bulk.query("shelf", month, index=ByShelf.Meta.index_name)
        return [incident_of(plains(item)) for item in found]

    def history(self, id: str) -> list[Event]:
        """What happened to it, the oldest first."""
        found = self._bulk.query("pk", pk_of(id), beginning="EVENT#", consistent=True)
        return [_event(plains(item)) for item in found]

    def handed_over(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that somebody handed over to a colleague, or back to the queue."""

        def handed(id: str) -> bool:
            told = self._bulk.query("pk", pk_of(id), ("what",), beginning="EVENT#")
            return any(plains(item)["what"] == "hand-over" for item in told)

        with ThreadPoolExecutor(THREADS) as threads:
            return {id for id, one in zip(ids, threads.map(handed, ids), strict=True) if one}

    def change(self, after: Incident, event: Event) -> bool:
        """Keep `after`, which follows from the version before it, and that `event` happened, in one transaction; False
        when somebody else was quicker, or the very event was there before. Look at it anew then.

        An event's key has to be the same whenever the same is sent again, and its instant too.
        """
        return transacted(self._connection, lambda transaction: put(transaction, after, event))


def put(transaction: Any, after: Incident, event: Event) -> None:
    """Let `transaction` put `after` in the place of the version before it, and the event."""
    new = after.version == 1
    transaction.save(
        item_of(after),
        condition=IncidentItem.pk.does_not_exist() if new else IncidentItem.version == after.version - 1,
    )
    happens(transaction, HappenedItem, pk_of(after.id), event, KEPT)


def pk_of(id: str) -> str:
    return f"INCIDENT#{id}"


def item_of(incident: Incident) -> IncidentItem:
    shelf, place = shelf_of(incident)
    return IncidentItem(
        pk_of(incident.id),
        of_incident=incident.id,
        in_building=incident.building,
        area=incident.area,
        cause=incident.cause,
        symptom=incident.symptom,
        rule=incident.rule,
        told=dict(incident.told),
        state=incident.state,
        priority=incident.priority,
        reports=incident.reports,
        people=incident.people,
        places=list(incident.places),
        opened_at=stamp(incident.opened_at),
        changed_at=stamp(incident.changed_at),
        version=incident.version,
        technician=incident.technician or None,
        times={state: stamp(at) for state, at in incident.times.items()},
        merged_into=incident.merged_into or None,
        reopened=incident.reopened,
        found=incident.found or None,
        note=incident.note or None,
        monitor=incident.monitor or None,
        waits=[stamp(at) for at in incident.waits],
        escalated=list(incident.escalated),
        photo_at=stamp(incident.photo) if incident.photo else None,
        shelf=shelf,
        place_on_shelf=place,
        expires_at=int((incident.changed_at + KEPT).timestamp()),
    )


def shelf_of(incident: Incident) -> tuple[str, str]:
    """Where the index by-shelf has it: open ones by area and age, those of maintenance apart, for they are nobody's
    work; others by the month of the campus they ended in."""
    if incident.is_open:
        return (
            PLANNED_SHELF if incident.planned else OPEN_SHELF,
            f"{incident.area}#{stamp(incident.opened_at)}#{incident.id}",
        )
    return f"{incident.changed_at.astimezone(CAMPUS):%Y-%m}", f"{stamp(incident.changed_at)}#{incident.id}"


def incident_of(told: Mapping[str, Any]) -> Incident:
    """The incident of an item's values."""
    return Incident(
        told["of_incident"],
        told["in_building"],
        told["area"],
        told["cause"],
        cast(Symptom, told["symptom"]),
        cast(Rule, told["rule"]),
        {name: int(number) for name, number in told["told"].items()},
        cast(State, told["state"]),
        cast(Priority, int(told["priority"])),
        int(told["reports"]),
        int(told["people"]),
        tuple(cast(Sequence[str], told["places"])),
        instant(told["opened_at"]),
        instant(told["changed_at"]),
        int(told["version"]),
        told.get("technician") or "",
        {cast(State, state): instant(at) for state, at in told["times"].items()},
        told.get("merged_into") or "",
        int(told.get("reopened") or 0),
        told.get("found") or "",
        told.get("note") or "",
        told.get("monitor") or "",
        tuple(instant(at) for at in told.get("waits") or ()),
        tuple(told.get("escalated") or ()),
        instant(told["photo_at"]) if told.get("photo_at") else None,
    )


def _event(told: Mapping[str, Any]) -> Event:
    return Event(told["key"], told["what"], told["who"], instant(told["at"]), told.get("told") or {})
