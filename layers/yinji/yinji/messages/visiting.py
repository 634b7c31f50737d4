"""What people are told by mail of a visit: whoever left an address, the person, the relative who asked, or both. Pure.

What is told follows from what happened to the visit, each thing once: its id is that of the event. It is told as things
are by then: what a later event overtook is not told, and not sent either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from yinji.messages.letter import Reader
from yinji.messages.model import VISITS, Kind, Message, Settings, visit_box
from yinji.messages.sending import Subject
from yinji.platform.clock import CAMPUS, stamp
from yinji.visits import acts, service
from yinji.visits.asking import follow_link
from yinji.visits.days import Held
from yinji.visits.visit import OPEN, Event, Visit

RELATIVE = "relative"
BY_MAIL = "mail"
"""How a visit says that its reminder left by mail."""


def addressees(one: Visit) -> dict[str, str]:
    """The boxes of a visit that bear an address, with it: the person's, then the relative's, if that is another."""
    return {visit_box(one.id, "" if mail == one.mail else RELATIVE): mail for mail in one.mails}


def of_event(one: Visit, event: Event, history: Sequence[Event], why: str = "") -> list[Message]:
    """What follows from `event`, for each addressee; `history` is all that happened to the visit, `why` the reason for
    which the day that it was moved from was closed."""
    kind, held = _news(event, history)
    if not kind:
        return []
    day, window = event.told.get("day", str(one.day)), held.window if held else one.window
    told = {"day": day, "window": "" if kind == "visit-cancelled" else window, "place": one.person.community}
    if kind == "visit-moved":
        told |= {"from": event.told["from"], "why": why, "window": held.window if held else ""}
    until = (
        service.windows()[window].on(one.day)[0] if window else datetime.combine(one.day, datetime.max.time(), CAMPUS)
    )
    found = [
        Message(f"{kind}#{event.key}", box, kind, event.at, told | {"until": stamp(until)}) for box in addressees(one)
    ]
    return [message for message in found if is_so(message, one)]


def _news(event: Event, history: Sequence[Event]) -> tuple[Kind | None, Held | None]:
    """Which kind of message `event` is worth, and the place that was given with it."""
    same = [other for other in history if other.at == event.at]
    held = next((Held("", other.told["window"]) for other in same if other.what == "book"), None)
    theirs = event.who == acts.ASKER
    match event.what:
        case "book":
            # who is moved is told of the place by that
            moved = any(other.what == "move" and other.who != acts.ASKER for other in same)
            return (None if moved else "visit-booked"), held
        case "move" if not theirs:
            return "visit-moved", held
        case "cancel" if not theirs:
            return "visit-cancelled", None
        case "remind" if event.who == acts.SERVICE:
            return "visit-tomorrow", None
        case _:
            return None, None


def is_so(message: Message, one: Visit) -> bool:
    """Whether what `message` says of a visit still is so."""
    if message.kind == "visit-cancelled":
        return one.state == "cancelled"
    if one.state not in OPEN or str(one.day) != message.params["day"]:
        return False
    if message.kind == "visit-moved":
        # where no place was given with it, the message about that says more
        return one.window == message.params["window"]
    return one.state == "booked" and one.window == message.params["window"]


class Visitors:
    """Who is told of visits. `visit` looks one up; `key` is the secret that proves the links by which they are
    followed."""

    def __init__(self, visit: Callable[[str], Visit | None], key: Callable[[], str]) -> None:
        self._visit, self._key = visit, key

    def subject(self, message: Message, settings: Settings) -> Subject | None:
        """Who `message` is for; None when it is for nobody: there is no such visit, it bears no address, or what the
        message says is not so any more."""
        id, _, who = message.box.removeprefix(VISITS).partition(":")
        one = self._visit(id)
        if one is None or not is_so(message, one):
            return None
        address = addressees(one).get(message.box, "")
        name = one.relative.name if who == RELATIVE and one.relative else one.person.name
        return Subject(Reader(name, address, one.language), path=follow_link(id, self._key()))
