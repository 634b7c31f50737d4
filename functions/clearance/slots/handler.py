"""slots: the times a step offers, and what its office decides about them.

Trigger: GET and POST /api/clearance/steps/{step}/slots. Reads and writes: the slots of the step. Emits nothing.
"""

from datetime import date, timedelta
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import appointments, definition
from yinji.clearance.definition import Appointments
from yinji.clearance.policy import demand
from yinji.clearance.store import Store
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem, invalid_form

MOST = 9999
api = Api()
store = Store()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/clearance/steps/<step>/slots")
def free(step: str) -> Response[str]:
    """What may be booked now, with the places left."""
    demand(api.session, "see-slots")
    told = _told(step)
    today = clock.today()
    kept = store.slots(step, today, today + timedelta(days=told.days_ahead))
    offers = [offer for _, found in appointments.offers(told, kept, clock.now()) for offer in found]
    slots = [{"slot": offer.slot.id, "end": offer.slot.end.isoformat(), "free": offer.free} for offer in offers]
    return as_json(200, {"step": step, "slots": slots})


@api.post("/api/clearance/steps/<step>/slots")
def decide(step: str) -> Response[str]:
    """Close, open or resize one time of a day, or all of them; who has booked keeps the appointment."""
    session, body = api.session, api.body
    known = definition.steps().get(step)
    demand(session, "set-slots", department=known.department if known else "")
    told, fields = _told(step), body.fields
    wanted, capacity = fields.get("do", ""), None
    if wanted == "capacity":
        capacity = _number(fields.get("capacity", ""))
    elif wanted not in ("close", "open"):
        raise invalid_form({"do": "invalid"})
    slots = _slots(told, fields.get("day", ""), fields.get("slot", ""))
    for slot in slots:
        store.set_slot(step, slot, session.sub, capacity=capacity, closed=wanted == "close")
    return api.answer({"step": step, "slots": slots}, done=f"{step}.slots", back=body.next)


def _told(step: str) -> Appointments:
    known = definition.steps().get(step)
    if known is None or known.appointments is None:
        raise Problem("not-found")
    return known.appointments


def _slots(told: Appointments, day: str, slot: str) -> list[str]:
    """The slots of `day`, which is not over, or the one named `slot` if it is one of them."""
    try:
        on = date.fromisoformat(day)
        found = [one.id for one in appointments.of_day(told, on)] if on >= clock.today() else []
    except ValueError:
        raise invalid_form({"day": "invalid"}) from None
    chosen = [one for one in found if slot in ("", one)]
    if not chosen:
        raise invalid_form({"slot" if found else "day": "invalid"})
    return chosen


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise invalid_form({"capacity": "invalid"})
    return int(text)
