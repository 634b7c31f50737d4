"""rota: which technician is on duty when, where and for what: seen, and changed by the office.

Trigger: GET /api/repair/rota, POST /api/repair/rota/{staff}, POST .../day, POST .../leave. Reads: the rota, people's
roles. Writes: the rota. Emits nothing.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.store import People
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger, metrics
from yinji.platform.problem import Problem, invalid_form
from yinji.repair import access
from yinji.repair.rota import Technician, wished, with_day
from yinji.repair.rota_store import Rota

api = Api()
people = People()
rota = Rota()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/repair/rota")
def every() -> Response[str]:
    access.demand(api.session, "see-incidents")
    return as_json(200, {"technicians": [document(one) for one in rota.every()]})


@api.post("/api/repair/rota")
@api.post("/api/repair/rota/<staff>")
def put(staff: str = "") -> Response[str]:
    """The whole of what somebody does, as it is to be; whose it is stands in the form when they are new."""
    access.demand(api.session, "manage-incidents")
    body = api.body
    areas, skills, weekdays = wished(body.fields)
    staff = (staff or body.fields.get("staff", "")).strip().upper()
    person = people.person(staff)
    if not any(grant.role == "technician" for grant in people.roles(person, clock.today())):
        raise Problem("no-such-colleague")
    before = rota.find(staff) or Technician(staff, person.name)
    after = replace(before, name=person.name or staff, areas=areas, skills=skills, weekdays=weekdays)
    return kept(after, before, "kept", body.next)


@api.post("/api/repair/rota/<staff>/day")
def day(staff: str) -> Response[str]:
    """A single day on which somebody is, or is not, on duty otherwise than usually."""
    access.demand(api.session, "manage-incidents")
    body = api.body
    before, duty = rota.find(staff), body.fields.get("duty", "")
    if before is None:
        raise Problem("not-found")
    try:
        which = date.fromisoformat(body.fields.get("day", ""))
    except ValueError:
        raise invalid_form({"day": "invalid"}) from None
    if duty not in ("on", "off", "usual"):
        raise invalid_form({"duty": "invalid"})
    on, off = with_day(before, which, duty)
    return kept(replace(before, days_on=on, days_off=off), before, "day", body.next)


@api.post("/api/repair/rota/<staff>/leave")
def leave(staff: str) -> Response[str]:
    access.demand(api.session, "manage-incidents")
    body = api.body
    rota.take_off(staff)
    return api.answer({"staff": staff}, done="repair-rota.left", back=body.next)


def kept(after: Technician, before: Technician, done: str, back: str) -> Response[str]:
    """Keep `after` where it is another than `before`; the same sent again changes nothing."""
    if after != before:
        after = replace(after, version=before.version + 1)
        if not rota.put(after):
            raise Problem("rota-moved-on")
    return api.answer(document(after), done=f"repair-rota.{done}", back=back)


def document(one: Technician) -> dict[str, Any]:
    return {
        "staff": one.staff,
        "name": one.name,
        "areas": list(one.areas),
        "skills": list(one.skills),
        "weekdays": sorted(one.weekdays),
        "days_on": sorted(day.isoformat() for day in one.days_on),
        "days_off": sorted(day.isoformat() for day in one.days_off),
        "on_duty": one.on_duty(clock.today()),
    }
