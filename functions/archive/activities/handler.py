"""activities: what is coming, and what organisers announce, change and cancel.

Trigger: GET /api/archive/activities, GET /api/archive/activities/{activity}, POST /api/archive/activities,
POST /api/archive/activities/{activity}/change, POST /api/archive/activities/{activity}/cancel. Reads and writes: the
catalogue; who waits gets the places there are more of. Emits nothing.
"""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue import FACTS, Activity, activity_of, cells_of
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.organisers import demand_to_manage
from yinji.archive.store import RecordEvent
from yinji.archive.terms import bounds
from yinji.clearance.policy import demand
from yinji.clearance.rounds import round_id
from yinji.platform import clock
from yinji.platform.http import Api, Body, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form

MOST = 200
api = Api()
catalogue = Catalogue()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/activities")
def listed() -> Response[str]:
    """What is not over yet, or all of a term."""
    demand(api.session, "see-catalogue")
    term, kind, dimension = (api.query.get(name, "") for name in ("term", "kind", "dimension"))
    if term:
        try:
            bounds(term)
        except ValueError:
            raise Problem("malformed-request") from None
        found = [one for one in catalogue.term(term) if kind in ("", one.kind) and dimension in ("", one.education)]
    else:
        found = catalogue.coming(clock.now(), MOST, kind=kind, dimension=dimension)
    return as_json(200, {"activities": [one.document for one in found]})


@api.get("/api/archive/activities/<id>")
def one(id: str) -> Response[str]:
    demand(api.session, "see-catalogue")
    return as_json(200, _found(id).document)


@api.post("/api/archive/activities")
def announce() -> Response[str]:
    session, body = api.session, api.body
    school = body.fields.get("school", session.school)
    demand_to_manage(session, school)
    id = round_id(session.sub, "announce", body.idempotency_key)[:16]
    now = clock.now()
    told = _told(body, {"id": id, "school": school, "as_of": clock.stamp(now)})
    if told.begins_at <= now:
        raise invalid_form({"begins_at": "invalid"})
    event = RecordEvent("announced", session.sub, session.role, now)
    activity = catalogue.announce(replace(told, as_of=clock.stamp(now)), event)
    count("ActivitiesAnnounced")
    back = f"/archive/activities/{activity.id}" if body.next else ""
    return api.answer(activity.document, done="catalogue.announced", back=back)


@api.post("/api/archive/activities/<id>/change")
def change(id: str) -> Response[str]:
    """Change what is sent, unless somebody changed the activity since; the version that was seen is sent along."""
    session, body = api.session, api.body

    def work(known: Activity) -> tuple[Activity, RecordEvent]:
        _may_change(known)
        if not known.announced:
            raise Problem("activity-cancelled")
        told = _told(body, cells_of(known) | {"id": known.id})
        demand_to_manage(session, told.school)
        if told.facts != known.facts and body.fields.get("version", "") != str(known.version):
            raise Problem("changed-meanwhile")
        return told, RecordEvent("changed", session.sub, session.role, clock.now())

    return _changed(id, work, body, "changed")


@api.post("/api/archive/activities/<id>/cancel")
def cancel(id: str) -> Response[str]:
    session, body = api.session, api.body

    def work(known: Activity) -> tuple[Activity, RecordEvent]:
        _may_change(known)
        return replace(known, state="cancelled"), RecordEvent("cancelled", session.sub, session.role, clock.now())

    return _changed(id, work, body, "cancelled")


def _may_change(known: Activity) -> None:
    demand_to_manage(api.session, known.school)
    if clock.now() >= known.ends_at:
        raise Problem("activity-over")


def _changed(id: str, work: Any, body: Body, done: str) -> Response[str]:
    demand(api.session, "see-catalogue")
    found = catalogue.change(id, work)
    if found is None:
        raise Problem("not-found")
    return api.answer(found.document, done=f"catalogue.{done}", back=body.next)


def _told(body: Body, known: dict[str, str]) -> Activity:
    """The activity that `known` is with what was sent. Raises Problem("invalid-form")."""
    sent = {name: value for name, value in body.fields.items() if name in FACTS and name not in ("school", "state")}
    if "id" in body.fields or "state" in body.fields:
        raise invalid_form({name: "unknown" for name in ("id", "state") if name in body.fields})
    school = body.fields.get("school", known.get("school", ""))
    told = activity_of(known | sent | {"school": school})
    if isinstance(told, str):
        raise invalid_form({told: "invalid" if body.fields.get(told, "").strip() else "required"})
    return told


def _found(id: str) -> Activity:
    found = catalogue.find(id)
    if found is None:
        raise Problem("not-found")
    return found
