"""practice: an office's practice cases begin, or begin anew.

Trigger: POST /api/clearance/practice. Reads and writes: the table, practice cases of the office only. Emits nothing.

Each case begins anew in a transaction of its own, under the request's key: a repetition changes nothing, and where one
ended halfway the next press begins all of them anew.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import training
from yinji.clearance.case import Event
from yinji.clearance.policy import office_of
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/practice")
def begin() -> Response[str]:
    session, body = api.session, api.body
    office = office_of(session)
    if not office:
        raise Problem("forbidden")
    key = body.idempotency_key
    event = Event(key=f"{session.sub}#{key}", what=training.BEGUN, who=session.sub, role=session.role, at=clock.now())
    numbers = training.numbers(office)
    for part, student in numbers.items():
        store.begin_anew(student, lambda before, part=part: training.begin(before, office, part, event))
    return api.answer({"office": office, "cases": list(numbers.values())}, done="practice.begin", back=body.next)
