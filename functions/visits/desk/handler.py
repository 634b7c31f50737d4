"""desk: the days to come as the communities' offices and the network centre see them, and what they do to visits and
to days.

Trigger: GET /api/visits/desk, GET /api/visits/desk/days/{community}/{day}, POST /api/visits/desk/days, POST
.../days/{community}/{day}/{turn}, GET /api/visits/desk/visits/{visit}, POST .../visits/{visit}/{deed}. Reads: days, who
waits, visits with what happened to them, where technicians usually go. Writes: days and visits with what happened to
them. Emits: metrics.
"""

from datetime import date
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.visits import desk
from yinji.visits.days import Key
from yinji.visits.service import communities
from yinji.visits.store import Visits
from yinji.visits.told import day_document, glance_document, history_document, visit_document, whole_document

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/desk")
def glance() -> Response[str]:
    access.demand(api.session, "see-visits")
    return as_json(200, glance_document(desk.glance(visits, clock.now())))


@api.get("/api/visits/desk/days/<community>/<day>")
def one_day(community: str, day: str) -> Response[str]:
    access.demand(api.session, "see-visits")
    return as_json(200, whole_document(desk.whole(visits, key_of(community, day), clock.now())))


@api.post("/api/visits/desk/days")
def add() -> Response[str]:
    access.demand(api.session, "manage-visit-days")
    body = api.body
    made = desk.added(visits, body.fields, clock.now())
    return api.answer(day_document(made), done="visits-desk.added", back=body.next)


@api.post("/api/visits/desk/days/<community>/<day>/<turn>")
def turn(community: str, day: str, turn: str) -> Response[str]:
    access.demand(api.session, "manage-visit-days")
    body, key = api.body, key_of(community, day)
    if turn not in desk.TURNS:
        raise Problem("not-found")
    after = desk.turned(visits, key, turn, body.fields, clock.now())
    return api.answer(day_document(after), done=f"visits-desk.{turn}", back=body.next)


@api.get("/api/visits/desk/visits/<id>")
def one(id: str) -> Response[str]:
    access.demand(api.session, "see-visits")
    if (found := visits.find(id)) is None:
        raise Problem("not-found")
    return as_json(200, visit_document(found) | {"history": history_document(visits.history(id))})


@api.post("/api/visits/desk/visits/<id>/<deed>")
def act(id: str, deed: str) -> Response[str]:
    session, body = api.session, api.body
    access.demand(session, "arrange-visits")
    if deed not in desk.DEEDS:
        raise Problem("not-found")
    wish = desk.wished(deed, body.fields, body.idempotency_key)
    after, new = desk.perform(visits, id, wish, session.sub, clock.now())
    if new:
        count("VisitsArranged", deed=deed)
    return api.answer(visit_document(after), done=f"visits-desk.{deed}", back=body.next)


def key_of(community: str, day: str) -> Key:
    """The day that a path names. Raises Problem("not-found")."""
    try:
        key = (community, date.fromisoformat(day))
    except ValueError:
        raise Problem("not-found") from None
    if community not in communities():
        raise Problem("not-found")
    return key
