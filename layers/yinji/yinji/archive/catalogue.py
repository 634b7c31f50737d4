"""The catalogue: activities and lectures that were announced, who may come, and the books and teachers there are.

Everything here is pure. An activity is known by the number its source gives it, by which records name it as well; what
its organiser says of it are its facts. How many places are taken follows from who signed up, not from its organiser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args

from yinji.archive.isbn import isbn_of
from yinji.archive.kinds import dimensions, kinds
from yinji.archive.record import LONGEST, Certification, Record, RecordEvent
from yinji.archive.sources import moment_of
from yinji.archive.terms import term_of
from yinji.clearance import university
from yinji.platform.clock import CAMPUS, instant, stamp

State = Literal["announced", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
EARLY = timedelta(minutes=30)
"""How long before an activity begins its audience may check in."""
MOST_MINUTES = 14 * 24 * 60
MOST_PLACES = 20_000
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}")
"""The number of an activity: that of a record, but for the slash, which an address would take for its own."""
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_ABOUT = 2_000
WITHOUT_ENTITY = ("sport", "work")
"""Kinds that are announced as well, though their records need not be about an activity."""
KEPT = timedelta(days=400)
"""How long is known who signed up and who came; what they did stands in their records."""
CHECK_IN = "check-in"
"""The source of records of those who checked in."""
FACTS = (
    "kind", "title", "organiser", "school", "place", "begins_at", "minutes", "dimension", "capacity", "about", "state",
)  # fmt: skip
"""What an organiser says of an activity."""


@dataclass(frozen=True)
class Activity:
    """`begins_at` is an aware instant in UTC. `school` is empty where the whole university is the organiser;
    `dimension` where its kind says it; `capacity` 0 is no limit."""

    id: str
    kind: str
    title: str
    begins_at: datetime
    minutes: int
    organiser: str = ""
    school: str = ""
    place: str = ""
    dimension: str = ""
    capacity: int = 0
    about: str = ""
    state: State = "announced"
    version: int = 1
    taken: int = 0
    """Sign-ups that hold a place."""
    waiting: int = 0
    """Sign-ups that wait for one."""
    as_of: str = ""
    """The instant of which its facts are (ISO 8601, UTC); an older word does not replace them."""

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(minutes=self.minutes)

    @property
    def opens_at(self) -> datetime:
        """From when on its audience may check in."""
        return self.begins_at - EARLY

    @property
    def day(self) -> date:
        """The day on the campus on which it begins."""
        return self.begins_at.astimezone(CAMPUS).date()

    @property
    def term(self) -> str:
        return term_of(self.day)

    @property
    def education(self) -> str:
        """The dimension it counts in."""
        return self.dimension or kinds()[self.kind].dimension

    @property
    def announced(self) -> bool:
        return self.state == "announced"

    @property
    def free(self) -> int | None:
        """How many places are left; None where there is no limit."""
        return max(0, self.capacity - self.taken) if self.capacity else None

    def admits(self, moment: datetime) -> bool:
        """Whether its audience may check in at `moment`."""
        return self.announced and self.opens_at <= moment < self.ends_at

    def open(self, now: datetime) -> bool:
        """Whether one may still sign up, or give a place back."""
        return self.announced and now < self.begins_at

    @property
    def days(self) -> list[date]:
        """The days on the campus on which somebody may check in."""
        first = self.opens_at.astimezone(CAMPUS).date()
        last = self.ends_at.astimezone(CAMPUS).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    @property
    def facts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in FACTS)

    @property
    def document(self) -> dict[str, Any]:
        """The activity as programs read it."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        told |= {"begins_at": stamp(self.begins_at), "ends_at": stamp(self.ends_at), "dimension": self.education}
        return {name: value for name, value in told.items() if name != "as_of"}


def announced_kinds() -> list[str]:
    """The kinds of which there can be activities."""
    return [id for id, kind in kinds().items() if kind.entity == "activity" or id in WITHOUT_ENTITY]


def wrong_with(activity: Activity) -> str:
    """The name of the first field of `activity` that cannot be right, or an empty text."""
    if not NUMBER.fullmatch(activity.id):
        return "id"
    if activity.kind not in announced_kinds():
        return "kind"
    if not activity.title:
        return "title"
    for name in ("title", "organiser", "place"):
        text: str = getattr(activity, name)
        if len(text) > LONGEST[name] or not text.isprintable():
            return name
    if len(activity.about) > LONGEST_ABOUT or not activity.about.replace("\n", "").isprintable():
        return "about"
    if activity.school and activity.school not in university.schools():
        return "school"
    if not EARLIEST <= activity.begins_at < LATEST:
        return "begins_at"
    if not 1 <= activity.minutes <= MOST_MINUTES:
        return "minutes"
    if activity.dimension and activity.dimension not in dimensions():
        return "dimension"
    if not 0 <= activity.capacity <= MOST_PLACES:
        return "capacity"
    return "" if activity.state in STATES else "state"


def activity_of(cells: Mapping[str, str]) -> Activity | str:
    """The activity that texts tell of, by the names of its facts and "id"; or the first name that cannot be right.

    `begins_at` is on the campus' clock unless it names another zone. What is missing is empty.
    """
    told: dict[str, Any] = {name: _clean(cells.get(name, "")) for name in ("id", *FACTS)}
    begins_at = moment_of(told.pop("begins_at"))
    if begins_at is None:
        return "begins_at"
    minutes, capacity = whole(told.pop("minutes")), whole(told.pop("capacity") or "0")
    if minutes is None or capacity is None:
        return "minutes" if minutes is None else "capacity"
    told["state"] = told["state"] or "announced"
    activity = Activity(begins_at=begins_at, minutes=minutes, capacity=capacity, **told)
    return wrong_with(activity) or activity


def cells_of(activity: Activity) -> dict[str, str]:
    """What `activity_of` makes `activity` of."""
    return {name: str(value) for name, value in activity_document(activity).items()}


def whole(text: str) -> int | None:
    """The number that `text` is, of at most six digits; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())


Told = Literal["accepted", "corrected", "unchanged", "outdated"]


def told_anew(known: Activity | None, told: Activity) -> tuple[Activity, Told]:
    """What `known` is once it is told of as `told`, and what that came to. Who signed up stays signed up."""
    if known is None:
        return replace(told, version=1, taken=0, waiting=0), "accepted"
    if known.facts == told.facts:
        return known, "unchanged"
    if told.as_of < known.as_of:
        return known, "outdated"
    return replace(told, version=known.version + 1, taken=known.taken, waiting=known.waiting), "corrected"


def activity_document(activity: Activity) -> dict[str, Any]:
    """The facts of `activity` as they are stored; read back by `stored_activity`."""
    told: dict[str, Any] = {name: getattr(activity, name) for name in ("id", *FACTS, "as_of", "version")}
    return told | {"begins_at": stamp(activity.begins_at)}


def stored_activity(document: Mapping[str, Any]) -> Activity:
    told: dict[str, Any] = {one.name: document[one.name] for one in fields(Activity) if one.name in document}
    told |= {name: int(told[name]) for name in ("minutes", "capacity", "version", "taken", "waiting") if name in told}
    told["begins_at"] = instant(told["begins_at"])
    return Activity(**told)


def attended(activity: Activity, student: str, at: datetime) -> Record:
    """The record of `student`, who checked in to `activity` by its code at `at`."""
    begins = activity.begins_at.astimezone(CAMPUS)
    return Record(
        student=student,
        source=CHECK_IN,
        id=activity.id,
        kind=activity.kind,
        title=activity.title,
        day=begins.date(),
        time=f"{begins:%H:%M}",
        minutes=activity.minutes,
        dimension=activity.dimension,
        place=activity.place,
        organiser=activity.organiser,
        entity=activity.id,
        as_of=stamp(at),
        via="check-in",
        certification=Certification(CHECK_IN, at),
    )


@dataclass(frozen=True)
class Turn:
    """A change of an activity that those who come have to know of: what it was `before` it, and is."""

    what: Literal["cancelled", "restored", "moved"]
    version: int
    """The one that the change made."""
    at: datetime
    before: Activity
    activity: Activity


def last_turn(activity: Activity, events: Mapping[int, RecordEvent]) -> Turn | None:
    """The last change of `activity` that those who come have to know of; `events` tell of changes by the version that
    each made. Later ones changed nothing of what matters, so what it is now is what that change made it."""
    after = activity
    for version in sorted((one for one in events if one <= activity.version), reverse=True):
        event = events[version]
        before = stored_activity(activity_document(after) | dict(event.was or {}) | {"version": version - 1})
        if before.state != after.state:
            return Turn("restored" if after.announced else "cancelled", version, event.at, before, activity)
        if after.announced and (before.begins_at, before.place) != (after.begins_at, after.place):
            return Turn("moved", version, event.at, before, activity)
        after = before
    return None


# --- who comes -----------------------------------------------------------------------------------------------

Standing = Literal["held", "waiting"]
"""Whether a sign-up holds a place, or waits for one."""


@dataclass(frozen=True)
class SignUp:
    """`at` is when they signed up, by which who waits is served."""

    activity: str
    student: str
    standing: Standing
    at: datetime


# --- books and teachers --------------------------------------------------------------------------------------

STAFF = re.compile(r"[A-Z0-9]{2,16}")


@dataclass(frozen=True)
class Book:
    isbn: str
    title: str
    author: str = ""
    publisher: str = ""


@dataclass(frozen=True)
class Teacher:
    """`staff` is the staff id, `title` what they are (教授, lecturer ...)."""

    staff: str
    name: str
    title: str = ""
    school: str = ""


def book_of(cells: Mapping[str, str]) -> Book | str:
    """The book of a row, or the name of the first column that cannot be right."""
    told = {name: _clean(cells.get(name, "")) for name in ("isbn", "title", "author", "publisher")}
    told["isbn"] = isbn_of(told["isbn"])
    if not told["isbn"]:
        return "isbn"
    return _too_long(told, "title") or Book(**told)


def teacher_of(cells: Mapping[str, str]) -> Teacher | str:
    """The teacher of a row, or the name of the first column that cannot be right."""
    told = {name: _clean(cells.get(name, "")) for name in ("staff", "name", "title", "school")}
    if not STAFF.fullmatch(told["staff"]):
        return "staff"
    if told["school"] and told["school"] not in university.schools():
        return "school"
    return _too_long(told, "name") or Teacher(**told)


def _too_long(told: Mapping[str, str], needed: str) -> str:
    if not told[needed]:
        return needed
    return next((name for name, text in told.items() if len(text) > LONGEST["title"] or not text.isprintable()), "")
