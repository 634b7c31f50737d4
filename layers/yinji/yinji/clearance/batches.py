"""Rounds of clearance over all their cases: a batch's report, carrying over, migrating a flow. The store is read school
by school; every change may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from yinji.clearance import arrangements, report, university
from yinji.clearance.case import WITHDRAWN, Batch, Case, Change, Event
from yinji.clearance.store import Lean, Store
from yinji.clearance.view import row_view
from yinji.platform.clock import now
from yinji.platform.problem import Problem

THREADS = 8
CHUNK = 100


def report_of(store: Store, batch: Batch) -> report.Report:
    """`batch` counted as it stands now: one Query a school, and one for those taken out of it."""
    rows = [row_view(lean) for lean in store.everybody() if lean.batch == batch.id]
    out = store.schools(WITHDRAWN + school for school in university.schools())
    return report.report(batch, rows, sum(lean.batch == batch.id for found in out.values() for lean in found))


def migrate(store: Store, flow: str, version: int, who: str) -> int:
    """Bring the open cases of `flow` that are older than `version` to the newest; how many were changed."""

    def older(lean: Lean) -> bool:
        return lean.flow == flow and lean.flow_version < version and not lean.finished_at

    event = Event(f"migrate#{flow}#{version}", "flow-migrated", who, "administrator", now(), evidence={"to": version})
    return _each(store, older, event, lambda case: arrangements.migrate(case, event))


def carry_over(store: Store, batch: str, into: str, who: str) -> int:
    """Take the unfinished cases of `batch` into the batch `into`; how many were changed.

    Raises Problem("not-found") when either was never declared.
    """
    old, new = store.batch(batch), store.batch(into)
    if old is None or new is None:
        raise Problem("not-found")

    def unfinished(lean: Lean) -> bool:
        return lean.batch == batch and not lean.finished_at

    event = Event(f"carry-over#{batch}#{into}", "carried-over", who, "administrator", now())
    return _each(store, unfinished, event, lambda case: arrangements.carry_over(case, old, new, event))


def previewed(store: Store, flow: str, version: int) -> arrangements.Preview:
    """What `migrate` would change."""
    return arrangements.preview(_cases(store, lambda lean: lean.flow == flow and lean.flow_version < version))


def _cases(store: Store, wanted: Callable[[Lean], bool]) -> Iterator[Case]:
    for school in university.schools():
        chosen = [lean.student for lean in store.school(school) if wanted(lean)]
        for start in range(0, len(chosen), CHUNK):
            yield from store.get_many(chosen[start : start + CHUNK]).values()


def _each(store: Store, wanted: Callable[[Lean], bool], event: Event, decide: Callable[[Case], Change | None]) -> int:
    def work(case: Case) -> int:
        outcome = store.change(case.graduate.student, event.key, decide, known=case)
        return 0 if outcome.repeated else 1

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(work, _cases(store, wanted)))
