"""audience: who signed up for an activity and who came, for its organiser; as a file for a spreadsheet as well.

Trigger: GET /api/archive/activities/{activity}/sign-ups, GET /api/archive/activities/{activity}/sign-ups/{file}, file
being sign-ups.csv or sign-ups.xlsx. Reads: the catalogue, the register of students. Writes: who took the list as a file
(AUDIT#<day>, TAKEN#<who>), before it is handed out. Emits: who is in it, to the queue of looks; metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue import Activity
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.guests import Guest, everybody, guests, table
from yinji.archive.organisers import demand_to_manage
from yinji.archive.store import Archive
from yinji.clearance.exports import KINDS
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.identity import seen
from yinji.identity.looks import What
from yinji.platform.http import Api, as_json
from yinji.platform.limits import EXPORTS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.platform.sheets import drawn

FILE = "sign-ups"
api = Api()
archive = Archive()
catalogue = Catalogue()
store = Store()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/activities/<id>/sign-ups")
def sign_ups(id: str) -> Response[str]:
    activity = _found(id)
    return as_json(200, {"activity": id, "guests": [one.document for one in _guests(activity, "sign-ups")]})


@api.get("/api/archive/activities/<id>/sign-ups/<file>")
def exported(id: str, file: str) -> Response[Any]:
    name, _, kind = file.rpartition(".")
    if name != FILE or kind not in KINDS:
        raise Problem("not-found")
    api.limit(EXPORTS)
    activity = _found(id)
    found = _guests(activity, "list")
    request = str(api.resolver.lambda_context.aws_request_id)
    store.record_export(api.session, FILE, len(found), {"activity": id}, request)
    count("GuestsExported", len(found))
    body, media_type = drawn(table(activity.title, found, api.language), kind)
    headers = {
        "Content-Disposition": f'attachment; filename="{FILE}-{activity.day}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Response(status_code=200, content_type=media_type, headers=headers, body=body)


def _found(id: str) -> Activity:
    """The activity, for who may see who signed up for it."""
    demand(api.session, "see-catalogue")
    found = catalogue.find(id)
    if found is None:
        raise Problem("not-found")
    demand_to_manage(api.session, found.school)
    return found


def _guests(activity: Activity, what: What) -> list[Guest]:
    """Who signed up; that they are looked at is written down first."""
    found = catalogue.audience(activity.id)
    students = everybody(found.held, found.waiting, found.came)
    seen.note(api.session, what, *students)
    return guests(found.held, found.waiting, found.came, archive.students(students))
