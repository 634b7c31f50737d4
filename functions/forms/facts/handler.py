"""facts: what the university knows of whoever asks, and what they say is otherwise.

Trigger: GET /api/forms/facts, POST /api/forms/facts/{kind}. Reads: facts with their history; KMS unwraps the key of
whoever asks. Writes: the fact, or their claim where a system of record says otherwise, which its department hears of.
Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.forms.facts import kinds, may_read
from yinji.forms.facts_desk import correct, fact_document, kind_document, readable, seen_version
from yinji.forms.facts_store import Facts
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics

api = Api()
facts = Facts()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/facts")
def mine() -> Response[str]:
    session, now = api.session, clock.now()
    demand(session, "see-own-facts", student=session.sub)
    known, histories = readable(session, facts.of(session.sub)), facts.histories(session.sub)
    missing = [kind for id, kind in kinds().items() if id not in known and may_read(kind, session.role, self_=True)]
    return as_json(
        200,
        {
            "facts": [
                fact_document(fact, histories.get(id, ()), session, api.language, now) for id, fact in known.items()
            ],
            "missing": [kind_document(kind, session) for kind in missing],
        },
    )


@api.post("/api/forms/facts/<kind>")
def say(kind: str) -> Response[str]:
    session, body, now = api.session, api.body, clock.now()
    demand(session, "correct-fact", student=session.sub)
    fact = correct(facts, session, kind, body.fields, seen_version(body.fields), now)
    outcome = "under-way" if fact.claim else "taken"
    count("FactsCorrected", outcome=outcome)
    return api.answer(
        fact_document(fact, facts.history(session.sub, kind), session, api.language, now),
        done=f"forms-facts.{outcome}",
        back=body.next,
    )
