"""What a file would change, before anybody uses it: looked at with the very code that would take it.

A preview keeps the file (intake bucket, previews/<step>/<id>.csv) and what was found (documents bucket,
previews/<step>/<id>.json); both are deleted after a week. Using it puts the file below feeds/<step>/, a delivery as
any other.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from yinji.clearance import contract, feed
from yinji.clearance.case import Case, Event
from yinji.clearance.intake import Desk, told_of
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


class Previews:
    """The previews of the feed of `step`."""

    def __init__(self, desk: Desk, store: Store, step: Step) -> None:
        self._desk, self._store, self._step = desk, store, step
        self._id = step.definition.id

    def make(self, data: bytes, who: str) -> dict[str, Any]:
        """Look at the file `data` that `who` sent and keep what was found: see `_look` for what is in it."""
        at = now()
        found: dict[str, Any] = {"step": self._id, "at": stamp(at), "by": who}
        try:
            whole = contract.framed(self._step.definition, data, at)
        except Refused as error:
            whole = data
            found |= {"errors": [told_of(error)]}
        else:
            # a file that brings its first line is delivered as it is; any other is true as of now
            brought = whole is data
            found |= {"framed": not brought} | self._look(whole, 0 if brought else 1)
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

    def _look(self, data: bytes, lines_ahead: int) -> dict[str, Any]:
        """What `data` would do: `errors` if it would be refused, else rows and cases counted, whether it would be
        `held` or `superseded`, what the step `would` be in the cases it changes, and the first of them `shown`.

        `lines_ahead` were put before what was sent: places are told as whoever sent it sees them.
        """
        try:
            snapshot = feed.parse(data, self._step.definition, self._step.read, now())
        except Refused as error:
            return {"errors": [_moved(told_of(one), lines_ahead) for one in (error, *error.more)]}
        applied = self._desk.read(f"feeds/{self._id}/applied.json") or {}
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
