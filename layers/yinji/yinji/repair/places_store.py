"""Where places and their labels live: the table `Repair`.

Items (pk, sk): PLACE#<id> PLACE, PLACE#<id> HANGS, PLACE#<id> LABEL#<serial>, LABEL#<serial> LABEL, BUILDINGS <id>.
Index by-building (building, id). register_store.py takes tables of places, labels_store.py prints labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, cast

from yinji.archive.bulk import Bulk
from yinji.clearance.items import one, values
from yinji.clearance.reading import plains, text
from yinji.platform.clock import instant, stamp
from yinji.repair.items import TABLE, ByBuilding, LabelItem, PlaceItem
from yinji.repair.labels import Label, State
from yinji.repair.place import Kind, Place

Trail = Mapping[str, Sequence[str]]
BUILDINGS, HANGS, LABEL = "BUILDINGS", "HANGS", "LABEL"
THREADS = 8
NOWHERE = "-"
"""The building of what lies in none, as the index has it."""


class Places:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def find(self, id: str) -> Place | None:
        item = one(PlaceItem, pk_of(id), "PLACE", consistent=False)
        return place_of(values(item)) if item else None

    def find_many(self, ids: list[str]) -> dict[str, Place]:
        """Those of `ids` that there are."""
        found = self._bulk.get_many([(pk_of(id), "PLACE") for id in ids])
        return {place.id: place for place in map(place_of, map(plains, found))}

    def of_building(self, building: str) -> list[Place]:
        """The places of a building, itself among them, by their ids; of what lies in no building with an empty id."""
        found = self._bulk.query("building", building or NOWHERE, index=ByBuilding.Meta.index_name)
        return [place_of(plains(item)) for item in found]

    def all(self) -> list[Place]:
        """All places there are, as of a moment ago: a query a building."""
        with ThreadPoolExecutor(THREADS) as threads:
            return [place for some in threads.map(self.of_building, ["", *self.buildings()]) for place in some]

    def around(self, place: Place) -> list[Place]:
        """All places of the same building; of what lies in none, all there are."""
        return self.of_building(place.building) if place.building else self.all()

    def label(self, serial: str) -> Label | None:
        item = one(LabelItem, label_pk(serial), LABEL)
        return label_of(values(item)) if item else None

    def labels_of(self, place: str) -> list[Label]:
        """The labels that were ever printed for `place`, the youngest first."""
        found = self._bulk.query("pk", pk_of(place), beginning="LABEL#", consistent=True)
        return sorted((label_of(plains(item)) for item in found), key=lambda label: label.printed_at, reverse=True)

    def buildings(self) -> list[str]:
        """The ids of all buildings there ever were, in order."""
        return [str(item["sk"]["S"]) for item in self._bulk.query("pk", BUILDINGS, consistent=True)]

    def hanging(self, places: Iterable[str]) -> dict[str, str]:
        """By place the serial of the label that hangs there, of `places` that have one."""
        found = self._bulk.get_many([(pk_of(place), HANGS) for place in places])
        return {text(item, "pk").removeprefix(pk_of("")): text(item, "serial") for item in found}

    def labels(self, serials: Iterable[str]) -> dict[str, Label]:
        """The labels of `serials`, as of now."""
        found = self._bulk.get_many([(label_pk(serial), LABEL) for serial in serials])
        return {label.serial: label for label in (label_of(plains(item)) for item in found)}


def pk_of(place: str) -> str:
    return f"PLACE#{place}"


def label_pk(serial: str) -> str:
    return f"LABEL#{serial}"


def item_of(place: Place, as_of: datetime) -> PlaceItem:
    """`place` as it is kept; `as_of` is when the table that tells of it was delivered."""
    return PlaceItem(
        pk_of(place.id),
        id=place.id,
        kind=place.kind,
        title=dict(place.title),
        within=place.within or None,
        building=place.building or NOWHERE,
        area=place.area,
        hangs_on=place.hangs_on or None,
        model=place.model or None,
        path=list(place.path),
        trail={language: list(some) for language, some in place.trail.items()},
        line=list(place.line),
        retired=place.retired or None,
        as_of=stamp(as_of),
    )


def place_of(told: Mapping[str, Any]) -> Place:
    """The place of an item's values."""
    building = told["building"]
    return Place(
        told["id"],
        cast(Kind, told["kind"]),
        told["title"],
        told.get("within") or "",
        "" if building == NOWHERE else building,
        told["area"],
        told.get("hangs_on") or "",
        told.get("model") or "",
        tuple(told.get("path") or ()),
        {language: tuple(some) for language, some in cast(Trail, told.get("trail") or {}).items()},
        tuple(told.get("line") or ()),
        bool(told.get("retired")),
    )


def label_of(told: Mapping[str, Any]) -> Label:
    """The label of an item's values."""
    ended = told.get("ended_at")
    return Label(
        told["serial"],
        told["place"],
        cast(State, told["state"]),
        instant(told["printed_at"]),
        told["sheet"],
        instant(ended) if ended else None,
        told.get("replaced_by") or "",
    )
