"""open311: reports for clients of the standard Open311 GeoReport v2, in XML and JSON.

Trigger: GET /api/open311/discovery.*; below /api/open311/v2: GET services.*, services/{service}, requests.*,
requests/{request}, tokens/{token}, POST requests.*. Reads: places and labels, reports of such clients, their incidents.
Writes: reports, how often somebody asked. Emits: metrics. It answers everybody; who posts has a key.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock, limits
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.limits import OPEN311_POSTS, OPEN311_READS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair import open311
from yinji.repair.keys import open311_keys, repair_key
from yinji.repair.open311 import MEDIA_TYPES, Document
from yinji.repair.open311_desk import Desk

ROOT = f"{open311.PATH}/v2"


class Open311(Api):
    """An API whose problems are told as the standard tells them."""

    def told(self, document: Document, status: int = 200) -> Response[str]:
        """`document` in the format that the path ends in."""
        format = open311.format_of(self.event["rawPath"])
        return Response(
            status_code=status,
            content_type=MEDIA_TYPES[format],
            headers={"Cache-Control": "no-store"},
            body=open311.written(document, format),
        )

    def count_address(self) -> None:
        """Count a request of an address, by a key that has nothing to do with sessions. Raises Problem("too-often")."""
        today = limits.of_the_day(repair_key(), clock.now())
        self.limit(OPEN311_READS, limits.key(OPEN311_READS, self.address, 0, today))

    def _problem(self, problem: Problem) -> Response[str]:
        said = problem.document(self.language)
        answer = self.told(open311.errors(problem.status, said["detail"]), problem.status)
        answer.headers.update(problem.headers)
        return answer


api = Open311(from_anywhere=True)
desk = Desk()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get(f"{open311.PATH}/discovery.xml")
@api.get(f"{open311.PATH}/discovery.json")
def discovery() -> Response[str]:
    return api.told(open311.discovery(setting("PUBLIC_URL"), api.language))


@api.get(f"{ROOT}/services.xml")
@api.get(f"{ROOT}/services.json")
def services() -> Response[str]:
    return api.told(open311.services(api.language))


@api.get(f"{ROOT}/services/<service>")
def definition(service: str) -> Response[str]:
    return api.told(open311.definition(open311.named(service), api.language))


@api.post(f"{ROOT}/requests.xml")
@api.post(f"{ROOT}/requests.json")
def post() -> Response[str]:
    """201 with the request that was made; 200 with that of before, when the same came within the last ten minutes."""
    fields = api.body.fields
    try:
        client = open311.client_of(fields.get("api_key", ""), open311_keys())
    except Problem:
        count("ReportsRefused")
        api.count_address()
        raise
    api.limit(OPEN311_POSTS, client)
    wish = open311.wished(fields, api.language)
    id, new = desk.file(client, wish, api.language, repair_key(), clock.now())
    if new:
        count("ReportsFiled")
    return api.told(open311.posted(id, api.language), 201 if new else 200)


@api.get(f"{ROOT}/requests.xml")
@api.get(f"{ROOT}/requests.json")
def several() -> Response[str]:
    api.count_address()
    return api.told(desk.listed(open311.asked(api.query, clock.now()), api.language))


@api.get(f"{ROOT}/requests/<request>")
def one(request: str) -> Response[str]:
    api.count_address()
    return api.told(desk.document([desk.find(open311.named(request))], api.language))


@api.get(f"{ROOT}/tokens/<token>")
def token(token: str) -> Response[str]:
    api.count_address()
    return api.told(open311.of_token(desk.find(open311.named(token)).id))
