"""Changes of records by people: each done once, however often it is sent, and to the version that they saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from yinji.archive.record import Record, RecordEvent
from yinji.archive.store import Archive
from yinji.archive.student import Student
from yinji.platform.problem import Problem

Work = Callable[[Record], tuple[Record, RecordEvent]]
PAGE = 500


@dataclass(frozen=True)
class Done:
    """What came of a change: the record as it is, the event that was kept of it, and whether it is `new`."""

    record: Record
    event: RecordEvent
    new: bool


class Acts:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def claim(self, record: Record, school: str, event: RecordEvent) -> tuple[Record, bool]:
        """Keep a claim; the record as it is, and whether it is new. `event.key` tells it from another one.

        Raises Problem("key-reused").
        """
        if self._archive.add(record, school, event):
            return record, True
        first = next(iter(self._archive.events(record.student, record.key)), None)
        if first is None or first.key != event.key:
            raise Problem("key-reused")
        return self._archive.record(record.student, record.key) or record, False

    def change(self, student: Student, key: str, version: int, event: RecordEvent, work: Work) -> Done:
        """Change a record by `work`, which is given it as it was seen.

        `event` says who does what under which key; `version` 0 stands for whichever there is. Raises
        Problem("not-found"), "changed-meanwhile", "key-reused", "too-busy", and what `work` raises.
        """
        done: RecordEvent | None = None
        new = False

        def once(known: Record) -> tuple[Record, RecordEvent] | None:
            nonlocal done, new
            new = False
            done = self._done(known, event)
            if done:
                return None
            if version and known.version != version:
                raise Problem("changed-meanwhile")
            changed = work(known)
            done, new = changed[1], True
            return changed

        found = self._archive.change(student, key, once)
        if found is None or done is None:
            raise Problem("not-found")
        return Done(found, done, new)

    def _done(self, record: Record, event: RecordEvent) -> RecordEvent | None:
        """The event of when what `event` tells of was done to `record` before. Raises Problem("key-reused")."""
        for earlier in self._archive.events(record.student, record.key):
            if (earlier.who, earlier.key) == (event.who, event.key):
                if earlier.what != event.what:
                    raise Problem("key-reused")
                return earlier
        return None

    def waiting(self, school: str, most: int) -> Iterator[Record]:
        """Records of `school` that somebody has to look at, the oldest first, `most` of them at most."""
        after, left = "", most
        while left > 0:
            records, after = self._archive.waiting(school, min(left, PAGE), after)
            yield from records
            left -= len(records)
            if not after:
                return
