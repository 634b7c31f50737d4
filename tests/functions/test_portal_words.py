"""The portal's words: both languages say everything, and nothing that no page says."""

from __future__ import annotations

import re
import string
from itertools import chain

from yinji.clearance.case import STATES
from yinji.identity.session import ROLES

from tests import portal

LIB = portal.FOLDER / "chalicelib"
CALL = re.compile(r"""(?:\bt|\bwords|\bself|\bvisit\.words)\(\s*f?["']([a-z.{}_\- ]+?)["']\s*(~)?""")
ELSE = re.compile(r"""\belse "([a-z]+\.[a-z-]+)\"""")


def used() -> tuple[set[str], set[str]]:
    """Keys that templates and code name, and beginnings of keys they complete."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for path in chain(LIB.glob("*.py"), LIB.glob("templates/*.html")):
        text = path.read_text("utf-8")
        for key, more in CALL.findall(text):
            if more or "{" in key:
                beginnings.add(key.partition("{")[0])
            else:
                keys.add(key)
        keys |= set(ELSE.findall(text))
    return keys, beginnings


def catalogues() -> tuple[dict[str, object], dict[str, object]]:
    words = portal.module("chalicelib.words")
    return words.catalogue("zh"), words.catalogue("en")


def blanks(text: object) -> set[str]:
    whole = text if isinstance(text, str) else " ".join(text.values())  # type: ignore[attr-defined]
    return {name for _, name, _, _ in string.Formatter().parse(whole) if name}


def test_both_languages_have_the_same_keys_and_the_same_blanks() -> None:
    zh, en = catalogues()
    assert zh.keys() == en.keys()
    assert {key: blanks(text) for key, text in zh.items()} == {key: blanks(text) for key, text in en.items()}


def test_every_key_that_is_used_exists_and_every_one_that_exists_is_used() -> None:
    keys, beginnings = used()
    known = set(catalogues()[0])
    assert keys <= known, keys - known
    assert all(any(key.startswith(beginning) for key in known) for beginning in beginnings)
    idle = {key for key in known - keys if not any(key.startswith(beginning) for beginning in beginnings)}
    assert not idle


def test_what_is_completed_by_data_is_complete() -> None:
    known = set(catalogues()[0])
    assert {f"state.{state}" for state in STATES} <= known
    assert {f"one.{role}" for role in ROLES} <= known
    assert {f"month.{month}" for month in range(1, 13)} <= known


def test_the_english_catalogue_is_english() -> None:
    assert not re.search("[\u4e00-\u9fff]", (LIB / "words.en.toml").read_text("utf-8"))
