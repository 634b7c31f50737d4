"""Where clients of Open311 file reports and see how theirs stand: the stores behind what open311.py says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from yinji.platform.problem import Problem
from yinji.repair import open311
from yinji.repair.incident import Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.labels import serial_of
from yinji.repair.open311 import MOST, SAME, Asked, Document, Wish
from yinji.repair.place import ID, Place
from yinji.repair.places_store import Places
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports

SOURCE = "open311"
REQUEST = re.compile("[0-9a-f]{24}")
"""What an id of a report looks like; nothing else is looked up."""
FARTHEST = 3
"""Through how many incidents is followed what became part of another one."""


class Desk:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._places, self._reports, self._incidents = Places(), Reports(), Incidents()

    def file(self, client: str, wish: Wish, language: str, key: str, now: datetime) -> tuple[str, bool]:
        """File what `client` wishes: the request's id, and whether it is a new one. The same of the same client within
        ten minutes is one. `key` is the deployment's.

        Raises Problem("open311-no-such-place"), Problem("open311-place-too-wide").
        """
        place = self._place(wish.place, key)
        # ten minutes by the clock are one id, so what came shortly before the hand moved has the one before
        before = self._reports.find(open311.request_id(client, wish, place.id, now - SAME))
        if before and now - before.filed_at < SAME:
            return before.id, False
        report = Report(
            open311.request_id(client, wish, place.id, now),
            place.id,
            place.building,
            place.area,
            place.line,
            wish.symptom,
            wish.text,
            "",
            wish.contact,
            "en" if language == "en" else "zh",
            SOURCE,
            open311.reporter(client, wish.device, key),
            now,
            now,
        )
        return report.id, self._reports.file(report)

    def _place(self, typed: str, key: str) -> Place:
        """The place that a label's code or its own number names."""
        number = typed.upper()
        id = number if ID.fullmatch(number) else ""
        if serial := serial_of(typed, key):
            label = self._places.label(serial)
            id = label.place if label and label.state == "active" else ""
        place = self._places.find(id) if id else None
        if place is None or place.retired:
            raise Problem("open311-no-such-place")
        if not place.building:
            raise Problem("open311-place-too-wide")
        return place

    def find(self, id: str) -> Report:
        """The request `id`. Raises Problem("not-found"), also for what was reported another way."""
        report = self._reports.find(id) if REQUEST.fullmatch(id) else None
        if report is None or report.source != SOURCE:
            raise Problem("not-found")
        return report

    def listed(self, asked: Asked, language: str) -> Document:
        """The requests that are asked for, the youngest first, or as they are named."""
        if asked.ids:
            ids = [id for id in asked.ids if REQUEST.fullmatch(id)]
            known = self._reports.find_many(ids)
            found = [known[id] for id in ids if id in known and known[id].source == SOURCE]
        else:
            filed = self._reports.of_open311(asked.start, asked.end)
            found = [one for one in filed if not asked.codes or one.symptom in asked.codes]
        return self.document(found, language, asked.statuses)

    def document(self, reports: Sequence[Report], language: str, statuses: Sequence[str] = ()) -> Document:
        """`reports` as they stand, those only that have one of `statuses` where some are named."""
        ends = self._ends({one.incident for one in reports if one.incident})
        kept = (one for one in reports if not statuses or open311.status(ends.get(one.incident)) in statuses)
        shown = list(islice(kept, MOST))
        buildings = self._places.find_many([one.building for one in shown])
        return open311.requests(shown, ends, buildings, language)

    def _ends(self, ids: set[str]) -> dict[str, Incident]:
        """What became of the incidents `ids`, by these: those themselves, or what they became part of."""
        known: dict[str, Incident] = {}
        wanted = ids
        for _ in range(FARTHEST):
            known |= self._incidents.find_many(sorted(wanted - known.keys()))
            wanted = {one.merged_into for one in known.values() if one.merged_into}
        ends = {id: known[id] for id in ids if id in known}
        for _ in range(FARTHEST):
            ends = {id: known.get(one.merged_into, one) for id, one in ends.items()}
        return ends
