"""Pages about messages: the visitor's box, what of it is mailed, and the page that a mail's last link leads to."""

from __future__ import annotations

from typing import Any

from yinji.identity.session import signing_keys
from yinji.messages import stop
from yinji.messages.model import box_of, topics_of
from yinji.messages.store import MOST_UNREAD, Outbox
from yinji.messages.words import told
from yinji.platform.problem import Problem

from .visit import Visit


def _own(visit: Visit) -> str:
    """The visitor's box. Raises Problem("signed-out"), Problem("forbidden")."""
    session = visit.someone
    visit.demand("see-messages", student=session.sub, school=session.school, department=session.department)
    return box_of(session)


def inbox(visit: Visit, outbox: Outbox) -> dict[str, Any]:
    """The newest messages, and which of them are new to the visitor."""
    box = outbox.box(_own(visit), visit.someone.sub)
    shown = [(told(message, visit.language), message.at, box.unread(message)) for message in box.messages]
    return {"shown": shown, "new": sum(new for _, _, new in shown), "newest": box.newest}


def unread(visit: Visit, outbox: Outbox) -> str:
    """How many are new, for the navigation; nothing when none are, or nobody is signed in."""
    session = visit.session
    box = box_of(session) if session else ""
    number = outbox.unread(box, session.sub) if session and box else 0
    return f"{MOST_UNREAD}+" if number >= MOST_UNREAD else str(number or "")


def preferences(visit: Visit, outbox: Outbox) -> dict[str, Any]:
    """What may be mailed, and in which language."""
    box = _own(visit)
    return {"chosen": outbox.settings(box), "topics": topics_of(box), "office": box.startswith("office:")}


def stopping(visit: Visit, outbox: Outbox, token: str) -> dict[str, Any]:
    """What the link at the end of a mail would stop. Raises Problem("not-found") for a link that is not ours."""
    known = stop.read(token, signing_keys())
    if known is None:
        raise Problem("not-found")
    box, topic = known
    return {"token": token, "topic": topic, "stopped": topic in outbox.settings(box).stopped}
