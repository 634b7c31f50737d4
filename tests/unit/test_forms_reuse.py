"""Whichever form is filled first, the next asks for none of its facts: those that come with it, those of clearance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from yinji.forms import clearance
from yinji.forms.facts import Fact, learnt
from yinji.forms.filling import Sent, fill, mark, questions, used
from yinji.forms.form import Form, asked

from tests.forms import AT, WHO, answer, every_form

FORMS = every_form() | clearance.forms()
UPLOAD = "0" * 32


def fills(form: Form, known: dict[str, Fact]) -> dict[str, str]:
    """How the questions of `form` were dealt with by somebody who agrees to all that is `known`, and what is known
    then."""
    answers, uses = dict[str, object](), dict[str, str]()
    standing = questions(form, known, AT)
    while left := [one for one in asked(tuple(form.fields), answers) if one.name not in answers]:
        one, fact = left[0], standing[left[0].name].fact
        answers[one.name] = fact.value if fact else answer(one, UPLOAD)
        if fact:
            uses[one.name] = mark(fact)
    came = Sent({name: value for name, value in answers.items() if name not in uses}, uses)
    clear = {name: fact.value for name, fact in used(form, came, known).items()}
    done = fill(form, WHO.sub, came, known, clear, AT + timedelta(minutes=1))
    assert not done.wrong, (form.id, done.wrong)
    for said in done.said:
        known[said.kind], _ = learnt(known.get(said.kind), said)
    return {one.fact: done.ways[one.name] for one in form.fields if one.fact}


@pytest.mark.parametrize("first", sorted(FORMS))
def test_a_second_form_asks_none_of_the_facts_of_the_first(first: str) -> None:
    for second in FORMS.values():
        known: dict[str, Fact] = {}
        told = {fact for fact, way in fills(FORMS[first], known).items() if way == "asked"}
        ways = fills(second, known)
        assert not [fact for fact in told & ways.keys() if ways[fact] == "asked"], (first, second.id)
        assert {ways[fact] for fact in told & ways.keys()} <= {"confirmed", "skipped"}


def test_there_are_many_of_them_and_they_share_facts() -> None:
    pointing = [{one.fact for one in form.fields if one.fact} for form in FORMS.values()]
    assert len(FORMS) >= 25 and sum(bool(some) for some in pointing) >= 15
    assert sum(bool(one & other) for one in pointing for other in pointing) >= 80
