"""Step definitions: what `step.toml` of every folder under functions/clearance/steps says, read once.

The same files run the step functions, make their infrastructure, and print pages and guides.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

Text = Mapping[str, str]
"""One text in both languages: {"zh": ..., "en": ...}."""

Actor = Literal["student", "department"]
EVERY_EARLIER_STEP = "*"
LONGEST_FEED_AGE = timedelta(hours=26)
"""A department delivers every morning, and may be two hours late."""
_PART_OF = re.compile(r"(?P<flow>[a-z-]+)(?:@(?P<first>\d{1,3})(?P<on>-(?P<last>\d{1,3})?)?)?")


@dataclass(frozen=True)
class Evidence:
    """What a field takes that asks for a document: kinds of evidence.MEDIA_TYPES, and how large it may be."""

    types: tuple[str, ...]
    largest_mb: int

    @property
    def largest(self) -> int:
        """Bytes."""
        return self.largest_mb * 2**20


@dataclass(frozen=True)
class Field:
    """One question of an action's form. Values are strings, as a form without script sends them."""

    name: str
    schema: Mapping[str, Any]
    title: Text
    required: bool = True
    options: Sequence[Mapping[str, str]] = ()
    days_ahead: int | None = None
    """Of a date: how many days from today it may lie ahead; the page offers no later one."""
    days_back: int | None = None
    """Of a date that is over: how many days before today it may lie; the page offers none after today."""
    evidence: Evidence | None = None
    """Of a question that a document answers: the value is the id of an upload."""
    secret: bool = False
    """What only the graduate may see until somebody shows it: a one-time code. It is in no list, event or queue."""
    sealed: bool = False
    """A number that is kept encrypted and shown in part: see sealing.py."""
    fact: str = ""
    """What it asks for of what is known of people (forms/facts.toml), or empty: then it is asked once in a life."""


@dataclass(frozen=True)
class Action:
    """What somebody can do to a step: who, from which states, and where it leads unless the step decides."""

    id: str
    by: Actor
    sources: frozenset[str]
    to: str
    title: Text
    bulk: bool = False
    only: str = ""
    """A flag of the roster that the graduate must have, or empty."""
    once: bool = False
    """Offered only while its required fields have not been answered."""
    flows: frozenset[str] = frozenset()
    """The flows in which it can be done; every flow of the step when empty. What differs from abroad is told by it."""
    when: Mapping[str, str] = field(default_factory=dict[str, str])
    """Answers that must have been given for it to be offered, by field."""
    done: Text = field(default_factory=dict[str, str])
    fields: tuple[Field, ...] = ()
    standard: bool = False
    proved: bool = False
    """Whoever does it must have proved a moment ago who they are."""


@dataclass(frozen=True)
class Column:
    """A column of a feed as its department is told of it; `examples` are cells as they may stand in it.

    `kind` says what is read: student, text, count, yuan, signed-yuan, flag or list (cells.py).
    """

    name: str
    kind: str
    title: Text
    text: Text
    examples: tuple[str, ...]


STUDENT_COLUMN = Column(
    name="student",
    kind="student",
    title={"zh": "学号", "en": "Student number"},
    text={
        "zh": "与毕业生名单中的学号一致；每名学生一行，没有欠费或未还的也要有",
        "en": "as in the roster; every student has a row, those who owe nothing too",
    },
    examples=("2022S01001", "2022S01002", "2022S01003"),
)


@dataclass(frozen=True)
class Feed:
    """The snapshot a department delivers: its columns, and the share of graduates it may change unasked."""

    columns: tuple[str, ...]
    hold_share: float
    described: Mapping[str, Column] = field(default_factory=dict[str, Column])
    """What step.toml tells of the columns (feed.describe), by name; `student` is the same everywhere."""

    @property
    def contract(self) -> tuple[Column, ...]:
        """Every column in order; one that nothing is told of has its name for a title."""
        known = {STUDENT_COLUMN.name: STUDENT_COLUMN, **self.described}
        return tuple(
            known.get(name)
            or Column(name, "text", dict.fromkeys(("zh", "en"), name), dict.fromkeys(("zh", "en"), ""), ("",))
            for name in self.columns
        )


@dataclass(frozen=True)
class Appointments:
    """The times people can book: the answer `field` that holds one, hours of a working day, how many fit in each."""

    field: str
    title: Text
    times: tuple[tuple[str, str], ...]
    """Beginning and end, "08:30"."""
    capacity: int
    days_ahead: int
    notice_hours: int
    """How long before its beginning a time must be booked."""
    in_room: bool = False
    """Whether it is in the graduate's room, and not at the office."""


@dataclass(frozen=True)
class Membership:
    """In which versions of a flow a step is part of it: from `first` to `last`, or for as long as the flow lives."""

    first: int = 1
    last: int | None = None

    def covers(self, version: int) -> bool:
        return self.first <= version and (self.last is None or version <= self.last)


@dataclass(frozen=True)
class StepDefinition:
    id: str
    module: str
    order: int
    department: str
    memberships: Mapping[str, Membership]
    """By flow: in which of its versions the step is part of it."""
    title: Text
    applies: str = ""
    needs: tuple[str, ...] = ()
    final: bool = False
    feed: Feed | None = None
    ready: bool = False
    signer: str = ""
    """Who signs before the office does: "supervisor", the graduate's own, or nobody else (an empty text)."""
    confidential: bool = False
    """What the graduate answers is for the step's own office; their school does not see it."""
    actions: Mapping[str, Action] = field(default_factory=dict[str, Action])
    reasons: Mapping[str, Text] = field(default_factory=dict[str, Text])
    appointments: Appointments | None = None
    former: tuple[Field, ...] = ()
    """What earlier forms asked: answers that open cases still hold are shown in these words."""
    folder: Path = Path()

    @property
    def flows(self) -> frozenset[str]:
        """The flows the step is part of today."""
        return frozenset(flow for flow in self.memberships if self.part_of(flow, flow_version(flow)))

    @property
    def asks_about(self) -> frozenset[str]:
        """The flags of a graduate that decide where the step stands: those that an action of it is only for."""
        return frozenset(action.only for action in self.actions.values() if action.only)

    def part_of(self, flow: str, version: int) -> bool:
        """Whether the step is part of `flow` in its `version`."""
        membership = self.memberships.get(flow)
        return membership is not None and membership.covers(version)

    def supervisor(self, staff: str) -> str:
        """`staff` where the step is signed by the graduate's supervisor, nobody (an empty text) where it is not."""
        return staff if self.signer == "supervisor" else ""

    @property
    def secrets(self) -> dict[str, Text]:
        """The answers that only the graduate may see, by field, and what they are called."""
        return {one.name: one.title for action in self.actions.values() for one in action.fields if one.secret}

    @property
    def facts(self) -> dict[str, str]:
        """Which fact each answer is, by field, of those that are one."""
        return {
            one.name: one.fact
            for action in self.actions.values()
            if action.by == "student"
            for one in action.fields
            if one.fact
        }

    @property
    def sealed(self) -> frozenset[str]:
        """The answers that are kept encrypted, by field."""
        return frozenset(one.name for action in self.actions.values() for one in action.fields if one.sealed)

    def guide(self, language: str, flow: str = "") -> str:
        """The guide of the step in `language` (Markdown), or an empty text when it has none.

        A flow in which things are done otherwise may have its own: guide.<flow>.<language>.md.
        """
        own = _text(self.folder / f"guide.{flow}.{language}.md") if flow else ""
        return own or _text(self.folder / f"guide.{language}.md")


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


REASON_FIELD = Field(
    name="reason",
    schema={"type": "string", "minLength": 2, "maxLength": 500},
    title={"zh": "理由（学生会看到）", "en": "Reason (the student sees it)"},
)
UPLOAD_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$", "minLength": 32, "maxLength": 32}
"""The schema of a field that asks for evidence."""
SENT_BACK: Text = {"zh": "{office}退回：{reason}", "en": "{office} sent it back: {reason}"}


def _standard_actions(step: Mapping[str, Any], actions: Mapping[str, Action]) -> dict[str, Action]:
    """What the office of every step can do besides its own actions. Nothing standard touches a final step's end."""
    standard: dict[str, Action] = {}
    if any(action.by == "student" and action.to == "submitted" for action in actions.values()):
        standard["send-back"] = Action(
            id="send-back",
            by="department",
            sources=frozenset({"submitted"}),
            to="blocked",
            title={"zh": "退回", "en": "Send back"},
            done={"zh": "已退回，学生会看到理由。", "en": "Sent back. The student sees your reason."},
            bulk=True,
            fields=(REASON_FIELD,),
            standard=True,
        )
    if not step.get("final"):
        standard["waive"] = Action(
            id="waive",
            by="department",
            sources=frozenset({"ready", "submitted", "blocked"}),
            to="waived",
            title={"zh": "免办", "en": "Waive"},
            done={"zh": "已免办，学生会看到理由。", "en": "Waived. The student sees your reason."},
            fields=(REASON_FIELD,),
            standard=True,
            proved=True,
        )
        standard["reopen"] = Action(
            id="reopen",
            by="department",
            sources=frozenset({"done", "waived"}),
            to="ready",
            title={"zh": "重新打开", "en": "Reopen"},
            done={"zh": "已重新打开，学生会看到理由。", "en": "Reopened. The student sees your reason."},
            fields=(REASON_FIELD,),
            standard=True,
        )
    return standard


def _field(entry: Mapping[str, Any]) -> Field:
    evidence = entry.get("evidence")
    return Field(
        name=entry["name"],
        schema=UPLOAD_ID if evidence else entry["schema"],
        title=entry["title"],
        required=entry.get("required", True),
        options=tuple(entry.get("options", ())),
        days_ahead=entry.get("days_ahead"),
        days_back=entry.get("days_back"),
        evidence=Evidence(tuple(evidence["types"]), evidence["largest_mb"]) if evidence else None,
        secret=entry.get("secret", False),
        sealed=entry.get("sealed", False),
        fact=entry.get("fact", ""),
    )


def _appointments(raw: Mapping[str, Any]) -> Appointments:
    return Appointments(
        field=raw["field"],
        title=raw["title"],
        times=tuple((start, end) for start, _, end in (time.partition("-") for time in raw["times"])),
        capacity=raw["capacity"],
        days_ahead=raw["days_ahead"],
        notice_hours=raw["notice_hours"],
        in_room=raw.get("in_room", False),
    )


def action(name: str, raw: Mapping[str, Any]) -> Action:
    fields = tuple(_field(entry) for entry in raw.get("fields", ()))
    return Action(
        id=name,
        by=raw["by"],
        sources=frozenset(raw["from"]),
        to=raw["to"],
        title=raw["title"],
        bulk=raw.get("bulk", False),
        only=raw.get("only", ""),
        once=raw.get("once", False),
        flows=frozenset(raw.get("flows", ())),
        when=raw.get("when", {}),
        done=raw.get("done", {}),
        fields=fields,
        proved=raw.get("proved", False),
    )


def _described(feed: Mapping[str, Any]) -> dict[str, Column]:
    return {
        entry["column"]: Column(entry["column"], entry["kind"], entry["title"], entry["text"], tuple(entry["examples"]))
        for entry in feed.get("describe", ())
    }


def membership(told: str) -> tuple[str, Membership]:
    """What one entry of a step's `flows` says: "postgraduate", "postgraduate@2" (from version 2 on),
    "postgraduate@1-2" (in versions 1 to 2). Raises ValueError for anything else.
    """
    found = _PART_OF.fullmatch(told)
    if not found:
        raise ValueError(f"flows: {told!r} is none of flow, flow@first, flow@first-last")
    first = int(found["first"] or 1)
    last = int(found["last"]) if found["last"] else None
    if last is not None and last < first:
        raise ValueError(f"flows: {told!r} ends before it begins")
    return found["flow"], Membership(first, last)


def read(path: Path) -> StepDefinition:
    """The definition in the step.toml at `path`. Raises KeyError, ValueError or TOMLDecodeError when malformed."""
    raw = tomllib.loads(path.read_text("utf-8"))
    own = {name: action(name, entry) for name, entry in raw.get("actions", {}).items()}
    feed = raw.get("feed")
    actions = own | _standard_actions(raw, own)
    reasons = dict(raw.get("reasons", {}))
    if "send-back" in actions:
        reasons["sent-back"] = SENT_BACK
    return StepDefinition(
        id=raw["id"],
        module=path.parent.name,
        order=raw["order"],
        department=raw["department"],
        memberships=dict(membership(told) for told in raw["flows"]),
        title=raw["title"],
        applies=raw.get("applies", ""),
        needs=tuple(raw.get("needs", ())),
        final=raw.get("final", False),
        feed=Feed(tuple(feed["columns"]), feed["hold_share"], _described(feed)) if feed else None,
        ready="ready" in raw,
        signer=raw.get("signer", ""),
        confidential=raw.get("confidential", False),
        actions=actions,
        reasons=reasons,
        appointments=_appointments(raw["appointments"]) if "appointments" in raw else None,
        former=tuple(_field(entry) for entry in raw.get("former", ())),
        folder=path.parent,
    )


def folder() -> Path:
    """Where the definitions lie: beside this module in a layer, in functions/ in a source checkout."""
    told = os.environ.get("YINJI_STEPS")
    if told:
        return Path(told)
    packaged = Path(__file__).parent / "steps"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "functions" / "clearance" / "steps"


@cache
def steps() -> Mapping[str, StepDefinition]:
    """Every step by id, in the order of page, guide and flow."""
    found = sorted((read(path) for path in folder().glob("*/step.toml")), key=lambda step: step.order)
    return {step.id: step for step in found}


@cache
def flow_version(flow: str) -> int:
    """The version of `flow` that cases open with today: the newest that any step of it tells of."""
    known = [step.memberships[flow] for step in steps().values() if flow in step.memberships]
    return max((max(one.first, one.last + 1 if one.last else 1) for one in known), default=1)


def needs_of(step: StepDefinition, applicable: Mapping[str, Any]) -> list[str]:
    """The ids among `applicable` that must be settled before `step` can be dealt with."""
    every = steps()
    if EVERY_EARLIER_STEP in step.needs:
        return [other for other in applicable if other in every and every[other].order < step.order]
    return [other for other in step.needs if other in applicable]
