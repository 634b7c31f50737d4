"""What is known of somebody, whatever is said and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.forms import facts
from yinji.forms.facts import SELF, Claim, Fact, decided, kinds, learnt, standing, worth_keeping

AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
WHO = "2022S01001"
REGISTRY = "student-registry"


def word(value: Any, minute: int = 0, source: str = SELF, kind: str = "programme") -> Fact:
    return Fact(WHO, kind, value, source, "a form" if source == SELF else "a file", AT + timedelta(minutes=minute))


def after(*said: Fact) -> Fact:
    known: Fact | None = None
    for one in said:
        known, _ = learnt(known, one)
    assert known
    return known


words = st.builds(word, st.sampled_from("XYZ"), st.integers(0, 6), st.sampled_from([SELF, REGISTRY]))


def test_the_registry_is_well_told() -> None:
    assert {kind.group for kind in kinds().values()} == set(facts.groups())
    assert {kind.source for kind in kinds().values()} == {*facts.sources(), SELF}
    called = [name.lower() for kind in kinds().values() for name in (*kind.title.values(), *kind.names)]
    assert len(called) == len(set(called)), "no two kinds are called the same"
    assert {kind.id for kind in kinds().values() if kind.sealed} == {
        "identity-card", "passport-number", "passport-zone", "bank-card", "account-abroad",
    }  # fmt: skip
    for kind in kinds().values():
        assert SELF in kind.readers, "everybody may know what is known of them"
        assert not kind.sealed or not {"counsellor", "school-officer"} & kind.readers


def test_what_is_not_well_told_is_refused() -> None:
    told = {
        "zh": "某", "en": "some", "group": "who", "schema": {"type": "string"}, "sensitivity": "open", "source": "self",
        "readers": ["self"], "writers": ["self"], "names": [],
    }  # fmt: skip
    assert facts._kind("some", told)
    for wrong in (
        {"sensitivity": "secret"},
        {"readers": ["everybody"]},
        {"source": "rumour"},
        {"group": "else"},
        {"schema": {"type": "object"}, "sensitivity": "sensitive"},
        {"schema": {"$ref": "#"}},
    ):
        with pytest.raises(ValueError, match=r"."):
            facts._kind("some", told | wrong)


def test_text_is_read_as_a_value_or_refused() -> None:
    assert facts.read("sex", " 女 ") == facts.read("sex", "female") == "female"
    assert facts.read("bank-card", "6222 0212 3456 7894") == "6222021234567894"
    for kind, text in (("sex", "?"), ("birth-date", "2002-02-30"), ("name", "")):
        with pytest.raises(ValueError, match=kind):
            facts.read(kind, text)


def test_what_people_see_of_a_value() -> None:
    assert facts.shown("sex", "female", "zh") == "女"
    assert facts.shown("sex", "female", "en") == "female"
    assert facts.shown("identity-card", "11010519491231002X", "zh") == "•••• 002X"
    contact = {"phone": "13800138000", "name": "王芳", "relation": "母亲"}
    assert facts.shown("emergency-contact", contact, "zh") == "王芳 · 母亲 · 13800138000"


def test_who_may() -> None:
    card = kinds()["bank-card"]
    assert facts.may_read(card, "student", self_=True) and not facts.may_read(card, "student", self_=False)
    assert facts.may_read(card, "department-officer", self_=False)
    assert not facts.may_read(card, "counsellor", self_=False)
    assert facts.may_write(card, "student", self_=True)
    assert not facts.may_write(kinds()["student-number"], "student", self_=True)


def test_what_was_true_long_ago_is_stale_until_it_is_said_again() -> None:
    said = word("北京市海淀区", kind="home-address")
    days = timedelta(days=1)
    assert standing(None, AT) == "missing"
    assert standing(said, AT + 180 * days) == "known"
    assert standing(said, AT + 181 * days) == "stale"
    again = after(said, replace(said, at=AT + 100 * days))
    assert standing(again, AT + 280 * days) == "known"
    assert standing(word("物理学"), AT + 9999 * days) == "known", "for ever"


def test_the_record_wins_over_what_was_typed_and_what_was_typed_is_a_conflict() -> None:
    record, typed = word("物理学", 5, REGISTRY), word("化学", 1)
    for said in permutations((record, typed)):
        known, conflict = learnt(learnt(None, said[0])[0], said[1])
        assert (known.value, known.source, known.claim) == ("物理学", REGISTRY, Claim("化学", typed.at, "a form"))
        assert conflict and (conflict.recorded, conflict.typed, conflict.source) == ("物理学", "化学", REGISTRY)
        assert conflict.id == known.conflict.id if known.conflict else False


def test_who_says_what_the_record_says_takes_back_what_they_said_before() -> None:
    known = after(word("物理学", 1, REGISTRY), word("化学", 2))
    back, conflict = learnt(known, word("物理学", 3))
    assert back.claim is None and conflict is None and back.confirmed == AT + timedelta(minutes=3)
    assert learnt(back, word("化学", 2))[0] is back, "what was said before that comes late"


def test_a_record_that_takes_up_what_was_typed_ends_the_conflict() -> None:
    known = after(word("物理学", 1, REGISTRY), word("化学", 2), word("化学", 3, REGISTRY))
    assert (known.value, known.claim) == ("化学", None)


def test_a_record_that_changes_otherwise_leaves_the_conflict_as_it_is() -> None:
    before = after(word("物理学", 1, REGISTRY), word("化学", 2))
    known, conflict = learnt(before, word("数学", 3, REGISTRY))
    assert known.value == "数学" and known.claim == before.claim and conflict is None
    assert known.conflict and before.conflict and known.conflict.id == before.conflict.id


def test_a_record_that_was_decided_against_counts_no_more_until_it_says_something_else() -> None:
    late = AT + timedelta(hours=1)
    known = decided(after(word("物理学", 1, REGISTRY), word("化学", 2)), "take", late)
    assert (known.value, known.source, known.claim, known.through) == ("化学", REGISTRY, None, "decision")
    assert learnt(known, word("物理学", 90, REGISTRY))[0] is known
    agreed, _ = learnt(known, word("化学", 90, REGISTRY))
    assert agreed.overruled is None and learnt(agreed, word("物理学", 95, REGISTRY))[0].value == "物理学"
    assert learnt(known, word("数学", 90, REGISTRY))[0].value == "数学"
    assert learnt(known, word("数学", 30, REGISTRY))[0] is known, "an older file"


def test_what_was_decided_against_may_be_said_again_later_but_not_by_the_same_word() -> None:
    late = AT + timedelta(hours=1)
    known = decided(after(word("物理学", 1, REGISTRY), word("化学", 2)), "keep", late)
    assert (known.value, known.claim, known.confirmed) == ("物理学", None, late)
    assert learnt(known, word("化学", 2))[0] is known
    assert learnt(known, word("化学", 61))[1]
    with pytest.raises(ValueError, match="otherwise"):
        decided(known, "keep", late)


@given(st.lists(words, max_size=8))
def test_whatever_is_said_again_changes_nothing(said: list[Fact]) -> None:
    known: Fact | None = None
    for one in said:
        known, _ = learnt(known, one)
        again, conflict = learnt(known, one)
        assert again is known and conflict is None


@given(st.lists(words, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_in_whatever_order_words_come_the_newest_of_the_record_stands(said: list[Fact], chance: Any) -> None:
    other = list(said)
    chance.shuffle(other)
    records = [one for one in said if one.recorded]
    newest = max(records or said, key=lambda one: (one.at, one.value))
    for order in (said, other):
        known = after(*order)
        assert (known.value, known.at, known.recorded) == (newest.value, newest.at, bool(records))
        assert known.claim is None or known.claim.value != known.value
    if not records:
        assert after(*said).claim is None


@given(st.lists(words, min_size=1, max_size=8))
def test_versions_count_changes(said: list[Fact]) -> None:
    known: Fact | None = None
    for one in said:
        later, _ = learnt(known, one)
        assert later is known or later.version == (known.version + 1 if known else 1)
        known = later


def test_what_a_record_says_every_night_is_written_down_seldom() -> None:
    known = word("物理学", 0, REGISTRY)
    night = timedelta(days=1)
    assert worth_keeping(None, known)
    assert not worth_keeping(known, replace(known, at=AT + 999 * night)), "it is true for ever"
    assert worth_keeping(known, replace(known, value="化学"))
    assert worth_keeping(word("物理学"), known), "that the record says so as well"
    room = word("35 楼 101", 0, "housing", "dormitory-room")
    assert not worth_keeping(room, replace(room, at=AT + 91 * night))
    assert worth_keeping(room, replace(room, at=AT + 92 * night))
    over = decided(after(known, word("化学", 1)), "take", AT + night)
    assert worth_keeping(over, replace(known, value="化学")), "the record was corrected"
