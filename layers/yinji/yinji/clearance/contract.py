"""What a department is to deliver, made from its step's definition: an example, and a plain table brought into form.

Nothing here says what is right: a file is read by feed.parse and the step's own reader, wherever it comes from.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from yinji.clearance.definition import StepDefinition
from yinji.clearance.feed import MOST_ROWS
from yinji.clearance.roster import Refused
from yinji.platform.clock import CAMPUS
from yinji.platform.text import BYTE_ORDER_MARK, decode

HEAD = b"#yinji-feed"
WORKBOOK = b"PK\x03\x04"
LARGEST_UNPACKED = 100 * 1024 * 1024
"""Bytes of a workbook once unpacked; ten thousand rows are one megabyte."""


def head(step: str, table: bytes, rows: int, as_of: datetime) -> bytes:
    """The first line of a delivery of `table`, true at `as_of`."""
    told = f"step={step} as_of={as_of.astimezone(CAMPUS).isoformat(timespec='seconds')} rows={rows}"
    return HEAD + f" {told} sha256={hashlib.sha256(table).hexdigest()}\n".encode()


def example(step: StepDefinition, as_of: datetime) -> bytes:
    """A delivery as it should be, with made-up students, from the examples of the step's columns.

    It begins with a byte order mark, by which Excel knows its encoding.
    """
    assert step.feed  # noqa: S101 - asked of steps with a feed only
    contract = step.feed.contract
    number = max(len(column.examples) for column in contract if column.kind != "student")
    rows = [[column.examples[min(at, len(column.examples) - 1)] for column in contract] for at in range(number)]
    table = _table([step.feed.columns, *rows])
    return BYTE_ORDER_MARK + head(step.id, table, len(rows), as_of) + table


def framed(step: StepDefinition, data: bytes, at: datetime) -> bytes:
    """`data` as a delivery of `step`: with its own first line, or with one that says that it is true at `at`.

    A department without an export tool has a table only: CSV in any encoding that is read, or an Excel workbook, of
    which the first sheet counts. Raises Refused for what is no table at all.
    """
    if data.removeprefix(BYTE_ORDER_MARK).startswith(HEAD):
        return data
    rows = _of_workbook(data) if data.startswith(WORKBOOK) else _of_text(data)
    table = _table(rows)
    return head(step.id, table, max(len(rows) - 1, 0), at) + table


def _table(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _of_text(data: bytes) -> list[list[str]]:
    """The rows of a CSV; empty lines at its end, which spreadsheets like to leave, are none."""
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        raise Refused("encoding") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _without_empty_end([[cell.strip() for cell in row] for row in reader])
    except csv.Error as error:
        raise Refused("csv", line=reader.line_num) from error


def _of_workbook(data: bytes) -> list[list[str]]:
    """The rows of a workbook's first sheet, as the cells' values are written in a CSV."""
    from openpyxl import load_workbook  # pyright: ignore[reportMissingModuleSource]  # seldom needed, slow to import

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
                raise Refused("too-large", limit=LARGEST_UNPACKED // 2**20)
        book: Any = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows: list[list[str]] = []
        for row in book.worksheets[0].iter_rows(values_only=True):
            rows.append([_cell(value) for value in row])
            if len(rows) > MOST_ROWS + 1:
                raise Refused("too-long", limit=MOST_ROWS)
    except Refused:
        raise
    except Exception as error:  # whatever a library says about somebody's damaged file
        raise Refused("xlsx") from error
    width = max((place for row in rows[:1] for place, cell in enumerate(row, 1) if cell), default=0)
    # a sheet is as wide as its widest row ever was: empty cells behind the header are no cells
    return _without_empty_end([row[:width] + [cell for cell in row[width:] if cell] for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(round(value, 6))
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def _without_empty_end(rows: list[list[str]]) -> list[list[str]]:
    while rows and not any(rows[-1]):
        rows.pop()
    return rows
