"""Signing in and out, and the door of the API."""

from __future__ import annotations

from typing import Any

import pytest
from yinji.identity.session import Session, read, sign

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud
from tests.graduates import LIN, graduate

AUTHORIZER, DEMO, OUT = "identity/authorizer", "identity/demo_sign_in", "identity/sign_out"


def request(*cookies: str, **more: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:x/$default/GET/api",
        "identitySource": list(cookies),
        "routeKey": "GET /api",
        "headers": {},
        "cookies": list(cookies),
    } | more


@pytest.mark.parametrize("key", ["new", "old"])
@pytest.mark.parametrize("session", [STUDENT, COUNSELLOR])
def test_whoever_has_a_session_is_let_in_as_who_they_are(cloud: Cloud, session: Session, key: str) -> None:
    token = sign(session, [key])
    expected = {"isAuthorized": True, "context": session.claims}
    assert cloud.invoke(AUTHORIZER, request(f"yinji_session={token}")) == expected
    header = request(headers={"cookie": f"a=b; yinji_session={token}"})
    del header["cookies"]
    assert cloud.invoke(AUTHORIZER, header) == expected


@pytest.mark.parametrize("cookies", [[], ["yinji_session="], ["yinji_session=forged"], ["other=x"], ["yinji_session"]])
def test_anybody_else_is_not(cloud: Cloud, cookies: list[str]) -> None:
    forged = f"yinji_session={sign(STUDENT, ['guessed'])}"
    for event in (request(*cookies), request(*cookies, forged)):
        answer = cloud.invoke(AUTHORIZER, event)
        assert answer["isAuthorized"] is False and not answer.get("context")


def test_on_aws_only_the_cookie_that_the_host_itself_set_counts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    token = sign(STUDENT, ["new"])
    assert cloud.invoke(AUTHORIZER, request(f"yinji_session={token}"))["isAuthorized"] is False
    assert cloud.invoke(AUTHORIZER, request(f"__Host-yinji_session={token}"))["isAuthorized"] is True


def test_locally_anybody_may_be_anybody(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    offered = cloud.call(DEMO, None, "GET", "/api/demo/personas").json
    assert f"student:{LIN.student}" in [one["persona"] for one in offered["students"]]
    for persona in [*offered["offices"], f"student:{LIN.student}"]:
        answer = cloud.call(DEMO, None, "POST", "/api/demo/sign-in", [("persona", persona), ("next", "/clearance")])
        assert (answer.status, answer.headers["Location"]) == (303, "/clearance")
        token = answer.cookies[0].split(";")[0].split("=", 1)[1]
        session = read(token, ["new"])
        assert session and session.role == persona.partition(":")[0]


@pytest.mark.parametrize("persona", ["", "student:2022S01999", "student:", "counsellor:S99", "student:" + "x" * 5000])
def test_nobody_can_be_who_there_is_not(cloud: Cloud, persona: str) -> None:
    answer = cloud.call(DEMO, None, "POST", "/api/demo/sign-in", {"persona": persona})
    assert (answer.status, answer.json["code"], answer.cookies) == (404, "not-found", [])


def test_on_aws_nobody_can_choose_who_to_be_nor_see_who_there_is(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    answer = cloud.call(DEMO, None, "POST", "/api/demo/sign-in", {"persona": "administrator:admin"})
    assert (answer.status, answer.cookies) == (404, [])
    assert cloud.call(DEMO, None, "GET", "/api/demo/personas").status == 404
    monkeypatch.delenv("YINJI_DEPLOYMENT")
    assert cloud.call(DEMO, None, "GET", "/api/demo/personas").status == 404, "what is not told is not local"


def test_signing_out_takes_the_cookie_away(cloud: Cloud) -> None:
    answer = cloud.call(OUT, None, "POST", "/api/sign-out", [])
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert answer.cookies[0].startswith("yinji_session=;")
    assert "Max-Age=" in answer.cookies[0] and "Max-Age=43200" not in answer.cookies[0]
