"""Rounds with a sample, in the table `Archive`, and the transactions that keep one open of a kind.

Items: ROUNDS#<school> ROUND#<id>; ROUNDS#<school> KIND#<kind> (which round of a kind is open, and which records were in
rounds that failed). A round is kept as long as who took which list along: it says how it came that many were certified
at once. The decisions themselves are events of the records, and stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import SystemRandom
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from yinji.archive.acts import Acts
from yinji.archive.bulk import Bulk
from yinji.archive.deciding import Decision, decide
from yinji.archive.items import TABLE, SampledKindItem, SampledRoundItem
from yinji.archive.record import Record, RecordEvent
from yinji.archive.sampling import (
    MOST_AT_ONCE,
    Member,
    Result,
    Round,
    Standing,
    State,
    draw,
    failures,
    level_of,
    round_id,
    standing,
)
from yinji.archive.store import ATTEMPTS, Archive
from yinji.archive.student import Student
from yinji.clearance.items import CONFLICTS, FAILED_CONDITION, cancelled_by, connection, one, values
from yinji.clearance.reading import plains
from yinji.clearance.store import AUDITS_KEPT
from yinji.platform import clock
from yinji.platform.clock import instant, stamp
from yinji.platform.problem import Problem

THREADS = 8
CHANCE = SystemRandom()


@dataclass(frozen=True)
class _Kind:
    """What is known of a kind in a school: see the module."""

    open_round: str = ""
    failed: Mapping[str, int] = field(default_factory=dict[str, int])
    version: int = 0


class Rounds:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive) -> None:
        self._archive, self._acts = archive, Acts(archive)
        self._bulk, self._connection = Bulk(TABLE), connection()

    # --- what there is -------------------------------------------------------------------------------------
    def find(self, school: str, id: str) -> Round | None:
        item = one(SampledRoundItem, f"ROUNDS#{school}", f"ROUND#{id}") if id else None
        return _round(school, values(item)) if item else None

    def all(self, school: str) -> list[Round]:
        """Every round of `school`, the latest first."""
        found = (
            _round(school, plains(item)) for item in self._bulk.query("pk", f"ROUNDS#{school}", beginning="ROUND#")
        )
        return sorted(found, key=lambda round: round.at, reverse=True)

    def open(self, school: str, kind: str) -> Round | None:
        """The open round of a kind, if there is one."""
        return self.find(school, self._kind(school, kind).open_round)

    def standing(self, round: Round) -> Standing:
        """How the sample of an open round stands."""

        def look(one: Member) -> tuple[Record | None, Sequence[RecordEvent]]:
            return self._archive.record(one.student, one.key), self._archive.events(one.student, one.key)

        with ThreadPoolExecutor(THREADS) as threads:
            found = {one.id: told for one, told in zip(round.sample, threads.map(look, round.sample), strict=True)}
        records = {id: record for id, (record, _) in found.items()}
        return standing(round, records, {id: events for id, (_, events) in found.items()})

    # --- what is done --------------------------------------------------------------------------------------
    def begin(
        self, who: str, role: str, school: str, kind: str, key: str, filters: Mapping[str, str], members: list[Member]
    ) -> Round:
        """Begin a round over `members`; the one that was begun under `key` before.

        A round of the kind whose sample turned out to have failed is ended by that. Raises Problem("round-open") while
        one is open, also when somebody else was faster; "nothing-to-certify", "key-reused".
        """
        id = round_id(who, school, key)
        if earlier := self.find(school, id):
            return _same(earlier, kind, filters)
        known = self._kind(school, kind)
        if running := self.find(school, known.open_round):
            state = self.standing(running).state
            if state not in ("refused", "spoilt"):
                raise Problem("round-open")
            self._end(running, running.ended(state, who, clock.now()))
            known = self._kind(school, kind)
        if not members:
            raise Problem("nothing-to-certify")
        level = level_of(members, known.failed)
        round = Round(
            id, who, role, school, kind, clock.now(), members, draw(members, level, CHANCE), level, dict(filters)
        )
        # of records that failed, only those that wait still matter: known where all that wait are here
        everything = not filters and len(members) < MOST_AT_ONCE
        waiting = {one.id for one in members}
        failed = {one: times for one, times in known.failed.items() if one in waiting or not everything}
        if self._written(round, SampledRoundItem.pk.does_not_exist(), known, id, failed):
            return round
        if earlier := self.find(school, id):
            return _same(earlier, kind, filters)
        raise Problem("round-open")

    def certify_rest(self, round: Round, by: Decision) -> Round:
        """Certify what was not drawn as `by` says, once the sample is certified. Again, it goes on.

        Raises Problem("sample-undecided"), "sample-refused", "sample-spoilt", of which the last two end the round.
        """
        if round.state != "open":
            return round
        found = self.standing(round)
        if found.state == "open":
            raise Problem("sample-undecided", n=len(found.left))
        if found.state != "passed":
            self._end(round, round.ended(found.state, by.who, by.at))
            raise Problem("sample-refused") if found.state == "refused" else Problem("sample-spoilt")
        students = self._archive.students(sorted({one.student for one in round.rest}))

        def certify(member: Member) -> Result:
            student = students.get(member.student)
            if student is None:
                return Result(member, "not-found")
            return Result(member, self._certify(student, member, replace(by, key=round.mark)))

        with ThreadPoolExecutor(THREADS) as threads:
            results = list(threads.map(certify, round.rest))
        ended = round.ended("passed", by.who, by.at, results)
        return ended if self._end(round, ended) else self.find(round.school, round.id) or ended

    def give_up(self, round: Round, who: str, at: datetime) -> Round:
        """End an open round without certifying the rest; what was refused in it stays its reason."""
        if round.state != "open":
            return round
        found = self.standing(round).state
        state: State = found if found in ("refused", "spoilt") else "given-up"
        ended = round.ended(state, who, at)
        return ended if self._end(round, ended) else self.find(round.school, round.id) or ended

    def _certify(self, student: Student, member: Member, decision: Decision) -> str:
        """Certify one of the rest; the code of why it was not, or an empty text."""
        today = clock.today()

        def work(known: Record) -> tuple[Record, RecordEvent]:
            if known.disputed:
                raise Problem("changed-meanwhile")
            return decide(known, decision, today)

        try:
            self._acts.change(student, member.key, member.version, decision.event, work)
        except Problem as problem:
            return problem.code
        return ""

    # --- the transactions ----------------------------------------------------------------------------------
    def _kind(self, school: str, kind: str) -> _Kind:
        item = one(SampledKindItem, f"ROUNDS#{school}", f"KIND#{kind}")
        if item is None:
            return _Kind()
        known = values(item)
        failed = {one: int(times) for one, times in known.get("failed", {}).items()}
        return _Kind(known.get("open_round", ""), failed, int(known["version"]))

    def _end(self, round: Round, ended: Round) -> bool:
        """Keep that an open `round` has ended; False when it had before."""
        for _ in range(ATTEMPTS):
            known = self._kind(round.school, round.kind)
            if known.open_round != round.id:
                return False
            failed = failures(ended, known.failed)
            if self._written(ended, SampledRoundItem.state == "open", known, "", failed):
                return True
        raise Problem("too-busy")

    def _written(
        self, round: Round, condition: Condition, known: _Kind, open_round: str, failed: Mapping[str, int]
    ) -> bool:
        """Put a round on `condition`, and what is known of its kind unless that changed; False when either has."""
        pk = f"ROUNDS#{round.school}"
        kind = SampledKindItem(
            pk, f"KIND#{round.kind}", open_round=open_round or None, failed=dict(failed) or None,
            version=known.version + 1, expires_at=_expiry(clock.now()),
        )  # fmt: skip
        same = SampledKindItem.version == known.version if known.version else SampledKindItem.pk.does_not_exist()
        for _ in range(ATTEMPTS):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.save(_item(pk, round), condition=condition)
                    transaction.save(kind, condition=same)
                return True
            except TransactWriteError as error:
                codes = cancelled_by(error)
                if FAILED_CONDITION in codes:
                    return False
                if not CONFLICTS.intersection(codes):
                    raise
        raise Problem("too-busy")


def _expiry(at: datetime) -> int:
    return int((at + AUDITS_KEPT).timestamp())


def _same(round: Round, kind: str, filters: Mapping[str, str]) -> Round:
    """`round`, which was begun under the key that somebody sends. Raises Problem("key-reused")."""
    if (round.kind, dict(round.filters)) != (kind, dict(filters)):
        raise Problem("key-reused")
    return round


def _item(pk: str, round: Round) -> SampledRoundItem:
    places = {member: place for place, member in enumerate(round.members)}
    told: dict[str, Any] = {
        "who": round.who,
        "role": round.role,
        "kind": round.kind,
        "at": stamp(round.at),
        "members": [[one.student, one.key, one.version] for one in round.members],
        "sample": [places[one] for one in round.sample],
        "level": round.level,
        "filters": dict(round.filters) or None,
        "state": round.state,
        "ended_at": stamp(round.ended_at) if round.ended_at else None,
        "ended_by": round.ended_by or None,
        "results": [one.code for one in round.results] or None,
        "expires_at": _expiry(round.at),
    }
    return SampledRoundItem(pk, f"ROUND#{round.id}", **told)


def _round(school: str, told: Mapping[str, Any]) -> Round:
    members = [Member(str(one[0]), str(one[1]), int(one[2])) for one in told["members"]]
    round = Round(
        str(told["sk"]).removeprefix("ROUND#"),
        told["who"],
        told["role"],
        school,
        told["kind"],
        instant(told["at"]),
        members,
        [members[int(place)] for place in told["sample"]],
        int(told["level"]),
        told.get("filters") or {},
    )
    if not told.get("ended_at"):
        return round
    codes: Sequence[str] = told.get("results") or ()
    results = [Result(member, str(code)) for member, code in zip(round.rest, codes, strict=False)]
    return round.ended(told["state"], told["ended_by"], instant(told["ended_at"]), results)
