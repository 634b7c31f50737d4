"""Links by which a student shares their archive with somebody who has no account: what, with whom, until when. Pure.

A link shows a sealed edition and every certified record, or the certified records of some dimensions, or records that
were chosen one by one. Records are shown as they stand when the link is opened: what is not certified any more is not
shown. Whoever has the link sees it, so its token cannot be guessed, and the student can revoke it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from yinji.archive.kinds import dimensions
from yinji.archive.record import Record, key_of
from yinji.archive.story import latest_first
from yinji.editions.model import Edition
from yinji.platform.ids import id_of
from yinji.platform.problem import invalid_form

Shows = Literal["whole", "dimensions", "records"]
SHOWS: tuple[Shows, ...] = get_args(Shows)
Standing = Literal["open", "expired", "revoked", "withdrawn"]
"""`withdrawn`: the university took back the edition that it shows."""
LONGEST = timedelta(days=365)
USUAL = timedelta(days=30)
LONGEST_NAME = 60
MOST_RECORDS = 100
MOST_OPEN = 50
"""How many links of one student may be open at a time."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
PART = "part."
"""How the fields of a form begin that choose a dimension, or a record by its path."""


@dataclass(frozen=True)
class Share:
    """`to` is what the student calls whom it is for, `until` the last day of the campus on which it opens. `parts` are
    ids of dimensions or keys of records; `edition` is the one it shows the document of, of a whole archive only."""

    student: str
    id: str
    token: str
    shows: Shows
    to: str
    until: date
    at: datetime
    parts: Sequence[str] = ()
    edition: str = ""
    revoked_at: datetime | None = None

    def standing(self, today: date, edition: Edition | None = None) -> Standing:
        """How it stands `today`; `edition` is the one it shows, where that matters."""
        if self.revoked_at:
            return "revoked"
        if today > self.until:
            return "expired"
        return "withdrawn" if edition and edition.standing == "revoked" else "open"

    def shown(self, records: Iterable[Record]) -> list[Record]:
        """Those of `records`, all of the student's, that the link shows, the latest first."""
        return latest_first(one for one in records if one.counts and self._chose(one))

    def _chose(self, record: Record) -> bool:
        match self.shows:
            case "whole":
                return True
            case "dimensions":
                return record.education in self.parts
            case "records":
                return record.key in self.parts


def new_token() -> str:
    """A token of 192 random bits."""
    return secrets.token_urlsafe(24)


def share_id(student: str, key: str) -> str:
    """The same for the same asking, so that asking twice makes one."""
    return id_of(student, key, length=20)


@dataclass(frozen=True)
class Wish:
    """What a student asked a link to be."""

    shows: Shows
    to: str
    until: date
    parts: Sequence[str]
    edition: str


def wished(fields: Mapping[str, str], today: date) -> Wish:
    """What `fields` ask for. Raises invalid-form."""
    shows: Shows | None = next((one for one in SHOWS if one == fields.get("shows")), None)
    to = " ".join(fields.get("to", "").split())
    until = _day(fields.get("until", ""))
    parts = _parts(fields, shows)
    wrong: dict[str, str] = {}
    if shows is None:
        wrong["shows"] = "invalid" if fields.get("shows") else "required"
    if not (0 < len(to) <= LONGEST_NAME and to.isprintable()):
        wrong["to"] = "invalid" if to else "required"
    if until is None or not today <= until <= today + LONGEST:
        wrong["until"] = "invalid" if fields.get("until") else "required"
    if parts is None:
        wrong["parts"] = "required"
    if shows is None or until is None or parts is None or wrong:
        raise invalid_form(wrong)
    return Wish(shows, to, until, parts, fields.get("edition", "") if shows == "whole" else "")


def _parts(fields: Mapping[str, str], shows: Shows | None) -> Sequence[str] | None:
    """What is chosen, in order; None when it is nothing, too much or none of ours."""
    if shows not in ("dimensions", "records"):
        return ()
    named = [name.removeprefix(PART) for name in fields if name.startswith(PART)]
    chosen = [one for one in named if one in dimensions()] if shows == "dimensions" else [key_of(one) for one in named]
    chosen = sorted({one for one in chosen if one} - (set(dimensions()) if shows == "records" else set()))
    return chosen if 0 < len(chosen) <= MOST_RECORDS else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
