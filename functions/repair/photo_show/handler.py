"""photo-show: the photo of a fault, to whoever works on it.

Trigger: GET /api/repair/photos/{report}, of whoever reported it; GET /api/repair/incidents/{incident}/photo, of what
was mended. Reads: the report, the incident. Writes nothing. Emits nothing. It is fetched from S3 itself, by an address
that is good for a minute.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.handing_in import SECONDS
from yinji.platform import clock, objects
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.repair.incidents_store import Incidents
from yinji.repair.photos import KEPT_FOR, kept_key, of_repair
from yinji.repair.reports_store import Reports

api = Api()
reports = Reports()
incidents = Incidents()
s3 = objects.client()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/photos/<report>")
def photo(report: str) -> Response[str]:
    demand(api.session, "see-incidents")
    found = reports.find(report)
    if found is None or not found.photo:
        raise Problem("not-found")
    return leads_to(found.id)


@api.get("/api/repair/incidents/<incident>/photo")
def photo_of_repair(incident: str) -> Response[str]:
    demand(api.session, "see-incidents")
    found = incidents.find(incident)
    if found is None or found.photo is None or clock.now() - found.photo >= KEPT_FOR:
        raise Problem("not-found")
    return leads_to(of_repair(found.id))


def leads_to(name: str) -> Response[str]:
    told = {"Bucket": setting("REPAIR_BUCKET"), "Key": kept_key(name), "ResponseContentDisposition": "inline"}
    address = s3.generate_presigned_url("get_object", Params=told, ExpiresIn=SECONDS)
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(status_code=303, headers=headers, body="")
