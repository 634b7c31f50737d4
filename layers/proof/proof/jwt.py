"""Credentials as JWT, signed by ES256 (W3C VC-JOSE-COSE, and chapter 8.2 of Open Badges 3.0)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from proof import Sign

HALF = 32
"""Bytes of each of the two numbers of a signature on P-256."""


def signed(credential: Mapping[str, Any], key: str, sign: Sign) -> str:
    """`credential` as a JWT; `key` is the id of the verification method that `sign` signs by.

    The payload is the credential itself with what a JWT says by names of its own beside it.
    """
    header = {"alg": "ES256", "kid": key, "typ": "vc+jwt", "cty": "vc"}
    issuer = credential["issuer"]
    claims = {
        "iss": issuer if isinstance(issuer, str) else issuer["id"],
        "jti": credential["id"],
        "nbf": int(datetime.fromisoformat(credential["validFrom"]).timestamp()),
    }
    if subject := credential["credentialSubject"].get("id"):
        claims["sub"] = subject
    if until := credential.get("validUntil"):
        claims["exp"] = int(datetime.fromisoformat(until).timestamp())
    told = f"{_json(header)}.{_json({**credential, **claims})}"
    signature = sign(hashlib.sha256(told.encode()).digest())
    return f"{told}.{_base64(raw(signature))}"


def raw(signature: bytes) -> bytes:
    """A signature in DER as JWS wants it: its two numbers, each of 32 bytes."""
    first, second = decode_dss_signature(signature)
    return first.to_bytes(HALF, "big") + second.to_bytes(HALF, "big")


def _json(told: Mapping[str, Any]) -> str:
    return _base64(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
