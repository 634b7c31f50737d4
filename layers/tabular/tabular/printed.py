"""Forms as people print them: the lines of a sheet of XLSX, and the paragraphs and tables of DOCX, cell by cell.

Files come from anybody. What unpacks to more than a form can have, what declares types of its own in its XML, and what
holds programs is refused before it is looked into; formulas are left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile, ZipFile

LARGEST, LARGEST_PART, MOST_PARTS = 30 * 2**20, 12 * 2**20, 1000
"""Bytes that a file and a part of it may unpack to, and parts it may have."""
MOST_ROWS, MOST_COLUMNS, LONGEST = 300, 40, 500
"""Rows and columns that are looked at, and signs of a cell."""
OLD = b"\xd0\xcf\x11\xe0"
"""How files of the time before XML begin, and those with a password."""
_PROGRAMS = re.compile(r"vbaProject|macrosheets|activeX|embeddings/", re.IGNORECASE)
_MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']"
)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BOX = "\u25a1"


class NotPrinted(Exception):
    """The file is no form that can be read; `code` is old, programs, large, format or broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, `span` columns wide; `covered` by one above that it is merged with."""

    text: str
    span: int = 1
    covered: bool = False


@dataclass(frozen=True)
class Line:
    """A row of a table, or a paragraph between tables, which is one cell."""

    cells: tuple[Cell, ...]
    table: bool = True


def lines(data: bytes) -> list[Line]:
    """The lines of the first sheet that has any, or of the text, from the top; those without anything in them as well.

    Raises NotPrinted: `old` for formats from before XML and files with a password, `programs`, `large`, `format`,
    `broken`.
    """
    if data.startswith(OLD):
        raise NotPrinted("old")
    try:
        names = _looked_through(data)
        if "xl/workbook.xml" in names:
            return _sheet(data)
        if "word/document.xml" in names:
            return _text(data)
    except Exception as error:
        # a damaged file makes the libraries raise whatever they stumble over
        if isinstance(error, NotPrinted | MemoryError):
            raise
        raise NotPrinted("broken") from error
    raise NotPrinted("format")


def _looked_through(data: bytes) -> set[str]:
    """The names of the parts of a file that is safe to read."""
    try:
        packed = ZipFile(io.BytesIO(data))
    except BadZipFile:
        raise NotPrinted("format") from None
    with packed:
        parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
            raise NotPrinted("large")
        names = {part.filename for part in parts}
        if len(names) < len(parts):  # two readers may take different ones
            raise NotPrinted("broken")
        if any(map(_PROGRAMS.search, names)):
            raise NotPrinted("programs")
        for part in parts:
            if not part.filename.endswith((".xml", ".rels")):
                continue
            if part.file_size > LARGEST_PART:
                raise NotPrinted("large")
            # a part may be told to be smaller than it is: no more than that is read then
            text = packed.read(part)
            if b"\0" in text or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise NotPrinted("broken")
            if part.filename == "[Content_Types].xml" and b"macroEnabled" in text:
                raise NotPrinted("programs")
        return names


# --- sheets ----------------------------------------------------------------------------------------------------------
def _sheet(data: bytes) -> list[Line]:
    from openpyxl import load_workbook  # pyright: ignore[reportMissingModuleSource]

    # only what is read row by row needs no room for what a sheet pretends to hold
    book: Any = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        grid = [
            [_shown(cell) for cell in row]
            for row in sheet.iter_rows(min_row=1, max_row=MOST_ROWS, min_col=1, max_col=MOST_COLUMNS)
        ]
        if any(text for row in grid for text in row):
            with ZipFile(io.BytesIO(data)) as packed:
                merged = list(_merged(packed.read(str(sheet._worksheet_path).lstrip("/"))))
            return _gridded(grid, merged)
    return []


def _shown(cell: Any) -> str:
    """What a cell says as it is; a formula says nothing."""
    value = cell.value
    return "" if value is None or cell.data_type in ("f", "e") else str(value)[:LONGEST].strip()


def _merged(part: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Merged ranges as (first row, last row, first column, last column), from 0, cut to what is looked at."""
    for left, top, right, bottom in _MERGED.findall(part)[: MOST_ROWS * 4]:
        first, last = min(int(top), int(bottom)) - 1, max(int(top), int(bottom)) - 1
        begin, end = sorted((_column(left), _column(right)))
        if 0 <= first < MOST_ROWS and begin < MOST_COLUMNS:
            yield first, min(last, MOST_ROWS - 1), begin, min(end, MOST_COLUMNS - 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _gridded(grid: list[list[str]], merged: list[tuple[int, int, int, int]]) -> list[Line]:
    used = max((place for row in grid for place, text in enumerate(row) if text), default=-1)
    reached = max((end for first, _, _, end in merged if first < len(grid)), default=-1)
    # beside the only column there is place to write
    width = min(max(used, reached, 1) + 1, MOST_COLUMNS)
    spans: dict[tuple[int, int], Cell | None] = {}
    for first, last, begin, end in merged:
        for row in range(first, last + 1):
            for column in range(begin, end + 1):
                spans[row, column] = None
            spans[row, begin] = Cell("", end - begin + 1, covered=row > first)
    found: list[Line] = []
    for number, row in enumerate(grid):
        cells: list[Cell] = []
        for column in range(width):
            text = row[column] if column < len(row) else ""
            told = spans.get((number, column), Cell(""))
            if told is not None:
                cells.append(Cell("" if told.covered else text, told.span, told.covered))
        found.append(Line(tuple(cells)))
    return found


# --- texts -----------------------------------------------------------------------------------------------------------
def _text(data: bytes) -> list[Line]:
    from docx import Document

    document: Any = Document(io.BytesIO(data))
    found: list[Line] = []
    for block in _blocks(document.element.body):
        if block.tag == f"{_W}p":
            found.append(Line((Cell(_words(block)),), table=False))
        else:
            found += [_row(row) for row in block.iter(f"{_W}tr") if _within(row, block)]
        if len(found) >= MOST_ROWS:
            break
    return found[:MOST_ROWS]


def _blocks(parent: Any) -> Iterator[Any]:
    """The paragraphs and tables of `parent`, those in controls as well."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"):
            yield from _blocks(child)


def _within(part: Any, whole: Any) -> bool:
    """Whether the table that `part` is of is `whole`, and no table within it."""
    return next(part.iterancestors(f"{_W}tbl")) is whole


def _row(row: Any) -> Line:
    cells: list[Cell] = []
    table = next(row.iterancestors(f"{_W}tbl"))
    for cell in row.iter(f"{_W}tc"):
        if not _within(cell, table):
            continue
        span = cell.find(f"{_W}tcPr/{_W}gridSpan")
        down = cell.find(f"{_W}tcPr/{_W}vMerge")
        covered = down is not None and down.get(f"{_W}val", "continue") == "continue"
        told = str(span.get(f"{_W}val", "1")) if span is not None else "1"
        wide = min(int(told), MOST_COLUMNS) if told.isascii() and told.isdigit() and len(told) < 6 else 1
        cells.append(Cell("" if covered else _words(cell), max(wide, 1), covered))
        if len(cells) >= MOST_COLUMNS:
            break
    return Line(tuple(cells))


def _words(part: Any) -> str:
    """What is written in `part`; boxes to tick are boxes, whichever font draws them."""
    signs: list[str] = []
    for one in part.iter():
        if one.tag == f"{_W}t":
            signs.append(one.text or "")
        elif one.tag == f"{_W}tab":
            signs.append(" ")
        elif one.tag in (f"{_W}br", f"{_W}p"):
            signs.append("\n")
        elif one.tag == f"{_W}sym":
            signs.append(_BOX)
    return "".join(signs)[:LONGEST].strip()
