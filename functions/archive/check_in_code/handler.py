"""check-in-code: the code that the screen of a lecture shows just now, and how many have checked in.

Trigger: GET /api/archive/activities/{activity}/check-in-code, by the screen's script every few seconds. Reads: the
signing keys, the catalogue. Writes nothing. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.check_in import image, token
from yinji.archive.organisers import demand_to_show
from yinji.clearance.policy import demand
from yinji.identity.session import signing_keys
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
catalogue = Catalogue()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/activities/<id>/check-in-code")
def code(id: str) -> Response[str]:
    session, now = api.session, clock.now()
    demand(session, "see-catalogue")
    activity = catalogue.find(id)
    if activity is None:
        raise Problem("not-found")
    demand_to_show(session, activity.school)
    if not activity.admits(now):
        raise Problem("check-in-closed")
    address = f"{setting('PUBLIC_URL')}/archive/check-in/{token(id, now, signing_keys())}"
    return as_json(200, {"address": address, "image": image(address), "came": catalogue.how_many_came(id)})
