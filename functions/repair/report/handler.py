"""report: somebody at a place says that its network does not work; no account is asked for.

Trigger: POST /api/repair/reports, POST /api/repair/solved, GET /api/repair/places/{code}. Reads: for the last of these
the label, its place and known outages; nothing else: the page's ticket tells the place. Writes: the report, and how
often somebody asked. Emits: metrics. Filing is three calls of DynamoDB: two counters, and the report.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import signing_keys
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json, redirect
from yinji.platform.limits import FILED, REPORTS, SCANS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import invalid_form
from yinji.repair.keys import repair_key
from yinji.repair.outages_store import Outages
from yinji.repair.places_store import Places
from yinji.repair.report import VERDICTS, Ticket, follow_link, new_nonce, ticket_for, ticket_of, wished
from yinji.repair.reports_store import Reports
from yinji.repair.scanning import scanned

api = Api()
outages = Outages()
places = Places()
reports = Reports()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def ticket() -> Ticket:
    """What the page knew of the place; asking is counted for the page and for the address."""
    known = ticket_of(api.body.fields.get("ticket", ""), signing_keys())
    api.limit(REPORTS, known.nonce)
    api.limit_address(FILED)
    return known


@api.post("/api/repair/reports")
def file() -> Response[str]:
    """The same sent again is answered the same: nothing is looked up to make the link."""
    body, known, key = api.body, ticket(), repair_key()
    report = wished(body.fields, known, key, api.language, body.idempotency_key, clock.now())
    count("ReportsFiled" if reports.file(report) else "ReportsSentAgain")
    follow = follow_link(report.id, key)
    if api.is_form:
        return redirect(follow, done="filed")
    return as_json(200, {"id": report.id, "follow": follow})


@api.post("/api/repair/solved")
def solved() -> Response[str]:
    """The self check was enough."""
    body, _ = api.body, ticket()
    verdict = body.fields.get("verdict", "")
    if verdict not in VERDICTS:
        raise invalid_form({"verdict": "invalid" if verdict else "required"})
    count("SelfCheckSolved")
    return as_json(200, {"verdict": verdict})


@api.get("/api/repair/places/<code>")
def place(code: str) -> Response[str]:
    """For a page that was opened off line, or a ticket that is over."""
    api.limit_address(SCANS)
    found = scanned(code, repair_key(), places, outages)
    where = found.place
    return as_json(
        200,
        {
            "place": where.id,
            "kind": where.kind,
            "title": dict(where.title),
            "trail": {language: list(some) for language, some in where.trail.items()},
            "label": found.label.state,
            "ticket": ticket_for(where, new_nonce(), signing_keys()),
            "known": [
                {
                    "id": one.id,
                    "kind": one.kind,
                    "cause": one.cause,
                    "symptom": one.symptom or None,
                    "state": one.state or None,
                    "people": one.people,
                    "since": stamp(one.since),
                    "until": stamp(one.until) if one.until else None,
                }
                for one in found.known
            ],
        },
    )
