"""Sealed answers: what can be seen of them, what they are bound to, and what is left when their key is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import definition
from yinji.clearance.sealing import Broken, PersonKey, is_sealed, masked

KEY = PersonKey("2022S01001", bytes(range(32)))
PLACE = "scholarship-settlement/card"
NUMBER = "6222000012345678"


@given(number=st.text(max_size=60))
def test_whatever_is_sealed_comes_back(number: str) -> None:
    assert KEY.open(PLACE, KEY.seal(PLACE, number)) == number


def test_the_last_signs_are_seen_and_no_others() -> None:
    sealed = KEY.seal(PLACE, NUMBER)
    assert is_sealed(sealed) and masked(sealed) == masked(NUMBER) == "•••• 5678"
    assert NUMBER not in sealed and NUMBER[:-4] not in sealed


@pytest.mark.parametrize(("number", "seen"), [("12", ""), ("123", "3"), ("00710", "0"), ("0071-0009", "09")])
def test_of_a_short_number_most_stays_hidden(number: str, seen: str) -> None:
    assert masked(number) == masked(KEY.seal(PLACE, number)) == f"•••• {seen}"


def test_the_same_number_looks_different_each_time() -> None:
    assert KEY.seal(PLACE, NUMBER) != KEY.seal(PLACE, NUMBER)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (PersonKey("2022S01002", KEY.key), PLACE),
        (PersonKey(KEY.person, bytes(32)), PLACE),
        (KEY, "campus-card/iban"),
    ],
    ids=["another graduate", "another key", "another question"],
)
def test_it_is_worth_nothing_anywhere_else(key: PersonKey, place: str) -> None:
    with pytest.raises(Broken):
        key.open(place, KEY.seal(PLACE, NUMBER))


@given(at=st.integers(min_value=14), sign=st.sampled_from("AZaz09-_="))
def test_no_sign_of_it_can_be_changed(at: int, sign: str) -> None:
    sealed = KEY.seal(PLACE, NUMBER)
    begin = sealed.rindex(":") + 1
    place = begin + at % (len(sealed) - begin - 2)  # the last signs hold bits that mean nothing
    changed = sealed[:place] + sign + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(Broken):
            KEY.open(PLACE, changed)


def test_what_tells_requests_apart_cannot_be_guessed_without_the_key() -> None:
    mark = KEY.marks({"card": NUMBER, "bank": "b"}, ["card"])
    assert mark == KEY.marks({"card": NUMBER, "bank": "b"}, ["card"]) and mark["bank"] == "b"
    assert mark["card"] != KEY.marks({"card": NUMBER[:-1] + "0"}, ["card"])["card"]
    assert mark["card"] != PersonKey(KEY.person, bytes(32)).marks({"card": NUMBER}, ["card"])["card"]


def test_every_number_of_an_account_is_sealed() -> None:
    accounts = {"card", "iban"}
    asked = {
        (step.id, field.name): field.sealed
        for step in definition.steps().values()
        for action in step.actions.values()
        for field in action.fields
        if field.name in accounts
    }
    assert len(asked) == 4 and all(asked.values())
