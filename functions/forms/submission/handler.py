"""submission: what somebody sent of a form, where it stands; they take it back, or begin to change it.

Trigger: GET /api/forms/s/{submission}; POST .../withdraw and .../correct. Reads: the submission, its form, what is
known of whoever sent it. Writes: the submission with what happened to it; the draft in which it is changed. Emits:
metrics; of an office that looks, that it did, to the queue of looks.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.forms import telling
from yinji.forms.access import visible
from yinji.forms.facts_store import Facts
from yinji.forms.sending import Desk
from yinji.forms.store import Forms
from yinji.forms.submission import PREFIX
from yinji.identity import seen
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics

api = Api()
forms = Forms()
desk = Desk(forms, Facts(), Store())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/s/<id>")
def show(id: str) -> Response[str]:
    one = visible(api.session, forms.find(id))
    seen.note(api.session, "submission", one.person, step=f"{PREFIX}{one.form}")
    return as_json(200, telling.submission(forms.version(one.form, one.form_version), one))


@api.post("/api/forms/s/<id>/withdraw")
def withdraw(id: str) -> Response[str]:
    one = desk.withdraw(api.session, id, api.body.idempotency_key)
    count("FormsWithdrawn")
    told = telling.submission(forms.version(one.form, one.form_version), one)
    return api.answer(told, done="forms-fill.withdrawn", back=f"/forms/s/{id}#notice")


@api.post("/api/forms/s/<id>/correct")
def correct(id: str) -> Response[str]:
    draft = desk.correct(api.session, id)
    told = telling.draft(desk.open(api.session, draft.form), draft)
    return api.answer(told, back=f"/forms/f/{draft.form}?page=1")
