"""Filling a form: what is known is confirmed, what is missing or stale is asked, the rest is not asked at all. Pure.

A form sends, for a field that points at a fact, either `use.<name>` with the mark of the known fact that whoever fills
it has seen and agrees to, or `<name>` with what they typed. Fields of tables are `<name>.<row>.<column>`, of
several choices `<name>.<value>`, of what has parts `<name>.<part>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from yinji.forms import facts
from yinji.forms.facts import SELF, Fact
from yinji.forms.form import MOST_ROWS, Field, Form, asked
from yinji.forms.formats import tidy
from yinji.forms.matching import of_title
from yinji.platform.ids import id_of
from yinji.platform.strokes import drawn
from yinji.platform.text import plain

Standing = Literal["known", "stale", "missing", "own"]
"""Of a question: its fact is known and fresh, known but old, not known, or it asks for no fact."""
Way = Literal["confirmed", "corrected", "asked", "skipped"]
"""How a question was dealt with: a known fact was confirmed, or another value typed instead; it was asked; it was not
asked, because of an answer before it, or left empty."""
USE = "use."
MARK = 16
SHORTEST_REPEAT = 4
"""An answer that is as short as that may be the same as a fact by chance."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Question:
    """A field as somebody meets it: the `fact` that is known of them, if any."""

    field: Field
    standing: Standing
    fact: Fact | None = None


@dataclass(frozen=True)
class Sent:
    """What came in of a form, or of one page of it: `answers` by field as JSON has them, and by field the mark of the
    known fact that was agreed to."""

    answers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    uses: Mapping[str, str] = field(default_factory=dict[str, str])

    def over(self, before: Sent, fields: Sequence[Field]) -> Sent:
        """`before`, with everything about `fields` as it was sent now."""
        names = {one.name for one in fields}
        kept = {name: value for name, value in before.answers.items() if name not in names}
        used = {name: mark for name, mark in before.uses.items() if name not in names}
        return Sent(kept | dict(self.answers), used | dict(self.uses))


@dataclass(frozen=True)
class Filled:
    """A form as it was filled. `wrong` tells by field (a JSON Pointer without its first stroke) what is not right:
    required, invalid, changed; when it is empty, `answers` are valid. `said` are the facts that were told by it."""

    answers: Mapping[str, Any]
    ways: Mapping[str, Way]
    wrong: Mapping[str, str]
    said: tuple[Fact, ...] = ()
    repeated: tuple[str, ...] = ()
    """Questions that asked for something that was known, without pointing at it."""


def questions(form: Form, known: Mapping[str, Fact], now: datetime) -> dict[str, Question]:
    """Every field of `form` by name, as it stands for somebody of whom `known` is known, by kind."""
    return {one.name: question(one, known, now) for one in form.fields}


def question(one: Field, known: Mapping[str, Fact], now: datetime) -> Question:
    """`one` as it stands for somebody of whom `known` is known."""
    if not one.fact:
        return Question(one, "own")
    fact = known.get(one.fact)
    return Question(one, facts.standing(fact, now), fact)


# --- what was sent ---------------------------------------------------------------------------------------------------
def sent(fields: Sequence[Field], texts: Mapping[str, str]) -> Sent:
    """What the `texts` of a form say of `fields`, as JSON has it. What is not of its type stays as it was typed, for
    the schema to refuse it; what is empty is left out."""
    answers: dict[str, Any] = {}
    uses: dict[str, str] = {}
    for one in fields:
        seen = texts.get(USE + one.name, "")
        typed = _typed(one, texts, one.name)
        # somebody who types beside what is known means what they type
        if typed is None and seen and one.fact:
            uses[one.name] = seen[:MARK]
        elif typed is not None:
            answers[one.name] = typed
    return Sent(answers, uses)


def _typed(one: Field, texts: Mapping[str, str], name: str) -> Any:
    if one.way == "choices":
        chosen = [option.value for option in one.options if texts.get(f"{name}.{option.value}")]
        return chosen or None
    if one.way == "parts":
        told = {part.name: _typed(part, texts, f"{name}.{part.name}") for part in one.fields}
        return {part: value for part, value in told.items() if value is not None} or None
    if one.way == "rows":
        rows = [_row(one.fields, texts, f"{name}.{place}.") for place in range(MOST_ROWS)]
        return [row for row in rows if row] or None
    text = plain(texts.get(name, ""))
    if not text:
        return None
    if one.way == "tick":
        return True
    if one.way == "number":
        return _number(text)
    if one.way == "signature":
        return text if text.startswith(("typed:", "drawn:")) else f"typed:{' '.join(text.split())}"
    if one.way == "paragraph":
        return text
    return tidy(str(one.schema().get("format", "")), " ".join(text.split()) if "\n" not in text else text)


def _row(columns: Sequence[Field], texts: Mapping[str, str], beginning: str) -> dict[str, Any]:
    found = {one.name: _typed(one, texts, f"{beginning}{one.name}") for one in columns}
    told = {name: value for name, value in found.items() if value is not None}
    kept = {one.name for one in asked(columns, told)}
    return {name: value for name, value in told.items() if name in kept}


def _number(text: str) -> Any:
    said = text.replace(",", "").replace("，", "")
    if not _NUMBER.fullmatch(said):
        return text
    return float(said) if "." in said else int(said)


# --- what it comes to ------------------------------------------------------------------------------------------------
def used(form: Form, came: Sent, known: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts that `came` agrees to, by field, as they are known; those that have changed since are not
    among them."""
    found: dict[str, Fact] = {}
    for name, seen in came.uses.items():
        one = form.by_name.get(name)
        fact = known.get(one.fact) if one and one.fact else None
        if fact is not None and mark(fact) == seen:
            found[name] = fact
    return found


def mark(fact: Fact) -> str:
    """What tells one value of a fact from another, without telling it."""
    told = json.dumps(fact.value, sort_keys=True, ensure_ascii=False)
    return id_of("fact", fact.person, fact.kind, told, length=MARK)


def fill(
    form: Form, person: str, came: Sent, known: Mapping[str, Fact], clear: Mapping[str, Any], now: datetime
) -> Filled:
    """`form` as `person` filled it, of whom `known` is known by kind; `clear` are the values of the facts that are
    `used`, by field. Nothing is to be kept of it when something is wrong."""
    answers = dict(came.answers)
    wrong: dict[str, str] = {}
    for name in came.uses:
        if name in clear:
            answers[name] = clear[name]
        else:
            wrong[name] = "changed"
    put = asked(tuple(form.fields), answers)
    unknown = [name for name in answers if name not in form.by_name]
    answers = {one.name: answers[one.name] for one in put if one.name in answers}
    wrong |= dict.fromkeys(unknown, "unknown")
    for found in form.validator.wrong(answers):
        wrong.setdefault(found.at.removeprefix("/"), "required" if found.keyword == "required" else "invalid")
    for one in put:
        if one.way == "signature" and one.name in answers and not signed(one, answers[one.name]):
            wrong[one.name] = "invalid"
    ways: dict[str, Way] = {}
    said: list[Fact] = []
    for one in form.fields:
        ways[one.name] = way = _way(one, answers, came, known, now)
        # what was confirmed is true as of now, whoever told it first
        if one.fact and way != "skipped":
            said.append(Fact(person, one.fact, answers[one.name], SELF, form.id, now))
    repeated = tuple(one.name for one in put if one.name in answers and repeats(one, answers[one.name], known, now))
    return Filled(answers, ways, wrong, tuple(said), repeated)


def _way(one: Field, answers: Mapping[str, Any], came: Sent, known: Mapping[str, Fact], now: datetime) -> Way:
    if one.name not in answers:
        return "skipped"
    standing = question(one, known, now).standing
    if standing == "known":
        return "confirmed" if one.name in came.uses else "corrected"
    return "asked"


def signed(one: Field, told: Any) -> bool:
    """Whether `told` is a signature, of a kind that the field takes."""
    if not isinstance(told, str):
        return False
    how, _, mark = told.partition(":")
    if how not in one.signs:
        return False
    return drawn(mark) if how == "drawn" else 2 <= len(mark.strip()) <= 80


def repeats(one: Field, answer: Any, known: Mapping[str, Fact], now: datetime) -> bool:
    """Whether a question that points at no fact asked for one that was known: its words say so, or its answer is the
    very value."""
    if one.fact or one.way not in ("text", "paragraph", "number", "date", "choice"):
        return False
    fresh = {kind: fact for kind, fact in known.items() if facts.standing(fact, now) == "known"}
    if any(found.sure and found.fact in fresh for found in of_title(one.title, 1)):
        return True
    text = str(answer)
    if len(text) < SHORTEST_REPEAT:
        return False
    return any(isinstance(fact.value, str) and fact.value == text for fact in fresh.values())


def attachments(form: Form, answers: Mapping[str, Any]) -> dict[str, str]:
    """The ids of the documents among `answers`, by field."""
    return {
        one.name: cast(str, answers[one.name])
        for one in form.fields
        if one.way == "attachment" and isinstance(answers.get(one.name), str)
    }
