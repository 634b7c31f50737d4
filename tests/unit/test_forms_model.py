"""Forms: two documents that say one thing, and what is asked of whom."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance.definition import Evidence
from yinji.forms import facts, filling, library
from yinji.forms.facts import SELF, Fact
from yinji.forms.filling import Sent, fill, mark, questions, sent
from yinji.forms.form import Field, Form, Option, Page, Unfit, When, asked, check, lacking, of_fact, read
from yinji.forms.matching import of_title, suggestions

NOW = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
BOTH = {"zh": "题目", "en": "Question"}


def form(*fields: Field, **more: Any) -> Form:
    made = Form("a-form", "finance", {"zh": "表", "en": "A form"}, {}, (Page({}, fields),), **more)
    check(made)
    return made


def choice(name: str, *values: str, **more: Any) -> Field:
    return Field(
        name, BOTH, "choice", options=tuple(Option(value, {"zh": value, "en": value}) for value in values), **more
    )


def known(kind: str, value: Any, days: int = 1, source: str = SELF) -> dict[str, Fact]:
    return {kind: Fact("S1", kind, value, source, "a-form", NOW - timedelta(days=days))}


def filled(one: Form, texts: dict[str, str], known: dict[str, Fact] | None = None) -> filling.Filled:
    came = sent(tuple(one.fields), texts)
    clear = {name: fact.value for name, fact in filling.used(one, came, known or {}).items()}
    return fill(one, "S1", came, known or {}, clear, NOW)


@pytest.mark.parametrize("id", sorted(library.shipped()))
def test_a_form_that_comes_with_it_is_what_its_two_documents_say(id: str) -> None:
    for one in library.shipped()[id]:
        assert not lacking(one)
        again = json.loads(json.dumps({"schema": one.schema, "layout": one.layout}))
        assert read(again["schema"], again["layout"], one.version) == one


def test_every_form_that_comes_with_it_is_asked_in_pages_of_its_own_words() -> None:
    assert len(library.shipped()) >= 9
    for forms in library.shipped().values():
        assert all(page.title for one in forms for page in one.pages)


TITLES = st.fixed_dictionaries(
    {"zh": st.text("汉字题目", min_size=1, max_size=8), "en": st.text("abc XYZ", min_size=1, max_size=8)}
)


@st.composite
def some_fields(draw: st.DrawFn) -> tuple[Field, ...]:
    fields: list[Field] = []
    pointed: set[str] = set()
    for place in range(draw(st.integers(1, 7))):
        name = f"f{place}"
        before = [one for one in fields if one.way in ("choice", "tick", "choices")]
        when = None
        if before and draw(st.booleans()):
            other = draw(st.sampled_from(before))
            when = When(other.name, ("yes",) if other.way == "tick" else (other.options[0].value,))
        common: dict[str, Any] = {"required": draw(st.booleans()), "when": when}
        kind = draw(
            st.sampled_from(
                [
                    "text",
                    "paragraph",
                    "number",
                    "date",
                    "choice",
                    "choices",
                    "tick",
                    "rows",
                    "attachment",
                    "signature",
                    "fact",
                ]
            )
        )
        if kind == "fact":
            fact = draw(st.sampled_from(sorted(facts.kinds())))
            if fact not in pointed:
                pointed.add(fact)
                fields.append(of_fact(name, fact, **common))
            continue
        title = draw(TITLES)
        if kind in ("choice", "choices"):
            options = tuple(Option(f"o{number}", draw(TITLES)) for number in range(draw(st.integers(1, 3))))
            fields.append(Field(name, title, kind, options=options, **common))  # type: ignore[arg-type]
        elif kind == "rows":
            fields.append(
                Field(
                    name,
                    title,
                    "rows",
                    limits={"minItems": 1},
                    fields=(Field("a", title), Field("b", title, "number", required=False)),
                    **common,
                )
            )
        elif kind == "attachment":
            fields.append(Field(name, title, "attachment", evidence=Evidence(("pdf",), 5), **common))
        elif kind == "signature":
            fields.append(Field(name, title, "signature", signs=("typed",), **common))
        else:
            limits = {"maxLength": draw(st.integers(5, 90))} if kind in ("text", "paragraph") else {}
            fields.append(Field(name, title, kind, limits=limits, **common))  # type: ignore[arg-type]
    return tuple(fields) or (Field("f", BOTH),)


@given(some_fields())
def test_whatever_a_form_is_its_documents_say_it_whole(fields: tuple[Field, ...]) -> None:
    one = form(*fields)
    told = json.loads(json.dumps({"schema": one.schema, "layout": one.layout}))
    assert read(told["schema"], told["layout"]) == one


@given(st.booleans(), st.sampled_from(["", "a", "b"]), st.booleans())
def test_the_schema_wants_exactly_what_is_asked(ticked: bool, chosen: str, given_: bool) -> None:
    one = form(
        Field("tick", BOTH, "tick", required=False),
        choice("which", "a", "b", required=False, when=When("tick", ("yes",))),
        Field("more", BOTH, when=When("which", ("b",))),
    )
    answers: dict[str, Any] = (
        ({"tick": True} if ticked else {}) | ({"which": chosen} if chosen else {}) | ({"more": "x"} if given_ else {})
    )
    names = [field.name for field in asked(tuple(one.fields), answers)]
    fits = set(answers) <= set(names) and ("more" not in names or given_)
    assert one.validator.holds(answers) == fits


def test_documents_that_say_different_things_are_no_form() -> None:
    one = form(Field("a", BOTH), Field("b", BOTH, required=False))
    for change in (
        lambda schema, layout: schema["required"].append("b") or schema["properties"].pop("b"),
        lambda schema, layout: layout["pages"][0]["fields"].pop(),
        lambda schema, layout: schema.update(additionalProperties=True),
        lambda schema, layout: layout.update(audience="nobody"),
        lambda schema, layout: schema["properties"]["a"].update({"$ref": "https://example.org/"}),
        lambda schema, layout: layout.pop("pages"),
    ):
        told = json.loads(json.dumps({"schema": one.schema, "layout": one.layout}))
        change(told["schema"], told["layout"])
        with pytest.raises(Unfit):
            read(told["schema"], told["layout"])


def test_what_a_fact_is_is_for_its_registry_to_say() -> None:
    one = form(of_fact("phone", "phone"))
    schema = json.loads(json.dumps(one.schema))
    schema["properties"]["phone"] = {"x-fact": "phone", "type": "string", "maxLength": 3}
    assert read(schema, one.layout) == one


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("name", (Field("a", BOTH), Field("a", BOTH))),
        ("name", (Field("A-b", BOTH),)),
        ("name", (Field("next", BOTH),)),
        ("fact", (of_fact("a", "phone"), of_fact("b", "phone"))),
        ("options", (Field("a", BOTH, "choice"),)),
        ("way", (Field("a", BOTH, "attachment"),)),
        ("rows", (Field("a", BOTH, "rows"),)),
        ("when", (Field("a", BOTH, when=When("b", ("x",))), choice("b", "x"))),
        ("when", (choice("b", "x"), Field("a", BOTH, when=When("b", ("y",))))),
        ("limits", (Field("a", BOTH, limits={"pattern": "(?<=a)b"}),)),
        ("words", (Field("a", {"zh": "长" * 121, "en": "x"}),)),
    ],
)
def test_what_a_form_cannot_be_is_refused_by_name(code: str, fields: tuple[Field, ...]) -> None:
    with pytest.raises(Unfit) as refused:
        form(*fields)
    assert refused.value.code == code


def test_a_form_is_published_in_both_languages_or_not_at_all() -> None:
    assert lacking(form(Field("a", {"zh": "只有中文"}), Field("b", BOTH))) == ["a"]
    assert lacking(form(choice("a", "x", hint={"en": "only English"}))) == ["a"]
    assert not lacking(form(Field("a", BOTH)))


# --- filling ---------------------------------------------------------------------------------------------------------
def test_what_is_known_is_confirmed_what_is_stale_or_missing_is_asked() -> None:
    one = form(of_fact("name", "name"), of_fact("phone", "phone"), of_fact("email", "email"), Field("why", BOTH))
    stale = facts.kinds()["phone"].fresh
    assert stale
    have = known("name", "王小明") | known("phone", "13800138000", stale.days + 1)
    assert {name: found.standing for name, found in questions(one, have, NOW).items()} == {
        "name": "known", "phone": "stale", "email": "missing", "why": "own",
    }  # fmt: skip


def test_a_known_fact_is_confirmed_by_its_mark_alone() -> None:
    one = form(of_fact("name", "name"), Field("why", BOTH))
    have = known("name", "王小明")
    done = filled(one, {"use.name": mark(have["name"]), "why": "x"}, have)
    assert not done.wrong and done.answers == {"name": "王小明", "why": "x"}
    assert done.ways == {"name": "confirmed", "why": "asked"}
    assert [(fact.kind, fact.value) for fact in done.said] == [("name", "王小明")]


def test_a_fact_that_changed_since_it_was_seen_is_asked_again() -> None:
    one, before, after = form(of_fact("name", "name")), known("name", "王小明"), known("name", "王晓明")
    assert filled(one, {"use.name": mark(before["name"])}, after).wrong == {"name": "changed"}
    assert filled(one, {"use.name": mark(before["name"])}).wrong == {"name": "changed"}


def test_what_is_typed_beside_a_known_fact_is_meant() -> None:
    one, have = form(of_fact("name", "name")), known("name", "王小明")
    done = filled(one, {"use.name": mark(have["name"]), "name": "王晓明"}, have)
    assert done.ways == {"name": "corrected"} and done.answers == {"name": "王晓明"}


def test_answers_to_what_is_not_asked_are_dropped() -> None:
    one = form(choice("way", "post", "collect"), of_fact("address", "mailing-address", when=When("way", ("post",))))
    done = filled(one, {"way": "collect", "address": "left from before"})
    assert not done.wrong and done.answers == {"way": "collect"} and done.ways["address"] == "skipped" and not done.said
    assert filled(one, {"way": "post"}).wrong == {"address": "required"}


def test_a_table_is_read_row_by_row_and_told_cell_by_cell() -> None:
    one = form(
        Field("kin", BOTH, "rows", limits={"minItems": 1}, fields=(Field("who", BOTH), Field("age", BOTH, "number")))
    )
    done = filled(one, {"kin.0.who": "母亲", "kin.0.age": "52", "kin.3.who": "父亲", "kin.3.age": "五十"})
    assert done.answers["kin"] == [{"who": "母亲", "age": 52}, {"who": "父亲", "age": "五十"}]
    assert done.wrong == {"kin/1/age": "invalid"}


def test_what_has_parts_is_one_fact() -> None:
    one = form(of_fact("kin", "emergency-contact"))
    done = filled(one, {"kin.name": "王芳", "kin.relation": "母亲", "kin.phone": "13800138000"})
    assert not done.wrong
    assert done.said[0].value == {"name": "王芳", "relation": "母亲", "phone": "13800138000"}
    assert filled(one, {"kin.name": "王芳"}).wrong


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("王小明", False),
        ("drawn:M1 1L20 30", False),
        ("drawn:<script>", True),
        ("drawn:M1 1L2000 30", True),
        ("王", True),
    ],
)
def test_a_signature_is_typed_or_drawn(told: str, wrong: bool) -> None:
    one = form(Field("sign", BOTH, "signature", signs=("typed", "drawn")))
    assert bool(filled(one, {"sign": told}).wrong) == wrong


def test_a_signature_that_must_be_drawn_is_not_typed() -> None:
    assert filled(form(Field("sign", BOTH, "signature", signs=("drawn",))), {"sign": "王小明"}).wrong == {
        "sign": "invalid"
    }


def test_asking_without_pointing_at_what_is_known_is_counted() -> None:
    title = {"zh": "联系电话", "en": "Phone"}
    one = form(Field("tel", title), Field("other", BOTH), Field("free", BOTH))
    have = known("phone", "13800138000") | known("home-address", "北京市海淀区某某路 1 号")
    done = filled(one, {"tel": "13900139000", "other": "北京市海淀区某某路 1 号", "free": "x"}, have)
    assert set(done.repeated) == {"tel", "other"}
    assert filled(one, {"tel": "13900139000", "other": "y", "free": "x"}).repeated == ()


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    one = form(Field("a", BOTH))
    assert fill(one, "S1", Sent({"a": "x", "b": "y"}), {}, {}, NOW).wrong == {"b": "unknown"}


def test_a_page_that_is_sent_again_says_everything_about_its_fields() -> None:
    one = form(Field("a", BOTH), Field("b", BOTH))
    before = Sent({"a": "1", "b": "2"}, {})
    now = sent((one.by_name["a"],), {})
    assert now.over(before, (one.by_name["a"],)) == Sent({"b": "2"}, {})


def test_words_of_old_forms_find_their_fact() -> None:
    for label, fact in (
        ("姓名：", "name"), ("学 号", "student-number"), ("联系电话（必填）", "phone"), ("Your e-mail", "email"),
        ("家庭住址", "home-address"), ("银行卡号", "bank-card"), ("Passport No.", "passport-number"),
    ):  # fmt: skip
        assert suggestions(label, 1)[0].fact == fact, label
    assert not suggestions("对食堂的建议")
    assert not suggestions("")


# --- the life of a form ----------------------------------------------------------------------------------------------
def test_a_form_is_drafted_published_retired_and_brought_back() -> None:
    one = form(Field("a", BOTH))
    head, event = library.begin(one, "k1", "D1", NOW)
    assert (head.state, head.published, event.what) == ("draft", 0, "begin")
    head, version, _ = library.publish(head, "k2", "D1", NOW)
    assert (head.state, head.published, head.draft, version.version) == ("published", 1, None, 1)
    with pytest.raises(Exception, match="form-nothing-new"):
        library.publish(head, "k3", "D1", NOW)
    head, _ = library.draft(head, replace(one, once=True), "k4", "D1", NOW)
    assert head.published == 1 and head.draft and head.draft.once
    head, version, _ = library.publish(head, "k5", "D1", NOW)
    assert version.version == 2
    head, _ = library.retire(head, "k6", "D1", NOW)
    with pytest.raises(Exception, match="form-retired"):
        library.draft(head, one, "k7", "D1", NOW)
    head, _ = library.restore(head, "k8", "D1", NOW)
    assert (head.state, head.version) == ("published", 6)


def test_a_form_without_its_words_is_not_published() -> None:
    head, _ = library.begin(form(Field("a", {"zh": "只有中文"})), "k", "D1", NOW)
    with pytest.raises(Exception, match="form-lacks-words"):
        library.publish(head, "k2", "D1", NOW)


def test_a_copy_is_a_form_of_its_own() -> None:
    copied = library.clone(form(Field("a", BOTH)), "another", "library")
    check(copied)
    assert (copied.id, copied.office, copied.version) == ("another", "library", 0) and copied.title[
        "en"
    ] == "A form (copy)"


def test_the_languages_of_a_question_have_to_agree_on_its_fact() -> None:
    assert of_title({"zh": "联系电话", "en": "Phone"})[0].sure
    assert of_title({"zh": "毕业去向", "en": "After graduation"}) == of_title({"zh": "从哪天起", "en": "First day"}) == []
    [one] = of_title({"zh": "手机号码", "en": "Your cell"})
    assert one.fact == "phone" and not one.sure, "the very name in one of them makes it likely"
    assert of_title({"zh": "社团名称", "en": "Name"})[0].sure is False
    assert of_title({"zh": "姓名", "en": ""})[0].sure, "a draft may have its words in one language"
