"""record: what a technician did at a door, that nobody opened, and the visit that is to follow.

Trigger: POST /api/visits/round/{visit}/{deed}, deed being finish, miss or follow-up. Reads: the visit, what happened to
it, the day of the next. Writes: visits, what happened to them, who waits and who has a place. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.visits.rounds import DEEDS, perform, told
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/visits/round/<id>/<deed>")
def act(id: str, deed: str) -> Response[str]:
    session, body = api.session, api.body
    if deed not in DEEDS:
        raise Problem("not-found")
    wanted = told(deed, body.fields, body.idempotency_key)
    after, next_one, new = perform(visits, id, wanted, session, clock.now())
    if new:
        count("VisitsRecorded")
    return api.answer(document(after, next_one), done=f"visits-round.{deed}", back=body.next)


def document(visit: Visit, next_one: Visit | None) -> dict[str, Any]:
    """How the visit stands; nothing of who was visited, whom the technician knows."""
    return {
        "id": visit.id,
        "state": visit.state,
        "version": visit.version,
        "follow_up": {"id": next_one.id, "day": str(next_one.day), "state": next_one.state} if next_one else None,
    }
