"""What a sign-in comes to, whichever protocol asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

TIMEOUT = (3.05, 4.0)
"""Seconds to connect, and between two bytes: three questions in a row stay below the 29 that API Gateway waits."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Identity:
    """Who signed in: their `account` as the university's sign-in calls it (for us the student or staff number), the
    name it told, and when they proved it: with a password or whatever it asks for, not by an earlier sign-in."""

    account: str
    name: str
    proved_at: datetime


class Refused(Exception):
    """Nobody was signed in. `code` says why, for people and the log; there is no personal data in it.

    "denied": they did not want to, or may not; "stale": the attempt is over, or not of this browser; "unreachable": the
    university's sign-in does not answer; "untrue": what it answered does not hold.
    """

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why or code)
        self.code = code


class Patient(requests.Session):
    """A session that waits as long as TIMEOUT says and follows no redirect: who is asked answers themselves."""

    def request(self, *arguments: Any, **more: Any) -> requests.Response:  # pyright: ignore[reportIncompatibleMethodOverride]
        answer = super().request(*arguments, **{"timeout": TIMEOUT, **more, "allow_redirects": False})
        if answer.is_redirect:
            raise requests.TooManyRedirects("the answer is a redirect")
        return answer


def proved(moment: datetime) -> datetime:
    """When somebody proved who they are, as a server says; a time that is still to come says nothing."""
    now = datetime.now(UTC)
    return LONG_AGO if moment > now + timedelta(seconds=LEEWAY) else min(moment, now)
