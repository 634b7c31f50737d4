"""import_form: a form of Excel or Word becomes a draft, whose questions a person then confirms.

Trigger: POST /api/forms/desk/import. Reads: forms. Writes: a form, and that it was begun; the file is read and not
kept. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.forms import desk, editing, importing
from yinji.forms.store import Forms
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics

api = Api()
forms = Forms()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/forms/desk/import")
def bring_in() -> Response[str]:
    """A draft of the office whose questions are those of the `file`."""
    session = api.session
    demand(session, "manage-forms", department=session.department)
    data, body = api.upload("file", importing.LARGEST), api.body
    office = desk.office_of(session, body.fields)
    key = desk.key_of(session.sub, "import", body.idempotency_key)
    id = body.fields.get("id") or editing.id_from(body.fields, key)
    head, new = desk.begin(forms, importing.read(id, office, data, api.language), key, session.sub, clock.now())
    if new:
        count("FormsBegun", how="imported")
    back = f"/forms/desk/import?form={head.id}#notice" if body.next else ""
    return api.answer(desk.document(desk.opened(forms, head.id, session)), done="forms-edit.import", back=back)
