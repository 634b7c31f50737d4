"""messages-stop: the link at the end of a mail: no more of its kind by mail.

Trigger: POST /api/messages/stop/{token}, by a mail program (RFC 8058, one click) or by the page's button; GET there
leads to that page, and changes nothing: programs look at links unasked. Nobody need be signed in, the token is signed.
Reads: the signing keys. Writes: the stopped topic. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import signing_keys
from yinji.messages import stop
from yinji.messages.store import Outbox
from yinji.platform.http import Api, redirect
from yinji.platform.limits import STOP_LINK
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api(from_anywhere=True)
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/messages/stop/<token>")
def ask(token: str) -> Response[str]:
    return redirect(f"/messages/stop/{token}")


@api.post("/api/messages/stop/<token>")
def stop_it(token: str) -> Response[str]:
    known = stop.read(token, signing_keys())
    if known is None:
        raise Problem("not-found")
    api.limit(STOP_LINK, token)
    box, topic = known
    outbox.stop(box, topic)
    return api.answer({"stopped": topic}, done="messages.stopped", back=api.body.next)
