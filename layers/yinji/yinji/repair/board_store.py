"""Where boards live, and how what triage decides is written: the table `Repair`.

Items (pk, sk): BOARD#<building> BOARD. One transaction writes the board under its version, incidents under theirs with
what happened to them, and which incident reports are of. Who was overtaken reads anew and decides anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import SystemRandom
from typing import Any

from pynamodb.transactions import TransactWrite

from yinji.clearance.items import connection, one, transacted, values
from yinji.repair import incidents_store
from yinji.repair.board import Board, Entry, as_text, from_text
from yinji.repair.incidents_store import Incidents
from yinji.repair.items import BoardItem, ReportItem
from yinji.repair.notices_store import Notices
from yinji.repair.place import Place
from yinji.repair.places_store import NOWHERE, Places
from yinji.repair.report import LATEST, Report
from yinji.repair.reports_store import UNJOINED, Reports
from yinji.repair.reports_store import pk_of as report_pk
from yinji.repair.triage import Desk, Step, decide, named, spread

ATTEMPTS = 40
"""Four may write to one board at once, and one of them is first: so often nobody loses by chance."""
LONGEST_WAIT = 1.0
MOST_MERGES = 10
"""Into how many an incident is followed, one after the other."""
CHANCE = SystemRandom()
Also = Callable[[Any], None]
"""What else a transaction is to write."""


class TooBusy(Exception):
    """Others were quicker too many times: do it again later."""


class Boards:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._incidents, self._reports = Incidents(), Reports()
        self._places, self._notices, self._connection = Places(), Notices(), connection()

    def find(self, building: str) -> Board:
        item = one(BoardItem, pk_of(building), "BOARD")
        if item is None:
            return Board(building)
        told = values(item)
        return Board(building, int(told["version"]), from_text(told["entries"]))

    def desk(
        self,
        building: str,
        at: datetime,
        reports: Sequence[Report] = (),
        *,
        who: str = "triage",
        key: str = "",
        places: Mapping[str, Place] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> Desk:
        """The board of `building` with its incidents as of now, to decide about `reports`. `places` are known already;
        reports `without` are not there any more."""
        board = self.find(building)
        incidents = self._incidents.find_many(list(board.entries))
        if without:
            board = replace(board, entries={id: one.without(set(without)) for id, one in board.entries.items()})
        known = dict(places or {})
        wanted = sorted(named(board, incidents.values(), reports) - known.keys())
        known |= self._places.find_many(wanted)
        return spread(board, incidents, known, self._notices.current(at, back=LATEST), at, who, key)

    def write(self, step: Step, also: Also | None = None) -> frozenset[str] | None:
        """Keep what was decided, in one transaction. None when it was; else somebody was quicker, and these reports
        are not where the board has them."""

        def work(transaction: TransactWrite) -> None:
            _put(transaction, step.board)
            for after, event in step.changes:
                incidents_store.put(transaction, after, event)
            for report, (old, new) in (
                *((report, (UNJOINED, new)) for report, new in step.joined.items()),
                *step.moved.items(),
            ):
                transaction.update(
                    ReportItem(report_pk(report), "REPORT"),
                    actions=[ReportItem.incident.set(new)],
                    condition=ReportItem.incident == old,
                )
            if also:
                also(transaction)

        return None if transacted(self._connection, work) else self._astray(step)

    def _astray(self, step: Step) -> frozenset[str]:
        """Of the reports that were to be moved those that are not there, or of another incident."""
        there = self._reports.find_many(list(step.moved))
        return frozenset(
            report for report, (old, _) in step.moved.items() if report not in there or there[report].incident != old
        )

    def triage(self, building: str, ids: Sequence[str], at: datetime) -> list[Step]:
        """Decide what becomes of the reports `ids`, all of `building`, and write it; what was written. Those that are
        of an incident already stay there. Raises TooBusy; what was written by then is right."""
        written: list[Step] = []
        without: frozenset[str] = frozenset()
        attempt = 0
        while True:
            found = self._reports.find_many(ids).values()
            reports = [report for report in found if not report.incident]
            step = decide(self.desk(building, at, reports, without=without), reports)
            if step is None:
                return written
            astray = self.write(step)
            if astray is None:
                written.append(step)
                attempt = 0
                if not (step.left or step.unsettled):
                    return written
                continue
            without |= astray
            attempt = again(attempt)

    def whole(self, id: str) -> str:
        """The incident that `id` is part of by now: itself, unless it was merged."""
        for _ in range(MOST_MERGES):
            found = self._incidents.find(id)
            if found is None or not found.merged_into:
                break
            id = found.merged_into
        return id

    def change(
        self, building: str, at: datetime, act: Callable[[Desk], Also | None], *, who: str, key: str = "",
        places: Mapping[str, Place] | None = None,
    ) -> Step | None:  # fmt: skip
        """Let `act` do something on the board of `building` and write it, anew when somebody was quicker; None when
        there was nothing to do. What `act` returns is written with it. Raises TooBusy and what `act` raises."""
        attempt = 0
        without: frozenset[str] = frozenset()
        while True:
            desk = self.desk(building, at, who=who, key=key, places=places, without=without)
            also = act(desk)
            if desk.idle and also is None:
                return None
            step = desk.step()
            astray = self.write(step, also)
            if astray is None:
                return step
            without |= astray
            attempt = again(attempt)


def again(attempt: int) -> int:
    """Wait a moment, longer each time, and never as long as the others. Raises TooBusy when it was often enough."""
    if attempt >= ATTEMPTS:
        raise TooBusy
    time.sleep(CHANCE.uniform(0, min(LONGEST_WAIT, 0.02 * 2**attempt)))
    return attempt + 1


def pk_of(building: str) -> str:
    return f"BOARD#{building or NOWHERE}"


def _put(transaction: Any, board: Board) -> None:
    entries: dict[str, Entry] = dict(board.entries)
    transaction.save(
        BoardItem(pk_of(board.building), version=board.version, entries=as_text(entries)),
        condition=BoardItem.version == board.version - 1 if board.version > 1 else BoardItem.pk.does_not_exist(),
    )
