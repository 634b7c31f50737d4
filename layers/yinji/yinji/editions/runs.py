"""Runs 批次制作: many editions made unattended, of whom a selection chooses, and packed for the printing house.

Items (pk, sk): RUNS <id>; RUN#<id> PACK#<school>.

How far a run is, is counted from its editions and kept nowhere else, so it cannot be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.update import Action

from yinji.clearance.items import kept, one, values
from yinji.editions.items import PackItem, RunItem
from yinji.editions.model import ALONE, OVER, Edition, Language, State
from yinji.platform.clock import instant, stamp

RUNS = "RUNS"
PACK_KEPT = timedelta(days=29)
"""How long a pack is told of: its file goes after thirty days (privacy/map.toml, `printed`)."""
RATE_OVER, AT_LEAST = timedelta(minutes=5), timedelta(seconds=30)
"""How far back the rate looks that the expected end is told from, and the least."""


@dataclass(frozen=True)
class Run:
    """`selection` and `version` say who; `planned` is when all of them had been planned, None until then."""

    id: str
    title: str
    selection: str
    version: int
    language: Language
    theme: str
    by: str
    at: datetime
    students: int = 0
    planned: datetime | None = None
    paused_by: str = ""
    paused_at: datetime | None = None


@dataclass(frozen=True)
class Pack:
    """The editions of `students` of a school in one file of `size` bytes."""

    school: str
    at: datetime
    size: int
    students: Sequence[str]


@dataclass(frozen=True)
class Progress:
    """How many editions of a run are in which state; `rate` is of a minute, `end` when the last is expected."""

    states: Mapping[State, int]
    rate: float
    end: datetime | None

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def left(self) -> int:
        return sum(number for state, number in self.states.items() if state not in OVER)


class Runs:
    """Every method raises what the service raises when it cannot be reached."""

    def find(self, id: str) -> Run | None:
        item = one(RunItem, RUNS, id)
        return _run(values(item)) if item else None

    def all(self) -> list[Run]:
        """Every run, the youngest first."""
        return sorted((_run(values(item)) for item in RunItem.query(RUNS)), key=lambda run: run.at, reverse=True)

    def paused(self, id: str) -> bool:
        if id == ALONE:
            return False
        run = self.find(id)
        return run is not None and run.paused_at is not None

    def begin(self, run: Run) -> Run:
        """Keep a new run; the one that is there when it was begun before."""
        item = RunItem(RUNS, run.id, **_document(run))
        return run if kept(lambda: item.save(condition=RunItem.pk.does_not_exist())) else (self.find(run.id) or run)

    def planned(self, id: str, students: int, at: datetime) -> None:
        """Say that all `students` of a run had been planned at `at`."""
        RunItem(RUNS, id).update([RunItem.students.set(students), RunItem.planned.set(stamp(at))])

    def packed(self, id: str, pack: Pack) -> None:
        """Say that a school's editions are packed, in place of what was packed before."""
        PackItem(
            f"RUN#{id}", f"PACK#{pack.school}", school=pack.school, at=stamp(pack.at), size=pack.size,
            students=list(pack.students), expires_at=int((pack.at + PACK_KEPT).timestamp()),
        ).save()  # fmt: skip

    def packs(self, id: str, at: datetime) -> list[Pack]:
        """What is packed of a run and there at `at`, by school."""
        found = [values(item) for item in PackItem.query(f"RUN#{id}", PackItem.sk.startswith("PACK#"))]
        packs = [Pack(one["school"], instant(one["at"]), int(one["size"]), one["students"]) for one in found]
        return [pack for pack in packs if pack.at + PACK_KEPT > at]

    def pause(self, id: str, by: str, at: datetime) -> bool:
        """False when it was paused already, or there is no such run."""
        there = RunItem.pk.exists() & RunItem.paused_at.does_not_exist()
        changes: list[Action] = [RunItem.paused_by.set(by), RunItem.paused_at.set(stamp(at))]
        return kept(lambda: RunItem(RUNS, id).update(changes, condition=there))

    def resume(self, id: str) -> bool:
        """False when it was not paused."""
        changes: list[Action] = [RunItem.paused_by.remove(), RunItem.paused_at.remove()]
        return kept(lambda: RunItem(RUNS, id).update(changes, condition=RunItem.paused_at.exists()))


def progress(editions: Iterable[Edition], at: datetime) -> Progress:
    """How far a run is as of `at`."""
    states, ended = Counter[State](), list[datetime]()
    for edition in editions:
        states[edition.state] += 1
        if edition.state in OVER:
            ended.append(edition.changed_at)
    # a run that has just begun is told of by what it did so far
    since = max(at - RATE_OVER, min(ended, default=at))
    span = max(at - since, AT_LEAST)
    rate = sum(one >= since for one in ended) / (span / timedelta(minutes=1))
    left = sum(number for state, number in states.items() if state not in OVER)
    return Progress(states, rate, at + timedelta(minutes=left / rate) if left and rate else None)


def _document(run: Run) -> dict[str, Any]:
    told = {name: value for name, value in vars(run).items() if value not in ("", None, 0) and name != "id"}
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in told.items()}


def _run(told: Mapping[str, Any]) -> Run:
    known: dict[str, Any] = {name: value for name, value in told.items() if name not in ("pk", "sk")}
    known |= {name: instant(known[name]) for name in ("at", "planned", "paused_at") if name in known}
    known |= {name: int(known[name]) for name in ("version", "students") if name in known}
    return Run(told["sk"], **known)
