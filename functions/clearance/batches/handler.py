"""batches: rounds of clearance, and what administrators decide about them and about single cases.

Trigger: GET /api/clearance/batches. Reads: the table and its index.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger

api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/batches")
def batches() -> Response[str]:
    demand(api.session, "see-school", school="")
    return as_json(200, {"batches": [batch.id for batch in store.batches()]})
