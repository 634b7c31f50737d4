"""What universities put into the intake bucket: rosters and snapshots become cases and facts, each gets a report.

The report (documents bucket, reports/<key>.json) is the acknowledgement: an object without one has not been dealt
with, and the reconciler brings it back. Everything here may run twice, or stop at any point and run again.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from yinji.clearance import case as cases
from yinji.clearance import feed, roster
from yinji.clearance.arrangements import arrange
from yinji.clearance.case import Batch, Case, Change, Event, Graduate
from yinji.clearance.roster import Refused, Rejection
from yinji.clearance.step import Row, Step
from yinji.clearance.store import Store
from yinji.platform.clock import now, stamp, today
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST = 30 * 1024 * 1024
THREADS = 12
CHUNK = 100
LEASE = timedelta(minutes=2)

Status = Literal["accepted", "refused", "held", "superseded", "waiting", "discarded"]
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Delivery:
    """One object as it was put: `identity` differs each time something is put under the same key, at `at`."""

    key: str
    identity: str
    at: datetime
    data: bytes
    too_large: bool = False


@dataclass(frozen=True)
class Report:
    """What became of a delivery; `counts` by what happened to rows, `rejected` the rows not taken."""

    key: str
    identity: str
    status: Status
    reason: Mapping[str, Any] | None = None
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    rejected: Sequence[Mapping[str, Any]] = ()


@cache
def _refusals() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))


def _sentence(code: str, **params: Any) -> dict[str, Any]:
    texts = _refusals()[code]
    return {"code": code, "zh": texts["zh"].format(**params), "en": texts["en"].format(**params)}


def _rejection(rejection: Rejection) -> dict[str, Any]:
    place = {"line": rejection.line, "field": rejection.field}
    return place | _sentence(rejection.code, field=rejection.field)


def told_of(error: Refused) -> dict[str, Any]:
    """Why a file is refused, and where, as whoever delivered it reads it."""
    params: dict[str, Any] = {"field": error.field, **error.params}
    place = {name: value for name, value in (("line", error.line), ("field", error.field)) if value}
    return _sentence(error.code, **params) | place


def applied_key(step: str) -> str:
    """Where the documents bucket holds which row each case got last from the feed of `step`."""
    return f"feeds/{step}/applied.json"


def delivered(event: Mapping[str, Any]) -> list[str]:
    """The keys of the objects that an event of S3 tells of, which writes them as in a URL."""
    return [unquote_plus(str(record["s3"]["object"]["key"])) for record in event["Records"]]


class Desk:
    """The two buckets: deliveries are read from `intake`, reports and working papers kept in `documents`."""

    def __init__(self, client: S3Client, intake: str, documents: str) -> None:
        self._client, self._intake, self._documents = client, intake, documents

    def fetch(self, key: str) -> Delivery | None:
        """The delivery under `key`, without its data when that is too large; None when it was taken away."""
        try:
            answer = self._client.get_object(Bucket=self._intake, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        at = answer["LastModified"]
        identity = f"{answer['ETag'].strip(chr(34))}-{at:%Y%m%d%H%M%S}"
        if answer["ContentLength"] > LARGEST:
            return Delivery(key, identity, at, b"", too_large=True)
        return Delivery(key, identity, at, answer["Body"].read())

    def report(self, key: str) -> Mapping[str, Any] | None:
        """The report on `key`, if there is one."""
        return self.read(f"reports/{key}.json")

    def keep_report(self, report: Report) -> None:
        document = {
            "key": report.key,
            "identity": report.identity,
            "status": report.status,
            "at": stamp(now()),
            "reason": report.reason,
            **report.counts,
            "rejected": list(report.rejected),
        }
        self.write(f"reports/{report.key}.json", document)

    def read(self, key: str) -> dict[str, Any] | None:
        """The JSON document under `key` of the documents bucket, if there is one."""
        try:
            body = self._client.get_object(Bucket=self._documents, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise
        return json.loads(body)

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        self._client.put_object(
            Bucket=self._documents,
            Key=key,
            Body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            ContentType="application/json",
        )

    def put(self, key: str, data: bytes) -> None:
        """Put a delivery into the intake."""
        self._client.put_object(Bucket=self._intake, Key=key, Body=data, ContentType="text/csv")

    def keys(self, prefix: str) -> list[str]:
        """The keys of the intake below `prefix`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._intake, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", []) if "Key" in entry]


def _refused(delivery: Delivery, error: Refused) -> Report:
    # a row is named among the others that are wrong, where there are others
    rows = [told_of(one) for one in (error, *error.more)] if error.more else []
    return Report(delivery.key, delivery.identity, "refused", told_of(error), rejected=rows)


def _each(things: Iterable[Thing], work: Callable[[Thing], str]) -> dict[str, int]:
    """Do `work` for every thing, several at a time; how often it came to which word. Raises what `work` raised."""
    counts: dict[str, int] = {}
    with ThreadPoolExecutor(THREADS) as threads:
        for word in threads.map(work, things):
            counts[word] = counts.get(word, 0) + 1
    return counts


def _chunks(things: Sequence[Thing]) -> list[Sequence[Thing]]:
    return [things[start : start + CHUNK] for start in range(0, len(things), CHUNK)]


# --- rosters -------------------------------------------------------------------------------------------------


class RosterIntake:
    """rosters/<batch>/batch.json declares a batch, rosters/<batch>/*.csv say who is in it."""

    def __init__(self, desk: Desk, store: Store, told: Callable[[Report], None]) -> None:
        """`told` hears of each report before it is kept: what it fails to do is tried again with the delivery."""
        self._desk, self._store, self._told = desk, store, told

    def take(self, key: str) -> Report | None:
        """Deal with the object `key` and report on it; None when it is gone or was dealt with before."""
        delivery = self._desk.fetch(key)
        if delivery is None:
            return None
        earlier = self._desk.report(key)
        if earlier and earlier["identity"] == delivery.identity and earlier["status"] != "waiting":
            return None
        try:
            report = self._take(delivery)
        except Refused as error:
            report = _refused(delivery, error)
        self._told(report)
        self._desk.keep_report(report)
        if report.status == "waiting" and self._store.batch(key.split("/")[1]):
            # the batch was declared meanwhile, by somebody who could not see yet that this is waiting for it
            return self.take(key)
        return report

    def _take(self, delivery: Delivery) -> Report:
        parts = delivery.key.split("/")
        if len(parts) != 3:
            raise Refused("place")
        if delivery.too_large:
            raise Refused("too-large", limit=LARGEST // 2**20)
        if parts[2] == "batch.json":
            batch = roster.parse_batch(parts[1], delivery.data)
            self._store.declare(batch)
            self._move_deadline(batch, delivery)
            for key in self._desk.keys(f"rosters/{batch.id}/"):
                # rosters that came before their batch; any other has its own delivery
                if key.endswith(".csv") and (self._desk.report(key) or {}).get("status") == "waiting":
                    self.take(key)
            return Report(delivery.key, delivery.identity, "accepted")
        leaving = roster.parse_withdrawals(delivery.data)
        read = roster.parse(delivery.data) if leaving is None else roster.Roster([], [])
        batch = self._store.batch(parts[1])
        if batch is None:
            return Report(delivery.key, delivery.identity, "waiting", _sentence("waiting-for-batch"))
        if leaving is not None:
            return self._withdraw(leaving, batch, delivery)
        counts = {"opened": 0, "corrected": 0, "unchanged": 0}
        closed: list[str] = []
        for chunk in _chunks(read.graduates):
            known = self._store.get_many([graduate.student for graduate in chunk])

            def work(
                graduate: Graduate,
                known: Mapping[str, Case] = known,
                batch: Batch = batch,
            ) -> str:
                try:
                    return self._enter(graduate, known.get(graduate.student), batch, delivery)
                except Problem as problem:
                    if problem.code != "case-closed":
                        raise
                    closed.append(graduate.student)
                    return "closed"

            for word, count in _each(chunk, work).items():
                if word in counts:
                    counts[word] += count
        if self._store.batch(batch.id) != batch:
            # declared anew meanwhile: some of this may have been written after the open cases got the new deadline
            return self._take(delivery)
        rejected = [_rejection(rejection) for rejection in read.rejected]
        rejected += [{"student": student, "field": "student"} | _sentence("case-closed") for student in closed]
        counts |= {"rows": len(read.graduates) + len(read.rejected)}
        return Report(delivery.key, delivery.identity, "accepted", None, counts, rejected)

    def _enter(self, graduate: Graduate, known: Case | None, batch: Batch, delivery: Delivery) -> str:
        declared = f"{batch.opens_on}#{batch.deadline}"
        key, as_of = f"roster#{delivery.key}#{delivery.identity}#{declared}", stamp(delivery.at)
        event = Event(key=key, what="case-opened", who="roster", role="system", at=now())
        if known is None:
            try:
                outcome = self._store.open(cases.open_case(graduate, batch, event, as_of))
            except Problem as problem:
                if problem.code != "changed-meanwhile":
                    raise
            else:
                return "unchanged" if outcome.repeated else "opened"
        correction = replace(event, what="roster-corrected")

        def correct(case: Case) -> Change | None:
            return cases.correct(case, graduate, batch, correction, as_of)

        if known and correct(known) is None:
            return "unchanged"  # without asking whether this very delivery was the one that made it so
        outcome = self._store.change(graduate.student, key, correct)
        return "unchanged" if outcome.repeated else "corrected"

    def _withdraw(self, leaving: roster.Withdrawals, batch: Batch, delivery: Delivery) -> Report:
        """Take those who are `leaving` out of `batch`; who is not in it, or through, is a rejected row."""
        event = Event(f"withdrawal#{delivery.key}#{delivery.identity}", "withdraw", "roster", "system", now())
        counts = {"withdrawn": 0, "unchanged": 0, "rows": len(leaving.reasons) + len(leaving.rejected)}
        rejected = [_rejection(rejection) for rejection in leaving.rejected]
        for line, (student, reason) in leaving.reasons.items():
            told = replace(event, why=reason)

            def withdraw(case: Case, told: Event = told) -> Change | None:
                if case.batch != batch.id:
                    raise Problem("not-in-season")
                return None if case.withdrawn_at else arrange(case, "withdraw", {}, batch, today(), told)

            try:
                outcome = self._store.change(student, told.key, withdraw)
            except Problem as problem:
                code = {"not-in-season": "not-in-batch", "not-possible-now": "case-closed"}.get(problem.code)
                if code is None:
                    raise
                rejected.append(_rejection(Rejection(line, code, roster.COLUMNS[0])))
                continue
            counts["unchanged" if outcome.repeated else "withdrawn"] += 1
        return Report(delivery.key, delivery.identity, "accepted", None, counts, rejected)

    def _move_deadline(self, batch: Batch, delivery: Delivery) -> None:
        """Give the open cases of `batch` its deadline, should it be declared anew with another one."""
        event = Event(key=f"batch#{delivery.identity}", what="deadline-moved", who="roster", role="system", at=now())

        def move(case: Case) -> Change | None:
            return None if case.closed else cases.correct(case, case.graduate, batch, event)

        everybody = self._store.everybody()
        for chunk in _chunks([lean.student for lean in everybody if lean.batch == batch.id and not lean.finished_at]):
            for student, known in self._store.get_many(chunk).items():
                if move(known):
                    self._store.change(student, event.key, move, known=known)


# --- feeds ---------------------------------------------------------------------------------------------------


class FeedIntake:
    """feeds/<step>/*.csv: snapshots of one step, applied as differences to what was applied before."""

    def __init__(self, desk: Desk, store: Store, step: Step, owner: str) -> None:
        self._desk, self._store, self._step, self._owner = desk, store, step, owner
        self._id = step.definition.id

    def take(self, key: str) -> Report | None:
        """Deal with the snapshot `key` and report on it; None when it is gone or was dealt with before.

        Raises Problem("feed-busy") while another delivery of the same step is being applied.
        """
        delivery = self._desk.fetch(key)
        held = self._store.feed(self._id).held
        confirmed = bool(held and held["key"] == key and held.get("confirmed_by"))
        if held and confirmed and (delivery is None or delivery.identity != held["identity"]):
            self._forget(str(held["identity"]))
            confirmed = False
        if delivery is None:
            return None
        earlier = self._desk.report(key)
        if earlier and earlier["identity"] == delivery.identity and not (earlier["status"] == "held" and confirmed):
            return None
        self._store.lease_feed(self._id, self._owner, LEASE)
        try:
            report, keep = self._apply_new(delivery)
        except Refused as error:
            report, keep = _refused(delivery, error), {}
        except BaseException:
            self._release()
            raise
        # the report comes last: without it the delivery is brought back, and finds what it did
        self._release(**keep)
        self._desk.keep_report(report)
        return report

    def _forget(self, identity: str) -> None:
        """Let go of a confirmed snapshot that was taken away or written over: nobody can apply it any more."""
        self._store.lease_feed(self._id, self._owner, LEASE)
        held = self._store.feed(self._id).held
        self._release(**({"held": None} if held and held["identity"] == identity else {}))

    def apply_again(self) -> Mapping[str, int]:
        """Apply the snapshot in force to cases that have come since. Raises Problem("feed-busy")."""
        state = self._store.feed(self._id)
        if not state.current:
            return {}
        self._store.lease_feed(self._id, self._owner, LEASE)
        try:
            state = self._store.feed(self._id)
            delivery = self._desk.fetch(state.current["key"]) if state.current else None
            # a key that was used again since holds another snapshot, which has its own delivery
            if not state.current or delivery is None or delivery.identity != state.current["identity"]:
                return {}
            snapshot = self._parse(delivery)
            return self._apply(snapshot, delivery, feed.news(snapshot, self._applied()))
        finally:
            self._release()

    def _release(self, **keep: Mapping[str, Any] | None) -> None:
        """End the lease; what is in force and what is held stay as they are unless `keep` says otherwise."""
        state = self._store.feed(self._id)
        self._store.release_feed(
            self._id, self._owner, current=keep.get("current", state.current), held=keep.get("held", state.held)
        )

    def _parse(self, delivery: Delivery) -> feed.Snapshot:
        if delivery.too_large:
            raise Refused("too-large", limit=LARGEST // 2**20)
        return feed.parse(delivery.data, self._step.definition, self._step.read, now())

    def _applied(self) -> dict[str, str]:
        """The digest of the row that each case holds, by student; empty where a delivery may have ended halfway."""
        return self._desk.read(applied_key(self._id)) or {}

    def _keep_applied(self, applied: Mapping[str, str]) -> None:
        self._desk.write(applied_key(self._id), applied)

    def _apply_new(self, delivery: Delivery) -> tuple[Report, dict[str, Mapping[str, Any] | None]]:
        snapshot = self._parse(delivery)
        state = self._store.feed(self._id)
        if state.current and snapshot.as_of < state.current["as_of"]:
            return Report(delivery.key, delivery.identity, "superseded", _sentence("superseded")), {}
        applied = self._applied()
        news = feed.news(snapshot, applied)
        told: dict[str, Any] = {
            "key": delivery.key,
            "identity": delivery.identity,
            "as_of": snapshot.as_of,
            "at": stamp(now()),
            "rows": len(snapshot.rows),
        }
        changing = sum(student in applied for student in news)
        held = state.held if state.held and state.held["identity"] == delivery.identity else None
        confirmed = bool(held and held.get("confirmed_by"))
        if feed.to_be_held(self._step.definition, changing, len(applied)) and not confirmed:
            if state.held and snapshot.as_of < state.held["as_of"]:
                return Report(delivery.key, delivery.identity, "superseded", _sentence("superseded")), {}
            counts = {"rows": len(snapshot.rows), "changing": changing, "known": len(applied)}
            reason = _sentence("held", changing=changing, known=len(applied))
            return Report(delivery.key, delivery.identity, "held", reason, counts), {"held": told | counts}
        counts = self._apply(snapshot, delivery, news)
        reason = _sentence("confirmed") | {"by": held["confirmed_by"]} if held and confirmed else None
        report = Report(delivery.key, delivery.identity, "accepted", reason, counts)
        older_held = state.held and state.held["as_of"] <= snapshot.as_of
        return report, {"current": told, "held": None if older_held else state.held}

    def _apply(self, snapshot: feed.Snapshot, delivery: Delivery, news: Mapping[str, Row]) -> dict[str, int]:
        """Change the cases whose rows are news, then keep what has been applied to whom."""
        key = f"feed#{self._id}#{delivery.identity}"
        applied = self._applied()
        counts = {"rows": len(snapshot.rows), "changed": 0, "unchanged": 0, "unmatched": 0}
        if doubtful := dict.fromkeys(applied.keys() & news.keys(), ""):
            # should this end halfway, whatever comes next must not believe that these still hold their old rows
            self._keep_applied(applied | doubtful)
        for chunk in _chunks(list(news)):
            self._store.lease_feed(self._id, self._owner, LEASE)
            known = self._store.get_many(chunk)
            matched = [student for student in chunk if student in known and self._id in known[student].steps]
            counts["unmatched"] += len(chunk) - len(matched)

            def work(student: str, known: Mapping[str, Case] = known) -> str:
                return self._learn(known[student], news[student], snapshot.as_of, key)

            for word, count in _each(matched, work).items():
                counts[word] += count
            applied |= {student: feed.digest(news[student]) for student in matched}
        # who is missing from this snapshot stays: the case still holds that row, and a short snapshot must not
        # make the next one look as if it told of nobody yet
        if news:
            self._store.lease_feed(self._id, self._owner, LEASE)  # who lost it meanwhile writes over nobody's
            self._keep_applied(applied)
        return counts

    def _learn(self, known: Case, row: Row, as_of: str, key: str) -> str:
        def decide(case: Case) -> Change | None:
            event = Event(key=key, what="feed", who="feed", role="system", at=now(), evidence={"as_of": as_of})
            return self._step.learn(case, row, as_of, event)

        outcome = self._store.change(known.graduate.student, key, decide, known=known)
        return "unchanged" if outcome.repeated else "changed"

    def confirm(self, who: str, seen: str = "") -> str:
        """Let the held snapshot through; its key. It is applied when it is brought to the intake again.

        `seen` is the identity of the one that was looked at, if told. Raises Problem("feed-not-held"),
        Problem("changed-meanwhile") when another one is held by now, Problem("feed-busy").
        """
        with self._decided(seen) as (held, keep):
            keep["held"] = {**held, "confirmed_by": who}
        return str(held["key"])

    def discard(self, who: str, seen: str = "") -> str:
        """Decide against the held snapshot; its key. Raises what `confirm` raises."""
        with self._decided(seen) as (held, keep):
            report = Report(held["key"], held["identity"], "discarded", _sentence("discarded") | {"by": who})
            self._desk.keep_report(report)
            keep["held"] = None
        return str(held["key"])

    @contextmanager
    def _decided(self, seen: str) -> Generator[tuple[Mapping[str, Any], dict[str, Any]], None, None]:
        """The held snapshot, and what to keep of the feed's state once it has been decided about."""
        self._store.lease_feed(self._id, self._owner, LEASE)
        keep: dict[str, Any] = {}
        try:
            held = self._store.feed(self._id).held
            if not held:
                raise Problem("feed-not-held")
            if seen and seen != held["identity"]:
                raise Problem("changed-meanwhile")
            yield held, keep
        finally:
            self._release(**keep)
