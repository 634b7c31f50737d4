"""Rows of what anybody may have who verifies an edition: the issuer, its certificates, what was revoked."""

from __future__ import annotations

from collections.abc import Mapping

from infra.openapi.shapes import TEXT, Schema, many, obj
from infra.openapi.told import Answer, Told

VERIFYING = "verifying"
PATH = "/.well-known"
NUMBER: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,5})$"}
KEPT = {"Cache-Control": "for how long it is good", "Access-Control-Allow-Origin": "pages of verifiers elsewhere may"}
JWK = obj(dict.fromkeys(("kty", "crv", "x", "y", "alg", "kid"), TEXT))
DOCUMENT = obj(
    {
        "@context": many(TEXT),
        "id": TEXT,
        "verificationMethod": many(obj({"id": TEXT, "type": TEXT, "controller": TEXT, "publicKeyJwk": JWK})),
        "assertionMethod": many(TEXT),
    }
)


def _kept(media_type: str, schema: Schema, description: str) -> Mapping[int, Answer]:
    return {200: Answer({media_type: schema}, KEPT, description)}


ROWS: Mapping[str, Told] = {
    f"GET {PATH}/did.json": Told(
        VERIFYING,
        "Which keys sign for the university (did:web)",
        _kept("application/did+json", DOCUMENT, "The DID document, with keys that signed before."),
    ),
    f"GET {PATH}/authority.pem": Told(
        VERIFYING,
        "Who vouches for these keys",
        _kept("application/x-pem-file", TEXT, "Certificates, of the key in use first, each chain up to its root."),
        problems=["not-found"],
    ),
    f"GET {PATH}/status/{{number}}": Told(
        VERIFYING,
        "Which credentials were revoked",
        _kept("application/vc+jwt", TEXT, "A BitstringStatusListCredential, as a JWT."),
        problems=["not-found"],
    ),
}
