"""photo-show: the photo of a fault, to whoever works on it.

Trigger: GET /api/repair/photos/{report}. Reads: the report. Writes nothing. Emits nothing. It is fetched from S3
itself, by an address that is good for a minute.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.handing_in import SECONDS
from yinji.platform import objects
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.repair.photos import kept_key
from yinji.repair.reports_store import Reports

api = Api()
reports = Reports()
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
    told = {"Bucket": setting("REPAIR_BUCKET"), "Key": kept_key(found.id), "ResponseContentDisposition": "inline"}
    address = s3.generate_presigned_url("get_object", Params=told, ExpiresIn=SECONDS)
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(status_code=303, headers=headers, body="")
