"""What an archive is made of, read once from kinds.toml: dimensions, kinds of records, hundreds, assessment rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Text = Mapping[str, str]
DEFAULT = "default"


@dataclass(frozen=True)
class Dimension:
    """One of the five educations; `weight` is its part of a hundred in the overall score."""

    id: str
    weight: int
    title: Text
    about: Text


@dataclass(frozen=True)
class Kind:
    """A kind of record. It is worth `each` points, or what `levels` say, and `hourly` points an hour; of all records
    of the kind in a term at most `term` points count. `entity` is what it is about: book, teacher, activity, or ""."""

    id: str
    dimension: str
    title: Text
    told: Text
    """The sentence of a timeline; `{what}` is the record's title."""
    term: int
    each: int = 0
    hourly: int = 0
    entity: str = ""
    levels: Mapping[str, int] = field(default_factory=dict[str, int])

    def points(self, hours: float, level: str) -> float:
        """What one record is worth before the term's limit."""
        return self.levels.get(level, self.each) + self.hourly * hours


@dataclass(frozen=True)
class Hundred:
    """One of the four hundreds: `aim` different things of `kinds`."""

    id: str
    kinds: Sequence[str]
    aim: int
    title: Text


@dataclass(frozen=True)
class Rules:
    """What a programme's second classroom asks for: `hours` by dimension, and how records count as hours."""

    hours: Mapping[str, int]
    term_hours: Mapping[str, int]
    """The most hours of a kind that count in a term; a kind that is not there counts without limit."""
    record_hours: Mapping[str, int]
    """What a record without hours counts for; a kind that is not there counts for none."""
    hours_a_credit: int


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))


@cache
def dimensions() -> Mapping[str, Dimension]:
    """The five educations by id, in the order in which they are told."""
    return {id: Dimension(id, one["weight"], _text(one), one["about"]) for id, one in _data()["dimensions"].items()}


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of record by id."""
    return {
        id: Kind(
            id,
            one["dimension"],
            _text(one),
            one["told"],
            one["term"],
            one.get("each", 0),
            one.get("hourly", 0),
            one.get("entity", ""),
            one.get("levels", {}),
        )
        for id, one in _data()["kinds"].items()
    }


@cache
def hundreds() -> Mapping[str, Hundred]:
    """The four hundreds by id."""
    return {id: Hundred(id, tuple(one["kinds"]), one["aim"], _text(one)) for id, one in _data()["hundreds"].items()}


@cache
def levels() -> Mapping[str, Text]:
    """The levels of awards, lowest first."""
    return _data()["levels"]


@cache
def rules(programme: str) -> Rules:
    """The assessment rules of `programme`, by its name as the roster of students has it."""
    every = _data()["rules"]
    base, own = every[DEFAULT], every.get(programme, {})
    told: dict[str, Any] = {
        name: value | own.get(name, {}) if isinstance(value, dict) else own.get(name, value)
        for name, value in base.items()
    }
    return Rules(**told)


def _text(one: Mapping[str, Any]) -> Text:
    return {"zh": one["zh"], "en": one["en"]}
