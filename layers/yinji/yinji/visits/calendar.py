"""A technician's round as a calendar that programs fetch again and again (iCalendar, RFC 5545).

Whoever has the link reads it, so it tells where to go and of nobody: neither names nor phone numbers. An event is what
is to be done in a window in a community; one that is no more is simply not there the next time.
"""
# icalendar leaves the values of its properties untyped
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from yinji.clearance.calendar import ZONE, zone
from yinji.clearance.definition import Text
from yinji.platform.links import link, opened
from yinji.visits import service
from yinji.visits.route import Stop, stops
from yinji.visits.visit import Visit

PURPOSE = "calendar"
FETCHED_EVERY = timedelta(hours=1)


@cache
def words() -> Mapping[str, Text]:
    """What the calendar says, by language."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def calendar_link(technician: str, turn: int, key: str) -> str:
    """The link by which the calendar of `technician` is fetched; `turn` is how often it was replaced."""
    return link(PURPOSE, f"{technician}-{turn}", key)


def whose(asked: str, key: str) -> tuple[str, int]:
    """The technician and the turn of the link that was asked for. Raises Problem("not-found")."""
    technician, _, turn = opened(asked, PURPOSE, key).rpartition("-")
    return technician, int(turn)


def feed(technician: str, visits: Iterable[Visit], language: str, public_url: str) -> str:
    """The calendar of `visits`, which are all of `technician`; it has no event when there are none."""
    name = words()["name"][language]
    calendar = Calendar()
    calendar.add("prodid", "-//Yinji//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", FETCHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add_component(zone())
    by_day: dict[date, list[Visit]] = {}
    for one in visits:
        by_day.setdefault(one.day, []).append(one)
    for day, some in sorted(by_day.items()):
        for stop in stops(some):
            calendar.add_component(_event(technician, day, stop, language, public_url))
    return calendar.to_ical().decode("utf-8")


def _event(technician: str, day: date, stop: Stop, language: str, public_url: str) -> Event:
    community = service.communities()[stop.community].title[language]
    start, end = service.windows()[stop.window].on(day)
    changed = max(max(one.times.values()) for one in stop.visits)
    uid = hashlib.sha256(f"{technician} {day} {stop.window} {stop.community}".encode()).hexdigest()[:32]
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(public_url).hostname}")
    event.add("dtstamp", changed.astimezone(UTC))
    event.add("last-modified", changed.astimezone(UTC))
    event.add("dtstart", start.replace(tzinfo=None), parameters={"TZID": ZONE})
    event.add("dtend", end.replace(tzinfo=None), parameters={"TZID": ZONE})
    event.add("summary", words()["title"][language].format(community=community, n=len(stop.visits)))
    event.add("location", community)
    event.add("description", words()["between"][language].join(one.person.address for one in stop.visits))
    event.add("url", f"{public_url}/visits/round/{day}")
    return event
