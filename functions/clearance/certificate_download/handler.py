"""certificate-download: the certificate of a case, to whom may see it.

Trigger: GET /api/clearance/cases/{student}/certificate. Reads: the table, certificates/. Writes
nothing. Emits: who fetches one that is not their own, to the queue of looks.
"""

from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import codes
from yinji.clearance.policy import visible_case
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()
s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/cases/<student>/certificate")
def download(student: str) -> Response[bytes]:
    case = visible_case(api.session, student, store.get)
    if case.certificate is None:
        raise Problem("not-found")
    seen.note(api.session, "certificate", student)
    key = codes.document_key(student, case.certificate.code)
    body = s3.get_object(Bucket=setting("DOCUMENTS_BUCKET"), Key=key)["Body"].read()
    return Response(
        status_code=200,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="clearance-{student}.pdf"',
            "Cache-Control": "private, no-store",
        },
        body=body,
    )
