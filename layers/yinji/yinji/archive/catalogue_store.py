"""Where the catalogue lives, in the table `Archive`: activities, who signed up and who came, books and teachers.

Items (pk, sk): ACTIVITY#<id> ACTIVITY, EVENT#<version>, HELD#<student>, WAITING#<at>#<student>, CAME#<student>;
TERM#<term> <begins>#<id> and PLACE#<place>#<day> <begins>#<id>, by which activities are found; STUDENT#<student>
SIGNUP#<activity>, ASKED#<activity>#<key>; TICKET#<number> TICKET; BOOK#<isbn> BOOK; TEACHER#<staff> TEACHER.

A sign-up is one transaction: the student's own item on the condition that there is none, the organiser's, and the count
of places on the condition that one is left. So no place is given twice, and nobody has two. A place that is given back
goes in the same transaction to whoever has waited longest. The key of each request is put in its transaction too, also
when there was nothing to do: sent again, however late, it does nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk
from yinji.archive.catalogue import (
    EARLY,
    FACTS,
    KEPT,
    MOST_MINUTES,
    Activity,
    Book,
    SignUp,
    Standing,
    Teacher,
    Told,
    Turn,
    activity_document,
    last_turn,
    stored_activity,
    told_anew,
)
from yinji.archive.items import (
    TABLE,
    ActivityItem,
    AskedItem,
    BookItem,
    GuestItem,
    ListedItem,
    RecordEventItem,
    SignUpItem,
    TeacherItem,
    TicketItem,
)
from yinji.archive.record import RecordEvent
from yinji.archive.store import event_of
from yinji.archive.terms import bounds, term_of
from yinji.clearance.items import CONFLICTS, cancelled_by, connection, kept, one, values
from yinji.clearance.reading import plains
from yinji.clearance.rounds import round_id
from yinji.clearance.store import wait
from yinji.platform.clock import CAMPUS, instant, now, stamp
from yinji.platform.problem import Problem

ATTEMPTS = 25
THREADS = 8
HELD, WAITING, CAME = "HELD#", "WAITING#", "CAME#"
SIGNS_UP, GIVES_BACK = "sign-up", "give-back"
BUSY = ("TransactionInProgressException", "TransactionConflictException")


@dataclass(frozen=True)
class Audience:
    """Who signed up for an activity: who holds a place, by number; who waits, the first one first; who came."""

    held: Sequence[SignUp]
    waiting: Sequence[SignUp]
    came: frozenset[str]


class Catalogue:
    """The catalogue. Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)
        self._connection = connection()

    # --- activities ----------------------------------------------------------------------------------------
    def find(self, id: str) -> Activity | None:
        item = self._item(id)
        return stored_activity(values(item)) if item else None

    def several(self, ids: Sequence[str]) -> list[Activity]:
        """Those of `ids` that there are, in their order."""
        found = self._bulk.get_many([(_pk(id), "ACTIVITY") for id in ids])
        known = {one.id: one for one in (stored_activity(plains(item)) for item in found)}
        return [known[id] for id in ids if id in known]

    def at(self, place: str, moment: datetime) -> Activity | None:
        """The announced activity at `place` to which its audience may check in at `moment`; of several the one that
        begins last, for whoever comes then comes for that one."""
        pk = f"PLACE#{place}#{moment.astimezone(CAMPUS).date()}"
        before = stamp(moment + EARLY + timedelta(milliseconds=1))
        for item in ListedItem.query(pk, ListedItem.sk < before, scan_index_forward=False):
            if moment < instant(item.ends_at):
                found = self.find(item.id)
                # the list may be read between two words about the activity
                if found and found.place == place and found.admits(moment):
                    return found
        return None

    def term(self, term: str) -> list[Activity]:
        """The activities of a term, cancelled ones as well, by when they begin."""
        return self.several([item.id for item in ListedItem.query(f"TERM#{term}")])

    def coming(self, now: datetime, limit: int, *, kind: str = "", dimension: str = "") -> list[Activity]:
        """Up to `limit` activities that are not over, by when they begin; of one `kind` or `dimension` if told."""
        found: list[str] = []
        early, at = stamp(now - timedelta(minutes=MOST_MINUTES)), stamp(now)
        for term in self._terms_from(now):
            for item in ListedItem.query(f"TERM#{term}", ListedItem.sk > early):
                if item.ends_at <= at or kind not in ("", item.kind) or dimension not in ("", item.education):
                    continue
                found.append(item.id)
                if len(found) == limit:
                    return self.several(found)
        return self.several(found)

    def _terms_from(self, now: datetime) -> Iterator[str]:
        """The terms in which something that is not over may have begun, and the one after this."""
        today = now.astimezone(CAMPUS).date()
        next_term = bounds(term_of(today))[1] + timedelta(days=1)
        days: list[date] = [today - timedelta(minutes=MOST_MINUTES), today, next_term]
        yield from dict.fromkeys(term_of(day) for day in days)

    def put(self, activity: Activity, delivery: str = "") -> Told:
        """Take what is told of an activity, by `delivery` where a source delivered it, and what that came to.

        It may be told again at any time: what this delivery wrote before counts as it did then. What is told without
        an instant is of now.
        """
        told = activity if activity.as_of else replace(activity, as_of=stamp(now()))
        for attempt in range(ATTEMPTS):
            item = self._item(told.id)
            known = stored_activity(values(item)) if item else None
            merged, outcome = told_anew(known, told)
            if item and merged is known:
                again = outcome == "unchanged" and delivery and item.delivery == delivery
                return cast(Told, item.outcome) if again else outcome
            event = RecordEvent("corrected", delivery or "catalogue", "system", now()) if known else None
            if self._keep(known, merged, event, delivery, outcome):
                self.fill(told.id, now())
                return outcome
            wait(attempt)
        raise Problem("too-busy")

    def announce(self, activity: Activity, event: RecordEvent) -> Activity:
        """Announce an activity that an office thought of; one that is announced again is as it was then."""
        if self._keep(None, activity, event):
            return activity
        found = self.find(activity.id)
        if found is None:
            raise Problem("too-busy")
        return found

    def change(self, id: str, work: Callable[[Activity], tuple[Activity, RecordEvent]]) -> Activity | None:
        """Change what an office says of an activity by `work`, which may refuse; None when there is none.

        Whoever waits gets the places there are more of. Raises Problem("too-busy").
        """
        for attempt in range(ATTEMPTS):
            known = self.find(id)
            if known is None:
                return None
            changed, event = work(known)
            merged, outcome = told_anew(known, replace(changed, as_of=max(known.as_of, stamp(event.at))))
            if outcome != "corrected":
                return known
            if self._keep(known, merged, event):
                self.fill(id, event.at)
                return self.find(id)
            wait(attempt)
        raise Problem("too-busy")

    def events(self, id: str) -> list[RecordEvent]:
        """What happened to an activity, the first thing first."""
        found = (plains(item) for item in self._bulk.query("pk", _pk(id), beginning="EVENT#"))
        return [event_of(told) for told in found]

    def turn(self, id: str, version: int) -> Turn | None:
        """The change that made `version` of an activity, if those who come are to be told of it now: None where it is
        nothing to them, and where a later one has overtaken it, which is told instead."""
        activity = self.find(id)
        if activity is None:
            return None
        found = map(plains, self._bulk.query("pk", _pk(id), beginning="EVENT#", consistent=True))
        last = last_turn(activity, {version_of(told["sk"]): event_of(told) for told in found})
        return last if last and last.version == version else None

    def _item(self, id: str) -> ActivityItem | None:
        return one(ActivityItem, _pk(id), "ACTIVITY")

    def _keep(
        self, known: Activity | None, told: Activity, event: RecordEvent | None, delivery: str = "", outcome: str = ""
    ) -> bool:
        """Put what is told in place of what was known, unless somebody was quicker; where it is found moves with it."""
        document = activity_document(told)
        if delivery:
            document |= {"delivery": delivery, "outcome": outcome}
        actions = [getattr(ActivityItem, name).set(value) for name, value in document.items()]
        actions += [ActivityItem.taken.add(0), ActivityItem.waiting.add(0)]
        same = ActivityItem.version == known.version if known else ActivityItem.pk.does_not_exist()
        had, has = (_places(known) if known else {}), _places(told)

        def work(transaction: TransactWrite) -> None:
            for pk, sk in had.keys() - has.keys():
                transaction.delete(ListedItem(pk, sk))
            for (pk, sk), listed in has.items():
                if had.get((pk, sk)) != listed:
                    transaction.save(_listed(pk, sk, listed))
            if event:
                transaction.save(_event(told, event, known))
            transaction.update(ActivityItem(_pk(told.id), "ACTIVITY"), actions=actions, condition=same)

        return self._transact(work)

    # --- who comes -----------------------------------------------------------------------------------------
    def sign_up(self, id: str, student: str, at: datetime, key: str) -> SignUp | None:
        """Let `student` come, or wait when every place is taken; who signed up before is as they were then.

        Asked again under its `key`, it is only told how they stand by now: None when they gave back since. Raises
        Problem("not-found"), Problem("activity-cancelled"), Problem("sign-up-closed"), Problem("key-reused"),
        Problem("too-busy").
        """
        for attempt in range(ATTEMPTS):
            if self._asked(id, student, key, SIGNS_UP):
                return self.mine(id, student)
            activity = self._open(id, at)
            asked = _asked_item(id, student, key, SIGNS_UP, at)
            if mine := self.mine(id, student):
                if self._nothing_to_do(asked, SignUpItem.at == stamp(mine.at)):
                    return mine
                wait(attempt)
                continue
            holds = not activity.waiting and activity.free != 0
            place = ActivityItem.capacity == 0
            if holds:
                counted, condition = ActivityItem.taken.add(1), place | (ActivityItem.taken < ActivityItem.capacity)
                condition &= ActivityItem.waiting == 0
            else:
                counted = ActivityItem.waiting.add(1)
                condition = (ActivityItem.waiting > 0) | (ActivityItem.taken >= ActivityItem.capacity)
            mine = SignUp(id, student, "held" if holds else "waiting", at)

            def work(
                transaction: TransactWrite,
                mine: SignUp = mine,
                asked: AskedItem = asked,
                counted: Any = counted,
                condition: Any = condition,
            ) -> None:
                transaction.save(asked, condition=AskedItem.pk.does_not_exist())
                transaction.save(_own(mine), condition=SignUpItem.pk.does_not_exist())
                transaction.save(_guest(mine))
                transaction.update(
                    ActivityItem(_pk(id), "ACTIVITY"), actions=[counted], condition=condition & _still_open(at)
                )

            if self._transact(work):
                # a place may have become free between two looks
                return mine if holds or not self.fill(id, at) else self.mine(id, student) or mine
            wait(attempt)
        raise Problem("too-busy")

    def give_back(self, id: str, student: str, at: datetime, key: str) -> str:
        """Take the sign-up of `student` back; who got their place, if somebody did. Without one nothing happens, and
        nothing when it is asked again under its `key`.

        Raises what `sign_up` does.
        """
        for attempt in range(ATTEMPTS):
            if self._asked(id, student, key, GIVES_BACK):
                return ""
            activity = self._open(id, at)
            asked = _asked_item(id, student, key, GIVES_BACK, at)
            mine = self.mine(id, student)
            if mine is None:
                if self._nothing_to_do(asked, SignUpItem.pk.does_not_exist()):
                    return ""
                wait(attempt)
                continue
            first = self._first_waiting(id) if mine.standing == "held" else None
            if first and activity.capacity and activity.taken > activity.capacity:
                first = None  # there are fewer places than before: this one is gone
            frees = mine.standing == "held" and first is None
            counted = ActivityItem.taken if frees else ActivityItem.waiting
            condition = counted > 0
            if frees:
                condition &= (ActivityItem.waiting == 0) | (ActivityItem.taken > ActivityItem.capacity)
            elif first:
                condition &= (ActivityItem.capacity == 0) | (ActivityItem.taken <= ActivityItem.capacity)

            def work(
                transaction: TransactWrite,
                mine: SignUp = mine,
                asked: AskedItem = asked,
                first: SignUp | None = first,
                counted: Any = counted,
                condition: Any = condition,
            ) -> None:
                transaction.save(asked, condition=AskedItem.pk.does_not_exist())
                transaction.delete(_own(mine), condition=SignUpItem.standing == mine.standing)
                transaction.delete(_guest(mine))
                if first:
                    _promote(transaction, first)
                transaction.update(
                    ActivityItem(_pk(id), "ACTIVITY"), actions=[counted.add(-1)], condition=condition & _still_open(at)
                )

            if self._transact(work):
                return first.student if first else ""
            wait(attempt)
        raise Problem("too-busy")

    def _asked(self, id: str, student: str, key: str, what: str) -> bool:
        """Whether `student` asked for `what` under `key` before. Raises Problem("key-reused") for something else."""
        item = one(AskedItem, *_asked_key(id, student, key))
        if item and item.what != what:
            raise Problem("key-reused")
        return item is not None

    def _nothing_to_do(self, asked: AskedItem, same: Any) -> bool:
        """Keep that something was asked for that is so already; False when it is so no more."""

        def work(transaction: TransactWrite) -> None:
            transaction.save(asked, condition=AskedItem.pk.does_not_exist())
            transaction.condition_check(SignUpItem, asked.pk, f"SIGNUP#{asked.activity}", condition=same)

        return self._transact(work)

    def fill(self, id: str, at: datetime) -> list[str]:
        """Give every place that is left to whoever has waited longest; who got one. Closed ones give none."""
        found: list[str] = []
        attempt = 0
        while attempt < ATTEMPTS:
            activity = self.find(id)
            if activity is None or not activity.open(at) or not activity.waiting or activity.free == 0:
                break
            first = self._first_waiting(id)
            if first is None:
                break

            def work(transaction: TransactWrite, first: SignUp = first) -> None:
                _promote(transaction, first)
                transaction.update(
                    ActivityItem(_pk(id), "ACTIVITY"),
                    actions=[ActivityItem.taken.add(1), ActivityItem.waiting.add(-1)],
                    condition=(ActivityItem.waiting > 0)
                    & ((ActivityItem.capacity == 0) | (ActivityItem.taken < ActivityItem.capacity))
                    & _still_open(at),
                )

            if self._transact(work):
                found.append(first.student)
            else:
                attempt += 1
                wait(attempt)
        return found

    def mine(self, id: str, student: str) -> SignUp | None:
        """What `student` signed up for, if it is activity `id`."""
        item = one(SignUpItem, f"STUDENT#{student}", f"SIGNUP#{id}")
        return _signed(student, values(item)) if item else None

    def signed_up(self, student: str) -> dict[str, SignUp]:
        """What `student` signed up for, by activity."""
        found = self._bulk.query("pk", f"STUDENT#{student}", beginning="SIGNUP#", consistent=True)
        return {one.activity: one for one in (_signed(student, plains(item)) for item in found)}

    def audience(self, id: str) -> Audience:
        """Who signed up for an activity, and who came."""
        found: dict[str, list[SignUp]] = {HELD: [], WAITING: []}
        for beginning, standing in ((HELD, "held"), (WAITING, "waiting")):
            for item in self._bulk.query("pk", _pk(id), beginning=beginning, consistent=True):
                told = plains(item)
                found[beginning].append(SignUp(id, told["of_student"], cast(Standing, standing), instant(told["at"])))
        came = self._bulk.query("pk", _pk(id), ["of_student"], beginning=CAME)
        return Audience(found[HELD], found[WAITING], frozenset(plains(item)["of_student"] for item in came))

    def place_in_line(self, mine: SignUp) -> int:
        """How many have waited at least as long as `mine`, who waits: 1 is next."""
        last = f"{WAITING}{stamp(mine.at)}#{mine.student}"
        return GuestItem.count(_pk(mine.activity), GuestItem.sk.between(WAITING, last), consistent_read=True)

    def came(self, id: str, student: str, at: datetime) -> None:
        """Count `student` among those who came, whichever way that is known; again changes nothing."""
        item = _guest_item(id, f"{CAME}{student}", student, at)
        kept(lambda: item.save(condition=GuestItem.pk.does_not_exist()))

    def how_many_came(self, id: str) -> int:
        """As of a moment ago."""
        return GuestItem.count(_pk(id), GuestItem.sk.startswith(CAME))

    def use(self, ticket: str, student: str, expires: datetime) -> bool:
        """Let `student` use a ticket; False when somebody else did."""
        item = TicketItem(f"TICKET#{ticket}", of_student=student, expires_at=int(expires.timestamp()))
        free = TicketItem.pk.does_not_exist() | (TicketItem.of_student == student)
        return kept(lambda: item.save(condition=free))

    def _open(self, id: str, at: datetime) -> Activity:
        activity = self.find(id)
        if activity is None:
            raise Problem("not-found")
        if not activity.announced:
            raise Problem("activity-cancelled")
        if not activity.open(at):
            raise Problem("sign-up-closed")
        return activity

    def _first_waiting(self, id: str) -> SignUp | None:
        found = GuestItem.query(_pk(id), GuestItem.sk.startswith(WAITING), limit=1, consistent_read=True)
        item = next(iter(found), None)
        return SignUp(id, item.of_student, "waiting", instant(item.at)) if item else None

    def forget(self, student: str) -> None:
        """Delete what is kept of `student` with activities, while what lies with themselves is there to tell which."""
        signed = self.signed_up(student)
        for mine in signed.values():
            _guest(mine).delete()
        told = map(plains, self._bulk.query("pk", f"STUDENT#{student}", ["entity", "via"], beginning="RECORD#"))
        came = {one["entity"] for one in told if one.get("entity") and one["via"] in ("check-in", "device")}
        for id in came | signed.keys():
            GuestItem(_pk(id), f"{CAME}{student}").delete()

    # --- books and teachers --------------------------------------------------------------------------------
    def book(self, isbn: str) -> Book | None:
        item = one(BookItem, f"BOOK#{isbn}", "BOOK", consistent=False)
        return Book(item.isbn, item.title, item.author, item.publisher) if item else None

    def teacher(self, staff: str) -> Teacher | None:
        item = one(TeacherItem, f"TEACHER#{staff}", "TEACHER", consistent=False)
        return Teacher(item.staff, item.name, item.title, item.school) if item else None

    def put_books(self, books: Sequence[Book], delivery: str) -> list[Told]:
        """Take what a delivery tells of `books`, and what each came to; again counts as it did then."""
        return self._put_all([(f"BOOK#{book.isbn}", "BOOK", asdict(book)) for book in books], delivery)

    def put_teachers(self, teachers: Sequence[Teacher], delivery: str) -> list[Told]:
        """The same of `teachers`."""
        return self._put_all([(f"TEACHER#{one.staff}", "TEACHER", asdict(one)) for one in teachers], delivery)

    def put_activities(self, activities: Sequence[Activity], delivery: str) -> list[Told]:
        """The same of `activities`."""

        def one(activity: Activity) -> Told:
            return self.put(activity, delivery)

        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(one, activities))

    def _put_all(self, told: Sequence[tuple[str, str, dict[str, str]]], delivery: str) -> list[Told]:
        found = (plains(item) for item in self._bulk.get_many([(pk, sk) for pk, sk, _ in told]))
        known = {item["pk"]: item for item in found}
        news: list[dict[str, Any]] = []
        outcomes: list[Told] = []
        for pk, sk, facts in told:
            before = known.get(pk)
            if before and all(before[name] == value for name, value in facts.items()):
                again = before.get("delivery") == delivery
                outcomes.append(before["outcome"] if again else "unchanged")
                continue
            outcome: Told = "corrected" if before else "accepted"
            outcomes.append(outcome)
            news.append({"pk": pk, "sk": sk, **facts, "delivery": delivery, "outcome": outcome})
        self._bulk.put(news)
        return outcomes

    # --- writing -------------------------------------------------------------------------------------------
    def _transact(self, work: Callable[[TransactWrite], None]) -> bool:
        """Do `work` in one transaction; False when something was not as it was read, or just being written."""
        try:
            with TransactWrite(connection=self._connection) as transaction:
                work(transaction)
        except TransactWriteError as error:
            codes = cancelled_by(error)
            if CONFLICTS.intersection(codes) or error.cause_response_code in BUSY:
                return False
            raise
        return True


def version_of(sk: str) -> int:
    """The version of an activity that an event with the key `sk` made."""
    return int(sk.removeprefix("EVENT#"))


def _pk(id: str) -> str:
    return f"ACTIVITY#{id}"


def _places(activity: Activity) -> dict[tuple[str, str], dict[str, str]]:
    """Where an activity is found, and what stands there: in its term, and, while it is announced, at its place."""
    sk = f"{stamp(activity.begins_at)}#{activity.id}"
    listed = {
        "id": activity.id,
        "begins_at": stamp(activity.begins_at),
        "ends_at": stamp(activity.ends_at),
        "kind": activity.kind,
        "education": activity.education,
    }
    days = activity.days if activity.place and activity.announced else []
    partitions = [f"TERM#{activity.term}", *(f"PLACE#{activity.place}#{day}" for day in days)]
    return {(pk, sk): listed for pk in partitions}


def _listed(pk: str, sk: str, told: Mapping[str, str]) -> ListedItem:
    more: dict[str, Any] = dict(told)
    return ListedItem(pk, sk, **more)


def _event(told: Activity, event: RecordEvent, known: Activity | None) -> RecordEventItem:
    before = activity_document(known) if known else {}
    after = activity_document(told)
    was = {name: before[name] for name in FACTS if before and before[name] != after[name]}
    more: dict[str, Any] = {"was": was} if was else {}
    return RecordEventItem(
        _pk(told.id), f"EVENT#{told.version:06}", what=event.what, who=event.who, role=event.role,
        at=stamp(event.at), **more,
    )  # fmt: skip


def _still_open(at: datetime) -> Any:
    return (ActivityItem.state == "announced") & (ActivityItem.begins_at > stamp(at))


def _own(mine: SignUp) -> SignUpItem:
    return SignUpItem(
        f"STUDENT#{mine.student}", f"SIGNUP#{mine.activity}", activity=mine.activity, standing=mine.standing,
        at=stamp(mine.at), expires_at=_expires(mine.at),
    )  # fmt: skip


def _asked_key(id: str, student: str, key: str) -> tuple[str, str]:
    return f"STUDENT#{student}", f"ASKED#{id}#{round_id(student, id, key)}"


def _asked_item(id: str, student: str, key: str, what: str, at: datetime) -> AskedItem:
    return AskedItem(*_asked_key(id, student, key), activity=id, what=what, at=stamp(at), expires_at=_expires(at))


def _guest(mine: SignUp) -> GuestItem:
    sk = f"{HELD}{mine.student}" if mine.standing == "held" else f"{WAITING}{stamp(mine.at)}#{mine.student}"
    return _guest_item(mine.activity, sk, mine.student, mine.at)


def _guest_item(id: str, sk: str, student: str, at: datetime) -> GuestItem:
    return GuestItem(_pk(id), sk, of_student=student, at=stamp(at), expires_at=_expires(at))


def _expires(at: datetime) -> int:
    """The second from which on DynamoDB may delete what is of `at`."""
    return int((at + KEPT).timestamp())


def _promote(transaction: TransactWrite, first: SignUp) -> None:
    """Give a place to `first`, who waits: unless they gave up meanwhile."""
    holds = SignUp(first.activity, first.student, "held", first.at)
    transaction.delete(_guest(first), condition=GuestItem.pk.exists())
    transaction.save(_guest(holds))
    transaction.save(_own(holds), condition=SignUpItem.standing == "waiting")


def _signed(student: str, told: Any) -> SignUp:
    return SignUp(told["activity"], student, told["standing"], instant(told["at"]))
