"""places-intake: a table of places was delivered; what is new or different is kept, with all that follows from it.

Trigger: S3 imports/* of the bucket of repair. Reads: the bucket, the register of places. Writes: the register;
reports/places/. Emits nothing. A table that is delivered again changes nothing.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.refusing import Refused, told_of
from yinji.clearance.intake import delivered
from yinji.platform.clock import now, stamp
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
    bucket = setting("REPAIR_BUCKET")
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return
    told: dict[str, Any] = {
        "key": key,
        "at": stamp(now()),
        "state": "loaded",
        "reason": None,
        "rejected": [],
        "remarks": [],
    }
    try:
        table = read(key, found["Body"].read())
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
        count("PlaceTablesRefused")
    else:
        plan = register.take(table, found["LastModified"])
        told |= {"lines": table.number, "counts": dict(plan.counts)}
        told["rejected"], told["remarks"] = told_of(plan.rejected), told_of(plan.remarks)
        count("PlaceLines", table.number)
        count("PlaceLinesRejected", len(plan.rejected))
    body = json.dumps(told, ensure_ascii=False).encode()
    place = f"{REPORTS}{key.removeprefix(PREFIX)}.json"
    s3.put_object(Bucket=bucket, Key=place, Body=body, ContentType="application/json")
