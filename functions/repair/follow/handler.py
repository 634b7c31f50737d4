"""follow: whoever reported a fault says that it is mended, or is not, and how it went.

Trigger: POST /api/repair/follow/{link}/{word}, word being confirm, reopen or rate; without a session, for the link
itself is proof. Reads: the report, its incident and what happened to it. Writes: the incident, and that it happened;
how often the link was used. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform.http import Api
from yinji.platform.limits import FOLLOW
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.following import say, word_of
from yinji.repair.incidents_store import Incidents
from yinji.repair.keys import repair_key
from yinji.repair.report import followed
from yinji.repair.reports_store import Reports

api = Api()
incidents = Incidents()
reports = Reports()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/repair/follow/<link>/<word>")
def said(link: str, word: str) -> Response[str]:
    wanted, id = word_of(word), followed(link, repair_key())
    api.limit(FOLLOW, id)
    body, report = api.body, reports.find(id)
    if report is None:
        raise Problem("not-found")
    incident = say(report, wanted, body.fields, body.idempotency_key, incidents)
    count("ReportersAnswered")
    told = {"report": id, "state": incident.state, "reopened": incident.reopened}
    return api.answer(told, done=f"repair.{wanted}", back=body.next)
