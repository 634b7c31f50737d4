"""verify: how an edition of an archive stands, for a page that compares a file with it in the browser.

Trigger: GET /api/archive/verify/{code}, without a session. Reads: the edition. Writes: how often somebody asked. Emits:
metrics. It tells of a code what a copy of its document must hash to, and nothing of whose it is.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import codes
from yinji.editions.store import Editions
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.limits import CERTIFICATE_CODE, VERIFY
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
editions = Editions()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/verify/<code>")
def verify(code: str) -> Response[str]:
    normal = codes.normal(code)
    api.limit_address(VERIFY)
    if normal:
        api.limit(CERTIFICATE_CODE, normal)
    edition = editions.by_code(normal) if normal else None
    if edition is None or edition.standing == "none":
        raise Problem("not-found")
    count("EditionsVerified")
    return as_json(
        200,
        {
            "code": codes.spoken(edition.code),
            "standing": edition.standing,
            "digest": edition.digest,
            "language": edition.language,
            "sealed_at": stamp(edition.sealed_at) if edition.sealed_at else None,
            "revoked_at": stamp(edition.revoked_at) if edition.revoked_at else None,
        },
    )
