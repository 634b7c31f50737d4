"""What somebody is shown of themselves, and administrators of a colleague."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from yinji.identity.people import Grant, Person, key_of
from yinji.identity.session import Session
from yinji.identity.store import Record
from yinji.platform.clock import CAMPUS, stamp


def account(session: Session, record: Record, roles: Sequence[Grant], now: datetime) -> dict[str, Any]:
    """Who `session` is, which other `roles` they have, where they are signed in, and what they lend, as of `now`."""
    today = now.astimezone(CAMPUS).date()
    return {
        "sub": session.sub,
        "name": session.name,
        "role": session.role,
        "key": key_of(session),
        "roles": [_grant(grant) for grant in roles],
        "sign_ins": [
            {"at": stamp(one.at), "how": one.how, "open": one.open(now), "this": one.id == session.id}
            for one in record.sign_ins
        ],
        "lent": [
            {"to": one.to, "key": one.key, "ends_on": one.ends_on.isoformat(), "reason": one.reason}
            for one in record.lending(today)
        ],
    }


def grants(person: Person) -> list[Mapping[str, Any]]:
    """Every role `person` was granted, as an administrator sees it."""
    return [_grant(grant) | {"given_by": grant.given_by, "given_at": stamp(grant.given_at)} for grant in person.grants]


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "key": grant.key,
        "role": grant.role,
        "school": grant.school,
        "department": grant.department,
        "acts_for": grant.acts_for,
        "ends_on": grant.ends_on.isoformat() if grant.ends_on else "",
    }
