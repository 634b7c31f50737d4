"""Credentials, the list of what was revoked, and the issuer: held against the schema of 1EdTech, the contexts, and
verifiers nobody here wrote."""

from __future__ import annotations

import json
import subprocess
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator, FormatChecker
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from proof import did, jwt, keys, status
from proof.credential import Document, Holder, Issuer, credential, presentation
from yinji.editions.claims import claims, in_words, names, university

from tests import proofs

HERE = Path(__file__).parent
STANDARDS = HERE / "standards"
AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
DIGEST = sha256(b"the sealed PDF").digest()
PLACE = 94_567


@pytest.fixture(scope="module")
def key() -> proofs.Key:
    return proofs.Key()


@pytest.fixture(scope="module")
def schema() -> Draft201909Validator:
    told = json.loads((STANDARDS / "ob_v3p0_achievementcredential_schema.json").read_text("utf-8"))
    return Draft201909Validator(told, format_checker=FormatChecker())


def issued(language: str = "both", **more: Any) -> list[dict[str, Any]]:
    told = proofs.told(**more)
    issuer = Issuer(proofs.URL, university(told, language))
    holder = Holder(names(told), told["student"]["number"])
    document = Document(DIGEST, in_words(told, language, "document"), f"{proofs.URL}/verify/K7QFM2XD9TRWB3HN")
    return [credential(issuer, holder, one, document, place=PLACE, at=AT) for one in claims(told, language)]


def method(key: proofs.Key) -> str:
    return did.key_id("did:web:yinji.example.edu", keys.public_jwk(key.public))


def did_document(key: proofs.Key) -> dict[str, Any]:
    return did.document("did:web:yinji.example.edu", [keys.public_jwk(key.public)])


def listed(key: proofs.Key, *revoked: int, at: datetime | None = None) -> str:
    told = status.status_list(
        proofs.URL, "did:web:yinji.example.edu", 0, revoked, at or datetime.now(UTC), timedelta(days=1)
    )
    return jwt.signed(told, method(key), key.sign)


def payload(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# --- the schema of 1EdTech ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_every_credential_fits_the_schema(schema: Draft201909Validator, language: str) -> None:
    found = issued(language)
    assert [one["id"].partition("#")[2] for one in found] == [
        "record", "second-classroom", "hundred-books", "hundred-lectures",
    ]  # fmt: skip
    for one in found:
        assert list(schema.iter_errors(one)) == []


def test_the_payload_fits_it_as_well(schema: Draft201909Validator, key: proofs.Key) -> None:
    for one in issued():
        assert list(schema.iter_errors(payload(jwt.signed(one, method(key), key.sign)))) == []


@pytest.mark.parametrize("missing", ["issuer", "credentialSubject", "validFrom", "id"])
def test_the_schema_refuses_what_lacks_something(schema: Draft201909Validator, missing: str) -> None:
    one = {name: value for name, value in issued()[0].items() if name != missing}
    assert list(schema.iter_errors(one)) != []


# --- what they say -----------------------------------------------------------------------------------------------


def test_the_whole_record_tells_what_was_counted() -> None:
    subject = issued("en")[0]["credentialSubject"]
    asked = {one["id"]: one for one in subject["achievement"]["resultDescription"]}
    told = {
        asked[one["resultDescription"]]["name"]: (one["value"], asked[one["resultDescription"]].get("requiredValue"))
        for one in subject["result"]
    }
    assert told == {
        "Certified records": ("412", None),
        "100 books read": ("104", "100"),
        "100 teachers talked with": ("61", "100"),
        "100 lectures heard": ("100", "100"),
        "100 activities taken part in": ("99", "100"),
        **{f"{name}, hours": ("40.5", "40") for name in ("Moral", "Intellectual", "Physical", "Aesthetic", "Labour")},
    }
    assert subject["creditsEarned"] == 10.1
    assert {one["identityHash"] for one in subject["identifier"]} == {"苏明", "Su Ming", "2022S01001"}


def test_what_is_not_fulfilled_gets_no_credential() -> None:
    hours = proofs.book()["transcript"]
    nobody = {"hundreds": [{"title": proofs.TITLE, "aim": 100, "reached": 0}] * 4}
    [only] = issued(transcript=hours | {"fulfilled": False}, **nobody)
    assert only["id"].endswith("#record")
    parts = [one | {"asked": 0} for one in hours["parts"]]
    assert len(issued(transcript=hours | {"parts": parts}, **nobody)) == 1, "a programme that asks for nothing"


def test_the_same_achievement_has_the_same_id_for_everybody_and_another_one_elsewhere() -> None:
    first, other = issued()[0], issued(records=1)[0]
    assert first["credentialSubject"]["achievement"]["id"] == other["credentialSubject"]["achievement"]["id"]
    ids = {one["credentialSubject"]["achievement"]["id"] for one in issued()}
    assert len(ids) == 4 and all(one.startswith("urn:uuid:") for one in ids)


def test_it_is_bound_to_the_sealed_document() -> None:
    for one in issued():
        [resource], [evidence] = one["relatedResource"], one["evidence"]
        assert resource["digestSRI"].startswith("sha256-") and resource["id"].startswith("ni:///sha-256;")
        assert evidence["narrative"] == f"SHA-256 {DIGEST.hex()}"


# --- verifiers ---------------------------------------------------------------------------------------------------


def node(**told: Any) -> list[dict[str, Any]]:
    context = json.loads((STANDARDS / "context-3.0.3.json").read_text("utf-8"))
    done = subprocess.run(
        ["node", str(HERE / "verify.mjs")],
        input=json.dumps({"context": context, **told}),
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def forged(token: str, **more: Any) -> str:
    """The same signature below another payload."""
    header, _, signature = token.split(".")
    return f"{header}.{jwt._json(payload(token) | more)}.{signature}"


def test_jose_and_jsonld_believe_every_one_and_know_every_word(key: proofs.Key) -> None:
    tokens = [jwt.signed(one, method(key), key.sign) for one in issued()]
    found = node(did=did_document(key), tokens=tokens)
    assert [one.get("error") for one in found] == [None] * 4, found
    vocabulary = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
    assert all(vocabulary in one["types"] for one in found)


def test_jose_refuses_what_was_changed_or_signed_by_another(key: proofs.Key) -> None:
    token = jwt.signed(issued()[0], method(key), key.sign)
    head, body, signature = token.split(".")
    flipped = f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    stranger = jwt.signed(issued()[0], method(key), proofs.Key().sign)
    nobody = jwt.signed(issued()[0], "did:web:yinji.example.edu#nobody", key.sign)
    tokens = [flipped, forged(token, name="Doctor"), stranger, nobody]
    assert [one["ok"] for one in node(did=did_document(key), tokens=tokens)] == [False] * 4


def test_jsonld_refuses_a_word_that_no_context_knows(key: proofs.Key) -> None:
    unknown = jwt.signed({**issued()[0], "favouriteColour": "red"}, method(key), key.sign)
    assert [one["ok"] for one in node(did=did_document(key), tokens=[unknown])] == [False]


@pytest.mark.parametrize(
    ("revoked", "set_"), [([], False), ([PLACE - 1, PLACE + 1, 0, 131_071], False), ([PLACE], True)]
)
def test_the_status_library_finds_the_bit_where_it_is(key: proofs.Key, revoked: list[int], set_: bool) -> None:
    token = jwt.signed(issued()[0], method(key), key.sign)
    told = {"url": status.list_url(proofs.URL, 0), "token": listed(key, *revoked)}
    [found] = node(did=did_document(key), tokens=[token], list=told)
    assert found["ok"], found
    assert found["status"]["verified"] and [one["status"] for one in found["status"]["results"]] == [set_], found


def test_the_open_badges_verifier_believes_it_from_the_did_alone(key: proofs.Key) -> None:
    for one in issued():
        verifier = OB3Verifier.for_issuer_did("did:web:yinji.example.edu", download=web(key))
        found = verifier.verify(jwt.signed(one, method(key), key.sign), check_status=True, download=web(key))
        assert found.issuer.id == "did:web:yinji.example.edu"


def web(key: proofs.Key, *revoked: int, at: datetime | None = None) -> Any:
    """What the university publishes, by address."""
    pages: Mapping[str, str] = {
        f"{proofs.URL}/.well-known/did.json": json.dumps(did_document(key)),
        f"{proofs.URL}/.well-known/status/0": listed(key, *revoked, at=at),
    }
    return lambda url: pages[url].encode()


def test_the_open_badges_verifier_refuses_what_was_revoked_changed_or_told_too_long_ago(key: proofs.Key) -> None:
    token = jwt.signed(issued()[0], method(key), key.sign)
    old = datetime.now(UTC) - timedelta(days=2)
    for told, pages in (
        (token, web(key, PLACE)),
        (token, web(key, at=old)),
        (forged(token, name="Doctor"), web(key)),
        (jwt.signed(issued()[0], method(key), proofs.Key().sign), web(key)),
    ):
        verifier = OB3Verifier.for_issuer_did("did:web:yinji.example.edu", download=pages)
        with pytest.raises(OB3VerificationError):
            verifier.verify(told, check_status=True, download=pages)


def test_credentials_that_go_together_are_each_in_an_envelope(key: proofs.Key) -> None:
    tokens = [jwt.signed(one, method(key), key.sign) for one in issued()]
    told = presentation(tokens)
    assert told["type"] == ["VerifiablePresentation"]
    inside = [one["id"].removeprefix("data:application/vc+jwt,") for one in told["verifiableCredential"]]
    assert inside == tokens
    assert [one["ok"] for one in node(did=did_document(key), tokens=inside)] == [True] * 4


# --- the parts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://yinji.example.edu", "did:web:yinji.example.edu"),
        ("http://127.0.0.1:8080", "did:web:127.0.0.1%3A8080"),
    ],
)
def test_the_issuer_is_called_by_the_address(url: str, told: str) -> None:
    assert did.did_of(url) == told


@pytest.mark.parametrize("url", ["https://example.edu/archive", "example.edu", ""])
def test_an_address_with_a_path_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="host alone"):
        did.did_of(url)


def test_a_key_on_another_curve_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(ValueError, match="P-256"):
        keys.public_jwk(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_numbers_of_a_signature_have_their_full_length() -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    assert jwt.raw(encode_dss_signature(1, 2**255)) == b"\0" * 31 + b"\1" + b"\x80" + b"\0" * 31


@pytest.mark.parametrize("place", [-1, status.PLACES])
def test_a_place_outside_the_list_is_refused(place: int) -> None:
    with pytest.raises(IndexError):
        status.encoded([place])


def test_the_same_list_is_encoded_the_same() -> None:
    assert status.encoded([5, 7]) == status.encoded([7, 5]) != status.encoded([5])
    assert status.list_of(status.PLACES + 5) == (1, 5)
