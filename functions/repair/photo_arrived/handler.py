"""photo-arrived: a photo of a fault was uploaded; a clean copy is kept, or none.

Trigger: S3, photos/arriving/ of repair's bucket: a report's id, or `mended-` and an incident's. Reads: the photo, the
report or the incident. Writes: the same below photos/kept/, that the report or the incident has one; takes the raw
photo away. Emits: metrics. What is delivered again finds nothing any more; of two photos of one thing the later is
kept.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from inspection import Rejected, inspect
from yinji.clearance.evidence import MEDIA_TYPES
from yinji.clearance.intake import delivered
from yinji.platform import clock, objects
from yinji.platform.environment import setting
from yinji.platform.ids import id_of
from yinji.platform.observability import count, logger, metrics
from yinji.repair.incidents_store import Incidents
from yinji.repair.photos import BY, KINDS, LARGEST, kept_key, name_of_key
from yinji.repair.reports_store import Reports
from yinji.repair.work import photographed

reports = Reports()
incidents = Incidents()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        name, incident = name_of_key(key)
        if incidents.find(incident) if incident else reports.find(name):
            look_into(key, name, incident)
        s3.delete_object(Bucket=setting("REPAIR_BUCKET"), Key=key)


def look_into(key: str, name: str, incident: str) -> None:
    """Keep a copy without what the camera noted."""
    bucket = setting("REPAIR_BUCKET")
    try:
        raw = s3.get_object(Bucket=bucket, Key=key)
        data = raw["Body"].read()
    except s3.exceptions.NoSuchKey:
        return  # another delivery has dealt with it meanwhile
    try:
        clean = inspect(data, KINDS, LARGEST)
    except Rejected as rejected:
        count("PhotosRefused")
        logger.info("photo refused", extra={"code": rejected.code})
        return
    s3.put_object(Bucket=bucket, Key=kept_key(name), Body=clean.data, ContentType=MEDIA_TYPES[clean.kind])
    if incident:
        event = id_of("photo", incident, raw["ETag"])
        new = photographed(incidents, incident, raw["Metadata"].get(BY, ""), event, clock.now())
    else:
        new = reports.photographed(name)
    if new:
        count("PhotosKept")
