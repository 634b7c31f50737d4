"""How somebody without an account asks for a visit: the ticket of the page, the days there are to choose from, the link
that is given for it, and what a page without script keeps of what was typed. Pure.

A page gives out a ticket, signed, so that whoever asks by a machine has to fetch pages first.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

from itsdangerous import BadSignature

from yinji.clearance.appointments import working_day
from yinji.identity.session import host_bound, serializer
from yinji.platform import links
from yinji.platform.clock import now
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.visits import service
from yinji.visits.days import Day, Waiting, at_campus, wednesdays
from yinji.visits.visit import Asked, Visit

FOLLOW = "visit"
SALT = "yinji-visits-page"
TICKET = timedelta(hours=12)
"""How long a page may stay open: whoever is slow is not to begin anew."""
DRAFT_KEPT = timedelta(minutes=15)
LONGEST_DRAFT = 3_500
"""Bytes; browsers keep no cookie of more than 4,096."""
Standing = Literal["open", "late", "closed", "holiday"]
"""`late`: its sheets are made, and only the community's office asks for it; `holiday`: a Wednesday that nobody works
on."""


@dataclass(frozen=True)
class Offer:
    """A day as it is offered. `free` are the places of each window, `waiting` how many wait; `why` it is closed."""

    day: date
    standing: Standing
    free: Mapping[str, int]
    waiting: int = 0
    why: str = ""

    @property
    def left(self) -> int:
        return sum(self.free.values())

    def open_to(self, *, office: bool) -> bool:
        """Whether people may choose it, or the community's `office`."""
        return self.standing == "open" or (office and self.standing == "late")


def ticket_for(nonce: str, keys: Sequence[str]) -> str:
    """A ticket for the page `nonce`, signed by the first of `keys`."""
    return serializer(keys, SALT).dumps(nonce)


def nonce_of(text: str, keys: Sequence[str]) -> str:
    """Which page the ticket `text` is of. Raises Problem("page-over") when it is too old, Problem("page-unknown") when
    it is none of ours."""
    try:
        nonce, signed_at = serializer(keys, SALT).loads(text, return_timestamp=True)
    except BadSignature as error:
        raise Problem("page-unknown") from error
    if now() - signed_at > TICKET:
        raise Problem("page-over")
    return str(nonce)


def follow_link(id: str, key: str) -> str:
    """The path of the page on which whoever asked for the visit `id` follows it."""
    return f"/visits/v/{links.link(FOLLOW, id, key)}"


def followed(link: str, key: str) -> str:
    """The id of the visit whose link was asked for. Raises Problem("not-found") when nobody was given it."""
    return links.opened(link, FOLLOW, key)


def key_of(told: Asked, sent_as: str) -> str:
    """What makes the same asked again one visit: the same key for the same person. Whoever guesses a key alone is not
    led to somebody else's visit."""
    person = told.person
    return id_of("ask", sent_as, person.name, person.phone, person.community, person.address)


def day_of(text: str) -> date:
    """The day that was chosen. Raises Problem("invalid-form")."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise invalid_form({"day": "invalid" if text else "required"})
    return found


def offers(days: Sequence[tuple[Day, Sequence[Waiting]]], now: datetime) -> list[Offer]:
    """What is offered of the `days` of a community, each with who waits for it, at `now`; the Wednesdays that are
    skipped as well, so that nobody wonders. What is over is left out."""
    found = {day.day: _offer(day, len(waiting), now) for day, waiting in days if not over(day.day, now)}
    for one in wednesdays(at_campus(now)):
        if one not in found and not working_day(one):
            found[one] = Offer(one, "holiday", {})
    return [found[one] for one in sorted(found)]


def suggested(some: Sequence[Offer], *, office: bool = False) -> date | None:
    """The day that is chosen beforehand: the next with a place, else the next that can be waited for."""
    may = [one for one in some if one.open_to(office=office)]
    return next((one.day for one in may if one.left), may[0].day if may else None)


def before(visit: Visit, waiting: Sequence[Waiting]) -> int:
    """How many of those who wait for the day of `visit` are before it."""
    return sum((one.asked_at, one.visit) < (visit.asked_at, visit.id) for one in waiting)


def stands(visit: Visit, waiting: Sequence[Waiting]) -> dict[str, Any]:
    """How it stands, as programs are told; `waiting` are those who wait for its day."""
    return {
        "state": visit.state,
        "day": visit.day.isoformat(),
        "window": visit.window or None,
        "before": before(visit, waiting) if visit.state == "waiting" else None,
    }


def over(day: date, now: datetime) -> bool:
    """Whether every window of `day` is past."""
    return all(now >= window.on(day)[1] for window in service.windows().values())


def _offer(day: Day, waiting: int, now: datetime) -> Offer:
    if day.closed:
        return Offer(day.day, "closed", {}, waiting, day.closed)
    free = {window: day.free(window) for window in service.windows()}
    return Offer(day.day, "open" if day.open_at(now) else "late", free, waiting)


# --- what was typed, between two pages without script ----------------------------------------------------------------
DRAFT = "yinji_visit"
NAMES = (
    "name", "phone", "community", "address", *(f"trouble.{one}" for one in service.troubles()), "words", "asker",
    "relative_name", "relative_phone", "relative_mail", "consent", "mail", "wish", "day", "again", "idempotency_key",
)  # fmt: skip


def draft_name() -> str:
    """The cookie in which a browser keeps what was typed until it is sent. It goes nowhere but here, and no script
    reads it."""
    return host_bound(DRAFT)


def draft_of(fields: Mapping[str, str]) -> str:
    """The cookie's value for `fields`; empty when it would be too long to be kept."""
    told = {name: fields[name] for name in NAMES if fields.get(name)}
    text = urlsafe_b64encode(json.dumps(told, ensure_ascii=False).encode()).decode()
    return text if len(text) <= LONGEST_DRAFT else ""


def typed(draft: str) -> dict[str, str]:
    """What the cookie's value holds; nothing when it is none of ours."""
    try:
        told: Any = json.loads(urlsafe_b64decode(draft.encode()))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    known = cast(dict[str, Any], told)
    return {name: known[name] for name in NAMES if isinstance(known.get(name), str)}
