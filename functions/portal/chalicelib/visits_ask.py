"""Pages for whoever asks that a technician comes, and follows what they asked for. Nobody signs in, but the community's
office, which asks for who calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup
from yinji.identity.session import cookie, signing_keys
from yinji.platform.counter import hit, hit_from
from yinji.platform.limits import VISIT_DAYS, VISIT_LINK
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.repair.report import new_nonce
from yinji.visits import asking, service
from yinji.visits import visit as fields
from yinji.visits.days import at_campus
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits
from yinji.visits.visit import OPEN
from yinji.visits.visit import Visit as HomeVisit

from .visit import Visit
from .words import Words

ASK, DESK = "/visits", "/visits/desk/ask"
Drawn = tuple[str, dict[str, Any]]
"""A template, and what it shows."""


def ask(visit: Visit, store: Visits) -> Drawn:
    """The form, the second step of it, or the days of a community as a piece of it."""
    return _form(visit, store, office=False)


def desk(visit: Visit, store: Visits) -> Drawn:
    """The same for the community's office, for somebody who calls. Raises Problem("signed-out"),
    Problem("forbidden")."""
    access.demand(visit.someone, "arrange-visits")
    return _form(visit, store, office=True)


def follow(visit: Visit, link: str, store: Visits) -> Drawn:
    """What is arranged, by the link that was given for it; and the pages on which it is cancelled, moved, and asked for
    once more. Raises Problem("not-found"), Problem("too-often")."""
    id = asking.followed(link, visits_key())
    hit(VISIT_LINK, id)
    found = store.find(id)
    if found is None:
        raise Problem("not-found")
    community = service.communities()[found.person.community]
    may = found.state in OPEN and visit.now < service.closes(found.day)
    shown: dict[str, Any] = {
        "link": link,
        "one": found,
        "on": on(visit.words, found.day),
        "community": community,
        "may_change": may,
        "windows": service.windows(),
        "troubles": service.troubles(),
    }
    if visit.query.get("again") and found.state not in OPEN:
        filled = _again(found, link)
        more = _days(visit, store, found.person.community, office=False, filled=filled)
        return "visits-ask.html", _shown(visit, filled, office=False) | more
    if visit.query.get("cancel") and may:
        return "visits-cancel.html", shown
    if visit.query.get("move") and may:
        filled = {"day": found.day.isoformat(), "wish": found.wish}
        return "visits-move.html", shown | _days(visit, store, found.person.community, office=False, filled=filled)
    _, waiting = store.day((found.person.community, found.day))
    plans = store.plans() if found.state == "booked" else []
    called = next((plan.called for plan in plans if plan.technician == found.technician), "")
    return "visits-follow.html", shown | {
        "before": asking.before(found, waiting),
        "called": called,
        "faces": fields.FACES,
        "may_rate": found.state == "done" and found.record is not None and not found.record.face,
        "had_place": any(event.what == "book" for event in store.history(id)),
    }


def on(words: Words, day: date) -> Markup:
    """A day as it is said: Wednesday, 2 December 2026."""
    return words("visits.on", weekday=words(f"visits.weekday.{day.weekday()}"), day=words.day(day))


def _form(visit: Visit, store: Visits, *, office: bool) -> Drawn:
    if community := visit.query.get("days"):
        if community not in service.communities():
            raise Problem("not-found")
        return "visits-days.html", _days(visit, store, community, office=office, filled={})
    # what was typed is shown to whoever was led back here, and not to whoever opens the page next at that computer
    led = any(visit.query.get(name) for name in ("step", "problem", "edit"))
    filled = asking.typed(cookie(visit.cookies, asking.draft_name())) if led else {}
    shown, known = _shown(visit, filled, office=office), filled.get("community") in service.communities()
    if known:
        shown |= _days(visit, store, filled["community"], office=office, filled=filled)
    if visit.query.get("step") != "day":
        return "visits-ask.html", shown
    return ("visits-day.html", shown) if known else ("visits-ask.html", shown | {"lost": True})


def _shown(visit: Visit, filled: Mapping[str, str], *, office: bool) -> dict[str, Any]:
    return {
        "office": office,
        "action": "/api/visits/desk/ask" if office else "/api/visits",
        "page": DESK if office else ASK,
        "filled": filled,
        "lost": False,
        "ticket": "" if office else asking.ticket_for(new_nonce(), signing_keys()),
        "wrong": visit.notice.fields if visit.notice else frozenset(),
        "communities": service.communities(),
        "troubles": service.troubles(),
        "askers": ("person", "relative"),
        "offers": [],
        "longest": fields,
    }


def _days(visit: Visit, store: Visits, community: str, *, office: bool, filled: Mapping[str, str]) -> dict[str, Any]:
    """The days of `community`, each with how it is said; chosen is the one `filled` in where it may be, or the next."""
    hit_from(VISIT_DAYS, visit.address)
    some = asking.offers(store.coming(community, at_campus(visit.now)), visit.now)
    mine = next(
        (one.day for one in some if one.day.isoformat() == filled.get("day") and one.open_to(office=office)), None
    )
    return {
        "office": office,
        "offers": [(one, on(visit.words, one.day)) for one in some],
        "chosen": mine or asking.suggested(some, office=office),
        "wish": filled.get("wish") or "either",
        "windows": service.windows(),
        "wishes": fields.WISHES,
        "phone": service.communities()[community].office,
    }


def _again(found: HomeVisit, link: str) -> dict[str, str]:
    """What a form is filled in with when it came back: nothing of it stands in an address but the link."""
    person, relative = found.person, found.relative
    told = {
        "name": person.name,
        "phone": person.phone,
        "community": person.community,
        "address": person.address,
        "words": found.words,
        "mail": found.mail,
        "asker": found.asker if found.asker in ("person", "relative") else "person",
        "again": link,
        **{f"trouble.{one}": "yes" for one in found.troubles},
    }
    if relative:
        told |= {"relative_name": relative.name, "relative_phone": relative.phone, "relative_mail": relative.mail}
    return told
