"""Editions of a school packed for the printing house 印刷包: a folder a class, and a list of what is in it. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yinji.archive.student import Student
from yinji.clearance import codes
from yinji.editions.model import Edition
from yinji.platform.sheets import Table

COLUMNS = ("place", "class_name", "student", "name", "file", "code", "digest")
WIDTHS = (8, 20, 16, 20, 40, 22, 66)
UNNAMED = "_"
"""The folder of who is in no class."""


@dataclass(frozen=True)
class Sheet:
    """One edition to be printed."""

    student: Student
    edition: Edition

    @property
    def file(self) -> str:
        """Where it lies in the pack: by class and number, without what a file cannot be called."""
        folder = "".join(sign if sign.isalnum() or sign in "-_()（）" else "_" for sign in self.student.class_name)
        return f"{folder or UNNAMED}/{self.student.student}.pdf"


def in_order(sheets: Sequence[Sheet]) -> list[Sheet]:
    """As they are handed out: class by class, by number."""
    return sorted(sheets, key=lambda one: (one.student.class_name, one.student.student))


@cache
def _said() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("packing.toml").read_text("utf-8"))


def list_name() -> str:
    """What the list is called, in both languages."""
    return f"{_said()['list']['zh']} {_said()['list']['en']}.csv"


def table(sheets: Sequence[Sheet]) -> Table:
    """The list, with its columns named in both languages."""
    heads = [f"{_said()['columns'][name]['zh']} {_said()['columns'][name]['en']}" for name in COLUMNS]
    lines = [
        [
            place,
            one.student.class_name,
            one.student.student,
            one.student.name,
            one.file,
            codes.spoken(one.edition.code),
            one.edition.digest,
        ]
        for place, one in enumerate(sheets, 1)
    ]
    return Table(_said()["title"]["zh"], heads, WIDTHS, lines)
