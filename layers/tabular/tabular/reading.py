"""See the package."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, cast

Cells = Sequence[str]
Lines = Iterator[tuple[int, Cells]]
LONGEST_CELL = 131_072
SNIFFED = 64 * 1024
DELIMITERS = ",;\t|"
_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """The file cannot be read: `code` is format, encoding or broken; `line` says where, if anywhere."""

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(code)
        self.code, self.line = code, line


def rows(name: str, data: bytes) -> tuple[list[str], Lines]:
    """The head of the table in `data`, and its lines as (number in the file, cells); empty lines are left out.

    How it is read, the end of `name` says. Raises Unreadable, also while lines are read.
    """
    read = _READERS.get(name.rpartition(".")[2].lower())
    if read is None:
        raise Unreadable("format")
    return read(data)


def _csv(data: bytes) -> tuple[list[str], Lines]:
    text = _decode(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:SNIFFED], DELIMITERS)
        delimiter = str(dialect.delimiter)
    except csv.Error:  # a single column has none
        delimiter = ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def lines() -> Lines:
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise Unreadable("broken", reader.line_num) from error

    found = lines()
    _, head = next(found, (1, ("",)))
    return [name.strip() for name in head], found


def _decode(data: bytes) -> str:
    encodings = ["utf-8-sig"] if data.startswith(_MARK) else ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding")


def _ndjson(data: bytes) -> tuple[list[str], Lines]:
    text = _decode(data)
    documents = list(_documents(text))
    head = list(dict.fromkeys(name for _, document in documents for name in document))
    return head, ((number, [_text(document.get(name)) for name in head]) for number, document in documents)


def _documents(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Unreadable("broken", number) from error
        if not isinstance(document, dict):
            raise Unreadable("broken", number)
        yield number, cast(dict[str, Any], document)


def _xlsx(data: bytes) -> tuple[list[str], Lines]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook  # pyright: ignore[reportMissingModuleSource]

    try:
        book: Any = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        values = enumerate(sheet.iter_rows(values_only=True), 1)
        head = [_text(cell) for cell in next(values, (1, ()))[1]]
    except (BadZipFile, KeyError, IndexError, ValueError, OSError) as error:
        raise Unreadable("broken") from error
    while head and not head[-1]:
        head.pop()

    def lines() -> Lines:
        for number, row in values:
            cells = [_text(cell) for cell in islice(row, len(head))]
            if any(cells):
                yield number, cells + [""] * (len(head) - len(cells))

    return head, lines()


def _parquet(data: bytes) -> tuple[list[str], Lines]:
    from arro3.io import read_parquet

    try:
        found: Any = read_parquet(io.BytesIO(data))
        head = [str(name) for name in found.schema.names]
    except BaseException as error:
        # a damaged file makes the library panic, which is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise Unreadable("broken") from None

    def lines() -> Lines:
        number = 0
        for batch in found:
            columns = [[_text(one.as_py()) for one in batch.column(place)] for place in range(len(head))]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, cells

    return head, lines()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second) and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


_READERS: Mapping[str, Callable[[bytes], tuple[list[str], Lines]]] = {
    "csv": _csv,
    "tsv": _csv,
    "ndjson": _ndjson,
    "jsonl": _ndjson,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
