"""Which incident a monitor's trouble led to, and whether it is over there: the table `Repair`.

Items (pk, sk): MONITOR#<id> MONITOR, written by the transaction that opens or closes the incident. So a trouble that is
told of twice is one, and one whose end comes before its beginning opens nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from yinji.clearance.items import one
from yinji.platform.clock import stamp
from yinji.repair.board_store import Also, Boards
from yinji.repair.items import MonitorItem
from yinji.repair.monitoring import Signal
from yinji.repair.place import Place
from yinji.repair.places_store import Places
from yinji.repair.triage import Desk, Step, incident_id

KEPT = timedelta(days=180)
Outcome = Literal["opened", "joined", "recovered", "known", "maintenance", "unknown-device"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Monitors:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, boards: Boards) -> None:
        self._boards, self._places = boards, Places()

    def take(self, signal: Signal, at: datetime) -> tuple[Outcome, Step | None]:
        """Do what follows from `signal`, once; what that was, and what was written. Raises TooBusy."""
        device = self._places.find(signal.device)
        if device is None or device.retired:
            return "unknown-device", None
        return self._fires(signal, device, at) if signal.firing else self._ends(signal, device, at)

    def _fires(self, signal: Signal, device: Place, at: datetime) -> tuple[Outcome, Step | None]:
        outcome: list[Outcome] = ["known"]

        def act(desk: Desk) -> Also | None:
            outcome[:] = ["known"]
            if _find(signal.id) is not None:
                return None
            if any(one.kind == "maintenance" and one.covers(at) and device.touches(one.cause) for one in desk.notices):
                outcome[:] = ["maintenance"]
                return None
            new = incident_id("monitor", signal.id)
            incident = desk.alert(device, new, signal.symptom, signal.id)
            outcome[:] = ["opened" if incident == new else "joined"]
            return _put(signal, device.id, "firing", incident, at)

        beside = {one.id: one for one in self._places.of_building(device.building)} | {device.id: device}
        key = f"{signal.id[:12]}-firing"
        step = self._boards.change(device.building, at, act, who="monitor", key=key, places=beside)
        if step and step.unsettled:
            self._boards.triage(device.building, (), at)
        return outcome[0], step

    def _ends(self, signal: Signal, device: Place, at: datetime) -> tuple[Outcome, Step | None]:
        outcome: list[Outcome] = ["known"]

        def act(desk: Desk) -> Also | None:
            before = _find(signal.id)
            outcome[:] = ["known"]
            if before is not None and before.state == "resolved":
                return None
            outcome[:] = ["recovered"]
            incident = (before.of_incident or "") if before is not None else ""
            if incident:
                desk.recovered(self._boards.whole(incident), device.id, signal.id)
            return _put(signal, device.id, "resolved", incident, at)

        key = f"{signal.id[:12]}-resolved"
        step = self._boards.change(device.building, at, act, who="monitor", key=key)
        return outcome[0], step


def _find(id: str) -> MonitorItem | None:
    return one(MonitorItem, f"MONITOR#{id}", "MONITOR")


def _put(signal: Signal, device: str, state: str, incident: str, at: datetime) -> Also:
    """What keeps that `signal` was dealt with, if nobody did meanwhile."""

    def also(transaction: Any) -> None:
        item = MonitorItem(
            f"MONITOR#{signal.id}",
            device=device,
            state=state,
            of_incident=incident or None,
            at=stamp(at),
            expires_at=int((at + KEPT).timestamp()),
        )
        new = MonitorItem.pk.does_not_exist()
        transaction.save(item, condition=new | (MonitorItem.state == "firing") if state == "resolved" else new)

    return also
