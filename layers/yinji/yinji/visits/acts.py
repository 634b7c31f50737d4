"""What may be done with a visit, and what follows. Pure: each takes a visit and gives the next version of it and the
event.

Raises Problem("visit-over") when it is done, cancelled or nobody was met, Problem("visit-closed") for what only the
community's office does once the sheets of the day are made, and Problem("visit-not-yet") for what is done on its day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from yinji.platform.ids import id_of
from yinji.platform.problem import Problem
from yinji.visits import recording, service
from yinji.visits.days import Held, at_campus
from yinji.visits.visit import OPEN, Asked, Event, Face, Language, Record, State, Visit, Wish

ASKER, SERVICE = "asker", "service"
"""Who does something: whoever has the link, and the service itself."""
Done = tuple[Visit, Event]


def ask(asked: Asked, day: date, language: Language, key: str, who: str, at: datetime, follows: str = "") -> Done:
    """A new visit, which waits for a place on `day`; the same `key` makes the same one."""
    visit = Visit(
        id_of("visit", key),
        asked.person,
        asked.troubles,
        asked.words,
        asked.asker,
        day,
        asked.wish,
        at,
        language,
        mail=asked.mail,
        relative=asked.relative,
        follows=follows,
        times={"waiting": at},
    )
    return visit, Event(key, "ask", who, at, {"day": day.isoformat(), "asker": asked.asker})


def book(before: Visit, held: Held, at: datetime) -> Done:
    """It has the place `held` of its day, which the service gave it."""
    key = id_of("book", before.id, str(before.version))
    after = replace(_next(before, "booked", at), window=held.window, technician=held.technician)
    return after, Event(key, "book", SERVICE, at, {"day": before.day.isoformat(), "window": held.window})


def cancel(before: Visit, key: str, who: str, at: datetime) -> Done:
    """Nobody is to come; whoever has the link may say so until the sheets are made, the office until it is over."""
    _may_change(before, who, at)
    return replace(_next(before, "cancelled", at), window="", technician=""), Event(key, "cancel", who, at)


def move(before: Visit, day: date, wish: Wish, key: str, who: str, at: datetime) -> Done:
    """It waits for a place on `day` and has given up the one it had. Whoever moves is last there; a visit that the
    service moves, because its day was closed or is over, keeps its turn."""
    if who != SERVICE:
        _may_change(before, who, at)
    turn = before.asked_at if who == SERVICE else at
    after = replace(
        _next(before, "waiting", at), day=day, wish=wish, window="", technician="", reminded="", asked_at=turn
    )
    told = {"from": before.day.isoformat(), "day": day.isoformat()}
    return after, Event(key, "move", who, at, told)


def finish(before: Visit, record: Record, key: str, who: str, at: datetime) -> Done:
    """A technician was there. What was written down, that nobody opened as well, may be written anew until the end of
    the next day: Problem("record-closed") after that. History keeps what it said before."""
    if at_campus(at) < before.day:
        raise Problem("visit-not-yet")
    if before.state not in ("booked", "done", "not-met"):
        raise Problem("visit-over")
    if before.record and not record.face:  # what they said of it meanwhile is theirs
        record = replace(record, face=before.record.face)
    told = {"face": record.face or ""}
    after = _next(before, "done", at)
    if before.state != "booked":
        if at >= recording.correctable_until(before):
            raise Problem("record-closed")
        # the time to correct it in begins once
        after = replace(after, times={**after.times, "done": before.times[before.state]})
        told["before"] = recording.told_before(before.record) if before.record else ""
    return replace(after, record=record), Event(key, "finish", who, at, told)


def rate(before: Visit, face: Face, key: str, who: str, at: datetime) -> Done:
    """How it went, said by whoever has the link, unless the technician asked at the door. Raises
    Problem("rated-already")."""
    if before.state != "done" or before.record is None:
        raise Problem("visit-not-done")
    if before.record.face:
        raise Problem("rated-already")
    after = replace(before, record=replace(before.record, face=face), version=before.version + 1)
    return after, Event(key, "rate", who, at, {"face": face})


def miss(before: Visit, key: str, who: str, at: datetime) -> Done:
    """A technician was there, and nobody opened."""
    if at_campus(at) < before.day:
        raise Problem("visit-not-yet")
    if before.state != "booked":
        raise Problem("visit-over")
    return _next(before, "not-met", at), Event(key, "miss", who, at)


def remind(before: Visit, how: str, key: str, who: str, at: datetime) -> Done:
    """They know of tomorrow: by `mail`, or the staff number of who called them."""
    if before.state != "booked":
        raise Problem("visit-over")
    return replace(before, reminded=how, version=before.version + 1), Event(key, "remind", who, at)


def _may_change(before: Visit, who: str, at: datetime) -> None:
    if before.state not in OPEN:
        raise Problem("visit-over")
    if who == ASKER and at >= service.closes(before.day):
        raise Problem("visit-closed")


def _next(before: Visit, state: State, at: datetime) -> Visit:
    times: Mapping[str, datetime] = {**before.times, state: at}
    return replace(before, state=state, version=before.version + 1, times=times)
