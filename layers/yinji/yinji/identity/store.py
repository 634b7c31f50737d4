"""The register of people: the table `People`.

Items (pk, sk): PERSON#<sub> PROFILE; PERSON#<sub> GRANT#<key>; PERSON#<sub> SIGN-IN#<id>; PERSON#<sub> LENT#<to>#<key>;
PERSON#<sub> CHANGE#<at>#<id>. All that is known of a person is one Query; whether a session stands, one BatchGet.

Roles are ended rather than deleted, and every change of them is written down with it, in one transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from pynamodb.expressions.update import Action as UpdateAction
from pynamodb.transactions import TransactWrite

from yinji.clearance.items import can_be_key, connection, forget, values
from yinji.identity.items import PersonItem
from yinji.identity.people import Grant, Person, goes_on, key_of
from yinji.identity.session import LIFE, Role, Session, Token, cookie, cookie_name, read, signing_keys
from yinji.platform import clock
from yinji.platform.clock import instant, stamp

SIGN_INS_KEPT = timedelta(days=90)
GRANTS_KEPT = timedelta(days=3 * 365)
"""How long after its last day a grant can still be looked up: who was what, when a history is read."""


@dataclass(frozen=True)
class SignIn:
    """One sign-in of somebody: `how` is oidc, cas or demo."""

    id: str
    at: datetime
    how: str
    ended_at: datetime | None

    def open(self, now: datetime) -> bool:
        """Whether a browser may still be signed in by it."""
        return self.ended_at is None and now - self.at < LIFE


@dataclass(frozen=True)
class Lent:
    """A role that somebody lent to the colleague `to`."""

    to: str
    key: str
    ends_on: date
    reason: str


@dataclass(frozen=True)
class RoleChange:
    """What was done to somebody's roles: `what` is granted, ended, lent or taken-back."""

    at: datetime
    what: str
    key: str
    by: str


@dataclass(frozen=True)
class Record:
    """All that is known of somebody."""

    person: Person
    sign_ins: Sequence[SignIn]
    """The latest first."""
    lent: Sequence[Lent]
    changes: Sequence[RoleChange]
    """The latest first."""

    def lending(self, today: date) -> list[Lent]:
        """What they lend today."""
        return [one for one in self.lent if one.ends_on >= today]


class People:
    """The table. Every method raises what PynamoDB raises when the service cannot be reached."""

    def __init__(self) -> None:
        self._connection = connection()

    def record(self, sub: str, *, consistent: bool = True) -> Record:
        """What is known of `sub`; of somebody whom nobody knows, an empty record."""
        key = f"PERSON#{sub}"
        found = PersonItem.query(key, consistent_read=consistent) if can_be_key(key) else ()
        items = [values(item) for item in found]
        name, signed_out_at = "", None
        grants: list[Grant] = []
        sign_ins: list[SignIn] = []
        lent: list[Lent] = []
        changes: list[RoleChange] = []
        for item in items:
            kind, _, rest = str(item["sk"]).partition("#")
            if kind == "PROFILE":
                name = str(item.get("name") or "")
                signed_out_at = instant(item["signed_out_at"]) if item.get("signed_out_at") else None
            elif kind == "GRANT":
                grants.append(_grant(item))
            elif kind == "SIGN-IN":
                ended = instant(item["ended_at"]) if item.get("ended_at") else None
                sign_ins.append(SignIn(rest, instant(item["at"]), str(item["how"]), ended))
            elif kind == "LENT":
                ends_on = date.fromisoformat(item["ends_on"])
                lent.append(Lent(str(item["to"]), str(item["key"]), ends_on, str(item.get("reason") or "")))
            elif kind == "CHANGE":
                told = (str(item[field]) for field in ("how", "key", "given_by"))
                changes.append(RoleChange(instant(item["at"]), *told))
        ended_ids = frozenset(one.id for one in sign_ins if one.ended_at)
        if signed_out_at:  # whoever signed out everywhere ended those that had begun
            sign_ins = [
                one if one.ended_at or one.at > signed_out_at else replace(one, ended_at=signed_out_at)
                for one in sign_ins
            ]
        person = Person(sub, name, tuple(grants), signed_out_at, ended_ids)
        latest = sorted(sign_ins, key=lambda one: one.at, reverse=True)
        return Record(person, latest, lent, sorted(changes, key=lambda one: one.at, reverse=True))

    def person(self, sub: str) -> Person:
        return self.record(sub).person

    def roles(self, person: Person, today: date) -> list[Grant]:
        """What `person` may be today: their own roles, then those that colleagues lend who still have them."""
        lent = [
            grant
            for grant in person.lent_to_them(today)
            if self.person(grant.acts_for).grant(grant.owners, today) is not None
        ]
        return [*person.running(today), *lent]

    def role(self, person: Person, key: str, today: date) -> Grant | None:
        """That of `person`'s roles with the key."""
        return next((grant for grant in self.roles(person, today) if grant.key == key), None)

    def stands(self, session: Session, today: date) -> bool:
        """Whether `session` may go on: not ended, not signed out everywhere since it began, its role still granted."""
        if session.acts_for:
            person = self.person(session.sub)
            return goes_on(session, person) and self.role(person, key_of(session), today) is not None
        pk, key = f"PERSON#{session.sub}", key_of(session)
        keys = [(pk, "PROFILE"), (pk, f"SIGN-IN#{session.id}"), *([(pk, f"GRANT#{key}")] if key else [])]
        found = {str(item.sk): values(item) for item in PersonItem.batch_get(keys, consistent_read=True)}
        out = found.get("PROFILE", {}).get("signed_out_at")
        ended = frozenset({session.id} if found.get(f"SIGN-IN#{session.id}", {}).get("ended_at") else ())
        grants = [_grant(item) for sk, item in found.items() if sk.startswith("GRANT#")]
        person = Person(session.sub, grants=grants, signed_out_at=instant(out) if out else None, ended=ended)
        return goes_on(session, person) and (not key or person.grant(key, today) is not None)

    # --- signing in and out --------------------------------------------------------------------------------
    def signed_in(self, session: Session, how: str, at: datetime) -> None:
        """Keep that `session` began."""
        expires = int((at + SIGN_INS_KEPT).timestamp())
        PersonItem(f"PERSON#{session.sub}", f"SIGN-IN#{session.id}", at=stamp(at), how=how, expires_at=expires).save()

    def end(self, session: Session, at: datetime) -> None:
        """Let `session` stand no longer, in whichever browser its cookie is."""
        item = PersonItem(f"PERSON#{session.sub}", f"SIGN-IN#{session.id}")
        actions: list[UpdateAction] = [
            PersonItem.ended_at.set(stamp(at)),
            PersonItem.at.set(PersonItem.at | stamp(at)),
            PersonItem.how.set(PersonItem.how | "unknown"),
            PersonItem.expires_at.set(int((at + SIGN_INS_KEPT).timestamp())),
        ]
        item.update(actions=actions)

    def end_all(self, sub: str, at: datetime) -> None:
        """Let no session of `sub` that began by now stand any longer."""
        PersonItem(f"PERSON#{sub}", "PROFILE").update(actions=[PersonItem.signed_out_at.set(stamp(at))])

    # --- roles ---------------------------------------------------------------------------------------------
    def name(self, sub: str, name: str) -> None:
        """Keep how `sub` is called."""
        PersonItem(f"PERSON#{sub}", "PROFILE").update(actions=[PersonItem.name.set(name)])

    def grant(self, sub: str, grant: Grant) -> None:
        """Let `sub` have the role of `grant`, in place of one with the same key."""
        with TransactWrite(connection=self._connection) as write:
            write.save(_grant_item(sub, grant))
            write.save(_change(sub, "granted", grant.key, grant.given_by, grant.given_at))

    def lend(self, sub: str, grant: Grant) -> None:
        """Let `sub` have the role that a colleague lends, and the colleague see that they did: both or neither."""
        assert grant.ends_on and grant.acts_for  # noqa: S101 - a delegation has an end and an owner
        lent = PersonItem(
            f"PERSON#{grant.acts_for}",
            f"LENT#{sub}#{grant.key}",
            to=sub,
            key=grant.key,
            ends_on=grant.ends_on.isoformat(),
            reason=grant.reason or None,
            given_at=stamp(grant.given_at),
            expires_at=_expires(grant.ends_on),
        )
        with TransactWrite(connection=self._connection) as write:
            write.save(_grant_item(sub, grant))
            write.save(lent)
            write.save(_change(sub, "lent", grant.key, grant.given_by, grant.given_at))

    def end_grant(self, sub: str, grant: Grant, by: str, now: datetime) -> None:
        """Let `sub` no longer have the role of `grant`; what was lent, its owner lends no more. `by` is who says so."""
        yesterday = (now.astimezone(clock.CAMPUS) - timedelta(days=1)).date()
        taken_back = grant.acts_for and by == grant.acts_for
        with TransactWrite(connection=self._connection) as write:
            write.save(_grant_item(sub, replace(grant, ends_on=yesterday, ended_by=by)))
            write.save(_change(sub, "taken-back" if taken_back else "ended", grant.key, by, now))
            if grant.acts_for:
                write.delete(PersonItem(f"PERSON#{grant.acts_for}", f"LENT#{sub}#{grant.key}"))

    # --- what is to go -------------------------------------------------------------------------------------
    def forget(self, sub: str) -> None:
        """Delete all that is known of a student; of somebody who has, or had, a role here as well nothing."""
        known = self.record(sub)
        if not known.person.grants and not known.lent:
            forget(PersonItem, f"PERSON#{sub}")


def standing(cookies: Sequence[str], people: People) -> Token | None:
    """What the session cookie among `cookies` holds; None when it holds nothing, or its session no longer stands.

    The register is asked only when the cookie was signed some minutes ago.
    """
    held = cookie(cookies, cookie_name())
    now = clock.now()
    token = read(held, signing_keys(), now) if held else None
    if token and token.due(now) and not people.stands(token.session, clock.today()):
        return None
    return token


def _expires(ends_on: date) -> int:
    return int((datetime(ends_on.year, ends_on.month, ends_on.day, tzinfo=UTC) + GRANTS_KEPT).timestamp())


def _change(sub: str, what: str, key: str, by: str, at: datetime) -> PersonItem:
    """What is written down of a change: what, of which role, by whom, when."""
    return PersonItem(
        f"PERSON#{sub}",
        f"CHANGE#{stamp(at)}#{secrets.token_hex(4)}",
        at=stamp(at),
        how=what,
        key=key,
        given_by=by,
        expires_at=int((at + GRANTS_KEPT).timestamp()),
    )


def _grant_item(sub: str, grant: Grant) -> PersonItem:
    return PersonItem(
        f"PERSON#{sub}",
        f"GRANT#{grant.key}",
        role=grant.role,
        school=grant.school or None,
        department=grant.department or None,
        ends_on=grant.ends_on.isoformat() if grant.ends_on else None,
        acts_for=grant.acts_for or None,
        given_by=grant.given_by,
        given_at=stamp(grant.given_at),
        reason=grant.reason or None,
        ended_by=grant.ended_by or None,
        expires_at=_expires(grant.ends_on) if grant.ends_on else None,
    )


def _grant(item: Mapping[str, Any]) -> Grant:
    return Grant(
        role=cast(Role, item["role"]),
        school=str(item.get("school") or ""),
        department=str(item.get("department") or ""),
        ends_on=date.fromisoformat(item["ends_on"]) if item.get("ends_on") else None,
        acts_for=str(item.get("acts_for") or ""),
        given_by=str(item["given_by"]),
        given_at=instant(str(item["given_at"])),
        reason=str(item.get("reason") or ""),
        ended_by=str(item.get("ended_by") or ""),
    )
