"""learnt: what the faults of a month teach, for programs.

Trigger: GET /api/repair/figures (`month`). Reads: the incidents of the month and of those around it, their places.
Writes and emits nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.repair.incidents_store import Incidents
from yinji.repair.learning import MONTH, Part, Spread, month_of
from yinji.repair.lessons import of_month
from yinji.repair.places_store import Places

api = Api()
incidents, places = Incidents(), Places()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/figures")
def figures() -> Response[str]:
    demand(api.session, "see-incidents")
    month = api.query.get("month", "") or month_of(clock.today())
    if not MONTH.fullmatch(month) or not "2000" < month <= month_of(clock.today()):
        raise Problem("not-found")
    found, _ = of_month(month, incidents, places)
    return as_json(
        200,
        {
            "month": month,
            "whole": part(found.whole),
            "areas": {area: part(one) for area, one in found.areas.items()},
            "causes": table(found.causes),
            "buildings": {id: table(one) for id, one in found.buildings.items()},
            "models": {id: table(one) for id, one in found.models.items()},
            "again": [
                {
                    "cause": one.cause,
                    "building": one.building,
                    "times": one.times,
                    "incident": one.incident,
                    "since": stamp(one.since),
                }
                for one in found.again
            ],
        },
    )


def part(one: Part) -> dict[str, Any]:
    return {
        "mended": one.mended,
        "people": one.people,
        "acknowledged": spread(one.acknowledged),
        "repaired": spread(one.repaired),
        "first_visit": one.first_visit,
        "reopened": one.reopened,
    }


def spread(one: Spread) -> dict[str, Any]:
    return {"number": one.number, "mean": minutes(one.mean), "median": minutes(one.median)}


def minutes(span: timedelta | None) -> float | None:
    return round(span.total_seconds() / 60, 1) if span is not None else None


def table(counted: Mapping[str, int]) -> dict[str, int]:
    """By cause; what nobody said a cause of is `unknown`."""
    return {cause or "unknown": number for cause, number in counted.items()}
