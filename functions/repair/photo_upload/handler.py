"""photo-upload: whoever reported a fault adds a photo, by the link they were given; a technician one of what was
mended.

Trigger: POST /api/repair/photos/{link}, POST /api/repair/incidents/{incident}/photo. Reads: the report, the incident.
Writes: how often the link was used, or somebody asked. Emits nothing. The answer lets a browser put one object of that
type and no larger than a photo under one key of the bucket; photo_arrived looks into it.
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
from yinji.repair import access
from yinji.repair.incidents_store import Incidents
from yinji.repair.keys import repair_key
from yinji.repair.photos import of_repair, told_type, upload_form
from yinji.repair.report import followed
from yinji.repair.reports_store import Reports
from yinji.repair.work import may_photograph

api = Api()
reports = Reports()
incidents = Incidents()
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
    return as_json(200, upload_form(s3, setting("REPAIR_BUCKET"), id, media_type))


@api.post("/api/repair/incidents/<incident>/photo")
def begin_of_repair(incident: str) -> Response[str]:
    session = api.session
    access.demand(session, "see-incidents")
    media_type = told_type(api.body.fields)
    found = incidents.find(incident)
    if found is None:
        raise Problem("not-found")
    if not may_photograph(found, session):
        raise Problem("forbidden")
    form = upload_form(s3, setting("REPAIR_BUCKET"), of_repair(incident), media_type, session.sub)
    return as_json(200, form)
