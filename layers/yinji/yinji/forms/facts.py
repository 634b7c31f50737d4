"""Facts 事实: what is known of a person, each once. Pure.

facts.toml is the registry of their kinds: what a value is (a schema), how sensitive it is, which system of record is
its source, for how long it is fresh, who may read it and who may write. A fact bears where it came from. What a system
of record says wins over what somebody typed; when the two differ, its department decides which of them is wrong.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from yinji.clearance import university
from yinji.clearance.definition import Text
from yinji.clearance.sealing import masked
from yinji.forms.countries import countries
from yinji.forms.formats import tidy
from yinji.forms.schema import Schema, Validator
from yinji.identity.session import Role
from yinji.platform.clock import stamp
from yinji.platform.ids import id_of

Sensitivity = Literal["open", "personal", "sensitive"]
"""Whoever deals with the person knows it; is told to whom it concerns; sealed with a key of the person's (an account, a
number of an identity card)."""
Standing = Literal["known", "stale", "missing"]
Deed = Literal["keep", "take"]
"""What is decided of a conflict: what the record says is right, or what was typed."""
SELF = "self"
"""Among who may read or write: the person themselves; as a source, that nobody else knows it."""
OFFICE: frozenset[str] = frozenset({"counsellor", "school-officer", "department-officer"})
DECIDED = "decision"
"""What a value came through that somebody decided about."""


@dataclass(frozen=True)
class Source:
    """A system of record, and the department that answers for what it says."""

    id: str
    department: str
    title: Text


@dataclass(frozen=True)
class Part:
    """A part of a value that is an object."""

    id: str
    title: Text


@dataclass(frozen=True)
class Kind:
    """A kind of fact. `source` is the system of record that knows it, or `self` for what only the person knows. `fresh`
    is for how long a value is taken as still true; None for ever. `names` is what a column of an old form may call it,
    its titles besides; `options` what can be chosen, by value."""

    id: str
    title: Text
    group: str
    schema: Schema
    sensitivity: Sensitivity
    source: str
    fresh: timedelta | None
    readers: frozenset[str]
    writers: frozenset[str]
    names: tuple[str, ...] = ()
    options: Mapping[str, Text] | None = None
    parts: tuple[Part, ...] = ()

    @property
    def of_record(self) -> bool:
        """Whether a system of record is its source."""
        return self.source != SELF

    @property
    def sealed(self) -> bool:
        return self.sensitivity == "sensitive"


@dataclass(frozen=True)
class Claim:
    """What the person says of a fact, against what the system of record says."""

    value: Any
    at: datetime
    through: str = ""


@dataclass(frozen=True)
class Fact:
    """What is known: `value` as its kind's schema has it. `source` is the system of record or `self`; `through` is what
    it came by, a form or a file; `at` is as of when it is true. `version` counts changes from 1.

    `claim` is what the person says otherwise, until somebody decides; `overruled` what the system of record said when
    somebody decided against it; `confirmed` when the person last said the same, or somebody decided.
    """

    person: str
    kind: str
    value: Any
    source: str
    through: str
    at: datetime
    version: int = 1
    claim: Claim | None = None
    overruled: Any = None
    confirmed: datetime | None = None

    @property
    def recorded(self) -> bool:
        """Whether a system of record said it."""
        return self.source != SELF

    @property
    def true_at(self) -> datetime:
        """As of when it is known to be true."""
        return max(self.at, self.confirmed) if self.confirmed else self.at

    @property
    def conflict(self) -> Conflict | None:
        """What the person says otherwise."""
        if self.claim is None:
            return None
        return Conflict(self.person, self.kind, self.value, self.claim.value, self.claim.at)


@dataclass(frozen=True)
class Conflict:
    """A system of record and the person say different things of `kind`; `typed` is what the person said, at `at`."""

    person: str
    kind: str
    recorded: Any
    typed: Any
    at: datetime

    @property
    def id(self) -> str:
        """The same for the same word of the person, and tells of nobody."""
        return id_of("conflict", self.person, self.kind, stamp(self.at))

    @property
    def source(self) -> str:
        return kinds()[self.kind].source


# --- the registry -----------------------------------------------------------------------------------------------------
@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def sources() -> Mapping[str, Source]:
    """The systems of record, by id. Raises ValueError when an entry is wrong."""
    found = {id: Source(id, one["department"], _title(one)) for id, one in _told()["sources"].items()}
    if not {one.department for one in found.values()} <= set(university.departments()) or SELF in found:
        raise ValueError("a system of record is not well told")
    return found


@cache
def person_columns() -> frozenset[str]:
    """What the column of a table may be called that says whose line it is."""
    return frozenset(_told()["person"]["columns"])


def person_fact() -> str:
    """The kind of fact that this column says as well."""
    return str(_told()["person"]["fact"])


@cache
def groups() -> Mapping[str, Text]:
    """What kinds are shown under, in the order of pages."""
    return {id: _title(one) for id, one in _told()["groups"].items()}


@cache
def kinds() -> Mapping[str, Kind]:
    """The registry, by id, in its order. Raises ValueError when an entry is wrong."""
    return {id: _kind(id, entry) for id, entry in _told()["kinds"].items()}


def _kind(id: str, told: Mapping[str, Any]) -> Kind:
    sensitivity = next((one for one in get_args(Sensitivity) if one == told["sensitivity"]), None)
    readers, writers = _people(told["readers"]), _people(told["writers"])
    if (
        sensitivity is None
        or not (readers | writers) <= {SELF, *get_args(Role)}
        or told["group"] not in groups()
        or told["source"] not in {SELF, *sources()}
    ):
        raise ValueError(f"the fact {id} is not well told")
    options = _options(told.get("options"))
    parts: Sequence[Mapping[str, Any]] = told.get("parts") or ()
    schema = _schema(told, options, parts)
    if sensitivity == "sensitive" and schema["type"] != "string":
        raise ValueError(f"the fact {id} cannot be sealed")
    Validator(schema)
    return Kind(
        id,
        _title(told),
        told["group"],
        schema,
        sensitivity,
        told["source"],
        timedelta(days=told["fresh_days"]) if "fresh_days" in told else None,
        readers,
        writers,
        tuple(told["names"]),
        options,
        tuple(Part(one["id"], _title(one)) for one in parts),
    )


def _options(told: Any) -> Mapping[str, Text] | None:
    """What can be chosen: the entries themselves, or every country."""
    if told == "countries":
        return countries()
    return {one["value"]: _title(one) for one in told} if told else None


def _schema(told: Mapping[str, Any], options: Mapping[str, Text] | None, parts: Sequence[Mapping[str, Any]]) -> Schema:
    if options is not None:
        return {"type": "string", "enum": list(options)}
    if not parts:
        return told["schema"]
    properties = {one["id"]: one["schema"] for one in parts}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _title(told: Mapping[str, Any]) -> Text:
    return {"zh": told["zh"], "en": told["en"]}


def _people(told: Iterable[str]) -> frozenset[str]:
    some = frozenset(told)
    return some - {"office"} | OFFICE if "office" in some else some


@cache
def validator(kind: str) -> Validator:
    """What tells whether a value is one of `kind`."""
    return Validator(kinds()[kind].schema)


def read(kind: str, text: str) -> Any:
    """The value of `kind` that `text` says, as a cell of a table or a field of a page has it. Raises ValueError unless
    it is one. What is an object is not in one text."""
    found = kinds()[kind]
    if found.options is not None:
        value = _chosen(found.options, text.strip())
    else:
        value = tidy(str(found.schema.get("format", "")), text.replace("\r\n", "\n"))
    if not validator(kind).holds(value):
        raise ValueError(kind)
    return value


def _chosen(options: Mapping[str, Text], text: str) -> str:
    """The option that is called `text`, in either language."""
    return next((value for value, title in options.items() if text in (value, *title.values())), "")


# --- what is known, and what is said ----------------------------------------------------------------------------------
def standing(fact: Fact | None, now: datetime) -> Standing:
    """Whether `fact` need not be asked for at `now`: it is known, or was true too long ago."""
    if fact is None:
        return "missing"
    fresh = kinds()[fact.kind].fresh
    return "stale" if fresh is not None and now - fact.true_at > fresh else "known"


def learnt(before: Fact | None, said: Fact) -> tuple[Fact, Conflict | None]:
    """What is known once `said` was said, and the conflict that came of it, if any; `before` itself when nothing did.
    Both are in clear.

    An older word of the same side changes nothing, nor does a word that was decided against. The word of a system of
    record stands, whichever comes first; what the person says otherwise is their claim, and a conflict. What is said
    again is true as of then.
    """
    if before is None:
        return replace(said, version=1, claim=None, overruled=None, confirmed=None), None
    typed = said.source == SELF
    if before.recorded and typed:
        after = _claimed(before, said)
    elif not _newer(said, before) and before.recorded != typed:
        after = before
    elif typed:
        after = replace(before, value=said.value, through=said.through, at=said.at)
    elif before.recorded:
        after = _recorded(before, said)
    else:
        after = _record_arrived(before, said)
    if after == before:
        return before, None
    after = replace(after, version=before.version + 1)
    return after, after.conflict if after.claim != before.claim else None


def _newer(said: Fact, before: Fact) -> bool:
    """Of two words of one instant, one and the same is the later, whichever comes first."""
    return (said.at, _order(said.value)) > (before.at, _order(before.value))


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _claimed(before: Fact, said: Fact) -> Fact:
    heard = [one for one in (before.confirmed, before.claim.at if before.claim else None) if one]
    if any(said.at <= one for one in heard):
        return before
    if said.value == before.value:
        return replace(before, claim=None, confirmed=said.at)
    return replace(before, claim=Claim(said.value, said.at, said.through))


def _recorded(before: Fact, said: Fact) -> Fact:
    if before.overruled is not None and said.value == before.overruled:
        return before
    claim = None if before.claim and before.claim.value == said.value else before.claim
    return replace(
        before, value=said.value, source=said.source, through=said.through, at=said.at, claim=claim, overruled=None
    )


def _record_arrived(before: Fact, said: Fact) -> Fact:
    same = said.value == before.value
    return replace(
        before,
        value=said.value,
        source=said.source,
        through=said.through,
        at=said.at,
        claim=None if same else Claim(before.value, before.at, before.through),
        confirmed=before.at if same else None,
    )


def decided(before: Fact, deed: Deed, at: datetime) -> Fact:
    """`before`, once it was decided which is right, what the record says or what was typed. What was decided against
    counts no more when it is said again by the record. Raises ValueError when there is nothing to decide."""
    if before.claim is None:
        raise ValueError("nobody says otherwise")
    after = replace(before, version=before.version + 1, claim=None, confirmed=max(at, before.claim.at))
    if deed == "keep":
        return after
    return replace(after, value=before.claim.value, through=DECIDED, at=max(at, before.at), overruled=before.value)


def told_apart(history: Sequence[Fact]) -> list[Fact]:
    """`history`, the oldest first, without the versions by which only the time changed: it was said again."""
    found: list[Fact] = []
    for one in history:
        same = found and (one.value, one.source, one.claim, one.overruled) == (
            found[-1].value,
            found[-1].source,
            found[-1].claim,
            found[-1].overruled,
        )
        if not same:
            found.append(one)
    return found


def worth_keeping(before: Fact | None, said: Fact) -> bool:
    """Whether what a system of record says again and again need be written down: not, while what is known is far from
    stale."""
    if before is None or not before.recorded or before.value != said.value or before.overruled is not None:
        return True
    fresh = kinds()[said.kind].fresh
    return fresh is not None and said.at - before.true_at > fresh / 4


# --- who may, and what they see ---------------------------------------------------------------------------------------
def may_read(kind: Kind, role: Role, *, self_: bool) -> bool:
    return (self_ and SELF in kind.readers) or role in kind.readers


def may_write(kind: Kind, role: Role, *, self_: bool) -> bool:
    return (self_ and SELF in kind.writers) or role in kind.writers


def shown(kind: str, value: Any, language: str) -> str:
    """`value` of `kind` as people read it; of what is sensitive, the last signs."""
    found = kinds()[kind]
    if found.sealed:
        return masked(str(value))
    if found.options is not None and value in found.options:
        return found.options[value]["zh" if language == "zh" else "en"]
    if found.parts and isinstance(value, Mapping):
        told = cast(Mapping[str, Any], value)
        return " · ".join(str(told[part.id]) for part in found.parts if told.get(part.id))
    return str(value)
