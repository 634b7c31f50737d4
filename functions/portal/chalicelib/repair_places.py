"""Pages about places: what lies where, what hangs on what, which label hangs at which, and what was delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yinji.clearance import codes
from yinji.platform.environment import setting
from yinji.platform.problem import Problem
from yinji.repair.access import OFFICE
from yinji.repair.keys import repair_key
from yinji.repair.labels import Label, address, code, serial_of
from yinji.repair.labels_store import Labels
from yinji.repair.place import DEVICES, KINDS, Place
from yinji.repair.printing import FORMATS, MOST_ON_A_SHEET, STICKERS, USUAL
from yinji.repair.register import KNOWN, NEEDED, PREFIX, REPORTS

from .archive_deliveries import SHAPES, registers
from .visit import Visit

PAGE = "/repair/places"
SHAPE_OF = {"active": "done", "replaced": "waived", "retired": "blocked"}
"""The shape and colour in which the state of a label is said, beside its word."""
COUNTS = ("added", "changed", "followed", "unchanged", "outdated", "repeated", "rejected")


@dataclass(frozen=True)
class Line:
    """A place in a list: how many lie in it, and the code of the label that hangs there."""

    place: Place
    inside: int
    code: str


def sought(visit: Visit, store: Labels) -> str:
    """The page of the place that the query looks for, by its number or by the code of its label; empty when it looks
    for none, or there is none."""
    typed = visit.query.get("find", "").strip()
    if not typed:
        return ""
    visit.demand("see-places", department=OFFICE)
    serial = serial_of(typed, repair_key())
    label = store.label(serial) if serial else None
    found = store.find(label.place if label else typed.upper())
    return f"{PAGE}/{found.id}" if found else ""


def places(visit: Visit, store: Labels) -> dict[str, Any]:
    """Every building, what lies in none, and what became of the tables that were delivered last."""
    visit.demand("see-places", department=OFFICE)
    buildings = store.find_many(store.buildings())
    return {
        "buildings": sorted((one for one in buildings.values()), key=lambda one: (one.retired, one.id)),
        "others": store.of_building(""),
        "find": visit.query.get("find", ""),
        "registers": registers("REPAIR_BUCKET", REPORTS),
        "counts": COUNTS,
        "shapes": SHAPES,
        "manages": visit.may("manage-places", department=OFFICE),
        "bucket": setting("REPAIR_BUCKET"),
        "prefix": PREFIX,
        "needed": NEEDED,
        "optional": [column for column in KNOWN if column not in NEEDED],
    }


def place(visit: Visit, store: Labels, id: str) -> dict[str, Any]:
    """A place: where it is, what it hangs on and what hangs on it, what lies in it, and its labels."""
    visit.demand("see-places", department=OFFICE)
    found = store.find(id)
    if found is None:
        raise Problem("not-found")
    device = found.kind in DEVICES
    around = store.all() if device else store.around(found)
    below = Counter(above for one in around for above in one.path)
    inside = [one for one in around if one.within == id]
    hanging = [one for one in around if one.hangs_on == id]
    labels = store.labels_of(id)
    known = store.hanging({one.id for one in (*inside, *hanging)})
    named = store.find_many([*found.path, *found.line])
    kinds = Counter(one.kind for one in around if id in one.path and not one.retired)
    return {
        "place": found,
        "path": [named[one] for one in found.path if one in named],
        "line": [named[one] for one in found.line if one in named],
        "device": device,
        "inside": _lines(inside, below, known),
        "hanging": _lines(hanging, below, known),
        "concerned": sum(id in one.line and not one.retired for one in around),
        "labels": [(label, _code(label.serial)) for label in labels],
        "hangs": any(label.state == "active" for label in labels),
        "address": _address,
        "shapes": SHAPE_OF,
        "manages": visit.may("manage-places", department=OFFICE),
        "formats": FORMATS,
        "stickers": max(STICKERS.values()),
        "kinds": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
        "usual": USUAL,
        "most": MOST_ON_A_SHEET,
    }


def sheet(visit: Visit, store: Labels, id: str) -> dict[str, Any]:
    """A sheet of labels: what is on it, and how it is printed. Who may not print is shown none."""
    visit.demand("manage-places", department=OFFICE)
    found = store.sheet(id)
    if found is None:
        raise Problem("not-found")
    labels = store.labels(found.serials)
    every = [labels[serial] for serial in found.serials if serial in labels]
    there = store.find_many([label.place for label in every])
    return {
        "sheet": found,
        "lines": [(label, there[label.place], _code(label.serial)) for label in every if label.place in there],
        "good": _good(every),
        "shapes": SHAPE_OF,
    }


def _lines(some: Sequence[Place], below: Mapping[str, int], known: Mapping[str, str]) -> list[Line]:
    ordered = sorted(some, key=lambda one: (one.retired, KINDS.index(one.kind), one.id))
    return [Line(one, below[one.id], _code(known[one.id]) if one.id in known else "") for one in ordered]


def _good(labels: Iterable[Label]) -> int:
    return sum(label.state == "active" for label in labels)


def _code(serial: str) -> str:
    return codes.spoken(code(serial, repair_key()))


def _address(label: Label) -> str:
    """The path of the page that whoever scans the label comes to."""
    return address("", code(label.serial, repair_key()))
