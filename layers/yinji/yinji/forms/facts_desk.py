"""What people do about facts: look at their own, correct one; and what the departments of systems of record decide
where the record and the person say different things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from yinji.clearance.policy import may
from yinji.forms.facts import (
    SELF,
    Claim,
    Conflict,
    Deed,
    Fact,
    Kind,
    Source,
    kinds,
    may_read,
    may_write,
    read,
    shown,
    sources,
    standing,
    validator,
)
from yinji.forms.facts_store import Facts, Open
from yinji.identity.session import Session
from yinji.platform.clock import stamp
from yinji.platform.problem import Problem, invalid_form

DEEDS: tuple[Deed, ...] = get_args(Deed)
BY_PAGE = "facts-page"
"""What is said on the page of facts came through it."""
Document = dict[str, Any]

MOST = 200
"""Of conflicts, how many are shown: whoever has decided of these sees the next."""


@dataclass(frozen=True)
class Waiting:
    """A conflict as an office sees it: the person's name, as far as it is known."""

    open: Open
    name: str


# --- one's own --------------------------------------------------------------------------------------------------------
def correctable(session: Session, kind: Kind) -> bool:
    """Whether `session` may say what their own fact of `kind` is."""
    return may(session, "correct-fact", student=session.sub) and may_write(kind, session.role, self_=True)


def readable(session: Session, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Those of one's own `facts` that `session` may read."""
    return {id: fact for id, fact in facts.items() if may_read(kinds()[id], session.role, self_=True)}


def seen_version(fields: Mapping[str, str]) -> int:
    """The version of the fact that whoever sent `fields` saw, 0 where there was none. Raises
    Problem("malformed-request")."""
    text = fields.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise Problem("malformed-request")
    return int(text)


def correct(facts: Facts, session: Session, kind: str, fields: Mapping[str, str], version: int, now: datetime) -> Fact:
    """Let `session` say what their own fact of `kind` is: `fields` hold it as "value", or "value.<part>" where it has
    parts; `version` is that of the fact they saw, 0 where there was none. The fact as it is known then: with a claim
    where a system of record says otherwise.

    What is sent again is said once. Raises Problem("not-found"), Problem("forbidden"), Problem("invalid-form"),
    Problem("changed-meanwhile"), Problem("too-busy").
    """
    found = kinds().get(kind)
    if found is None:
        raise Problem("not-found")
    if not correctable(session, found):
        raise Problem("forbidden")
    value = answered(found, fields)
    known = facts.of(session.sub).get(kind)
    if (known.version if known else 0) != version:
        clear = facts.opened_all(session.sub, [known])[0] if known else None
        if known is None or clear is None or value != (clear.claim.value if clear.claim else clear.value):
            raise Problem("changed-meanwhile")
        return known
    facts.learn(session.sub, [Fact(session.sub, kind, value, SELF, BY_PAGE, now)])
    return facts.of(session.sub)[kind]


def answered(kind: Kind, fields: Mapping[str, str]) -> Any:
    """The value of `kind` that `fields` hold. Raises Problem("invalid-form")."""
    if not kind.parts:
        text = fields.get("value", "")
        try:
            return read(kind.id, text)
        except ValueError:
            raise invalid_form({"value": "invalid" if text.strip() else "required"}) from None
    value = {part.id: fields.get(f"value.{part.id}", "").strip() for part in kind.parts}
    missing = {f"value.{id}": "required" for id, text in value.items() if not text}
    wrong = {f"value.{one.at.strip('/')}": "invalid" for one in validator(kind.id).wrong(value)}
    if wrong | missing:
        raise invalid_form(wrong | missing)
    return value


# --- offices' ---------------------------------------------------------------------------------------------------------
def answers_for(session: Session) -> list[Source]:
    """The systems of record about whose conflicts `session` may decide."""
    return [one for one in sources().values() if may(session, "decide-fact", department=one.department)]


def decides(session: Session) -> list[Source]:
    """The same. Raises Problem("forbidden") when there are none."""
    if not (found := answers_for(session)):
        raise Problem("forbidden")
    return found


def waiting(facts: Facts, session: Session) -> list[Waiting]:
    """The conflicts that `session` may decide, whoever waits longest first; nobody decides of their own. Raises
    Problem("forbidden")."""
    own = (session.sub, session.acts_for)
    found = [one for source in decides(session) for one in facts.conflicts(source.id) if one.conflict.person not in own]
    ordered = sorted(found, key=lambda one: (one.conflict.at, one.conflict.id))[:MOST]
    names = facts.names([one.conflict.person for one in ordered])
    return [Waiting(one, names.get(one.conflict.person, "")) for one in ordered]


def decide(facts: Facts, session: Session, id: str, deed: str, version: int, now: datetime) -> Conflict | None:
    """Let `session` decide of the conflict `id`, as they saw it: as Facts.decide. Raises Problem("forbidden"),
    Problem("not-found"), Problem("changed-meanwhile"), Problem("too-busy")."""
    some = decides(session)
    chosen: Deed | None = next((one for one in DEEDS if one == deed), None)
    if chosen is None:
        raise Problem("not-found")
    for source in some:
        try:
            return facts.decide(
                id, source.id, version, chosen, session.sub, now, not_of=(session.sub, session.acts_for)
            )
        except Problem as problem:
            if problem.code != "not-found":
                raise
    raise Problem("not-found")


# --- as programs see it -----------------------------------------------------------------------------------------------
def fact_document(fact: Fact, history: Sequence[Fact], session: Session, language: str, now: datetime) -> Document:
    """A fact of one's own with its history; what is sensitive is masked."""
    kind = kinds()[fact.kind]
    return {
        "kind": fact.kind,
        "title": dict(kind.title),
        "group": kind.group,
        **_said(fact, language),
        "version": fact.version,
        "standing": standing(fact, now),
        "true_at": stamp(fact.true_at),
        "correctable": correctable(session, kind),
        "under_way": _claim(fact, language),
        "history": [_said(one, language) | {"version": one.version, "claim": _claim(one, language)} for one in history],
    }


def kind_document(kind: Kind, session: Session) -> Document:
    """A kind of which nothing is known of whoever asks."""
    return {
        "kind": kind.id,
        "title": dict(kind.title),
        "group": kind.group,
        "source": kind.source,
        "correctable": correctable(session, kind),
    }


def waiting_document(one: Waiting, language: str) -> Document:
    """A conflict as an office sees it; what is sensitive is masked."""
    conflict = one.open.conflict
    return {
        "id": conflict.id,
        "person": conflict.person,
        "name": one.name or None,
        "kind": conflict.kind,
        "title": dict(kinds()[conflict.kind].title),
        "source": conflict.source,
        "recorded": shown(conflict.kind, conflict.recorded, language),
        "typed": shown(conflict.kind, conflict.typed, language),
        "at": stamp(conflict.at),
        "version": one.open.version,
    }


def _said(fact: Fact, language: str) -> Document:
    return {
        "shown": shown(fact.kind, fact.value, language),
        "source": fact.source,
        "through": fact.through,
        "at": stamp(fact.at),
    }


def _claim(fact: Fact, language: str) -> Document | None:
    claim: Claim | None = fact.claim
    return {"shown": shown(fact.kind, claim.value, language), "at": stamp(claim.at)} if claim else None
