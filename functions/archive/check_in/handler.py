"""check-in: a student scanned the code on a lecture's screen and pressed the button.

Trigger: POST /api/archive/check-in/{token}. Reads: the signing keys, the catalogue, the register of students. Writes:
the record, certified by the code itself, from which the portrait follows; who came; who used the browser's ticket.
Emits nothing.
"""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue import attended
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.check_in import COOKIE, read, read_ticket
from yinji.archive.store import Archive
from yinji.clearance.policy import demand
from yinji.identity.session import cookie, host_bound, signing_keys
from yinji.platform import clock
from yinji.platform.http import Api
from yinji.platform.limits import CHECK_IN
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

api = Api(writes=CHECK_IN)
archive = Archive()
catalogue = Catalogue()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/archive/check-in/<token>")
def check_in(token: str) -> Response[str]:
    """Once counts: whoever checks in again is told that they are checked in."""
    session, body = api.session, api.body
    demand(session, "act-in-archive", student=session.sub)
    now = clock.now()
    try:
        id = _believed(token, session.sub, now)
        activity = catalogue.find(id)
        if activity is None or not activity.admits(now):
            raise Problem("check-in-closed")
        student = archive.student(session.sub)
        if student is None:
            raise Problem("no-archive")
    except Problem as problem:
        count("CheckInsRefused")
        logger.info("check-in refused", extra={"why": problem.code})
        raise
    new = archive.add(attended(activity, student.student, now), student.school)
    catalogue.came(id, student.student, now)
    count("CheckIns", new)
    told = {"activity": id, "title": activity.title, "again": not new}
    return api.answer(told, done="catalogue.checked-in" if new else "catalogue.checked-in-before", back=body.next)


def _believed(token: str, student: str, now: datetime) -> str:
    """The activity that a token is for: one that is shown just now, or one that this browser opened while it was.

    Raises Problem("check-in-code-wrong"), Problem("check-in-code-old"), Problem("check-in-ticket-used").
    """
    keys = signing_keys()
    code = read(token, keys)
    if code is None:
        raise Problem("check-in-code-wrong")
    if code.good(now):
        return code.activity
    ticket = read_ticket(cookie(api.cookies, host_bound(COOKIE)), keys)
    if ticket is None or not ticket.good(code.activity, now):
        raise Problem("check-in-code-old")
    if not catalogue.use(ticket.number, student, ticket.expires):
        raise Problem("check-in-ticket-used")
    return code.activity
