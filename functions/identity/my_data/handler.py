"""my-data: everything the house keeps about whoever asks, to take along: one JSON document.

Trigger: GET /api/account/export.json. Reads: what lies in the tables of cases, facts, people, messages and archives
under keys of whoever asks; KMS unwraps the keys of their case and of their facts. Writes and emits nothing. It is
everything at once, so who asks must have proved a moment ago who they are.
"""

import json
from decimal import Decimal
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.my_data import MyData
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, attached
from yinji.platform.observability import logger

api = Api()
data = MyData()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/account/export.json")
def mine() -> Response[str]:
    session = api.session
    api.demand_fresh()
    document = data.of(session.sub, clock.now(), setting("PUBLIC_URL"))
    body = json.dumps(document, ensure_ascii=False, indent=1, default=number)
    return attached(f"yinji-{clock.today().isoformat()}.json", body)


def number(value: Any) -> float:
    """What JSON has no word for: DynamoDB's numbers that are not whole. Raises TypeError for anything else."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError
