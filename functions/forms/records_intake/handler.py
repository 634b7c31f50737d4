"""records-intake: a system of record delivered what it knows of people; what is new or different is kept, and what
people said otherwise becomes a conflict.

Trigger: S3 facts/* of the bucket of forms. Reads: the bucket; facts; KMS unwraps the keys of people. Writes: facts with
their history and conflicts; reports/facts/; takes away what it has dealt with, for accounts lie in it in clear. Emits:
metrics. A table that is delivered again, or late, changes nothing (yinji/forms/records.py).
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.refusing import Refused, told_of
from yinji.clearance.intake import delivered
from yinji.forms.facts_store import Facts
from yinji.forms.records import PREFIX, REPORTS, apply, read_table
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
facts = Facts()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        take(key)


def take(key: str) -> None:
    bucket = setting("FORMS_BUCKET")
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return
    told: dict[str, Any] = {"key": key, "at": stamp(now()), "state": "loaded", "reason": None, "rejected": []}
    try:
        table = read_table(key, found["Body"].read())
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
        count("RecordTablesRefused")
    else:
        done = apply(facts, table, found["LastModified"], key)
        told |= {"lines": table.lines, "counts": {**done, "repeated": table.repeated, "rejected": len(table.rejected)}}
        told["rejected"] = told_of(table.rejected)
        count("RecordLines", table.lines)
        count("RecordLinesRejected", len(table.rejected))
        count("FactsRecorded", done["changed"])
        count("FactConflicts", done["conflicts"])
    body = json.dumps(told, ensure_ascii=False).encode()
    place = f"{REPORTS}{key.removeprefix(PREFIX)}.json"
    s3.put_object(Bucket=bucket, Key=place, Body=body, ContentType="application/json")
    if told["state"] == "loaded":
        # this version of it, and not one that was delivered meanwhile
        version = {"VersionId": found["VersionId"]} if "VersionId" in found else {}
        s3.delete_object(Bucket=bucket, Key=key, **version)
