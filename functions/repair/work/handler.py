"""work: what technicians do to incidents, and incidents as programs see them.

Trigger: GET /api/repair/incidents, GET /api/repair/incidents/{incident}, POST /api/repair/incidents/{incident}/{deed}.
Reads: incidents, their reports and history, places, the rota. Writes: incidents and what happened to them. Emits:
metrics. How to reach whoever reported is told to technicians alone, and only until the incident is over.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.repair.incidents_store import Incidents
from yinji.repair.place import Kind
from yinji.repair.places_store import Places
from yinji.repair.reports_store import Reports
from yinji.repair.rota_store import Rota
from yinji.repair.told import incident_document, whole_document
from yinji.repair.work import DEEDS, perform, wished

api = Api()
incidents = Incidents()
places = Places()
reports = Reports()
rota = Rota()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/incidents")
def every() -> Response[str]:
    access.demand(api.session, "see-incidents")
    now, area = clock.now(), api.query.get("area", "")
    found = [one for one in incidents.open(area) if area in ("", one.area)]
    return as_json(200, {"incidents": [incident_document(one, now) for one in found]})


@api.get("/api/repair/incidents/<id>")
def one(id: str) -> Response[str]:
    session = api.session
    access.demand(session, "see-incidents")
    found = incidents.find(id)
    if found is None:
        raise Problem("not-found")
    contacts = found.is_open and access.can(session, "work-on-incidents")
    filed, history = reports.of_incident(id), incidents.history(id)
    return as_json(200, whole_document(found, filed, history, clock.now(), contacts=contacts))


@api.post("/api/repair/incidents/<id>/<deed>")
def act(id: str, deed: str) -> Response[str]:
    session, body = api.session, api.body
    access.demand(session, "see-incidents")
    if deed not in DEEDS:
        raise Problem("not-found")
    wish = wished(deed, body.fields, body.idempotency_key)
    after, new = perform(
        incidents,
        id,
        wish,
        session,
        clock.now(),
        kind_of=kind_of,
        colleague=lambda staff: rota.find(staff) is not None,
    )
    if new:
        count("RepairActs", act=deed)
    return api.answer(incident_document(after, clock.now()), done=f"repair-work.{deed}", back=body.next)


def kind_of(place: str) -> Kind | None:
    found = places.find(place)
    return found.kind if found else None
