"""people: the staff register, kept by administrators: a CSV of the staff office, or one person at a time.

Trigger: GET /api/people/{staff}, POST /api/people (a CSV), POST /api/people/{staff}/grants, POST
/api/people/{staff}/grants/end; and invoked directly, by whoever may administer the deployment, with {"staff", "name",
"role", "school", "department", "ends_on"}: so the first administrator comes in. Reads and writes: the register of
people. Emits nothing.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.clearance.roster import Refused, Rejection
from yinji.identity import register
from yinji.identity.store import People
from yinji.identity.view import grants
from yinji.platform import clock
from yinji.platform.http import Api, as_json, redirect
from yinji.platform.limits import ACCOUNT_WRITES
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem

LARGEST = 2 * 2**20
REJECTED_SHOWN = 40
"""An address has no room for more."""
THREADS = 16
BY_OPERATOR = "operator"
api = Api(writes=ACCOUNT_WRITES)
people = People()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "routeKey" in event:
        return api(event, context)
    row = {name: str(event.get(name) or "") for name in register.COLUMNS}
    found = register.entry(row, 0, BY_OPERATOR, clock.now())
    if isinstance(found, Rejection):
        raise ValueError(f"{found.field} cannot be")
    _keep(found)
    return {"staff": found.staff, "key": found.grant.key}


@api.get("/api/people/<staff>")
def one(staff: str) -> Response[str]:
    demand(api.session, "see-people")
    person = people.person(staff)
    return as_json(200, {"staff": staff, "name": person.name, "grants": grants(person)})


@api.post("/api/people")
def many() -> Response[str]:
    """Take over a CSV: what is new or different is kept, nobody who is not in it loses anything."""
    demand(api.session, "manage-people")
    api.demand_fresh()
    data, back = api.upload("file", LARGEST), api.body.next if api.is_form else ""
    try:
        found = register.parse(data, api.session.sub, clock.now())
    except Refused as refused:
        count("RegisterRowsRejected")
        if back:
            return redirect(
                back, problem="register-refused", rejected=f"{refused.line}:{refused.field or refused.code}"
            )
        raise Problem("register-refused", why=refused.code, line=refused.line) from refused
    by_staff: dict[str, list[register.Entry]] = {}
    for entry in found.entries:
        by_staff.setdefault(entry.staff, []).append(entry)
    with ThreadPoolExecutor(THREADS) as threads:
        changed = sum(threads.map(_keep_all, by_staff.values()))
    count("RegisterRowsRejected", len(found.rejected))
    told = {"rows": len(found.entries), "changed": changed, "refused": len(found.rejected)}
    if back:
        lines = ",".join(f"{one.line}:{one.field or one.code}" for one in found.rejected[:REJECTED_SHOWN])
        counts = {name: str(number) for name, number in told.items()}
        return redirect(back, done="people.register", rejected=lines, **counts)
    rejected = [{"line": one.line, "code": one.code, "field": one.field} for one in found.rejected]
    return as_json(200, told | {"rejected": rejected})


def _keep_all(entries: list[register.Entry]) -> int:
    """Keep what rows say of one person, one after the other; how many of them changed something."""
    return sum(_keep(entry) for entry in entries)


@api.post("/api/people/<staff>/grants")
def grant(staff: str) -> Response[str]:
    demand(api.session, "manage-people")
    api.demand_fresh()
    row = {name: api.body.fields.get(name, "") for name in register.COLUMNS} | {"staff": staff}
    found = register.entry(row, 0, api.session.sub, clock.now())
    if isinstance(found, Rejection):
        raise Problem("no-such-role", errors=[{"field": found.field, "code": "invalid"}])
    _keep(found)
    return api.answer({"staff": staff, "key": found.grant.key}, done="people.granted", back=api.body.next)


@api.post("/api/people/<staff>/grants/end")
def end(staff: str) -> Response[str]:
    demand(api.session, "manage-people")
    api.demand_fresh()
    key = api.body.fields.get("key", "")
    grant = next((one for one in people.person(staff).grants if one.key == key), None)
    if grant is None or not grant.runs(clock.today()):
        raise Problem("not-found")
    people.end_grant(staff, grant, api.session.sub, clock.now())
    return api.answer({"staff": staff, "key": key}, done="people.ended", back=api.body.next)


def _keep(found: register.Entry) -> bool:
    """Keep what a row says; False when it was so before."""
    person, grant = people.person(found.staff), found.grant
    same = next((known for known in person.grants if known.key == grant.key), None)
    if person.name == found.name and same and same.ends_on == grant.ends_on and not same.ended_by:
        return False
    if person.name != found.name:
        people.name(found.staff, found.name)
    people.grant(found.staff, grant)
    return True
