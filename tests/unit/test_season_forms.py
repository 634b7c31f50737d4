"""What the demo's graduates fill in is right, whatever is known of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.forms import library
from yinji.forms.facts import Fact
from yinji.forms.filling import Sent, fill, mark, question
from yinji.forms.form import Form
from yinji.forms.telling import question as told_of

from infra.local.season import forms
from tests.forms import OF_FACTS

NOW = datetime(2026, 6, 10, tzinfo=UTC)
WHO = "2022S01001"
REGISTRY = {
    kind: Fact(WHO, kind, OF_FACTS[kind], "student-registry", "a file", NOW - timedelta(days=1))
    for kind in ("name", "latin-name", "school", "programme", "class", "sex")
}


def as_told(form: Form) -> dict[str, Any]:
    questions = {one.name: told_of(question(one, REGISTRY, NOW)) for one in form.fields}
    return {"schema": form.schema, "layout": form.layout, "questions": questions}


@pytest.mark.parametrize("id", forms.SENT)
def test_what_they_send_is_taken(id: str) -> None:
    form = library.shipped()[id][-1]
    came = forms.filled(as_told(form), WHO)
    clear = {name: REGISTRY[form.by_name[name].fact].value for name in came["uses"]}
    done = fill(form, WHO, Sent(came["answers"], came["uses"]), REGISTRY, clear, NOW)
    assert done.wrong == {} and came["uses"]["name"] == mark(REGISTRY["name"])
    assert forms.filled(as_told(form), WHO) == came, "a demo is the same whenever it is made"


def test_what_they_begin_is_the_first_page_of_it() -> None:
    form = library.shipped()[forms.BEGUN][-1]
    came = forms.begun(as_told(form), WHO)
    names = {one.name for one in form.pages[0].fields}
    assert came["page"] == 0 and {*came["answers"], *came["uses"]} == names
