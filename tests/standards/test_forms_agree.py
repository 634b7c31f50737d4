"""Function and browser say the same of any value by any schema that forms may have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from yinji.forms.schema import KEYWORDS, NotAllowed, Validator, Wrong, check, pointer

from tests.standards.conftest import Browser

NAMES = st.sampled_from(
    ["a", "b", "c", "b/c", "d~e", "ü %2F#", "__proto__", "anyOf", "properties", "additionalProperties"]
)
TEXTS = st.sampled_from(["", "a", "ab", "中文", "😀", "2026-12-02", "CN", "100084", "x y"])
NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from([0.5, 1.0, 2.5, 0.1, 0.3, 19.99, 1e308, 1e-7, 2**53, -(2**53)]))
PLAIN_VALUES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4))


VALUES = st.recursive(PLAIN_VALUES, containers, max_leaves=8)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
COUNTS = st.integers(0, 3)
LISTED_NAMES = st.lists(NAMES, unique=True, max_size=3)
PATTERNS = st.sampled_from(["^a", "b$", "^[0-9]{6}$", r"^\S+$", r"\d", "^(?:a|ab)?$", "[^a]", r"\W"])


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    asked = {
        "type": st.one_of(TYPES, st.lists(TYPES, unique=True, min_size=1, max_size=3)),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": PATTERNS,
        "format": st.sampled_from(["date", "country", "cn-postcode"]),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 0.01]),
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "items": inner,
        "contains": inner,
        "minContains": COUNTS,
        "maxContains": COUNTS,
        "required": LISTED_NAMES,
        "dependentRequired": st.dictionaries(NAMES, LISTED_NAMES, max_size=2),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=2),
        "minProperties": COUNTS,
        "maxProperties": COUNTS,
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "additionalProperties": inner,
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
    }
    assert set(asked) == KEYWORDS - {"$schema", "$comment", "title", "description", "default", "examples"}
    some = st.lists(st.sampled_from(sorted(asked)), unique=True, max_size=5)
    return some.flatmap(lambda keywords: st.fixed_dictionaries({one: asked[one] for one in keywords}))


SCHEMAS = st.recursive(st.one_of(st.booleans(), schemas(st.booleans())), schemas, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(schema=SCHEMAS, values=st.lists(VALUES, min_size=4, max_size=8))
def test_what_is_wrong_is_the_same(schema: Any, values: list[Any], browser: Browser) -> None:
    validator = Validator(schema)
    ours = [[(one.at, one.keyword) for one in validator.wrong(value)] for value in values]
    assert ours == browser.wrong([(schema, value) for value in values])
    assert [not found for found in ours] == [validator.holds(value) for value in values]


PIECES = st.sampled_from(
    ["a", "-", "/", ":", "中", "😀", "&", "~", "]", "}", ".", "^", "$", "|", "(", "(?:", "(?=", "(?i)", "(?<n>", ")",
     "*", "+", "?", "{2}", "{1,}", "{0,2}", "{,2}", "??", "*?", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B",
     r"\.", r"\-", r"\/", r"\n", r"\t", r"\v", r"\0", r"\1", r"\x41", r"\u4e00", r"\u{41}", r"\p{L}", r"\A", r"\z",
     r"\Q", "[a-c]", "[^a]", "[-a]", "[a-]", "[a--b]", "[a&&b]", "[a~~b]", "[[:alpha:]]", "[[a]b]", "[]", "[^]", "[]a]",
     r"[\d\-]", r"[\d-a]", r"[^\W]", r"[^\s中]", r"[\]]", "[&~]", "[+--]", "[*-/]", "[中-😀]", "[.]", "[(|)]"]
)  # fmt: skip
SIGNS = st.text(st.sampled_from("aAbcé中文😀 \n\r\t\v\0\x1c\x85\xa0\u2028\u3000\ufeff٣0-&~]}./:^1ſK|()"), max_size=6)


@settings(max_examples=500, deadline=None)
@given(pattern=st.lists(PIECES, min_size=1, max_size=5).map("".join), texts=st.lists(SIGNS, min_size=8, max_size=16))
def test_a_pattern_that_is_allowed_is_read_alike(pattern: str, texts: list[str], browser: Browser) -> None:
    schema = {"pattern": pattern}
    try:
        validator = Validator(schema)
    except NotAllowed:
        assume(False)
        return
    assert browser.wrong([(schema, text) for text in texts]) == [
        [(one.at, one.keyword) for one in validator.wrong(text)] for text in texts
    ]


@pytest.mark.parametrize(
    "pattern",
    [".", r"\bword\b", r"\p{L}", r"\u4e00", r"\x41", r"\cA", r"\1", r"\k<n>", "(?=a)", "(?!a)", "(?<=a)", "(?i)a",
     "(?<n>a)", "[a&&b]", "[a--b]", "[a~~b]", "[[a]]", "[[:digit:]]", "[]", "[^]", "]", "}", "{", "a{", "a**", "^*",
     "(", ")", "[a", "[z-a]", "a{3,2}", r"\-", r"[\d-z]", r"\_", "(a+)+", "(a|a)*", "(a?){9}", "((?:ab)+){2,}",
     "a" * 201, 7, None]
)  # fmt: skip
def test_a_pattern_that_is_not_the_same_everywhere_or_takes_long_is_refused(pattern: Any) -> None:
    with pytest.raises(NotAllowed) as refused:
        check({"properties": {"a": {"pattern": pattern}}})
    assert (refused.value.at, refused.value.why) == ("/properties/a/pattern", "pattern not allowed")


@pytest.mark.parametrize(
    "pattern",
    ["^[0-9a-f]{32}$", "^[A-Z]{2}[0-9]{2}$", r"^\S+ \S+$", "^[一-龥·]{2,20}$", "^(?:[0-9]{4}-)+[0-9]{4}$", "^(a|b)?c$",
     r"^[\w.+-]+$", r"^\+?[0-9]+$", "", "^$", "a*?b", r"[^\s]", "[-+]"]
)  # fmt: skip
def test_patterns_that_forms_need_are_allowed(pattern: str) -> None:
    check({"pattern": pattern})


def nested(depth: int) -> dict[str, Any]:
    return {"items": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    ("schema", "at", "why"),
    [
        ({"$ref": "#"}, "/$ref", "keyword not allowed"),
        ({"patternProperties": {}}, "/patternProperties", "keyword not allowed"),
        ({"allOf": [True, {"unevaluatedProperties": False}]}, "/allOf/1/unevaluatedProperties", "keyword not allowed"),
        ({"properties": {"a/b": {"then": {"a~b": 1}}}}, "/properties/a~1b/then/a~0b", "keyword not allowed"),
        ({"dependentSchemas": {"a": {"format": "uri"}}}, "/dependentSchemas/a/format", "format not known"),
        ({"format": ["date"]}, "/format", "format not known"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", "another dialect"),
        ({"const": {"a": [2**53 + 1]}}, "/const", "number not exact in a browser"),
        ({"minLength": -1}, "/minLength", "not valid against its meta-schema"),
        ({"properties": {"a": {"type": "text"}}}, "/properties/a/type", "not valid against its meta-schema"),
        ({"items": [True]}, "/items", "no schema"),
        ({"items": None}, "/items", "no schema"),
        ("string", "", "no schema"),
        ({"const": float("nan")}, "", "no JSON"),
        ({"const": "\ud800"}, "", "no JSON"),
        ({"const": {1, 2}}, "", "no JSON"),
        (nested(13), "/items" * 13, "too deep"),
    ],
)
def test_what_forms_may_not_have_is_refused_where_it_stands(schema: Any, at: str, why: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        Validator(schema)
    assert (refused.value.at, refused.value.why) == (at, why)
    assert str(refused.value) == f"{at or '/'}: {why}"


def test_what_begins_with_x_asks_for_nothing(browser: Browser) -> None:
    schema = {"x-fact": {"$ref": "#", "pattern": "("}, "title": "t", "examples": [1], "default": {"$id": "x"}}
    assert Validator(schema).holds(1) and browser.wrong([(schema, 1)]) == [[]]


PERSON: dict[str, Any] = {
    "type": "object",
    "required": ["name", "how"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "how": {"enum": ["post", "pick-up"]},
        "address": {
            "type": "object",
            "required": ["post/code"],
            "properties": {"post/code": {"format": "cn-postcode"}},
        },
        "phones": {"type": "array", "items": {"type": "string", "format": "phone"}, "maxItems": 2},
    },
    "if": {"required": ["how"], "properties": {"how": {"const": "post"}}},
    "then": {"required": ["address"]},
    "dependentRequired": {"phones": ["best_time"]},
}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({}, [("/how", "required"), ("/name", "required")]),
        ({"name": "林", "how": "pick-up"}, [("/name", "minLength")]),
        ({"name": "晓雨", "how": "post"}, [("/address", "required")]),
        ({"name": "晓雨", "how": "post", "address": {}}, [("/address/post~1code", "required")]),
        ({"name": "晓雨", "how": "post", "address": {"post/code": "1"}}, [("/address/post~1code", "format")]),
        ({"name": "晓雨", "how": "fly", "a~b": 1}, [("/a~0b", "additionalProperties"), ("/how", "enum")]),
        (
            {"name": "晓雨", "how": "pick-up", "phones": ["+8613800138000", "x", 3]},
            [("/best_time", "required"), ("/phones", "maxItems"), ("/phones/1", "format"), ("/phones/2", "type")],
        ),
        ([], [("", "type")]),
        ("x", [("", "type")]),
    ],
)
def test_what_is_wrong_is_told_where_an_answer_stands(
    value: Any, wrong: list[tuple[str, str]], browser: Browser
) -> None:
    assert Validator(PERSON).wrong(value) == [Wrong(*one) for one in wrong]
    assert browser.wrong([(PERSON, value)]) == [wrong]


@pytest.mark.parametrize("value", ["\ud800", {"name": "\udfff"}, {1: 2}, b"x", {"a": {1}}])
def test_what_is_no_json_is_of_the_wrong_type(value: Any) -> None:
    assert Validator(PERSON).wrong(value) == [Wrong("", "type")]
    assert not Validator(PERSON).holds(value)


def test_a_value_of_any_depth_is_answered() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    assert Validator(PERSON).wrong(deep) == [Wrong("", "type")]


def test_a_pointer_is_that_of_the_standard() -> None:
    assert pointer([]) == ""
    assert pointer(["foo", 0, "a/b", "m~n", ""]) == "/foo/0/a~1b/m~0n/"
