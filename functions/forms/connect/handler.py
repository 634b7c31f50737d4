"""connect: an office says where approved answers of its form are delivered.

Trigger: POST /api/forms/desk/{form}/connect. Reads: the form, its history. Writes: the form and what happened to it.
Emits nothing. The secret is told in the answer and never again.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms import delivering, desk
from yinji.forms.store import Forms
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger, metrics

api = Api()
forms = Forms()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/forms/desk/<form>/connect")
def connect(form: str) -> Response[str]:
    """The secret, as JSON to programs and as a bare text to the page's form, which puts it where its button was."""
    body = api.body
    desk.opened(forms, form, api.session)
    url = body.fields.get("url", "")
    head = delivering.connected(forms, form, url, body.idempotency_key, api.session.sub, clock.now())
    told, secret = (head.webhook.url, head.webhook.secret) if head.webhook else ("", "")
    if api.is_form and secret and api.headers.get("hx-request"):
        headers = {"Cache-Control": "no-store"}
        return Response(status_code=200, content_type="text/plain; charset=utf-8", headers=headers, body=secret)
    if api.is_form and not secret:
        return api.answer({}, done="forms-outputs.disconnect", back=body.next)
    return as_json(200, {"form": form, "url": told, "secret": secret})
