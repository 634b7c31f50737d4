"""Why files that were delivered, and lines of them, are not taken: refusals.toml, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

MOST_TOLD = 5_000
"""Rejected lines that a report names; the others are counted."""


class Refused(Exception):
    """A file that is refused whole; `code` is a key of refusals.toml."""

    def __init__(self, code: str, line: int = 0, **params: str | int) -> None:
        super().__init__(code)
        self.code, self.line, self.params = code, line, params

    @property
    def reason(self) -> dict[str, Any]:
        """Why, as whoever delivered it reads it, and at which line where it was one."""
        return sentence(self.code, **self.params) | ({"line": self.line} if self.line else {})


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken: why, as a key of refusals.toml, and the column that says so."""

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


def told_of(rejected: Iterable[Rejected]) -> list[dict[str, Any]]:
    """The lines that were not taken, the first MOST_TOLD of them, as a report names them."""
    return [
        {"line": one.line, "field": one.field} | sentence(one.code, field=one.field)
        for one in islice(rejected, MOST_TOLD)
    ]
