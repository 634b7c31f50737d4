"""Where cases live: the table `Cases`, and the transactions that keep it true.

A change is one transaction: the case, if nobody changed it since it was read; its event, if it is new; and the
queue entries and bookings that follow from it, with the places of slots they take and give back. So a repeated delivery
finds its event and changes nothing, two officers cannot overwrite each other, and no place is given away twice. Events
are sealed to one another (chain.py) by the same transaction: as nobody else may have changed the case, no two events
can follow the same one.

Items (pk, sk): CASE#<student> CASE; CASE#<student> EVENT#<key>; QUEUE#<queue> <since>#<student>;
BATCHES <batch>; CERTIFICATE#<code> CERTIFICATE; FEED#<step> STATE; CASE#<student> UPLOAD#<id>;
CASE#<student> UPLOADS#<step>#<day>; SLOTS#<step> <slot>; BOOKINGS#<step> <slot>#<student>; OUTCOME#<round> OUTCOME;
AUDIT#<day> <at>#<id>; TAKEN#<who> <at>#<id>; CASE#<student> KEY.
Index by-school (school, student): the lean copy of cases that a counsellor's page reads.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.update import Action as UpdateAction
from pynamodb.transactions import TransactWrite

from yinji.clearance import definition, university
from yinji.clearance.appointments import Booking, Standing, bookings
from yinji.clearance.case import WITHDRAWN, Batch, Case, Change, Event
from yinji.clearance.chain import Head, sealed
from yinji.clearance.definition import LONGEST_FEED_AGE, Evidence
from yinji.clearance.document import case_document, case_of, event_document, event_of
from yinji.clearance.evidence import KEPT_UNUSED, MOST_A_DAY, Upload
from yinji.clearance.items import (
    CONFLICTS,
    FAILED_CONDITION,
    AuditItem,
    BatchItem,
    BookingItem,
    CaseItem,
    CertificateItem,
    EventItem,
    FeedItem,
    KeyItem,
    QueueItem,
    RoundItem,
    SlotItem,
    UploadItem,
    UploadsItem,
    can_be_key,
    cancelled_by,
    connection,
    forget,
    kept,
    one,
    values,
)
from yinji.clearance.queue import Entry, entries
from yinji.clearance.reading import Raw, Reader, plains, text, texts
from yinji.clearance.rounds import KEPT, Result, Round
from yinji.identity.session import Session
from yinji.platform.clock import instant, now, stamp
from yinji.platform.problem import Problem

ATTEMPTS = 12
THREADS = 8
"""How many schools are read at a time."""
LEAN = (
    "student", "name", "school", "flow", "class_name", "counsellor", "programme", "batch", "deadline", "marks",
    "version", "finished_at", "certificate", "flow_version", "supervisor",
)  # fmt: skip
"""What is read of the index by school; of a certificate, that there is one."""
ENTRY = ("step", "of_school", "of_student", "name", "since", "step_version", "supervisor", "answers", "flow")
AUDITS_KEPT = timedelta(days=3 * 365)
"""How long is known who took which list."""
LONGEST_STUDENT = 16
LONGEST_POSITION = 100
CHANCE = random.SystemRandom()
"""Not the seeded one: functions restored from one snapshot would wait equally long and meet again."""


@dataclass(frozen=True)
class Outcome:
    """What a change came to: the event it left, and whether it had happened before."""

    event: Event | None
    repeated: bool = False
    case: Case | None = None


@dataclass(frozen=True)
class Lean:
    """A case as the index by school holds it; `marks` maps steps to the letters of document.MARKS."""

    student: str
    name: str
    school: str
    flow: str
    class_name: str
    counsellor: str
    programme: str
    batch: str
    deadline: date
    marks: Mapping[str, str]
    version: int
    finished_at: str
    certified: bool
    flow_version: int = 1
    supervisor: str = ""


@dataclass(frozen=True)
class CertificateRecord:
    code: str
    student: str
    name: str
    school: str
    flow: str
    programme: str
    finished_at: datetime
    issued_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class FeedState:
    """`current` and `held` describe snapshots: key, identity, as_of, at, rows, and what a held one would change."""

    current: Mapping[str, Any] | None = None
    held: Mapping[str, Any] | None = None

    @property
    def as_of(self) -> datetime | None:
        """When what the snapshot in force says was true."""
        return instant(str(self.current["as_of"])) if self.current else None

    @property
    def undecided(self) -> bool:
        """Whether somebody still has to decide about the snapshot that is held."""
        return self.held is not None and not self.held.get("confirmed_by")

    def late(self, now: datetime) -> bool:
        """Whether a delivery was left out; before the first nothing is late, for the season may not have begun."""
        return self.as_of is not None and now - self.as_of > LONGEST_FEED_AGE


Snapshot = Mapping[str, Any]
Decide = Callable[[Case], Change | None]


class Store:
    """The table. Every method raises what PynamoDB raises when the service cannot be reached."""

    def __init__(self) -> None:
        self._connection = connection()
        self._reader = Reader()

    # --- cases ---------------------------------------------------------------------------------------------
    def get(self, student: str) -> Case | None:
        """The case of `student`: one consistent read. Nobody has a number longer than a roster's."""
        if len(student) > LONGEST_STUDENT:
            return None
        item = one(CaseItem, f"CASE#{student}", "CASE")
        return case_of(values(item)) if item else None

    def get_many(self, students: Sequence[str]) -> dict[str, Case]:
        """The cases of `students`, by student; who has none is missing."""
        keys = [(f"CASE#{student}", "CASE") for student in dict.fromkeys(students)]
        possible = [key for key in keys if can_be_key(*key)]
        found = (case_of(values(item)) for item in CaseItem.batch_get(possible, consistent_read=True))
        return {case.graduate.student: case for case in found}

    def open(self, change: Change) -> Outcome:
        """Keep a case that opens. An earlier opening by the same event is a repetition.

        Raises Problem("changed-meanwhile") when the graduate has a case already; Problem("too-busy").
        """
        change = sealed(change)
        for attempt in range(ATTEMPTS):
            written = self._write(change)
            if written != "conflict":
                return Outcome(change.event, repeated=written == "repeated", case=change.after)
            if self.get(change.after.graduate.student):
                raise Problem("changed-meanwhile")
            wait(attempt)  # nobody has opened it: the table was in the way
        raise Problem("too-busy")

    def change(
        self, student: str, key: str, decide: Decide, fingerprint: str = "", known: Case | None = None
    ) -> Outcome:
        """Apply `decide` to the case of `student` and keep what comes of it, as the event `key`.

        When the event exists already, nothing changes and it is returned. `decide` may be asked several times
        and returns None when there is nothing to change. Raises what `decide` raises; Problem("not-in-season");
        Problem("slot-full") when a slot that the change books has no place left;
        Problem("key-reused") when the event exists with another `fingerprint`; Problem("too-busy"). A case just read
        may be given as `known`, which saves reading it again.
        """
        for attempt in range(ATTEMPTS):
            case = known if known and attempt == 0 else self.get(student)
            if case is None:
                raise Problem("not-in-season")
            try:
                change = decide(case)
            except Problem:
                # a repeated request meets what it did itself
                if earlier := self._earlier(student, key, fingerprint):
                    return Outcome(earlier, repeated=True, case=case)
                raise
            if change is None:
                return Outcome(self._earlier(student, key, fingerprint), repeated=True, case=case)
            change = sealed(change)
            written = self._write(change)
            if written == "written":
                return Outcome(change.event, case=change.after)
            if written == "repeated":
                return Outcome(self._earlier(student, key, fingerprint), repeated=True, case=case)
            wait(attempt)
        raise Problem("too-busy")

    def begin_anew(self, student: str, make: Callable[[Case | None], Change]) -> None:
        """Keep the case of `student` as `make` makes it anew from what it was, whatever that was.

        For practice: nobody else's case begins anew. The same event again changes nothing. Raises Problem("too-busy").
        """
        for attempt in range(ATTEMPTS):
            if self._write(make(self.get(student))) != "conflict":
                return
            wait(attempt)
        raise Problem("too-busy")

    def events(self, student: str) -> list[Event]:
        """Everything that happened to the case of `student`, oldest first."""
        items = EventItem.query(f"CASE#{student}", EventItem.sk.startswith("EVENT#"), consistent_read=True)
        found = [event_of(values(item)) for item in items]
        return sorted(found, key=lambda event: event.version)

    def _earlier(self, student: str, key: str, fingerprint: str) -> Event | None:
        item = one(EventItem, f"CASE#{student}", f"EVENT#{key}")
        if item is None:
            return None
        event = event_of(values(item))
        if fingerprint and event.fingerprint != fingerprint:
            raise Problem("key-reused")
        return event

    def _write(self, change: Change, extra: Callable[[TransactWrite], None] | None = None) -> str:
        if not change.event.hash or change.event.hash != change.after.chain:
            change = sealed(change)  # whoever calls: what is not sealed is not written
        before, after, student = change.before, change.after, change.after.graduate.student
        item = CaseItem(f"CASE#{student}", "CASE", **case_document(after))
        event = EventItem(f"CASE#{student}", f"EVENT#{change.event.key}", **event_document(change.event))
        had, has = entries(before), entries(after)
        gone = had.keys() - has.keys()
        held, holds = bookings(before), bookings(after)
        freed, taken = held.keys() - holds.keys(), holds.keys() - held.keys()
        try:
            with TransactWrite(connection=self._connection) as transaction:
                transaction.save(event, condition=EventItem.pk.does_not_exist())
                transaction.save(
                    item,
                    condition=CaseItem.version == before.version if before else CaseItem.pk.does_not_exist(),
                )
                for place in gone:
                    transaction.delete(QueueItem(f"QUEUE#{place[0]}", place[1]))
                for place, entry in has.items():
                    if had.get(place) != entry:
                        transaction.save(_queue_item(entry))
                if before and before.certificate and not after.certificate:
                    transaction.update(
                        CertificateItem(f"CERTIFICATE#{before.certificate.code}"),
                        actions=[CertificateItem.revoked_at.set(stamp(change.event.at))],
                    )
                for key in freed:
                    transaction.delete(_booking_item(held[key]))
                for key, booking in holds.items():
                    if held.get(key) != booking:
                        transaction.save(_booking_item(booking))
                if extra:
                    extra(transaction)
                # last of all: by their position it is told that a slot was full
                for step, slot, _ in freed:
                    _release(transaction, step, slot)
                for step, slot, _ in taken:
                    _book(transaction, step, slot)
        except TransactWriteError as error:
            return _why(error, len(gone) + len(freed), len(freed), len(taken))
        return "written"

    # --- appointments --------------------------------------------------------------------------------------
    def slots(self, step: str, first: date, last: date) -> dict[str, Standing]:
        """What is kept of the slots of `step` from the day `first` to the day `last`, by slot: one Query."""
        found = SlotItem.query(f"SLOTS#{step}", SlotItem.sk.between(f"{first.isoformat()}T", f"{last.isoformat()}U"))
        return {str(item.sk): _standing(item) for item in found}

    def set_slot(self, step: str, slot: str, who: str, *, capacity: int | None, closed: bool) -> None:
        """Give `slot` a capacity of its own (None: the step's), or close it. Who holds it already keeps it."""
        SlotItem(f"SLOTS#{step}", slot).update(
            actions=[
                SlotItem.booked.set(SlotItem.booked | 0),
                SlotItem.capacity.remove() if capacity is None else SlotItem.capacity.set(capacity),
                SlotItem.closed.set(True) if closed else SlotItem.closed.remove(),
                SlotItem.set_by.set(who),
                SlotItem.set_at.set(stamp(now())),
            ]
        )

    def coming(self, step: str, day: date) -> list[Booking]:
        """Who holds a slot of `step` on `day`, by slot and student: one Query."""
        found = BookingItem.query(f"BOOKINGS#{step}", BookingItem.sk.startswith(f"{day.isoformat()}T"))
        return [_booking(step, item) for item in found]

    # --- certificates --------------------------------------------------------------------------------------
    def certify(self, change: Change) -> bool:
        """Keep a case with its certificate, and the certificate where its code finds it; False when it has one."""
        case, certificate = change.after, change.after.certificate
        assert certificate and case.finished_at  # noqa: S101 - case.certify makes no other
        item = CertificateItem(
            f"CERTIFICATE#{certificate.code}",
            code=certificate.code,
            of_student=case.graduate.student,
            name=case.graduate.name,
            of_school=case.graduate.school,
            flow=case.flow,
            programme=case.graduate.programme or None,
            finished_at=stamp(case.finished_at),
            issued_at=stamp(certificate.issued_at),
        )
        return self._write(change, lambda transaction: transaction.save(item)) == "written"

    def certificate(self, code: str) -> CertificateRecord | None:
        """The certificate with the verification `code`."""
        item = one(CertificateItem, f"CERTIFICATE#{code}", "CERTIFICATE", consistent=False)
        if item is None:
            return None
        known = values(item)
        return CertificateRecord(
            code=known["code"],
            student=known["of_student"],
            name=known["name"],
            school=known["of_school"],
            flow=known["flow"],
            programme=known.get("programme", ""),
            finished_at=instant(known["finished_at"]),
            issued_at=instant(known["issued_at"]),
            revoked_at=instant(known["revoked_at"]) if "revoked_at" in known else None,
        )

    # --- what offices and counsellors see ------------------------------------------------------------------
    def school(self, school: str) -> list[Lean]:
        """Every case of `school`, by student number: one Query on the lean index (about 1 kB a case)."""
        return [_lean(item) for item in self._reader.query("school", school, LEAN, index="by-school")]

    def schools(self, schools: Iterable[str]) -> dict[str, list[Lean]]:
        """Every case of each of `schools`, by school: as `school`, several of them read at a time."""
        every = list(schools)
        with ThreadPoolExecutor(THREADS) as threads:
            return dict(zip(every, threads.map(self.school, every), strict=True))

    def everybody(self) -> list[Lean]:
        """Every case of the university, school by school."""
        return [lean for found in self.schools(university.schools()).values() for lean in found]

    def queue(self, queue: str, limit: int = 100, after: str = "") -> tuple[list[Entry], str]:
        """The first `limit` entries of `queue` behind the position `after`, and the position to go on from.

        Raises Problem("malformed-request") for what is longer than any position.
        """
        if len(after) > LONGEST_POSITION:
            raise Problem("malformed-request")
        last = {"pk": {"S": f"QUEUE#{queue}"}, "sk": {"S": after}} if after else None
        found = QueueItem.query(f"QUEUE#{queue}", limit=limit, last_evaluated_key=last)
        page = [_entry(values(item)) for item in found]
        more = found.last_evaluated_key
        return page, more["sk"]["S"] if more else ""

    def whole_queue(self, queue: str) -> list[Entry]:
        """Every entry of `queue`, oldest first."""
        return [_entry(plains(item)) for item in self._reader.query("pk", f"QUEUE#{queue}", ENTRY)]

    def waiting(self, queue: str) -> list[tuple[str, datetime]]:
        """Who waits in `queue` since when, oldest first: as `whole_queue`, but nothing of what is to be checked."""
        places = (text(item, "sk").partition("#") for item in self._reader.query("pk", f"QUEUE#{queue}", ("sk",)))
        return [(student, instant(since)) for since, _, student in places]

    def names(self, students: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Name and school of those of `students` who have a case."""
        keys = [(f"CASE#{student}", "CASE") for student in students if len(student) <= LONGEST_STUDENT]
        found = self._reader.get_many(keys, ("student", "name", "school"))
        return {text(item, "student"): (text(item, "name"), text(item, "school")) for item in found}

    def queue_length(self, queue: str) -> int:
        return QueueItem.count(f"QUEUE#{queue}")

    def going_on(self, schools: Iterable[str]) -> Iterator[Case]:
        """The cases of `schools` that are not finished or have no certificate yet: for the reconciler, not for a page.

        What is over costs the index's row and no more, however many years and events there are.
        """
        for school in schools:
            students = [lean.student for lean in self.school(school) if not (lean.finished_at and lean.certified)]
            yield from self.get_many(students).values()

    def heads(self, students: Sequence[str]) -> list[Head]:
        """Where the histories of `students` end; who has no case is missing. For a hundred at a time: one read."""
        keys = [(f"CASE#{student}", "CASE") for student in dict.fromkeys(students)]
        found = CaseItem.batch_get(keys, consistent_read=True, attributes_to_get=["student", "version", "chain"])
        told = (values(item) for item in found)
        return [Head(one["student"], int(one["version"]), one.get("chain", "")) for one in told]

    # --- batches -------------------------------------------------------------------------------------------
    def declare(self, batch: Batch) -> None:
        """Keep `batch` as it is declared now; that it was closed stays."""
        BatchItem("BATCHES", batch.id).update(
            actions=[
                BatchItem.batch.set(batch.id),
                BatchItem.title.set(dict(batch.title)),
                BatchItem.opens_on.set(batch.opens_on.isoformat()),
                BatchItem.deadline.set(batch.deadline.isoformat()),
            ]
        )

    def batch(self, id: str) -> Batch | None:
        item = one(BatchItem, "BATCHES", id)
        return _batch(item) if item else None

    def close_batch(self, id: str, at: datetime, report: str) -> bool:
        """Keep the closing `report` (JSON) of the batch as made `at`; False when it was closed before."""
        actions: list[UpdateAction] = [BatchItem.closed_at.set(stamp(at)), BatchItem.closing.set(report)]
        unclosed = BatchItem.pk.exists() & BatchItem.closed_at.does_not_exist()
        return kept(lambda: BatchItem("BATCHES", id).update(actions=actions, condition=unclosed))

    def closing(self, id: str) -> tuple[datetime, str] | None:
        """When the batch was closed, and the report of then."""
        item = one(BatchItem, "BATCHES", id)
        known = values(item) if item else {}
        return (instant(known["closed_at"]), known["closing"]) if "closed_at" in known else None

    def batches(self) -> list[Batch]:
        """Every batch that was declared, the one that opens last first."""
        found = [_batch(item) for item in BatchItem.query("BATCHES")]
        return sorted(found, key=lambda batch: (batch.opens_on, batch.id), reverse=True)

    # --- rounds, and what was taken out of the house ---------------------------------------------------------
    def keep_round(self, round: Round) -> Round:
        """Keep `round`; when the same request was answered meanwhile, that answer stays and is returned."""
        item = RoundItem(
            f"OUTCOME#{round.id}",
            "OUTCOME",
            who=round.who,
            step=round.step,
            action=round.action,
            at=stamp(round.at),
            results=[[result.student, result.code] for result in round.results],
            fingerprint=round.fingerprint,
            back=round.back or None,
            expires_at=int((round.at + KEPT).timestamp()),
        )
        if kept(lambda: item.save(condition=RoundItem.pk.does_not_exist())):
            return round
        return self.round(round.id) or round

    def round(self, id: str) -> Round | None:
        """The round with that id, while it is kept."""
        item = one(RoundItem, f"OUTCOME#{id}", "OUTCOME") if len(id) <= LONGEST_POSITION else None
        if item is None:
            return None
        known = values(item)
        return Round(
            id=id,
            who=known["who"],
            step=known["step"],
            action=known["action"],
            at=instant(known["at"]),
            results=[Result(str(student), str(code)) for student, code in known["results"]],
            fingerprint=known["fingerprint"],
            back=known.get("back", ""),
        )

    def record_export(self, session: Session, what: str, rows: int, filters: Mapping[str, str], id: str) -> None:
        """Write down that the request `id` took a list out of the house: under the day, and under who took it."""
        at = now()
        told: dict[str, Any] = {"who": session.sub, "role": session.role, "what": what, "at": stamp(at), "rows": rows}
        told["expires_at"] = int((at + AUDITS_KEPT).timestamp())
        with TransactWrite(connection=self._connection) as transaction:
            for pk in (f"AUDIT#{at.date().isoformat()}", f"TAKEN#{session.sub}"):
                transaction.save(AuditItem(pk, f"{stamp(at)}#{id}", filters=dict(filters), **told))

    def exports_on(self, day: date) -> list[Mapping[str, Any]]:
        """What was taken out on `day` (UTC), in order: who, role, what, at, rows, filters."""
        return [values(item) for item in AuditItem.query(f"AUDIT#{day.isoformat()}")]

    # --- what is to go ---------------------------------------------------------------------------------------
    def by_batch(self) -> dict[str, list[str]]:
        """The students of all cases, the withdrawn among them, by batch."""
        shelves = [shelf for school in university.schools() for shelf in (school, f"{WITHDRAWN}{school}")]
        found: dict[str, list[str]] = {}
        for leans in self.schools(shelves).values():
            for lean in leans:
                found.setdefault(lean.batch, []).append(lean.student)
        return found

    def having(self, what: Literal["CASE", "KEY"], students: Sequence[str]) -> set[str]:
        """Those of `students` who have a case, or a key by which something of it was sealed."""
        found = self._reader.get_many([(f"CASE#{student}", what) for student in students], ("pk",))
        return {text(item, "pk").removeprefix("CASE#") for item in found}

    def destroy_key(self, student: str) -> None:
        """Let nobody read again what was sealed in the case of `student`."""
        KeyItem(f"CASE#{student}", "KEY").delete()

    def forget_uploads(self, student: str) -> None:
        """Delete what is known of documents that `student` handed in, with a case or without one."""
        forget(UploadItem, f"CASE#{student}", "UPLOAD")

    def erase(self, case: Case, certificates: Iterable[str]) -> None:
        """Delete `case`, its history, uploads and key, what queues and slots hold of it, and `certificates` by code.

        The case goes last: who stops halfway finds it again. What a booking took of a slot stays taken, it is over.
        """
        partition = f"CASE#{case.graduate.student}"
        kept = (text(item, "sk") for item in self._reader.query("pk", partition, ("sk",)))
        keys = [
            *((f"CERTIFICATE#{code}", "CERTIFICATE") for code in certificates),
            *((f"QUEUE#{queue}", position) for queue, position in entries(case)),
            *((f"BOOKINGS#{one.step}", f"{one.slot}#{one.student}") for one in bookings(case).values()),
            *((partition, sk) for sk in kept if sk != "CASE"),
        ]
        with EventItem.batch_write() as gone:
            for pk, sk in keys:
                gone.delete(EventItem(pk, sk))  # of whatever kind it is: a key is all that deleting takes
        CaseItem(partition, "CASE").delete()

    # --- feeds ---------------------------------------------------------------------------------------------
    def feed(self, step: str) -> FeedState:
        item = one(FeedItem, f"FEED#{step}", "STATE")
        known = values(item) if item else {}
        return FeedState(current=known.get("current"), held=known.get("held"))

    def lease_feed(self, step: str, owner: str, length: timedelta) -> None:
        """Let `owner` alone work on the feed of `step` for a while, again and again if need be.

        Raises Problem("feed-busy") when somebody else does.
        """
        at = now()
        actions: list[UpdateAction] = [
            FeedItem.lease_owner.set(owner),
            FeedItem.lease_until.set(stamp(at + length)),
        ]
        free = FeedItem.lease_until.does_not_exist() | (FeedItem.lease_until < stamp(at))
        own = FeedItem.lease_owner == owner
        if not kept(lambda: FeedItem(f"FEED#{step}", "STATE").update(actions=actions, condition=free | own)):
            raise Problem("feed-busy")

    def release_feed(
        self, step: str, owner: str, *, current: Snapshot | None = None, held: Snapshot | None = None
    ) -> None:
        """End the lease and keep which snapshot is in force and which is held (none unless given).

        Raises Problem("feed-busy") when the lease went to somebody else meanwhile.
        """
        actions: list[UpdateAction] = [
            FeedItem.lease_owner.remove(),
            FeedItem.lease_until.remove(),
            FeedItem.current.set(dict(current)) if current else FeedItem.current.remove(),
            FeedItem.held.set(dict(held)) if held else FeedItem.held.remove(),
        ]
        own = FeedItem.lease_owner == owner
        if not kept(lambda: FeedItem(f"FEED#{step}", "STATE").update(actions=actions, condition=own)):
            raise Problem("feed-busy")

    # --- evidence ------------------------------------------------------------------------------------------
    def expect(self, upload: Upload, day: date) -> None:
        """Keep that `upload` was asked for on `day`. Raises Problem("too-many-uploads")."""
        partition, expires = f"CASE#{upload.student}", _expiry(upload)
        counter = UploadsItem(partition, f"UPLOADS#{upload.step}#{day.isoformat()}")
        actions: list[UpdateAction] = [UploadsItem.begun.add(1), UploadsItem.expires_at.set(expires)]
        fewer = UploadsItem.begun.does_not_exist() | (UploadsItem.begun < MOST_A_DAY)
        if not kept(lambda: counter.update(actions=actions, condition=fewer)):
            raise Problem("too-many-uploads", limit=MOST_A_DAY)
        UploadItem(
            partition,
            f"UPLOAD#{upload.id}",
            of_student=upload.student,
            step=upload.step,
            field=upload.field,
            status=upload.status,
            started_at=stamp(upload.started_at),
            takes={"types": list(takes.types), "largest_mb": takes.largest_mb} if (takes := upload.takes) else None,
            expires_at=expires,
        ).save()

    def upload(self, student: str, id: str) -> Upload | None:
        """The upload `id` of `student`, which may have come from anybody: nothing is longer than an id."""
        if len(student) > LONGEST_STUDENT or len(id) > LONGEST_POSITION:
            return None
        item = one(UploadItem, f"CASE#{student}", f"UPLOAD#{id}")
        return _upload(item) if item else None

    def settle_upload(self, upload: Upload) -> bool:
        """Keep that an expected upload was accepted or refused; False when that was decided before."""
        actions: list[UpdateAction] = [
            UploadItem.status.set(upload.status),
            UploadItem.kind.set(upload.kind) if upload.kind else UploadItem.kind.remove(),
            UploadItem.size.set(upload.size),
            UploadItem.sha256.set(upload.sha256) if upload.sha256 else UploadItem.sha256.remove(),
            UploadItem.pages.set(upload.pages),
            UploadItem.refusal.set(upload.refusal) if upload.refusal else UploadItem.refusal.remove(),
        ]
        if upload.status == "accepted":
            actions.append(UploadItem.expires_at.remove())
        item = UploadItem(f"CASE#{upload.student}", f"UPLOAD#{upload.id}")
        return kept(lambda: item.update(actions=actions, condition=UploadItem.status == "expected"))


def wait(attempt: int) -> None:
    """Let whoever was quicker go on, the longer the more often they were."""
    time.sleep(CHANCE.uniform(0, 0.01 * 2 ** min(attempt, 5)))


def _why(error: TransactWriteError, place: int, freed: int, taken: int) -> str:
    """What cancelled a change: its event was there ("repeated"), or somebody was quicker ("conflict").

    The event stands at `place` in the transaction and the case behind it: PynamoDB sends what is deleted before what is
    put, and what is updated last: `freed` slots, then `taken` ones. Raises Problem("slot-full") for one of the latter.
    """
    codes = cancelled_by(error)
    if len(codes) > place and codes[place] == FAILED_CONDITION:
        return "repeated"
    if freed + taken and codes[place + 1 : place + 2] == ["None"]:
        # the case is as it was read: what stands in the way are the slots
        if FAILED_CONDITION in codes[len(codes) - taken :]:
            raise Problem("slot-full") from error
        if FAILED_CONDITION in codes[len(codes) - taken - freed :]:
            raise error
    if CONFLICTS.intersection(codes):
        return "conflict"
    if error.cause_response_code in ("TransactionInProgressException", "TransactionConflictException"):
        return "conflict"
    raise error


def _book(transaction: TransactWrite, step: str, slot: str) -> None:
    """Take a place of `slot`: within the capacity the office gave it, or the step's when it gave none."""
    known = definition.steps()[step].appointments
    assert known  # noqa: S101 - only steps with appointments are booked
    transaction.update(
        SlotItem(f"SLOTS#{step}", slot),
        actions=[SlotItem.booked.add(1)],
        condition=SlotItem.closed.does_not_exist()
        & (
            (SlotItem.booked < SlotItem.capacity)
            | (
                SlotItem.capacity.does_not_exist()
                & (SlotItem.booked.does_not_exist() | (SlotItem.booked < known.capacity))
            )
        ),
    )


def _release(transaction: TransactWrite, step: str, slot: str) -> None:
    """Give a place of `slot` back. Below nothing it cannot fall; that it would is a fault, and no conflict."""
    transaction.update(
        SlotItem(f"SLOTS#{step}", slot), actions=[SlotItem.booked.add(-1)], condition=SlotItem.booked > 0
    )


def _standing(item: SlotItem) -> Standing:
    known = values(item)
    capacity = known.get("capacity")
    return Standing(int(known["booked"]), None if capacity is None else int(capacity), bool(known.get("closed")))


def _booking(step: str, item: BookingItem) -> Booking:
    known = values(item)
    return Booking(
        step=step,
        slot=known["sk"].partition("#")[0],
        student=known["of_student"],
        name=known["name"],
        school=known["of_school"],
        room=known.get("room", ""),
        done=bool(known.get("done")),
    )


def _booking_item(booking: Booking) -> BookingItem:
    return BookingItem(
        f"BOOKINGS#{booking.step}",
        f"{booking.slot}#{booking.student}",
        of_student=booking.student,
        of_school=booking.school,
        name=booking.name,
        room=booking.room or None,
        done=booking.done or None,
    )


def _batch(item: BatchItem) -> Batch:
    known = values(item)
    return Batch(
        id=known["batch"],
        title=known["title"],
        opens_on=date.fromisoformat(known["opens_on"]),
        deadline=date.fromisoformat(known["deadline"]),
    )


def _entry(known: Mapping[str, Any]) -> Entry:
    return Entry(
        step=known["step"],
        school=known["of_school"],
        student=known["of_student"],
        name=known["name"],
        since=known["since"],
        step_version=int(known["step_version"]),
        supervisor=known.get("supervisor", ""),
        answers=known.get("answers", {}),
        flow=known.get("flow", ""),
    )


def _queue_item(entry: Entry) -> QueueItem:
    return QueueItem(
        f"QUEUE#{entry.queue}",
        entry.position,
        step=entry.step,
        of_student=entry.student,
        of_school=entry.school,
        name=entry.name,
        since=entry.since,
        step_version=entry.step_version,
        supervisor=entry.supervisor or None,
        answers=dict(entry.answers) or None,
        flow=entry.flow or None,
    )


def _expiry(upload: Upload) -> int:
    return int((upload.started_at + KEPT_UNUSED).timestamp())


def _upload(item: UploadItem) -> Upload:
    known = values(item)
    takes = known.get("takes")
    return Upload(
        id=str(known["sk"]).removeprefix("UPLOAD#"),
        student=known["of_student"],
        step=known["step"],
        field=known["field"],
        started_at=instant(known["started_at"]),
        status=known["status"],
        kind=known.get("kind", ""),
        size=int(known.get("size", 0)),
        sha256=known.get("sha256", ""),
        pages=int(known.get("pages", 0)),
        refusal=known.get("refusal", ""),
        takes=Evidence(tuple(takes["types"]), int(takes["largest_mb"])) if takes else None,
    )


def _lean(item: Raw) -> Lean:
    return Lean(
        student=text(item, "student"),
        name=text(item, "name"),
        school=text(item, "school"),
        flow=text(item, "flow"),
        class_name=text(item, "class_name"),
        counsellor=text(item, "counsellor"),
        programme=text(item, "programme"),
        batch=text(item, "batch"),
        deadline=date.fromisoformat(text(item, "deadline")),
        marks=texts(item, "marks"),
        version=int(item["version"]["N"]),
        finished_at=text(item, "finished_at"),
        certified="certificate" in item,
        flow_version=int(item["flow_version"]["N"]),
        supervisor=text(item, "supervisor"),
    )
