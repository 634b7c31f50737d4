"""Sessions: what is signed is believed, for a while; nothing else is."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer
from yinji.identity import session
from yinji.identity.session import ROLES, Session, cookie, session_cookie, session_of, sign
from yinji.platform import clock

from tests.sessions import begun, read

WANG = begun(Session("T0001", "counsellor", "王老师", school="S01"))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
sessions = st.builds(Session, text.filter(bool), st.sampled_from(ROLES), text, text, text, text, text).map(begun)


@given(sessions)
def test_what_was_signed_is_read_back(one: Session) -> None:
    assert read(sign(one, ["key"]), ["key"]) == one


def test_rotation_signs_nobody_out_and_the_newest_key_signs() -> None:
    before = sign(WANG, ["one"])
    assert read(before, ["two", "one"]) == WANG
    after = sign(WANG, ["two", "one"])
    assert read(after, ["two"]) == WANG
    assert read(after, ["one"]) is None
    assert read(before, ["three", "two"]) is None, "a key that was withdrawn counts no more"


@given(st.data())
def test_no_single_character_can_be_changed(data: st.DataObject) -> None:
    token = sign(WANG, ["key"])
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda sign: sign != token[place]))
    changed = token[:place] + other + token[place + 1 :]
    # the last character of a signature carries two bits that nobody looks at
    assert read(changed, ["key"]) in ((None, WANG) if place == len(token) - 1 else (None,))


@given(st.text())
def test_anything_else_is_nobody(token: str) -> None:
    assert read(token, ["key"]) is None


def test_claims_cannot_be_swapped_under_a_signature() -> None:
    _, *signature = sign(WANG, ["key"]).split(".")
    claims = base64.urlsafe_b64encode(json.dumps(WANG.claims | {"role": "administrator"}).encode()).rstrip(b"=")
    assert read(".".join([claims.decode(), *signature]), ["key"]) is None


def test_a_cookie_that_nobody_used_for_two_hours_is_worth_nothing() -> None:
    token = sign(WANG, ["key"])
    assert read(token, ["key"], minutes_later=119) == WANG
    assert read(token, ["key"], minutes_later=121) is None
    assert read(token, ["key"], minutes_later=-2) is None, "nor is one that is still to be signed"


def test_a_session_ends_after_twelve_hours_however_often_it_is_signed_anew() -> None:
    assert read(sign(begun(replace(WANG, since=0), 12 * 60 - 1), ["key"]), ["key"])
    assert read(sign(begun(replace(WANG, since=0), 12 * 60 + 1), ["key"]), ["key"]) is None
    assert read(sign(replace(WANG, since=0), ["key"]), ["key"]) is None, "nor is one that began nobody knows when"


def test_a_cookie_is_looked_into_again_once_it_is_some_minutes_old() -> None:
    token, now = session.read(sign(WANG, ["key"]), ["key"], clock.now()), clock.now()
    assert token and not token.due(now + timedelta(minutes=4)) and token.due(now + timedelta(minutes=6))


def test_who_proved_who_they_are_did_so_for_a_quarter_of_an_hour() -> None:
    now = clock.now()
    wang = replace(WANG, proved=int(now.timestamp()))
    assert wang.fresh(now) and wang.fresh(now + timedelta(minutes=14)) and not wang.fresh(now + timedelta(minutes=16))
    assert not replace(WANG, proved=0).fresh(now)


@pytest.mark.parametrize("payload", [None, [], "x", 7, {}, {"role": "rector", "sub": "x"}, {"role": "student"}])
def test_signed_things_that_are_no_session_are_none(payload: Any) -> None:
    token = URLSafeTimedSerializer(["key"], salt=session.SALT).dumps(payload)
    assert read(token, ["key"]) is None


def test_something_signed_for_another_purpose_is_no_session() -> None:
    assert read(URLSafeTimedSerializer(["key"], salt="other").dumps(WANG.claims), ["key"]) is None


def test_times_that_are_none_make_no_session() -> None:
    assert session_of(WANG.claims) == WANG
    assert session_of(WANG.claims | {"since": "yesterday"}) is None


def test_claims_are_read_as_text() -> None:
    assert session_of({"sub": 7, "role": "student", "name": None}) == Session("7", "student", "")


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], ""),
        ([""], ""),
        (["yinji_session=abc"], "abc"),
        (["a=1; yinji_session=a=b=; c=3"], "a=b="),
        (["not_yinji_session=1", "xyinji_session=2"], ""),
        (["yinji_session"], ""),
    ],
)
def test_the_cookie_among_others(headers: list[str], value: str) -> None:
    assert cookie(headers, "yinji_session") == value


def test_the_cookie_is_out_of_reach_of_scripts_other_hosts_and_other_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    told = str(session_cookie("token"))
    assert told.startswith("__Host-yinji_session=token")
    for part in ("Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=7200"):
        assert part in told
    assert "Domain" not in told
    assert "Max-Age=0" in str(session_cookie("")) or "Max-Age=-1" in str(session_cookie(""))


def test_without_a_word_about_the_deployment_it_is_not_a_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YINJI_DEPLOYMENT")
    assert session.cookie_name() == "__Host-yinji_session"
