"""seal: an edition was typeset; it is sealed with the university's key, and told in credentials.

Trigger: SQS, with what S3 says of rendered/<student>/<id>.pdf. Reads: the PDF, what it says in short, the edition, the
certificates of the key. Writes: sealed/<student>/<id>-<digest>.pdf, .jwt (the whole record) and .json (with every
programme that is fulfilled), the edition, what its student is told. Deletes: what is not needed any more. Emits:
metrics.

Each sealing makes other bytes, so the edition is what says which of them is in force: documents are put before it names
them, and what it does not name is taken away by whoever finds it, now or when the event comes again.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from proof import did, jwt, keys, sealing
from proof.credential import Document, Holder, Issuer, credential, presentation
from yinji.clearance import codes
from yinji.clearance.intake import delivered
from yinji.editions.claims import claims, in_words, names, university
from yinji.editions.model import (
    ENDINGS,
    RENDERED,
    Edition,
    facts_key,
    rendered_key,
    rendered_of,
    sealed_key,
    sealed_prefix,
)
from yinji.editions.signing import Authority, NoAuthority, SigningKey
from yinji.editions.store import Editions
from yinji.messages.compose import of_edition
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
processor = BatchProcessor(event_type=EventType.SQS)
editions = Editions()
outbox = Outbox()
key = SigningKey()
authority = Authority(s3)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    told = json.loads(record.body)
    for one in delivered(told) if "Records" in told else ():  # S3 tries a queue by a message of its own
        student, id = rendered_of(one)
        if student:
            arrived(student, id)


def arrived(student: str, id: str) -> None:
    edition = editions.find(student, id)
    if edition and edition.state in ("requested", "rendered"):
        edition = seal(edition)
    if edition:
        tell(edition)
    tidy(student, id, edition)


def tell(edition: Edition) -> None:
    """Say that a run made it, before what brings this here again is taken away; said again it is said once."""
    message = of_edition(edition)
    if message and edition.state == "sealed" and outbox.put(message, clock.now()):
        count("MessagesComposed", kind=message.kind, service="messages")


def seal(edition: Edition) -> Edition | None:
    """The edition as it is now: sealed by this or by somebody else, or gone."""
    found = rendered(edition)
    if found is None:  # whoever sealed it took it away, or it is to be rendered again
        return editions.find(edition.student, edition.id)
    pdf, fingerprint, told = found
    document = sealed(pdf, told, edition)
    digest = hashlib.sha256(document).digest()
    place = editions.placed(edition)
    jwts = credentials(edition, told, digest, place)
    new = replace(edition, digest=digest.hex())
    bodies = (document, jwts[0].encode(), json.dumps(presentation(jwts)).encode())
    for (ending, media_type), body in zip(ENDINGS.items(), bodies, strict=True):
        put(sealed_key(new, ending), body, media_type)
    now = editions.seal(edition, fingerprint, digest.hex(), len(document), place)
    if now:
        count("EditionsSealed")
        return now
    return editions.find(edition.student, edition.id)


def rendered(edition: Edition) -> tuple[bytes, str, dict[str, Any]] | None:
    """The PDF that was typeset, the fingerprint of what it says, and that in short; None when it is not there."""
    try:
        found = s3.get_object(Bucket=setting("EDITIONS_BUCKET"), Key=rendered_key(edition.student, edition.id))
        fingerprint = found["Metadata"]["fingerprint"]
        told = s3.get_object(Bucket=setting("EDITIONS_BUCKET"), Key=facts_key(edition.student, edition.id, fingerprint))
    except s3.exceptions.NoSuchKey:
        return None
    return found["Body"].read(), fingerprint, json.loads(told["Body"].read())


def sealed(pdf: bytes, told: dict[str, Any], edition: Edition) -> bytes:
    chain, at = authority.chain(), clock.now()
    if not keys.vouches(chain, key.public(), at):
        raise NoAuthority("the chain is of another key, or no longer good")
    small = sealing.repack(pdf, in_words(told, edition.language, "seal", "field"))
    reason = in_words(told, edition.language, "seal", "reason")
    certificates, contact = sealing.certificates(chain), verify_url(edition)
    return sealing.seal(small, certificates, key.sign, at, reason=reason, contact=contact)


def verify_url(edition: Edition) -> str:
    return codes.verify_url(setting("PUBLIC_URL"), edition.code)


def credentials(edition: Edition, told: dict[str, Any], digest: bytes, place: int) -> list[str]:
    """The whole record first, then every programme that is fulfilled."""
    url, language = setting("PUBLIC_URL"), edition.language
    issuer = Issuer(url, university(told, language))
    holder = Holder(names(told), told["student"]["number"])
    document = Document(digest, in_words(told, language, "document"), verify_url(edition))
    by = did.key_id(issuer.did, keys.public_jwk(key.public()))
    return [
        jwt.signed(credential(issuer, holder, one, document, place=place, at=edition.at), by, key.sign)
        for one in claims(told, language)
    ]


def tidy(student: str, id: str, edition: Edition | None) -> None:
    """Take away what is not needed: what was sealed and is not in force, then what was rendered."""
    if edition and edition.state not in ("sealed", "unchanged", "held", "failed"):
        return  # it is to be rendered again
    gone = list(below(f"{RENDERED}{student}/{id}"))
    if edition is None or edition.state == "sealed":
        named = {sealed_key(edition, ending) for ending in ENDINGS} if edition else set[str]()
        gone = [found for found in below(sealed_prefix(student, id)) if found not in named] + gone
    for found in gone:
        s3.delete_object(Bucket=setting("EDITIONS_BUCKET"), Key=found)


def below(prefix: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=setting("EDITIONS_BUCKET"), Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            yield entry["Key"]


def put(key: str, data: bytes, media_type: str) -> None:
    s3.put_object(Bucket=setting("EDITIONS_BUCKET"), Key=key, Body=data, ContentType=media_type)
