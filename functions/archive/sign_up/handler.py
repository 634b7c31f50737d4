"""sign-up: a student wants to come, or does not any more; places that become free go to whoever waited longest.

Trigger: POST /api/archive/activities/{activity}/sign-up, POST /api/archive/activities/{activity}/give-back. Reads: the
register of students. Reads and writes: who signed up, and how many places are taken. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.store import Archive
from yinji.clearance.policy import demand
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api()
archive = Archive()
catalogue = Catalogue()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/archive/activities/<id>/sign-up")
def sign_up(id: str) -> Response[str]:
    """Whoever signed up before is told how they stand; nobody signs up twice."""
    session, body = api.session, api.body
    demand(session, "act-in-archive", student=session.sub)
    if archive.student(session.sub) is None:
        raise Problem("no-archive")
    mine = catalogue.sign_up(id, session.sub, clock.now())
    ahead = catalogue.place_in_line(mine) - 1 if mine.standing == "waiting" else 0
    count("SignUps")
    told = {"activity": id, "standing": mine.standing, "ahead": ahead}
    return api.answer(told, done=f"catalogue.{mine.standing}", back=body.next)


@api.post("/api/archive/activities/<id>/give-back")
def give_back(id: str) -> Response[str]:
    session, body = api.session, api.body
    demand(session, "act-in-archive", student=session.sub)
    if catalogue.give_back(id, session.sub, clock.now()):
        count("PlacesPassedOn")
    return api.answer({"activity": id, "standing": ""}, done="catalogue.given-back", back=body.next)
