"""sort: somebody who knows better merges two incidents, or splits one.

Trigger: POST /api/repair/incidents/{incident}/merge, POST /api/repair/incidents/{incident}/split. Reads: incidents,
their reports, the board of the building. Writes: the board, incidents with what happened to them, which incident
reports are of. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.repair.board_store import Boards, TooBusy
from yinji.repair.incident import Incident, version_of
from yinji.repair.sorting import Sorting, chosen

api = Api()
sorting = Sorting(Boards())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/repair/incidents/<incident>/merge")
def merge(incident: str) -> Response[str]:
    demand(api.session, "manage-incidents")
    body = api.body
    into, key = body.fields.get("into", "").strip(), body.idempotency_key
    version = version_of(body.fields)
    try:
        whole = sorting.merge(incident, into, version, api.session.sub, key, clock.now())
    except TooBusy as error:
        raise Problem("too-busy") from error
    count("IncidentsSorted")
    return api.answer(document(whole), done="repair-triage.merge", back=body.next)


@api.post("/api/repair/incidents/<incident>/split")
def split(incident: str) -> Response[str]:
    demand(api.session, "manage-incidents")
    body = api.body
    reports, key = chosen(body.fields), body.idempotency_key
    version = version_of(body.fields)
    try:
        new = sorting.split(incident, reports, version, api.session.sub, key, clock.now())
    except TooBusy as error:
        raise Problem("too-busy") from error
    count("IncidentsSorted")
    return api.answer(document(new), done="repair-triage.split", back=body.next)


def document(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "cause": incident.cause,
        "rule": incident.rule,
        "state": incident.state,
        "priority": incident.priority,
        "reports": incident.reports,
        "people": incident.people,
        "version": incident.version,
    }
