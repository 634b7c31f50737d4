"""Where archives live: the table `Archive`, and the writes that keep it true.

Items (pk, sk): STUDENT#<student> PROFILE; STUDENT#<student> RECORD#<source>#<id>; STUDENT#<student>
EVENT#<source>#<id>#<version>; STUDENT#<student> PORTRAIT; CARD#<card> CARD.
Index waiting (waits = school, since): records that somebody has to look at. Index by-cohort (cohort, student):
portraits, lean, as groups are made of them. What is known of deliveries is in deliveries.py.

A record is written under its key, so that what is told twice is written once. A portrait is put on the condition that
nobody put one since its records began to be read: of two that are computed at once one is computed again, and whoever
writes a record has the portrait computed afterwards, so the last one knows all records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk
from yinji.archive.cohorts import Cohorts
from yinji.archive.items import LEAN, TABLE, CardItem, ProfileItem, RecordEventItem, RecordItem
from yinji.archive.portrait import Portrait, portrait, portrait_document, portrait_of
from yinji.archive.record import FACTS, Record, RecordEvent, merge, record_document, record_of
from yinji.archive.student import Student, stored_student, student_document
from yinji.clearance.items import (
    CONFLICTS,
    FAILED_CONDITION,
    can_be_key,
    cancelled_by,
    connection,
    forget,
    kept,
    one,
    values,
)
from yinji.clearance.reading import Raw, plains, text
from yinji.platform.clock import instant, now, stamp
from yinji.platform.problem import Problem

ATTEMPTS = 12
THREADS = 8
SKEW = timedelta(seconds=5)
"""By how much the clocks of two functions may differ, with much to spare."""
Also = Callable[[TransactWrite], None]
"""Adds to a transaction."""


@dataclass(frozen=True)
class Member:
    """A student as groups count them: their features, and those of each term."""

    student: str
    name: str
    school: str
    grade: str
    category: str
    programme: str
    class_name: str
    counsellor: str
    features: Mapping[str, int]
    by_term: Mapping[str, Mapping[str, int]]
    last_day: date | None
    waiting: int

    @classmethod
    def of(cls, portrait: Portrait) -> Member:
        """Whoever `portrait` is of, as groups count them."""
        who = portrait.student
        return cls(
            who.student, who.name, who.school, who.grade, who.category, who.programme, who.class_name, who.counsellor,
            portrait.features, portrait.by_term, portrait.last_day, portrait.waiting,
        )  # fmt: skip


@dataclass
class _Whole:
    student: Student | None = None
    records: list[Record] = field(default_factory=list[Record])
    version: int = 0


class Archive:
    """The table. Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)
        self._connection = connection()
        self._cohorts = Cohorts()

    # --- students ------------------------------------------------------------------------------------------
    def student(self, student: str) -> Student | None:
        item = one(ProfileItem, _pk(student), "PROFILE")
        return stored_student(values(item)) if item else None

    def students(self, students: Sequence[str]) -> dict[str, Student]:
        """Those of `students` that there are."""
        keys = [(_pk(student), "PROFILE") for student in students]
        found = (stored_student(plains(item)) for item in self._bulk.get_many(keys))
        return {one.student: one for one in found}

    def enrol(self, students: Sequence[Student]) -> int:
        """Keep what the register says of `students`, and whose cards theirs are; their portraits follow.

        How many were new or different. Whose portrait is missing counts as new, so that it may be done again.
        """
        known = self.students([student.student for student in students])
        news = [student for student in students if known.get(student.student) != student]
        self._bulk.put({"pk": f"CARD#{new.card}", "sk": "CARD", "of_student": new.student} for new in news if new.card)
        for old in (known[new.student] for new in news if new.student in known):
            if old.card and old.card not in {new.card for new in news}:
                forget(CardItem, f"CARD#{old.card}")
            self._cohorts.changing(old.cohort)  # which they may be leaving
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(self._enrol, news):
                pass
        return len(news)

    def _enrol(self, student: Student) -> None:
        # the profile last: whoever stops before finds the student new again
        at = now()
        found = self._whole(student.student)
        self._put_portrait(portrait(student, found.records), found.version, at)
        ProfileItem(_pk(student.student), **student_document(student)).save()
        if found.version:
            # a record that came meanwhile may have brought back the old name
            self.refresh(student.student)

    def holders(self, cards: Iterable[str]) -> dict[str, str]:
        """Whose campus cards they are; nobody's are left out."""
        found = map(plains, self._bulk.get_many([(f"CARD#{card}", "CARD") for card in cards]))
        return {item["pk"].partition("#")[2]: item["of_student"] for item in found}

    # --- records -------------------------------------------------------------------------------------------
    def record(self, student: str, key: str) -> Record | None:
        item = one(RecordItem, _pk(student), f"RECORD#{key}")
        return record_of(values(item)) if item else None

    def records(self, student: str) -> list[Record]:
        """Every record of `student`, in no order."""
        return [record_of(plains(item)) for item in self._own(student)]

    def add(self, record: Record, school: str, event: RecordEvent | None = None, also: Also | None = None) -> bool:
        """Keep a record that nobody told of before, with the event that tells of it; False when somebody did.

        What `also` adds to the transaction is done with it or not at all, and what it demands is demanded, too.
        """
        return self._put(record, school, RecordItem.pk.does_not_exist(), event, also)

    def change(
        self, student: Student, key: str, work: Callable[[Record], tuple[Record, RecordEvent] | None]
    ) -> Record | None:
        """Change a record by `work`, which gives its new state and the event that tells of it, or None to leave it.

        The record as it is then; None when there is no such record. Raises Problem("too-busy"), and what `work` raises.
        """
        for _ in range(ATTEMPTS):
            known = self.record(student.student, key)
            if known is None:
                return None
            changed = work(known)
            if changed is None:
                return known
            told = replace(changed[0], version=known.version + 1)
            if self._put(told, student.school, RecordItem.version == known.version, changed[1]):
                return told
        raise Problem("too-busy")

    def _put(
        self, record: Record, school: str, condition: Condition, event: RecordEvent | None, also: Also | None = None
    ) -> bool:
        """Put a record on `condition`, and its event with it; False when the condition does not hold."""
        document = _record_item(record, school)
        item = RecordItem(document.pop("pk"), document.pop("sk"), **document)
        if event is None and also is None:
            return kept(lambda: item.save(condition=condition))
        for _ in range(ATTEMPTS):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.save(item, condition=condition)
                    if event:
                        told = _event_item(record, event)
                        transaction.save(RecordEventItem(told.pop("pk"), told.pop("sk"), **told))
                    if also:
                        also(transaction)
                return True
            except TransactWriteError as error:
                codes = cancelled_by(error)
                if FAILED_CONDITION in codes:
                    return False
                if not CONFLICTS.intersection(codes):
                    raise
        raise Problem("too-busy")

    def _own(self, student: str, source: str = "") -> Iterator[Raw]:
        """The records of `student`, or those that `source` told of."""
        beginning = f"RECORD#{source}#" if source else "RECORD#"
        return self._bulk.query("pk", _pk(student), beginning=beginning, consistent=True)

    def events(self, student: str, key: str) -> list[RecordEvent]:
        """What happened to a record, the first thing first."""
        found = self._bulk.query("pk", _pk(student), beginning=f"EVENT#{key}#", consistent=True)
        return [event_of(plains(item)) for item in found]

    def waiting(self, school: str, limit: int, after: str = "") -> tuple[list[Record], str]:
        """Records of a school that somebody has to look at, the oldest first, and where the next page begins if any."""
        found = RecordItem.waiting.query(school, limit=limit, last_evaluated_key=_position(after, school))
        records = [record_of(values(item)) for item in found]
        return records, _place(found.last_evaluated_key)

    # --- loading -------------------------------------------------------------------------------------------
    def put_new(self, records: Sequence[Record], schools: Mapping[str, str]) -> None:
        """Keep records that cannot be there yet; `schools` are those of their students."""
        self._bulk.put((_record_item(record, schools[record.student]) for record in records), THREADS)

    def load(
        self, student: Student, source: str, told: Sequence[Record], leaving: Set[str] = frozenset()
    ) -> Counter[str]:
        """Take what `source` tells of one student: new records and corrections. The portrait is for `refresh`.

        `leaving` are the ids of those that turned out to be another student's: they are void here and count there.
        How many records came to what (record.Merged). It may be done again at any time, whatever became of it: what was
        written by this delivery before counts as it did then.
        """
        known = {record.key: record for record in map(record_of, map(plains, self._own(student.student, source)))}
        counts = Counter[str]()
        news: list[Mapping[str, Any]] = []
        for record in told:
            if record.state == "void" and record.key not in known:
                counts["unchanged"] += record.id not in leaving
                continue
            merged, outcome = merge(known.get(record.key), record)
            counts[outcome] += record.id not in leaving
            if merged is known.get(record.key):
                continue
            if earlier := known.get(record.key):
                news.append(_event_item(merged, _correction(earlier, merged)))
            news.append(_record_item(merged, student.school))
            known[record.key] = merged
        self._bulk.put(news)
        return counts

    # --- portraits -----------------------------------------------------------------------------------------
    def portrait(self, student: str) -> Portrait | None:
        return self.portraits([student]).get(student)

    def portraits(self, students: Sequence[str]) -> dict[str, Portrait]:
        """The portraits of those of `students` that have one."""
        items = self._bulk.get_many([(_pk(student), "PORTRAIT") for student in students])
        return {found.student.student: found for found in map(portrait_of, map(plains, items))}

    def refresh(self, student: str, since: datetime | None = None) -> Portrait | None:
        """Compute the portrait of `student` anew from their records; None for who is no student, or whose portrait was
        computed after `since` already. Raises Problem("too-busy").
        """
        if since and self._computed_at(student) > stamp(since + SKEW):
            return None
        for _ in range(ATTEMPTS):
            at = now()
            found = self._whole(student)
            if found.student is None:
                return None
            new = portrait(found.student, found.records)
            if self._put_portrait(new, found.version, at):
                return new
        raise Problem("too-busy")

    def _computed_at(self, student: str) -> str:
        found = self._bulk.get_many([(_pk(student), "PORTRAIT")], ["computed_at"])
        return next((text(item, "computed_at") for item in found), "")

    def _whole(self, student: str) -> _Whole:
        """All that a portrait is made of, by one Query: who it is, their records, and which version the portrait has.

        The version comes before the records, as their keys do: whoever puts a portrait after it was read makes the one
        that is computed from these records fail.
        """
        found = _Whole()
        for item in self._bulk.query("pk", _pk(student), since="PORTRAIT", consistent=True):
            told = plains(item)
            if told["sk"] == "PORTRAIT":
                found.version = told["version"]
            elif told["sk"] == "PROFILE":
                found.student = stored_student(told)
            else:
                found.records.append(record_of(told))
        return found

    def _put_portrait(self, found: Portrait, version: int, at: datetime) -> bool:
        """Put a portrait whose records were read after `at`, unless one was put after `version`."""
        self._cohorts.changing(found.student.cohort)
        told = portrait_document(replace(found, version=version + 1)) | {"computed_at": stamp(at)}
        item = {"pk": _pk(found.student.student), "sk": "PORTRAIT", "cohort": found.student.cohort, **told}
        return self._bulk.put_next(item, "version", version)

    def cohort(self, cohort: str) -> Iterator[Member]:
        """Everybody of a cohort, as of a moment ago."""
        for item in self._bulk.query("cohort", cohort, ["student", *LEAN], index="by-cohort"):
            told = plains(item)
            yield Member(
                told["student"],
                told["name"],
                told["school"],
                told["grade"],
                told["category"],
                told.get("programme", ""),
                told.get("class_name", ""),
                told.get("counsellor", ""),
                json.loads(told["features"]),
                json.loads(told["by_term"]),
                date.fromisoformat(told["last_day"]) if told["last_day"] else None,
                told["waiting"],
            )

    # --- what is to go -------------------------------------------------------------------------------------
    def forget(self, student: str) -> None:
        """Delete everything that is kept of `student`. It may be done again: what they are found by goes last."""
        who = self.student(student)
        if who and who.card:
            forget(CardItem, f"CARD#{who.card}")
        if who:
            self._cohorts.changing(who.cohort)
        for beginning in ("EVENT#", "RECORD#"):
            with RecordItem.batch_write() as gone:
                for item in self._own(student, beginning):
                    gone.delete(RecordItem(item["pk"]["S"], item["sk"]["S"]))
        forget(ProfileItem, _pk(student))


def _pk(student: str) -> str:
    return f"STUDENT#{student}"


def _record_item(record: Record, school: str) -> dict[str, Any]:
    told = record_document(record) | {"pk": _pk(record.student), "sk": f"RECORD#{record.key}"}
    return told | ({"waits": school, "since": stamp(record.since)} if record.since else {})


def _event_item(record: Record, event: RecordEvent) -> dict[str, Any]:
    told = {
        "pk": _pk(record.student),
        "sk": f"EVENT#{record.key}#{record.version:06}",
        "what": event.what,
        "who": event.who,
        "role": event.role,
        "at": stamp(event.at),
        "why": event.why,
        "key": event.key,
        "was": dict(event.was or {}),
        "acts_for": event.acts_for,
    }
    return {name: value for name, value in told.items() if value}


def event_of(told: Mapping[str, Any]) -> RecordEvent:
    """What happened to a record or an activity, of a stored or streamed document."""
    return RecordEvent(
        told["what"],
        told["who"],
        told["role"],
        instant(told["at"]),
        told.get("why", ""),
        told.get("key", ""),
        told.get("was"),
        told.get("acts_for", ""),
    )


def _correction(earlier: Record, merged: Record) -> RecordEvent:
    """The event that tells what a source's word replaced."""
    before, after = record_document(earlier), record_document(merged)
    was = {name: before.get(name, "") for name in (*FACTS, "state") if before.get(name, "") != after.get(name, "")}
    what = "void" if merged.state == "void" else "corrected"
    return RecordEvent(what, merged.source, "system", instant(merged.as_of), was=was)


def _position(after: str, school: str) -> dict[str, Any] | None:
    """The key of the index that `after` stands for. Raises Problem("malformed-request")."""
    if not after:
        return None
    since, student, key = (*after.split("|", 2), "", "")[:3]
    if not (since and student and key) or not can_be_key(_pk(student), f"RECORD#{key}"):
        raise Problem("malformed-request")
    told = {"waits": school, "since": since, "pk": _pk(student), "sk": f"RECORD#{key}"}
    return {name: {"S": value} for name, value in told.items()}


def _place(key: Mapping[str, Mapping[str, str]] | None) -> str:
    """Where a page ended, for whoever goes on."""
    if not key:
        return ""
    return "|".join([key["since"]["S"], key["pk"]["S"].partition("#")[2], key["sk"]["S"].partition("#")[2]])
