"""A public key on P-256: as JSON, and by the name that credentials call it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate, load_pem_x509_certificates
from joserfc.jwk import ECKey


def public_jwk(key: bytes) -> dict[str, Any]:
    """The JWK of a public key, in PEM or DER, with its thumbprint (RFC 7638) as `kid`. Raises ValueError when it is not
    on P-256."""
    found = ECKey.import_key(key)
    told = {name: found.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    if told["crv"] != "P-256":
        raise ValueError("not on P-256")
    return {**told, "alg": "ES256", "kid": found.thumbprint()}


def fingerprint_of_root(chain: str) -> str:
    """The SHA-256, in hexadecimal, of the last certificate of `chain` in PEM. Raises ValueError when there is none."""
    [*_, root] = load_pem_x509_certificates(chain.encode())
    return root.fingerprint(SHA256()).hex()


def vouches(chain: str, key: bytes, at: datetime) -> bool:
    """Whether the first certificate of `chain` in PEM is of `key` (DER) and good at `at`. Raises ValueError when there
    is none."""
    [first, *_] = load_pem_x509_certificates(chain.encode())
    return spki(first) == key and first.not_valid_before_utc <= at < first.not_valid_after_utc


def ends_at(chain: str) -> datetime:
    """When the first certificate of `chain` in PEM ends that does, in UTC. Raises ValueError when there is none."""
    return min(one.not_valid_after_utc for one in load_pem_x509_certificates(chain.encode()))


def public_of(chain: str) -> bytes:
    """The public key, in DER, of the first certificate of `chain` in PEM. Raises ValueError when there is none."""
    [first, *_] = load_pem_x509_certificates(chain.encode())
    return spki(first)


def spki(certificate: Certificate) -> bytes:
    """The public key of a certificate, in DER (SubjectPublicKeyInfo)."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
