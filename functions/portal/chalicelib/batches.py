"""Pages of administrators: batches with their reports, and the versions of flows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from yinji.clearance import arrangements, definition, flow, report, roster
from yinji.clearance.batches import previewed, report_of
from yinji.clearance.store import Store
from yinji.platform.problem import Problem

from .visit import Visit


def batches(visit: Visit, store: Store) -> dict[str, Any]:
    """Every batch, how far it is, and a form to declare one."""
    visit.demand("see-batches")
    cases = store.everybody()
    lines = [
        (
            batch,
            sum(lean.batch == batch.id for lean in cases),
            sum(lean.batch == batch.id and bool(lean.finished_at) for lean in cases),
            store.closing(batch.id) is not None,
        )
        for batch in store.batches()
    ]
    return {"lines": lines, "manages": visit.may("manage-batches")}


def batch(visit: Visit, store: Store, id: str) -> dict[str, Any]:
    """A batch in numbers: as it stands, and as it stood when it was closed. `then=1` of the query shows the latter."""
    visit.demand("see-batches")
    known = store.batch(id) if roster.BATCH_ID.fullmatch(id) else None
    if known is None:
        raise Problem("not-found")
    closing = store.closing(id)
    closed_at: datetime | None = closing[0] if closing else None
    then = closing is not None and visit.query.get("then") == "1"
    shown = report.read(json.loads(closing[1])) if closing and then else report_of(store, known)
    return {
        "batch": known,
        "report": shown,
        "closed_at": closed_at,
        "then": then,
        "others": [other for other in store.batches() if other.id != id],
        "manages": visit.may("manage-batches"),
    }


def flows_(visit: Visit, store: Store) -> dict[str, Any]:
    """Every flow: its newest version, by which versions open cases run, and what migrating them would change."""
    visit.demand("see-batches")
    cases = [lean for lean in store.everybody() if not lean.finished_at]
    lines: list[dict[str, Any]] = []
    for id in flow.TITLES:
        newest = flow.version(id)
        of_flow = [lean.flow_version for lean in cases if lean.flow == id]
        older = sum(version < newest for version in of_flow)
        preview = previewed(store, id, newest) if older else arrangements.Preview()
        steps = [step for step in definition.steps().values() if step.part_of(id, newest)]
        lines.append(
            {
                "id": id,
                "version": newest,
                "steps": steps,
                "versions": sorted({(version, of_flow.count(version)) for version in of_flow}),
                "older": older,
                "preview": preview,
            }
        )
    return {"lines": lines, "manages": visit.may("manage-batches")}
