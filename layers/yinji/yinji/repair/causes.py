"""What faults turn out to be of: causes.toml, by the kind of the place or device."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yinji.repair.place import Kind


@dataclass(frozen=True)
class Cause:
    """`of` are the kinds of places it is found at; none in particular when it is empty."""

    id: str
    title: Mapping[str, str]
    of: frozenset[str]


@cache
def causes() -> Mapping[str, Cause]:
    raw: dict[str, Any] = tomllib.loads(Path(__file__).with_name("causes.toml").read_text("utf-8"))
    return {id: Cause(id, {"zh": one["zh"], "en": one["en"]}, frozenset(one.get("of", ()))) for id, one in raw.items()}


def causes_of(kind: Kind | None) -> Mapping[str, Cause]:
    """What may be chosen for a place of `kind`, the commonest first; all of them when it is not known."""
    return {id: one for id, one in causes().items() if kind is None or not one.of or kind in one.of}
