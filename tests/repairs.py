"""A small campus for the tests of repair: one building of two floors, two switches, four access points, eight rooms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from yinji.platform.clock import stamp
from yinji.repair import labels
from yinji.repair.incident import Event, Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.items import LabelItem, ReportItem
from yinji.repair.place import Kind, Place
from yinji.repair.places_store import item_of
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports

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
    told = {"serial": serial, "place": place, "state": state, "printed_at": stamp(AT), "printed_by": "T0901"}
    for pk, sk in ((f"LABEL#{serial}", "LABEL"), (f"PLACE#{place}", f"LABEL#{serial}")):
        LabelItem(pk, sk, sheet="s" * 24, ended_at=ended, **told).save()
    return labels.code(serial, KEY)


def outage(cause: str, id: str = "e" * 24, people: int = 5, **more: Any) -> Incident:
    """An incident that everybody is told of."""
    told = {"rule": "switch", "told": {}, "priority": 1, "reports": people, "people": people}
    return incident(id, cause, **told | more)


def incident(id: str = "a" * 24, cause: str = "LIB-AP11", **more: Any) -> Incident:
    """An incident that was opened at `AT`, of the access point LIB-AP11 unless told otherwise."""
    base = Incident(
        id, BUILDING, AREA, cause, "no-connection", "access-point", {"people": 3}, "open", 3, 3, 3, ("LIB-1-01",),
        AT, AT, 1, times={"open": AT},
    )  # fmt: skip
    return replace(base, **more)


def open_incident(one: Incident) -> Incident:
    """Put `one` into the double's table, with the event that it was opened."""
    assert Incidents().change(one, Event(f"opened-{one.id}", "opened", "triage", one.opened_at))
    return one


def report(id: str = "r", place: str = "LIB-1-01", **more: Any) -> Report:
    """A report filed at `AT`."""
    base = Report(
        id, place, BUILDING, AREA, ("LIB-AP11", "LIB-SW1", "LIB-CORE"), "no-connection", "", "", "", "zh", "scan",
        f"reporter-{id}", AT, AT,
    )  # fmt: skip
    return replace(base, **more)


def file(one: Report) -> Report:
    """Put `one` into the double's table, joined to its incident."""
    assert Reports().file(one)
    if one.incident:
        ReportItem(f"REPORT#{one.id}", "REPORT").update(actions=[ReportItem.incident.set(one.incident)])
    return one
