"""Clearance's forms as forms of one-form, and what is known used in them. Pure.

The steps of clearance define their forms themselves (step.toml), for a step is one folder; a question that names a fact
is asked as any form asks for it: what is known and fresh is confirmed, and what is answered is known from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from yinji.clearance import definition, sealing
from yinji.clearance.case import Case
from yinji.clearance.definition import Action, StepDefinition
from yinji.clearance.definition import Field as StepField
from yinji.forms import facts
from yinji.forms.facts import SELF, Fact
from yinji.forms.filling import USE, Question, mark, question
from yinji.forms.form import Field, Form, Option, Page, of_fact
from yinji.platform.problem import invalid_form

THROUGH = "clearance"


def form_id(step: str, action: str) -> str:
    """What a form of clearance is called among forms; also what a fact that was told by it came through."""
    return f"{THROUGH}-{step}-{action}"


@cache
def forms() -> Mapping[str, Form]:
    """Every form that a graduate fills in clearance, by id."""
    return {
        form_id(step.id, action.id): form_of(step, action)
        for step in definition.steps().values()
        for action in step.actions.values()
        if action.by == "student" and action.fields
    }


def form_of(step: StepDefinition, action: Action) -> Form:
    """The form of `action` of `step`."""
    title = {language: f"{step.title[language]} · {action.title[language]}" for language in ("zh", "en")}
    page = Page(dict(action.title), tuple(map(field_of, action.fields)))
    return Form(form_id(step.id, action.id), step.department, title, {}, (page,), version=1)


def field_of(one: StepField) -> Field:
    """A question of a step as one of a form."""
    if one.fact:
        return of_fact(one.name, one.fact, one.title, required=one.required)
    if one.schema.get("const") is not None:
        return Field(one.name, one.title, "tick", required=one.required)
    if one.evidence:
        return Field(one.name, one.title, "attachment", required=one.required, evidence=one.evidence)
    if one.options:
        options = tuple(Option(told["value"], {"zh": told["zh"], "en": told["en"]}) for told in one.options)
        return Field(one.name, one.title, "choice", required=one.required, options=options)
    if one.schema.get("format") == "date":
        return Field(one.name, one.title, "date", required=one.required)
    limits = {key: value for key, value in one.schema.items() if key != "type"}
    return Field(one.name, one.title, required=one.required, limits=limits)


def questions(action: Action, known: Mapping[str, Fact], now: datetime) -> dict[str, Question]:
    """The questions of `action` that ask for facts, by field, as they stand for somebody of whom `known` is known."""
    return {one.name: question(field_of(one), known, now) for one in action.fields if one.fact}


def without_uses(answers: Mapping[str, str]) -> dict[str, str]:
    """`answers` without what agrees to known facts."""
    return {name: text for name, text in answers.items() if not name.startswith(USE)}


def agreed(action: Action, answers: Mapping[str, str], known: Mapping[str, Fact]) -> dict[str, Fact]:
    """The known facts that `answers` agree to (`use.<field>` with the mark of what was seen), by field; what is typed
    beside one is meant instead. Raises Problem("invalid-form"), "changed", for what is not as it was seen."""
    found: dict[str, Fact] = {}
    wrong: dict[str, str] = {}
    for one in action.fields:
        seen = answers.get(USE + one.name, "")
        if not seen or not one.fact or answers.get(one.name):
            continue
        fact = known.get(one.fact)
        if fact is None or mark(fact) != seen:
            wrong[one.name] = "changed"
        else:
            found[one.name] = fact
    if wrong:
        raise invalid_form(wrong)
    return found


def said(case: Case, step: StepDefinition, opened: sealing.PersonKey | None, at: datetime) -> list[Fact]:
    """What the answers at `step` tell of the graduate as of `at`, in clear; what nobody can open any more, or is none
    of its kind, tells nothing."""
    answers: Mapping[str, Any] = case.steps[step.id].facts.answers
    found: list[Fact] = []
    for name, kind in step.facts.items():
        value = str(answers.get(name) or "")
        if sealing.is_sealed(value):
            value = sealing.shown(opened, f"{step.id}/{name}", value)
        if value and facts.validator(kind).holds(value):
            through = next(
                form_id(step.id, action.id)
                for action in step.actions.values()
                if any(one.name == name for one in action.fields)
            )
            found.append(Fact(case.graduate.student, kind, value, SELF, through, at))
    return found
