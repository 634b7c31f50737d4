"""sign-up: a student wants to come, or does not any more; places that become free go to whoever waited longest.

Trigger: POST /api/archive/activities/{activity}/sign-up, POST /api/archive/activities/{activity}/give-back. Reads: the
register of students. Reads and writes: who signed up, by which requests, and how many places are taken. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue import SignUp
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
    """Whoever signed up before is told how they stand; nobody signs up twice, nor anew by a request sent again."""
    session, body = api.session, api.body
    demand(session, "act-in-archive", student=session.sub)
    key = body.idempotency_key
    if archive.student(session.sub) is None:
        raise Problem("not-enrolled")
    mine = catalogue.sign_up(id, session.sub, clock.now(), key)
    count("SignUps")
    return told(id, mine, mine.standing if mine else "asked-before", body.next)


@api.post("/api/archive/activities/<id>/give-back")
def give_back(id: str) -> Response[str]:
    session, body = api.session, api.body
    demand(session, "act-in-archive", student=session.sub)
    if catalogue.give_back(id, session.sub, clock.now(), body.idempotency_key):
        count("PlacesPassedOn")
    # who signed up since, and whose request of before comes again, keeps their place
    mine = catalogue.mine(id, session.sub)
    return told(id, mine, "asked-before" if mine else "given-back", body.next)


def told(id: str, mine: SignUp | None, done: str, back: str) -> Response[str]:
    """How the student stands by now, and what was `done` as a page tells it."""
    ahead = catalogue.place_in_line(mine) - 1 if mine and mine.standing == "waiting" else 0
    standing = {"activity": id, "standing": mine.standing if mine else "", "ahead": ahead}
    return api.answer(standing, done=f"catalogue.{done}", back=back)
