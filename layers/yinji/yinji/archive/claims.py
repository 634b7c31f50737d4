"""Claims: what students say they did, for somebody to certify; and what they say is wrong with a record. Pure.

A claim is a record of the source "claim", whose word is the student's: they change it or take it back while it waits.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from yinji.archive.kinds import dimensions, kinds, levels
from yinji.archive.record import Record, wrong_with
from yinji.clearance import definition
from yinji.clearance.definition import Action
from yinji.platform.clock import stamp
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form

SOURCE = "claim"
STEP, EVIDENCE = "archive-claim", "evidence"
"""What uploads of a claim are asked for by, in place of a step of clearance, and the question they answer."""
CHOSEN = {"kind": kinds, "dimension": dimensions, "level": levels}
"""The questions whose answers are what archives are made of."""
SAID = ("kind", "title", "dimension", "level", "place", "organiser", "note")
SHORTEST, LONGEST = 2, 500


@cache
def form() -> Action:
    """What a claim asks for; its questions are in claim.toml."""
    raw = tomllib.loads(Path(__file__).with_name("claim.toml").read_text("utf-8"))
    plain: Mapping[str, Any] = {"by": "student", "from": (), "to": ""}
    return definition.action("claim", {**plain, **raw, "fields": [_with_options(one) for one in raw["fields"]]})


def _with_options(field: Mapping[str, Any]) -> Mapping[str, Any]:
    every = CHOSEN.get(field["name"])
    if every is None:
        return field
    chosen = {id: one for id, one in every().items() if id not in field.get("but", ())}
    options = [{"value": id, **(one if isinstance(one, Mapping) else one.title)} for id, one in chosen.items()]
    return {**field, "options": options, "schema": {"type": "string", "enum": list(chosen)}}


def claimed(student: str, answers: Mapping[str, str], key: str, now: datetime, today: date) -> Record:
    """The claim that `answers`, which passed the form, make; sent again under `key` it is the same.

    Raises invalid-form.
    """
    id = id_of(student, key, length=20)
    return _checked(Record(student, SOURCE, id, state="pending", via="claim", **_facts(answers, now)), today)


def changed(claim: Record, answers: Mapping[str, str], now: datetime, today: date) -> Record:
    """`claim` with other answers. Raises Problem("decided-already"); invalid-form."""
    _demand_waiting(claim)
    return _checked(replace(claim, via="claim", **_facts(answers, now)), today)


def withdrawn(claim: Record, now: datetime) -> Record:
    """`claim`, taken back. Raises Problem("decided-already")."""
    _demand_waiting(claim)
    return replace(claim, state="void", via="claim", as_of=stamp(now), disputed="", disputed_at=None)


def disputed(record: Record, words: str, now: datetime) -> Record:
    """`record`, with which something is wrong; it goes on counting or not until somebody decides.

    Raises invalid-form; Problem("not-decidable") for what was taken back.
    """
    if record.state == "void":
        raise Problem("not-decidable")
    if not SHORTEST <= len(words) <= LONGEST:
        raise invalid_form({"words": "invalid" if words else "required"})
    # who says more about it waits since the first time
    return replace(record, disputed=words, disputed_at=record.disputed_at or now, via="claim")


def fingerprint(answers: Mapping[str, str]) -> str:
    """What tells a claim that is sent again from another one under its key."""
    return hashlib.sha256(json.dumps(sorted(answers.items()), ensure_ascii=True).encode()).hexdigest()[:32]


def minutes_of(hours: str) -> int:
    """Hours as people write them ("1.5") in minutes; 0 where nothing was written. Raises invalid-form."""
    try:
        return round(float(hours or 0) * 60)
    except (ValueError, OverflowError):
        raise invalid_form({"hours": "invalid"}) from None


def hours_of(minutes: int) -> str:
    """Minutes as people write hours."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


def answers_of(claim: Record) -> dict[str, str]:
    """What the form of `claim` was filled in with."""
    told = {name: str(getattr(claim, name)) for name in SAID} | {"day": claim.day.isoformat()}
    told |= {"hours": hours_of(claim.minutes) if claim.minutes else "", **claim.evidence}
    return {name: text for name, text in told.items() if text}


def _facts(answers: Mapping[str, str], now: datetime) -> dict[str, Any]:
    try:
        day = date.fromisoformat(answers.get("day", ""))
    except ValueError:
        raise invalid_form({"day": "invalid"}) from None
    told: dict[str, Any] = {name: " ".join(answers.get(name, "").split()) for name in SAID}
    upload = answers.get(EVIDENCE, "")
    return told | {
        "day": day,
        "minutes": minutes_of(answers.get("hours", "")),
        "evidence": {EVIDENCE: upload} if upload else {},
        "as_of": stamp(now),
    }


def _checked(claim: Record, today: date) -> Record:
    if wrong := wrong_with(claim, today):
        raise invalid_form({"hours" if wrong == "minutes" else wrong: "invalid"})
    return claim


def _demand_waiting(claim: Record) -> None:
    if claim.source != SOURCE:
        raise Problem("not-found")
    if claim.state != "pending":
        raise Problem("decided-already")
