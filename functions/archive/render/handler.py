"""render: an edition of a student's archive was asked for, and is typeset.

Trigger: the stream of the table of editions, those that are requested. Reads: the edition, the student's records,
the group they are compared with. Writes: rendered/<student>/<id>.pdf and what its credentials are made of, the
edition. Emits: metrics.

What comes twice renders the same bytes into the same place. Whoever asks for what the edition in force says already
gets none; a character that no font has goes to a person, everything else that cannot be typeset has failed.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset.archive import ArchiveData, archive_pdf, identity
from typeset.rendering import MissingGlyph, RenderError
from yinji.clearance import codes
from yinji.editions.book import Book
from yinji.editions.claims import facts
from yinji.editions.gathering import Gatherer
from yinji.editions.model import Edition, facts_key, rendered_key
from yinji.editions.runs import Runs
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
editions = Editions()
runs = Runs()
gatherer = Gatherer()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    for outcome in ("EditionsRendered", "EditionsUnchanged", "EditionsHeld", "EditionsFailed"):
        count(outcome, 0)  # so that each has a line of its own, however rare it is
    return process_partial_response(event, take, processor, context)


def take(record: DynamoDBRecord) -> None:
    assert record.dynamodb and record.dynamodb.keys  # noqa: S101 - every record of a stream has them
    keys = record.dynamodb.keys
    edition = editions.find(keys["pk"].partition("#")[2], keys["sk"].partition("#")[2])
    if edition is None or edition.state != "requested":
        return
    if runs.paused(edition.run):
        editions.set_aside(edition)
        return
    render(edition)


def render(edition: Edition) -> None:
    book = gatherer.book(edition.student)
    if book is None:
        editions.fail(edition, "no-archive")
        count("EditionsFailed")
        return
    told = identity(book, language=edition.language, theme=edition.theme)
    if editions.in_force(edition.student, edition.language)[1] == told:
        editions.unchanged(edition, told)
        count("EditionsUnchanged")
        return
    try:
        pdf = archive_pdf(data_of(book, edition), language=edition.language, theme=edition.theme, at=edition.at)
    except MissingGlyph as missing:
        editions.hold(edition, missing.characters)
        count("EditionsHeld")
        return
    except RenderError as error:
        logger.error("edition not typeset", exc_info=error)
        editions.fail(edition, "not-typeset")
        count("EditionsFailed")
        return
    # what credentials are made of, then the document, then the edition: who stops here renders the same again
    s3.put_object(
        Bucket=setting("EDITIONS_BUCKET"),
        Key=facts_key(edition.student, edition.id, told),
        Body=json.dumps(facts(book), ensure_ascii=False).encode(),
        ContentType="application/json",
    )
    s3.put_object(
        Bucket=setting("EDITIONS_BUCKET"),
        Key=rendered_key(edition.student, edition.id),
        Body=pdf,
        ContentType="application/pdf",
        Metadata={"fingerprint": told},
    )
    if editions.rendered(edition, told):
        count("EditionsRendered")


def data_of(book: Book, edition: Edition) -> ArchiveData:
    """What the document of `edition` says: its book, and how it is verified."""
    return ArchiveData(
        book=book,
        code=edition.code,
        verify_url=codes.verify_url(setting("PUBLIC_URL"), edition.code),
        issued_on=edition.at.astimezone(clock.CAMPUS).date(),
    )
