"""Pages of facts: what the university knows of oneself, and where people and systems of record differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup
from yinji.clearance import university
from yinji.clearance.definition import Text
from yinji.forms.facts import (
    DECIDED,
    SELF,
    Fact,
    Kind,
    Standing,
    groups,
    kinds,
    may_read,
    shown,
    sources,
    standing,
    told_apart,
)
from yinji.forms.facts_desk import DEEDS, correctable, decides, readable, waiting
from yinji.forms.facts_store import Facts
from yinji.identity import seen

from .visit import Visit
from .words import Words, catalogue


@dataclass(frozen=True)
class Row:
    """A kind of fact as its owner sees it: what is known, if anything, and the versions before it, the newest first."""

    kind: Kind
    fact: Fact | None
    standing: Standing
    correctable: bool
    past: list[Fact]

    @property
    def again(self) -> dict[str, str]:
        """The fields by which the same is said again; none where it is sealed, or a system of record says it."""
        if self.fact is None or self.kind.sealed or self.fact.recorded:
            return {}
        if self.kind.parts:
            return {f"value.{part.id}": str(self.fact.value[part.id]) for part in self.kind.parts}
        return {"value": str(self.fact.value)}


@dataclass(frozen=True)
class Group:
    """Kinds that are shown under one title: what is known, and what is not."""

    id: str
    title: Text
    known: list[Row]
    missing: list[Row]


def mine(visit: Visit, facts: Facts) -> dict[str, Any]:
    """What is known of whoever comes, by group. Raises Problem("signed-out") or Problem("forbidden")."""
    session = visit.someone
    visit.demand("see-own-facts", student=session.sub)
    known = readable(session, facts.of(session.sub))
    histories = facts.histories(session.sub)
    rows = [
        Row(
            kind,
            known.get(id),
            standing(known.get(id), visit.now),
            correctable(session, kind),
            list(reversed(told_apart(histories.get(id, ())))),
        )
        for id, kind in kinds().items()
        if may_read(kind, session.role, self_=True)
    ]
    found = [
        Group(
            id,
            title,
            [row for row in rows if row.kind.group == id and row.fact],
            [row for row in rows if row.kind.group == id and row.fact is None and row.correctable],
        )
        for id, title in groups().items()
    ]
    return {
        "groups": found,
        "number": len(known),
        "stale": sum(row.standing == "stale" for row in rows),
        "under_way": sum(fact.claim is not None for fact in known.values()),
        "hints": catalogue(visit.language),
        **_common(visit.words),
    }


def conflicts(visit: Visit, facts: Facts) -> dict[str, Any]:
    """What waits for whoever comes to decide it. Raises Problem("signed-out") or Problem("forbidden")."""
    session = visit.someone
    systems = decides(session)
    found = waiting(facts, session)
    seen.note(session, "facts", *sorted({one.open.conflict.person for one in found}))
    return {
        "found": found,
        "answers_for": [visit.words.say(source.title) for source in systems],
        "deeds": DEEDS,
        **_common(visit.words),
    }


# --- how it is said ------------------------------------------------------------------------------------------------
def _common(words: Words) -> dict[str, Any]:
    return {
        "kinds": kinds(),
        "sources": sources(),
        "value": partial(value, words),
        "came": partial(came, words),
        "office": partial(office, words),
    }


def value(words: Words, kind: str, value: Any) -> str:
    return shown(kind, value, words.language)


def came(words: Words, fact: Fact) -> Markup | str:
    """Who said it: the person, a system of record, or the department that decided."""
    if fact.source == SELF:
        return words("forms-facts.by-you")
    if fact.source not in sources():
        return fact.source
    if fact.through == DECIDED:
        return words("forms-facts.by-decision", office=office(words, fact.source))
    return words.say(sources()[fact.source].title)


def office(words: Words, source: str) -> str:
    """The department that answers for a system of record."""
    return words.say(university.departments()[sources()[source].department])
