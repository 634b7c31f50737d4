"""Who vouches for the university's signing key: `python -m infra.authority request` and `... install chain.pem`.

The key never leaves KMS, so the request for a certificate is signed there. What is installed is held against the key
first: a chain that no verifier would follow is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import click
from asn1crypto import algos, csr, keys, pem, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    KeyUsage,
    load_pem_x509_certificates,
)
from proof.keys import public_of, spki
from yinji.editions.signing import CHAIN, FORMER, SigningKey

NAME_OF_STACK = "Yinji-Editions"


class Refused(Exception):
    """The chain cannot be used; the message says why."""


def request(public: bytes, sign: Callable[[bytes], bytes], *, name: str, organisation: str, country: str) -> str:
    """A request for a certificate of the key `public` (DER), in PEM; `sign` signs a SHA-256 digest by that key."""
    usage = x509.Extension(
        {
            "extn_id": "key_usage",
            "critical": True,
            "extn_value": x509.KeyUsage({"digital_signature", "non_repudiation"}),
        }
    )
    subject = {"country_name": country, "organization_name": organisation, "common_name": name}
    told = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": x509.Name.build(subject),
            "subject_pk_info": keys.PublicKeyInfo.load(public),
            "attributes": [{"type": "extension_request", "values": [[usage]]}],
        }
    )
    signed = csr.CertificationRequest(
        {
            "certification_request_info": told,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": sign(hashlib.sha256(told.dump()).digest()),
        }
    )
    return pem.armor("CERTIFICATE REQUEST", signed.dump()).decode()


def checked(chain: str, public: bytes, at: datetime) -> list[Certificate]:
    """The certificates of `chain` in PEM. Raises Refused unless the first is of the key `public`, may sign, each is
    vouched for by the next, the last by itself, and all are good at `at`."""
    try:
        found = load_pem_x509_certificates(chain.encode())
    except ValueError as error:
        raise Refused("It holds no certificate in PEM.") from error
    own, *above = found
    if spki(own) != public:
        raise Refused("Its first certificate is of another key.")
    usage = _extension(own, KeyUsage)
    if usage and not (usage.digital_signature or usage.content_commitment):
        raise Refused("Its first certificate may not sign documents.")
    for below, upper in zip(found, [*above, found[-1]], strict=True):
        try:
            below.verify_directly_issued_by(upper)
        except (InvalidSignature, TypeError, ValueError) as error:
            told = below.subject.rfc4514_string()
            raise Refused(
                f"{told} is not vouched for by the next one: order it from the key's up to the root."
            ) from error
    for upper in above:
        limits = _extension(upper, BasicConstraints)
        if not limits or not limits.ca:
            raise Refused(f"{upper.subject.rfc4514_string()} may not vouch for others.")
    for one in found:
        if not one.not_valid_before_utc <= at < one.not_valid_after_utc:
            raise Refused(f"{one.subject.rfc4514_string()} is not good today.")
    return found


def install(client: Any, bucket: str, chain: str, public: bytes, at: datetime) -> Sequence[Certificate]:
    """Have `bucket` hold `chain` as the one in use; that of another key is kept among the former ones, so that what it
    signed is still verified. Raises Refused."""
    found = checked(chain, public, at)
    if before := installed(client, bucket):
        own = public_of(before)
        if own != public:
            name = hashlib.sha256(own).hexdigest()[:16]
            _put(client, bucket, f"{FORMER}{name}.pem", before)
    _put(client, bucket, CHAIN, "".join(one.public_bytes(Encoding.PEM).decode() for one in found))
    return found


def installed(client: Any, bucket: str) -> str:
    """The chain in use; empty when there is none."""
    try:
        return client.get_object(Bucket=bucket, Key=CHAIN)["Body"].read().decode()
    except client.exceptions.NoSuchKey:
        return ""


def _extension(certificate: Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def _put(client: Any, bucket: str, key: str, text: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/x-pem-file")


# --- the command -------------------------------------------------------------------------------------------------


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--stack", default=NAME_OF_STACK, show_default=True, help="The stack with the key and the bucket.")
@click.pass_context
def main(context: click.Context, stack: str) -> None:
    """Certificates of the key that seals archives and signs their credentials."""
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    context.obj = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


@main.command("request")
@click.option("--name", required=True, help="What the seal is called, e.g. 'Jiangyu University, growth archive'.")
@click.option("--organisation", required=True, help="The university's name as the authority knows it.")
@click.option("--country", default="CN", show_default=True)
@click.pass_obj
def ask(outputs: dict[str, str], name: str, organisation: str, country: str) -> None:
    """Print a request for a certificate, signed in KMS."""
    key = SigningKey(boto3.client("kms"), outputs["SigningKeyArn"])
    click.echo(request(key.public(), key.sign, name=name, organisation=organisation, country=country), nl=False)


@main.command("install")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def put(outputs: dict[str, str], file: Path) -> None:
    """Store the chain in FILE: the key's certificate first, the root last."""
    key = SigningKey(boto3.client("kms"), outputs["SigningKeyArn"])
    now = datetime.now(UTC)
    try:
        found = install(boto3.client("s3"), outputs["EditionsBucketName"], file.read_text("ascii"), key.public(), now)
    except (Refused, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    for one in found:
        click.echo(f"{one.subject.rfc4514_string()}, until {one.not_valid_after_utc:%Y-%m-%d}")


if __name__ == "__main__":
    main()
