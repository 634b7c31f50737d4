"""account: who I am here, in which role, where I am signed in, and what I lend to colleagues.

Trigger: GET /api/account, POST /api/account/role, POST /api/account/lent, POST /api/account/lent/take-back. Reads: the
register of people, the case or the archive of a student, the signing keys. Writes: the register. Emits nothing.
"""

from datetime import date
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.store import Archive
from yinji.clearance.store import Store
from yinji.identity.people import MOST_DELEGATIONS, delegation, in_role
from yinji.identity.session import session_cookie, sign, signing_keys
from yinji.identity.store import People
from yinji.identity.view import account
from yinji.platform import clock
from yinji.platform.http import Api, as_json
from yinji.platform.limits import ACCOUNT_WRITES
from yinji.platform.observability import logger
from yinji.platform.problem import Problem, invalid_form

api = Api(writes=ACCOUNT_WRITES)
people = People()
store = Store()
archive = Archive()
LONGEST_REASON = 200


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/account")
def mine() -> Response[str]:
    session, record = api.session, people.record(api.session.sub)
    roles = people.roles(record.person, clock.today())
    return as_json(200, account(session, record, roles, clock.now()))


@api.post("/api/account/role")
def change_role() -> Response[str]:
    """Go on in another role of one's own; `key` is the grant's, or empty for the student that one also is."""
    session, key = api.session, api.body.fields.get("key", "")
    today = clock.today()
    # what is signed here is new: an ended session must not come back to life by it
    if not people.stands(session, today):
        raise Problem("signed-out")
    grant = people.role(people.person(session.sub), key, today) if key else None
    if grant is None and (key or not studies(session.sub)):
        raise Problem("forbidden")
    changed = in_role(session, grant)
    answer = api.answer({"role": changed.role}, back="/")
    answer.cookies.append(session_cookie(sign(changed, signing_keys())))
    return answer


def studies(sub: str) -> bool:
    return store.get(sub) is not None or archive.student(sub) is not None


@api.post("/api/account/lent")
def lend() -> Response[str]:
    """Let a colleague act in the role one is in, until a day."""
    session, body = api.session, api.body
    fields, now = body.fields, clock.now()
    try:
        ends_on = date.fromisoformat(fields.get("ends_on", ""))
    except ValueError:
        raise invalid_form({"ends_on": "invalid" if fields.get("ends_on") else "required"}) from None
    reason = fields.get("reason", "").strip()
    if len(reason) > LONGEST_REASON:
        raise invalid_form({"reason": "invalid"})
    own = people.record(session.sub)
    colleague = people.person(fields.get("to", "").strip().upper())
    grant = delegation(session, own.person, colleague, ends_on, reason, now, clock.today())
    lent = {(one.to, one.key) for one in own.lending(clock.today())}
    if len(lent | {(colleague.sub, grant.key)}) > MOST_DELEGATIONS:
        raise Problem("delegations-full")
    api.demand_fresh()
    people.lend(colleague.sub, grant)
    return api.answer({"to": colleague.sub, "key": grant.key}, done="account.lent", back=body.next)


@api.post("/api/account/lent/take-back")
def take_back() -> Response[str]:
    session, body = api.session, api.body
    to, key = body.fields.get("to", ""), body.fields.get("key", "")
    grant = next((one for one in people.person(to).grants if one.key == key), None) if to else None
    if grant is None or grant.acts_for != session.sub:
        raise Problem("not-found")
    people.end_grant(to, grant, session.sub, clock.now())
    return api.answer({"to": to, "key": key}, done="account.taken-back", back=body.next)
