"""Feeds: snapshots that departments deliver. A snapshot is taken whole or not at all.

#yinji-feed step=library-loans as_of=2026-06-10T07:30:00+08:00 rows=600 sha256=<of every byte after this line>
student,loans,fines,titles
2022S01001,1,0.00,乡土中国
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from yinji.clearance.definition import StepDefinition
from yinji.clearance.roster import Refused
from yinji.clearance.step import Reader, Row
from yinji.platform.clock import instant, stamp
from yinji.platform.text import BYTE_ORDER_MARK, decode

_HEAD = re.compile(
    rb"#yinji-feed step=(?P<step>[a-z-]{1,40}) as_of=(?P<as_of>[0-9T:.+Z-]{10,35})"
    rb" rows=(?P<rows>\d{1,7}) sha256=(?P<sha256>[0-9a-f]{64})\r?"
)
_STUDENT = re.compile(r"[A-Z0-9]{6,16}")
MOST_ROWS = 100_000
AHEAD = timedelta(minutes=10)
"""How far a department's clock may be ahead of ours."""
MOST_ERRORS = 20
"""How many rows that are wrong are named at once."""
FEWEST_TO_HOLD = 20
"""A snapshot that changes no more cases than this is never held."""


@dataclass(frozen=True)
class Snapshot:
    """Every graduate's row, by student, as true at `as_of` (ISO 8601, UTC); `sha256` is of the table's bytes."""

    as_of: str
    sha256: str
    rows: Mapping[str, Row]


def parse(data: bytes, step: StepDefinition, read: Reader, at: datetime) -> Snapshot:
    """The snapshot in `data`, delivered at `at` for `step`, whose rows `read` can read.

    Raises Refused for the first thing that is wrong, with its line; when that is a row, its `more` are the next ones.
    """
    assert step.feed  # noqa: S101 - asked of steps with a feed only
    head_line, _, table = data.removeprefix(BYTE_ORDER_MARK).partition(b"\n")
    head = _HEAD.fullmatch(head_line)
    if not head:
        raise Refused("head", line=1)
    if head["step"].decode() != step.id:
        raise Refused("other-step", line=1, step=head["step"].decode())
    try:
        as_of = instant(head["as_of"].decode())
    except ValueError as error:
        raise Refused("as-of", line=1) from error
    if as_of > at + AHEAD:
        raise Refused("as-of", line=1)
    if hashlib.sha256(table).hexdigest() != head["sha256"].decode():
        raise Refused("hash", line=1)
    rows = _rows(table, step.feed.columns, read)
    if not rows:
        raise Refused("empty", line=2)
    if len(rows) != int(head["rows"]):
        raise Refused("count", line=1, told=int(head["rows"]), found=len(rows))
    return Snapshot(stamp(as_of), head["sha256"].decode(), rows)


def _rows(table: bytes, columns: tuple[str, ...], read: Reader) -> dict[str, Row]:
    try:
        text = decode(table)
    except UnicodeDecodeError as error:
        raise Refused("encoding") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, Row] = {}
    wrong: list[Refused] = []
    try:
        if tuple(next(reader, ())) != columns:
            raise Refused("columns", line=2, expected=",".join(columns))
        for cells in reader:
            try:
                row = _row(cells, columns, rows, read, reader.line_num + 1)
            except Refused as error:
                wrong.append(error)
                if len(wrong) == MOST_ERRORS:
                    break
                continue
            rows[row["student"]] = row
            if len(rows) > MOST_ROWS:
                raise Refused("too-long", limit=MOST_ROWS)
    except csv.Error:
        wrong.append(Refused("csv", line=reader.line_num + 1))
    if wrong:
        wrong[0].more = tuple(wrong[1:])
        raise wrong[0]
    return rows


def _row(cells: list[str], columns: tuple[str, ...], before: Mapping[str, Row], read: Reader, line: int) -> Row:
    """The row of `cells`, which stands in `line` after the rows `before`. Raises Refused."""
    if len(cells) != len(columns):
        raise Refused("cells", line=line)
    row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    if not _STUDENT.fullmatch(row["student"]):
        raise Refused("value", line=line, field="student")
    if row["student"] in before:
        raise Refused("duplicate", line=line, field="student")
    try:
        read(row)
    except ValueError as error:
        column, *code = error.args
        raise Refused(*(code or ["value"]), line=line, field=str(column)) from error
    return row


def digest(row: Row) -> str:
    """A short fingerprint of a row, to tell whether it is news."""
    return hashlib.sha256(json.dumps(row, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def news(snapshot: Snapshot, applied: Mapping[str, str]) -> dict[str, Row]:
    """The rows of `snapshot` that are not what was applied before (students' digests)."""
    return {student: row for student, row in snapshot.rows.items() if applied.get(student) != digest(row)}


def to_be_held(step: StepDefinition, changing: int, known: int) -> bool:
    """Whether a snapshot that changes `changing` of `known` cases waits for an officer's word.

    Cases that no snapshot has told of yet count as neither; a season's first snapshot is never held.
    """
    assert step.feed  # noqa: S101
    return changing > max(FEWEST_TO_HOLD, step.feed.hold_share * known)
