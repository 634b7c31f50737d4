"""The university: its schools and departments, and how to find them, from university.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance.definition import Text


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("university.toml").read_text("utf-8"))


def name() -> Text:
    return _data()["name"]


def schools() -> Mapping[str, Mapping[str, Any]]:
    """Every school by id ("S01"): zh, en, place, phone, email."""
    return _data()["schools"]


def departments() -> Mapping[str, Mapping[str, Any]]:
    """Every department by id: zh, en, place, phone, email, hours."""
    return _data()["departments"]


def supervisor(office: Text) -> Text:
    """The supervisor, and `office` that signs in their place."""
    words = _data()["supervisor"]
    return {language: words[language].format(office=office[language]) for language in ("zh", "en")}


def office(department: str, school: str, flow: str = "") -> Text:
    """The office that acts for `department`: the school itself for "school", the graduate school for postgraduates."""
    entry = schools()[school] if department == "school" else departments()[department]
    other = entry.get("postgraduate") if flow == "postgraduate" else None
    return other or entry
