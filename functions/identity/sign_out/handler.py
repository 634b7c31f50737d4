"""sign-out: forgets the session in the browser.

Trigger: POST /api/sign-out. Reads, writes and emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import session_cookie
from yinji.platform.http import Api, redirect
from yinji.platform.observability import logger

api = Api()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/sign-out")
def sign_out() -> Response[str]:
    api.refuse_other_sites()
    answer = redirect("/")
    answer.cookies.append(session_cookie(""))
    return answer
