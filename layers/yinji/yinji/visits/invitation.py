"""A visit as an event of a calendar, to be added by whoever wants to be there. Calendars that have an earlier version
of it replace that."""
# icalendar leaves the values of its properties untyped
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

from icalendar import Calendar
from icalendar import Event as CalendarEvent

from yinji.clearance.calendar import ZONE, zone
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem
from yinji.visits import service
from yinji.visits.visit import Event, Visit

TITLE = {"zh": "上门服务：{name}", "en": "Home visit: {name}"}
CALL = {"zh": "有变动请打社区电话 {office}", "en": "If anything changes call the community's office: {office}"}


def event_of(visit: Visit, window: service.Window, day: date, at: datetime, language: str, host: str) -> CalendarEvent:
    """The event of `visit` in `window` of `day`, changed last `at`. Its UID stays the same whatever becomes of the
    visit and tells nobody its id; its SEQUENCE is the visit's version, which grows."""
    community, (start, end) = service.communities()[visit.person.community], window.on(day)
    event = CalendarEvent()
    event.add("uid", f"{id_of('calendar', visit.id, length=32)}@{host}")
    event.add("sequence", visit.version)
    event.add("dtstamp", at)
    event.add("dtstart", start.replace(tzinfo=None), parameters={"TZID": ZONE})
    event.add("dtend", end.replace(tzinfo=None), parameters={"TZID": ZONE})
    event.add("summary", TITLE[language].format(name=visit.person.name))
    event.add("location", f"{community.title[language]} {visit.person.address}")
    event.add("description", CALL[language].format(office=community.office))
    event.add("status", "CANCELLED" if visit.state == "cancelled" else "CONFIRMED")
    return event


def invitation(visit: Visit, history: Sequence[Event], language: str, public_url: str) -> str:
    """The iCalendar text of `visit`, to which `history` happened: when it is, or, once cancelled, when it was to be.

    The link of the visit is not in it: calendars are shown to others. Raises Problem("visit-waits") when it waits for
    a place, or never had one.
    """
    held = next((one for one in reversed(history) if one.what == "book"), None)
    if visit.state == "waiting" or held is None:
        raise Problem("visit-waits")
    told = held.told
    window, day = service.windows()[told["window"]], date.fromisoformat(told["day"])
    calendar = Calendar()
    calendar.add("prodid", "-//Yinji//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(zone())
    at = max([held.at, *(one.at for one in history)])
    calendar.add_component(event_of(visit, window, day, at, language, urlsplit(public_url).hostname or ""))
    return calendar.to_ical().decode("utf-8")
