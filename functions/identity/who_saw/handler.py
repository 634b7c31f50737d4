"""who-saw: who looked at what is kept about a student: to themselves by office, to auditors by person.

Trigger: GET /api/account/seen, /api/clearance/cases/{student}/seen. Reads: the access log, the case. Writes nothing.
Emits: who looks at somebody else's, to the queue of looks.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.identity.access_log import AccessLog
from yinji.identity.looks import by_office, told
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
log = AccessLog()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/account/seen")
def mine() -> Response[str]:
    student = api.session.sub
    demand(api.session, "see-access-log", student=student)
    return as_json(200, {"student": student, "seen": told(by_office(log.of(student)))})


@api.get("/api/clearance/cases/<student>/seen")
def of(student: str) -> Response[str]:
    demand(api.session, "see-access-log", student=student)
    if student == api.session.sub:
        return mine()
    if store.get(student) is None:
        raise Problem("not-in-season")
    seen.note(api.session, "access-log", student)
    return as_json(200, {"student": student, "seen": told(log.of(student))})
