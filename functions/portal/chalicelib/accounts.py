"""Pages about oneself: who one is here, where one is signed in, what one lends; and, for administrators, who is who."""

from __future__ import annotations

from typing import Any

from yinji.archive.store import Archive
from yinji.clearance import university
from yinji.clearance.store import Store
from yinji.identity.access_log import AccessLog
from yinji.identity.looks import by_day, by_office
from yinji.identity.people import LONGEST_DELEGATION, PLACES, Person, key_of, lends
from yinji.identity.register import COLUMNS, STAFF
from yinji.identity.store import People

from .visit import Visit

SIGN_INS_SHOWN = 10
CHANGES_SHOWN = 20
MOST_LOOKS = 400
"""How much of the access log a page shows; the JSON has all of it."""


def mine(visit: Visit, people: People, store: Store, archive: Archive) -> dict[str, Any]:
    """Whoever comes: their roles, their latest sign-ins, what they lend and to whom by name."""
    session = visit.someone
    record = people.record(session.sub)
    return {
        "current": key_of(session),
        "roles": people.roles(record.person, visit.today),
        "graduates": session.role == "student"
        or store.get(session.sub) is not None
        or archive.student(session.sub) is not None,
        "sign_ins": record.sign_ins[:SIGN_INS_SHOWN],
        "lent": [(one, people.person(one.to).name) for one in record.lending(visit.today)],
        "lends": lends(session, record.person, visit.today),
        "latest": visit.latest(LONGEST_DELEGATION.days),
        "place": place,
    }


def seen_of_me(visit: Visit, log: AccessLog) -> dict[str, Any]:
    """Who looked at what is kept about whoever comes, by office. Raises Problem("forbidden") for who is no student."""
    session = visit.someone
    # of others nothing is kept: what is written down is who looked at a graduate's data
    visit.demand("act-as-student", student=session.sub)
    visit.demand("see-access-log", student=session.sub)
    return looks(log, session.sub, own=True) | {"home": "/account"}


def looks(log: AccessLog, student: str, *, own: bool) -> dict[str, Any]:
    """The latest of who looked at what is kept of `student`: by office to themselves (`own`), to others by person."""
    entries = log.of(student, MOST_LOOKS)
    return {
        "days": by_day(by_office(entries) if own else entries),
        "student": student,
        "name": "",
        "place": place,
        "more": len(entries) >= MOST_LOOKS,
    }


def place(visit: Visit, school: str, department: str) -> str:
    """The office a role is bound to, in words; empty for a role that is bound to none."""
    known = university.schools().get(school) if school else university.departments().get(department)
    return visit.words.say(known) if known else school or department


def colleagues(visit: Visit, people: People) -> dict[str, Any]:
    """The register: one person asked for by staff id (`staff` of the query), and forms to change it.

    Raises Problem("forbidden").
    """
    visit.demand("see-people")
    asked = visit.query.get("staff", "").strip().upper()
    staff = asked if STAFF.fullmatch(asked) else ""
    record = people.record(staff) if staff else None
    return {
        "asked": asked,
        "staff": staff,
        "person": record.person if record else Person(""),
        "changes": record.changes[:CHANGES_SHOWN] if record else (),
        "manages": visit.may("manage-people"),
        "kinds": PLACES,
        "columns": ",".join(COLUMNS),
        "rejected": [line.partition(":")[::2] for line in visit.query.get("rejected", "").split(",") if line],
        "refused": int(told) if (told := visit.query.get("refused", "")).isdecimal() else 0,
        "place": place,
    }
