"""Facts 事实: what is known of a person, each once. Pure.

facts.toml is the registry of their kinds: what a value is (a schema), how sensitive it is, which system of record is its
source, for how long it is fresh, who may read it and who may write. A fact bears where it came from. What a system of
record says wins over what somebody typed; when the two differ, a person decides which of them is wrong.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from yinji.clearance.definition import Text
from yinji.forms.schema import Schema, Validator
from yinji.identity.session import Role

Sensitivity = Literal["open", "personal", "sensitive"]
"""Whoever deals with the person knows it; is told to whom it concerns; sealed with a key of the person's (an account, a
number of an identity card)."""
Standing = Literal["known", "stale", "missing"]
SELF = "self"
"""Among who may read or write: the person themselves."""


@dataclass(frozen=True)
class Kind:
    """A kind of fact. `source` is the system of record that knows it, or `self` for what only the person knows. `fresh` is
    for how long a value is taken as still true; None for ever."""

    id: str
    title: Text
    schema: Schema
    sensitivity: Sensitivity
    source: str
    fresh: timedelta | None
    readers: frozenset[str]
    writers: frozenset[str]

    @property
    def of_record(self) -> bool:
        """Whether a system of record is its source."""
        return self.source != SELF


@dataclass(frozen=True)
class Fact:
    """What is known: `value` as its kind's schema has it. `source` is the system of record or `self`; `through` is what it
    came by, a form or a file; `at` is as of when it is true. `version` counts changes from 1."""

    person: str
    kind: str
    value: Any
    source: str
    through: str
    at: datetime
    version: int = 1


@dataclass(frozen=True)
class Conflict:
    """A system of record and the person say different things of `kind`; `typed` is what the person said."""

    person: str
    kind: str
    recorded: Any
    typed: Any
    at: datetime


@cache
def kinds() -> Mapping[str, Kind]:
    """The registry, by id, in its order. Raises ValueError when an entry is wrong."""
    told: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {id: _kind(id, entry) for id, entry in told.items()}


def _kind(id: str, told: Mapping[str, Any]) -> Kind:
    sensitivity = next((one for one in get_args(Sensitivity) if one == told["sensitivity"]), None)
    readers, writers = frozenset(told["readers"]), frozenset(told["writers"])
    if sensitivity is None or not (readers | writers) <= {SELF, *get_args(Role)}:
        raise ValueError(f"the fact {id} is not well told")
    schema: Schema = json.loads(told["schema"])
    Validator(schema)
    fresh = timedelta(days=int(told["fresh_days"])) if "fresh_days" in told else None
    title: Text = {"zh": told["zh"], "en": told["en"]}
    return Kind(id, title, schema, sensitivity, told["source"], fresh, readers, writers)


@cache
def validator(kind: str) -> Validator:
    """What tells whether a value is one of `kind`."""
    return Validator(kinds()[kind].schema)


def standing(fact: Fact | None, now: datetime) -> Standing:
    """Whether `fact` need not be asked for at `now`: it is known, or was true too long ago."""
    if fact is None:
        return "missing"
    fresh = kinds()[fact.kind].fresh
    return "stale" if fresh is not None and now - fact.at > fresh else "known"


def learnt(before: Fact | None, said: Fact) -> tuple[Fact, Conflict | None]:
    """What is known once `said` was said, and the conflict that came of it, if any.

    An older word changes nothing. The word of a system of record stands against what somebody types, which becomes a
    conflict; what a system of record says against what was typed is taken, and that is a conflict too, for one of them is
    wrong. The same value said again is true as of then.
    """
    if before is None:
        return said, None
    recorded, typed = before.source != SELF, said.source == SELF
    differs = before.value != said.value
    if said.at < before.at and recorded == (not typed):
        return before, None
    if recorded and typed:
        if not differs:
            return _next(before, before.value, before.source, before.through, max(before.at, said.at)), None
        return before, Conflict(said.person, said.kind, before.value, said.value, said.at)
    after = _next(before, said.value, said.source, said.through, said.at)
    if differs and not recorded and not typed:
        return after, Conflict(said.person, said.kind, said.value, before.value, said.at)
    return after, None


def _next(before: Fact, value: Any, source: str, through: str, at: datetime) -> Fact:
    if (value, source, at) == (before.value, before.source, before.at):
        return before
    return Fact(before.person, before.kind, value, source, through, at, before.version + 1)


def may_read(kind: Kind, role: Role, *, self_: bool) -> bool:
    return (self_ and SELF in kind.readers) or role in kind.readers


def may_write(kind: Kind, role: Role, *, self_: bool) -> bool:
    return (self_ and SELF in kind.writers) or role in kind.writers
