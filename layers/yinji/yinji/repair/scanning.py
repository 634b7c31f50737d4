"""A label that somebody scanned or typed: which place it is at, and what is known to be wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yinji.platform.problem import Problem
from yinji.repair.labels import Label, serial_of
from yinji.repair.outages import Known, here
from yinji.repair.outages_store import Outages
from yinji.repair.place import Place
from yinji.repair.places_store import Places


@dataclass(frozen=True)
class Scanned:
    """`known` concern the place; `causes` are the places and devices that they are of, by their ids."""

    label: Label
    place: Place
    known: Sequence[Known]
    causes: dict[str, Place]


def scanned(code: str, key: str, places: Places, outages: Outages) -> Scanned:
    """What the label with `code` leads to; `key` proves that it is ours. Of a label that is not good any more too: it
    may hang there still.

    Raises Problem("label-unknown") for a code of nobody's, before anything is looked up; Problem("label-retired") when
    there is no such place any more.
    """
    serial = serial_of(code, key)
    label = places.label(serial) if serial else None
    if label is None:
        raise Problem("label-unknown")
    place = places.find(label.place)
    if place is None or place.retired:
        raise Problem("label-retired")
    found = here(place, outages.every())
    causes = {place.id: place}
    if others := sorted({one.cause for one in found} - {place.id, ""}):
        causes |= places.find_many(others)
    return Scanned(label, place, found, causes)
