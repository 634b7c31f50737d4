"""sealed-answer: a number that is kept sealed (a bank account), whole, to whom it concerns.

Trigger: POST /api/clearance/cases/{student}/sealed/{step}/{field}; a POST, so that no link, prefetch or page of another
site brings it about. Reads: the table; KMS unwraps the key of the case, and writes down that it did. Writes nothing.
Emits: who looks at somebody else's, to the queue of looks; a metric.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition
from yinji.clearance.keys import Keys
from yinji.clearance.policy import may_unseal, visible_case
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, sentence

api = Api()
store = Store()
keys = Keys()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/clearance/cases/<student>/sealed/<step>/<field>")
def whole(student: str, step: str, field: str) -> Response[str]:
    """The number, as JSON to programs and as a bare text to the page's form, which puts it where its button was.

    There a refusal is a sentence in its place; a script puts only what is fine, so to one it is.
    """
    if not api.is_form:
        told = {"student": student, "step": step, "field": field}
        return as_json(200, told | {"value": number(student, step, field)})
    status = 200
    try:
        text = number(student, step, field)
    except Problem as problem:
        text = sentence(problem.code, api.language, problem.params)
        status = 200 if api.headers.get("hx-request") else problem.status
    headers = {"Cache-Control": "no-store"}
    return Response(status_code=status, content_type="text/plain; charset=utf-8", headers=headers, body=text)


def number(student: str, step: str, field: str) -> str:
    """The number in clear. Raises Problem: forbidden, not-in-season, not-found, sealed-for-good, look-not-noted."""
    case = visible_case(api.session, student, store.get)
    known = definition.steps().get(step)
    asked = [known] if known else list(definition.steps().values())
    # one answer to whom it does not concern, whether or not there is such a question
    if not any(may_unseal(api.session, one, case.graduate) for one in asked):
        raise Problem("forbidden")
    record = case.steps.get(step)
    kept = str(record.facts.answers.get(field) or "") if record and known and field in known.sealed else ""
    if not kept:
        raise Problem("not-found")
    seen.note(api.session, "account", student, step=step)
    told = keys.opened(student, f"{step}/{field}", kept)
    count("NumbersUnsealed")
    return told
