"""enrol: the register of students was delivered; who is new or different is kept, nobody is taken away.

Trigger: S3 students/* of the archive's bucket. Reads: the bucket, the archive. Writes: students, whose cards theirs
are, their portraits; reports/students/. Emits nothing.
"""

from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import enrolment
from yinji.archive.refusing import told_of
from yinji.archive.store import Archive
from yinji.archive.table_intake import Found, deal
from yinji.clearance.intake import delivered
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
    deal(s3, setting("ARCHIVE_BUCKET"), key, f"reports/{key}.json", partial(keep, key))


def keep(key: str, data: bytes, found: Found) -> dict[str, Any]:
    """Keep what is new or different in the register `data`; what its report says."""
    register = enrolment.read(key, data)
    changed = archive.enrol(register.students)
    count("StudentsEnrolled", changed)
    count("StudentRowsRejected", len(register.rejected))
    return {
        "counts": {"students": len(register.students), "changed": changed, "rejected": len(register.rejected)},
        "rejected": told_of(register.rejected),
    }
