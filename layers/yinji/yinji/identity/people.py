"""People and their roles: what the university's staff register says, what colleagues delegate, who signed out.

Students are in no register of ours: whoever has a case is one. Everybody else has a role because somebody granted it,
for an office or for none, until a day or for good. Deny by default: who has no grant that runs today is nobody here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from yinji.clearance import university
from yinji.identity.session import Role, Session
from yinji.platform.problem import Problem

Place = Literal["school", "department", ""]
PLACES: dict[Role, Place] = {
    "counsellor": "school",
    "school-officer": "school",
    "supervisor": "school",
    "department-officer": "department",
    "technician": "",
    "community-worker": "",
    "administrator": "",
    "auditor": "",
}
"""The roles that are granted, and what each is bound to."""
DELEGATED: frozenset[Role] = frozenset(
    {"counsellor", "school-officer", "supervisor", "department-officer", "technician", "community-worker"}
)
"""Roles that their holder may lend to a colleague: of those that see everything an administrator decides."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_DELEGATION = timedelta(days=90)
MOST_DELEGATIONS = 10


def role_key(role: str, place: str, acts_for: str) -> str:
    """What tells a role at a place from a person's others."""
    return "#".join(filter(None, [role, place, acts_for]))


@dataclass(frozen=True)
class Grant:
    """A role of one person at a place. `ends_on` is the last day on which it runs, of the campus; None: for good.

    `acts_for` is the colleague who delegated it. `given_by` is who granted it: a staff id, or "register".
    """

    role: Role
    school: str = ""
    department: str = ""
    ends_on: date | None = None
    acts_for: str = ""
    given_by: str = "register"
    given_at: datetime = LONG_AGO
    reason: str = ""
    ended_by: str = ""
    """Who ended it before its day."""

    @property
    def key(self) -> str:
        """What tells it from the person's other grants: role#place, or role#place#whose it is."""
        return role_key(self.role, self.place, self.acts_for)

    def runs(self, today: date) -> bool:
        return self.ends_on is None or today <= self.ends_on

    @property
    def place(self) -> str:
        return self.school or self.department

    @property
    def owners(self) -> str:
        """Of a borrowed role: the key that its owner has it by."""
        return replace(self, acts_for="").key


@dataclass(frozen=True)
class Person:
    """Somebody as the register has them. `ended` are the sign-ins that were ended by themselves."""

    sub: str
    name: str = ""
    grants: Sequence[Grant] = ()
    signed_out_at: datetime | None = None
    """Sessions that began before it are over."""
    ended: frozenset[str] = field(default_factory=frozenset[str])

    def running(self, today: date) -> list[Grant]:
        """The roles of their own that run today."""
        return [grant for grant in self.grants if grant.runs(today) and not grant.acts_for]

    def lent_to_them(self, today: date) -> list[Grant]:
        """What colleagues lend them today; who has no role of their own borrows none."""
        return [grant for grant in self.grants if grant.runs(today) and grant.acts_for] if self.running(today) else []

    def grant(self, key: str, today: date) -> Grant | None:
        return next((grant for grant in self.running(today) if grant.key == key), None)


def well_formed(grant: Grant) -> bool:
    """Whether the role is one that is granted, and bound to a place that there is, and to no other."""
    place = PLACES.get(grant.role)
    if place is None:
        return False
    school, department = bool(grant.school), bool(grant.department)
    if (school, department) != (place == "school", place == "department"):
        return False
    known = university.schools() if school else university.departments()
    return not grant.place or grant.place in known


def begin(person: Person, grant: Grant | None, name: str, proved_at: datetime, now: datetime) -> Session:
    """A new session of `person` in the role of `grant`; None: the student that they are."""
    session = Session(
        person.sub,
        "student",
        name or person.name,
        id=secrets.token_urlsafe(9),
        since=int(now.timestamp()),
        proved=int(proved_at.timestamp()),
    )
    return in_role(session, grant)


def in_role(session: Session, grant: Grant | None) -> Session:
    """The same sign-in in another role."""
    if grant is None:
        return replace(session, role="student", school="", department="", acts_for="")
    return replace(session, role=grant.role, school=grant.school, department=grant.department, acts_for=grant.acts_for)


def key_of(session: Session) -> str:
    """The key of the grant by which `session` has its role; empty for a student's."""
    if session.role == "student":
        return ""
    return Grant(session.role, session.school, session.department, acts_for=session.acts_for).key


def goes_on(session: Session, person: Person) -> bool:
    """Whether the sign-in that `session` comes from was not ended, here or everywhere."""
    began = datetime.fromtimestamp(session.since, UTC)
    return session.id not in person.ended and not (person.signed_out_at and began <= person.signed_out_at)


def lends(session: Session, person: Person, today: date) -> bool:
    """Whether `session`, who is `person`, may lend the role they are in: one of those that are lent, and their own."""
    return session.role in DELEGATED and not session.acts_for and person.grant(key_of(session), today) is not None


def delegation(
    giver: Session, person: Person, colleague: Person | None, ends_on: date, reason: str, now: datetime, today: date
) -> Grant:
    """What `giver`, who is `person`, lends to `colleague`: the role they are in, until `ends_on`.

    Raises Problem("forbidden") for a role that cannot be lent or that is borrowed, Problem("no-such-colleague"),
    Problem("delegation-days") for a day that is over or too far ahead.
    """
    if not lends(giver, person, today):
        raise Problem("forbidden")
    if colleague is None or colleague.sub == giver.sub or not colleague.running(today):
        raise Problem("no-such-colleague")
    if not today <= ends_on <= today + LONGEST_DELEGATION:
        raise Problem("delegation-days", days=LONGEST_DELEGATION.days)
    return Grant(
        giver.role, giver.school, giver.department, ends_on, giver.sub, given_by=giver.sub, given_at=now, reason=reason
    )
