"""sign-in-cas: signing in by the university's CAS server.

Trigger: GET /api/sign-in/cas, which sends a browser away, /api/sign-in/cas/back, where it comes back with a ticket, and
/api/sign-in/cas/leave, which leaves the university's own sign-in as well. Reads: the signing keys, the register of
people, the case or the archive of a student; the server says whose a ticket is. Writes: that somebody signed in. Emits
nothing.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from sign_in import Refused
from sign_in.cas import Server
from yinji.identity.sign_in import Door
from yinji.platform.environment import setting
from yinji.platform.http import Api, elsewhere
from yinji.platform.observability import logger, metrics

api = Api()
door = Door(api, "cas", Refused)


@cache
def server() -> Server:
    return Server(url=setting("CAS_URL"), back=f"{setting('PUBLIC_URL')}/api/sign-in/cas/back")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/sign-in/cas")
def go_away() -> Response[str]:
    return door.away(lambda it: server().away(it.state, it.again))


@api.get("/api/sign-in/cas/back")
def come_back() -> Response[str]:
    return door.back(lambda it: server().identity(api.query, it.state, it.again))


@api.get("/api/sign-in/cas/leave")
def leave() -> Response[str]:
    return elsewhere(server().leave(f"{setting('PUBLIC_URL')}/sign-in"))
