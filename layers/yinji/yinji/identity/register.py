"""The university's staff register as a CSV: who is what where, until when."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from yinji.clearance.roster import Refused, Rejection
from yinji.identity.people import PLACES, Grant, well_formed
from yinji.identity.session import Role
from yinji.platform.text import decode

COLUMNS = ("staff", "name", "role", "school", "department", "ends_on")
STAFF = re.compile(r"[A-Z0-9]{2,16}")
MOST_ROWS = 5_000
LONGEST_NAME = 200
EARLIEST, LATEST = 2000, 2100
"""Years in which a role can end."""


@dataclass(frozen=True)
class Entry:
    """One row: who, how they are called, and what they are; a row whose last day is over ends what they were."""

    line: int
    staff: str
    name: str
    grant: Grant


@dataclass(frozen=True)
class Register:
    entries: list[Entry]
    rejected: list[Rejection]


def parse(data: bytes, given_by: str, at: datetime) -> Register:
    """The rows of the CSV `data`, as given by `given_by` at `at`.

    Raises Refused (encoding, columns, csv, too-long) when it cannot be read as a register at all.
    """
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        raise Refused("encoding") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    entries: dict[tuple[str, str], Entry] = {}
    rejected: list[Rejection] = []
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise Refused("columns", line=1, expected=",".join(COLUMNS))
        for row in reader:
            found = entry(row, reader.line_num, given_by, at)
            if isinstance(found, Rejection):
                rejected.append(found)
            elif (found.staff, found.grant.key) in entries:
                rejected.append(Rejection(reader.line_num, "duplicate", "role"))
            else:
                entries[found.staff, found.grant.key] = found
            if len(entries) + len(rejected) > MOST_ROWS:
                raise Refused("too-long", limit=MOST_ROWS)
    except csv.Error as error:
        raise Refused("csv", line=reader.line_num) from error
    return Register(list(entries.values()), rejected)


def entry(row: Mapping[str, str | None], line: int, given_by: str, at: datetime) -> Entry | Rejection:
    """What a row says, or which of its columns cannot be."""
    if "" in row or any(row.get(name) is None for name in COLUMNS):
        return Rejection(line, "cells")
    cells = {name: unicodedata.normalize("NFC", (row[name] or "").strip()) for name in COLUMNS}
    if not STAFF.fullmatch(cells["staff"]):
        return Rejection(line, "value", "staff")
    name = cells["name"]
    if not 1 <= len(name) <= LONGEST_NAME or any(unicodedata.category(sign) == "Cc" for sign in name):
        return Rejection(line, "value", "name")
    if cells["role"] not in PLACES:
        return Rejection(line, "value", "role")
    try:
        ends_on = date.fromisoformat(cells["ends_on"]) if cells["ends_on"] else None
        if ends_on and not EARLIEST <= ends_on.year <= LATEST:
            raise ValueError
    except ValueError:
        return Rejection(line, "value", "ends_on")
    role: Role = cells["role"]
    grant = Grant(role, cells["school"], cells["department"], ends_on, given_by=given_by, given_at=at)
    if not well_formed(grant):
        return Rejection(line, "value", PLACES[role] or ("school" if grant.school else "department"))
    return Entry(line, cells["staff"], name, grant)
