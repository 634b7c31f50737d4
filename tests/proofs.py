"""What is sealed and proven in tests: facts of a book, a PDF as the typesetter makes it, a root that vouches."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from typeset.certificate import certificate_pdf
from yinji.editions.claims import facts
from yinji.editions.signing import CHAIN, Authority, SigningKey

from infra.local.authority import Root
from tests import handlers
from tests.bench.certificates import data
from tests.functions.conftest import Cloud

AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
URL = "https://yinji.example.edu"
TITLE = {"zh": "一", "en": "one"}


def book(**more: Any) -> dict[str, Any]:
    """Of what a book says, what credentials are made of: two hundreds and the second classroom are fulfilled."""
    parts = [{"title": TITLE, "asked": 2400, "credited": 2430, "tenths": 20, "lines": []} for _ in range(5)]
    return {
        "student": {
            "number": "2022S01001",
            "name": "苏明",
            "name_latin": "Su Ming",
            "programme": "汉语言文学",
            "school": TITLE,
            "class_name": "",
            "grade": "2022",
        },
        "university": {"zh": "江屿大学", "en": "Jiangyu University"},
        "first": "2022-09-05",
        "last": "2026-05-28",
        "records": 412,
        "hundreds": [{"title": TITLE, "aim": 100, "reached": reached} for reached in (104, 61, 100, 99)],
        "transcript": {"asked": 12000, "credited": 12150, "tenths": 101, "fulfilled": True, "parts": parts},
    } | more


def told(**more: Any) -> Mapping[str, Any]:
    return facts(book(**more))


@cache
def pdf() -> bytes:
    """A document of the typesetter's: PDF/A-2b and PDF/UA-1, tagged."""
    return certificate_pdf(data("苏明"), AT)


@cache
def root() -> Root:
    return Root(Path(mkdtemp()), datetime.now(UTC))


class Key:
    """A key on P-256 that is at hand."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        public = self.private.public_key()
        self.public = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.chain = root().chain(self.public, datetime.now(UTC))

    def sign(self, digest: bytes) -> bytes:
        return self.private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def with_authority(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Let the root vouch for the key of the double's KMS, which is another one in each test; its public half."""
    key = boto3.client("kms").get_public_key(KeyId="alias/signing")["PublicKey"]
    chain = root().chain(key, datetime.now(UTC))
    cloud.s3.put_object(Bucket="editions", Key=CHAIN, Body=chain.encode())
    for folder in ("archive/seal", "archive/authority", "archive/kept_copy"):
        module = handlers.warm(folder)
        monkeypatch.setattr(module, "key", SigningKey())
        monkeypatch.setattr(module, "authority", Authority(module.s3))
    monkeypatch.setattr(handlers.warm("archive/authority"), "lists", {})
    return key


def judged(document: bytes) -> PdfSignatureStatus:
    """What pyHanko's own validator says of the seal of `document`, for whoever trusts the root."""
    trusted = load_certs_from_pemder_data(root().certificate.public_bytes(Encoding.PEM))
    [seal] = PdfFileReader(io.BytesIO(document)).embedded_signatures
    return validate_pdf_signature(seal, ValidationContext(trust_roots=list(trusted), allow_fetching=False))
