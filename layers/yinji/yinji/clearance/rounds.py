"""Rounds: what an officer did to many cases at once, and what came of it for each of them.

A round is kept for a while under the request it answers, so that the same request sent twice has one answer, and so
that whoever sent it can look up later who was not dealt with, and why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from yinji.platform.ids import id_of

KEPT = timedelta(days=90)
MOST_AT_ONCE = 500
"""How many cases one request may change: an answer is due after 29 seconds."""


@dataclass(frozen=True)
class Result:
    """What came of one case: `code` of problems.toml says why it was refused, and is empty when it was not."""

    student: str
    code: str = ""

    @property
    def ok(self) -> bool:
        return not self.code


@dataclass(frozen=True)
class Round:
    """`who` did `action` of `step`; `back` is the page they sent it from, with its filters."""

    id: str
    who: str
    step: str
    action: str
    at: datetime
    results: Sequence[Result]
    fingerprint: str
    back: str = ""

    @property
    def done(self) -> list[Result]:
        return [result for result in self.results if result.ok]

    @property
    def refused(self) -> list[Result]:
        return [result for result in self.results if not result.ok]


def round_id(who: str, step: str, key: str) -> str:
    """The id of the round that `who` sent for `step` with the idempotency `key`; nobody else can guess it."""
    return id_of(who, step, key, length=32)


def fingerprint(action: str, answers: Mapping[str, str], cases: Sequence[tuple[str, int]]) -> str:
    """What tells a repeated request from another one with its key."""
    told: list[Any] = [action, sorted(answers.items()), sorted(cases)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()[:32]
