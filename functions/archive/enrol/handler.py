"""enrol: the register of students was delivered; who is new or different is kept, nobody is taken away.

Trigger: S3 students/* of the archive's bucket. Reads: the bucket, the archive. Writes: students, whose cards theirs
are, their portraits; reports/students/. Emits nothing.
"""

import json
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import enrolment
from yinji.archive.refusing import Refused, told_of
from yinji.archive.store import Archive
from yinji.clearance.intake import delivered
from yinji.platform.clock import now, stamp
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
archive = Archive()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        enrol(key)


def enrol(key: str) -> None:
    bucket = setting("ARCHIVE_BUCKET")
    try:
        data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return
    told: dict[str, Any] = {"key": key, "at": stamp(now()), "state": "loaded", "reason": None, "rejected": []}
    try:
        register = enrolment.read(key, data)
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
    else:
        changed = archive.enrol(register.students)
        told["counts"] = {"students": len(register.students), "changed": changed, "rejected": len(register.rejected)}
        told["rejected"] = told_of(register.rejected)
        count("StudentsEnrolled", changed)
        count("StudentRowsRejected", len(register.rejected))
    body = json.dumps(told, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=f"reports/{key}.json", Body=body, ContentType="application/json")
