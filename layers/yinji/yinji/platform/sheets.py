"""Tables as files people open in a spreadsheet: CSV that Excel reads as UTF-8, and XLSX workbooks.

A cell that begins like a formula is text and stays text: whoever wrote it must not have it run at whoever opens it.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from openpyxl import Workbook  # pyright: ignore[reportMissingModuleSource]
from openpyxl.cell import WriteOnlyCell  # pyright: ignore[reportMissingModuleSource]
from openpyxl.styles import Alignment, Font  # pyright: ignore[reportMissingModuleSource]
from openpyxl.utils import get_column_letter  # pyright: ignore[reportMissingModuleSource]

from yinji.platform.clock import CAMPUS, today

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula, some of them in its full-width form as well."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True)
class Table:
    """`head` names the columns, `widths` are in characters; an instant is shown on the campus' clock."""

    title: str
    head: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[Cell]]


def as_csv(table: Table) -> bytes:
    """`table` as CSV: UTF-8 with its mark, lines ended by CRLF (RFC 4180), formulas defused by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_plain(name) for name in table.head])
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(CAMPUS).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        text = _CONTROL.sub("", cell)
        return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
    return cell


def as_xlsx(table: Table) -> bytes:
    """`table` as a workbook of one sheet whose first row stays in sight; dates are dates, texts are never formulas."""
    book: Any = Workbook(write_only=True)
    sheet: Any = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", table.title)[:31])
    sheet.freeze_panes = "B2"
    for place, width in enumerate(table.widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_headline(sheet, name) for name in table.head])
    for row in table.rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _headline(sheet: Any, name: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=_CONTROL.sub("", name))
    cell.data_type = "s"
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Any, told: Cell) -> Any:
    if isinstance(told, datetime):
        return told.astimezone(CAMPUS).replace(tzinfo=None)
    if not isinstance(told, str):
        return told
    text = _CONTROL.sub("", told)
    if not text.startswith("="):
        return text
    cell: Any = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def drawn(table: Table, kind: str) -> tuple[bytes, str]:
    """`table` as a file of `kind` ("csv" or "xlsx"), and its media type."""
    return (as_xlsx(table), XLSX) if kind == "xlsx" else (as_csv(table), CSV)


def download(what: str, table: Table, kind: str, accepts: str) -> Response[Any]:
    """`table` as a file of `kind` to keep under the name `what` and the day, for who `accepts` these encodings."""
    body, media_type = drawn(table, kind)
    headers = {
        "Content-Disposition": f'attachment; filename="{what}-{today().isoformat()}.{kind}"',
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding, Accept-Language, Cookie",
    }
    if kind == "csv" and "gzip" in accepts:
        # a function's answer ends at 6 MB, and a workbook is compressed in itself
        body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
    return Response(status_code=200, content_type=media_type, headers=headers, body=body)
