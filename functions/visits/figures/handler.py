"""figures: what a year of visits was like; nobody is named.

Trigger: GET /api/visits/figures/{year}, and .../{year}/{file}, file being visits.csv or visits.xlsx. Reads: the visits
of the year's months. Writes: how often somebody fetched files. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.exports import KINDS
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import download
from yinji.repair import access
from yinji.visits.figures import YEAR, Year, of_year, table
from yinji.visits.store import Visits
from yinji.visits.told import year_document

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/figures/<year>")
def figures(year: str) -> Response[str]:
    return as_json(200, year_document(found(year)))


@api.get("/api/visits/figures/<year>/<file>")
def export(year: str, file: str) -> Response[Any]:
    what, _, kind = file.partition(".")
    if what != "visits" or kind not in KINDS:
        raise Problem("not-found")
    whole = found(year)
    api.limit(EXPORTS)
    return download(f"visits-{year}", table(whole, api.language), kind, api.headers.get("accept-encoding", ""))


def found(year: str) -> Year:
    """What `year` was like, for who may know it. Raises Problem("forbidden"), Problem("not-found")."""
    access.demand(api.session, "see-visit-figures")
    if not YEAR.fullmatch(year) or int(year) > clock.today().year:
        raise Problem("not-found")
    return of_year(year, visits.of_month)
