"""sheet: the route of a technician on a day, to be printed.

Trigger: GET /api/visits/round/{day}/sheet.pdf?technician=. Reads: visits, where technicians usually go. Writes: how
often somebody fetched one.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from typeset.route import SheetData, StopData, VisitData, route_pdf
from yinji.clearance import university
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import logger
from yinji.platform.problem import Problem
from yinji.visits import service
from yinji.visits.rounds import called, day_of, of_day, whose
from yinji.visits.route import Stop, stops
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

api = Api()
visits = Visits()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/visits/round/<day>/sheet.pdf")
def sheet(day: str) -> Response[bytes]:
    session = api.session
    technician = whose(session, api.query.get("technician", ""))
    on = day_of(day)
    api.limit(EXPORTS)
    found = of_day(visits, on, technician)
    if not technician or not found:
        raise Problem("not-found")
    language = "en" if api.language == "en" else "zh"
    known = [drawn(one, language) for one in stops(found)]
    data = SheetData(language, on, called(visits, technician, session), known, university.name()[language])
    headers: dict[str, str | list[str]] = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="visits-{on}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    body = route_pdf(data, clock.now())
    return Response(status_code=200, content_type="application/pdf", headers=headers, body=body)


def drawn(stop: Stop, language: str) -> StopData:
    window, community = service.windows()[stop.window], service.communities()[stop.community]
    known = [drawn_visit(one, language) for one in stop.visits]
    return StopData(window.title[language], window.hours, community.title[language], community.office, known)


def drawn_visit(visit: Visit, language: str) -> VisitData:
    troubles = [service.troubles()[one][language] for one in visit.troubles if one in service.troubles()]
    person = visit.person
    return VisitData(person.name, person.address, person.phone, troubles, visit.words)
