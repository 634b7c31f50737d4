"""evidence-upload: a graduate asks to upload a document, and asks what became of it.

Trigger: POST /api/clearance/cases/{student}/evidence; GET /api/clearance/cases/{student}/evidence/{id}. Reads and
writes: the table. Emits nothing. The answer to POST lets a browser put one object of that type, no larger than the
question allows, under one key of the intake bucket; evidence_arrived looks into it.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition, evidence
from yinji.clearance.handing_in import HandingIn
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()
handing_in = HandingIn(store)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/cases/<student>/evidence")
def begin(student: str) -> Response[str]:
    session, told = api.session, api.body.fields
    demand(session, "act-as-student", student=student)
    case = store.get(student)
    if case is None:
        raise Problem("not-in-season")
    step = told.get("step", "")
    asked = evidence.open_question(case, step, told.get("action", ""), told.get("field", ""), clock.today())
    return handing_in.begin(student, step, asked, told)


@api.get("/api/clearance/cases/<student>/evidence/<id>")
def status(student: str, id: str) -> Response[str]:
    demand(api.session, "act-as-student", student=student)
    upload = store.upload(student, id)
    if upload is None or upload.step not in definition.steps():
        raise Problem("not-found")
    return handing_in.status(upload, api.language)
