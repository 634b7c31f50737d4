"""What one-form is for: nobody fills in the same thing twice, whichever forms they fill, in whichever order."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from yinji.clearance.store import Store
from yinji.forms import clearance
from yinji.forms.facts_store import Facts
from yinji.forms.filling import Filled, fill, questions, used
from yinji.forms.form import Form
from yinji.forms.sending import Desk, Sheet
from yinji.forms.store import Draft, Forms
from yinji.forms.submission import Submission
from yinji.identity.session import Session
from yinji.platform import clock

from tests.forms import AT, WHO, every_form, filled
from tests.functions.conftest import Cloud

DOCS = Path(__file__).parents[2] / "docs/forms.md"
BETWEEN = re.compile(r"<!-- reuse -->\n(.*?)<!-- /reuse -->", re.DOTALL)
PAIRS = list(permutations(sorted(every_form()), 2))


@pytest.fixture
def desk(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(clock, "now", lambda: AT)
    return Desk(Forms(), Facts(), Store())


def send(desk: Desk, id: str, who: Session = WHO) -> Submission:
    came = filled(desk.sheet(who, id, AT), who)
    return desk.submit(who, id, came, f"the-key-{id}").submission


def facts_of(form: Form, one: Submission) -> set[str]:
    """The facts that `one` told or agreed to."""
    return {form.by_name[name].fact for name in one.answers if form.by_name[name].fact}


def row(form: Form, one: Submission | Filled) -> str:
    ways = list(one.ways.values())
    asked, confirmed, skipped = (ways.count(way) for way in ("asked", "confirmed", "skipped"))
    return f"| {form.title['en']} {form.title['zh']} | {asked} | {confirmed} | {skipped} |"


def at_a_step(form: Form) -> Filled:
    """A form of a step of clearance, filled and learnt (how steps take it: test_forms_clearance.py)."""
    facts = Facts()
    known = facts.of(WHO.sub)
    came = filled(Sheet(form, known, questions(form, known, AT), Draft(WHO.sub, form.id)))
    clear = {name: facts.opened(fact).value for name, fact in used(form, came, known).items()}
    done = fill(form, WHO.sub, came, known, clear, AT)
    assert not done.wrong, form.id
    facts.learn(WHO.sub, done.said)
    return done


def test_one_person_fills_every_form_and_the_documentation_says_what_they_were_asked(desk: Desk) -> None:
    rows = ["| form | asked | confirmed | not asked |", "|---|---|---|---|"]
    known: set[str] = set()
    for id, form in every_form().items():
        one = send(desk, id, replace(WHO, school="S01"))
        facts = {one.fact: one.name for one in form.fields if one.fact}
        again = {fact for fact, name in facts.items() if fact in known and one.ways[name] == "asked"}
        assert not again, f"{id} asks what was told before"
        assert not one.repeated, f"{id} asks in other words what is known"
        known |= facts_of(form, one)
        rows.append(row(form, one))
    for form in clearance.forms().values():
        done = at_a_step(form)
        again = {one.fact for one in form.fields if one.fact in known and done.ways[one.name] == "asked"}
        assert not again, f"{form.id} asks what was told before"
        known |= {one.fact for one in form.fields if one.fact and one.name in done.answers}
        rows.append(row(form, done))
    print("\n".join(rows))  # noqa: T201 - the table that is held against what is written
    [told] = BETWEEN.findall(DOCS.read_text("utf-8"))
    assert told == "".join(f"{line}\n" for line in rows)


@pytest.mark.parametrize("first", sorted(every_form()))
def test_no_form_asks_what_another_asked_before_it(desk: Desk, first: str) -> None:
    forms = every_form()
    for number, (one, second) in enumerate(PAIRS):
        if one != first:
            continue
        who = Session(f"2022S0{number:04}", "student", "苏明", school="S01")
        shared = facts_of(forms[first], send(desk, first, who))
        sheet = desk.sheet(who, second, AT)
        standing = {field.fact: sheet.questions[field.name].standing for field in forms[second].fields if field.fact}
        assert {standing[fact] for fact in shared & standing.keys()} <= {"known"}, (first, second)
        ways = send(desk, second, who).ways
        asked = {field.fact for field in forms[second].fields if field.fact and ways[field.name] == "asked"}
        assert not asked & shared, (first, second)


def test_the_very_same_form_asks_no_fact_again(desk: Desk) -> None:
    for number, (id, form) in enumerate(every_form().items()):
        if form.once:
            continue
        who = Session(f"2023S0{number:04}", "student", "苏明", school="S01")
        send(desk, id, who)
        came = filled(desk.sheet(who, id, AT), who)
        ways = desk.submit(who, id, came, "the-key-again").submission.ways
        assert not [field.name for field in form.fields if field.fact and ways[field.name] == "asked"]
