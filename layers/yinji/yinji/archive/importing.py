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
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tabular import Unreadable, rows

from yinji.archive.deliveries import Deliveries, Delivery
from yinji.archive.ledger import Ledger, ledger_key, packed, unpacked
from yinji.archive.record import Record, record_document, record_of
from yinji.archive.sources import Source, sources
from yinji.archive.store import Archive
from yinji.platform import clock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX, WORK = "records/", "imports/"
LARGEST = 256 * 2**20
MOST_LINES = 2_000_000
CHUNK = 5_000
"""Records that are loaded at a time: some seconds of work."""
THREADS = 4
MOST_TOLD = 5_000
"""Rejected lines that a report names; the others are counted."""


class Busy(Exception):
    """Another delivery of the same source is on its way: come again."""


class Refused(Exception):
    """A file that is refused whole; `code` is a key of refusals.toml."""

    def __init__(self, code: str, line: int = 0, **params: str | int) -> None:
        super().__init__(code)
        self.code, self.line, self.params = code, line, params


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken, and why."""

    line: int
    code: str
    field: str = ""

    @property
    def document(self) -> list[Any]:
        return [self.line, self.code, self.field]


@cache
def refusals() -> Mapping[str, Mapping[str, str]]:
    """Why files and lines are not taken, in both languages."""
    return tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))


def sentence(code: str, **params: Any) -> dict[str, Any]:
    """Why, as whoever delivered it reads it."""
    return {"code": code} | {language: text.format(**params) for language, text in refusals()[code].items()}


Send = Callable[[str, int], None]
"""Has chunk number so and so of a delivery loaded."""


class Importer:
    """Plans and loads deliveries that lie in `bucket`. Raises what the services raise when they cannot be reached."""

    def __init__(self, client: S3Client, bucket: str, archive: Archive, deliveries: Deliveries) -> None:
        self._client, self._bucket = client, bucket
        self._archive, self._deliveries = archive, deliveries

    # --- planning ------------------------------------------------------------------------------------------
    def plan(self, key: str, send: Send) -> Delivery | None:
        """Read the object `key` and `send` its chunks to be loaded; None when it is gone or was dealt with before.

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
            return self._plan(known or delivery, found["ContentLength"], send)
        except (Refused, Unreadable) as error:
            params = error.params if isinstance(error, Refused) else {}
            refused = replace(delivery, state="refused", ended_at=clock.now())
            self._report(refused, reason=sentence(error.code, **params) | ({"line": error.line} if error.line else {}))
            self._deliveries.keep(refused)
            if refused.source:
                self._deliveries.end(refused.source, id)
            return refused

    def _plan(self, delivery: Delivery, size: int, send: Send) -> Delivery:
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
        self._put(f"{WORK}{delivery.id}/ledger.json.gz", packed(ledger))
        self._write(f"{WORK}{delivery.id}/rejected.json.gz", [one.document for one in planned.rejected])
        counts = {"outdated": planned.outdated, "repeated": planned.repeated, "rejected": len(planned.rejected)}
        told = replace(delivery, state="loading", chunks=len(chunks), lines=planned.lines, counts=counts)
        self._deliveries.keep(told)
        for number in range(len(chunks)):
            send(told.id, number)
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
        rejected = [
            Rejected(line, "unknown-student", "student").document
            for student, lines in chunk.items()
            if student not in known
            for line, told in lines
            if not told.get("moved")
        ]

        def one(student: str) -> Counter[str]:
            lines = [told for _, told in chunk[student]]
            gone = {told["id"] for told in lines if told.pop("moved", False)}
            return self._archive.load(known[student], [record_of(told) for told in lines], gone)

        counts = Counter({"rejected": len(rejected)})
        with ThreadPoolExecutor(THREADS) as threads:
            for some in threads.map(one, known):
                counts.update(some)
        self._write(f"{WORK}{id}/rejected-{number:05}.json.gz", rejected)
        if self._deliveries.loaded(delivery, number, counts):
            self._finish(delivery)

    def _finish(self, delivery: Delivery) -> None:
        """Report on a delivery all of whose chunks are loaded, and let the next one of its source begin."""
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
            "rejected": [
                {"line": line, "field": field} | sentence(code, field=field)
                for line, code, field in rejected[:MOST_TOLD]
            ],
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
    """The lines of a delivery that are to be loaded, as (line, record, whether it only leaves this student)."""

    taken: list[tuple[int, Record, bool]]
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
        if taken == "moved":
            found.taken.append((number, replace(record, student=was, state="void", certification=None), True))
        found.taken.append((number, record, False))
    return found


def split(planned: Planned) -> list[dict[str, list[tuple[int, dict[str, Any]]]]]:
    """The lines by student, in chunks; a student's lines are in one chunk, in the order of the file."""
    number = -(-len(planned.taken) // CHUNK)
    chunks: list[dict[str, list[tuple[int, dict[str, Any]]]]] = [{} for _ in range(number)]
    for line, record, leaves in planned.taken:
        told = record_document(record) | ({"moved": True} if leaves else {})
        chunks[zlib.crc32(record.student.encode()) % number].setdefault(record.student, []).append((line, told))
    return [chunk for chunk in chunks if chunk]
