"""What a file would change, before anybody uses it: looked at with the very code that would take it.

A preview keeps the file (intake bucket, previews/<step>/<id>.csv) and what was found (documents bucket,
previews/<step>/<id>.json); both are deleted after a week. Using it puts the file below feeds/<step>/, a delivery as
any other.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yinji.clearance import contract, feed
from yinji.clearance.case import Case, Event
from yinji.clearance.feed import Snapshot
from yinji.clearance.intake import Desk, applied_key, told_of
from yinji.clearance.roster import Refused
from yinji.clearance.step import Row, Step
from yinji.clearance.store import Store
from yinji.platform.clock import now, stamp
from yinji.platform.problem import Problem

LARGEST = 4 * 1024 * 1024
"""Bytes of a file sent through the page: Lambda is given six megabytes, in which a file takes a third more."""
MOST_CASES = 3000
"""Cases that are looked at; of a season's first file the rest goes the same way."""
MOST_SHOWN = 40
CHUNK = 100
_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class Checked:
    """A file looked at: what would be delivered, and either the snapshot in it or what is wrong with it."""

    whole: bytes
    framed: bool
    """Whether it was a table only, and got its first line: it is true as of now then."""
    snapshot: Snapshot | None = None
    errors: Sequence[dict[str, Any]] = ()
    """As intake.told_of tells; lines are counted as whoever sent the file sees them."""


def check(step: Step, data: bytes, at: datetime) -> Checked:
    """Whether `data`, sent at `at`, would be taken as a delivery of the feed of `step`."""
    try:
        whole = contract.framed(step.definition, data, at)
    except Refused as error:
        return Checked(data, framed=False, errors=[told_of(error)])
    framed = whole is not data
    try:
        return Checked(whole, framed, feed.parse(whole, step.definition, step.read, at))
    except Refused as error:
        errors = [_moved(told_of(one), 1 if framed else 0) for one in (error, *error.more)]
        return Checked(whole, framed, errors=errors)


class Previews:
    """The previews of the feed of `step`."""

    def __init__(self, desk: Desk, store: Store, step: Step) -> None:
        self._desk, self._store, self._step = desk, store, step
        self._id = step.definition.id

    def make(self, data: bytes, who: str) -> dict[str, Any]:
        """Look at the file `data` that `who` sent and keep what was found: see `_look` for what is in it."""
        at = now()
        checked = check(self._step, data, at)
        whole = checked.whole
        found: dict[str, Any] = {"step": self._id, "at": stamp(at), "by": who, "framed": checked.framed}
        found |= self._look(checked.snapshot) if checked.snapshot else {"errors": checked.errors}
        id = hashlib.sha256(whole + stamp(at).encode()).hexdigest()[:24]
        found |= {"id": id, "key": f"feeds/{self._id}/{at:%Y%m%dT%H%M%SZ}-{id[:8]}.csv"}
        if not found["errors"]:
            self._desk.put(f"previews/{self._id}/{id}.csv", whole)
        self._desk.write(f"previews/{self._id}/{id}.json", found)
        return found

    def use(self, id: str) -> str:
        """Deliver the file of the preview `id`; the key it has now. Used twice it is delivered once.

        Raises Problem("not-found") when there is no such preview, or its file cannot be used.
        """
        found = self._desk.read(f"previews/{self._id}/{id}.json") if _ID.fullmatch(id) else None
        file = self._desk.fetch(f"previews/{self._id}/{id}.csv") if found else None
        if not found or not file:
            raise Problem("not-found")
        key = str(found["key"])
        if self._desk.fetch(key) is None:
            self._desk.put(key, file.data)
        return key

    def _look(self, snapshot: Snapshot) -> dict[str, Any]:
        """What `snapshot` would do: no `errors`, rows and cases counted, whether it would be `held` or `superseded`,
        what the step `would` be in the cases it changes, and the first of them `shown`."""
        applied = self._desk.read(applied_key(self._id)) or {}
        news = feed.news(snapshot, applied)
        changing = sum(student in applied for student in news)
        current = self._store.feed(self._id).current
        found: dict[str, Any] = {
            "errors": [],
            "as_of": snapshot.as_of,
            "rows": len(snapshot.rows),
            "unchanged": len(snapshot.rows) - len(news),
            "news": len(news),
            "absent": len(applied.keys() - snapshot.rows.keys()),
            "known": len(applied),
            "changing": changing,
            "held": feed.to_be_held(self._step.definition, changing, len(applied)),
            "superseded": bool(current and snapshot.as_of < current["as_of"]),
        }
        return found | self._cases(news, snapshot.as_of)

    def _cases(self, news: Mapping[str, Row], as_of: str) -> dict[str, Any]:
        """What `news` would make of the cases they are about."""
        students = list(news)[:MOST_CASES]
        would: Counter[str] = Counter()
        shown: list[dict[str, str]] = []
        unmatched = 0
        for start in range(0, len(students), CHUNK):
            chunk = students[start : start + CHUNK]
            known = self._store.get_many(chunk)
            for student in chunk:
                case = known.get(student)
                if case is None or self._id not in case.steps:
                    unmatched += 1
                    continue
                before, after = case.state(self._id), self._after(case, news[student], as_of)
                would[after or "same"] += 1
                if after and len(shown) < MOST_SHOWN:
                    shown.append({"student": student, "name": case.graduate.name, "before": before, "after": after})
        return {"looked_at": len(students), "unmatched": unmatched, "would": dict(would), "shown": shown}

    def _after(self, case: Case, row: Row, as_of: str) -> str:
        """The state of the step once `case` had learnt `row`; empty when nothing would change."""
        event = Event(key="preview", what="feed", who="feed", role="system", at=now())
        change = self._step.learn(case, row, as_of, event)
        return change.after.state(self._id) if change else ""


def _moved(told: dict[str, Any], lines: int) -> dict[str, Any]:
    return told | ({"line": max(told["line"] - lines, 1)} if told.get("line") else {})
