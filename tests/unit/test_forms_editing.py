"""Making a form by small changes: whatever they are, what comes of them can be filled, or they are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yinji.forms import editing, facts
from yinji.forms import form as of_form
from yinji.forms.editing import CHANGES, WAYS, as_lines, begun, edited, known, put
from yinji.forms.form import Form, check, lacking, read
from yinji.platform.problem import Problem

BOTH = {"title.zh": "题目", "title.en": "Question"}
EMPTY = begun("a-form", "finance", {"title.zh": "表", "title.en": "A form"}, "en")


def made(*changes: tuple[str, Mapping[str, str]], form: Form = EMPTY) -> Form:
    for change, texts in changes:
        form = edited(form, change, texts, "en")
    return form


def add(way: str = "text", page: str = "1", **more: str) -> tuple[str, dict[str, str]]:
    return "field-add", {"page": page, "way": way, **BOTH, **more}


def names(form: Form) -> list[list[str]]:
    return [[one.name for one in page.fields] for page in form.pages]


def refused(*changes: tuple[str, Mapping[str, str]], form: Form = EMPTY) -> Problem:
    with pytest.raises(Problem) as found:
        made(*changes, form=form)
    return found.value


# --- whatever is done ------------------------------------------------------------------------------------------------
WORDS = st.text("题目 abXY|\n<&\u202e", max_size=9)
NUMBERS = st.sampled_from(["", "0", "1", "2", "3", "-1", "1.5", "99", "x", "2000000"])
NAMES = st.sampled_from(["q1", "q2", "q3", "q4", "phone", "name", "sex", ""])


@st.composite
def some_texts(draw: st.DrawFn) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, told in {
        "page": st.sampled_from(["1", "2", "3", "0", "x"]),
        "field": NAMES,
        "to": st.sampled_from(["up", "down", "1", "2", "9", ""]),
        "way": st.sampled_from([*WAYS, "parts"]),
        "fact": st.sampled_from(["", "", "phone", "name", "sex", "emergency-contact", "bank-card", "nothing"]),
        "title.zh": WORDS,
        "title.en": WORDS,
        "hint.zh": WORDS,
        "required": st.sampled_from(["", "yes"]),
        "least": NUMBERS,
        "most": NUMBERS,
        "format": st.sampled_from(["", "email", "nothing"]),
        "options": WORDS,
        "columns": st.sampled_from(
            ["", "a | 甲 | A", "a | 甲 | A | number\nb | 乙 | B | date | optional", "甲\n乙", "|"]
        ),
        "largest_mb": NUMBERS,
        "type.pdf": st.just("yes"),
        "sign.typed": st.just("yes"),
        "signs": st.just("yes"),
        "when.q1.yes": st.just("yes"),
        "when.sex.female": st.just("yes"),
        "audience": st.sampled_from(["students", "staff", "everybody", "nobody"]),
        "kept_days": NUMBERS,
        "once": st.just("yes"),
        "approval.0": st.sampled_from(["school", "finance", "nowhere"]),
        "approval.3": st.sampled_from(["school", "library"]),
        "template": WORDS,
        "take.q1": st.sampled_from(["fact:phone", "own:date", "own:parts", "out", "fact:", ""]),
        "take.q2": st.sampled_from(["fact:phone", "own:choice", "out"]),
        "zh.q1": WORDS,
    }.items():
        if draw(st.integers(0, 3)):
            texts[name] = draw(told)
    return texts


@given(st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), some_texts()), max_size=25))
@settings(max_examples=200, deadline=None)
def test_whatever_is_changed_a_form_stays_that_its_documents_say_whole(
    changes: list[tuple[str, dict[str, str]]],
) -> None:
    form = made(add("choice"), add("rows"), add("text"))
    for change, texts in changes:
        try:
            form = edited(form, change, texts, "zh")
        except Problem as problem:
            assert problem.code in ("form-unfit", "invalid-form")
            assert problem.code == "invalid-form" or problem.params["reason"]
        check(form)
        told = json.loads(json.dumps({"schema": form.schema, "layout": form.layout}))
        assert read(told["schema"], told["layout"]) == form
        assert {*lacking(form)} - {""} <= form.by_name.keys() >= known(form).keys()


@given(some_texts())
def test_a_question_that_is_said_as_it_is_stays_as_it_is(texts: dict[str, str]) -> None:
    form = made(add("choice"))
    try:
        form = edited(form, "field-add", texts | {"page": "1"}, "en")
    except Problem:
        return
    one = list(form.fields)[-1]
    again = {f"title.{language}": text for language, text in one.title.items()} | {"field": one.name, "way": one.way}
    again |= {f"hint.{language}": text for language, text in one.hint.items()}
    again |= {"required": "yes" if one.required else ""}
    again |= {f"when.{one.when.field}.{value}": "yes" for value in one.when.values} if one.when else {}
    if one.way == "rows":
        again["columns"] = as_lines(one)
    assert edited(form, "field", again, "en") == form


# --- the form and its pages ------------------------------------------------------------------------------------------
def test_a_form_says_what_it_is_called_who_fills_it_and_for_how_long_it_is_kept() -> None:
    told = {"title.zh": " 新\t表 ", "title.en": "New", "intro.en": "Why", "audience": "staff", "once": "yes"}
    form = made(("form", told | {"kept_days": "30"}))
    assert (form.title, form.intro, form.audience, form.once, form.kept_days) == (
        {"zh": "新 表", "en": "New"}, {"en": "Why"}, "staff", True, 30,
    )  # fmt: skip
    for wrong, field in (({"audience": "x"}, "audience"), ({"kept_days": "soon"}, "kept_days")):
        assert refused(("form", told | {"kept_days": "30"} | wrong)).params["errors"][0]["field"] == field
    assert "3650" in refused(("form", told | {"kept_days": "9999"})).params["reason"]


def test_offices_agree_in_the_order_that_is_told() -> None:
    assert made(("approvals", {"approval.1": "school", "approval.4": "finance"})).approvals == ("school", "finance")
    assert refused(("approvals", {"approval.0": "school", "approval.1": "school"})).code == "form-unfit"
    assert refused(("approvals", {"approval.0": "nowhere"})).params["errors"][0]["field"] == "approvals"


def test_pages_are_added_renamed_moved_and_what_one_asked_stays_when_it_goes() -> None:
    form = made(add(), ("page-add", BOTH), add(page="2"), ("page-add", {"title.en": "Last"}), add(page="3"))
    assert names(form) == [["q1"], ["q2"], ["q3"]]
    assert names(made(("page-move", {"page": "3", "to": "up"}), form=form)) == [["q1"], ["q3"], ["q2"]]
    assert names(made(("page-move", {"page": "1", "to": "up"}), form=form)) == [["q1"], ["q2"], ["q3"]]
    assert names(made(("page-remove", {"page": "3"}), form=form)) == [["q1"], ["q2", "q3"]]
    assert names(made(("page-remove", {"page": "1"}), form=form)) == [["q1", "q2"], ["q3"]]
    assert made(("page", {"page": "2", "title.zh": "第二页"}), form=form).pages[1].title == {"zh": "第二页"}
    assert refused(("page-remove", {"page": "1"})).params["errors"][0]["field"] == "pages"


# --- questions -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", WAYS)
def test_a_question_of_every_way_can_be_asked_as_soon_as_it_is_added(way: str) -> None:
    form = made(add(way))
    assert form.by_name["q1"].way == way and form.by_name["q1"].required and not lacking(form)
    for other in WAYS:
        assert made(("field", {"field": "q1", "way": other, **BOTH}), form=form).by_name["q1"].way == other


@pytest.mark.parametrize("fact", sorted(facts.kinds()))
def test_a_fact_of_the_registry_is_asked_in_its_words_once(fact: str) -> None:
    form = made(("field-add", {"page": "1", "fact": fact}))
    (one,) = form.fields
    assert one.fact == fact and one.title == facts.kinds()[fact].title and not lacking(form)
    assert refused(("field-add", {"page": "1", "fact": fact}), form=form).code == "form-unfit"


def test_options_are_lines() -> None:
    form = made(add("choice", options="post | 邮寄 | Post\n自取｜Collect\n\n2026\n其他"))
    one = form.by_name["q1"]
    assert [(told.value, dict(told.title)) for told in one.options] == [
        ("post", {"zh": "邮寄", "en": "Post"}), ("collect", {"zh": "自取", "en": "Collect"}),
        ("2026", {"zh": "2026", "en": "2026"}), ("o1", {"zh": "其他"}),
    ]  # fmt: skip
    again = made(("field", {"field": "q1", "options": as_lines(one), "required": "yes", **BOTH}), form=form)
    assert again == form
    fewer = made(("field", {"field": "q1", "options": "其他", "required": "yes", **BOTH}), form=form)
    assert [told.value for told in fewer.by_name["q1"].options] == ["o1"]


def test_columns_are_lines() -> None:
    form = made(add("rows", columns="kin | 关系 | Relation\n年龄 | Age\nborn | 生日 | Born | 日期 | 选填", most="3"))
    one = form.by_name["q1"]
    assert [(told.name, told.way, told.required) for told in one.fields] == [
        ("kin", "text", True), ("c1", "text", True), ("born", "date", False),
    ]  # fmt: skip
    assert one.limits == {"maxItems": 3}
    assert made(("field", {"field": "q1", "columns": as_lines(one), "required": "1", **BOTH}), form=form) == form
    assert refused(add("rows", columns="a | 甲 | A | attachment")).code == "form-unfit"


@pytest.mark.parametrize(
    ("way", "texts", "limits"),
    [
        ("text", {"least": "2", "most": "9", "format": "email"}, {"minLength": 2, "maxLength": 9, "format": "email"}),
        ("text", {"least": "", "most": "200", "format": ""}, {}),
        ("number", {"least": "0", "most": "2.5"}, {"minimum": 0, "maximum": 2.5}),
        ("choices", {"least": "", "most": "1"}, {"maxItems": 1}),
    ],
)
def test_limits_are_told_and_taken_back(way: str, texts: dict[str, str], limits: dict[str, Any]) -> None:
    form = made(add(way, **texts))
    assert form.by_name["q1"].limits == limits
    form = made(("field", {"field": "q1", "least": "", "most": "", "format": "", **BOTH}), form=form)
    assert not form.by_name["q1"].limits


@pytest.mark.parametrize(
    ("way", "texts"),
    [
        ("text", {"least": "9", "most": "2"}),
        ("text", {"least": "201", "most": ""}),
        ("text", {"least": "many", "most": ""}),
        ("text", {"least": "0", "most": ""}),
        ("text", {"least": "", "most": "", "format": "nothing"}),
        ("paragraph", {"least": "", "most": "99999"}),
        ("number", {"least": "2", "most": "1"}),
        ("choices", {"least": "3", "most": ""}),
        ("rows", {"least": "", "most": "21"}),
        ("rows", {"least": "1.5", "most": ""}),
    ],
)
def test_limits_that_nothing_can_keep_are_refused(way: str, texts: dict[str, str]) -> None:
    assert refused(add(way, **texts)).params["errors"][0]["field"] == "q1/limits"


def test_what_is_handed_in_and_how_it_is_signed() -> None:
    form = made(add("attachment", **{"type.pdf": "yes", "largest_mb": "5"}), add("signature", **{"sign.drawn": "yes"}))
    evidence = form.by_name["q1"].evidence
    assert evidence and (evidence.types, evidence.largest_mb) == (("pdf",), 5)
    assert form.by_name["q2"].signs == ("drawn",)
    assert refused(add("attachment", largest_mb="5")).code == "form-unfit"
    assert refused(add("attachment", **{"type.pdf": "yes", "largest_mb": "500"})).code == "form-unfit"
    assert refused(add("signature", signs="yes")).code == "form-unfit"


def test_a_question_hangs_on_one_before_it() -> None:
    form = made(add("choice"), add())
    when = {"field": "q2", **BOTH, "when.q1.yes": "yes"}
    form = made(("field", when), form=form)
    found = form.by_name["q2"].when
    assert found and (found.field, found.values) == ("q1", ("yes",))
    for change, texts in (
        ("field-move", {"field": "q2", "to": "up"}),
        ("field-remove", {"field": "q1"}),
        ("field", {"field": "q1", "options": "a | 甲 | A", **BOTH}),
        ("field", when | {"when.q2.yes": "yes"}),
    ):
        problem = refused((change, texts), form=form)
        assert problem.params["errors"][0]["field"] == "q2/when" and "“Question”" in problem.params["reason"]


def test_questions_move_over_the_edge_of_their_page() -> None:
    form = made(add(), add(), ("page-add", BOTH), add(page="2"))
    for one, to, wanted in (
        ("q2", "up", [["q2", "q1"], ["q3"]]),
        ("q2", "down", [["q1"], ["q2", "q3"]]),
        ("q3", "up", [["q1", "q2", "q3"], []]),
        ("q1", "up", [["q1", "q2"], ["q3"]]),
        ("q3", "down", [["q1", "q2"], ["q3"]]),
        ("q1", "2", [["q2"], ["q3", "q1"]]),
        ("q1", "1", [["q1", "q2"], ["q3"]]),
    ):
        assert names(made(("field-move", {"field": one, "to": to}), form=form)) == wanted
    assert refused(("field-move", {"field": "q1", "to": "3"}), form=form).code == "invalid-form"


# --- what is known is not asked --------------------------------------------------------------------------------------
def test_a_question_whose_words_ask_for_a_fact_is_told_and_can_point_at_it() -> None:
    form = made(add(**{"title.zh": "联系电话", "title.en": "Phone number"}, hint=""), add())
    found = known(form)
    assert found["q1"][0].fact == "phone" and "q2" not in found
    pointed = made(("field-point", {"field": "q1", "fact": "phone"}), form=form)
    one = pointed.by_name["q1"]
    assert (one.fact, one.title) == ("phone", {"zh": "联系电话", "en": "Phone number"}) and not known(pointed)
    again = made(add(**{"title.zh": "手机号码", "title.en": ""}), form=pointed)
    assert "phone" not in [some.fact for some in known(again).get("q3", ())], "it is asked for already"
    assert refused(("field-point", {"field": "q1", "fact": "nothing"}), form=form).code == "form-unfit"


def test_what_was_brought_in_is_matched_by_a_person() -> None:
    form = made(*(add(**{"title.zh": label, "title.en": ""}) for label in ("姓名", "电话", "备注", "编号")))
    form = made(
        (
            "match",
            {"take.q1": "fact:name", "take.q2": "own:number", "en.q2": "Phone", "zh.q2": "电话", "take.q4": "out"},
        ),
        form=form,
    )
    assert [(one.name, one.fact, one.way, dict(one.title)) for one in form.fields] == [
        ("q1", "name", "text", {"zh": "姓名", "en": "Name"}),
        ("q2", "", "number", {"zh": "电话", "en": "Phone"}),
        ("q3", "", "text", {"zh": "备注"}),
    ]
    twice = {"take.q2": "fact:phone", "take.q3": "fact:phone"}
    assert refused(("match", twice), form=form).params["errors"][0]["field"] == "q3/fact"


# --- documents -------------------------------------------------------------------------------------------------------
def test_two_documents_are_put_whole() -> None:
    form = made(add("choice"), add("rows"), ("field-add", {"page": "1", "fact": "phone"}))
    told = json.loads(json.dumps({"schema": form.schema, "layout": form.layout}))
    assert put(EMPTY, told["schema"], told["layout"], "en") == form
    other = begun("another-form", "finance", BOTH, "en")
    with pytest.raises(Problem, match="form-unfit"):
        put(other, told["schema"], told["layout"], "en")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab题", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["zh", "en", "type", "x"]), inner),
    max_leaves=4,
)


@given(st.data())
@settings(max_examples=300)
def test_documents_that_say_whatever_are_a_form_or_refused(data: st.DataObject) -> None:
    form = made(add("choice", **{"hint.zh": "x"}), add("rows"), add("attachment"), add("signature"))
    form = made(("field", {"field": "q3", **BOTH, "when.q1.yes": "1", "way": "attachment"}), form=form)
    told = json.loads(json.dumps({"schema": form.schema, "layout": form.layout}))
    node: Any = told
    path: list[Any] = []
    while isinstance(node, dict | list) and node:
        key: Any = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        path.append(key)
        node = node[key]  # type: ignore[index]
        if len(path) > 2 and data.draw(st.booleans()):
            break
    inside: Any = told
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = data.draw(JSON)
    try:
        found = put(form, told["schema"], told["layout"], "en")
    except Problem as problem:
        assert problem.code == "form-unfit" and problem.params["reason"]
    else:
        check(found)
        assert {*lacking(found)} - {""} <= found.by_name.keys() >= known(found).keys()
        assert all(isinstance(as_lines(one), str) for one in found.fields)


def test_a_form_that_is_too_large_to_keep_is_refused() -> None:
    options = "\n".join(f"v{place} | {'选' * 120} | {'y' * 120}" for place in range(40))
    form = EMPTY
    with pytest.raises(Problem) as found:
        for _ in range(40):
            form = made(add("choice", options=options), form=form)
    assert found.value.params["errors"][0]["field"] == "size"


def test_ids_follow_from_the_words_and_pages_keep_their_names() -> None:
    assert editing.id_from({"title.en": "Loan of a Bicycle!"}, "k").startswith("loan-of-a-bicycle-")
    assert editing.id_from({"title.zh": "借车"}, "k").startswith("form-")
    assert editing.id_from({}, "k") == editing.id_from({}, "k") != editing.id_from({}, "l")
    for id in (*editing.RESERVED, "Not An Id", ""):
        with pytest.raises(Problem, match="form-unfit"):
            begun(id, "finance", BOTH, "en")
    with pytest.raises(Problem, match="form-unfit"):
        begun("a-form", "nowhere", BOTH, "en")


def test_every_reason_has_its_sentence_in_both_languages_and_no_sentence_lies_about() -> None:
    told = "".join(Path(module.__file__ or "").read_text("utf-8") for module in (editing, of_form))
    assert set(re.findall(r'Unfit\("([a-z-]+)"', told)) == editing.refusals().keys()
    for code in editing.refusals():
        for language in ("zh", "en"):
            said = editing.reason(code, "x", language)
            assert (
                said and not re.search(r"[{}]", said) and bool(re.search("[\u4e00-\u9fff]", said)) == (language == "zh")
            )
    assert editing.reason("nothing", "x", "en") == ""
