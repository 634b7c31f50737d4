"""Records: one thing a student did, heard, read or won, as a source told of it, and whether it counts.

A record is known by its student, its source and the number the source gives it. What a source says of it are its
facts; whether they are certified is another matter, which a correction of the facts does not decide.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, cast, get_args
from urllib.parse import quote, unquote

from yinji.archive.kinds import dimensions, kinds, levels
from yinji.archive.terms import term_of
from yinji.platform.clock import instant, stamp

State = Literal["pending", "certified", "refused", "revoked", "void"]
"""Waits for somebody to certify it; counts; was refused, or counted once; was taken back by its source."""
STATES: tuple[State, ...] = get_args(State)
Via = Literal["import", "device", "check-in", "claim", "office"]
"""How it came, or by whom it was changed last."""
EARLIEST = date(2000, 1, 1)
MOST_MINUTES = 2_000 * 60
"""A year of work: nobody does more in one record."""
LONGEST = {"title": 200, "place": 100, "organiser": 100, "entity": 80, "note": 500}
SOURCE = re.compile(r"[a-z][a-z0-9-]{1,30}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,79}")
STUDENT = re.compile(r"[A-Z0-9]{6,16}")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
FACTS = (
    "kind", "title", "day", "time", "minutes", "dimension", "place", "organiser", "entity", "level", "note",
)  # fmt: skip
"""What a source says of a record."""


@dataclass(frozen=True)
class Certification:
    """Who decided about a record, when, and why where they said so. A machine's record is certified by its source."""

    by: str
    at: datetime
    why: str = ""


@dataclass(frozen=True)
class RecordEvent:
    """What happened to a record: `what` is "certified", "refused", "revoked", "disputed", "settled", "corrected",
    "claimed", "changed" or "withdrawn"; `key` is what whoever did it calls it by. `was` is what the change replaced,
    `acts_for` the colleague in whose place they were."""

    what: str
    who: str
    role: str
    at: datetime
    why: str = ""
    key: str = ""
    was: Mapping[str, Any] | None = None
    acts_for: str = ""


@dataclass(frozen=True)
class Record:
    """`day` and `time` (HH:MM or empty) are of the campus; `minutes` is how long it took, 0 where that is unknown.

    `entity` is the id of the book, teacher or activity it is about, empty where nobody gave one.
    """

    student: str
    source: str
    id: str
    kind: str
    title: str
    day: date
    time: str = ""
    minutes: int = 0
    dimension: str = ""
    place: str = ""
    organiser: str = ""
    entity: str = ""
    level: str = ""
    note: str = ""
    state: State = "certified"
    as_of: str = ""
    """The instant of which the source's word is (ISO 8601, UTC); what is older does not replace it."""
    via: Via = "import"
    delivery: str = ""
    """The delivery that wrote it last, and what it came to there: so one that is done again counts the same."""
    outcome: str = ""
    certification: Certification | None = None
    disputed: str = ""
    """What the student says is wrong with it."""
    disputed_at: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])
    """The uploads handed in with a claim, by question."""
    version: int = 1

    @property
    def key(self) -> str:
        """What tells it from the student's other records."""
        return f"{self.source}#{self.id}"

    @property
    def thing(self) -> str:
        """What it is about, as different things are counted: two records of one book are about one thing."""
        return (self.entity or f"{self.kind} {self.title}") if kinds()[self.kind].entity else self.key

    @property
    def path(self) -> str:
        """Its key as a part of a path; read back by `key_of`."""
        return path_of(self.key)

    @property
    def term(self) -> str:
        return term_of(self.day)

    @property
    def education(self) -> str:
        """The dimension it counts in."""
        return self.dimension or kinds()[self.kind].dimension

    @property
    def counts(self) -> bool:
        return self.state == "certified"

    @property
    def decided(self) -> bool:
        """Whether a person decided about it, rather than the word of its source."""
        return self.certification is not None and self.certification.by != self.source

    @property
    def waits(self) -> bool:
        """Whether somebody has to look at it: to certify it, or because the student says that something is wrong."""
        return self.state == "pending" or bool(self.disputed and self.state != "void")

    @property
    def since(self) -> datetime | None:
        """Since when somebody has to look at it."""
        if not self.waits:
            return None
        return self.disputed_at or instant(self.as_of)

    @property
    def digest(self) -> str:
        """What the source says, in sixteen signs: the same facts have the same."""
        told = [str(getattr(self, name)) for name in FACTS]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]


def path_of(key: str) -> str:
    """A record's key as one part of a path: `<source>:<id>`, whatever signs the id has.

    What is no letter, digit or one of `. _ : @ -` is told by its bytes, as in `a~2Fb`. It is the percent-encoding with
    another sign, so that nobody on the way decodes it, or decodes it twice.
    """
    source, _, id = key.partition("#")
    return f"{source}:{quote(id, safe=':@').replace('~', '%7E').replace('%', '~')}"


def key_of(path: str) -> str:
    """The key of the record whose `path` it is; an empty text for what is no record's path.

    A client may have percent-encoded what need not be, and a gateway may have left it so.
    """
    plain = unquote(path)
    source, _, id = plain.partition(":")
    key = f"{source}#{unquote(id.replace('~', '%'))}"
    return key if path_of(key) == plain else ""


def wrong_with(record: Record, today: date) -> str:
    """The name of the first field of `record` that cannot be right, or an empty text."""
    kind = kinds().get(record.kind)
    if kind is None:
        return "kind"
    if not STUDENT.fullmatch(record.student):
        return "student"
    if not ID.fullmatch(record.id):
        return "id"
    if not record.title:
        return "title"
    for name, most in LONGEST.items():
        text: str = getattr(record, name)
        if len(text) > most or not text.isprintable():
            return name
    if not EARLIEST <= record.day <= today:
        return "day"
    if record.time and not TIME.fullmatch(record.time):
        return "time"
    if not 0 <= record.minutes <= MOST_MINUTES:
        return "minutes"
    if record.dimension and record.dimension not in dimensions():
        return "dimension"
    if record.level and record.level not in (kind.levels and levels()):
        return "level"
    return ""


Merged = Literal["accepted", "corrected", "unchanged", "outdated"]


def merge(known: Record | None, told: Record) -> tuple[Record, Merged]:
    """What `known` is once its source has `told` of it anew, and what that came to.

    Facts are the source's, which may also take a record back (void). Where a person decided about other facts, somebody
    has to decide again. A word older than the one known changes nothing, so that of two words about a record the
    younger one stands, whichever comes first. What a delivery that is done again came to is what it came to before.
    """
    if known is None:
        return replace(told, outcome="accepted"), "accepted"
    if told.as_of < known.as_of:
        return known, "outdated"
    same = known.digest == told.digest and (known.state == "void") == (told.state == "void")
    if same:
        if told.delivery and known.delivery == told.delivery:
            return known, cast(Merged, known.outcome)  # by this very delivery, before it was interrupted
        return known, "unchanged"
    state, certification = told.state, told.certification
    if told.state != "void" and known.decided:
        # somebody decided about other facts, and has to look again
        state, certification = "pending", None
    kept = replace(
        told,
        state=state,
        certification=certification,
        disputed=known.disputed,
        disputed_at=known.disputed_at,
        evidence=known.evidence,
        outcome="corrected",
        version=known.version + 1,
    )
    return kept, "corrected"


def record_document(record: Record) -> dict[str, Any]:
    """`record` as it is stored, without its key; read back by `record_of`. What is empty is left out."""
    told: dict[str, Any] = {name: getattr(record, name) for name in FACTS} | {
        "student": record.student,
        "source": record.source,
        "id": record.id,
        "day": record.day.isoformat(),
        "state": record.state,
        "as_of": record.as_of,
        "via": record.via,
        "delivery": record.delivery,
        "outcome": record.outcome,
        "disputed": record.disputed,
        "disputed_at": stamp(record.disputed_at) if record.disputed_at else "",
        "evidence": dict(record.evidence),
        "version": record.version,
    }
    if record.certification:
        told |= {
            "certified_by": record.certification.by,
            "certified_at": stamp(record.certification.at),
            "certified_why": record.certification.why,
        }
    return {name: value for name, value in told.items() if value}


def record_of(document: Mapping[str, Any]) -> Record:
    """The record of a stored or streamed document; what else stands in it is left alone."""
    told = {name: document.get(name, "") for name in (*FACTS, "as_of", "delivery", "outcome", "disputed")}
    by, at = document.get("certified_by"), document.get("disputed_at")
    told |= {"day": date.fromisoformat(document["day"]), "minutes": int(document.get("minutes", 0))}
    return Record(
        student=document["student"],
        source=document["source"],
        id=document["id"],
        **told,
        state=document["state"],
        via=document["via"],
        certification=Certification(by, instant(document["certified_at"]), document.get("certified_why", ""))
        if by
        else None,
        disputed_at=instant(at) if at else None,
        evidence=document.get("evidence", {}),
        version=int(document["version"]),
    )
