"""notices: planned maintenance and announcements: seen, made, ended before their time.

Trigger: GET and POST /api/repair/notices, POST /api/repair/notices/{notice}/end. Reads: notices, the place one is of.
Writes: notices. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form
from yinji.repair.access import demand
from yinji.repair.notices import Notice, notice_id, wished
from yinji.repair.notices_store import Notices
from yinji.repair.places_store import Places

api = Api()
notices = Notices()
places = Places()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/notices")
def every() -> Response[str]:
    demand(api.session, "manage-incidents")
    return as_json(200, {"notices": [document(one) for one in notices.current(clock.now())]})


@api.post("/api/repair/notices")
def make() -> Response[str]:
    demand(api.session, "manage-incidents")
    body, now = api.body, clock.now()
    wish = wished(body.fields, now)
    place = places.find(wish.cause) if wish.cause else None
    if wish.cause and (place is None or place.retired):
        raise invalid_form({"cause": "unknown"})
    who, building = api.session.sub, place.building if place else ""
    id = notice_id(wish.until, who, body.idempotency_key)
    made = Notice(id, wish.kind, wish.title, wish.cause, building, wish.since, wish.until, who, now)
    if notices.put(made):
        count("NoticesMade")
    return api.answer(document(notices.find(id) or made), done="repair-triage.notice-made", back=body.next)


@api.post("/api/repair/notices/<notice>/end")
def end(notice: str) -> Response[str]:
    demand(api.session, "manage-incidents")
    body, found = api.body, notices.find(notice)
    if found is None:
        raise Problem("not-found")
    if notices.end(found, clock.now()):
        count("NoticesEnded")
    return api.answer(document(notices.find(notice) or found), done="repair-triage.notice-ended", back=body.next)


def document(one: Notice) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": dict(one.title),
        "place": one.cause or None,
        "since": stamp(one.since),
        "until": stamp(one.until),
        "ended_at": stamp(one.ended_at) if one.ended_at else None,
        "by": one.by,
    }
