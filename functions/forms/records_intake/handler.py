"""records-intake: a system of record delivered what it knows of people; what is new or different is kept, and what
people said otherwise becomes a conflict.

Trigger: S3 facts/* of the bucket of forms. Reads: the bucket; facts; KMS unwraps the keys of people. Writes: facts with
their history and conflicts; reports/facts/; takes away what it has dealt with, for accounts lie in it in clear. Emits:
metrics. A table that is delivered again, or late, changes nothing (yinji/forms/records.py).
"""

from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.refusing import told_of
from yinji.archive.table_intake import Found, deal
from yinji.clearance.intake import delivered
from yinji.forms.facts_store import Facts
from yinji.forms.records import PREFIX, REPORTS, apply, read_table
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
    dealt = deal(s3, bucket, key, f"{REPORTS}{key.removeprefix(PREFIX)}.json", partial(keep, key))
    if dealt is None:
        return
    if dealt.refused:
        count("RecordTablesRefused")
        return
    # this version of it, and not one that was delivered meanwhile
    version = {"VersionId": dealt.found["VersionId"]} if "VersionId" in dealt.found else {}
    s3.delete_object(Bucket=bucket, Key=key, **version)


def keep(key: str, data: bytes, found: Found) -> dict[str, Any]:
    """Keep what is new or different in the table `data`; what its report says."""
    table = read_table(key, data)
    done = apply(facts, table, found["LastModified"], key)
    count("RecordLines", table.lines)
    count("RecordLinesRejected", len(table.rejected))
    count("FactsRecorded", done["changed"])
    count("FactConflicts", done["conflicts"])
    return {
        "lines": table.lines,
        "counts": {**done, "repeated": table.repeated, "rejected": len(table.rejected)},
        "rejected": told_of(table.rejected),
    }
