"""photo-upload: whoever reported a fault adds a photo, by the link they were given.

Trigger: POST /api/repair/photos/{link}. Reads: the report. Writes: how often the link was used. Emits nothing. The
answer lets a browser put one object of that type and no larger than a photo under one key of the bucket;
photo_arrived looks into it.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import objects
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.limits import PHOTOS
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.keys import repair_key
from yinji.repair.photos import LARGEST, SECONDS, arriving_key, told_type
from yinji.repair.report import followed
from yinji.repair.reports_store import Reports

api = Api()
reports = Reports()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/repair/photos/<link>")
def begin(link: str) -> Response[str]:
    id = followed(link, repair_key())
    api.limit(PHOTOS, id)
    media_type = told_type(api.body.fields)
    if reports.find(id) is None:
        raise Problem("not-found")
    form = s3.generate_presigned_post(
        Bucket=setting("REPAIR_BUCKET"),
        Key=arriving_key(id),
        Fields={"Content-Type": media_type},
        Conditions=[{"Content-Type": media_type}, ["content-length-range", 0, LARGEST]],
        ExpiresIn=SECONDS,
    )
    return as_json(200, {"url": form["url"], "fields": form["fields"]})
