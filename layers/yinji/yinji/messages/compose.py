"""Which messages follow from what happened. Pure: the same occasion yields the same messages with the same ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yinji.archive.catalogue import Activity, SignUp, Turn
from yinji.archive.record import Record, RecordEvent
from yinji.clearance import definition
from yinji.clearance.case import Case, State
from yinji.clearance.definition import StepDefinition
from yinji.clearance.practice import is_practice
from yinji.clearance.step import SENT_BACK
from yinji.clearance.view import RowView, turn_of
from yinji.editions.model import ALONE, Edition
from yinji.forms.facts import kinds, sources
from yinji.messages.model import Kind, Message, office_box
from yinji.platform.clock import CAMPUS, instant, stamp
from yinji.platform.ids import id_of

DISTANCES = (7, 3, 1)
"""Days before the deadline on which whoever still has something to do is told."""


def is_written_about(case: Case) -> bool:
    """Whether anybody is written to about `case`: it is a real one, of a graduate who is still in their batch."""
    return not (case.practice or case.withdrawn_at)


def of_student(case: Case) -> list[str]:
    """The steps of `case` that need the student now, in order."""
    return needing_student(case.states(), case.flow, case.graduate.flags)


def needing_student(states: Mapping[str, State], flow: str, flags: frozenset[str] | None = None) -> list[str]:
    """The steps among `states` that need the student; without `flags` as far as is known without them."""
    every = definition.steps()
    return [step for step, state in states.items() if step in every and _is_theirs(every[step], state, flow, flags)]


def _is_theirs(step: StepDefinition, state: State, flow: str, flags: frozenset[str] | None) -> bool:
    return turn_of(step, state, flow, flags) == "student"


def of_change(before: Case | None, after: Case) -> list[Message]:
    """What the student is told of one change of their case; several steps are told of at once."""
    if not is_written_about(after):
        return []
    messages: list[Message] = []

    def tell(kind: Kind, **params: Any) -> None:
        # a case that was withdrawn and opened anew begins with version 1 again
        id = f"{kind}#{after.version}#{stamp(after.opened_at)}"
        messages.append(Message(id, after.graduate.student, kind, after.updated_at, params))

    mine = of_student(after)
    early = after.updated_at.astimezone(CAMPUS).date() < after.opens_on
    if before is None or before.withdrawn_at:
        opens = {"opens": after.opens_on.isoformat()} if early else {}
        tell("welcome", steps=mine, deadline=after.deadline.isoformat(), flow=after.flow, **opens)
        return messages
    if before.deadline != after.deadline:
        tell("deadline-moved", deadline=after.deadline.isoformat())
    back = {step: why for step in after.steps if (why := _sent_back(after, step)) and why != _sent_back(before, step)}
    for step, why in back.items():
        tell("sent-back", steps=[step], reason=why)
    had = set(of_student(before))
    # before the opening day nobody can act yet, and the welcome has told when that is
    new = [step for step in mine if step not in had and step not in back]
    if new and not early:
        tell("yours", steps=new)
    if after.certificate and not before.certificate:
        tell("done")
    return messages


def _sent_back(case: Case, step: str) -> str:
    """What the officer wrote who sent `step` back, while that stands."""
    record = case.steps.get(step)
    reasons = record.standing.reasons if record and record.standing.state == "blocked" else ()
    return next((str(reason.params.get("reason", "")) for reason in reasons if reason.code == SENT_BACK), "")


def of_deadline(row: RowView, today: date, now: datetime) -> Message | None:
    """What the student in `row` of a school is told about the deadline `today`, a day of the campus."""
    days = (row.lean.deadline - today).days
    mine = needing_student(row.states, row.lean.flow)
    if days not in DISTANCES or not mine or row.lean.finished_at or is_practice(row.lean.student):
        return None
    deadline = row.lean.deadline.isoformat()
    id = f"deadline#{deadline}#{days}"
    return Message(id, row.lean.student, "deadline", now, {"steps": mine, "deadline": deadline, "days": days})


def of_reminder(case: Case, department: str, key: str, now: datetime) -> Message | None:
    """What an office reminds the student of: everything that is theirs, or, for a `department`, its own steps.

    `key` makes a request's repetition the same message. None when nothing needs the student.
    """
    every = definition.steps()
    mine = [step for step in of_student(case) if not department or every[step].department == department]
    if not mine or not is_written_about(case) or now.astimezone(CAMPUS).date() < case.opens_on:
        return None
    params = {"steps": mine, "deadline": case.deadline.isoformat(), "office": department or case.graduate.school}
    return Message(f"reminder#{key}", case.graduate.student, "reminder", now, params)


def of_decision(record: Record, event: RecordEvent) -> Message:
    """What the student is told of what was decided about their record: `event` says what, and why."""
    kind: Kind = {
        "certified": "record-certified",
        "refused": "record-refused",
        "revoked": "record-revoked",
        "settled": "record-settled",
    }[event.what]  # type: ignore[assignment]
    which = id_of(record.key, event.who, event.key, length=32)
    params = {"record": record.kind, "title": record.title, "why": event.why}
    return Message(f"{kind}#{which}", record.student, kind, event.at, params)


def of_edition(edition: Edition) -> Message | None:
    """What the student is told of an edition: that it was revoked, or that a run made it; None where they asked for it
    themselves and see it."""
    if edition.revoked_at:
        params = {"why": edition.revoked_why}
        return Message(f"edition-revoked#{edition.id}", edition.student, "edition-revoked", edition.revoked_at, params)
    if edition.run == ALONE or edition.sealed_at is None:
        return None
    return Message(f"edition-sealed#{edition.id}", edition.student, "edition-sealed", edition.sealed_at)


def of_turn(turn: Turn, student: str, now: datetime) -> Message | None:
    """What `student`, who signed up, is told of a change of an activity; None when it is over by `now`."""
    until = max(turn.before.ends_at, turn.activity.ends_at)
    kind: Kind = TURNS[turn.what]
    id = f"{kind}#{turn.activity.id}#{turn.version}"
    return Message(id, student, kind, turn.at, _of(turn.activity, until)) if now < until else None


TURNS: Mapping[str, Kind] = {
    "cancelled": "activity-cancelled",
    "restored": "activity-restored",
    "moved": "activity-moved",
}


def of_place(activity: Activity, mine: SignUp, now: datetime) -> Message | None:
    """What a student is told who waited for a place and has one: `mine`; None when it is of no use by `now`."""
    if mine.standing != "held" or not activity.open(now):
        return None
    # who gives back and signs up again may be given a place again
    id = f"place-given#{activity.id}#{stamp(mine.at)}"
    return Message(id, mine.student, "place-given", now, _of(activity, activity.begins_at))


def _of(activity: Activity, until: datetime) -> dict[str, str]:
    return {
        "activity": activity.id,
        "title": activity.title,
        "begins_at": stamp(activity.begins_at),
        "place": activity.place,
        "until": stamp(until),
    }


def of_corrected(detail: Mapping[str, str]) -> Message | None:
    """What the department that answers for a system of record is told when somebody says that a fact is otherwise:
    which kind of fact, and neither whose nor what. `detail` is that of the event; None of a system or kind that is
    gone."""
    source, kind = sources().get(detail["source"]), detail["kind"]
    if source is None or kind not in kinds():
        return None
    params = {"fact": kind, "source": source.id}
    id = f"fact-corrected#{detail['id']}"
    return Message(id, office_box(source.department), "fact-corrected", instant(detail["at"]), params)


def is_of_use(message: Message, now: datetime) -> bool:
    """Whether there is any use in telling `message` at `now`: what it is about is not over."""
    return "until" not in message.params or now < instant(message.params["until"])


@dataclass(frozen=True)
class QueueFigures:
    """What waits for an office at a step: how many cases, the oldest since when (ISO 8601, UTC), how its feed is."""

    step: str
    waiting: int
    oldest: str = ""
    held: bool = False
    stale: bool = False


def of_office(office: str, queues: Sequence[QueueFigures], today: date, now: datetime) -> Message | None:
    """The digest of a department or school, or None when nothing waits for it."""
    waiting = [
        {"step": queue.step, "waiting": queue.waiting, "oldest": queue.oldest} for queue in queues if queue.waiting
    ]
    held = [queue.step for queue in queues if queue.held]
    stale = [queue.step for queue in queues if queue.stale]
    if not (waiting or held or stale):
        return None
    params = {"queues": waiting, "held": held, "stale": stale, "office": office}
    return Message(f"digest#{today.isoformat()}", office_box(office), "digest", now, params)
