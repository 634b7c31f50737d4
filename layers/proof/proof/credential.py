"""What a student achieved, as credentials of Open Badges 3.0 (W3C VC 2.0): one for the whole record, one for each
programme that is fulfilled. All texts come in the language the credential is to be in.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from proof.did import did_of
from proof.status import entry
from proof.times import instant

VC = "https://www.w3.org/ns/credentials/v2"
CONTEXTS = [VC, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]


@dataclass(frozen=True)
class Issuer:
    """Who issues: `public_url` is the address of the service, without a path."""

    public_url: str
    name: str

    @property
    def did(self) -> str:
        return did_of(self.public_url)


@dataclass(frozen=True)
class Holder:
    """Whose record it is: every name they have in documents, and the student number."""

    names: Sequence[str]
    number: str


class Outcome(Protocol):
    """One thing that was counted: `value` of `asked`, which is empty where nothing is asked."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def asked(self) -> str: ...


class Achievement(Protocol):
    """What was achieved: `id` is the same for everybody who did; `credits` are None where none are given."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def criteria(self) -> str: ...
    @property
    def outcomes(self) -> Sequence[Outcome]: ...
    @property
    def credits(self) -> float | None: ...


@dataclass(frozen=True)
class Document:
    """The sealed PDF: its SHA-256, its name, and the page that confirms it."""

    digest: bytes
    name: str
    verify_url: str


def credential(
    issuer: Issuer, holder: Holder, achieved: Achievement, document: Document, *, place: int, at: datetime
) -> dict[str, Any]:
    """The credential that `holder` has achieved `achieved` as of `at`, which `document` tells at length. `place` is its
    place in the lists of what was revoked."""
    return {
        "@context": CONTEXTS,
        "id": f"{document.verify_url}#{achieved.id}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achieved.name,
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": issuer.name, "url": issuer.public_url},
        "validFrom": instant(at),
        "credentialSubject": _subject(issuer, holder, achieved),
        "evidence": [_evidence(document)],
        "relatedResource": [_resource(document)],
        "credentialStatus": entry(issuer.public_url, place),
    }


def presentation(jwts: Iterable[str]) -> dict[str, Any]:
    """Credentials that go together, each in its own envelope."""
    return {
        "@context": [VC],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [
            {"@context": [VC], "id": f"data:application/vc+jwt,{jwt}", "type": "EnvelopedVerifiableCredential"}
            for jwt in jwts
        ],
    }


def _subject(issuer: Issuer, holder: Holder, achieved: Achievement) -> dict[str, Any]:
    urn = uuid5(NAMESPACE_URL, f"{issuer.public_url}/achievements/{achieved.id}").urn
    subject: dict[str, Any] = {
        "type": ["AchievementSubject"],
        "identifier": [
            *(_identity("name", name) for name in holder.names),
            _identity("sisSourcedId", holder.number),
        ],
        "achievement": {
            "id": urn,
            "type": ["Achievement"],
            "achievementType": "CoCurricular",
            "name": achieved.name,
            "description": achieved.description,
            "criteria": {"narrative": achieved.criteria},
            "creator": {"id": issuer.did, "type": ["Profile"], "name": issuer.name},
            "resultDescription": [_described(urn, one) for one in achieved.outcomes],
        },
        "result": [
            {"type": ["Result"], "resultDescription": f"{urn}#{one.id}", "value": one.value}
            for one in achieved.outcomes
        ],
    }
    if achieved.credits is not None:
        subject["creditsEarned"] = achieved.credits
    return subject


def _identity(kind: str, value: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "identityType": kind, "identityHash": value, "hashed": False}


def _described(urn: str, one: Outcome) -> dict[str, Any]:
    told = {"id": f"{urn}#{one.id}", "type": ["ResultDescription"], "name": one.name, "resultType": "RawScore"}
    return told | ({"requiredValue": one.asked} if one.asked else {})


def _evidence(document: Document) -> dict[str, Any]:
    return {
        "id": document.verify_url,
        "type": ["Evidence"],
        "name": document.name,
        "narrative": f"SHA-256 {document.digest.hex()}",
    }


def _resource(document: Document) -> dict[str, Any]:
    """The PDF by what it is (RFC 6920): whoever holds it needs no address to hold it against the credential."""
    name = urlsafe_b64encode(document.digest).rstrip(b"=").decode()
    return {
        "id": f"ni:///sha-256;{name}",
        "mediaType": "application/pdf",
        "digestSRI": f"sha256-{b64encode(document.digest).decode()}",
    }
