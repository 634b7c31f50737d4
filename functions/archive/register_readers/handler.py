"""register-readers: the register of readers was delivered; who is new or different is kept, nobody is taken away.

Trigger: S3 devices/* of the archive's bucket. Reads: the bucket. Writes: the register of readers; reports/devices/.
Emits nothing. A reader that is out of service says so in the column `retired`.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import reader_register
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers_store import Readers
from yinji.archive.refusing import Refused, told_of
from yinji.archive.store import Archive
from yinji.clearance.intake import delivered
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        register(key)


def register(key: str) -> None:
    bucket = setting("ARCHIVE_BUCKET")
    try:
        data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return
    told: dict[str, Any] = {"key": key, "at": stamp(now()), "state": "loaded", "reason": None, "rejected": []}
    try:
        found = reader_register.read(key, data)
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
    else:
        changed = readers.register(found.devices)
        told["counts"] = {"devices": len(found.devices), "changed": changed, "rejected": len(found.rejected)}
        told["rejected"] = told_of(found.rejected)
        count("ReaderRowsRejected", len(found.rejected))
    body = json.dumps(told, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=f"reports/{key}.json", Body=body, ContentType="application/json")
