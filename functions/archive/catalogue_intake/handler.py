"""catalogue-intake: a table of activities, books or teachers was delivered; what is new or different is kept.

Trigger: S3 catalogue/* of the archive's bucket. Reads: the bucket, the catalogue. Writes: the catalogue;
reports/catalogue/. Emits nothing. A table that is delivered again changes nothing.
"""

import hashlib
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_intake import kind_of, load, read
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.refusing import told_of
from yinji.archive.table_intake import Found, deal
from yinji.clearance.intake import delivered
from yinji.platform.clock import stamp
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
catalogue = Catalogue()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        take(key)


def take(key: str) -> None:
    dealt = deal(s3, setting("ARCHIVE_BUCKET"), key, f"reports/{key}.json", partial(keep, key))
    if dealt and dealt.refused:
        count("CatalogueTablesRefused")


def keep(key: str, data: bytes, found: Found) -> dict[str, Any]:
    """Keep what is new or different in the table `data`; what its report says."""
    kind = kind_of(key)
    lines = read(key, data, kind, found["LastModified"])
    delivery = hashlib.sha256(f"{key} {found['ETag']} {stamp(found['LastModified'])}".encode()).hexdigest()[:16]
    counts = load(catalogue, lines, kind, delivery)
    count("CatalogueLines", lines.number)
    count("CatalogueLinesRejected", len(lines.rejected))
    return {"lines": lines.number, "counts": dict(counts), "rejected": told_of(lines.rejected)}
