"""What features of groups and sources of records are called, in both languages; the texts are in tables.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from yinji.archive.kinds import dimensions, hundreds, kinds
from yinji.archive.sources import sources


@cache
def said() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))


def feature_title(feature: str) -> Mapping[str, str]:
    """What a feature is called, in both languages."""
    kind, _, id = feature.partition(".")
    found: Mapping[str, Any] = {"dimension": dimensions(), "hundred": hundreds(), "kind": kinds()}.get(kind, {})
    return found[id].title if id in found else said()["features"][feature]


def source_title(source: str) -> Mapping[str, str]:
    """What the source of a record is called, in both languages: a source system, or what tells of records here."""
    known = sources().get(source)
    return known.title if known else said()["sources"].get(source) or {"zh": source, "en": source}


def features() -> list[str]:
    """Every feature, in the order in which they are told."""
    return [
        "overall",
        *(f"dimension.{id}" for id in dimensions()),
        *(f"hundred.{id}" for id in hundreds()),
        *(f"kind.{id}" for id in kinds()),
    ]
