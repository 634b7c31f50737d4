"""calendar: a visit as a file for calendars, for relatives who want to be there.

Trigger: GET /api/visits/v/{link}/visit.ics, without a session, for the link itself is proof. Reads: the visit and what
happened to it. Writes: how often the link was used.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform.environment import setting
from yinji.platform.http import Api, attached
from yinji.platform.limits import VISIT_LINK
from yinji.platform.observability import logger, metrics
from yinji.platform.problem import Problem
from yinji.visits.asking import followed
from yinji.visits.invitation import invitation
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/v/<link>/visit.ics")
def calendar(link: str) -> Response[str]:
    id = followed(link, visits_key())
    api.limit(VISIT_LINK, id)
    visit = visits.find(id)
    if visit is None:
        raise Problem("not-found")
    text = invitation(visit, visits.history(id), api.language, setting("PUBLIC_URL"))
    return attached("visit.ics", text, "text/calendar")
