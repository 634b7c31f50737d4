"""ask: somebody asks that a technician comes; no account is asked for. The community's office asks for who calls.

Trigger: POST /api/visits and GET /api/visits/days/{community}, without a session; POST /api/visits/desk/ask, with one.
Reads: the days of a community, who waits for them, visits. Writes: the visit and what happened to it, who has which
place; how often somebody asked. Emits: metrics.

A page without script sends a form twice: what is asked for, and then the day. What was typed goes from the one page to
the other in a cookie of that browser, as it does when something is wrong with it; it never stands in an address.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.identity.session import own_cookie, signing_keys
from yinji.platform import clock
from yinji.platform.http import Api, Body, as_json, redirect
from yinji.platform.limits import VISIT_DAYS, VISIT_PAGE, VISITS
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form
from yinji.repair import access
from yinji.repair.report import new_nonce
from yinji.visits import acts, asking, service
from yinji.visits.days import at_campus
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits
from yinji.visits.visit import Asker, asked

api = Api()
visits = Visits()
BY_THEMSELVES: tuple[Asker, ...] = ("person", "relative")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.post("/api/visits")
def ask() -> Response[str]:
    return _typed(_ask_by_ticket)


@api.post("/api/visits/desk/ask")
def ask_for_somebody() -> Response[str]:
    session = api.session
    access.demand(session, "arrange-visits")
    return _typed(lambda body: _ask(body, "community", session.sub))


@api.get("/api/visits/days/<community>")
def days(community: str) -> Response[str]:
    api.limit_address(VISIT_DAYS)
    if community not in service.communities():
        raise Problem("not-found")
    now = clock.now()
    found = asking.offers(visits.coming(community, at_campus(now)), now)
    first = asking.suggested(found)
    return as_json(
        200,
        {
            "community": community,
            "ticket": asking.ticket_for(new_nonce(), signing_keys()),
            "suggested": first.isoformat() if first else None,
            "days": [
                {
                    "day": one.day.isoformat(),
                    "standing": one.standing,
                    "why": one.why,
                    "waiting": one.waiting,
                    "free": dict(one.free),
                }
                for one in found
            ],
        },
    )


def _ask_by_ticket(body: Body) -> Response[str]:
    nonce = asking.nonce_of(body.fields.get("ticket", ""), signing_keys())
    api.limit(VISIT_PAGE, nonce)
    api.limit_address(VISITS)
    told = body.fields.get("asker", "person")
    asker: Asker | None = next((one for one in BY_THEMSELVES if one == told), None)
    if asker is None:
        raise invalid_form({"asker": "invalid"})
    return _ask(body, asker, acts.ASKER)


def _ask(body: Body, asker: Asker, who: str) -> Response[str]:
    fields, key = body.fields, visits_key()
    told = asked(fields, asker)
    if api.is_form and body.next and not fields.get("day"):
        return _kept(redirect(body.next, step="day"), body)
    day = asking.day_of(fields.get("day", ""))
    now = clock.now()
    if asking.over(day, now):
        raise Problem("day-not-open")
    follows = asking.followed(fields["again"], key) if fields.get("again") else ""
    sent_as = asking.key_of(told, body.idempotency_key)
    language = "en" if fields.get("language", api.language) == "en" else "zh"
    visit = visits.ask(*acts.ask(told, day, language, sent_as, who, now, follows))
    count("VisitsAsked")
    follow = asking.follow_link(visit.id, key)
    if api.is_form:
        answer = redirect(follow, done="visits-ask.asked")
        answer.cookies.append(own_cookie(asking.draft_name(), "", asking.DRAFT_KEPT))
        return answer
    _, waiting = visits.day((told.person.community, visit.day))
    return as_json(200, asking.stands(visit, waiting) | {"follow": follow})


def _typed(do: Callable[[Body], Response[str]]) -> Response[str]:
    """What `do` answers; to a form that something is wrong with, the page it came from, with all that was typed."""
    body = api.body
    try:
        return do(body)
    except Problem as problem:
        if not (api.is_form and body.next):
            raise
        wrong = ",".join(error["field"] for error in problem.params.get("errors", ()))
        step = "day" if problem.code == "day-not-open" or wrong in ("day", "wish") else ""
        place = body.next.partition("?")[0]
        return _kept(redirect(place, problem=problem.code, fields=wrong, step=step), body)


def _kept(answer: Response[str], body: Body) -> Response[str]:
    if draft := asking.draft_of(body.fields):
        answer.cookies.append(own_cookie(asking.draft_name(), draft, asking.DRAFT_KEPT))
    return answer
