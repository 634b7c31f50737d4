"""conflicts: where a system of record and a person say different things, for the department that answers for the
system.

Trigger: GET /api/forms/conflicts, POST /api/forms/conflicts/{conflict}/{deed}, `deed` being keep or take. Reads:
conflicts, facts. Writes: the fact as it was decided, with its history. Emits: metrics; who looks at whose facts, to the
queue of looks.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms.facts_desk import decide, seen_version, waiting, waiting_document
from yinji.forms.facts_store import Facts
from yinji.identity import seen
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics

api = Api()
facts = Facts()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/conflicts")
def queue() -> Response[str]:
    found = waiting(facts, api.session)
    seen.note(api.session, "facts", *sorted({one.open.conflict.person for one in found}))
    return as_json(200, {"conflicts": [waiting_document(one, api.language) for one in found]})


@api.post("/api/forms/conflicts/<conflict>/<deed>")
def act(conflict: str, deed: str) -> Response[str]:
    body = api.body
    if decide(facts, api.session, conflict, deed, seen_version(body.fields), clock.now()):
        count("FactsDecided", deed=deed)
    return api.answer({"id": conflict, "deed": deed}, done=f"forms-conflicts.{deed}", back=body.next)
