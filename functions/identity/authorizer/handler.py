"""authorizer: lets whoever has a session through to the API, and says who they are.

Trigger: the HTTP API, for every route of /api but signing in and out; API Gateway keeps the answer for a minute.
Reads: the signing keys; for a cookie that is some minutes old, the register of people. What they may do is decided
where it is done (clearance.policy).
"""

from typing import Any, cast

from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerResponseV2,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import cookies_of
from yinji.identity.store import People, standing
from yinji.platform.observability import logger

people = People()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    token = standing(cookies_of(event), people)
    answer = APIGatewayAuthorizerResponseV2(
        authorize=token is not None, context=dict(token.session.claims) if token else None
    )
    return cast(dict[str, Any], answer.asdict())  # pyright: ignore[reportUnknownMemberType]
