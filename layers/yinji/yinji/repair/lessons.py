"""What a month teaches, from the stores: for the page and for programs."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.repair.incidents_store import Incidents
from yinji.repair.learning import Learnt, at_once, learnt, mended, moved
from yinji.repair.place import Place
from yinji.repair.places_store import Places


def of_month(month: str, incidents: Incidents, places: Places) -> tuple[Learnt, Mapping[str, Place]]:
    """What `month` (2026-11) teaches, and the places it speaks of, by their ids."""
    # mended in a month it may be confirmed in the next; what failed again may have been mended in the one before
    months = (moved(month, -1), month, moved(month, 1))
    every = [one for each in months for one in incidents.over(each)] + incidents.open()
    known = places.find_many([id for one in every for id in (one.cause, one.building) if id])
    candidates = [one.id for one in mended(every, month) if at_once(one)]
    return learnt(month, every, known, incidents.handed_over(candidates)), known
