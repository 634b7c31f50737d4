"""cases: what a program may read of cases, as JSON; pages read the same views.

Trigger: GET /api/clearance/cases/{student}, /schools/{school}, /steps/{step}/queue. Reads: the table and its index.
Writes nothing. Emits: who looks at a case that is not their own, to the queue of looks.
"""

import base64
import binascii
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition, university
from yinji.clearance.document import case_document
from yinji.clearance.policy import demand, see_queue, visible_case
from yinji.clearance.queue import queue_id
from yinji.clearance.store import Store
from yinji.clearance.view import StepView, case_view, masked_answers, row_view
from yinji.identity import seen
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

PAGE = 100
api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/cases/<student>")
def one(student: str) -> Response[str]:
    case = visible_case(api.session, student, store.get)
    seen.note(api.session, "case", student)
    view = case_view(case, api.session, api.language)
    known = case_document(case)
    return as_json(
        200,
        {name: known.get(name) for name in ("student", "name", "flow", "batch", "deadline", "version")}
        # the document's own is where lists look for the case: see Case.shelf
        | {"school": case.graduate.school, "finished": case.finished}
        | {"certificate": known.get("certificate"), "events": case.version}
        | {"steps": [step_document(step) for step in view.steps]},
    )


def step_document(step: StepView) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": step.title,
        "office": step.office,
        "state": step.state,
        "turn": step.turn,
        "version": step.version,
        "since": stamp(step.since),
        "reasons": [{**code, "text": text} for code, text in zip(step.reason_codes, step.reasons, strict=True)],
        "waits_for": list(step.waits_for),
        "slot": step.slot or None,
        # to the graduate alone: who passes a code on must be told it
        "secrets": {name: code for name, _, code in step.secrets},
        "actions": [
            {
                "id": action.id,
                "bulk": action.bulk,
                "fields": [
                    {"name": field.name, "required": field.required, "schema": dict(field.schema)}
                    | ({"days_back": field.days_back} if field.days_back is not None else {})
                    | (
                        {"evidence": {"types": list(field.evidence.types), "largest_mb": field.evidence.largest_mb}}
                        if field.evidence
                        else {}
                    )
                    for field in action.fields
                ],
            }
            for action in step.actions
        ],
    }


@api.get("/api/clearance/schools/<school>")
def of_school(school: str) -> Response[str]:
    demand(api.session, "see-school", school=school)
    if school not in university.schools():
        raise Problem("not-found")
    rows = [row_view(lean) for lean in store.school(school)]
    return as_json(
        200,
        {
            "school": school,
            "cases": [
                {
                    "student": row.lean.student,
                    "name": row.lean.name,
                    "flow": row.lean.flow,
                    "deadline": row.lean.deadline.isoformat(),
                    "version": row.lean.version,
                    "left": row.left,
                    "certified": row.lean.certified,
                    "steps": dict(row.states),
                }
                for row in rows
            ],
        },
    )


@api.get("/api/clearance/steps/<step>/queue")
def queue(step: str) -> Response[str]:
    school = api.query.get("school", api.session.school)
    access = see_queue(api.session, definition.steps().get(step), school)
    found, more = store.queue(queue_id(step, school, access.supervisor), PAGE, position(api.query.get("next", "")))
    return as_json(
        200,
        {
            "step": step,
            "items": [
                {
                    "student": entry.student,
                    "name": entry.name,
                    "school": entry.school,
                    "step_version": entry.step_version,
                    "since": entry.since,
                    "answers": masked_answers(definition.steps()[step], entry.answers),
                }
                for entry in access.shown(found)
            ],
            "next": base64.urlsafe_b64encode(more.encode()).decode() if more else None,
        },
    )


def position(token: str) -> str:
    """The position in a queue that `next` stands for. Raises Problem("malformed-request")."""
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError) as error:
        raise Problem("malformed-request") from error
