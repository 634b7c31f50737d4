"""appointment-calendar: a booked appointment as a file that calendars take (iCalendar, RFC 5545).

Trigger: GET /api/clearance/cases/{student}/steps/{step}/appointment.ics. Reads: the case. Writes
nothing. Emits: who fetches one that is not their own, to the queue of looks.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import calendar
from yinji.clearance.policy import visible_case
from yinji.clearance.store import Store
from yinji.clearance.view import case_view
from yinji.identity import seen
from yinji.platform.environment import setting
from yinji.platform.http import Api
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/cases/<student>/steps/<step>/appointment.ics")
def appointment(student: str, step: str) -> Response[str]:
    case = visible_case(api.session, student, store.get)
    view = case_view(case, api.session, api.language)
    held = next((one for one in view.steps if one.id == step and one.slot), None)
    text = calendar.appointment(case, held, api.language, setting("PUBLIC_URL")) if held else ""
    if not text:
        raise Problem("not-found")
    seen.note(api.session, "appointment", student, step=step)
    return Response(
        status_code=200,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{step}.ics"',
            "Cache-Control": "private, no-store",
        },
        body=text,
    )
