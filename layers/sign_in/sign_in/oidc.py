"""OpenID Connect Core 1.0: the authorization code flow with PKCE (RFC 7636), discovery, keys that change.

The ID token is believed for nothing but its signature by a key of the issuer, by an algorithm that needs a public key:
never "none", never one that is keyed with the client's secret.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from sign_in.answer import LEEWAY, LONG_AGO, TIMEOUT, Identity, Patient, Refused, proved

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "Ed25519", "EdDSA")
SCOPE = "openid profile"
ERRORS = frozenset(
    {
        *("access_denied", "login_required", "interaction_required", "account_selection_required", "consent_required"),
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
        *("invalid_scope", "unsupported_response_type", "server_error", "temporarily_unavailable"),
    }
)
"""What a provider may answer (RFC 6749, 4.1.2.1 and 5.2; Core 1.0, 3.1.2.6); anything else is somebody's own text."""
OURS = {
    "invalid_client": "untrue",
    "unauthorized_client": "untrue",
    "server_error": "unreachable",
    "temporarily_unavailable": "unreachable",
}
"""Errors that are not of whoever signs in."""
KEPT = 3600.0
"""Seconds for which what the issuer says of itself is believed."""
KEYS_AGAIN = 10.0
"""Seconds at least between two looks for new keys, however many tokens name a key that nobody knows."""
OLDEST = 12 * 3600
"""Seconds after which somebody who is still signed in there is to prove who they are all the same."""
JUST_NOW = timedelta(minutes=5)
"""How long ago somebody may have proved who they are who was asked to do it again."""


@dataclass
class Provider:
    """The university's OpenID provider at `issuer`, to which we are `client` with `secret` (empty: a public client).

    `back` is our address that browsers come back to; `account_claim` is the claim that holds the student or staff
    number. Methods raise Refused.
    """

    issuer: str
    client: str
    secret: str
    back: str
    account_claim: str = "sub"
    _session: requests.Session = field(default_factory=Patient, repr=False)
    _metadata: tuple[float, Mapping[str, Any]] = (0.0, {})
    _keys: tuple[float, KeySet | None] = (0.0, None)

    def away(self, state: str, nonce: str, verifier: str, again: bool = False) -> str:
        """Where to send the browser; with `again` they are to prove who they are even if they are signed in there."""
        # whoever is asked for an age tells the time (Core 1.0, 2: auth_time is required then)
        more: dict[str, str | int] = {"prompt": "login", "max_age": 0} if again else {"max_age": OLDEST}
        url, _ = self._client().create_authorization_url(
            self._endpoint("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier, **more
        )
        return str(url)

    def identity(
        self, query: Mapping[str, str], state: str, nonce: str, verifier: str, again: bool = False
    ) -> Identity:
        """Who came back with `query`, to an attempt that went away with `state`, `nonce` and `verifier`."""
        if not state or query.get("state") != state:
            raise Refused("stale", "the state is another")
        if query.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise Refused("untrue", "the answer is of another issuer")
        if error := query.get("error"):
            raise _refused(error, "denied")
        if not query.get("code"):
            raise Refused("stale", "there is no code")
        token = self._token(query["code"], verifier)
        claims = self._claims(token, nonce)
        account = str(claims.get(self.account_claim) or "").strip()
        if not account:
            raise Refused("untrue", f"the ID token has no {self.account_claim}")
        proved_at = _auth_time(claims)
        age = datetime.now(UTC) - proved_at
        if again and age > JUST_NOW:
            raise Refused("untrue", "they did not prove anew who they are")
        if proved_at != LONG_AGO and age > timedelta(seconds=OLDEST + LEEWAY):
            raise Refused("untrue", "they proved who they are longer ago than was asked for")
        return Identity(account, str(claims.get("name") or ""), proved_at)

    def leave(self, next: str) -> str:
        """Where the university's own sign-in is left, to come back to `next`; empty where it has no such address."""
        place = str(self._told().get("end_session_endpoint") or "")
        told = urlencode({"client_id": self.client, "post_logout_redirect_uri": next})
        return f"{place}{'&' if '?' in place else '?'}{told}" if place else ""

    # --- what the issuer says of itself --------------------------------------------------------------------
    def _told(self) -> Mapping[str, Any]:
        at, known = self._metadata
        if not known or time.monotonic() - at > KEPT:
            known = self._json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if known.get("issuer") != self.issuer:
                raise Refused("untrue", "the metadata is of another issuer")
            self._metadata = (time.monotonic(), known)
        return known

    def _endpoint(self, name: str) -> str:
        place = self._told().get(name)
        if not place:
            raise Refused("untrue", f"the issuer names no {name}")
        return str(place)

    def _key_set(self, kid: str | None) -> KeySet:
        """The issuer's keys; looked up again when they are old, or when none of them is `kid`: keys rotate."""
        at, known = self._keys
        age = time.monotonic() - at
        missing = known is not None and kid is not None and all(key.kid != kid for key in known.keys)
        if known is None or age > KEPT or (missing and age > KEYS_AGAIN):
            try:
                known = _readable(self._json(self._endpoint("jwks_uri")))
            except Refused:
                if known is None:
                    raise
            self._keys = (time.monotonic(), known)
        return known

    def _json(self, url: str) -> Mapping[str, Any]:
        try:
            answer = self._session.get(url, headers={"Accept": "application/json"})
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Refused("unreachable", type(error).__name__) from error
        if answer.status_code != 200 or not isinstance(found, dict):
            raise Refused("untrue", "the issuer answers something else")
        return cast(Mapping[str, Any], found)

    # --- the code for a token, the token for claims --------------------------------------------------------
    def _client(self) -> Any:
        return OAuth2Session(
            self.client,
            self.secret or None,
            token_endpoint_auth_method="client_secret_basic" if self.secret else "none",
            scope=SCOPE,
            redirect_uri=self.back,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )

    def _token(self, code: str, verifier: str) -> str:
        place = self._endpoint("token_endpoint")
        try:
            told: Mapping[str, Any] = self._client().fetch_token(
                place, code=code, code_verifier=verifier, allow_redirects=False
            )
        except OAuthError as error:  # the code is used, too old, or of somebody else's attempt
            raise _refused(str(error.error), "stale") from error
        except (requests.RequestException, ValueError) as error:
            raise Refused("unreachable", type(error).__name__) from error
        token = told.get("id_token")
        if not isinstance(token, str):
            raise Refused("untrue", "the answer has no ID token")
        return token

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What a valid ID token says (Core 1.0, 3.1.3.7)."""
        expected = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            decoded = jwt.decode(token, self._key_set(kid), algorithms=list(ALGORITHMS))
            expected.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise Refused("untrue", type(error).__name__) from error
        claims = decoded.claims
        several = isinstance(claims["aud"], list) and len(cast(list[str], claims["aud"])) > 1
        if claims.get("azp", None if several else self.client) != self.client:
            raise Refused("untrue", "the ID token was made for somebody else")
        return claims


def _refused(error: str, usual: str) -> Refused:
    """What an error of the provider means to whoever signs in: "usual", unless it is the provider's or ours."""
    known = error if error in ERRORS else "another error"
    return Refused(OURS.get(error, usual), known)


def _auth_time(claims: Mapping[str, Any]) -> datetime:
    try:
        return proved(datetime.fromtimestamp(max(0, int(claims.get("auth_time") or 0)), UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        return LONG_AGO


def _readable(found: Mapping[str, Any]) -> KeySet:
    """The keys to check signatures by, without those that cannot be read: one odd key must not lock everybody out."""
    keys: list[Key] = []
    for told in cast(list[dict[str, Any]], found.get("keys") or []):
        if told.get("use", "sig") != "sig" or told.get("kty") == "oct":
            continue
        try:
            keys += KeySet.import_key_set({"keys": [told]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise Refused("untrue", "the issuer has no key that can be read")
    return KeySet(keys)
