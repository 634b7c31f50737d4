"""places-intake: a table of places was delivered; what is new or different is kept, with all that follows from it.

Trigger: S3 imports/* of the bucket of repair. Reads: the bucket, the register of places. Writes: the register;
reports/places/. Emits nothing. A table that is delivered again changes nothing.
"""

from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.refusing import told_of
from yinji.archive.table_intake import Found, deal
from yinji.clearance.intake import delivered
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics
from yinji.repair.importing import read
from yinji.repair.register import PREFIX, REPORTS
from yinji.repair.register_store import Register

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
register = Register()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        take(key)


def take(key: str) -> None:
    place = f"{REPORTS}{key.removeprefix(PREFIX)}.json"
    dealt = deal(s3, setting("REPAIR_BUCKET"), key, place, partial(keep, key), remarks=[])
    if dealt and dealt.refused:
        count("PlaceTablesRefused")


def keep(key: str, data: bytes, found: Found) -> dict[str, Any]:
    """Keep what is new or different in the table `data`; what its report says."""
    table = read(key, data)
    plan = register.take(table, found["LastModified"])
    count("PlaceLines", table.number)
    count("PlaceLinesRejected", len(plan.rejected))
    return {
        "lines": table.number,
        "counts": dict(plan.counts),
        "rejected": told_of(plan.rejected),
        "remarks": told_of(plan.remarks),
    }
