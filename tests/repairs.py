"""A small campus for the tests of repair: one building of two floors, two switches, four access points, eight rooms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from yinji.platform.clock import stamp
from yinji.repair import labels
from yinji.repair.incident import Incident
from yinji.repair.items import LabelItem, ReportItem
from yinji.repair.place import Kind, Place
from yinji.repair.places_store import item_of

AT = datetime(2026, 6, 17, 2, 0, tzinfo=UTC)
KEY = "of-the-tests"
"""The secret that proves labels, as the double of the cloud has it."""
CAMPUS, BUILDING, AREA = "JY", "LIB", "north"


def place(
    id: str, kind: Kind, zh: str, en: str, within: Place | None, hangs_on: Place | None = None, model: str = ""
) -> Place:
    path = (*within.path, within.id) if within else ()
    trail = {
        language: (*(within.trail.get(language, ()) if within else ()), *([within.title[language]] if within else []))
        for language in ("zh", "en")
    }
    line = (hangs_on.id, *hangs_on.line) if hangs_on else ()
    building = id if kind == "building" else within.building if within else ""
    return Place(
        id,
        kind,
        {"zh": zh, "en": en},
        within.id if within else "",
        building,
        AREA,
        hangs_on.id if hangs_on else "",
        model,
        path,
        trail,
        line,
    )


def campus() -> list[Place]:
    """LIB-1-01 to LIB-1-04 hang on the access points LIB-AP11 (the first two) and LIB-AP12 of the switch LIB-SW1, those
    of the second floor, LIB-2-01 to LIB-2-04, on LIB-AP21 and LIB-AP22 of LIB-SW2; both switches on LIB-CORE."""
    whole = place(CAMPUS, "campus", "主校区", "Main campus", None)
    library = place(BUILDING, "building", "图书馆", "Library", whole)
    core = place("LIB-CORE", "switch", "汇聚交换机", "Core switch", library, model="S6730")
    found = [whole, library, core]
    for number in (1, 2):
        floor = place(f"LIB-{number}", "floor", f"{number} 层", f"Floor {number}", library)
        switch = place(f"LIB-SW{number}", "switch", f"{number} 层交换机", f"Switch {number}", floor, core, "S5735")
        points = [
            place(
                f"LIB-AP{number}{one}",
                "access-point",
                f"无线 {number}{one}",
                f"AP {number}{one}",
                floor,
                switch,
                "AP7060",
            )
            for one in (1, 2)
        ]
        rooms = [
            place(f"LIB-{number}-0{one}", "room", f"{number}0{one} 室", f"Room {number}0{one}", floor, points[one > 2])
            for one in (1, 2, 3, 4)
        ]
        found += [floor, switch, *points, *rooms]
    return found


def keep(places: list[Place]) -> None:
    """Put `places` into the double's table."""
    for one in places:
        item_of(one, AT).save()


def label(place: str, serial: str = "AAAAAA", state: labels.State = "active") -> str:
    """Print a label for `place` into the double's table: the code on it."""
    ended = stamp(AT) if state != "active" else None
    told = {"serial": serial, "place": place, "state": state, "printed_at": stamp(AT)}
    for pk, sk in ((f"LABEL#{serial}", "LABEL"), (f"PLACE#{place}", f"LABEL#{serial}")):
        LabelItem(pk, sk, sheet="s" * 24, ended_at=ended, **told).save()
    return labels.code(serial, KEY)


def join(report: str, incident: str) -> None:
    """Let `report` be part of `incident`, as triage would."""
    item = ReportItem(f"REPORT#{report}", "REPORT")
    item.update(actions=[ReportItem.incident.set(incident)], condition=ReportItem.pk.exists())


def outage(cause: str, id: str = "e" * 24, people: int = 5, **more: Any) -> Incident:
    """An incident that everybody is told of."""
    told: dict[str, Any] = {
        "building": BUILDING,
        "area": AREA,
        "symptom": "no-connection",
        "rule": "switch",
        "told": {},
        "state": "open",
        "priority": 1,
        "reports": people,
        "people": people,
        "places": ["LIB-1-01"],
        "opened_at": AT,
        "changed_at": AT,
        "version": 1,
    }
    return Incident(id=id, cause=cause, **told | more)
