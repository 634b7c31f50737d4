"""What triage counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from yinji.platform.observability import count
from yinji.repair.triage import Step


def counted(steps: Iterable[Step]) -> None:
    """Count what was written."""
    every = list(steps)
    what = Counter(event.what for step in every for _, event in step.changes)
    count("ReportsJoined", sum(len(step.joined) for step in every))
    count("IncidentsOpened", what["opened"])
    count("IncidentsMerged", what["merged"])
    count("IncidentsReopened", what["reopen"])
