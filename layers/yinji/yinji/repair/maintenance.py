"""Incidents of planned maintenance: they hold what was reported meanwhile, and end with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from yinji.repair.board_store import Boards
from yinji.repair.incident import WORK, Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.notices_store import Notices
from yinji.repair.report import LATEST
from yinji.repair.triage import Desk


def end_planned(boards: Boards, at: datetime) -> int:
    """Close those whose maintenance is over; how many.

    Whoever reports within half an hour that there is still no network opens one again, and then it is work.
    """
    planned = Incidents().planned()
    if not planned:
        return 0
    ends: dict[str, datetime] = {}
    for notice in Notices().current(at, back=LATEST):
        if notice.kind == "maintenance" and notice.since <= at:
            ends[notice.cause] = max(notice.end, ends.get(notice.cause, notice.end))
    ended = [(one, ends.get(one.cause, at)) for one in planned if ends.get(one.cause, at) <= at]
    return sum(_close(boards, one, end, at) for one, end in ended)


def _close(boards: Boards, one: Incident, end: datetime, at: datetime) -> bool:
    def act(desk: Desk) -> None:
        file = desk.files.get(one.id)
        if file and file.incident.planned and file.incident.state in WORK:
            after, _ = done(file.incident, "close", "triage", at, "")
            # what is reported from then on is of something else
            desk.files[one.id] = replace(file, incident=replace(after, times={**after.times, "closed": end}))
            desk.note(one.id, "close")

    return boards.change(one.building, at, act, who="triage") is not None
