"""Where visits and the days of the service live: the table `Visits`; items.py lists its items.

A visit and the place it has are changed by one transaction, under the versions of both. Whatever frees a place or
asks for one is complete by itself; `settle` then gives out what is free, and whoever dies before it is made good by
the stream, which settles every day that somebody waits for or that changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import CHANCE, Bulk
from yinji.clearance.items import connection, happens, kept, one, transacted, values
from yinji.clearance.reading import plains
from yinji.platform import clock
from yinji.platform.clock import CAMPUS, instant, stamp
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem
from yinji.visits import acts
from yinji.visits.days import (
    Day,
    Held,
    Key,
    Origin,
    Places,
    Plan,
    Waiting,
    adrift,
    at_campus,
    next_open,
    planned,
    settle,
    usual,
    without,
)
from yinji.visits.items import TABLE, ByMonth, CalendarItem, DayItem, PlanItem, VisitEventItem, VisitItem, WaitingItem
from yinji.visits.service import communities
from yinji.visits.visit import OPEN, Asker, Event, Face, Language, Person, Record, Relative, State, Visit, Wish

KEPT = timedelta(days=1095)
"""How long a visit and its day are kept after its day (the data map's term `visits`), and where a technician usually
goes after that last changed (its term `work`)."""
GIVEN_AT_ONCE = 24
"""Visits that get a place in one transaction: three items each, of the hundred that one may hold."""
TRIES = 12
BREATH = 0.02  # seconds
PAST = timedelta(days=7)
"""For how long it is looked whether somebody still waits for a day that is over."""
PLANS = "PLANS"


class Visits:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk, self._connection = Bulk(TABLE), connection()

    # --- looking ---------------------------------------------------------------------------------------------------
    def find(self, id: str) -> Visit | None:
        """The visit as of now."""
        item = one(VisitItem, pk_of(id), "VISIT")
        return visit_of(values(item)) if item else None

    def find_many(self, ids: Iterable[str]) -> dict[str, Visit]:
        """Those of `ids` that there are, as of now."""
        found = self._bulk.get_many([(pk_of(id), "VISIT") for id in ids])
        return {one.id: one for one in map(visit_of, map(plains, found))}

    def history(self, id: str) -> list[Event]:
        """What happened to it, the oldest first; a place that was given with what asked for it comes after that."""
        found = self._bulk.query("pk", pk_of(id), beginning="EVENT#", consistent=True)
        return sorted((event_of(plains(item)) for item in found), key=lambda one: (one.at, one.what == "book"))

    def of_month(self, month: str, day: date | None = None, community: str = "") -> list[Visit]:
        """The visits of a month such as 2026-12, or of one day of it and there of a community, as of a moment ago;
        those cancelled as well."""
        beginning = f"{day}#{community}" if day else ""
        found = self._bulk.query(
            "month", month, index=ByMonth.Meta.index_name, beginning=beginning, sort="place_in_month"
        )
        return [visit_of(plains(item)) for item in found]

    def of_day(self, day: date, community: str = "") -> list[Visit]:
        """The visits of `day`, of `community` where one is named, as of a moment ago."""
        return self.of_month(f"{day:%Y-%m}", day, community and f"{community}#")

    def day(self, key: Key) -> tuple[Day | None, list[Waiting]]:
        """A day as of now, None when there is none, and who waits for it, the longest first."""
        community, day = key
        found = [plains(item) for item in self._bulk.query("pk", _days(community), beginning=str(day), consistent=True)]
        days = [_day(told) for told in found if "visit" not in told]
        return (days[0] if days else None), [_waiting(told) for told in found if "visit" in told]

    def coming(self, community: str, since: date) -> list[tuple[Day, list[Waiting]]]:
        """The days of `community` from `since` on, those closed as well, as of now, and who waits for each."""
        found = [plains(item) for item in self._bulk.query("pk", _days(community), since=str(since), consistent=True)]
        waiting: dict[date, list[Waiting]] = {}
        for told in found:
            if "visit" in told:
                waiting.setdefault(key_of(told["pk"], told["sk"])[1], []).append(_waiting(told))
        days = [_day(told) for told in found if "visit" not in told]
        return [(day, waiting.get(day.day, [])) for day in days]

    def plans(self) -> list[Plan]:
        """Where every technician usually goes, by their numbers."""
        return [_plan(plains(item)) for item in self._bulk.query("pk", PLANS, consistent=True)]

    # --- visits ----------------------------------------------------------------------------------------------------
    def ask(self, visit: Visit, event: Event) -> Visit:
        """Keep a new visit and let it wait, then give out what is free. The visit as it stands then; the same asked
        again is the one there is. Raises Problem("day-not-open") when its day is not open."""
        key = (visit.person.community, visit.day)
        if not (found := self.find(visit.id)):
            _open(self.day(key)[0], event)

            def work(transaction: TransactWrite) -> None:
                _put(transaction, visit, event)
                transaction.save(_waiting_item(visit), condition=WaitingItem.pk.does_not_exist())

            transacted(self._connection, work)
        elif found.state != "waiting":
            return found
        self.settle(key)
        return self._as_it_stands(visit.id)

    def change(self, after: Visit, event: Event) -> bool:
        """Keep `after`, which follows from the version before it and has the place it had, and that `event` happened;
        False when somebody else was quicker, or the very event was there before. Look at it anew then."""
        return transacted(self._connection, lambda transaction: _put(transaction, after, event))

    def cancel(self, before: Visit, after: Visit, event: Event) -> bool:
        """The same for a visit that gives up its place or its turn, which whoever waits then gets."""
        old, _ = self.day(key := (before.person.community, before.day))

        def work(transaction: TransactWrite) -> None:
            if before.state == "waiting":
                transaction.delete(_waiting_item(before))
            elif old is not None and before.id in old.held:
                _put_day(transaction, without(old, before.id))
            _put(transaction, after, event)

        if not transacted(self._connection, work):
            return False
        self.settle(key)
        return True

    def move(self, before: Visit, after: Visit, event: Event, *, wait: bool) -> bool:
        """The same for a visit that goes to the day of `after`. It gets a place there in the same transaction; where
        none of its wish is free it waits there if it will `wait`, else Problem("day-full"), and it keeps what it has.

        Raises Problem("day-not-open") when that day is closed, or there is none.
        """
        there, here = (after.person.community, after.day), (before.person.community, before.day)
        found, waiting = self.day(there)
        new = _open(found, event)
        old = new if here == there else self.day(here)[0]
        start = without(new, before.id)
        # who waits already is before it, whether or not they have been given their places yet
        queue = [*(one for one in waiting if one.visit != before.id), Waiting(after.asked_at, after.id, after.wish)]
        held = settle(start, queue)[1].get(after.id)
        if held is None and not wait:
            raise Problem("day-full")

        def work(transaction: TransactWrite) -> None:
            if old is not None and here != there and before.id in old.held:
                _put_day(transaction, without(old, before.id))
            if held is not None:
                _put_day(transaction, replace(start, held={**start.held, before.id: held}))
            elif here == there and before.id in new.held:
                _put_day(transaction, start)
            if before.state == "waiting" and (held is not None or _turn(before) != _turn(after)):
                transaction.delete(_waiting_item(before))
            if held is None:
                transaction.save(_waiting_item(after))
                _put(transaction, after, event)
                return
            booked, given = acts.book(after, held, event.at)
            _put(transaction, replace(booked, version=after.version), event)
            _happened(transaction, after.id, given)

        if not transacted(self._connection, work):
            return False
        for key in {here, there}:
            self.settle(key)
        return True

    # --- days ------------------------------------------------------------------------------------------------------
    def settle(self, key: Key) -> int:
        """Give out what is free on a day to who waits for it, as `days.settle` says; how many got a place by this.
        Whoever is overtaken looks anew, and most find that it has been done; after some tries it is left to the
        stream."""
        number = 0
        for attempt in range(TRIES):
            day, waiting = self.day(key)
            if day is None or not (given := settle(day, waiting)[1]):
                return number
            some = dict(list(given.items())[:GIVEN_AT_ONCE])
            if self._give(replace(day, held={**day.held, **some}), some, waiting):
                number += len(some)
            else:
                time.sleep(CHANCE.uniform(0, BREATH * 2 ** min(attempt, 5)))
        return number

    def _give(self, after: Day, given: Mapping[str, Held], waiting: Sequence[Waiting]) -> bool:
        """Write that those of `given` have their places; False when somebody else was quicker."""
        visits, at = self.find_many(given), clock.now()
        if any(id not in visits or visits[id].state != "waiting" for id in given):
            return False
        turns = {one.visit: one for one in waiting}

        def work(transaction: TransactWrite) -> None:
            _put_day(transaction, after)
            for id, held in given.items():
                transaction.delete(_turn_item(after.key, turns[id]), condition=WaitingItem.pk.exists())
                _put(transaction, *acts.book(visits[id], held, at))

        return transacted(self._connection, work)

    def put_day(self, after: Day) -> bool:
        """Keep `after`, which follows from the version it bears; False when somebody else was quicker."""
        return transacted(self._connection, lambda transaction: _put_day(transaction, after))

    def make_days(self, today: date) -> int:
        """Make the days of every community as far ahead as there are days, and let those that nobody set by hand follow
        the plans; how many were made or changed. One that somebody changes meanwhile is left for the next time."""
        plans, number = self.plans(), 0
        for community in communities():
            known = {day.day: day for day, _ in self.coming(community, today)}
            places = planned(plans, community)
            for date_ in usual(today):
                before = known.get(date_) or Day(community, date_)
                if before.by_hand or (before.version and tuple(before.places) == places):
                    continue
                number += self.put_day(replace(before, places=places))
                self.settle((community, date_))
        return number

    def carry_over(self, now: datetime, community: str = "") -> tuple[int, int]:
        """Whoever waits for a day whose sheets are made, and whoever has a place or a turn on one that was closed,
        goes to the next day that is open, and keeps their turn; how many did, and how many found none. Who is
        overtaken is left for the next time. Of `community` alone where one is named."""
        moved = left = 0
        for where in [community] if community else communities():
            days = self.coming(where, at_campus(now) - PAST)
            for day, waiting in days:
                later = next_open([other for other, _ in days], day.day, now)
                found = self.find_many(adrift(day, waiting, now)).values()
                for visit in sorted(found, key=lambda one: (one.asked_at, one.id)):
                    if visit.state not in OPEN or visit.day != day.day:
                        continue
                    if later is None:
                        left += 1
                        continue
                    key = id_of("carry-over", visit.id, str(visit.version))
                    moved += self.move(visit, *acts.move(visit, later, visit.wish, key, acts.SERVICE, now), wait=True)
        return moved, left

    def put_plan(self, after: Plan) -> bool:
        """Keep `after` in the place of the version before it; False when somebody else was quicker."""
        item = PlanItem(
            PLANS,
            f"TECHNICIAN#{after.technician}",
            staff=after.technician,
            called=after.called,
            places=[
                {"community": community, "window": window, "most": most}
                for (community, window), most in sorted(after.places.items())
            ],
            version=after.version,
            expires_at=int((clock.now() + KEPT).timestamp()),
        )
        new = after.version == 1
        before = PlanItem.pk.does_not_exist() if new else PlanItem.version == after.version - 1
        return kept(lambda: item.save(condition=before))

    def drop_plan(self, technician: str) -> None:
        """Forget where somebody usually goes; days that follow the plans have no places of theirs from then on."""
        PlanItem(PLANS, f"TECHNICIAN#{technician}").delete()

    def calendar_turn(self, technician: str) -> int:
        """Which link of their calendar is good, as of now; 0 is the first."""
        item = one(CalendarItem, f"CALENDAR#{technician}", "CALENDAR")
        return int(item.turn) if item else 0

    def renew_calendar(self, technician: str, seen: int) -> int:
        """Let the link after the one that was `seen` be the good one; the same again, or by two devices at once, does
        so once. Which is good then."""
        condition = CalendarItem.turn == seen if seen else CalendarItem.pk.does_not_exist()
        item = CalendarItem(f"CALENDAR#{technician}", turn=seen + 1)
        kept(lambda: item.save(condition=condition))
        return self.calendar_turn(technician)

    def _as_it_stands(self, id: str) -> Visit:
        found = self.find(id)
        if found is None:
            raise Problem("too-busy")
        return found


def _open(day: Day | None, event: Event) -> Day:
    """`day`, when whoever did `event` may ask for it: the office until it is closed, others until its sheets are
    made."""
    if day is None or day.closed or (event.who == acts.ASKER and not day.open_at(event.at)):
        raise Problem("day-not-open")
    return day


def pk_of(id: str) -> str:
    return f"VISIT#{id}"


def visit_id(pk: str) -> str:
    """The id of the visit that an item is of."""
    return pk.removeprefix("VISIT#")


def key_of(pk: str, sk: str) -> Key:
    """The community and the day that an item of a day, or of who waits for it, is of."""
    return pk.removeprefix("DAYS#"), date.fromisoformat(sk.partition("#")[0])


def _days(community: str) -> str:
    return f"DAYS#{community}"


def _expires(day: date) -> int:
    return int((datetime.combine(day, datetime.min.time(), CAMPUS) + KEPT).timestamp())


def _put(transaction: TransactWrite, after: Visit, event: Event) -> None:
    """Let `transaction` put `after` in the place of the version before it, and the event."""
    new = after.version == 1
    condition = VisitItem.pk.does_not_exist() if new else VisitItem.version == after.version - 1
    transaction.save(item_of(after), condition=condition)
    _happened(transaction, after.id, event)


def _happened(transaction: TransactWrite, visit: str, event: Event) -> None:
    happens(transaction, VisitEventItem, pk_of(visit), event, KEPT)


def _put_day(transaction: TransactWrite, after: Day) -> None:
    """Let `transaction` put `after`, which follows from the version it bears, as the next one."""
    item = DayItem(
        _days(after.community),
        str(after.day),
        places=[{"technician": one.technician, "window": one.window, "most": one.most} for one in after.places],
        held={id: {"technician": one.technician, "window": one.window} for id, one in after.held.items()},
        origin=after.origin,
        closed=after.closed or None,
        by_hand=after.by_hand or None,
        version=after.version + 1,
        expires_at=_expires(after.day),
    )
    condition = DayItem.version == after.version if after.version else DayItem.pk.does_not_exist()
    transaction.save(item, condition=condition)


def _turn(visit: Visit) -> tuple[str, date, datetime]:
    return visit.person.community, visit.day, visit.asked_at


def _waiting_item(visit: Visit) -> WaitingItem:
    key = (visit.person.community, visit.day)
    return _turn_item(key, Waiting(visit.asked_at, visit.id, visit.wish))


def _turn_item(key: Key, one: Waiting) -> WaitingItem:
    community, day = key
    return WaitingItem(
        _days(community),
        f"{day}#{stamp(one.asked_at)}#{one.visit}",
        visit=one.visit,
        asked_at=stamp(one.asked_at),
        wish=one.wish,
        expires_at=_expires(day),
    )


def item_of(visit: Visit) -> VisitItem:
    person, relative, record = visit.person, visit.relative, visit.record
    return VisitItem(
        pk_of(visit.id),
        visit=visit.id,
        state=visit.state,
        community=person.community,
        day=str(visit.day),
        wish=visit.wish,
        window=visit.window or None,
        technician=visit.technician or None,
        person={"name": person.name, "phone": person.phone, "address": person.address},
        troubles=list(visit.troubles),
        words=visit.words or None,
        asker=visit.asker,
        asked_at=stamp(visit.asked_at),
        language=visit.language,
        mail=visit.mail or None,
        relative=asdict(relative) if relative else None,
        record={**asdict(record), "troubles": list(record.troubles), "parts": list(record.parts)} if record else None,
        follows=visit.follows or None,
        reminded=visit.reminded or None,
        version=visit.version,
        times={state: stamp(at) for state, at in visit.times.items()},
        month=f"{visit.day:%Y-%m}",
        place_in_month=f"{visit.day}#{person.community}#{visit.id}",
        expires_at=_expires(visit.day),
    )


def visit_of(told: Mapping[str, Any]) -> Visit:
    """The visit of an item's values."""
    person, relative, record = told["person"], told.get("relative"), told.get("record")
    return Visit(
        told["visit"],
        Person(person["name"], person["phone"], told["community"], person["address"]),
        tuple(told["troubles"]),
        told.get("words") or "",
        cast(Asker, told["asker"]),
        date.fromisoformat(told["day"]),
        cast(Wish, told["wish"]),
        instant(told["asked_at"]),
        cast(Language, told["language"]),
        cast(State, told["state"]),
        told.get("window") or "",
        told.get("technician") or "",
        told.get("mail") or "",
        Relative(relative["name"], relative["phone"], relative.get("mail") or "") if relative else None,
        _record(record) if record else None,
        told.get("follows") or "",
        told.get("reminded") or "",
        int(told["version"]),
        {state: instant(at) for state, at in told["times"].items()},
    )


def _record(told: Mapping[str, Any]) -> Record:
    return Record(
        int(told["minutes"]),
        tuple(told["troubles"]),
        bool(told["solved"]),
        told.get("note") or "",
        tuple(told.get("parts") or ()),
        told.get("signature") or "",
        cast("Face | None", told.get("face")),
        told.get("signed") or "",
    )


def event_of(told: Mapping[str, Any]) -> Event:
    """The event of an item's values."""
    return Event(told["key"], told["what"], told["who"], instant(told["at"]), told.get("told") or {})


def _day(told: Mapping[str, Any]) -> Day:
    held: Mapping[str, Mapping[str, str]] = told.get("held") or {}
    return Day(
        *key_of(told["pk"], told["sk"]),
        tuple(Places(one["technician"], one["window"], int(one["most"])) for one in told.get("places") or ()),
        {id: Held(one["technician"], one["window"]) for id, one in held.items()},
        cast(Origin, told["origin"]),
        told.get("closed") or "",
        bool(told.get("by_hand")),
        int(told["version"]),
    )


def _waiting(told: Mapping[str, Any]) -> Waiting:
    return Waiting(instant(told["asked_at"]), told["visit"], cast(Wish, told["wish"]))


def _plan(told: Mapping[str, Any]) -> Plan:
    places = {(one["community"], one["window"]): int(one["most"]) for one in told["places"]}
    return Plan(told["staff"], told["called"], places, int(told["version"]))
