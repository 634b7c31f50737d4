"""Pages of the communities' offices and the network centre: the days to come, a day with its visits, where technicians
usually go, and what a year was like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from markupsafe import Markup
from yinji.platform.problem import Problem
from yinji.repair import access
from yinji.visits import acts, desk, service
from yinji.visits.days import Plan, planned
from yinji.visits.figures import YEAR, of_year
from yinji.visits.store import Visits
from yinji.visits.visit import FACES, OPEN, WISHES, Event, State
from yinji.visits.visit import Visit as HomeVisit

from .visit import Visit
from .words import Words, catalogue

SHAPES: Mapping[State, str] = {
    "waiting": "waiting",
    "booked": "submitted",
    "done": "done",
    "not-met": "blocked",
    "cancelled": "waived",
}
"""The shape and colour in which a state is said, beside its word."""
FIRST_YEAR = 2026
"""Before that nobody was visited by this service."""


def sees(visit: Visit) -> None:
    """Raise Problem("signed-out") or Problem("forbidden") unless whoever comes may see visits."""
    access.demand(visit.someone, "see-visits")


def glance(visit: Visit, visits: Visits) -> dict[str, Any]:
    """The days to come of every community, and what needs somebody."""
    sees(visit)
    found = desk.glance(visits, visit.now)
    return _common(visit, visits.plans()) | {
        "found": found,
        "communities": service.communities(),
        "shape": shape,
        "last": visit.today + desk.DAYS_AHEAD,
    }


def shape(cell: desk.Cell) -> str:
    """How a day is shown in the table."""
    if cell.day.closed:
        return "waived"
    if cell.over:
        return "blocked"
    if cell.free:
        return "done"
    return "waiting" if cell.booked or cell.waiting else "waived"


def day(visit: Visit, visits: Visits, community: str, on: str) -> dict[str, Any]:
    """A day of a community; the visit that the query names with its history and what can be done to it."""
    sees(visit)
    try:
        key = (community, date.fromisoformat(on))
    except ValueError:
        raise Problem("not-found") from None
    if community not in service.communities():
        raise Problem("not-found")
    found = desk.whole(visits, key, visit.now)
    every = [*(one for some in found.booked.values() for one in some), *found.waiting, *found.others]
    chosen = next((one for one in every if one.id == visit.query.get("visit")), None)
    plans = visits.plans()
    usual = {one.technician for one in plans} | {one.technician for one in found.day.places}
    coming = visits.coming(community, visit.today) if chosen and chosen.state in OPEN else []
    return _common(visit, plans) | {
        "found": found,
        "community": service.communities()[community],
        "chosen": chosen,
        "history": visits.history(chosen.id) if chosen else [],
        "days": [(other, other.free()) for other, _ in coming if not other.closed],
        "technicians": sorted(usual),
        "most": {(one.technician, one.window): one.most for one in found.day.places},
        "follows": tuple(found.day.places) == planned(plans, community),
        "over": found.day.day < visit.today,
        "over_booked": len(found.day.overbooked()),
    }


def plans(visit: Visit, visits: Visits) -> dict[str, Any]:
    """Where technicians usually go; whoever may changes it."""
    sees(visit)
    found = visits.plans()
    return _common(visit, found) | {
        "plans": found,
        "communities": service.communities(),
        "sums": {
            (community, window): sum(one.places.get((community, window), 0) for one in found)
            for community in service.communities()
            for window in service.windows()
        },
    }


def year(visit: Visit, visits: Visits) -> dict[str, Any]:
    """What the year was like that the query names, this one unless told. Raises Problem("not-found") for years that are
    still to come."""
    access.demand(visit.someone, "see-visit-figures")
    told = visit.query.get("year", "") or str(visit.today.year)
    if not YEAR.fullmatch(told) or not FIRST_YEAR <= int(told) <= visit.today.year:
        raise Problem("not-found")
    found = of_year(told, visits.of_month)
    return {
        "found": found,
        "communities": service.communities(),
        "troubles": service.troubles(),
        "faces": FACES,
        "before": int(told) - 1 if int(told) > FIRST_YEAR else 0,
        "after": int(told) + 1 if int(told) < visit.today.year else 0,
        "desk": access.can(visit.session, "see-visits"),
        "percent": percent,
        "most": max((one.asked for one in found.months.values()), default=0),
    }


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


# --- how it is said ------------------------------------------------------------------------------------------------
def _common(visit: Visit, plans: Sequence[Plan]) -> dict[str, Any]:
    names = desk.called(plans)
    words = visit.words
    return {
        "arranges": access.can(visit.session, "arrange-visits"),
        "manages": access.can(visit.session, "manage-visit-days"),
        "figures": access.can(visit.session, "see-visit-figures"),
        "windows": service.windows(),
        "troubles": service.troubles(),
        "wishes": WISHES,
        "shapes": SHAPES,
        "open_states": OPEN,
        "longest_reason": desk.LONGEST_REASON,
        "most_places": desk.MOST_PLACES,
        "name_of": partial(name_of, names),
        "place": partial(place, words),
        "what": partial(what, words),
        "who": partial(who, words, names),
        "dial": dial,
        "page_of": page_of,
        "matter": partial(matter, words),
    }


def name_of(names: Mapping[str, str], staff: str) -> str:
    """What a technician is called; of one who is planned no more, the number."""
    return names.get(staff, staff)


def place(words: Words, community: str) -> str:
    return words.say(service.communities()[community].title)


def dial(phone: str) -> str:
    """`phone` as a link dials it."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


def page_of(one: HomeVisit) -> str:
    """The page of the day of a visit, with the visit open."""
    return f"/visits/desk/{one.person.community}/{one.day}?visit={one.id}#visit-{one.id}"


def matter(words: Words, one: HomeVisit) -> str:
    """What is the matter: the troubles that were chosen, then their own words."""
    titles = [words.say(service.troubles()[id]) for id in one.troubles if id in service.troubles()]
    return str(words("list.comma")).join([*titles, *([one.words] if one.words else [])])


def what(words: Words, event: Event) -> Markup:
    """What happened, as a sentence; what this page has no word for is that it changed."""
    key = f"visits-desk.event-{event.what}"
    if key not in catalogue(words.language):
        return words("visits-desk.event-changed")
    when = event.told.get("day", "")
    return words(key, day=words.day(date.fromisoformat(when)) if when else "")


def who(words: Words, names: Mapping[str, str], event: Event) -> Markup | str:
    """By whom: the service itself, whoever asked, or somebody of the staff."""
    if event.who in (acts.ASKER, acts.SERVICE):
        return words(f"visits-desk.by-{event.who}")
    return name_of(names, event.who)
