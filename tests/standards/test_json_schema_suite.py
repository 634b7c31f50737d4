"""The official JSON Schema Test Suite, in the function and in the browser: all of it that is about our keywords."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from yinji.forms.schema import KEYWORDS, NotAllowed, Validator

from tests.standards.conftest import Browser

SUITE = Path(__file__).parent / "json_schema_2020_12"
FILES = sorted(str(path.relative_to(SUITE)) for path in SUITE.rglob("*.json"))
NOT_RUN = {
    "$ref and what it finds": "anchor defs dynamicRef infinite-loop-detection ref refRemote vocabulary optional/anchor "
    "optional/cross-draft optional/dynamicRef optional/id optional/refOfUnknownKeyword optional/unknownKeyword",
    "keywords that forms have no use for": "content patternProperties prefixItems propertyNames unevaluatedItems "
    "unevaluatedProperties optional/dependencies-compatibility",
    "formats as remarks; ours are held": "format optional/format-assertion",
    "formats that are none of ours": "optional/format/date-time optional/format/time optional/format/uri and the like",
}
"""Files of the suite that are not here, by why. Within a file, a group with a keyword that is not ours is refused."""
REFUSED = {
    "pattern not allowed": {
        "ECMA 262 regex escapes control codes with \\c and lower letter",
        "ECMA 262 regex escapes control codes with \\c and upper letter",
        "pattern with Unicode property escape requires unicode mode",
        "pattern with non-ASCII digits",
        "patterns always use unicode semantics with pattern",
    },
    "number not exact in a browser": {
        "maximum integer comparison",
        "minimum integer comparison",
    },
}
"""Groups that are refused for what their keywords hold: browser and function would differ, or one would not take it."""
MAIL = "optional/format/email.json"
OTHER_MAIL = {
    "a quoted string with a space in the local part is valid",
    "a quoted string with a double dot in the local part is valid",
    "a quoted string with a @ in the local part is valid",
    "an IPv4-address-literal after the @ is valid",
    "an IPv6-address-literal after the @ is valid",
    "dot before local part is not valid",
    "dot after local part is not valid",
    "two subsequent dots inside local part are not valid",
}
"""Where an address of RFC 5321 is none of HTML's forms, which ours are, or the other way round."""

Case = tuple[str, Any, Any, bool]


def cases(file: str) -> Iterator[Case]:
    """Every test of `file`, with what it is called, whose schema is one that forms may have."""
    for group in json.loads((SUITE / file).read_text("utf-8")):
        try:
            Validator(group["schema"])
        except NotAllowed as refused:
            if refused.why == "keyword not allowed":
                assert refused.at.rpartition("/")[2] not in KEYWORDS
            else:
                assert group["description"] in REFUSED[refused.why]
            continue
        for one in group["tests"]:
            if file != MAIL or one["description"] not in OTHER_MAIL:
                yield f"{group['description']}: {one['description']}", group["schema"], one["data"], one["valid"]


@pytest.mark.parametrize("file", FILES)
def test_the_function_passes_the_official_suite(file: str) -> None:
    found = list(cases(file))
    assert found
    assert [name for name, schema, value, valid in found if Validator(schema).holds(value) != valid] == []
    assert [name for name, schema, value, valid in found if (not Validator(schema).wrong(value)) != valid] == []


@pytest.mark.parametrize("file", FILES)
def test_the_browser_passes_the_official_suite(file: str, browser: Browser) -> None:
    found = list(cases(file))
    told = browser.wrong([(schema, value) for _, schema, value, _ in found])
    assert [name for (name, *_, valid), wrong in zip(found, told, strict=True) if (not wrong) != valid] == []


@pytest.mark.parametrize("file", FILES)
def test_function_and_browser_say_the_same_is_wrong(file: str, browser: Browser) -> None:
    found = list(cases(file))
    told = browser.wrong([(schema, value) for _, schema, value, _ in found])
    ours = [[(one.at, one.keyword) for one in Validator(schema).wrong(value)] for _, schema, value, _ in found]
    different = {
        name: (mine, theirs) for (name, *_), mine, theirs in zip(found, ours, told, strict=True) if mine != theirs
    }
    assert different == {}


def test_every_keyword_that_asks_for_something_has_its_file() -> None:
    remarks = {"$schema", "$comment", "title", "description", "examples"}
    elsewhere = {"if": "if-then-else", "then": "if-then-else", "else": "if-then-else", "format": "optional/format/date"}
    assert {f"{elsewhere.get(one, one)}.json" for one in KEYWORDS - remarks} <= set(FILES)


def test_what_is_run_is_not_said_to_be_left_out() -> None:
    left_out = {f"{name}.json" for names in NOT_RUN.values() for name in names.split()}
    assert not left_out & set(FILES)


def test_what_is_left_out_is_in_the_suite() -> None:
    groups = [group for file in FILES for group in json.loads((SUITE / file).read_text("utf-8"))]
    assert set().union(*REFUSED.values()) <= {group["description"] for group in groups}
    (mails,) = json.loads((SUITE / MAIL).read_text("utf-8"))
    validator = Validator(mails["schema"])
    differing = {one["description"] for one in mails["tests"] if validator.holds(one["data"]) != one["valid"]}
    assert differing == OTHER_MAIL
