"""Deciding about records 认证: certify, refuse, revoke, settle what a student says is wrong. Pure.

Whoever decides says which version of the record they saw. Every decision is an event, kept for ever; the words of a
reason are its key in reasons.toml, and what was written besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from yinji.archive import claims
from yinji.archive.hours import Hours
from yinji.archive.kinds import Text, rules
from yinji.archive.portrait import portrait
from yinji.archive.record import Certification, Record, RecordEvent, State, wrong_with
from yinji.archive.student import Student
from yinji.platform.clock import stamp
from yinji.platform.problem import Problem, invalid_form

Deed = Literal["certify", "refuse", "revoke", "settle"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
SOURCES: Mapping[Deed, frozenset[State]] = {
    "certify": frozenset({"pending", "refused", "revoked"}),
    "refuse": frozenset({"pending"}),
    "revoke": frozenset({"certified"}),
    "settle": frozenset({"pending", "certified", "refused", "revoked"}),
}
"""From which states each can be done; settle, while the student says that something is wrong."""
EVENTS: Mapping[Deed, str] = {"certify": "certified", "refuse": "refused", "revoke": "revoked", "settle": "settled"}
LEADS: Mapping[Deed, State] = {"certify": "certified", "refuse": "refused", "revoke": "revoked"}
Verdict = Literal["corrected", "taken-out", "stays"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What came of a dispute: the record is put right, counts no more, or stays as it is."""
CORRECTED = ("title", "day", "minutes", "dimension", "level", "place", "organiser")
"""What can be put right of a record."""
SHORTEST, LONGEST = 2, 500
OTHER = "other"
"""The reason that says nothing by itself: words have to."""


@dataclass(frozen=True)
class Decision:
    """`who` does `deed` to a record, which `key` tells from their other decisions. `why` is a reason's key in
    reasons.toml, with or without words after it; of settle, the answer to the student."""

    deed: Deed
    who: str
    role: str
    at: datetime
    key: str
    why: str = ""
    verdict: Verdict = "stays"
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a record that is put right is to say."""
    acts_for: str = ""

    @property
    def event(self) -> RecordEvent:
        what = EVENTS[self.deed]
        return RecordEvent(what, self.who, self.role, self.at, self.why, self.key, acts_for=self.acts_for)


@cache
def reasons() -> Mapping[str, Mapping[str, Text]]:
    """Why a record may be refused or revoked, by deed and key, in both languages."""
    return tomllib.loads(Path(__file__).with_name("reasons.toml").read_text("utf-8"))


def reason_of(deed: Deed, code: str, words: str) -> str:
    """What is kept of the reason `code` and the free `words`. Raises invalid-form."""
    told = words.strip()
    if len(told) > LONGEST:
        raise invalid_form({"words": "invalid"})
    if deed not in reasons():
        return told
    if code not in reasons()[deed]:
        raise invalid_form({"reason": "required" if not code else "invalid"})
    if code == OTHER and len(told) < SHORTEST:
        raise invalid_form({"words": "required"})
    return f"{code}: {told}" if told else code


def said(why: str, language: str) -> str:
    """A reason as it was kept, in words."""
    code, _, words = why.partition(": ")
    known = next((some[code] for some in reasons().values() if code in some), None)
    if known is None:
        return why
    if code == OTHER:
        return words
    return f"{known[language]}{'：' if language == 'zh' else ': '}{words}" if words else known[language]


def corrections(fields: Mapping[str, str]) -> dict[str, Any]:
    """What of `fields` puts a record right; hours are told as people write them. Raises invalid-form."""
    told: dict[str, Any] = {name: " ".join(fields[name].split()) for name in CORRECTED if name in fields}
    if "day" in told:
        try:
            told["day"] = date.fromisoformat(told["day"])
        except ValueError:
            raise invalid_form({"day": "invalid"}) from None
    told.pop("minutes", None)
    return told | ({"minutes": claims.minutes_of(fields["hours"].strip())} if "hours" in fields else {})


def decide(record: Record, decision: Decision, today: date) -> tuple[Record, RecordEvent]:
    """`record` after `decision`, and the event that tells of it.

    Raises Problem("decided-already") where it is so already, "not-disputed", "not-decidable"; invalid-form.
    """
    deed = decision.deed
    if deed == "settle" and not record.disputed:
        raise Problem("not-disputed")
    if record.state == LEADS.get(deed):
        raise Problem("decided-already")
    if record.state not in SOURCES[deed]:
        raise Problem("not-decidable")
    event = decision.event
    mark = Certification(decision.who, decision.at, decision.why)
    if deed != "settle":
        return replace(record, state=LEADS[deed], certification=mark, via="office"), event
    settled = replace(record, disputed="", disputed_at=None, via="office")
    if decision.verdict == "stays":
        return settled, event
    if decision.verdict == "taken-out":
        state: State = "revoked" if record.state == "certified" else "refused"
        return replace(settled, state=state, certification=mark), replace(event, was={"state": record.state})
    was = {name: getattr(record, name) for name, told in decision.facts.items() if getattr(record, name) != told}
    if not was:
        raise invalid_form(dict.fromkeys(CORRECTED, "required"))
    # what the source said before is older than what is known now
    put_right = replace(settled, **decision.facts, as_of=stamp(decision.at))
    if wrong := wrong_with(put_right, today):
        raise invalid_form({wrong: "invalid"})
    if put_right.counts:
        put_right = replace(put_right, certification=mark)
    return put_right, replace(event, was={name: str(value) for name, value in was.items()})


@dataclass(frozen=True)
class Worth:
    """What a record adds once it counts: points of its dimension and overall, and minutes of the second classroom."""

    points: int
    minutes: int
    hundreds: tuple[str, ...]
    """The hundreds in which it is something new."""


def worth(student: Student, records: Iterable[Record], record: Record) -> Worth:
    """What `record` adds to what `records`, the others of `student`, amount to; limits of its term included."""
    others = [one for one in records if one.key != record.key]
    counted = replace(record, state="certified", certification=Certification(record.source, datetime.min))
    without, with_it = portrait(student, others), portrait(student, [*others, counted])
    asked = Hours(rules(student.programme)), Hours(rules(student.programme))
    for one in others:
        if one.counts:
            for hours in asked:
                hours.add(one)
    asked[1].add(counted)
    before, after = (sum(hours.credited().values()) for hours in asked)
    return Worth(
        sum(one.score for one in with_it.tallies) - sum(one.score for one in without.tallies),
        after - before,
        tuple(id for id, number in with_it.hundreds.items() if number > without.hundreds[id]),
    )


def alike(records: Iterable[Record], record: Record) -> list[Record]:
    """What else the student has of that kind in that term, the latest first; what was taken back is left out."""
    found = [
        one
        for one in records
        if one.key != record.key and (one.kind, one.term) == (record.kind, record.term) and one.state != "void"
    ]
    return sorted(found, key=lambda one: (one.day, one.time, one.key), reverse=True)
