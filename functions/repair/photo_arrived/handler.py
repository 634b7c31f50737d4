"""photo-arrived: a photo of a fault was uploaded; a clean copy is kept, or none.

Trigger: S3, photos/arriving/<report> of repair's bucket. Reads: the photo, the report. Writes: photos/kept/<report>,
that the report has one; takes the raw photo away. Emits: metrics. What is delivered again finds nothing any more; of
two photos of one report the later is kept.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from inspection import Rejected, inspect
from yinji.clearance.evidence import MEDIA_TYPES
from yinji.clearance.intake import delivered
from yinji.platform import objects
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics
from yinji.repair.photos import KINDS, LARGEST, kept_key, report_of_key
from yinji.repair.reports_store import Reports

reports = Reports()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        if reports.find(report_of_key(key)):
            look_into(key)
        s3.delete_object(Bucket=setting("REPAIR_BUCKET"), Key=key)


def look_into(key: str) -> None:
    """Keep a copy without what the camera noted."""
    bucket, id = setting("REPAIR_BUCKET"), report_of_key(key)
    try:
        data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return  # another delivery has dealt with it meanwhile
    try:
        clean = inspect(data, KINDS, LARGEST)
    except Rejected as rejected:
        count("PhotosRefused")
        logger.info("photo refused", extra={"code": rejected.code})
        return
    s3.put_object(Bucket=bucket, Key=kept_key(id), Body=clean.data, ContentType=MEDIA_TYPES[clean.kind])
    if reports.photographed(id):
        count("PhotosKept")
