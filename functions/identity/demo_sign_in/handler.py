"""demo-sign-in: choose who to be. Local deployments only; the template for AWS does not have it.

Trigger: GET /api/demo/personas, POST /api/demo/sign-in. Reads: the signing keys, the case of a student persona and
the index by school. Writes and emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import university
from yinji.clearance.store import Store
from yinji.clearance.view import row_view
from yinji.identity.demo import offices, session_for
from yinji.identity.session import session_cookie, sign, signing_keys
from yinji.platform.environment import is_local
from yinji.platform.http import Api, as_json, redirect
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

STUDENTS = 12
api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/demo/personas")
def personas() -> Response[str]:
    """The offices, and a few students of the first school that has any: those with most to look at first."""
    if not is_local():
        raise Problem("not-found")
    for school in university.schools():
        rows = sorted((row_view(lean) for lean in store.school(school)), key=lambda row: (-row.blocked, -row.left))
        if rows:
            break
    else:
        rows = []
    students = [
        {
            "persona": f"student:{row.lean.student}",
            "name": row.lean.name,
            "left": row.left,
            "blocked": row.blocked,
            "flow": row.lean.flow,
        }
        for row in [*rows[: STUDENTS // 2], *rows[-STUDENTS // 2 :]]
    ]
    return as_json(200, {"students": students, "offices": offices()})


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
