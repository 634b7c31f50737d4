"""Bulk import: every line once, whatever is delivered twice, late, elsewhere or broken off."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from openpyxl import Workbook
from yinji.archive import queues
from yinji.archive.deliveries import Deliveries
from yinji.archive.importing import Importer
from yinji.archive.record import Record
from yinji.archive.store import Archive, RecordEvent
from yinji.platform.clock import now

from tests import handlers
from tests.archives import LOANS, SU, Library, as_csv, loan, student
from tests.functions.conftest import Cloud, cloud

__all__ = ["cloud"]


@pytest.fixture
def library(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(queues, "LATER", 0)
    found = Library(cloud)
    found.enrol(SU, student(2), student(3))
    return found


def titles(student: str = SU.student) -> list[str]:
    return sorted(one.title for one in Archive().records(student) if one.counts)


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in report["counts"].items() if count}


def test_lines_become_records_and_a_portrait(library: Library) -> None:
    report = library.loans(loan(1), loan(2), loan(3, "2022S01002"))
    assert (report["state"], report["lines"], counts(report)) == ("loaded", 3, {"accepted": 3})
    assert titles() == ["书 1", "书 2"]
    found = Archive().portrait(SU.student)
    assert found and found.hundreds["books"] == 2 and found.score("intellectual") == 10


def test_a_file_that_is_delivered_again_changes_nothing(library: Library) -> None:
    library.loans(loan(1), loan(2))
    assert counts(library.loans(loan(1), loan(2))) == {"unchanged": 2}
    assert titles() == ["书 1", "书 2"]


def test_the_same_object_told_of_twice_is_dealt_with_once(library: Library) -> None:
    library.loans(loan(1), name="a.csv")
    before = library.report("records/library-loans/a.csv")
    library.ingest("records/library-loans/a.csv")
    assert library.cloud.taken_out("LOAD") == [] and library.report("records/library-loans/a.csv") == before


def test_a_chunk_that_comes_once_more_after_a_later_delivery_takes_nothing_back(library: Library) -> None:
    library.cloud.s3.put_object(Bucket="archive", Key="records/library-loans/a.csv", Body=as_csv(LOANS, [loan(1)]))
    library.ingest("records/library-loans/a.csv")
    [message] = library.cloud.taken_out("LOAD")
    library.cloud.send("archive/load", message)
    library.loans(loan(1, title="新"), loan(2))

    def left() -> list[bytes]:
        keys = ("ledgers/library-loans.json.gz", "reports/records/library-loans/a.csv.json")
        return [library.cloud.s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys]

    before = left()
    library.cloud.send("archive/load", message)
    assert left() == before and titles() == ["书 2", "新"]


def test_a_correction_replaces_what_was_known_and_keeps_what_it_was(library: Library) -> None:
    library.loans(loan(1))
    report = library.loans(loan(1, title="新书名", changed_at="2026-06-02 12:00:00"))
    assert counts(report) == {"corrected": 1} and titles() == ["新书名"]
    [event] = Archive().events(SU.student, "library-loans#L1")
    assert (event.what, event.was) == ("corrected", {"title": "书 1"})


def test_a_word_that_is_older_than_the_one_known_changes_nothing(library: Library) -> None:
    library.loans(loan(1, changed_at="2026-06-02 12:00:00"))
    library.loans(loan(1, changed_at="2026-06-04 12:00:00"))  # the same, but known of a later day
    report = library.loans(loan(1, title="旧", changed_at="2026-06-03 12:00:00"))
    assert counts(report) == {"outdated": 1} and titles() == ["书 1"]


def test_what_the_source_takes_back_counts_no_more_until_it_is_given_again(library: Library) -> None:
    library.loans(loan(1))
    assert counts(library.loans(loan(1, state="void", changed_at="2026-06-02 12:00:00"))) == {"corrected": 1}
    assert titles() == []
    library.loans(loan(1, changed_at="2026-06-03 12:00:00"))
    assert titles() == ["书 1"]


def test_a_record_that_was_another_students_is_theirs_no_more(library: Library) -> None:
    library.loans(loan(1))
    report = library.loans(loan(1, "2022S01002", changed_at="2026-06-02 12:00:00"))
    assert counts(report) == {"accepted": 1}
    assert titles() == [] and titles("2022S01002") == ["书 1"]
    found = Archive().portrait(SU.student)
    assert found and found.hundreds["books"] == 0


def test_lines_that_cannot_be_right_are_told_with_number_and_reason(library: Library) -> None:
    report = library.loans(
        loan(1),
        loan(2, "2022S09999"),
        loan(3, borrowed_on="2024-13-01"),
        loan(4, title=""),
        loan(5, changed_at="yesterday"),
        loan(1),
        loan(1, title="另一本"),
        loan(6, borrowed_on="2999-01-01"),
        loan(7, "x"),
        loan(8, title="\u202e" * 3),
    )
    assert counts(report) == {"accepted": 1, "repeated": 1, "rejected": 8}
    assert [(one["line"], one["code"], one["field"]) for one in report["rejected"]] == [
        (3, "unknown-student", "student"),
        (4, "value", "borrowed_on"),
        (5, "value", "title"),
        (6, "value", "changed_at"),
        (8, "twice", "loan_id"),
        (9, "value", "borrowed_on"),
        (10, "value", "reader"),
        (11, "value", "title"),
    ]
    assert report["rejected"][0]["zh"] and report["rejected"][0]["en"]


@pytest.mark.parametrize(
    ("key", "data", "code"),
    [
        ("records/library-loans/a.csv", b"loan_id,reader\r\nL1,2022S01001\r\n", "columns"),
        ("records/library-loans/a.csv", b"\xff\xff\xff", "encoding"),
        ("records/library-loans/a.pdf", b"%PDF", "format"),
        ("records/library-loans/a.xlsx", b"PK\x03\x04nothing", "broken"),
        ("records/library-loans/a.parquet", b"PAR1nothing", "broken"),
        ("records/library-loans/a.ndjson", b'{"loan_id": 1}\n[', "broken"),
        ("records/nobody/a.csv", b"x", "source"),
        ("records/a.csv", b"x", "place"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_with_a_reason(
    library: Library, key: str, data: bytes, code: str
) -> None:
    library.cloud.s3.put_object(Bucket="archive", Key=key, Body=data)
    library.ingest(key)
    report = library.report(key)
    assert (report["state"], report["reason"]["code"]) == ("refused", code) and report["reason"]["zh"]
    assert counts(library.loans(loan(1))) == {"accepted": 1}, "the source is free again"


def test_csv_xlsx_ndjson_and_parquet_tell_the_same(library: Library) -> None:
    lines = [loan(1), loan(2)]
    book = Workbook()
    book.active.append(LOANS)
    for line in lines:
        book.active.append([line[name] or None for name in LOANS])
    workbook = io.BytesIO()
    book.save(workbook)
    parquet = io.BytesIO()
    columns = {name: Array([line[name] for line in lines], DataType.utf8()) for name in LOANS}
    write_parquet(Table.from_pydict(columns), parquet)
    files = {
        "a.csv": as_csv(LOANS, lines),
        "b.xlsx": workbook.getvalue(),
        "c.ndjson": "\n".join(json.dumps(line) for line in lines).encode(),
        "d.parquet": parquet.getvalue(),
        "e.csv": as_csv(LOANS, lines).decode().replace(",", ";").encode("gb18030"),
    }
    told = [counts(library.deliver("library-loans", data, name)) for name, data in files.items()]
    assert told == [{"accepted": 2}, *[{"unchanged": 2}] * 4]


def test_deliveries_of_one_source_follow_one_another(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.warm("archive/ingest"), "AGAIN", 0)
    for name in ("a.csv", "b.csv"):
        library.cloud.s3.put_object(Bucket="archive", Key=f"records/library-loans/{name}", Body=as_csv(LOANS, [loan()]))
        library.ingest(f"records/library-loans/{name}")
    assert not [one for one in Deliveries().latest() if one.key.endswith("b.csv")]
    library.load()
    [again] = library.cloud.taken_out("INGEST")
    library.cloud.send("archive/ingest", again)
    library.load()
    assert counts(library.report("records/library-loans/b.csv")) == {"unchanged": 1}


@pytest.mark.parametrize("dies_at", range(1, 16))
def test_whoever_dies_midway_leaves_what_the_next_one_finishes(
    library: Library, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """Every call that writes something fails once, from which on everything is done again."""
    monkeypatch.setattr("yinji.archive.importing.CHUNK", 2)
    lines = [loan(number, f"2022S0100{1 + number % 3}") for number in range(6)]
    key = "records/library-loans/a.csv"
    library.cloud.s3.put_object(Bucket="archive", Key=key, Body=as_csv(LOANS, lines))
    left = [dies_at]

    def dying(original: Any) -> Any:
        def call(self: Any, operation: str, arguments: Any) -> Any:
            if operation not in ("GetObject", "HeadObject", "GetItem", "Query", "BatchGetItem", "DescribeTable"):
                left[0] -= 1
                if left[0] == 0:
                    raise KilledError
            return original(self, operation, arguments)

        return call

    from botocore.client import BaseClient

    put = Put()
    importer = Importer(library.cloud.s3, "archive", Archive(), Deliveries(), put)
    original = BaseClient._make_api_call
    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", dying(original))
        for _ in range(2):
            try:
                importer.plan(key)
            except KilledError:
                continue
            break
        for id, number in dict.fromkeys(put.chunks):
            try:
                importer.load(id, number)
            except KilledError:
                importer.load(id, number)
    for one in put.students:
        Archive().refresh(one)
    assert counts(library.report(key)) == {"accepted": 6}
    assert sum(len(Archive().records(f"2022S0100{one}")) for one in (1, 2, 3)) == 6
    for one in (1, 2, 3):
        found = Archive().portrait(f"2022S0100{one}")
        assert found and found.hundreds["books"] == 2
    assert counts(library.loans(*lines)) == {"unchanged": 6}


class Put:
    """What was put into the queues."""

    def __init__(self) -> None:
        self.chunks: list[tuple[str, int]] = []
        self.students: list[str] = []

    def load(self, id: str, number: int) -> None:
        self.chunks.append((id, number))

    def refresh(self, students: Sequence[str], at: datetime) -> None:
        self.students += students


class KilledError(BaseException):
    """As a process that is no more: nothing catches it."""


def test_what_was_decided_about_a_record_while_its_chunk_was_broken_off_stands(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, put = "records/library-loans/a.csv", Put()
    library.cloud.s3.put_object(Bucket="archive", Key=key, Body=as_csv(LOANS, [loan()]))
    importer = Importer(library.cloud.s3, "archive", Archive(), Deliveries(), put)
    importer.plan(key)
    with monkeypatch.context() as patched:
        patched.setattr(Deliveries, "loaded", dies)
        with pytest.raises(KilledError):
            importer.load(*put.chunks[0])
    said = RecordEvent("disputed", SU.student, "student", now(), "不是我借的")

    def dispute(known: Record) -> tuple[Record, RecordEvent]:
        return replace(known, disputed="不是我借的", disputed_at=now()), said

    Archive().change(SU, "library-loans#L1", dispute)
    importer.load(*put.chunks[0])
    found = Archive().record(SU.student, "library-loans#L1")
    assert found and found.disputed == "不是我借的"
    assert counts(library.report(key)) == {"accepted": 1}


def dies(*_: Any) -> None:
    raise KilledError


def test_portraits_that_were_computed_since_are_left_alone(library: Library) -> None:
    library.loans(loan(1))
    before = Archive().portrait(SU.student)
    assert before and Archive().refresh(SU.student, now() - timedelta(minutes=1)) is None
    assert Archive().refresh(SU.student, now()) == replace(before, version=0)


def test_a_file_may_be_delivered_again_once_a_register_names_its_students(library: Library) -> None:
    line = loan(1, student(9).student)
    assert counts(library.loans(line)) == {"rejected": 1}
    library.enrol(student(9))
    assert counts(library.loans(line)) == {"accepted": 1} and titles(student(9).student) == ["书 1"]
