"""A technician's round: what is theirs, who may look at it, and what they do at a door.

What is sent again by the same key is answered as it was, however late it comes. Of two devices that write down the same
visit one wins; the other is told to look first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, cast, get_args

from yinji.identity.session import Session
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.platform.text import plain
from yinji.repair import access
from yinji.visits import acts, service
from yinji.visits.acts import Done
from yinji.visits.days import at_campus
from yinji.visits.recording import correctable_until, recorded
from yinji.visits.store import Visits
from yinji.visits.visit import LONGEST_WORDS, WISHES, Asked, Record, State, Visit, Wish

Deed = Literal["finish", "miss", "follow-up"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
SHOWN: frozenset[State] = frozenset({"booked", "done", "not-met"})
"""What is on a round: what is to be done, and what was."""
ATTEMPTS = 8
AHEAD = timedelta(weeks=1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Told:
    """What a technician wants to do to a visit. `seen` is the version they saw; `record` is told of one that is
    finished; `day`, `wish` and `words` of a visit that is to follow."""

    deed: Deed
    seen: int
    key: str
    record: Record | None = None
    day: date | None = None
    wish: Wish = "either"
    words: str = ""


def day_of(told: str) -> date:
    """The day that an address names. Raises Problem("not-found")."""
    try:
        return date.fromisoformat(told) if _DAY.fullmatch(told) else _none()
    except ValueError:
        return _none()


def _none() -> date:
    raise Problem("not-found")


def whose(session: Session, asked: str) -> str:
    """The technician whose round `session` may see: their own, or for who may see visits that of `asked`, empty for
    everybody's. Raises Problem("forbidden")."""
    if access.can(session, "see-visits"):
        return asked
    access.demand(session, "make-visits")
    if asked not in ("", session.sub):
        raise Problem("forbidden")
    return session.sub


def demand_seen(session: Session, visit: Visit | None) -> Visit:
    """`visit`, when it is on a round that `session` may see. Raises Problem("forbidden"), and Problem("not-found") for
    one that is a colleague's, so that nobody learns whether there is one."""
    mine = whose(session, "")
    if visit is None or not visit.technician or mine not in ("", visit.technician):
        raise Problem("not-found")
    return visit


def of_day(visits: Visits, day: date, technician: str) -> list[Visit]:
    """What is on the round of `technician` on `day`, or on everybody's when that is empty."""
    found = visits.of_day(day)
    return [one for one in found if one.state in SHOWN and one.technician and technician in ("", one.technician)]


def coming(visits: Visits, technician: str, today: date) -> Mapping[date, Sequence[Visit]]:
    """The days from a week ago on as far as there are days of the service, each with what is on the round."""
    since, until = today - AHEAD, today + timedelta(weeks=service.weeks_ahead())
    found: dict[date, list[Visit]] = {}
    for month in _months(since, until):
        for one in visits.of_month(month):
            if one.state in SHOWN and one.technician and since <= one.day and technician in ("", one.technician):
                found.setdefault(one.day, []).append(one)
    return dict(sorted(found.items()))


def _months(since: date, until: date) -> list[str]:
    return sorted({f"{since + timedelta(days=ahead):%Y-%m}" for ahead in range((until - since).days + 1)})


def told(deed: Deed, fields: Mapping[str, str], key: str) -> Told:
    """What `fields` ask for. Raises Problem("invalid-form"), Problem("malformed-request")."""
    seen = fields.get("version", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        raise Problem("malformed-request")
    if deed == "finish":
        return Told(deed, int(seen), key, record=recorded(fields))
    if deed == "miss":
        return Told(deed, int(seen), key)
    wrong: dict[str, str] = {}
    words = " ".join(plain(fields.get("words", "")).split())
    if len(words) > LONGEST_WORDS:
        wrong["words"] = "invalid"
    wish = fields.get("wish") or "either"
    if wish not in WISHES:
        wrong["wish"] = "invalid"
    day: date | None = None
    if not (said := fields.get("day", "")):
        wrong["day"] = "required"
    else:
        try:
            day = date.fromisoformat(said) if _DAY.fullmatch(said) else None
        except ValueError:
            day = None
        if day is None:
            wrong["day"] = "invalid"
    if wrong:
        raise invalid_form(wrong)
    return Told(deed, int(seen), key, day=day, wish=cast(Wish, wish), words=words)


def perform(visits: Visits, id: str, wanted: Told, session: Session, at: datetime) -> tuple[Visit, Visit | None, bool]:
    """The visit after what `session` wants, the one that follows it if that was asked for, and whether it is done now,
    rather than it was before.

    Raises Problem("forbidden"), Problem("not-found") for what is not theirs, Problem("visit-moved-on") when somebody
    wrote it down since they saw it, what acts.py raises, Problem("day-not-open").
    """
    access.demand(session, "make-visits")
    key = id_of("round", session.sub, id, wanted.deed, wanted.key)
    for _ in range(ATTEMPTS):
        visit = visits.find(id)
        if visit is None or visit.technician != session.sub:
            raise Problem("not-found")
        if wanted.deed == "follow-up":
            return _follow_up(visits, visit, wanted, session.sub, at)
        if visit.version != wanted.seen and any(event.key == key for event in visits.history(id)):
            return visit, None, False
        if visit.state != "booked" and visit.version != wanted.seen:
            # a visit that was called off has no version to look at
            raise Problem("visit-moved-on" if visit.state in SHOWN else "visit-over")
        if visits.change(*_after(visit, wanted, key, session.sub, at)):
            return visits.find(id) or visit, None, True
    raise Problem("too-busy")


def _after(visit: Visit, wanted: Told, key: str, who: str, at: datetime) -> Done:
    if wanted.record is None:
        return acts.miss(visit, key, who, at)
    return acts.finish(visit, wanted.record, key, who, at)


def _follow_up(visits: Visits, visit: Visit, wanted: Told, who: str, at: datetime) -> tuple[Visit, Visit | None, bool]:
    """One visit follows another, so that whoever asks twice, or by two devices, has asked once. One that was called off
    is followed by the next."""
    if at_campus(at) < visit.day:
        raise Problem("visit-not-yet")
    if visit.state not in SHOWN or wanted.day is None:
        raise Problem("visit-over")
    earlier = _following(visits, visit.id)
    if earlier and earlier[-1].state != "cancelled":
        return visit, earlier[-1], False
    for one in earlier:
        if any(event.told.get("sent") == wanted.key for event in visits.history(one.id)):
            return visit, one, False
    words, troubles = wanted.words or visit.words, visit.troubles
    asked = Asked(visit.person, troubles, words, visit.asker, wanted.wish, visit.mail, visit.relative)
    key = _follow_key(visit.id, len(earlier))
    after, event = acts.ask(asked, wanted.day, visit.language, key, who, at, follows=visit.id)
    sent = replace(event, told={**event.told, "sent": wanted.key})
    return visit, visits.ask(after, sent), True


def following(visits: Visits, id: str) -> Visit | None:
    """The visit that follows the visit `id`; the last of them when some were called off."""
    found = _following(visits, id)
    return found[-1] if found else None


def _following(visits: Visits, id: str) -> list[Visit]:
    """Every visit that follows it: each but the last was called off."""
    found: list[Visit] = []
    while one := visits.find(id_of("visit", _follow_key(id, len(found)))):
        found.append(one)
    return found


def _follow_key(id: str, turn: int) -> str:
    return id_of("follow-up", id, str(turn))


def called(visits: Visits, technician: str, session: Session | None = None) -> str:
    """The name of a technician: their own where it is `session`'s, else as plans call them; the number when neither
    tells."""
    if session is not None and session.sub == technician and session.name:
        return session.name
    return next((plan.called for plan in visits.plans() if plan.technician == technician), "") or technician


def writable(visit: Visit, session: Session, at: datetime) -> bool:
    """Whether `session` may write down at `at` what became of `visit`, or correct what they wrote."""
    if not access.can(session, "make-visits") or visit.technician != session.sub or at_campus(at) < visit.day:
        return False
    return visit.state == "booked" or (visit.state in SHOWN and at < correctable_until(visit))
