"""The authority of a local deployment: a root of its own, which vouches for the key that the local cloud's KMS holds.

Its key lies in the local cloud's folder and goes with it. Nobody else's verifier knows it: it stands in for the
university's authority, and says so in its name.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from yinji.clearance import university
from yinji.editions.signing import SigningKey

from infra import authority
from infra.local import deploy, home

YEARS = timedelta(days=3653)
EARLIER = timedelta(days=1)
"""Clocks differ."""
KEY, CERTIFICATE = "root-key.pem", "root.pem"


class Root:
    """A root that lies in a folder, made there when there is none."""

    def __init__(self, folder: Path, at: datetime) -> None:
        key, certificate = folder / KEY, folder / CERTIFICATE
        if not certificate.exists():
            folder.mkdir(parents=True, exist_ok=True)
            made = ec.generate_private_key(ec.SECP256R1())
            key.touch(0o600)
            key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            name = _name("Local authority, for trying out")
            built = _builder(name, name, made.public_key(), at)
            # the certificate last: it says that the key is whole
            certificate.write_bytes(_signed(built, made, made.public_key(), ca=True).public_bytes(Encoding.PEM))
        loaded = load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)  # noqa: S101 - it was made above
        self._key = loaded
        self.certificate = x509.load_pem_x509_certificate(certificate.read_bytes())

    def chain(self, public: bytes, at: datetime) -> str:
        """A chain for the key `public`, in DER: its certificate and the root, in PEM."""
        key = load_der_public_key(public)
        assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 - SigningKey is on P-256
        built = _builder(_name("Growth archive"), self.certificate.subject, key, at)
        own = _signed(built, self._key, key, ca=False)
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in (own, self.certificate))


def ensure() -> bool:
    """Have a chain of the key in use installed; whether it was made now."""
    outputs, now = deploy.outputs(), datetime.now(UTC)
    public = SigningKey(home.client("kms"), outputs["SigningKeyArn"]).public()
    client, bucket = home.client("s3"), outputs["EditionsBucketName"]
    root = Root(home.HOME / "authority", now)
    known = authority.installed(client, bucket)
    try:
        if known and authority.checked(known, public, now)[-1] == root.certificate:
            return False
    except authority.Refused:
        pass  # of another key, or no longer good
    authority.install(client, bucket, root.chain(public, now), public, now)
    return True


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, university.name()["en"]),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - EARLIER)
        .not_valid_after(at + YEARS)
    )


def _signed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, *, ca: bool
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        builder.add_extension(x509.BasicConstraints(ca, 0 if ca else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
