"""Who looked at what is kept about a student: what a look is, what is kept of it, and how it is told.

What somebody sees of one student in one role on one day of the campus is one entry, which holds the minutes in which
they saw it. So a page that is drawn again with every action does not make a long list, and a look that is told twice,
or late, or after a later one, leaves the same entry.

Whose data it is learns which office looked, and in which role: persons act for offices, and the history of a case
names offices as well. Auditors see persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Literal, cast, get_args

from yinji.clearance.practice import is_practice
from yinji.identity.people import role_key
from yinji.identity.session import ROLES, Role, Session
from yinji.platform.clock import CAMPUS, instant, stamp

What = Literal[
    "case", "history", "document", "thumbnail", "account", "certificate", "appointment", "list", "audit-export",
    "access-log", "archive", "quiet", "sign-ups", "transcript", "edition", "shared",
    "facts", "submission",
]  # fmt: skip
"""The case; what happened to it; a document that was handed in, or its small picture; a sealed account number, whole;
the certificate; a booked time; a list taken as a file; the history taken as a file with its proof; who looked; the
growth archive: portrait and records; a list of students who have gone quiet; who signed up for an activity; the
transcript of the second classroom; an edition of an archive; what of it somebody was shown by a link; a fact about
which they and a system of record differ; a form that they sent, with its answers."""
WHATS: tuple[What, ...] = get_args(What)
Looker = Role | Literal["link"]
"""In which role somebody looks; or that they came by a link of the student's, without an account."""
KEPT = timedelta(days=3 * 365)
TEXTS = ("what", "who", "name", "role", "at", "school", "department", "acts_for", "step")
AT_ONCE = 500
"""How many students one message names: 10 kB, far below what a queue takes, and seconds of work."""


@dataclass(frozen=True)
class Look:
    """`who`, in their role at their place, saw `what` of each of `students`; of documents, of which `step`.

    `acts_for` is the colleague in whose place they were.
    """

    students: Sequence[str]
    what: What
    who: str
    name: str
    role: Looker
    at: datetime
    school: str = ""
    department: str = ""
    acts_for: str = ""
    step: str = ""

    @property
    def key(self) -> str:
        """What tells the entry from others of the same student: the day first, for they are read by time."""
        role = role_key(self.role, self.school or self.department, self.acts_for)
        return "#".join([self.day.isoformat(), self.what, self.step, self.who, role])

    @property
    def day(self) -> date:
        """The day on the campus."""
        return self.at.astimezone(CAMPUS).date()

    @property
    def minute(self) -> str:
        """The minute of that day."""
        return f"{self.at.astimezone(CAMPUS):%H:%M}"

    @property
    def document(self) -> dict[str, Any]:
        """The look as a message; read back by `look_of`."""
        told = asdict(self) | {"students": list(self.students), "at": stamp(self.at)}
        return {name: value for name, value in told.items() if value}

    def parts(self) -> Iterator[Look]:
        """The look in pieces that fit into a message."""
        for start in range(0, len(self.students), AT_ONCE):
            yield replace(self, students=self.students[start : start + AT_ONCE])


def look(session: Session, what: What, students: Iterable[str], at: datetime, step: str = "") -> Look | None:
    """What is to be written down when `session` is shown `what` of `students`; None when nothing is.

    One's own data is nobody else's business, and a practice case is nobody's data.
    """
    others = tuple(student for student in students if student != session.sub and not is_practice(student))
    if not others:
        return None
    return Look(
        others, what, session.sub, session.name, session.role, at,
        session.school, session.department, session.acts_for, step,
    )  # fmt: skip


def look_by_link(share: str, what: What, student: str, at: datetime) -> Look:
    """What is to be written down when whoever has the link `share` is shown `what`. Their student knows who it is."""
    return Look((student,), what, f"link:{share}", "", "link", at)


def look_of(document: Any) -> Look:
    """The look that a message tells of. Raises ValueError, which says nothing of what stood in it."""
    known: Mapping[str, Any] = cast(Mapping[str, Any], document) if isinstance(document, dict) else {}
    texts: dict[str, Any] = {name: known.get(name, "") for name in TEXTS}
    told: Any = known.get("students")
    students: list[Any] = cast(list[Any], told) if isinstance(told, list) else []
    if not students or not all(isinstance(one, str) for one in (*students, *texts.values())):
        raise ValueError("this tells of no look")
    if texts["what"] not in WHATS or texts["role"] not in (*ROLES, "link") or not texts["who"]:
        raise ValueError("this tells of no look")
    try:
        at = instant(texts.pop("at"))
    except ValueError:
        raise ValueError("this tells of no instant") from None
    return Look(tuple(students), at=at, **texts)


@dataclass(frozen=True)
class Entry:
    """What is kept: who saw what on `day`, and the `minutes` of it (HH:MM, in order)."""

    day: date
    what: What
    who: str
    name: str
    role: Looker
    minutes: Sequence[str]
    school: str = ""
    department: str = ""
    acts_for: str = ""
    step: str = ""

    @property
    def times(self) -> int:
        return len(self.minutes)


@dataclass(frozen=True)
class Day:
    """What was seen on one day, the latest first."""

    day: date
    entries: Sequence[Entry] = field(default_factory=tuple[Entry, ...])


def by_office(entries: Iterable[Entry]) -> list[Entry]:
    """`entries` as they are told to whose data it is: without persons; those of one office and role are one."""
    found: dict[tuple[Any, ...], Entry] = {}
    for one in entries:
        plain = replace(one, who="", name="", acts_for="", minutes=())
        same = found.get(key := (plain.day, plain.what, plain.step, plain.role, plain.school, plain.department), plain)
        found[key] = replace(plain, minutes=sorted([*same.minutes, *one.minutes]))
    return list(found.values())


def by_day(entries: Iterable[Entry]) -> list[Day]:
    """`entries` day by day, the latest day first and on it the latest look."""
    ordered = sorted(entries, key=lambda one: (one.day, one.minutes[-1:], one.what, one.who), reverse=True)
    return [Day(day, list(some)) for day, some in groupby(ordered, lambda one: one.day)]


def told(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """`entries` as a program reads them, the latest day first; what is empty is left out."""
    return [
        {name: value for name, value in (asdict(one) | {"day": one.day.isoformat()}).items() if value}
        | {"minutes": list(one.minutes), "times": one.times}
        for day in by_day(entries)
        for one in day.entries
    ]
