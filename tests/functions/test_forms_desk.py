"""The desk where offices make their forms: who may, what becomes of two at once, and what is sent again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from yinji.forms import desk, library
from yinji.forms.store import Forms
from yinji.identity.session import ROLES, Session

from tests.functions.conftest import Cloud, officer

API = "/api/forms/desk"
OFFICE = officer("finance")
ADMINISTRATOR = Session("A001", "administrator", "x")
WORDS = {"title.zh": "借车", "title.en": "Loan of a bicycle"}
BOTH = {"title.zh": "题目", "title.en": "Question"}
SHIPPED = "stipend-account"


def begin(cloud: Cloud, who: Session = OFFICE, key: str = "a-key-to-begin", **more: str) -> Any:
    fields = WORDS | {"idempotency_key": key, **more}
    return cloud.call("forms/author", who, "POST", API, fields)


def send(cloud: Cloud, form: str, what: str, version: int, who: Session = OFFICE, key: str = "", **more: Any) -> Any:
    fields = {"version": version, "idempotency_key": key or f"a-key-{what}-{version}"} | more
    return cloud.call("forms/author", who, "POST", f"{API}/{form}/{what}", fields)


def edit(cloud: Cloud, form: str, change: str, version: int, texts: Mapping[str, str], key: str = "") -> Any:
    told: dict[str, Any] = dict(texts)
    return send(cloud, form, f"edit/{change}", version, key=key, **told)


def ready(cloud: Cloud, id: str = "bicycle") -> str:
    """A form that can be published."""
    assert begin(cloud, id=id).status == 200
    told = edit(cloud, id, "field-add", 1, {"page": "1", "way": "text", **BOTH})
    assert told.status == 200 and told.json["lacking"] == []
    return id


# --- who may -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ROLES)
def test_roles(cloud: Cloud, role: str) -> None:
    form = ready(cloud)
    who = Session("X001", role, "x", school="S01", department="finance" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    for path in ("", f"/{form}"):
        assert cloud.call("forms/author", who, "GET", API + path).status == (200 if may else 403)
    assert cloud.call("forms/author", who, "GET", f"{API}/no-such-form").status == (404 if may else 403)
    assert begin(cloud, who, id="another", office="finance").status == (200 if may else 403)
    told = send(cloud, form, "edit/page-add", 2, who, **BOTH)
    assert told.status == (200 if may else 403)
    for number, deed in enumerate(("publish", "retire", "restore"), 3):
        assert send(cloud, form, deed, number, who).status == (200 if may else 403), deed
    assert send(cloud, form, "documents", 6, who).status == (422 if may else 403)


def test_another_office_sees_and_changes_nothing(cloud: Cloud) -> None:
    form, other = ready(cloud), officer("library")
    assert [one["id"] for one in cloud.call("forms/author", other, "GET", API).json["forms"]] == []
    assert cloud.call("forms/author", other, "GET", f"{API}/{form}").status == 403
    for what in ("edit/page-add", "documents", *desk.DEEDS):
        assert send(cloud, form, what, 2, other).status == 403
    assert begin(cloud, other, key="another-key", office="finance").status == 403
    assert Forms().head(form).version == 2  # type: ignore[union-attr]


def test_forms_of_every_school_are_the_administrators(cloud: Cloud) -> None:
    assert begin(cloud, id="for-schools", office="school").status == 403
    assert begin(cloud, ADMINISTRATOR, id="for-schools", office="school").status == 200
    assert cloud.call("forms/author", OFFICE, "GET", f"{API}/for-schools").status == 403
    every = [one["id"] for one in cloud.call("forms/author", ADMINISTRATOR, "GET", API).json["forms"]]
    assert {"for-schools", *library.shipped()} == set(every)


# --- beginning ---------------------------------------------------------------------------------------------------
def test_a_form_is_begun_once(cloud: Cloud) -> None:
    first, again = begin(cloud), begin(cloud)
    assert first.json == again.json and first.json["id"].startswith("loan-of-a-bicycle-")
    assert first.json["state"] == "draft" and first.json["lacking"] == [""]
    assert begin(cloud, key="another-key", id=first.json["id"]).json["code"] == "form-id-taken"
    assert begin(cloud, key="another-key").json["id"] != first.json["id"]
    assert begin(cloud, key="another-key", id=SHIPPED).json["code"] == "form-id-taken"
    unfit = begin(cloud, key="another-key", id="Not An Id")
    assert unfit.status == 422 and unfit.json["errors"] == [{"field": "id", "code": "invalid"}]
    assert begin(cloud, key="short").json["code"] == "malformed-request"


def test_two_who_begin_the_same_at_once(cloud: Cloud) -> None:
    with ThreadPoolExecutor(4) as offices:
        answers = list(offices.map(lambda key: begin(cloud, key=f"the-key-of-{key}", id="bicycle"), range(4)))
    assert sorted(one.status for one in answers) == [200, 409, 409, 409]


def test_a_form_is_copied_with_what_its_office_works_on_of_another_what_is_published(cloud: Cloud) -> None:
    form, other = ready(cloud), officer("library")
    assert begin(cloud, other, key="another-key", copy=form).status == 404, "nothing of it is published"
    mine = begin(cloud, key="another-key", copy=form, id="bicycle-2")
    assert mine.json["layout"]["title"] == {"zh": "借车（副本）", "en": "Loan of a bicycle (copy)"}
    assert send(cloud, form, "publish", 2).status == 200
    assert edit(cloud, form, "page-add", 3, BOTH).status == 200
    theirs = begin(cloud, other, key="another-key", copy=form, id="bicycle-3").json
    assert theirs["office"] == "library" and len(theirs["layout"]["pages"]) == 1
    assert len(begin(cloud, key="a-third-key", copy=form, id="bicycle-4").json["layout"]["pages"]) == 2
    assert begin(cloud, key="a-fourth-key", copy="no-such-form").status == 404


# --- changing ----------------------------------------------------------------------------------------------------
def test_what_was_changed_meanwhile_is_not_written_over(cloud: Cloud) -> None:
    form = ready(cloud)
    assert edit(cloud, form, "page-add", 2, BOTH).status == 200
    late = edit(cloud, form, "page-add", 2, BOTH, key="another-key")
    assert (late.status, late.json["code"]) == (409, "form-moved-on")
    assert edit(cloud, form, "page-add", 9, BOTH).json["code"] == "form-moved-on"


def test_the_same_sent_again_is_done_once_and_answered_as_before(cloud: Cloud) -> None:
    form = ready(cloud)
    first = edit(cloud, form, "page-add", 2, BOTH)
    again = edit(cloud, form, "page-add", 2, BOTH)
    assert first.json == again.json and len(first.json["layout"]["pages"]) == 2
    assert send(cloud, form, "publish", 3).json == send(cloud, form, "publish", 3).json
    assert [one.what for one in Forms().form_history(form)] == ["begin", "draft", "draft", "publish"]


def test_two_editors_at_once(cloud: Cloud) -> None:
    form = ready(cloud)

    def one(number: int) -> Any:
        return edit(cloud, form, "page-add", 2, {"title.en": f"{number}"}, key=f"the-key-of-{number}")

    with ThreadPoolExecutor(4) as editors:
        answers = list(editors.map(one, range(4)))
    assert sorted(told.status for told in answers) == [200, 409, 409, 409]
    head = Forms().head(form)
    assert head and head.version == 3 and head.draft and len(head.draft.pages) == 2


def test_a_table_that_is_busy_is_told(cloud: Cloud) -> None:
    form = ready(cloud)
    with patch.object(Forms, "change_form", return_value=False):
        assert edit(cloud, form, "page-add", 2, BOTH).json["code"] == "too-busy"
        assert begin(cloud, key="another-key", id="another").json["code"] == "too-busy"


def test_what_changes_nothing_is_no_change(cloud: Cloud) -> None:
    form = ready(cloud)
    told = edit(cloud, form, "field-move", 2, {"field": "q1", "to": "up"})
    assert told.status == 200 and told.json["version"] == 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_form_cannot_be_is_said_with_its_reason(cloud: Cloud, language: str) -> None:
    form = ready(cloud)
    fields = {"version": 2, "idempotency_key": "a-key-of-mine", "page": "1", "way": "choice", "options": "", **BOTH}
    told = cloud.call(
        "forms/author", OFFICE, "POST", f"{API}/{form}/edit/field-add", fields, headers={"accept-language": language}
    )
    assert told.status == 422 and told.json["errors"] == [{"field": "q2/options", "code": "invalid"}]
    assert ("选项" if language == "zh" else "options") in told.json["detail"]
    for wrong, code in (({"version": "x"}, "invalid-form"), ({"idempotency_key": "x"}, "malformed-request")):
        sent = {"version": 2, "idempotency_key": "another-key"} | BOTH | wrong
        assert cloud.call("forms/author", OFFICE, "POST", f"{API}/{form}/edit/page-add", sent).json["code"] == code
    assert edit(cloud, form, "no-such-change", 2, BOTH).status == 404
    assert send(cloud, form, "no-such-deed", 2).status == 404


def test_a_question_that_asks_again_is_told_with_the_fact(cloud: Cloud) -> None:
    form = ready(cloud)
    told = edit(cloud, form, "field-add", 2, {"page": "1", "way": "text", "title.zh": "手机号码", "title.en": "Mobile"})
    assert told.json["suggestions"]["q2"][0] == {"fact": "phone", "score": 1.0}
    pointed = edit(cloud, form, "field-point", 3, {"field": "q2", "fact": "phone"})
    assert pointed.json["suggestions"] == {} and pointed.json["schema"]["properties"]["q2"]["x-fact"] == "phone"


def test_a_page_without_script_is_led_back_and_to_what_it_added(cloud: Cloud) -> None:
    form = ready(cloud)
    fields = {"version": "2", "idempotency_key": "a-key-of-mine", "next": f"/forms/desk/{form}?field=q1#notice"}
    added = cloud.call(
        "forms/author", OFFICE, "POST", f"{API}/{form}/edit/field-add",
        list((fields | {"page": "1", "fact": "phone"}).items()),
    )  # fmt: skip
    assert added.status == 303 and added.headers["Location"] == (
        f"/forms/desk/{form}?field=phone&done=forms-edit.field-add#notice"
    )
    moved = fields | {"version": "3", "field": "phone", "to": "up"}
    told = cloud.call("forms/author", OFFICE, "POST", f"{API}/{form}/edit/field-move", list(moved.items()))
    assert told.headers["Location"] == f"/forms/desk/{form}?field=q1&done=forms-edit.field-move#notice"
    wrong = moved | {"version": "4", "field": "q1", "way": "choice", "options": "x|x|x\nx|x|x"}
    told = cloud.call("forms/author", OFFICE, "POST", f"{API}/{form}/edit/field", list(wrong.items()))
    assert "problem=form-unfit&fields=q1%2Foptions" in told.headers["Location"]
    begun = cloud.call(
        "forms/author", OFFICE, "POST", API, list((WORDS | {"idempotency_key": "a-new-key", "next": "/x"}).items())
    )
    assert begun.headers["Location"].startswith("/forms/desk/loan-of-a-bicycle-")


# --- publishing --------------------------------------------------------------------------------------------------
def test_what_is_published_is_filled_what_is_drafted_is_not(cloud: Cloud) -> None:
    form = ready(cloud)
    assert send(cloud, form, "discard", 2).json["code"] == "form-not-published"
    assert send(cloud, form, "publish", 2).json["published"] == 1
    assert send(cloud, form, "publish", 3).json["code"] == "form-nothing-new"
    assert edit(cloud, form, "field-add", 3, {"page": "1", "way": "date", **BOTH}).json["changed"] is True
    assert [one.name for one in Forms().published(form).fields] == ["q1"]
    assert send(cloud, form, "discard", 4).json["changed"] is False
    assert edit(cloud, form, "field-add", 5, {"page": "1", "way": "date", "title.zh": "日子"}).status == 200
    lacks = send(cloud, form, "publish", 6)
    assert (lacks.status, lacks.json["code"]) == (422, "form-lacks-words")
    assert edit(cloud, form, "field", 6, {"field": "q2", **BOTH}).status == 200
    assert send(cloud, form, "publish", 7).json["published"] == 2
    assert [one.name for one in Forms().version(form, 1).fields] == ["q1"]


def test_a_retired_form_is_not_changed_and_comes_back(cloud: Cloud) -> None:
    form = ready(cloud)
    assert send(cloud, form, "retire", 2).json["state"] == "retired", "one that nobody saw is put away as well"
    assert send(cloud, form, "restore", 3).json["state"] == "draft"
    send(cloud, form, "publish", 4)
    assert send(cloud, form, "retire", 5).json["state"] == "retired"
    assert send(cloud, form, "retire", 6).json["code"] == "form-not-published"
    assert edit(cloud, form, "page-add", 6, BOTH).json["code"] == "form-retired"
    assert send(cloud, form, "restore", 6).json["state"] == "published"
    assert send(cloud, form, "restore", 7).json["code"] == "form-not-retired"


def test_a_form_that_comes_with_it_is_gone_on_with(cloud: Cloud) -> None:
    office = officer(library.shipped()[SHIPPED][-1].office)
    told = cloud.call("forms/author", office, "GET", f"{API}/{SHIPPED}").json
    assert (told["version"], told["published"], told["changed"], told["history"]) == (0, 1, False, [])
    assert send(cloud, SHIPPED, "edit/page-add", 0, office, **BOTH).json["version"] == 1
    assert send(cloud, SHIPPED, "edit/page-add", 0, office, key="another-key", **BOTH).json["code"] == "form-moved-on"
    assert send(cloud, SHIPPED, "publish", 1, office).json["published"] == 2
    assert len(Forms().published(SHIPPED).pages) == len(Forms().version(SHIPPED, 1).pages) + 1


def test_what_happened_is_told_with_changes_gathered(cloud: Cloud) -> None:
    form = ready(cloud)
    edit(cloud, form, "page-add", 2, BOTH)
    send(cloud, form, "publish", 3)
    history = cloud.call("forms/author", OFFICE, "GET", f"{API}/{form}").json["history"]
    assert [(one["what"], one["version"]) for one in history] == [("begin", None), ("draft", None), ("publish", 1)]


# --- documents ---------------------------------------------------------------------------------------------------
def test_a_program_puts_the_documents_whole(cloud: Cloud) -> None:
    form = ready(cloud)
    told = cloud.call("forms/author", OFFICE, "GET", f"{API}/{form}").json
    both = json.loads(json.dumps({"schema": told["schema"], "layout": told["layout"]}))
    both["layout"]["once"] = True
    put = send(cloud, form, "documents", 2, **both)
    assert put.status == 200 and put.json["layout"]["once"] is True and put.json["version"] == 3
    assert send(cloud, form, "documents", 2, **both).json == put.json
    for wrong in ({"schema": None}, {"schema": both["layout"]}, {"layout": {**both["layout"], "id": "another"}}):
        assert send(cloud, form, "documents", 3, **both | wrong).json["code"] == "form-unfit"
