"""What a message is, whose it is, when it may be sent, and what its reader decided. Pure, like everything it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

from yinji.clearance.policy import office_of
from yinji.identity.session import Session
from yinji.platform.clock import CAMPUS

Kind = Literal[
    "welcome", "yours", "sent-back", "done", "deadline-moved", "deadline", "reminder", "digest",
    "record-certified", "record-refused", "record-revoked", "record-settled",
    "activity-cancelled", "activity-restored", "activity-moved", "place-given",
    "edition-sealed", "edition-revoked",
    "fault-received", "fault-taken", "fault-coming", "fault-access", "fault-fixed", "fault-reopened",
    "visit-booked", "visit-moved", "visit-cancelled", "visit-tomorrow",
    "fact-corrected",
    "form-approved", "form-returned", "form-refused", "form-layout",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Topic = Literal["yours", "reminders", "activities", "digest", "faults", "visits"]
OF_FAULTS: frozenset[Kind] = frozenset(
    {"fault-received", "fault-taken", "fault-coming", "fault-access", "fault-fixed", "fault-reopened"}
)
"""Kinds that are about a report of a fault, to whoever left an address with it; each report has a box of its own."""
OF_VISITS: frozenset[Kind] = frozenset({"visit-booked", "visit-moved", "visit-cancelled", "visit-tomorrow"})
"""Kinds that are about a visit, to whoever left an address for it; each address of each visit has a box of its own."""
TOPIC_OF: Mapping[Kind, Topic] = {
    "yours": "yours",
    "deadline": "reminders",
    "reminder": "reminders",
    "digest": "digest",
    "activity-cancelled": "activities",
    "activity-restored": "activities",
    "activity-moved": "activities",
    "place-given": "activities",
    **dict.fromkeys(OF_FAULTS, "faults"),
    **dict.fromkeys(OF_VISITS, "visits"),
}
"""What may be stopped by mail, by what the reader knows it as; whatever is not here is always sent."""
NEEDS_ACTION: frozenset[Kind] = frozenset({"welcome", "yours", "deadline", "reminder"})
"""Kinds that list what a student has to do: without anything left they are not worth sending any more."""

OF_RECORDS: frozenset[Kind] = frozenset({"record-certified", "record-refused", "record-revoked", "record-settled"})
"""Kinds that are about a record of a student's growth archive, which they may have without a case."""
OF_EDITIONS: frozenset[Kind] = frozenset({"edition-sealed", "edition-revoked"})
"""Kinds that are about an edition of a student's archive."""
OF_FORMS: frozenset[Kind] = frozenset({"form-approved", "form-returned", "form-refused"})
"""Kinds that are about a form that somebody sent."""
OF_ACTIVITIES: frozenset[Kind] = frozenset({"activity-cancelled", "activity-restored", "activity-moved", "place-given"})
"""Kinds that are about an activity that a student signed up for: `params` name it, and until when it is of use."""
OVERTAKEN_BY: Mapping[Kind, frozenset[Kind]] = {
    "activity-cancelled": OF_ACTIVITIES - {"place-given"},
    "activity-restored": OF_ACTIVITIES - {"place-given"},
    "activity-moved": OF_ACTIVITIES - {"place-given"},
    "place-given": frozenset({"activity-cancelled"}),
    **dict.fromkeys(OF_FAULTS, OF_FAULTS - {"fault-received"}),
}
"""After which later ones about the same activity or report a kind is not mailed any more, if its mail has waited until
then."""
AT_ANY_HOUR: frozenset[Kind] = frozenset({"fault-received"})
"""Kinds that answer what their reader did a moment ago: they are awake."""
BOX_ONLY: frozenset[Kind] = frozenset({"record-certified", "fact-corrected", "form-layout"})
"""Kinds that stand in the box and are not mailed: good news, and what offices get, by the dozen."""

State = Literal["due", "sending", "sent", "failed", "uncertain", "moot"]
"""Of a delivery. `uncertain`: whoever sent it died before they knew; it is never sent again. `moot`: not needed."""

QUIET_FROM, QUIET_UNTIL = time(22, 0), time(7, 30)
"""On the campus' clock nobody is written to between these; nothing that clearance says is urgent."""
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120))
"""How long after each failed attempt the next one is due; after the last the delivery has failed."""
PATIENCE = timedelta(minutes=15)
"""How long a delivery may be on its way before it counts as uncertain; no function runs for so long."""
GATHER = timedelta(minutes=10)
"""How long the mail about a step waits for others: what departments deliver in one morning is one mail."""
KEPT = timedelta(days=400)
"""How long a message is kept: a year's cycle and some weeks."""
KEPT_OF_FAULTS = timedelta(days=180)
"""How long one about a report is kept, and that no more are wanted: about as long as the report itself."""
REMIND_AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Message:
    """Something said once: `id` is the same for the same occasion, `box` is whose it is, `at` an instant in UTC.

    `params` are plain values that the catalogue's sentences need (see words.py).
    """

    id: str
    box: str
    kind: Kind
    at: datetime
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Delivery:
    """A message on its way through one channel. `owner` is whoever sends it just now."""

    message: Message
    channel: str
    state: State
    due_at: datetime
    attempts: int = 0
    owner: str = ""


@dataclass(frozen=True)
class Settings:
    """What was decided for a box: a language ("" leaves it to what is known), topics that are not mailed.

    `told_at` is when a mail last listed everything that needs the student.
    """

    language: str = ""
    stopped: frozenset[str] = frozenset()
    told_at: datetime | None = None

    def mails(self, kind: Kind) -> bool:
        return TOPIC_OF.get(kind) not in self.stopped


def office_box(office: str) -> str:
    """The box of a department or school; its officers read it together."""
    return f"office:{office}"


REPORTS, VISITS = "report:", "visit:"
"""How the boxes begin of which only mail leaves: nobody signs in to read them."""


def report_box(report: str) -> str:
    """The box of a report of a fault."""
    return f"{REPORTS}{report}"


def visit_box(visit: str, whose: str = "") -> str:
    """The box of a visit, to the person, or to `whose`."""
    return f"{VISITS}{visit}:{whose}" if whose else f"{VISITS}{visit}"


def box_of(session: Session) -> str:
    """The box that `session` reads, or nothing: who acts for no office is written to by alarms and lists."""
    if session.role == "student":
        return session.sub
    office = office_of(session)
    return office_box(office) if office else ""


def topics_of(box: str) -> tuple[Topic, ...]:
    """What can be stopped in `box`."""
    if box.startswith(REPORTS):
        return ("faults",)
    if box.startswith(VISITS):
        return ("visits",)
    return ("digest",) if box.startswith("office:") else ("yours", "reminders", "activities")


def due(kind: Kind, now: datetime) -> datetime:
    """When a message that is said now is to be mailed."""
    if kind in AT_ANY_HOUR:
        return now
    return awake(now + GATHER if kind == "yours" else now)


def awake(moment: datetime) -> datetime:
    """`moment`, or the end of the quiet hours in which it lies."""
    local = moment.astimezone(CAMPUS)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return moment
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, CAMPUS).astimezone(moment.tzinfo)
