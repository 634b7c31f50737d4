"""The data map: map.toml, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

Text = Mapping[str, str]
By = Literal["job", "expiry", "lifecycle", "log"]
"""What takes something away: the retention job, DynamoDB's time to live, S3's lifecycle, or the log's own retention."""


@dataclass(frozen=True)
class Term:
    """How long something is kept, and what takes it away then; `text` says it in both languages."""

    id: str
    days: int
    by: By
    text: Text

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True)
class Group:
    """Facts that are kept for one purpose. `items` are attributes ("CaseItem.name", "EventItem.*"), `places` prefixes
    of buckets ("documents/evidence/"); `seen_by` are roles, beside the person themself."""

    id: str
    title: Text
    facts: Text
    purpose: Text
    source: Text
    ground: Text
    kept: Sequence[Term]
    seen_by: Sequence[str]
    items: Sequence[str]
    places: Sequence[str]
    sensitive: bool
    """In the sense of PIPL, art. 28."""


@cache
def _raw() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("map.toml").read_text("utf-8"))


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its name."""
    return {
        id: Term(id, entry["days"], entry["by"], {"zh": entry["zh"], "en": entry["en"]})
        for id, entry in _raw()["terms"].items()
    }


@cache
def groups() -> Sequence[Group]:
    """Everything that is kept of people, in the order of the page."""
    return tuple(
        Group(
            id=entry["id"],
            title=entry["title"],
            facts=entry["facts"],
            purpose=entry["purpose"],
            source=entry["source"],
            ground=_raw()["grounds"][entry["ground"]],
            kept=tuple(terms()[name] for name in entry["kept"]),
            seen_by=tuple(entry["seen_by"]),
            items=tuple(entry["items"]),
            places=tuple(entry["places"]),
            sensitive=entry.get("sensitive", False),
        )
        for entry in _raw()["groups"]
    )


def about_nobody() -> Mapping[str, str]:
    """The attributes that are about nobody, each with why."""
    return _raw()["nobody"]
