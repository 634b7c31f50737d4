"""Notices 公告: planned maintenance, and what everybody is to know. Pure.

A notice has an end; whoever wrote it may end it before. Its id begins with that end, so that those which are not over
are found without reading the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from yinji.platform.clock import CAMPUS
from yinji.platform.ids import id_of
from yinji.platform.problem import invalid_form
from yinji.repair.outages import Known
from yinji.repair.place import ID

Kind = Literal["maintenance", "announcement"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_TITLE = 120
LONGEST = timedelta(days=90)
"""From now to its end, at most."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class Notice:
    """`title` is by language. `cause` is the place or device that maintenance is done at, or that an announcement is
    about: those who come from elsewhere are not bothered with it; empty for all. `ended_at` is set when somebody ended
    it before `until`."""

    id: str
    kind: Kind
    title: Mapping[str, str]
    cause: str
    building: str
    since: datetime
    until: datetime
    by: str
    at: datetime
    ended_at: datetime | None = None

    @property
    def end(self) -> datetime:
        return min(self.until, self.ended_at) if self.ended_at else self.until

    def covers(self, at: datetime) -> bool:
        """Whether it holds at that time."""
        return self.since <= at < self.end

    def over(self, at: datetime) -> bool:
        return at >= self.end

    @property
    def known(self) -> Known:
        """As everybody is told of it."""
        return Known(self.id, self.kind, self.cause, self.building, self.since, until=self.end, title=dict(self.title))


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, looked over."""

    kind: Kind
    title: Mapping[str, str]
    cause: str
    since: datetime
    until: datetime


def wished(fields: Mapping[str, str], now: datetime) -> Wish:
    """What a form asks for; times without an offset are the campus's, an empty `since` is now. Raises
    Problem("invalid-form") with all that is wrong."""
    told = {name: value.strip() for name, value in fields.items()}
    wrong: dict[str, str] = {}
    if told.get("kind") not in KINDS:
        wrong["kind"] = "required" if not told.get("kind") else "unknown"
    for language in ("zh", "en"):
        title = told.get(f"title_{language}", "")
        if not title or len(title) > LONGEST_TITLE:
            wrong[f"title_{language}"] = "invalid" if title else "required"
    cause = told.get("cause", "")
    if cause and not ID.fullmatch(cause):
        wrong["cause"] = "invalid"
    if not cause and told.get("kind") == "maintenance":
        wrong["cause"] = "required"
    since = _moment(told.get("since", "")) if told.get("since") else now
    until = _moment(told.get("until", ""))
    if since is None:
        wrong["since"] = "invalid"
    if until is None or (since and not max(since, now) < until <= now + LONGEST):
        wrong["until"] = "invalid" if told.get("until") else "required"
    if wrong or since is None or until is None:
        raise invalid_form(wrong)
    titles = {language: told[f"title_{language}"] for language in ("zh", "en")}
    return Wish(cast(Kind, told["kind"]), titles, cause, since, until)


def notice_id(until: datetime, who: str, key: str) -> str:
    """The same for the same sending; it sorts by when the notice is over."""
    return f"{id_beginning(until)}-{id_of(who, key, length=12)}"


def id_beginning(until: datetime) -> str:
    """What the id of a notice that is over at `until` begins with."""
    return f"{int(until.timestamp()):010d}"


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=CAMPUS)
