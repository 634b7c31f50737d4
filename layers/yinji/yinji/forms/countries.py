"""Countries and regions, by the two letters of ISO 3166-1, as people call them (countries.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from yinji.clearance.definition import Text


@cache
def countries() -> Mapping[str, Text]:
    """What each is called, by its letters."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
