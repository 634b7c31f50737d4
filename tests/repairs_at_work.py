"""Incidents and reports for the tests of the work on them, on the campus of tests/repairs.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from yinji.repair.incident import Event, Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports

from tests.repairs import AREA, AT, BUILDING, join


def incident(id: str = "a" * 24, cause: str = "LIB-AP11", **more: Any) -> Incident:
    """An incident that was opened at `AT`, of the access point LIB-AP11 unless told otherwise."""
    base = Incident(
        id, BUILDING, AREA, cause, "no-connection", "access-point", {"places": 2, "minutes": 15}, "open", 3, 3, 3,
        ("LIB-1-01",), AT, AT, 1, times={"open": AT},
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
        join(one.id, one.incident)
    return one
