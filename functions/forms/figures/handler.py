"""figures: how often forms ask for what is known already; nobody is named.

Trigger: GET /api/forms/figures/{calendar_year}, and .../{file}, file being report.csv or report.xlsx. Reads: forms, and
what was sent of them in the year. Writes: how often somebody fetched files. Emits nothing.
"""

from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.exports import KINDS
from yinji.clearance.policy import demand
from yinji.forms.report import YEAR, Year, findings, of_year, table, year_document
from yinji.forms.store import Forms
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import download

api = Api()
forms = Forms()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/forms/figures/<year>")
def figures(year: str) -> Response[str]:
    return as_json(200, year_document(found(year), findings(forms.every_published())))


@api.get("/api/forms/figures/<year>/<file>")
def export(year: str, file: str) -> Response[Any]:
    what, _, kind = file.partition(".")
    if what != "report" or kind not in KINDS:
        raise Problem("not-found")
    whole = found(year)
    api.limit(EXPORTS)
    return download(f"forms-{year}", table(whole, api.language), kind, api.headers.get("accept-encoding", ""))


def found(year: str) -> Year:
    """What `year` was like, for who may know it. Raises Problem("forbidden"), Problem("not-found")."""
    demand(api.session, "see-form-figures", department=api.session.department)
    if not YEAR.fullmatch(year) or int(year) > clock.today().year:
        raise Problem("not-found")
    return of_year(year, forms.every_newest(), partial(forms.of_form, lean=True), forms.version)
