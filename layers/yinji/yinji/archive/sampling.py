"""Certifying many at once, with a sample 抽查: what is drawn, what it decides, when the rest may follow. Pure.

Whoever wants to certify many records of a kind begins a round. Which records are in it follows from what waits, and
the sample among them is drawn by the service: nobody can choose it, nor draw again. Each record of the sample is
decided by itself. When all of them are certified the rest may follow at one press. When one of them is refused the
round is over: the rest goes one by one, or into a new round whose sample is twice as large, and so on. A school has one
open round of a kind; to give it up counts as a refusal, for whoever gives up has seen the sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from random import Random
from typing import Literal, get_args

from yinji.archive.record import Record, RecordEvent
from yinji.platform.ids import id_of

SHARE = 10
"""One of so many is in the sample..."""
FEWEST, MOST = 3, 20
"""...but never fewer nor more, before it is doubled."""
MOST_AT_ONCE = 500
"""How many records one round holds: an answer is due after 29 seconds."""
State = Literal["open", "passed", "refused", "given-up", "spoilt"]
"""Open; the rest was certified; one of the sample was refused; somebody gave it up; of the sample something was taken
back before it was decided, so that it says nothing."""
STATES: tuple[State, ...] = get_args(State)
DOUBLING = frozenset[State]({"refused", "given-up"})
"""What makes the next sample twice as large."""
Origin = Literal["claim", "imported"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
"""What students claim, and what systems deliver that an office has to certify."""


@dataclass(frozen=True, order=True)
class Member:
    """A record in a round: whose, which, and the version that waited when the round began."""

    student: str
    key: str
    version: int

    @property
    def id(self) -> str:
        return f"{self.student} {self.key}"


@dataclass(frozen=True)
class Result:
    """What came of a record at the end: `code` of problems.toml says why it was not certified."""

    member: Member
    code: str = ""


@dataclass(frozen=True)
class Round:
    """`who`, in `role`, certifies `members`, records of `kind` of `school`; `sample` are those of them that were drawn.

    `level` is how often its sample was doubled. `filters` say how its records were found.
    """

    id: str
    who: str
    role: str
    school: str
    kind: str
    at: datetime
    members: Sequence[Member]
    sample: Sequence[Member]
    level: int = 0
    filters: Mapping[str, str] = field(default_factory=dict[str, str])
    state: State = "open"
    ended_at: datetime | None = None
    ended_by: str = ""
    results: Sequence[Result] = ()

    @property
    def rest(self) -> list[Member]:
        drawn = set(self.sample)
        return [one for one in self.members if one not in drawn]

    @property
    def mark(self) -> str:
        """What the events of the rest are called by: so it is done once, however often it is asked for."""
        return f"round#{self.id}"

    def ended(self, state: State, who: str, at: datetime, results: Sequence[Result] = ()) -> Round:
        return replace(self, state=state, ended_by=who, ended_at=at, results=results)


def round_id(who: str, school: str, key: str) -> str:
    """The id of the round that `who` began with the idempotency `key`."""
    return id_of(who, school, key, length=32)


def size(number: int, level: int = 0) -> int:
    """How many of `number` records are in a sample that was doubled `level` times."""
    once = min(max(ceil(number / SHARE), FEWEST), MOST)
    return min(once * 2**level, number)


def draw(members: Sequence[Member], level: int, chance: Random) -> list[Member]:
    """The sample of `members`, in no order that means anything."""
    return chance.sample(sorted(members), size(len(members), level))


def level_of(members: Iterable[Member], failed: Mapping[str, int]) -> int:
    """How often the sample is doubled: as often as any of `members` was in a round that failed (by Member.id)."""
    return max((failed.get(one.id, 0) for one in members), default=0)


def failures(round: Round, failed: Mapping[str, int]) -> dict[str, int]:
    """`failed` once `round` is over. Whoever was certified or refused meanwhile waits no more, and does no harm."""
    if round.state not in DOUBLING:
        return dict(failed)
    return dict(failed) | {one.id: failed.get(one.id, 0) + 1 for one in round.members}


@dataclass(frozen=True)
class Standing:
    """How far a sample is: what was `certified` of it, what is `left` to be decided, and what the round comes to:
    "passed" means that the rest may follow."""

    certified: Sequence[Member]
    left: Sequence[Member]
    state: State


def standing(
    round: Round, records: Mapping[str, Record | None], events: Mapping[str, Sequence[RecordEvent]]
) -> Standing:
    """How the sample of an open `round` stands; `records` and their `events` are given by Member.id.

    Whoever refuses and then certifies after all has refused. What was taken back says nothing about the others.
    """
    certified: list[Member] = []
    left: list[Member] = []
    refused = gone = False
    for one in round.sample:
        record = records.get(one.id)
        if any(event.what in ("refused", "revoked") and event.at >= round.at for event in events.get(one.id, ())):
            refused = True
        elif record is None or record.state == "void":
            gone = True
        elif record.counts and record.decided and record.certification and record.certification.at >= round.at:
            certified.append(one)
        else:
            left.append(one)
    state: State = "refused" if refused else "spoilt" if gone else "open" if left else "passed"
    return Standing(certified, left, state)


def fits(record: Record, kind: str, origin: str = "") -> bool:
    """Whether `record`, which somebody has to look at, may be certified together with others of `kind`: what a student
    says is wrong with one has to be read."""
    if record.state != "pending" or record.disputed or record.kind != kind:
        return False
    return origin == "" or (origin == "claim") == (record.source == "claim")
