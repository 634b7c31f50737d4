"""What triage counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from yinji.platform.observability import count
from yinji.repair.triage import Step

OF_EVENTS = {"opened": "IncidentsOpened", "merged": "IncidentsMerged", "reopen": "IncidentsReopened"}


def counted(steps: Iterable[Step]) -> None:
    """Count what was written."""
    found: Counter[str] = Counter()
    for step in steps:
        found["ReportsJoined"] += len(step.joined)
        for _, event in step.changes:
            if event.what in OF_EVENTS:
                found[OF_EVENTS[event.what]] += 1
    for name, number in found.items():
        count(name, number)
