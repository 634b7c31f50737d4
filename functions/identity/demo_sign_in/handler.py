"""demo-sign-in: choose who to be. Local deployments only; the template for AWS does not have it.

Trigger: GET /api/demo/personas, POST /api/demo/sign-in. Reads: the signing keys, the case of a student persona and
the index by school. Writes and emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.identity.demo import offices, session_for, students, supervisors
from yinji.identity.session import session_cookie, sign, signing_keys
from yinji.platform.environment import is_local
from yinji.platform.http import Api, as_json, redirect
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/demo/personas")
def personas() -> Response[str]:
    """The offices, and a few students and supervisors with something to look at."""
    if not is_local():
        raise Problem("not-found")
    return as_json(200, {"students": students(store), "offices": offices(), "supervisors": supervisors(store)})


@api.post("/api/demo/sign-in")
def sign_in() -> Response[str]:
    if not is_local():
        raise Problem("not-found")
    api.refuse_other_sites()
    body = api.body
    persona = body.fields.get("persona", "")
    role, _, place = persona.partition(":")
    session = session_for(persona, store.get(place) if role == "student" else None)
    answer = redirect(body.next or "/")
    answer.cookies.append(session_cookie(sign(session, signing_keys())))
    return answer
