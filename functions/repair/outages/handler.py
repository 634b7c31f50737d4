"""outages: what everybody is told of: outages that are known, planned maintenance, announcements.

Trigger: GET /api/repair/outages, without a session. Reads: open incidents, notices, the places they are of. Emits
nothing. It tells nothing of who reported, or who works on it.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger, metrics
from yinji.repair.outages import Known
from yinji.repair.outages_store import Outages
from yinji.repair.place import Place

FRESH = 10
"""For how many seconds an answer is good."""

api = Api()
outages = Outages()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/outages")
def every() -> Response[str]:
    now = clock.now()
    told = [document(one, place) for one, place in outages.with_places(outages.every(now))]
    answer = as_json(200, {"as_of": stamp(now), "outages": told})
    answer.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return answer


def document(one: Known, place: Place | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": dict(one.title) or None,
        "place": one.cause or None,
        "place_title": dict(place.title) if place else None,
        "within": {language: list(some) for language, some in place.trail.items()} if place else None,
        "building": one.building or None,
        "since": stamp(one.since),
        "until": stamp(one.until) if one.until else None,
        "symptom": one.symptom or None,
        "state": one.state or None,
        "people": one.people,
    }
