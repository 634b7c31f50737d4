"""Bulk import: what a source system puts into the bucket becomes records, each line once, and gets a report.

A delivery is planned (its lines read, checked and split by student into chunks), then its chunks are loaded, several at
a time; who loads the last one reports. Everything here may stop at any point and be done again: a plan is the same for
the same object, a chunk counts as it counted before, and the report is written last. Deliveries of one source follow
one another.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError
from tabular import Unreadable, rows

from yinji.archive.deliveries import Deliveries, Delivery
from yinji.archive.ledger import Ledger, ledger_key, packed, unpacked
from yinji.archive.record import Record, record_document, record_of
from yinji.archive.refusing import Refused, Rejected, told_of
from yinji.archive.sources import Source, sources
from yinji.archive.store import Archive
from yinji.platform import clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX, WORK = "records/", "imports/"
LARGEST = 256 * 2**20
MOST_LINES = 2_000_000
PORTRAITS = 50
"""Students whose portraits are computed upon one message."""
NEW, KNOWN, LEAVES = "new", "known", "leaves"
"""Of a line: nobody told of its record before; somebody may have; it only takes the record from this student."""
CHUNK = 5_000
"""Records that are loaded at a time: some seconds of work."""
THREADS = 4


class Busy(Exception):
    """Another delivery of the same source is on its way: come again."""


class Queues(Protocol):
    """Where what is to be done next is put."""

    def load(self, id: str, number: int) -> None:
        """Have chunk `number` of the delivery `id` loaded."""
        ...

    def refresh(self, students: Sequence[str], at: datetime) -> None:
        """Have the portraits of `students` computed that were not computed after `at`."""
        ...


class Importer:
    """Plans and loads deliveries that lie in `bucket`. Raises what the services raise when they cannot be reached."""

    def __init__(self, client: S3Client, bucket: str, archive: Archive, deliveries: Deliveries, queues: Queues) -> None:
        self._client, self._bucket = client, bucket
        self._archive, self._deliveries, self._queues = archive, deliveries, queues

    # --- planning ------------------------------------------------------------------------------------------
    def plan(self, key: str) -> Delivery | None:
        """Read the object `key` and have its chunks loaded; None when it is gone or was dealt with before.

        Raises Busy while another delivery of the same source is on its way.
        """
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                return None
            raise
        at = found["LastModified"]
        tag = found["ETag"].strip('"')
        id = f"{at:%Y%m%dT%H%M%S}-{hashlib.sha256(f'{key} {tag}'.encode()).hexdigest()[:12]}"
        delivery = Delivery(id, key, key.split("/")[1] if key.count("/") == 2 else "", at, clock.now())
        known = self._deliveries.find(id)
        if known and known.state in ("loaded", "refused"):
            return None
        try:
            return self._plan(known or delivery, found["ContentLength"])
        except (Refused, Unreadable) as error:
            why = error if isinstance(error, Refused) else Refused(error.code, error.line)
            refused = replace(delivery, state="refused", ended_at=clock.now())
            self._report(refused, reason=why.reason)
            self._deliveries.keep(refused)
            if refused.source:
                self._deliveries.end(refused.source, id)
            return refused

    def _plan(self, delivery: Delivery, size: int) -> Delivery:
        if not delivery.source:
            raise Refused("place")
        source = sources().get(delivery.source)
        if source is None:
            raise Refused("source", source=delivery.source)
        if size > LARGEST:
            raise Refused("too-large", limit=LARGEST // 2**20)
        if not self._deliveries.begin(source.id, delivery.id):
            raise Busy
        data = self._client.get_object(Bucket=self._bucket, Key=delivery.key)["Body"].read()
        ledger = self._ledger(source.id)
        planned = planned_lines(delivery.key, data, source, delivery, ledger, clock.today())
        chunks = split(planned)
        for number, chunk in enumerate(chunks):
            self._write(f"{WORK}{delivery.id}/{number:05}.json.gz", chunk)
        everybody = [student for chunk in chunks for student in chunk]
        self._write(f"{WORK}{delivery.id}/students.json.gz", everybody)
        self._put(f"{WORK}{delivery.id}/ledger.json.gz", packed(ledger))
        self._write(f"{WORK}{delivery.id}/rejected.json.gz", [one.document for one in planned.rejected])
        counts = {"outdated": planned.outdated, "repeated": planned.repeated, "rejected": len(planned.rejected)}
        told = replace(delivery, state="loading", chunks=len(chunks), lines=planned.lines, counts=counts)
        self._deliveries.keep(told)
        for number in range(len(chunks)):
            self._queues.load(told.id, number)
        if not chunks:
            self._finish(told)
        return told

    def _ledger(self, source: str) -> Ledger:
        data = self._read(ledger_key(source))
        return unpacked(data) if data else Ledger()

    # --- loading -------------------------------------------------------------------------------------------
    def load(self, id: str, number: int) -> None:
        """Load a chunk of the delivery `id`; who loads the last one reports."""
        delivery = self._deliveries.find(id)
        data = self._read(f"{WORK}{id}/{number:05}.json.gz")
        if delivery is None or data is None or delivery.state != "loading":
            return
        chunk: Mapping[str, Any] = json.loads(gzip.decompress(data))
        known = self._archive.students(list(chunk))
        # what nobody told of before cannot be there, unless somebody began with this chunk and stopped
        first = self._deliveries.start(id, number)
        quick: list[Record] = []
        rest: dict[str, list[tuple[Record, bool]]] = {}
        rejected: list[list[Any]] = []
        for student, lines in chunk.items():
            for line, how, told in lines:
                if student not in known:
                    rejected += [Rejected(line, "unknown-student", "student").document] if how != LEAVES else []
                elif first and how == NEW and told["state"] != "void":
                    quick.append(replace(record_of(told), outcome="accepted"))
                else:
                    rest.setdefault(student, []).append((record_of(told), how == LEAVES))
        self._archive.put_new(quick, {student: one.school for student, one in known.items()})
        counts = Counter({"accepted": len(quick), "rejected": len(rejected)})

        def one(student: str) -> Counter[str]:
            gone = {record.id for record, leaves in rest[student] if leaves}
            told = [record for record, _ in rest[student]]
            return self._archive.load(known[student], delivery.source, told, gone)

        with ThreadPoolExecutor(THREADS) as threads:
            for some in threads.map(one, rest):
                counts.update(some)
        self._write(f"{WORK}{id}/rejected-{number:05}.json.gz", rejected)
        if self._deliveries.loaded(delivery, number, counts):
            self._finish(delivery)

    def _finish(self, delivery: Delivery) -> None:
        """Have the portraits computed that follow from a delivery all of whose chunks are loaded, report on it, and let
        the next one of its source begin."""
        now = clock.now()
        data = self._read(f"{WORK}{delivery.id}/students.json.gz")
        everybody: list[str] = json.loads(gzip.decompress(data)) if data else []
        for place in range(0, len(everybody), PORTRAITS):
            self._queues.refresh(everybody[place : place + PORTRAITS], now)
        counts = Counter(delivery.counts) + self._deliveries.counts(delivery.id)
        rejected: list[list[Any]] = []
        for name in ("rejected", *(f"rejected-{number:05}" for number in range(delivery.chunks))):
            data = self._read(f"{WORK}{delivery.id}/{name}.json.gz")
            rejected += json.loads(gzip.decompress(data)) if data else []
        told = replace(delivery, state="loaded", counts=dict(counts), ended_at=clock.now())
        self._report(told, rejected=sorted(rejected))
        data = self._read(f"{WORK}{delivery.id}/ledger.json.gz")
        if data:
            self._put(ledger_key(delivery.source), data)
        self._deliveries.keep(told)
        self._deliveries.end(delivery.source, delivery.id)

    def _report(
        self, delivery: Delivery, reason: Mapping[str, Any] | None = None, rejected: Sequence[Sequence[Any]] = ()
    ) -> None:
        document = delivery.document | {
            "reason": reason,
            "rejected": told_of(Rejected(*one) for one in rejected),
        }
        self._put(f"reports/{delivery.key}.json", json.dumps(document, ensure_ascii=False).encode())

    # --- the bucket ----------------------------------------------------------------------------------------
    def _read(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise

    def _put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def _write(self, key: str, document: Any) -> None:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self._put(key, gzip.compress(text.encode(), 1, mtime=0))


@dataclass
class Planned:
    """The lines of a delivery that are to be loaded, as (line, NEW, KNOWN or LEAVES, record)."""

    taken: list[tuple[int, str, Record]]
    rejected: list[Rejected]
    lines: int = 0
    outdated: int = 0
    repeated: int = 0


def planned_lines(name: str, data: bytes, source: Source, delivery: Delivery, ledger: Ledger, today: date) -> Planned:
    """Read and check every line of a file of `source`; `ledger` learns what it tells. Raises Refused, Unreadable."""
    head, lines = rows(name, data)
    if missing := source.missing(head):
        raise Refused("columns", missing=", ".join(missing))
    read = source.reader(head, delivery.at, delivery.id, today)
    found = Planned([], [])
    seen: dict[str, str] = {}
    for number, cells in lines:
        found.lines += 1
        if found.lines > MOST_LINES:
            raise Refused("too-long", limit=MOST_LINES)
        if len(cells) != len(head):
            found.rejected.append(Rejected(number, "cells"))
            continue
        record = read(cells)
        if isinstance(record, str):
            found.rejected.append(Rejected(number, "value", source.columns.get(record, record)))
            continue
        told = f"{record.student} {record.state} {record.digest}"
        if (before := seen.setdefault(record.id, told)) is not told:
            if before == told:
                found.repeated += 1
            else:
                found.rejected.append(Rejected(number, "twice", source.columns["id"]))
            continue
        taken, was = ledger.take(record)
        if taken == "outdated":
            found.outdated += 1
            continue
        if was and was != record.student:
            found.taken.append((number, LEAVES, replace(record, student=was, state="void", certification=None)))
        found.taken.append((number, NEW if taken == "new" else KNOWN, record))
    return found


Chunk = dict[str, list[tuple[int, str, dict[str, Any]]]]


def split(planned: Planned) -> list[Chunk]:
    """The lines by student, in chunks; a student's lines are in one chunk, in the order of the file."""
    number = -(-len(planned.taken) // CHUNK)
    chunks: list[Chunk] = [{} for _ in range(number)]
    for line, how, record in planned.taken:
        chunk = chunks[zlib.crc32(record.student.encode()) % number]
        chunk.setdefault(record.student, []).append((line, how, record_document(record)))
    return [chunk for chunk in chunks if chunk]
