"""A report 报修: what somebody who needs the network says of a place. Pure.

It is filed without an account. A page that knows the place gives out a ticket, signed, that holds what the register
says of the place: so filing looks nothing up, and whoever sends reports by a machine has to fetch pages first. A report
that is sent again by the same key is the same report.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast, get_args

from itsdangerous import BadSignature

from yinji.identity.session import serializer
from yinji.platform import links
from yinji.platform.clock import now
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form
from yinji.platform.text import MAIL, plain
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
FOLLOW = "follow"
NETWORKS = ("wifi", "cellular", "ethernet", "bluetooth", "wimax", "none", "other", "unknown")
"""What a browser may say the phone is on."""
VERDICTS = ("fine", "slow", "captive", "offline")
"""What a self check may come to: all well; slow; another page answers in ours' place; nothing answers."""
LONGEST_WAIT, FASTEST = 600_000, 100_000_000


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
    return id_of(place, key)


def new_nonce() -> str:
    """What tells one page from another."""
    return secrets.token_urlsafe(9)


def follow_link(id: str, key: str) -> str:
    """The path of the page on which whoever filed the report `id` follows it."""
    return f"/r/follow/{links.link(FOLLOW, id, key)}"


def followed(link: str, key: str) -> str:
    """The id of the report whose `<id>.<token>` was asked for. Raises Problem("not-found") when nobody was given it."""
    return links.opened(link, FOLLOW, key)


def reporter_of(value: str, key: str) -> str:
    """What tells a phone from others, from the random `value` it keeps: nobody who has it can find that value."""
    return hmac.digest(key.encode(), f"reporter {value}".encode("utf-8", "surrogatepass"), "sha256").hex()[:24]


def wished(fields: Mapping[str, str], ticket: Ticket, key: str, language: str, sent_as: str, at: datetime) -> Report:
    """The report that `fields` tell of, filed at `at` and called `sent_as` by whoever sends it; `key` is the
    deployment's. Raises invalid-form.

    A phone that kept it says how many seconds `ago` that began, since the clocks of phones are wrong.
    """
    symptom: Symptom | None = next((one for one in SYMPTOMS if one == fields.get("symptom")), None)
    text = plain(fields.get("text", ""))
    contact = " ".join(plain(fields.get("contact", "")).split())
    check, ago = _check(fields.get("check", "")), _ago(fields.get("ago", ""))
    wrong: dict[str, str] = {}
    if symptom is None:
        wrong["symptom"] = "invalid" if fields.get("symptom") else "required"
    if len(text) > LONGEST_TEXT:
        wrong["text"] = "invalid"
    if len(contact) > LONGEST_CONTACT:
        wrong["contact"] = "invalid"
    if check is None:
        wrong["check"] = "invalid"
    if ago is None:
        wrong["ago"] = "invalid"
    phone = fields.get("reporter", "")
    if len(phone) > LONGEST_CONTACT:
        wrong["reporter"] = "invalid"
    if symptom is None or check is None or ago is None or wrong:
        raise invalid_form(wrong)
    return Report(
        report_id(ticket.place, sent_as),
        ticket.place,
        ticket.building,
        ticket.area,
        ticket.line,
        symptom,
        text,
        check,
        contact,
        "en" if fields.get("language", language) == "en" else "zh",
        "scan",
        reporter_of(phone or ticket.nonce, key),
        at - ago,
        at,
    )


def mail_of(contact: str) -> str:
    """The mail address that `contact` is; empty where it is a telephone number, or anything else."""
    return contact if len(contact) <= LONGEST_CONTACT and MAIL.fullmatch(contact) else ""


def _ago(text: str) -> timedelta | None:
    if not text:
        return timedelta()
    told = timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) <= 9 else None
    return told if told is not None and told <= LATEST else None


def _check(text: str) -> str | None:
    """What a self check found, as it is kept: the fields there are and no other. None when it is no such thing."""
    if not text:
        return ""
    try:
        told: Any = json.loads(text) if len(text) <= LONGEST_CHECK else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    found = cast(dict[str, Any], told)
    named: Mapping[str, Sequence[str]] = {"verdict": VERDICTS, "net": NETWORKS}
    counted = {"ms": LONGEST_WAIT, "dns": LONGEST_WAIT, "kbps": FASTEST}
    for name, value in found.items():
        if name in counted:
            good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= counted[name]
        else:
            good = value in named.get(name, ())
        if not good:
            return None
    if "verdict" not in found:
        return None
    return json.dumps(found, sort_keys=True)
