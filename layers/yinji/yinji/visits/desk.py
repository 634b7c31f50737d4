"""The desk of the communities' offices and the network centre: the days to come at a glance, who needs somebody, and
what the office does to visits and to days.

What it does to a visit is kept under the version of it that was seen, and once however often it is sent. What it does
to a day says how the day is to be, so that the same sent again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, cast, get_args

from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.platform.text import plain
from yinji.visits import acts, service
from yinji.visits.days import Day, Key, Places, Plan, adrift, at_campus, next_open, planned, usual
from yinji.visits.store import PAST, Visits
from yinji.visits.visit import WISHES, Visit, Wish

Deed = Literal["move", "cancel", "remind"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
"""What the office does to a visit; `remind`: somebody told them of tomorrow."""
Turn = Literal["close", "open", "places", "usual"]
TURNS: tuple[Turn, ...] = get_args(Turn)
"""What the network centre does to a day; `usual`: its places follow the plans again."""
ATTEMPTS = 8
LONGEST_REASON = 60
MOST_PLACES = 20
"""Visits that one technician may be given in a window."""
DAYS_AHEAD = timedelta(days=120)
"""How far ahead a day may be added."""
NEXT = timedelta(days=1)
BY_MAIL = timedelta(hours=1)
"""So long after the sheets of a day are made, whoever has no mail yet is called, with an address or without."""


# --- what there is to see ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Cell:
    """A community's day in the table: `over` are visits above the places there are."""

    day: Day
    free: int
    booked: int
    waiting: int
    over: int


@dataclass(frozen=True)
class Glance:
    """The days to come of every community, and what needs somebody: the visits `without` a day that the service found
    no other for; those of days that are over of which nobody wrote `down` what became; and whom `to_call` of
    tomorrow."""

    days: Sequence[date]
    cells: Mapping[Key, Cell]
    without: Sequence[Visit]
    down: Sequence[Visit]
    to_call: Sequence[Visit]


def glance(visits: Visits, now: datetime) -> Glance:
    """What the desk shows at `now`."""
    today, cells = at_campus(now), dict[Key, Cell]()
    without, over, tomorrow = list[str](), list[str](), list[str]()
    for community in service.communities():
        coming = visits.coming(community, today - PAST)
        for day, waiting in coming:
            if next_open([one for one, _ in coming], day.day, now) is None:
                without += adrift(day, waiting, now)
            if day.day < today and not day.closed:
                over += day.held
            if day.day == today + NEXT and not day.closed:
                tomorrow += day.held
            if day.day >= today:
                cells[day.key] = Cell(day, day.free(), len(day.held), len(waiting), len(day.overbooked()))
    found = visits.find_many([*without, *over, *tomorrow])
    return Glance(
        sorted({day for _, day in cells}),
        cells,
        _of(found, without),
        [one for one in _of(found, over) if one.state == "booked"],
        to_call(_of(found, tomorrow), now),
    )


def _of(found: Mapping[str, Visit], ids: Iterable[str]) -> list[Visit]:
    """Those of `ids` that there are: by day, community, window and address."""
    return sorted((found[id] for id in ids if id in found), key=order)


def order(one: Visit) -> tuple[date, str, int, str, str, str]:
    windows = list(service.windows())
    place = windows.index(one.window) if one.window in windows else len(windows)
    return one.day, one.person.community, place, one.technician, one.person.address, one.id


def to_call(visits: Iterable[Visit], now: datetime) -> list[Visit]:
    """Those of `visits` that somebody has to call, from the day before on: nobody told them yet, and no mail will."""
    return [
        one
        for one in visits
        if one.state == "booked"
        and at_campus(now) <= one.day <= at_campus(now) + NEXT
        and not one.reminded
        and (not one.mails or now >= service.closes(one.day) + BY_MAIL)
    ]


@dataclass(frozen=True)
class Whole:
    """A day with its visits: `booked` by technician and window, `waiting` in their order, `others` that are over."""

    day: Day
    booked: Mapping[tuple[str, str], Sequence[Visit]]
    waiting: Sequence[Visit]
    others: Sequence[Visit]
    to_call: Sequence[Visit]


def whole(visits: Visits, key: Key, now: datetime) -> Whole:
    """All of a day. Raises Problem("not-found") when there is none."""
    day, waiting = visits.day(key)
    if day is None:
        raise Problem("not-found")
    turns = [one.visit for one in waiting]
    late = {one.id for one in visits.of_day(day.day, day.community)} - {*day.held, *turns}
    # the index is as of a moment ago: what the day itself names is read as of now
    found = visits.find_many([*day.held, *turns, *late])
    here = {id: one for id, one in found.items() if (one.person.community, one.day) == key}
    booked: dict[tuple[str, str], list[Visit]] = {(one.technician, one.window): [] for one in day.places}
    held = sorted((here[id] for id in day.held if id in here), key=order)
    for one in held:
        booked.setdefault((one.technician, one.window), []).append(one)
    others = sorted((here[id] for id in late if id in here), key=order)
    return Whole(day, booked, [here[id] for id in turns if id in here], others, to_call(held, now))


# --- what is done to a visit ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Wished:
    """What somebody wishes to do to a visit, of which they saw the version `seen`."""

    deed: Deed
    key: str
    seen: int
    day: date | None = None
    wish: Wish = "either"
    wait: bool = False


def wished(deed: Deed, fields: Mapping[str, str], key: str) -> Wished:
    """What a form wishes: `version`; to move also `day`, `wish` and `wait`. Raises Problem("invalid-form")."""
    wrong: dict[str, str] = {}
    day, wish = None, fields.get("wish", "either")
    seen = fields.get("version", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 9):
        wrong["version"] = "invalid" if seen else "required"
    if deed == "move":
        day = _day(fields.get("day", ""), wrong)
        if wish not in WISHES:
            wrong["wish"] = "invalid"
    if wrong:
        raise invalid_form(wrong)
    return Wished(deed, key, int(seen), day, cast(Wish, wish), bool(fields.get("wait")))


def perform(visits: Visits, id: str, wish: Wished, who: str, at: datetime) -> tuple[Visit, bool]:
    """The visit after what `who`, of the office, wishes, and whether it is done now rather than it was before.

    Raises Problem("not-found"), Problem("visit-over"), Problem("visit-moved-on"), Problem("day-full"),
    Problem("day-not-open"), Problem("too-busy").
    """
    key = id_of(who, wish.deed, wish.key)
    for _ in range(ATTEMPTS):
        before = visits.find(id)
        if before is None:
            raise Problem("not-found")
        if before.version != wish.seen and any(event.key == key for event in visits.history(id)):
            return before, False
        if wish.deed == "remind" and before.state == "booked" and before.reminded:
            return before, False
        # somebody who calls has told them of the day that they saw
        if before.version != wish.seen:
            raise Problem("visit-moved-on")
        if _done(visits, before, wish, key, who, at):
            after = visits.find(id)
            if after is not None:
                return after, True
    raise Problem("too-busy")


def _done(visits: Visits, before: Visit, wish: Wished, key: str, who: str, at: datetime) -> bool:
    if wish.deed == "cancel":
        return visits.cancel(before, *acts.cancel(before, key, who, at))
    if wish.deed == "remind":
        return visits.change(*acts.remind(before, who, key, who, at))
    if wish.day is None or wish.day < at_campus(at):
        raise Problem("day-not-open")
    return visits.move(before, *acts.move(before, wish.day, wish.wish, key, who, at), wait=wish.wait)


# --- what is done to a day -----------------------------------------------------------------------------------------
def turned(visits: Visits, key: Key, turn: Turn, fields: Mapping[str, str], at: datetime) -> Day:
    """A day after a form of the network centre: `reason` to close it, `place.<technician>.<window>` for its places.
    Everybody on one that is closed is carried over at once; places that there are more of are given out.

    Raises Problem("not-found"), Problem("invalid-form"), Problem("day-not-open") for one that is over.
    """
    community, day = key
    if day < at_campus(at):
        raise Problem("day-not-open")
    change = _change(visits, key, turn, fields)
    after = _kept(visits, key, change)
    if after.closed:
        visits.carry_over(at, community)
    else:
        visits.settle(key)
    return after


def _change(visits: Visits, key: Key, turn: Turn, fields: Mapping[str, str]) -> Callable[[Day], Day]:
    match turn:
        case "close":
            reason = " ".join(plain(fields.get("reason", "")).split())
            if not reason or len(reason) > LONGEST_REASON:
                raise invalid_form({"reason": "invalid" if reason else "required"})
            return lambda day: replace(day, closed=reason)
        case "open":
            return lambda day: replace(day, closed="")
        case "usual":
            plans = visits.plans()
            return lambda day: replace(day, by_hand=False, places=planned(plans, day.community))
        case "places":
            known = {plan.technician for plan in visits.plans()}
            return lambda day: replace(
                day, by_hand=True, places=placed(fields, known | {one.technician for one in day.places})
            )


def _kept(visits: Visits, key: Key, change: Callable[[Day], Day]) -> Day:
    for _ in range(ATTEMPTS):
        before, _ = visits.day(key)
        if before is None:
            raise Problem("not-found")
        after = change(before)
        if after == before:
            return before
        if visits.put_day(after):
            return replace(after, version=after.version + 1)
    raise Problem("too-busy")


def added(visits: Visits, fields: Mapping[str, str], at: datetime) -> Day:
    """A day that the network centre adds, of `community` and `day`, with the places of a usual day; one that there is
    stays as it is. Raises Problem("invalid-form")."""
    wrong: dict[str, str] = {}
    community, today = fields.get("community", ""), at_campus(at)
    if community not in service.communities():
        wrong["community"] = "invalid" if community else "required"
    day = _day(fields.get("day", ""), wrong)
    if day and not today < day <= today + DAYS_AHEAD:
        wrong["day"] = "invalid"
    if wrong or day is None:
        raise invalid_form(wrong)
    for _ in range(ATTEMPTS):
        found, _ = visits.day((community, day))
        if found is not None:
            return found
        origin = "usual" if day in usual(today) else "extra"
        new = Day(community, day, planned(visits.plans(), community), origin=origin)
        if visits.put_day(new):
            return replace(new, version=1)
    raise Problem("too-busy")


def placed(fields: Mapping[str, str], technicians: Iterable[str]) -> tuple[Places, ...]:
    """The places that a form tells as `place.<technician>.<window>`; what it does not tell, or of nobody, is none.
    Raises Problem("invalid-form")."""
    wrong: dict[str, str] = {}
    found = [
        Places(staff, window, most)
        for staff in sorted(technicians)
        for window in service.windows()
        if (most := _number(fields, f"place.{staff}.{window}", wrong))
    ]
    if wrong:
        raise invalid_form(wrong)
    return tuple(found)


# --- where technicians usually go ------------------------------------------------------------------------------------
def plan_of(before: Plan, called: str, fields: Mapping[str, str]) -> Plan:
    """`before` as a form wants it: `place.<community>.<window>`, how many visits. Raises Problem("invalid-form")."""
    wrong: dict[str, str] = {}
    places = {
        (community, window): most
        for community in service.communities()
        for window in service.windows()
        if (most := _number(fields, f"place.{community}.{window}", wrong))
    }
    if wrong:
        raise invalid_form(wrong)
    return replace(before, called=called, places=places)


def keep_plan(visits: Visits, staff: str, called: str, fields: Mapping[str, str], at: datetime) -> Plan:
    """Keep where `staff`, who is `called` so, usually goes; the days follow at once."""
    for _ in range(ATTEMPTS):
        before = next((one for one in visits.plans() if one.technician == staff), Plan(staff, called))
        after = plan_of(before, called, fields)
        if after == before and before.version:
            break
        after = replace(after, version=before.version + 1)
        if visits.put_plan(after):
            break
    else:
        raise Problem("too-busy")
    visits.make_days(at_campus(at))
    return after


def _number(fields: Mapping[str, str], name: str, wrong: dict[str, str]) -> int:
    told = fields.get(name, "").strip() or "0"
    if not (told.isascii() and told.isdigit() and len(told) < 4 and int(told) <= MOST_PLACES):
        wrong[name] = "invalid"
        return 0
    return int(told)


def _day(told: str, wrong: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        wrong["day"] = "invalid" if told else "required"
        return None


def called(plans: Sequence[Plan]) -> Mapping[str, str]:
    """What technicians are called, by their numbers."""
    return {one.technician: one.called for one in plans}
