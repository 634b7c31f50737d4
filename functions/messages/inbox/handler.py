"""messages-inbox: the reader's own box: what was said, what is read, and what is to be mailed.

Trigger: GET /api/messages, POST /api/messages/read, GET and POST /api/messages/preferences. Reads: the box. Writes: up
to where it was read; language and stopped topics. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.policy import demand
from yinji.messages.model import Message, box_of, topics_of
from yinji.messages.store import Box, Outbox, position
from yinji.messages.words import told
from yinji.platform.clock import stamp
from yinji.platform.http import Api, as_json
from yinji.platform.observability import logger
from yinji.platform.problem import Problem

api = Api()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)


def own() -> str:
    """The box of whoever asks. Raises Problem("forbidden")."""
    session = api.session
    demand(session, "see-messages", student=session.sub, school=session.school, department=session.department)
    return box_of(session)


@api.get("/api/messages")
def messages() -> Response[str]:
    found = outbox.box(own(), api.session.sub)
    return as_json(200, {"messages": [document(found, message) for message in found.messages]})


def document(box: Box, message: Message) -> dict[str, Any]:
    words = told(message, api.language)
    return {
        "position": position(message),
        "kind": message.kind,
        "at": stamp(message.at),
        "title": words.title,
        "lines": list(words.lines),
        "reason": words.reason,
        "path": words.path,
        "unread": box.unread(message),
    }


@api.post("/api/messages/read")
def read() -> Response[str]:
    box, body = own(), api.body
    outbox.read(box, api.session.sub, body.fields.get("upto", ""))
    return api.answer({"unread": outbox.unread(box, api.session.sub)}, done="messages.read", back=body.next)


@api.get("/api/messages/preferences")
def preferences() -> Response[str]:
    box = own()
    return as_json(200, chosen(box))


@api.post("/api/messages/preferences")
def choose() -> Response[str]:
    """`language`: zh, en or empty; `mail-<topic>`: yes for each topic that is to be mailed."""
    box, body = own(), api.body
    language = body.fields.get("language", "")
    if language not in ("", "zh", "en"):
        raise Problem("malformed-request")
    outbox.choose(box, language, [topic for topic in topics_of(box) if body.fields.get(f"mail-{topic}") != "yes"])
    return api.answer(chosen(box), done="messages.saved", back=body.next)


def chosen(box: str) -> dict[str, Any]:
    known = outbox.settings(box)
    return {"language": known.language, "mail": {topic: topic not in known.stopped for topic in topics_of(box)}}
