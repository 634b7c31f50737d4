"""Every format, by texts that are of it and texts that are not, in the function and in the browser."""

from __future__ import annotations

import itertools
import json
import re
import string
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yinji.forms.countries import countries
from yinji.forms.formats import FORMATS, tidy
from yinji.forms.schema import Validator

from tests.portal import module
from tests.standards.conftest import Browser

TOLD: dict[str, Any] = json.loads(Path(__file__).with_name("formats.json").read_text("utf-8"))
TIDIED: list[list[str]] = TOLD.pop("tidied")


def held(browser: Browser, texts: list[tuple[str, str]]) -> list[bool]:
    """Whether the browser takes each text as one of its format."""
    return [not found for found in browser.wrong([({"format": format}, text) for format, text in texts])]


def test_every_format_has_texts() -> None:
    assert set(TOLD) == set(FORMATS)
    assert all(one["source"] and len(one["valid"]) > 1 and len(one["invalid"]) > 2 for one in TOLD.values())


@pytest.mark.parametrize("format", FORMATS)
def test_texts_of_a_format_are_told_from_others(format: str, browser: Browser) -> None:
    one = TOLD[format]
    looser: list[str] = one.get("looser", [])
    validator = Validator({"format": format})
    assert [text for text in one["valid"] if not validator.holds(text)] == []
    assert [text for text in [*one["invalid"], *looser] if validator.holds(text)] == []
    texts = [*one["valid"], *looser, *one["invalid"]]
    taken = dict(zip(texts, held(browser, [(format, text) for text in texts]), strict=True))
    assert [text for text in [*one["valid"], *looser] if not taken[text]] == []
    assert [text for text in one["invalid"] if taken[text]] == []


def test_only_of_phones_the_browser_knows_less() -> None:
    assert [format for format, one in TOLD.items() if "looser" in one] == ["phone"]


def test_what_is_typed_is_made_as_it_is_kept(browser: Browser) -> None:
    assert [tidy(format, typed) for format, typed, _ in TIDIED] == [kept for *_, kept in TIDIED]
    assert browser.tidied([(format, typed) for format, typed, _ in TIDIED]) == [kept for *_, kept in TIDIED]
    every = [(format, text) for format, one in TOLD.items() for text in one["valid"]]
    assert [(format, tidy(format, text)) for format, text in every] == every, "nothing is left to do"


def test_the_browser_knows_the_same_countries(browser: Browser) -> None:
    pairs = ["".join(pair) for pair in itertools.product(string.ascii_uppercase, repeat=2)]
    assert {
        pair for pair, taken in zip(pairs, held(browser, [("country", one) for one in pairs]), strict=True) if taken
    } == countries().keys()
    assert len(countries()) == 249


def test_the_browser_knows_the_same_registry_of_ibans() -> None:
    ours = resources.files("stdnum").joinpath("iban.dat").read_text("utf-8")
    registry = {
        found[1] + found[2].replace("!", "") for found in re.finditer(r'^([A-Z]{2}) .*bban="(.*?)"', ours, re.MULTILINE)
    }
    script = module("chalicelib.static").files()["forms-check.js"]
    found = re.search(r"const IBANS = new Map\(`(.*?)`", script, re.DOTALL)
    assert found and set(found[1].split()) == registry


CHARACTERS = st.sampled_from("0123456789AEKXZaz<+-/. \n\r\t٣６Ａ–\u00a0\u3000\ufeff中😀")
MUTATED = st.tuples(st.sampled_from(sorted(FORMATS)), st.integers(0, 99), st.integers(0, 99), CHARACTERS, st.booleans())


@settings(max_examples=60, deadline=None)
@given(changes=st.lists(MUTATED, min_size=20, max_size=60))
def test_a_text_that_was_changed_is_told_alike(
    changes: list[tuple[str, int, int, str, bool]], browser: Browser
) -> None:
    texts: list[tuple[str, str]] = []
    for format, which, where, sign, instead in changes:
        valid: list[str] = TOLD[format]["valid"]
        text = valid[which % len(valid)]
        place = where % (len(text) + 1)
        texts.append((format, text[:place] + sign + text[place + instead :]))
    assert browser.tidied(texts) == [tidy(format, text) for format, text in texts]
    texts += [(format, tidy(format, text)) for format, text in texts]
    taken = held(browser, texts)
    ours = [FORMATS[format](text) for format, text in texts]
    assert [one for one, mine, theirs in zip(texts, ours, taken, strict=True) if mine and not theirs] == []
    exact = [(one, mine, theirs) for one, mine, theirs in zip(texts, ours, taken, strict=True) if one[0] != "phone"]
    assert [one for one, mine, theirs in exact if mine != theirs] == []
