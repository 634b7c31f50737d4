"""demo-sign-in: choose who to be. Local deployments only; the template for AWS has neither this function nor its
layer.

Trigger: GET /api/sign-in/demo, a page; GET /api/sign-in/demo/personas, the same for programs; POST /api/sign-in/demo.
Reads: the signing keys, the cases by school, archives by cohort. Writes: the role of the persona, and that somebody
signed in, in the register of people. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from demo import page
from demo.personas import grant_of, growing, offices, students, supervisors
from yinji.archive.cohorts import Cohorts
from yinji.archive.store import Archive
from yinji.clearance.store import Store
from yinji.identity.people import begin
from yinji.identity.session import session_cookie, sign, signing_keys
from yinji.identity.store import People
from yinji.platform import clock
from yinji.platform.environment import is_local
from yinji.platform.http import Api, as_json, own_path, redirect
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
people = People()
store = Store()
archive = Archive()
cohorts = Cohorts()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def demand_local() -> None:
    """Raise Problem("not-found") where this must not be, should it ever come there."""
    if not is_local():
        raise Problem("not-found")


@api.get("/api/sign-in/demo")
def choose() -> Response[str]:
    demand_local()
    query = {"next": own_path(api.query.get("next", "")), "chosen": api.query.get("as", "")}
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": page.POLICY}
    return Response(200, "text/html; charset=utf-8", page.draw(api.language, **everybody(), **query), headers)


@api.get("/api/sign-in/demo/personas")
def personas() -> Response[str]:
    """The offices, and a few graduates, students and supervisors with something to look at."""
    demand_local()
    return as_json(200, everybody())


def everybody() -> dict[str, Any]:
    return {
        "students": students(store),
        "growing": growing(archive, cohorts, store),
        "offices": offices(),
        "supervisors": supervisors(store),
    }


def name_of(student: str) -> str:
    """The name of a student. Raises Problem("not-found") for who is none."""
    if case := store.get(student):
        return case.graduate.name
    if found := archive.student(student):
        return found.name
    raise Problem("not-found")


@api.post("/api/sign-in/demo")
def sign_in() -> Response[str]:
    demand_local()
    body, now = api.body, clock.now()
    persona = body.fields.get("persona", "")
    role, _, place = persona.partition(":")
    if role == "student":
        session = begin(people.person(place), None, name_of(place), now, now)
    else:
        staff, name, grant = grant_of(persona)
        person = people.person(staff)
        if person.grant(grant.key, clock.today()) is None:
            people.name(staff, name)
            people.grant(staff, grant)
        session = begin(person, grant, name, now, now)
    people.signed_in(session, "demo", now)
    answer = redirect(body.next or "/")
    answer.cookies.append(session_cookie(sign(session, signing_keys())))
    return answer
