"""catalogue-intake: a table of activities, books or teachers was delivered; what is new or different is kept.

Trigger: S3 catalogue/* of the archive's bucket. Reads: the bucket, the catalogue. Writes: the catalogue;
reports/catalogue/. Emits nothing. A table that is delivered again changes nothing.
"""

import hashlib
import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_intake import kind_of, load, read
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.refusing import Refused, told_of
from yinji.clearance.intake import delivered
from yinji.platform.clock import now, stamp
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
    bucket = setting("ARCHIVE_BUCKET")
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return
    told: dict[str, Any] = {"key": key, "at": stamp(now()), "state": "loaded", "reason": None, "rejected": []}
    try:
        kind = kind_of(key)
        lines = read(key, found["Body"].read(), kind, found["LastModified"])
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
        count("CatalogueTablesRefused")
    else:
        delivery = hashlib.sha256(f"{key} {found['ETag']} {stamp(found['LastModified'])}".encode()).hexdigest()[:16]
        counts = load(catalogue, lines, kind, delivery)
        told |= {"lines": lines.number, "counts": dict(counts)}
        told["rejected"] = told_of(lines.rejected)
        count("CatalogueLines", lines.number)
        count("CatalogueLinesRejected", len(lines.rejected))
    body = json.dumps(told, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=f"reports/{key}.json", Body=body, ContentType="application/json")
