"""What the layer sign_in believes and what it does not, whatever a server says."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from sign_in import Refused, answer, oidc
from sign_in.answer import LONG_AGO, Patient
from sign_in.cas import Server
from sign_in.oidc import Provider

ISSUER, NONCE = "https://sso.example.edu", "n-0S6_WzA2Mj"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "two"})
NOW = int(time.time())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "sub": "T0001", "aud": "yinji", "exp": NOW + 3000, "iat": NOW, "nonce": NONCE, "auth_time": NOW,
}  # fmt: skip


def provider(*keys: Any) -> Provider:
    found = Provider(ISSUER, "yinji", "", "https://yinji.example.edu/back")
    found._metadata = (time.monotonic(), {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
    found._keys = (time.monotonic(), KeySet(list(keys or (KEY,))))
    return found


def token(claims: dict[str, Any] = CLAIMS, key: Any = KEY, alg: str = "RS256") -> str:
    return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


def test_a_token_that_holds_is_believed() -> None:
    assert provider()._claims(token(), NONCE)["sub"] == "T0001"
    several = CLAIMS | {"aud": ["yinji", "other"], "azp": "yinji"}
    assert provider()._claims(token(several), NONCE)["sub"] == "T0001"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": ["yinji", "other"]},
        {"aud": ["yinji", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": NOW - 120},
        {"iat": NOW + 3600},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": None},
    ],
)
def test_a_token_for_somebody_else_or_another_time_is_not(change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    with pytest.raises(Refused) as refused:
        provider()._claims(token(claims), NONCE)
    assert refused.value.code == "untrue"


def test_a_token_signed_otherwise_is_not_believed() -> None:
    secret = OctKey.import_key("between-us-and-long-enough-to-be-a-key", {"kid": "one"})
    none = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none", "kid": "one"}, CLAIMS)
    )
    changed = token().split(".")
    changed[1] = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"sub": "T0009"}).encode()).rstrip(b"=").decode()
    forged = RSAKey.generate_key(2048, {"kid": "one"})
    for odd in (token(key=forged), token(key=secret, alg="HS256"), f"{none}.", ".".join(changed), "", "x.y.z"):
        with pytest.raises(Refused) as refused:
            provider()._claims(odd, NONCE)
        assert refused.value.code == "untrue"


def test_keys_are_looked_up_again_for_a_new_one_and_not_for_everyone_who_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    found = provider()
    keys = {"keys": [OTHER.as_dict(private=False), {"kty": "EC", "crv": "P-9", "x": "AA", "y": "AA"}, {"kty": "odd"}]}
    monkeypatch.setattr(Provider, "_json", lambda self, url: asked.append(url) or keys)
    for _ in range(5):
        with pytest.raises(Refused):
            found._claims(token(key=OTHER), NONCE)
    assert asked == [], "they were looked up a moment ago"
    found._keys = (time.monotonic() - oidc.KEYS_AGAIN - 1, found._keys[1])
    assert found._claims(token(key=OTHER), NONCE)["sub"] == "T0001", "an odd key beside it locks nobody out"
    assert len(asked) == 1


def test_known_keys_serve_on_while_the_provider_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: Provider, url: str) -> Any:
        raise Refused("unreachable")

    found = provider()
    found._keys = (time.monotonic() - oidc.KEPT - 1, found._keys[1])
    monkeypatch.setattr(Provider, "_json", away)
    assert found._claims(token(), NONCE)["sub"] == "T0001"


def identity(monkeypatch: pytest.MonkeyPatch, again: bool = False, **claims: Any) -> Any:
    monkeypatch.setattr(Provider, "_token", lambda *_: token({k: v for k, v in (CLAIMS | claims).items() if v != ""}))
    return provider().identity({"state": "s", "code": "c"}, "s", NONCE, "v", again)


def test_whoever_does_not_say_when_they_proved_it_proved_it_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    for odd in ("", "soon", NOW * 1000, NOW + 3600, -1, [1]):
        assert identity(monkeypatch, auth_time=odd).proved_at <= LONG_AGO
        with pytest.raises(Refused):
            identity(monkeypatch, again=True, auth_time=odd)
    just_now = int(time.time()) - 10  # of this test: the file may have been read long before
    assert identity(monkeypatch, again=True, auth_time=just_now).proved_at.timestamp() == just_now
    for older, again in ((NOW - 600, True), (NOW - oidc.OLDEST - 120, False)):
        with pytest.raises(Refused):
            identity(monkeypatch, again=again, auth_time=older)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "denied"),
        ("temporarily_unavailable", "unreachable"),
        ("server_error", "unreachable"),
        ("unauthorized_client", "untrue"),
        ("somebody's words", "denied"),
    ],
)
def test_an_error_is_told_as_whose_it_is(error: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        provider().identity({"state": "s", "error": error}, "s", NONCE, "v")
    assert refused.value.code == code and "words" not in str(refused.value)


# --- CAS ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ("2026-06-15T04:00:00Z", True),
        ("2026-06-15T12:00:00+08:00", True),
        ("2026-06-15T12:00:00+08:00[Asia/Shanghai]", True),
        ("2026-06-15T12:00:00", False),
        ("yesterday", False),
        (None, False),
    ],
)
def test_when_a_cas_server_says_they_proved_it(told: str | None, believed: bool) -> None:
    at = Server._proved_at({"authenticationDate": told}, again=False)
    assert at == (datetime(2026, 6, 15, 4, tzinfo=UTC) if believed else LONG_AGO)


def test_a_time_to_come_is_no_proof() -> None:
    later = datetime.now(timezone(timedelta(hours=8))) + timedelta(hours=8)
    assert Server._proved_at({"authenticationDate": later.isoformat()}, again=False) == LONG_AGO
    assert answer.proved(datetime.now(UTC) + timedelta(seconds=30)) <= datetime.now(UTC), "clocks differ a little"


# --- what is asked over the wire ------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that sends everybody somewhere else, and what it was asked."""
    asked: list[str] = []

    class Redirects(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Redirects)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def test_nobody_is_followed_elsewhere(elsewhere: tuple[str, list[str]]) -> None:
    url, asked = elsewhere
    with pytest.raises(requests.RequestException):
        Patient().get(f"{url}/here")
    with pytest.raises(Refused) as refused:
        Provider(url, "yinji", "", "https://yinji.example.edu/back").away("s", NONCE, "v")
    assert refused.value.code == "unreachable"
    with pytest.raises(Refused) as refused:
        Server(url, "https://yinji.example.edu/back").identity({"state": "s", "ticket": "t"}, "s")
    assert refused.value.code == "unreachable"
    assert len(asked) == 3 and "/elsewhere" not in asked


def test_an_elliptic_key_is_as_good() -> None:
    key = ECKey.generate_key("P-256", {"kid": "curve"})
    assert provider(key)._claims(token(key=key, alg="ES256"), NONCE)["sub"] == "T0001"
