"""Sorting by hand: merging two incidents, splitting one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from yinji.platform.problem import Problem, invalid_form
from yinji.repair.board_store import Boards
from yinji.repair.incident import WORK, Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports
from yinji.repair.triage import Desk, File, incident_id

MOST = 80
"""How many reports are split off at once: what changes has to fit into one transaction."""
FIELD = "report."
"""A form's boxes are called so: report.<id>."""


class Sorting:
    """Every method raises TooBusy when others were quicker too many times, and what the service raises."""

    def __init__(self, boards: Boards) -> None:
        self._boards, self._incidents, self._reports = boards, Incidents(), Reports()

    def merge(self, id: str, into: str, version: int, who: str, key: str, at: datetime) -> Incident:
        """Let the incident `id`, seen as of `version`, be `into`; that as it is now. What was done before is done.

        Raises Problem("not-found"), Problem("invalid-form"), Problem("incident-of-another-building"),
        Problem("incident-moved-on"), Problem("incident-too-large").
        """
        part, whole = self._incidents.find(id), self._incidents.find(into)
        if part is None:
            raise Problem("not-found")
        if whole is None or into == id:
            raise invalid_form({"into": "unknown" if into else "required"})
        if part.building != whole.building:
            raise Problem("incident-of-another-building")
        begun = False

        def act(desk: Desk) -> None:
            nonlocal begun
            gone, kept = desk.files.get(id), desk.files.get(into)
            if gone is None or kept is None or kept.incident.state not in WORK:
                moved_on(self._incidents.find(id))
            if gone.incident.state not in WORK or not (begun or gone.incident.version == version):
                moved_on(gone.incident)
            if gone.entry.more:
                raise Problem("incident-too-large")
            desk.join_by_hand(id, into)

        number = 0
        while not (part.state == "merged" and part.merged_into == into):
            step = self._boards.change(part.building, at, act, who=who, key=f"{key}-{number}")
            if step is None or not step.unsettled:
                break
            begun, number = True, number + 1
        return self._incidents.find(into) or whole

    def split(self, id: str, chosen: Sequence[str], version: int, who: str, key: str, at: datetime) -> Incident:
        """Let the reports `chosen` of the incident `id`, seen as of `version`, be one of their own: that. Sent again it
        is the same.

        Raises Problem("not-found"), Problem("invalid-form"), Problem("incident-moved-on"),
        Problem("incident-too-large").
        """
        old = self._incidents.find(id)
        if old is None:
            raise Problem("not-found")
        new = incident_id("split", id, who, key)
        if made := self._incidents.find(new):
            return made

        def act(desk: Desk) -> None:
            file = desk.files.get(id)
            if file is None or file.incident.state not in WORK or file.incident.version != version:
                moved_on(file.incident if file else old)
            those, rest = self._parted(file, chosen)
            desk.split(id, new, those, rest)

        self._boards.change(old.building, at, act, who=who, key=key)
        return self._incidents.find(new) or old

    def _parted(self, file: File, chosen: Sequence[str]) -> tuple[list[Report], list[Report]]:
        """The reports of an incident that were chosen, and the others."""
        if file.entry.more:
            raise Problem("incident-too-large")
        every = self._reports.find_many(file.entry.reports)
        if not set(chosen) <= every.keys():
            raise invalid_form({"reports": "unknown"})
        rest = [report for id, report in every.items() if id not in set(chosen)]
        if not rest:
            raise invalid_form({"reports": "invalid"})
        return [every[id] for id in sorted(set(chosen))], rest


def moved_on(incident: Incident | None) -> NoReturn:
    """Raise Problem("incident-moved-on")."""
    raise Problem("incident-moved-on", state=incident.state if incident else "")


def chosen(fields: Mapping[str, str]) -> list[str]:
    """The ids of the reports that a form names: in `reports`, with commas, or by the boxes report.<id> that were
    ticked. Raises Problem("invalid-form")."""
    named = [one.strip() for one in fields.get("reports", "").split(",")]
    ticked = [name.removeprefix(FIELD) for name in fields if name.startswith(FIELD)]
    found = sorted({one for one in (*named, *ticked) if one})
    if not found or len(found) > MOST:
        raise invalid_form({"reports": "invalid" if found else "required"})
    return found
