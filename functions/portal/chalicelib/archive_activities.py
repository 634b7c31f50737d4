"""Pages of the catalogue: what is coming, one activity, the screen with its code, and what a scanned code leads to."""

from __future__ import annotations

from typing import Any

from chalice.app import Response
from yinji.archive.catalogue import Activity, announced_kinds
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.check_in import (
    COOKIE,
    TICKET_LIFE,
    WINDOW,
    Code,
    image,
    read,
    read_ticket,
    sign,
    ticket,
    token,
)
from yinji.archive.guests import everybody, guests
from yinji.archive.kinds import dimensions, kinds
from yinji.archive.organisers import demand_to_manage, demand_to_show, manages, shows
from yinji.archive.store import Archive
from yinji.clearance import university
from yinji.clearance.policy import demand
from yinji.identity import seen
from yinji.identity.session import cookie, host_bound, own_cookie, signing_keys
from yinji.platform.clock import CAMPUS
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

from . import page
from .visit import Visit

MOST = 100


def activities(visit: Visit, catalogue: Catalogue) -> dict[str, Any]:
    """What is not over yet, of a kind or a dimension when the query names one; what the visitor signed up for first."""
    session = visit.someone
    demand(session, "see-catalogue")
    kind = _one_of(announced_kinds(), visit.query.get("kind", ""))
    dimension = _one_of(list(dimensions()), visit.query.get("dimension", ""))
    found = catalogue.coming(visit.now, MOST, kind=kind, dimension=dimension)
    own = catalogue.signed_up(session.sub) if session.role == "student" else {}
    # one's own are shown however far down the list they stand, and whatever was filtered
    wanted = [id for id in own if id not in {one.id for one in found}]
    mine = [one for one in [*found, *catalogue.several(wanted)] if one.id in own and one.ends_at > visit.now]
    return {
        "mine": sorted(mine, key=lambda one: (one.begins_at, one.id)),
        "others": [one for one in found if one.id not in own],
        "own": own,
        "kind": kind,
        "dimension": dimension,
        "more": len(found) == MOST,
        **_announcing(visit),
        **_said(),
    }


def activity(visit: Visit, catalogue: Catalogue, archive: Archive, id: str) -> dict[str, Any]:
    """One activity: how the visitor stands, or what its organiser does with it. `list=1` shows who signed up.

    Raises Problem("not-found"), Problem("look-not-noted").
    """
    session = visit.someone
    found = _found(visit, catalogue, id)
    student = session.role == "student"
    mine = catalogue.mine(id, session.sub) if student else None
    told: dict[str, Any] = {
        "activity": found,
        "student": student,
        "mine": mine,
        "ahead": catalogue.place_in_line(mine) - 1 if mine and mine.standing == "waiting" else 0,
        "came": student and _came(archive, session.sub, found),
        "open": found.open(visit.now),
        "over": visit.now >= found.ends_at,
        "manages": manages(session, found.school),
        "shows": shows(session, found.school),
        "begins": found.begins_at.astimezone(CAMPUS).strftime("%Y-%m-%dT%H:%M"),
        "guests": None,
    }
    if visit.query.get("list") == "1":
        demand_to_manage(session, found.school)
        audience = catalogue.audience(id)
        students = everybody(audience.held, audience.waiting, audience.came)
        seen.note(session, "sign-ups", *students)
        told["guests"] = guests(audience.held, audience.waiting, audience.came, archive.students(students))
    return told | _announcing(visit) | _said()


def screen(visit: Visit, catalogue: Catalogue, id: str) -> dict[str, Any]:
    """What stands on the screen of a lecture: the code of this moment while its audience may check in."""
    found = _found(visit, catalogue, id)
    demand_to_show(visit.someone, found.school)
    address = f"{setting('PUBLIC_URL')}/archive/check-in/{token(id, visit.now, signing_keys())}"
    return {
        "activity": found,
        "admits": found.admits(visit.now),
        "over": visit.now >= found.ends_at,
        "image": image(address),
        "came": catalogue.how_many_came(id),
        "window": WINDOW,
    }


def check_in(visit: Visit, catalogue: Catalogue, archive: Archive, text: str) -> Response:
    """The page a scanned code leads to; a browser that opens it in time gets a ticket, so that whoever has to sign in
    first does not come too late (yinji.archive.check_in).

    Raises Problem("check-in-code-wrong"), Problem("check-in-code-old"), Problem("check-in-closed").
    """
    keys = signing_keys()
    code = read(text, keys)
    if code is None:
        raise Problem("check-in-code-wrong")
    given = _ticket(visit, code, keys)
    if visit.session is None:
        if not given and not _holds(visit, code, keys):
            raise Problem("check-in-code-old")
        return page.go(f"/sign-in?next={visit.path}", **given)
    session = visit.session
    visit.demand("act-in-archive", student=session.sub)
    found = catalogue.find(code.activity)
    if found is None:
        raise Problem("check-in-closed")
    came = _came(archive, session.sub, found)
    if not came:
        if not given and not _holds(visit, code, keys):
            raise Problem("check-in-code-old")
        if not found.admits(visit.now):
            raise Problem("check-in-closed")
    answer = page.draw(visit, "archive-check-in.html", activity=found, came=came, token=text, **_said())
    answer.headers.update(given)  # pyright: ignore[reportUnknownMemberType]
    return answer


def _ticket(visit: Visit, code: Code, keys: list[str]) -> dict[str, str]:
    """The header that gives the browser a ticket, when the code is good just now."""
    if not code.good(visit.now):
        return {}
    value = sign(ticket(code.activity, visit.now), keys)
    return {"Set-Cookie": str(own_cookie(host_bound(COOKIE), value, TICKET_LIFE))}


def _holds(visit: Visit, code: Code, keys: list[str]) -> bool:
    """Whether the browser has a ticket for what the code is for."""
    held = read_ticket(cookie(visit.cookies, host_bound(COOKIE)), keys)
    return held is not None and held.good(code.activity, visit.now)


def _came(archive: Archive, student: str, found: Activity) -> bool:
    """Whether `student` is known to have been there, by the code on the screen."""
    return archive.record(student, f"check-in#{found.id}") is not None


def _found(visit: Visit, catalogue: Catalogue, id: str) -> Activity:
    demand(visit.someone, "see-catalogue")
    found = catalogue.find(id)
    if found is None:
        raise Problem("not-found")
    return found


def _announcing(visit: Visit) -> dict[str, Any]:
    """For which schools the visitor may announce something; "" is the university."""
    session = visit.someone
    return {"for_schools": [school for school in ("", *university.schools()) if manages(session, school)]}


def _said() -> dict[str, Any]:
    return {"kinds": {id: kinds()[id] for id in announced_kinds()}, "dimensions": dimensions()}


def _one_of(known: list[str], asked: str) -> str:
    return asked if asked in known else ""
