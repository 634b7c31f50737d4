"""A report 报修: what somebody who needs the network says of a place. Pure.

It is filed without an account. A page that knows the place gives out a ticket, signed, that holds what the register
says of the place: so filing looks nothing up, and whoever sends reports by a machine has to fetch pages first. A report
that is sent again by the same key is the same report.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from itsdangerous import BadSignature

from yinji.identity.session import serializer
from yinji.platform.clock import now
from yinji.platform.problem import Problem
from yinji.repair.place import Place

Symptom = Literal["no-connection", "slow", "sign-in"]
SYMPTOMS: tuple[Symptom, ...] = get_args(Symptom)
"""Nothing goes; it is slow or breaks off; the page where one signs in to the network does not let one in. The worst
first."""
Source = Literal["scan", "open311", "staff"]
LONGEST_TEXT = 500
LONGEST_CONTACT = 80
LONGEST_CHECK = 2_000
TICKET = timedelta(hours=2)
LATEST = timedelta(days=7)
"""How long ago somebody may have noticed what they report: a phone keeps a report until it is on line again."""
SALT = "yinji-repair-ticket"


@dataclass(frozen=True)
class Ticket:
    """What a page knows of the place when it is opened. `nonce` tells pages apart: so many reports a page."""

    place: str
    building: str
    area: str
    line: Sequence[str]
    nonce: str


@dataclass(frozen=True)
class Report:
    """`line` is that of its place when it was filed. `noticed_at` is when the phone says, `filed_at` when it came here.
    `check` is what the page's self check found, as JSON. `reporter` tells people apart and not who they are. `contact`
    is how somebody wanted to be told, as they wrote it. `incident` is what it was joined to; `photo` whether one came.
    """

    id: str
    place: str
    building: str
    area: str
    line: Sequence[str]
    symptom: Symptom
    text: str
    check: str
    contact: str
    language: Literal["zh", "en"]
    source: Source
    reporter: str
    noticed_at: datetime
    filed_at: datetime
    incident: str = ""
    photo: bool = False


def ticket_for(place: Place, nonce: str, keys: Sequence[str]) -> str:
    """A ticket for reports at `place`, signed by the first of `keys`."""
    told = [place.id, place.building, place.area, list(place.line), nonce]
    return serializer(keys, SALT).dumps(told)


def ticket_of(text: str, keys: Sequence[str]) -> Ticket:
    """What the ticket `text` holds. Raises Problem("ticket-over") when it is too old, Problem("ticket-unknown") when it
    is none of ours."""
    try:
        told, signed_at = serializer(keys, SALT).loads(text, return_timestamp=True)
    except BadSignature as error:
        raise Problem("ticket-unknown") from error
    if now() - signed_at > TICKET:
        raise Problem("ticket-over")
    place, building, area, line, nonce = cast(tuple[str, str, str, list[str], str], told)
    return Ticket(place, building, area, tuple(line), nonce)


def report_id(place: str, key: str) -> str:
    """The same for the same sending, so that a report that is sent again is one."""
    return hashlib.sha256(f"{place}\n{key}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def follow_token(id: str, key: str) -> str:
    """What the link bears by which whoever filed the report `id` follows it: made by the deployment's `key`, so that
    nobody else can make it and nothing need be read to tell it again."""
    return urlsafe_b64encode(hmac.digest(key.encode(), f"follow {id}".encode(), "sha256")[:18]).decode()
