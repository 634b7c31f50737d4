"""plans: where technicians usually go, seen and changed; the days follow at once.

Trigger: GET /api/visits/desk/plans, POST /api/visits/desk/plans, POST .../plans/{staff}, POST .../plans/{staff}/leave.
Reads: plans, people's roles, days and who waits for them. Writes: plans, days, the visits that are given a place by
that. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.store import People
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger, metrics
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.visits import desk
from yinji.visits.days import at_campus
from yinji.visits.store import Visits
from yinji.visits.told import plan_document

api = Api()
people = People()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/desk/plans")
def every() -> Response[str]:
    access.demand(api.session, "see-visits")
    return as_json(200, {"plans": [plan_document(one) for one in visits.plans()]})


@api.post("/api/visits/desk/plans")
@api.post("/api/visits/desk/plans/<staff>")
def put(staff: str = "") -> Response[str]:
    """The whole of where somebody goes, as it is to be; who it is stands in the form when they are new."""
    access.demand(api.session, "manage-visit-days")
    body = api.body
    staff = (staff or body.fields.get("staff", "")).strip().upper()
    person = people.person(staff)
    if not any(grant.role == "technician" for grant in people.roles(person, clock.today())):
        raise Problem("no-such-colleague")
    plan = desk.keep_plan(visits, staff, person.name or staff, body.fields, clock.now())
    return api.answer(plan_document(plan), done="visits-desk.planned", back=body.next)


@api.post("/api/visits/desk/plans/<staff>/leave")
def leave(staff: str) -> Response[str]:
    access.demand(api.session, "manage-visit-days")
    body = api.body
    visits.drop_plan(staff)
    visits.make_days(at_campus(clock.now()))
    return api.answer({"staff": staff}, done="visits-desk.left", back=body.next)
