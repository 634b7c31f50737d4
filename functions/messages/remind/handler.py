"""messages-remind: an office reminds a student of what is theirs, once a day at most.

Trigger: POST /api/clearance/cases/{student}/remind. Reads: the case. Writes: a message and its delivery. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.clearance.rounds import round_id
from yinji.clearance.store import Store
from yinji.messages.compose import of_reminder
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
store = Store()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/cases/<student>/remind")
def remind(student: str) -> Response[str]:
    """Schools remind of everything; a department of its own steps."""
    session, body = api.session, api.body
    # before anything is read: who may remind nobody must not learn who has a case
    demand(session, "remind", school=session.school, department=session.department)
    key = body.idempotency_key
    case = store.get(student)
    demand(session, "remind", school=case.graduate.school if case else "", department=session.department)
    if case is None:
        raise Problem("not-in-season")
    now = clock.now()
    own = round_id(session.sub, "remind", key)  # the message's id, by which nobody tells who reminded
    message = of_reminder(case, session.department, own, now)
    if message is None:
        raise Problem("nothing-to-remind")
    if outbox.remind(message, own, now):
        count("MessagesComposed", kind=message.kind)
    return api.answer({"reminded": list(message.params["steps"])}, done="messages.reminded", back=body.next)
