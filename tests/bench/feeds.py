"""Snapshots of 10,000 lines: read and compared in this process, and delivered against the emulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from yinji.clearance import feed
from yinji.clearance.intake import Desk, FeedIntake
from yinji.clearance.step import Row
from yinji.clearance.store import Store
from yinji.platform.clock import now

from infra.local import home
from tests import graduates, handlers
from tests.bench.measuring import interleaved, tell
from tests.bench.surroundings import LINES, cases, emulator, keep, season

STEP = "library-loans"
SHARES = (0, 1, 100)
APPLIED = (0, 1, 10)
ON_LOAN = {"loans": "1", "fines": "0.00", "titles": "乡土中国"}
RETURNED = {"loans": "0", "fines": "0.00", "titles": ""}


def run() -> None:
    rows = {student: account.on(0) for student, account in season().facts[STEP].items()}
    _pure(rows)
    _delivered(rows)


def _pure(rows: dict[str, Row]) -> None:
    step = handlers.steps()[STEP]
    applied = {student: feed.digest(row) for student, row in rows.items()}
    snapshots = {share: _snapshot(_other(rows, share)) for share in SHARES}

    def read_and_compare(share: int) -> Callable[[], object]:
        return lambda: feed.news(feed.parse(snapshots[share], step.definition, step.read, now()), applied)

    parsed = feed.parse(snapshots[0], step.definition, step.read, now())
    works = {f"{share} % news": read_and_compare(share) for share in SHARES}
    timings = interleaved(works | {"of it: compare": lambda: feed.news(parsed, applied)}, rounds=5)
    tell(f"A snapshot of {len(rows):,} lines read and compared", timings, per_second=dict.fromkeys(timings, len(rows)))

    exported = season().snapshots(now() - timedelta(hours=1), day=0)
    files = {key.split("/")[1]: data for key, data in exported.items()}

    def read(name: str) -> Callable[[], object]:
        return lambda: feed.parse(files[name], handlers.steps()[name].definition, handlers.steps()[name].read, now())

    named = {"library-loans (UTF-8, byte order mark)": STEP, "tuition (GB18030)": "tuition"}
    timings = interleaved({title: read(name) for title, name in named.items()}, rounds=5)
    lines = {title: len(season().facts[name]) for title, name in named.items()}
    tell("Two encodings read", timings, per_second=lines)


def _delivered(rows: dict[str, Row]) -> None:
    """The intake as the function runs it: fetch, read, compare, change cases, report."""
    emulator()
    keep(cases(_changing(max(APPLIED))))  # the others' rows are never news, so nobody reads their cases
    s3 = home.client("s3")
    desk = Desk(s3, "intake", "documents")
    desk.write(f"feeds/{STEP}/applied.json", {student: feed.digest(row) for student, row in rows.items()})
    intake = FeedIntake(desk, Store(), handlers.steps()[STEP], "bench")
    rounds, began, current = count(), now() - timedelta(hours=12), [rows]

    def deliver(share: int) -> Callable[[], None]:
        def work() -> None:
            number = next(rounds)
            current[0] = _other(current[0], share)
            key = f"feeds/{STEP}/{number}.csv"
            s3.put_object(Bucket="intake", Key=key, Body=_snapshot(current[0], began + timedelta(minutes=number)))
            report = intake.take(key)
            if not report or report.counts.get("changed") != _changing(share):
                raise RuntimeError(f"{key}: {report}")

        return work

    works = {f"{share} % news": deliver(share) for share in APPLIED}
    timings = interleaved(works, rounds=3, warm=False)
    changed = {f"{share} % news": _changing(share) for share in APPLIED if share}
    tell(f"A snapshot of {LINES:,} lines delivered (emulator); per s: cases changed", timings, per_second=changed)


def _changing(share: int) -> int:
    return LINES * share // 100


def _other(rows: dict[str, Row], share: int) -> dict[str, Row]:
    """`rows` of which the first `share` percent tell something else."""
    chosen = set(list(rows)[: len(rows) * share // 100])
    return {
        student: {"student": student, **(RETURNED if row["loans"] != "0" else ON_LOAN)} if student in chosen else row
        for student, row in rows.items()
    }


def _snapshot(rows: dict[str, Row], as_of: datetime | None = None) -> bytes:
    told: dict[str, Any] = {"as_of": as_of or now() - timedelta(hours=1)}
    return graduates.snapshot(STEP, ["student", *ON_LOAN], rows.values(), **told)
