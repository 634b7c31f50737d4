"""round-calendar: a technician's round as a calendar that programs fetch, and another link for it.

Trigger: GET /api/visits/calendar/{calendar}, without a session, for the link itself is proof; POST
/api/visits/calendar, by the technician. Reads: visits, which link is good, the secret that proves it. Writes: which
link is good; how often an address asked.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.limits import CALENDARS
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.repair.access import demand
from yinji.visits.calendar import calendar_link, feed, whose
from yinji.visits.days import at_campus
from yinji.visits.keys import visits_key
from yinji.visits.rounds import coming
from yinji.visits.store import Visits

ENDING = ".ics"
api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/calendar/<name>")
def fetched(name: str) -> Response[str]:
    api.limit_address(CALENDARS)
    technician, turn = whose(name.removesuffix(ENDING), visits_key())
    if not name.endswith(ENDING) or turn != visits.calendar_turn(technician):
        raise Problem("not-found")
    asked = api.query.get("language", "")
    today = at_campus(clock.now())
    days = coming(visits, technician, today)
    booked = [one for day, some in days.items() if day >= today for one in some if one.state == "booked"]
    text = feed(technician, booked, asked if asked in ("zh", "en") else api.language, setting("PUBLIC_URL"))
    headers: dict[str, str | list[str]] = {
        "Content-Disposition": 'inline; filename="visits.ics"',
        "Cache-Control": "private, no-store",
    }
    return Response(status_code=200, content_type="text/calendar; charset=utf-8", headers=headers, body=text)


@api.post("/api/visits/calendar")
def renewed() -> Response[str]:
    """Another link: the one before leads nowhere from now on."""
    demand(api.session, "make-visits")
    body, who = api.body, api.session.sub
    seen = body.fields.get("turn", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        raise Problem("malformed-request")
    turn = visits.renew_calendar(who, int(seen))
    address = f"/api/visits/calendar/{calendar_link(who, turn, visits_key())}{ENDING}"
    return api.answer({"address": address, "turn": turn}, done="visits-round.calendar", back=body.next)
