"""change: whoever asked for a visit cancels it, moves it to another day, or says how it went.

Trigger: POST /api/visits/v/{link}/{deed}, deed being cancel, move or rate; without a session, for the link itself is
proof. Reads: the visit and what happened to it, days and who waits for them. Writes: these, and that it happened; how
often the link was used. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform.http import Api
from yinji.platform.limits import VISIT_LINK
from yinji.platform.observability import count, logger, metrics
from yinji.visits import acts
from yinji.visits.asking import followed, stands
from yinji.visits.changing import deed_of, perform
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/visits/v/<link>/<deed>")
def change(link: str, deed: str) -> Response[str]:
    wanted, id = deed_of(deed), followed(link, visits_key())
    api.limit(VISIT_LINK, id)
    body = api.body
    visit = perform(visits, id, wanted, body.fields, body.idempotency_key, acts.ASKER)
    count({"cancel": "VisitsCancelled", "move": "VisitsMoved", "rate": "VisitsRated"}[wanted])
    _, waiting = visits.day((visit.person.community, visit.day))
    return api.answer(stands(visit, waiting), done=f"visits-ask.{wanted}", back=body.next and f"/visits/v/{link}#told")
