"""Letting runs go on: editions are planned for whom the selection chooses, and made some at a time.

Everything here may be done again at any moment, and by two at once: which editions there are to be follows from the
run, and each goes on by a conditional update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from yinji.editions.model import ALONE, MOST_ATTEMPTS, Edition
from yinji.editions.runs import Run, Runs
from yinji.editions.store import Editions, new_edition

AT_WORK = 500
"""How many editions of a run are under way: so many wait when it is paused."""
PATIENCE = timedelta(minutes=10)
"""How long an edition may be under way before it counts as left lying."""
THREADS = 8


@dataclass
class Released:
    planned: int = 0
    released: int = 0
    taken_up: int = 0
    failed: int = 0


class Releaser:
    """`students` are the numbers of those a selection chooses, of its version in force, as of now."""

    def __init__(self, runs: Runs, editions: Editions, students: Callable[[str], Iterable[str]]) -> None:
        self._runs, self._editions, self._students = runs, editions, students

    def release(self, now: datetime) -> Released:
        """Let every run go on, and what was left lying as well."""
        done = Released()
        for run in self._runs.all():
            if run.planned is None:
                done.planned += self.plan(run, now)
            if not run.paused_at:
                self._go_on(run.id, done, now)
        self._go_on(ALONE, done, now)
        return done

    def plan(self, run: Run, now: datetime) -> int:
        """Plan an edition for each student of `run` that has none in it; how many they were."""
        known = {edition.id for edition in self._editions.of_run(run.id)}
        chosen = list(self._students(run.selection))

        def new() -> Iterator[Edition]:
            for student in chosen:
                one = new_edition(student, run.id, run.language, run.theme, run.by, state="planned", at=run.at)
                if one.id not in known:
                    yield one

        with ThreadPoolExecutor(THREADS) as threads:
            number = sum(threads.map(self._editions.add, new()))
        self._runs.planned(run.id, len(chosen), now)
        return number

    def _go_on(self, run: str, done: Released, now: datetime) -> None:
        under_way = list(self._editions.of_run(run, "requested", "rendered"))
        left = [edition for edition in under_way if edition.changed_at < now - PATIENCE]
        room = max(0, AT_WORK - len(under_way))
        waiting = islice(self._editions.of_run(run, "planned"), room)
        with ThreadPoolExecutor(THREADS) as threads:
            taken_up = sum(threads.map(self._editions.again, left))
            done.released += sum(threads.map(self._editions.release, waiting))
        done.taken_up += taken_up
        done.failed += sum(edition.attempts >= MOST_ATTEMPTS for edition in left)
