"""The issuer as did:web: what the public address is called, and the document that says which keys sign for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from proof.keys import public_jwk, public_of

CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"]


def did_of(public_url: str) -> str:
    """did:web of an address without a path. Raises ValueError when it has one: its document would lie elsewhere."""
    told = urlsplit(public_url)
    if not told.netloc or told.path.strip("/"):
        raise ValueError("not the address of a host alone")
    return f"did:web:{quote(told.netloc, safe='')}"


def key_id(did: str, jwk: dict[str, Any]) -> str:
    """What a signature calls the key of `did` it was made by."""
    return f"{did}#{jwk['kid']}"


def document_of(public_url: str, key: bytes, chains: Iterable[str]) -> dict[str, Any]:
    """The DID document of whoever is at `public_url` and signs by `key` (DER), or did so by those that `chains` are of;
    each is told once."""
    jwks = {one["kid"]: one for one in map(public_jwk, (key, *map(public_of, chains)))}
    return document(did_of(public_url), list(jwks.values()))


def document(did: str, jwks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The DID document: `jwks` are the keys that sign or did so, as `keys.public_jwk` gives them."""
    methods = [{"id": key_id(did, jwk), "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk} for jwk in jwks]
    return {
        "@context": CONTEXTS,
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
