"""Checking in by the code on a lecture's screen: what it holds, and what a browser that opened it in time gets for it.

The code is an address with a signed token: which activity, and which fifteen seconds of it. It is good while it is
shown and for the fifteen seconds after: long enough to be scanned, too short to be sent around.

A student who scans it may have to sign in first, which takes longer than that. So the page that the code leads to gives
the browser a ticket for the token, while that is good: a signed cookie that no script can read, for this activity and
five minutes. It names nobody, for nobody is known yet; it is the first one's who uses it and nobody else's after that.
What it adds to the code is time: whoever gets one has opened the code within its thirty seconds, as who checks in at
once has. It cannot be sent around as an address can, and a browser from which it was taken out by hand checks in one
person, once, as opening the code on the friend's own phone in time would have.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import segno
from itsdangerous import BadData, URLSafeSerializer

CODE_SALT, TICKET_SALT = "yinji-check-in", "yinji-check-in-ticket"
WINDOW = 15
"""Seconds for which a code is shown."""
GOOD = 2
"""How many windows a code is good for: its own, and the one after."""
TICKET_LIFE = timedelta(minutes=5)
LEEWAY = timedelta(seconds=2)
"""By how much the clocks of two functions may differ."""
LONGEST = 300
COOKIE = "yinji_check_in"


@dataclass(frozen=True)
class Code:
    """A token that we signed: for which `activity`, shown from `since` on."""

    activity: str
    since: datetime

    def good(self, now: datetime) -> bool:
        """Whether it is shown at `now`, or was a moment ago."""
        return self.since - LEEWAY <= now < self.since + timedelta(seconds=GOOD * WINDOW)


@dataclass(frozen=True)
class Ticket:
    """What a browser got for a code that was good at `at`."""

    activity: str
    number: str
    at: datetime

    @property
    def expires(self) -> datetime:
        return self.at + TICKET_LIFE

    def good(self, activity: str, now: datetime) -> bool:
        return self.activity == activity and self.at - LEEWAY <= now < self.expires


def token(activity: str, now: datetime, keys: Sequence[str]) -> str:
    """The token that the screen of `activity` shows at `now`."""
    return _serializer(keys, CODE_SALT).dumps([activity, int(now.timestamp()) // WINDOW])


def read(text: str, keys: Sequence[str]) -> Code | None:
    """What a token says, good or not; None when it is not one of ours."""
    match _loads(text, keys, CODE_SALT):
        case [str(activity), int(window)]:
            return Code(activity, datetime.fromtimestamp(window * WINDOW, UTC))
        case _:
            return None


def ticket(activity: str, now: datetime) -> Ticket:
    """A ticket for somebody whose browser opened a good code of `activity`."""
    return Ticket(activity, secrets.token_urlsafe(9), now)


def sign(given: Ticket, keys: Sequence[str]) -> str:
    """The value of the cookie that holds a ticket."""
    return _serializer(keys, TICKET_SALT).dumps([given.activity, given.number, int(given.at.timestamp())])


def read_ticket(text: str, keys: Sequence[str]) -> Ticket | None:
    """The ticket of a cookie, good or not; None when it is not one of ours."""
    match _loads(text, keys, TICKET_SALT):
        case [str(activity), str(number), int(at)]:
            return Ticket(activity, number, datetime.fromtimestamp(at, UTC))
        case _:
            return None


def image(address: str) -> str:
    """`address` as a QR code that bears dirt (error correction M), as the address of an SVG image."""
    drawn = segno.make(address, error="m", micro=False)
    return drawn.svg_data_uri(border=4, dark="#000", light="#fff", unit="", omitsize=True)


def _loads(text: str, keys: Sequence[str], salt: str) -> Any:
    if len(text) > LONGEST:
        return None
    try:
        return _serializer(keys, salt).loads(text)
    except BadData:
        return None


def _serializer(keys: Sequence[str], salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(keys)), salt=salt)
