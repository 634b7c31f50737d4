"""decide: what waits for an office, and what it says to it.

Trigger: GET /api/forms/queue, GET /api/forms/queue/{submission}, POST .../sealed/{field}, POST
/api/forms/s/{submission}/{verdict}. Reads: submissions with what happened to them, forms; KMS unwraps the keys of
people. Writes: submissions and what happened to them. Emits: who looks at whose answers, to the queue of looks;
metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms import deciding
from yinji.forms.access import visible
from yinji.forms.sending import PREFIX
from yinji.forms.showing import submission_document
from yinji.forms.store import Forms
from yinji.forms.unsealing import Unsealing
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, sentence

api = Api()
forms = Forms()
unsealing = Unsealing()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/queue")
def queue() -> Response[str]:
    office = deciding.queue_of(api.session)
    waiting = deciding.queue(forms, office)
    return as_json(200, {"office": office, "waiting": [deciding.line_document(one) for one in waiting]})


@api.get("/api/forms/queue/<id>")
def one(id: str) -> Response[str]:
    deciding.queue_of(api.session)
    found = visible(api.session, forms.find(id))
    form = forms.version(found.form, found.form_version)
    seen.note(api.session, "submission", found.person, step=f"{PREFIX}{found.form}")
    return as_json(200, submission_document(found, form, api.language, api.session))


@api.post("/api/forms/queue/<id>/sealed/<field>")
def whole(id: str, field: str) -> Response[str]:
    """A number that is kept sealed, as JSON to programs and as a bare text to the page's form, which puts it where its
    button was; there a refusal is a sentence in its place."""
    if not api.is_form:
        return as_json(200, {"submission": id, "field": field, "value": number(id, field)})
    status = 200
    try:
        text = number(id, field)
    except Problem as problem:
        text = sentence(problem.code, api.language, problem.params)
        status = 200 if api.headers.get("hx-request") else problem.status
    headers = {"Cache-Control": "no-store"}
    return Response(status_code=status, content_type="text/plain; charset=utf-8", headers=headers, body=text)


def number(id: str, field: str) -> str:
    """The number in clear. Raises Problem: forbidden, not-found, sealed-for-good, look-not-noted."""
    deciding.queue_of(api.session)
    found = visible(api.session, forms.find(id))
    asked = forms.version(found.form, found.form_version).by_name.get(field)
    if asked is not None and not asked.sealed:
        raise Problem("not-found")
    if asked is None or not deciding.may_open(api.session, found, asked):
        raise Problem("forbidden")
    if not found.answers.get(field):
        raise Problem("not-found")
    seen.note(api.session, "account", found.person, step=f"{PREFIX}{found.form}")
    told = unsealing.value(found, asked)
    count("FormNumbersUnsealed")
    return told


@api.post("/api/forms/s/<id>/<verdict>")
def decide(id: str, verdict: str) -> Response[str]:
    body = api.body
    deciding.queue_of(api.session)
    wish = deciding.wished(verdict, body.fields, body.idempotency_key)
    after, new = deciding.perform(forms, id, wish, api.session, clock.now())
    if new:
        count("SubmissionsDecided", verdict=verdict)
    return api.answer(deciding.decided_document(after), done=f"forms-queue.{verdict}", back=body.next)
