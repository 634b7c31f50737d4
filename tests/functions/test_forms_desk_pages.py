"""Pages where offices make their forms: those they have, one with its preview, and one that is brought in."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from yinji.forms import desk, editing, library
from yinji.forms.desk import key_of
from yinji.forms.editing import CHANGES, WAYS
from yinji.forms.library import begin
from yinji.forms.store import Forms
from yinji.identity.session import ROLES, Session
from yinji.platform import clock
from yinji.platform.problem import Problem

from tests import portal
from tests.functions.conftest import Cloud, officer
from tests.functions.test_forms_desk import ADMINISTRATOR, BOTH, OFFICE, edit, ready, send

SHIPPED = "stipend-account"


def page(path: str, who: Session | None = OFFICE, language: str = "en") -> str:
    found = portal.visit(path, who, language)
    assert found.status == 200, path
    return found.body


def form(*changes: tuple[str, Mapping[str, str]], id: str = "a-form") -> str:
    """A form of the finance office that these changes make."""
    made = editing.begun(id, "finance", {"title.zh": "表<b>", "title.en": "A <b>form</b>"}, "en")
    for change, texts in changes:
        made = editing.edited(made, change, texts, "en")
    head, event = begin(made, key_of("D", "begin", id), "D001", clock.now())
    assert Forms().change_form(head, event)
    return id


def add(way: str, **more: str) -> tuple[str, dict[str, str]]:
    return "field-add", {"page": "1", "way": way, **BOTH, **more}


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_what(cloud: Cloud, role: str) -> None:
    ready(cloud)
    who = Session("X001", role, "x", school="S01", department="finance" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    for path in ("/forms/desk", "/forms/desk/bicycle", "/forms/desk/import", "/forms/desk/import?form=bicycle"):
        assert portal.visit(path, who).status == (200 if may else 403), path
        assert portal.visit(path).location.startswith("/sign-in")
    assert portal.visit("/forms/desk/no-such-form", who).status == (404 if may else 403)
    for path in ("/forms/desk/bicycle", "/forms/desk/import?form=bicycle"):
        assert portal.visit(path, officer("library")).status == 403
    first = portal.visit("/", who).location or "/account"
    assert ('href="/forms/desk"' in portal.visit(first, who).body) == may


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_forms_of_an_office(cloud: Cloud, language: str) -> None:
    ready(cloud)
    form()
    body = page("/forms/desk", OFFICE, language)
    assert 'href="/forms/desk/bicycle"' in body and ("借车" if language == "zh" else "Loan of a bicycle") in body
    assert "&lt;b&gt;" in body and "<b>form" not in body
    assert f'href="/forms/desk/{SHIPPED}"' in body, "it comes with Yinji, and is of this office"
    assert '<option value="visa-letter">' in body, "what other offices have published can be copied"
    assert 'name="office"' not in body
    every = page("/forms/desk", ADMINISTRATOR, language)
    assert 'name="office"' in every and all(f'href="/forms/desk/{id}"' in every for id in library.shipped())
    assert "forms-desk" not in re.sub(r'href="[^"]*"', "", every)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("way", WAYS)
def test_a_question_of_every_way_is_changed_and_looked_at(cloud: Cloud, way: str, language: str) -> None:
    form(add("choice"), add(way, **{"when.q1.yes": "yes"}))
    body = page("/forms/desk/a-form?field=q2", OFFICE, language)
    assert 'action="/api/forms/desk/a-form/edit/field"' in body and 'id="of-q2-way"' in body
    assert f'<option value="{way}" selected>' in body
    assert 'name="when.q1.yes" value="yes" checked' in body
    assert re.search(r'<\w+ class="question" id="of-q2"', body), "the preview asks it"
    for_way = {"choice": "options", "choices": "options", "rows": "columns", "attachment": "largest_mb"}
    for name in {"options", "columns", "largest_mb", "signs", "format"}:
        there = for_way.get(way, {"signature": "signs", "text": "format"}.get(way)) == name
        assert (f'name="{name}"' in body) == there, name


@pytest.mark.parametrize("id", sorted(library.shipped()))
def test_every_form_that_comes_with_it_is_opened(cloud: Cloud, id: str) -> None:
    one, body = library.shipped()[id][-1], ""
    for field in one.fields:
        body = page(f"/forms/desk/{id}?field={field.name}", ADMINISTRATOR)
        assert f'id="of-{field.name}-en"' in body
        assert not re.search(r' id="([^"]+)"(?=.* id="\1")', body, re.DOTALL), "every id is there once"
    assert "Published" in body and 'action="/api/forms/desk/' in body


def test_what_is_lacking_and_what_is_known_is_told_where_it_is(cloud: Cloud) -> None:
    form(add("text", **{"title.en": ""}), add("text", **{"title.zh": "手机号码", "title.en": "Mobile phone"}))
    body = page("/forms/desk/a-form")
    assert 'href="/forms/desk/a-form?field=q1#question-q1"' in body and '<bdi lang="zh-CN">题目</bdi>' in body
    assert 'name="fact" value="phone"' in body and "1 question asks for something that is known already" in body
    assert "/api/forms/desk/a-form/publish" not in body
    empty = page(f"/forms/desk/{form(id='empty-form')}")
    assert "at least one question" in empty


def test_what_can_be_done_follows_from_where_a_form_stands(cloud: Cloud) -> None:
    id = ready(cloud)

    def deeds() -> set[str]:
        return set(re.findall(rf'action="/api/forms/desk/{id}/([a-z]+)"', page(f"/forms/desk/{id}")))

    assert deeds() == {"publish", "retire"}
    send(cloud, id, "publish", 2)
    assert deeds() == {"retire"}
    edit(cloud, id, "field-add", 3, {"page": "1", "fact": "phone"})
    assert deeds() == {"publish", "discard", "retire"}
    send(cloud, id, "retire", 4)
    assert deeds() == {"restore"} and "/edit/" not in page(f"/forms/desk/{id}")


def test_notices_tell_what_was_done_and_why_something_was_not(cloud: Cloud) -> None:
    id = ready(cloud)
    for done in (*CHANGES, *desk.DEEDS, "begin", "import"):
        assert 'class="notice good"' in page(f"/forms/desk/{id}?done=forms-edit.{done}")
    why = page(f"/forms/desk/{id}?problem=form-unfit&fields=q1%2Foptions")
    assert "“Question” needs 1 to 40 options" in why
    assert "it has 1 to 12 pages" in page(f"/forms/desk/{id}?problem=form-unfit&fields=pages")
    assert 'class="reason"' not in page(f"/forms/desk/{id}?problem=form-unfit&fields=nothing%2Fnothing")
    assert "Somebody else changed this form" in page(f"/forms/desk/{id}?problem=form-moved-on")
    history = page(f"/forms/desk/{id}")
    assert "Begun" in history and "Changed" in history


def test_every_form_of_the_page_can_be_sent_as_it_is(cloud: Cloud) -> None:
    """Whatever the page sends without anything being typed is understood, and says the form as it is."""
    id = form(
        ("approvals", {"approval.0": "school", "approval.1": "finance"}),
        *(add(way) for way in WAYS),
        ("field-add", {"page": "1", "fact": "emergency-contact"}),
        ("page-add", BOTH),
        ("field-move", {"field": "q10", "to": "2"}),
    )
    made = Forms().head(id)
    assert made and made.draft
    for one in made.draft.fields:
        body = page(f"/forms/desk/{id}?field={one.name}")
        for action, inside in re.findall(
            r'<form method="post" action="([^"]+)"[^>]*autosave[^>]*>(.*?)</form>', body, re.DOTALL
        ):
            change = action.partition("?")[0].rpartition("/")[2]
            assert editing.edited(made.draft, change, sent(inside), "en") == made.draft, (one.name, change)


def sent(inside: str) -> dict[str, str]:
    """What a browser sends of a form."""
    import html

    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        told = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if told["type"] != "checkbox" or " checked" in tag:
            found[told["name"]] = html.unescape(told.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', inside, re.DOTALL):
        found[name] = html.unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        assert chosen
        found[name] = chosen[1]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_brought_in_is_confirmed_question_by_question(cloud: Cloud, language: str) -> None:
    labels = ("姓名", "电话", "备用电话", "手机", "食堂建议")
    id = form(*(add("text", **{"title.zh": label, "title.en": ""}) for label in labels))
    body = page(f"/forms/desk/import?form={id}", OFFICE, language)
    chosen = dict(re.findall(r'name="take\.(q\d)".*?<option value="([^"]+)" selected', body, re.DOTALL))
    assert chosen == {"q1": "fact:name", "q2": "fact:phone", "q3": "own:text", "q4": "own:text", "q5": "own:text"}
    fields = sent(body[body.index("/edit/match") :])
    head = Forms().head(id)
    assert head and head.draft
    done = editing.edited(head.draft, "match", fields, "en")
    assert [one.fact for one in done.fields] == ["name", "phone", "", "", ""]
    with pytest.raises(Problem, match="form-unfit"):
        editing.edited(head.draft, "match", fields | {"take.q4": "fact:phone"}, "en")
