"""The request for a certificate that KMS signs, and which chains are taken."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from moto import mock_aws
from proof import keys
from yinji.editions.signing import CHAIN, FORMER, GOOD_FOR, Authority, NoAuthority, SigningKey

from infra import authority
from infra.local.authority import Root
from tests import proofs
from tests.functions import conftest  # noqa: F401 - KMS signs digests as digests

NOW = datetime.now(UTC)
BUCKET = "editions"


@pytest.fixture
def key() -> proofs.Key:
    return proofs.Key()


def subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def test_the_request_is_of_the_key_and_signed_by_it(key: proofs.Key) -> None:
    told = authority.request(key.public, key.sign, name="江屿大学成长档案", organisation="江屿大学", country="CN")
    found = x509.load_pem_x509_csr(told.encode())
    assert found.is_signature_valid
    assert found.subject.rfc4514_string() == "CN=江屿大学成长档案,O=江屿大学,C=CN"
    assert keys.spki(found) == key.public  # type: ignore[arg-type]
    usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment and not usage.key_cert_sign


def test_an_authority_can_issue_what_was_asked_for(key: proofs.Key, tmp_path: Any) -> None:
    told = authority.request(key.public, key.sign, name="Seal", organisation="Jiangyu", country="CN")
    asked = x509.load_pem_x509_csr(told.encode())
    issuer = ec.generate_private_key(ec.SECP256R1())
    root = (
        x509.CertificateBuilder(subject("Root"), subject("Root"), issuer.public_key(), 1, NOW, NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(issuer, hashes.SHA256())
    )
    own = x509.CertificateBuilder(
        subject("Root"), asked.subject, asked.public_key(), 2, NOW, NOW + timedelta(days=1), list(asked.extensions)
    ).sign(issuer, hashes.SHA256())
    chain = "".join(one.public_bytes(Encoding.PEM).decode() for one in (own, root))
    assert authority.checked(chain, key.public, NOW) == [own, root]


def pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def broken(key: proofs.Key) -> dict[str, tuple[str, datetime, str]]:
    """Chains that no verifier would follow: what is wrong, the chain, when it is looked at, and what is told."""
    own, root = x509.load_pem_x509_certificates(key.chain.encode())
    other = proofs.Root(proofs.Path(proofs.mkdtemp()), NOW).certificate
    leaf = ec.generate_private_key(ec.SECP256R1())
    no_ca = x509.CertificateBuilder(
        subject("R"), subject("R"), leaf.public_key(), 1, NOW, NOW + timedelta(days=1)
    ).sign(leaf, hashes.SHA256())
    below_no_ca = x509.CertificateBuilder(
        subject("R"), subject("S"), key.private.public_key(), 1, NOW, NOW + timedelta(days=1)
    ).sign(leaf, hashes.SHA256())
    no_seal = x509.CertificateBuilder(
        root.subject, subject("S"), key.private.public_key(), 1, NOW, NOW + timedelta(days=1)
    ).add_extension(x509.KeyUsage(False, False, True, False, False, False, False, False, False), True)
    return {
        "nothing": ("", NOW, "no certificate"),
        "no PEM": ("chain", NOW, "no certificate"),
        "another key": (proofs.Key().chain, NOW, "another key"),
        "the wrong way round": (pem(root, own), NOW, "another key"),
        "no root": (pem(own), NOW, "not vouched for"),
        "another root": (pem(own, other), NOW, "not vouched for"),
        "twice itself": (pem(own, own), NOW, "not vouched for"),
        "no authority above": (pem(below_no_ca, no_ca), NOW, "may not vouch"),
        "not for documents": (pem(no_seal.sign(leaf, hashes.SHA256()), root), NOW, "may not sign"),
        "too late": (key.chain, NOW + timedelta(days=9999), "not good today"),
        "too early": (key.chain, NOW - timedelta(days=9), "not good today"),
    }


@pytest.mark.parametrize("wrong", broken(proofs.Key()))
def test_a_chain_that_no_verifier_would_follow_is_refused(key: proofs.Key, wrong: str) -> None:
    chain, at, told = broken(key)[wrong]
    with pytest.raises(authority.Refused, match=told):
        authority.checked(chain, key.public, at)


@pytest.fixture
def cloud() -> Any:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def read(client: Any, key: str) -> str:
    return client.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_the_chain_of_a_key_before_is_kept(cloud: Any) -> None:
    first, second = proofs.Key(), proofs.Key()
    for key in (first, second, second):
        authority.install(cloud, BUCKET, key.chain, key.public, NOW)
    assert read(cloud, CHAIN) == second.chain
    name = hashlib.sha256(first.public).hexdigest()[:16]
    assert read(cloud, f"{FORMER}{name}.pem") == first.chain
    assert len(cloud.list_objects_v2(Bucket=BUCKET)["Contents"]) == 2


def test_a_chain_that_is_refused_changes_nothing(cloud: Any) -> None:
    key = proofs.Key()
    authority.install(cloud, BUCKET, key.chain, key.public, NOW)
    with pytest.raises(authority.Refused):
        authority.install(cloud, BUCKET, proofs.Key().chain, key.public, NOW)
    assert read(cloud, CHAIN) == key.chain


def test_the_command_asks_kms_and_installs(cloud: Any, tmp_path: Any) -> None:
    id = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    outputs = {"SigningKeyArn": {"Value": id}, "EditionsBucketName": {"Value": BUCKET}}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    boto3.client("cloudformation").create_stack(StackName="Yinji-Editions", TemplateBody=json.dumps(template))
    asked = CliRunner().invoke(authority.main, ["request", "--name", "Seal", "--organisation", "Jiangyu"])
    assert asked.exit_code == 0, asked.output
    assert x509.load_pem_x509_csr(asked.output.encode()).is_signature_valid
    public = boto3.client("kms").get_public_key(KeyId=id)["PublicKey"]
    file = tmp_path / "chain.pem"
    file.write_text(Root(tmp_path / "root", NOW).chain(public, NOW), "ascii")
    done = CliRunner().invoke(authority.main, ["install", str(file)])
    assert done.exit_code == 0, done.output
    assert "Growth archive" in done.output and read(cloud, CHAIN) == file.read_text("ascii")
    file.write_text(proofs.Key().chain, "ascii")
    refused = CliRunner().invoke(authority.main, ["install", str(file)])
    assert refused.exit_code == 1 and "another key" in refused.output


# --- what functions ask --------------------------------------------------------------------------------------------


def test_a_digest_is_signed_as_a_digest() -> None:
    asked = list[dict[str, Any]]()

    class Kms:
        def sign(self, **told: Any) -> dict[str, bytes]:
            asked.append(told)
            return {"Signature": b"signed"}

    assert SigningKey(Kms(), "key").sign(b"d" * 32) == b"signed"  # type: ignore[arg-type]
    assert asked == [
        {"KeyId": "key", "Message": b"d" * 32, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    ]


def test_chains_are_read_once_in_five_minutes(cloud: Any) -> None:
    at = 1_000.0
    known = Authority(cloud, lambda: at)
    with pytest.raises(NoAuthority):
        known.chain()
    first, second = proofs.Key(), proofs.Key()
    authority.install(cloud, BUCKET, first.chain, first.public, NOW)
    assert known.chain() == first.chain and known.former() == ()
    authority.install(cloud, BUCKET, second.chain, second.public, NOW)
    assert known.chain() == first.chain and known.former() == ()
    at += GOOD_FOR
    assert known.chain() == second.chain and known.former() == (first.chain,)
