"""Sessions as signing in makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from itsdangerous import TimestampSigner
from yinji.identity import session as sessions
from yinji.identity.session import Session
from yinji.platform import clock


def begun(session: Session, minutes_ago: float = 0) -> Session:
    """`session` of somebody who signed in, with a password, so long ago; one that says when stays as it is."""
    if session.since:
        return session
    at = int(clock.now().timestamp() - minutes_ago * 60)
    return replace(session, id=session.id or "this", since=at, proved=at)


def cookie(session: Session, key: str = "new") -> str:
    """The cookie of `session` as it is signed now: of a test that has turned the clock, by that clock."""
    now = int(clock.now().timestamp())
    with patch.object(TimestampSigner, "get_timestamp", lambda self: now):
        return sessions.sign(begun(session), [key])


def read(token: str, keys: list[str], minutes_later: float = 0) -> Session | None:
    """Whose session the cookie's value `token` holds, now or some minutes later."""
    found = sessions.read(token, keys, clock.now() + timedelta(minutes=minutes_later))
    return found.session if found else None
