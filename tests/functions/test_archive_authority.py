"""What verifiers ask for, without an account: whose key it is, who vouches for it, what was revoked."""

from __future__ import annotations

import gzip
import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from cryptography.x509 import load_pem_x509_certificates
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from proof import keys, status
from yinji.editions.model import ALONE, Edition, sealed_key
from yinji.editions.signing import CHAIN, FORMER, GOOD_FOR
from yinji.editions.store import Editions, new_edition

from tests import handlers, proofs
from tests.functions.conftest import Cloud
from tests.functions.test_archive_seal import arrive, rendered

FOLDER = "archive/authority"
LIST = "/.well-known/status/0"


@pytest.fixture
def key(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> bytes:
    return proofs.with_authority(cloud, monkeypatch)


def get(cloud: Cloud, path: str) -> Any:
    return cloud.call(FOLDER, None, "GET", path)


def payload(jwt: str) -> Any:
    part = jwt.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def revoked(jwt: str) -> list[int]:
    """The places whose bit is set, read as the standard tells: the first bit is the leftmost one."""
    told = payload(jwt)["credentialSubject"]["encodedList"]
    assert told[0] == "u"
    bits = gzip.decompress(urlsafe_b64decode(told[1:] + "=" * (-len(told[1:]) % 4)))
    assert len(bits) * 8 == 131_072
    text = f"{int.from_bytes(bits, 'big'):0131072b}"
    return [place for place, bit in enumerate(text) if bit == "1"]


def sealed(number: int) -> Edition:
    editions = Editions()
    edition = editions.ask(new_edition(f"2022S0100{number}", ALONE, "zh", "ink", "x", state="requested", key="1"))
    found = editions.seal(edition, "f", "d" * 64, 1, editions.placed(edition))
    assert found
    return found


def test_the_did_document_names_the_key_in_use(cloud: Cloud, key: bytes) -> None:
    answer = get(cloud, "/.well-known/did.json")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/did+json"
    [method] = answer.json["verificationMethod"]
    assert answer.json["id"] == "did:web:yinji.example.edu"
    assert method["publicKeyJwk"] == keys.public_jwk(key)
    assert answer.json["assertionMethod"] == [method["id"]]
    assert method["id"] == f"did:web:yinji.example.edu#{method['publicKeyJwk']['kid']}"


def test_the_certificates_are_those_of_the_seal(cloud: Cloud, key: bytes) -> None:
    answer = get(cloud, "/.well-known/authority.pem")
    own, root = load_pem_x509_certificates(answer.body.encode())
    own.verify_directly_issued_by(root)
    assert root == proofs.root().certificate and keys.public_of(answer.body) == key


def test_keys_that_signed_before_are_still_told(cloud: Cloud, key: bytes) -> None:
    former = proofs.Key()
    cloud.s3.put_object(Bucket="editions", Key=f"{FORMER}1.pem", Body=former.chain.encode())
    methods = get(cloud, "/.well-known/did.json").json["verificationMethod"]
    assert [one["publicKeyJwk"]["kid"] for one in methods] == [
        keys.public_jwk(one)["kid"] for one in (key, former.public)
    ]
    assert len(load_pem_x509_certificates(get(cloud, "/.well-known/authority.pem").body.encode())) == 4


@pytest.mark.parametrize("path", ["/.well-known/did.json", "/.well-known/authority.pem", LIST])
def test_answers_are_for_everybody_and_kept(cloud: Cloud, key: bytes, path: str) -> None:
    answer = get(cloud, path)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_list_tells_what_was_revoked(cloud: Cloud, key: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    editions = [sealed(number) for number in range(3)]
    assert revoked(get(cloud, LIST).body) == []
    assert Editions().revoke(editions[1], "D07", "award withdrawn")
    assert revoked(get(cloud, LIST).body) == [], "it is signed once in five minutes"
    module = handlers.warm(FOLDER)
    later = module.time.monotonic() + GOOD_FOR
    monkeypatch.setattr(module, "time", type("Later", (), {"monotonic": staticmethod(lambda: later)}))
    assert revoked(get(cloud, LIST).body) == [editions[1].status] == [2]


def test_it_is_signed_once_and_kept(cloud: Cloud, key: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = list[bytes]()
    module = handlers.warm(FOLDER)
    sign = module.key.sign
    monkeypatch.setattr(module.key, "sign", lambda digest: signed.append(digest) or sign(digest))
    assert len({get(cloud, LIST).body for _ in range(3)}) == 1 and len(signed) == 1


@pytest.mark.parametrize("number", ["1", "999999", "9999999", "-1", "x", "%D9%A1", "1.0"])
def test_a_list_nobody_has_a_place_in_is_not_there(cloud: Cloud, key: bytes, number: str) -> None:
    answer = get(cloud, f"/.well-known/status/{number}")
    assert (answer.status, answer.json["code"]) == (404, "not-found")


def test_a_place_beyond_the_first_list_is_in_the_second(cloud: Cloud, key: bytes) -> None:
    boto3.client("dynamodb").put_item(
        TableName="Editions",
        Item={"pk": {"S": "STATUS"}, "sk": {"S": "COUNT"}, "taken": {"N": str(status.PLACES + 4)}},
    )
    edition = sealed(0)
    assert edition.status == status.PLACES + 5
    assert Editions().revoke(edition, "D07", "award withdrawn")
    assert revoked(get(cloud, "/.well-known/status/1").body) == [5]
    assert revoked(get(cloud, LIST).body) == []


def test_whoever_is_handed_a_credential_verifies_it_by_what_is_published(
    cloud: Cloud, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed by one function, published by the other, verified by a library that knows but the name of the issuer."""
    edition = rendered(cloud, Editions())
    arrive(cloud, edition)
    found = Editions().find(edition.student, edition.id)
    assert found
    told = json.loads(cloud.s3.get_object(Bucket="editions", Key=sealed_key(found, "json"))["Body"].read())
    whole = cloud.s3.get_object(Bucket="editions", Key=sealed_key(found, "jwt"))["Body"].read().decode()
    tokens = [one["id"].removeprefix("data:application/vc+jwt,") for one in told["verifiableCredential"]]
    assert tokens[0] == whole and len(tokens) == 4

    def fetch(url: str) -> bytes:
        assert url.startswith(proofs.URL)
        return get(cloud, url.removeprefix(proofs.URL)).body.encode()

    def verify() -> None:
        verifier = OB3Verifier.for_issuer_did("did:web:yinji.example.edu", download=fetch)
        for token in tokens:
            verifier.verify(token, check_status=True, download=fetch)

    verify()
    assert Editions().revoke(found, "D07", "award withdrawn")
    monkeypatch.setattr(handlers.warm(FOLDER), "lists", {})
    with pytest.raises(OB3VerificationError, match="revocation"):
        verify()


def test_without_a_chain_it_says_so_and_no_more(cloud: Cloud, key: bytes) -> None:
    cloud.s3.delete_object(Bucket="editions", Key=CHAIN)
    answer = get(cloud, "/.well-known/authority.pem")
    assert (answer.status, answer.json["code"]) == (404, "not-found")


def days_left(capsys: pytest.CaptureFixture[str]) -> float:
    """What a morning's run says, in a process of its own."""
    context: Any = SimpleNamespace(
        aws_request_id="x", function_name="x", memory_limit_in_mb=1, invoked_function_arn="arn:x"
    )
    handlers.load("archive/authority_watch").handler({}, context)
    [told] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"AuthorityDays"' in line]
    [days] = told["AuthorityDays"]
    return days


def test_every_morning_tells_how_long_the_chain_is_good(
    cloud: Cloud, key: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = cloud.s3.get_object(Bucket="editions", Key=CHAIN)["Body"].read()
    ends = min(one.not_valid_after_utc for one in load_pem_x509_certificates(chain))
    for left, said in ((59, 59), (1, 1), (0, 0), (-3, 0)):
        monkeypatch.setattr("yinji.platform.clock.now", lambda left=left: ends - timedelta(days=left))
        assert days_left(capsys) == said


def test_without_a_chain_no_day_is_left(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert days_left(capsys) == 0
