"""sign-out: forgets the session in this browser, or ends every session of whoever asks.

Trigger: POST /api/sign-out, POST /api/sign-out/everywhere. Reads: the signing keys. Writes: in the register of people
that the session, or all of them, have ended: a cookie that somebody copied is worth nothing then. Emits nothing.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import Session, session_cookie
from yinji.identity.store import People, standing
from yinji.platform import clock
from yinji.platform.http import Api, redirect
from yinji.platform.limits import SIGN_OUT
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
people = People()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/sign-out")
def sign_out() -> Response[str]:
    return _signed_out(lambda session: people.end(session, clock.now()))


@api.post("/api/sign-out/everywhere")
def sign_out_everywhere() -> Response[str]:
    return _signed_out(lambda session: people.end_all(session.sub, clock.now()))


def _signed_out(end: Callable[[Session], None]) -> Response[str]:
    """This browser forgets the session whatever happens; that it ended is told only once it is written down."""
    answer = redirect("/sign-in", done="signed-out")
    try:
        token = standing(api.cookies, people)
        if token:
            api.limit(SIGN_OUT, token.session.sub)
            end(token.session)
    except Problem as problem:
        answer = redirect("/sign-in", problem=problem.code)
    except Exception as error:
        logger.error("a session could not be ended", exc_info=error)
        answer = redirect("/sign-in", problem="internal")
    answer.cookies.append(session_cookie(""))
    return answer
