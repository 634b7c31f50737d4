"""Rosters: the CSV that says who graduates in a batch, read into graduates and rejected rows."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yinji.clearance import university
from yinji.clearance.case import Batch, Graduate
from yinji.platform.text import decode

COLUMNS = (
    "student", "name", "name_latin", "category", "school", "programme", "class_name", "counsellor", "email",
    "language", "nationality", "supervisor", "party_member", "household_on_campus", "lives_in", "room", "student_loan",
    "thesis", "scholarship", "abroad",
)  # fmt: skip
"""All of them, in this order. A roster that lacks one is refused: taken, it would empty what an earlier one said."""
WITHDRAWAL_COLUMNS = ("student", "reason")
"""A CSV with this header takes graduates out of the batch."""
FLAGS = COLUMNS[12:15] + COLUMNS[16:]
CATEGORIES = ("undergraduate", "postgraduate", "international")
BATCH_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
MOST_ROWS = 50_000
MOST_WITHDRAWALS = 2_000
LONGEST_REASON = 500

_PATTERNS = {
    "student": re.compile(r"[A-Z0-9]{6,16}"),
    "category": re.compile("|".join(CATEGORIES)),
    "counsellor": re.compile(r"[A-Z0-9]{2,16}"),
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{3,180}|"),
    "language": re.compile("zh|en"),
    "nationality": re.compile(r"[A-Z]{2}"),
    "supervisor": re.compile(r"[A-Z0-9]{2,16}|"),
}
_LONGEST = {"name": 200, "name_latin": 200, "programme": 200, "class_name": 100, "room": 60}


@dataclass(frozen=True)
class Rejection:
    """A row that was not taken: its line in the file (from 1), why, and in which column."""

    line: int
    code: str
    field: str = ""


@dataclass(frozen=True)
class Roster:
    graduates: list[Graduate]
    rejected: list[Rejection]


class Refused(Exception):
    """A file that is refused whole. `code` is a key of refusals.toml; `line` and `field` say where, if anywhere."""

    def __init__(self, code: str, line: int = 0, field: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code, self.line, self.field, self.params = code, line, field, params
        self.more: tuple[Refused, ...] = ()
        """Further rows for which it is refused, as far as they were looked for."""


def parse(data: bytes) -> Roster:
    """The roster in the CSV `data`. Raises Refused when it cannot be read as one at all."""
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        raise Refused("encoding") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    graduates: dict[str, Graduate] = {}
    rejected: list[Rejection] = []
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise Refused("columns", line=1, expected=",".join(COLUMNS))
        for row in reader:
            graduate = _graduate(row, reader.line_num)
            if isinstance(graduate, Rejection):
                rejected.append(graduate)
            elif graduate.student in graduates:
                rejected.append(Rejection(reader.line_num, "duplicate", "student"))
            else:
                graduates[graduate.student] = graduate
            if len(graduates) + len(rejected) > MOST_ROWS:
                raise Refused("too-long", limit=MOST_ROWS)
    except csv.Error as error:
        raise Refused("csv", line=reader.line_num) from error
    return Roster(list(graduates.values()), rejected)


@dataclass(frozen=True)
class Withdrawals:
    """Who leaves the batch and why, by line, and the rows that cannot be read."""

    reasons: Mapping[int, tuple[str, str]]
    rejected: list[Rejection]


def parse_withdrawals(data: bytes) -> Withdrawals | None:
    """The withdrawals in the CSV `data`, or None when its header is another. Raises Refused when it cannot be read."""
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        raise Refused("encoding") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    reasons: dict[int, tuple[str, str]] = {}
    rejected: list[Rejection] = []
    try:
        if tuple(next(reader, ())) != WITHDRAWAL_COLUMNS:
            return None
        for cells in reader:
            line, row = reader.line_num, [cell.strip() for cell in cells]
            if len(row) != len(WITHDRAWAL_COLUMNS):
                rejected.append(Rejection(line, "cells"))
            elif not _PATTERNS["student"].fullmatch(row[0]):
                rejected.append(Rejection(line, "value", "student"))
            elif not 2 <= len(row[1]) <= LONGEST_REASON:
                rejected.append(Rejection(line, "value", "reason"))
            elif row[0] in (student for student, _ in reasons.values()):
                rejected.append(Rejection(line, "duplicate", "student"))
            else:
                reasons[line] = (row[0], row[1])
            if len(reasons) + len(rejected) > MOST_WITHDRAWALS:
                raise Refused("too-long", limit=MOST_WITHDRAWALS)
    except csv.Error as error:
        raise Refused("csv", line=reader.line_num) from error
    return Withdrawals(reasons, rejected)


def _graduate(row: Mapping[str, str | None], line: int) -> Graduate | Rejection:
    if "" in row or None in row.values():
        return Rejection(line, "cells")
    cells = {name: unicodedata.normalize("NFC", (value or "").strip()) for name, value in row.items()}
    for name, pattern in _PATTERNS.items():
        if not pattern.fullmatch(cells[name]):
            return Rejection(line, "value", name)
    for name, longest in _LONGEST.items():
        if len(cells[name]) > longest or any(unicodedata.category(sign) == "Cc" for sign in cells[name]):
            return Rejection(line, "value", name)
    if not cells["name"]:
        return Rejection(line, "value", "name")
    if cells["school"] not in university.schools():
        return Rejection(line, "school", "school")
    for name in FLAGS:
        if cells[name] not in ("yes", "no"):
            return Rejection(line, "yes-no", name)
    return Graduate(
        **{name: cells[name] for name in COLUMNS if name not in FLAGS},
        flags=frozenset(name for name in FLAGS if cells[name] == "yes"),
    )


def parse_batch(id: str, data: bytes) -> Batch:
    """The batch `id` declared by batch.json: {"title": {"zh", "en"}, "opens_on", "deadline"}. Raises Refused."""
    try:
        raw = json.loads(decode(data))
        batch = Batch(
            id=id,
            title={"zh": str(raw["title"]["zh"]), "en": str(raw["title"]["en"])},
            opens_on=date.fromisoformat(raw["opens_on"]),
            deadline=date.fromisoformat(raw["deadline"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("batch") from error
    named = all(title.strip() for title in batch.title.values())
    if not named or not BATCH_ID.fullmatch(id) or batch.deadline < batch.opens_on:
        raise Refused("batch")
    return batch
