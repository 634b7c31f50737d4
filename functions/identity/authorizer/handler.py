"""authorizer: lets whoever has a session through to the API, and says who they are.

Trigger: the HTTP API, for every route of /api but signing in and out. Reads: the signing keys. What they may do is
decided where it is done (clearance.policy).
"""

from typing import Any, cast

from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerEventV2,
    APIGatewayAuthorizerResponseV2,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import cookie, cookie_name, read, signing_keys
from yinji.platform.observability import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = APIGatewayAuthorizerEventV2(event)
    token = cookie([*(event.get("cookies") or []), request.headers.get("cookie", "")], cookie_name())
    session = read(token, signing_keys()) if token else None
    answer = APIGatewayAuthorizerResponseV2(
        authorize=session is not None, context=dict(session.claims) if session else None
    )
    return cast(dict[str, Any], answer.asdict())  # pyright: ignore[reportUnknownMemberType]
