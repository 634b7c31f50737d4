"""Sessions: what is signed is believed, for a while; nothing else is."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from yinji.identity import demo, session
from yinji.identity.session import ROLES, Session, cookie, read, session_cookie, session_of, sign
from yinji.platform.problem import Problem

from tests.graduates import LIN, opened

WANG = Session("T0001", "counsellor", "王老师", school="S01")
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
sessions = st.builds(Session, text.filter(bool), st.sampled_from(ROLES), text, text, text)


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


def test_a_session_ends_after_twelve_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign(WANG, ["key"])
    real = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 12 * 3600 - 60)
    assert read(token, ["key"]) == WANG
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: real(self) + 12 * 3600 + 60)
    assert read(token, ["key"]) is None


@pytest.mark.parametrize("payload", [None, [], "x", 7, {}, {"role": "rector", "sub": "x"}, {"role": "student"}])
def test_signed_things_that_are_no_session_are_none(payload: Any) -> None:
    token = URLSafeTimedSerializer(["key"], salt=session.SALT).dumps(payload)
    assert read(token, ["key"]) is None


def test_something_signed_for_another_purpose_is_no_session() -> None:
    assert read(URLSafeTimedSerializer(["key"], salt="other").dumps(WANG.claims), ["key"]) is None


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
    for part in ("Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=43200"):
        assert part in told
    assert "Domain" not in told
    assert "Max-Age=0" in str(session_cookie("")) or "Max-Age=-1" in str(session_cookie(""))


def test_without_a_word_about_the_deployment_it_is_not_a_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YINJI_DEPLOYMENT")
    assert session.cookie_name() == "__Host-yinji_session"


# --- personas ------------------------------------------------------------------------------------------------
def test_every_office_on_offer_can_be_chosen() -> None:
    found = [demo.session_for(persona, None) for persona in demo.offices()]
    assert len({one.sub for one in found}) == len(found)
    assert {one.role for one in found} == set(ROLES) - {"student", "school-officer", "supervisor"}
    assert demo.session_for("school-officer:S02", None).school == "S02"
    assert demo.session_for("supervisor:T0123:S02", None) == Session("T0123", "supervisor", "T0123", school="S02")


def test_a_student_persona_has_a_case() -> None:
    assert demo.session_for(f"student:{LIN.student}", opened()) == Session(LIN.student, "student", LIN.name)
    for persona in (
        f"student:{LIN.student}",
        "",
        "counsellor:S99",
        "department-officer:school",
        "supervisor:",
        "supervisor:T0123",
        "supervisor:a b:S02",
        "supervisor:T0123:S99",
        "rector:x",
    ):
        with pytest.raises(Problem) as refused:
            demo.session_for(persona, None)
        assert refused.value.code == "not-found"
