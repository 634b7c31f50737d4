"""editions: a student asks for an edition of their own archive, and sees which there are.

Trigger: GET and POST /api/archive/students/{student}/editions, POST .../editions/{edition}/revoke, which is the
office's. Reads: the student, editions. Writes: an edition that is requested, or revoked, what
its student is told of that. Emits: who looks at what is not their own, to the queue of looks; metrics.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.access import OFFICE, visible_student
from yinji.archive.store import Archive
from yinji.clearance import codes
from yinji.clearance.policy import demand
from yinji.editions.model import ALONE, Edition, chosen
from yinji.editions.store import Editions, new_edition
from yinji.identity import seen
from yinji.messages.compose import of_edition
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem, invalid_form

SHORTEST, LONGEST = 2, 200
"""How long a reason is, in signs."""
api = Api()
archive = Archive()
editions = Editions()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


@api.get("/api/archive/students/<student>/editions")
def every(student: str) -> Response[str]:
    visible_student(api.session, "see-archive", student, archive.student)
    seen.note(api.session, "edition", student)
    return as_json(200, {"editions": [document(one) for one in editions.of(student)]})


@api.post("/api/archive/students/<student>/editions")
def ask(student: str) -> Response[str]:
    visible_student(api.session, "act-in-archive", student, archive.student)
    body = api.body
    language, theme = chosen(body.fields.get("language", ""), body.fields.get("theme", ""))
    key = body.idempotency_key
    asked = editions.ask(new_edition(student, ALONE, language, theme, student, state="requested", key=key))
    count("EditionsRequested")
    return api.answer(document(asked), done="edition.requested", back=body.next)


@api.post("/api/archive/students/<student>/editions/<edition>/revoke")
def revoke(student: str, edition: str) -> Response[str]:
    """Let nobody rely on a sealed edition any more, for a reason."""
    demand(api.session, "select-archives", department=OFFICE)
    visible_student(api.session, "see-archive", student, archive.student)
    body, found = api.body, editions.find(student, edition)
    if found is None or found.state != "sealed":
        raise Problem("not-found")
    why = " ".join(body.fields.get("why", "").split())
    if not SHORTEST <= len(why) <= LONGEST:
        raise invalid_form({"why": "invalid" if why else "required"})
    if editions.revoke(found, api.session.sub, why):
        count("EditionsRevoked")
    after = editions.find(student, edition) or found
    message = of_edition(after)
    # whoever died before this presses again
    if message and outbox.put(message, clock.now()):
        count("MessagesComposed", kind=message.kind, service="messages")
    return api.answer(document(after), done="edition.revoked", back=body.next)


def document(edition: Edition) -> dict[str, Any]:
    return {
        "id": edition.id,
        "language": edition.language,
        "theme": edition.theme,
        "code": codes.spoken(edition.code) if edition.state == "sealed" else None,
        "state": edition.state,
        "standing": edition.standing,
        "at": stamp(edition.at),
        "sealed_at": stamp(edition.sealed_at) if edition.sealed_at else None,
        "digest": edition.digest or None,
        "size": edition.size or None,
    }
