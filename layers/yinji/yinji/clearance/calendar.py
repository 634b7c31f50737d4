"""A booked appointment as a calendar's event. Calendars that have an earlier version of it replace that."""
# icalendar leaves the values of its properties untyped
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard

from yinji.clearance import appointments, definition
from yinji.clearance.case import Case
from yinji.clearance.view import StepView, say

ZONE = "Asia/Shanghai"
REMINDER = timedelta(hours=-2)
EPOCH = datetime(1992, 1, 1)
"""A zone's rule begins at a local time; this one has held in China since then."""
OFFSET = timedelta(hours=8)


def appointment(case: Case, step: StepView, language: str, public_url: str) -> str:
    """The iCalendar text of the appointment that `step` holds, in `language`; empty when the step knows no such time.

    Its UID stays the same when the appointment moves and its SEQUENCE is the step's version, which grows; so an event
    that was added before is moved. The UID tells nobody the student number.
    """
    told = definition.steps()[step.id].appointments
    slot = appointments.parse(told, step.slot) if told else None
    if told is None or slot is None:
        return ""
    student = case.graduate.student
    calendar = Calendar()
    calendar.add("prodid", "-//Yinji//Clearance//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(zone())
    event = Event()
    name = hashlib.sha256(f"{case.batch} {step.id} {student}".encode()).hexdigest()[:32]
    event.add("uid", f"{name}@{urlsplit(public_url).hostname}")
    event.add("sequence", step.version)
    event.add("dtstamp", case.updated_at)
    event.add("dtstart", slot.start.replace(tzinfo=None), parameters={"TZID": ZONE})
    event.add("dtend", slot.end.replace(tzinfo=None), parameters={"TZID": ZONE})
    what = say(told.title, language)
    event.add("summary", what)
    room = case.graduate.room if told.in_room else ""
    event.add("location", room or f"{step.office}, {step.place}")
    event.add("description", f"{step.office}: {step.contact}\n{public_url}/me#{step.id}")
    event.add("url", f"{public_url}/me")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", what)
    alarm.add("trigger", REMINDER)
    event.add_component(alarm)
    calendar.add_component(event)
    return calendar.to_ical().decode("utf-8")


def zone() -> Timezone:
    """China's time as calendars want it spelled out: eight hours ahead of UTC, no summer time since 1992."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE)
    standard.add("tzname", "CST")
    standard.add("dtstart", EPOCH)
    standard.add("tzoffsetfrom", OFFSET)
    standard.add("tzoffsetto", OFFSET)
    zone.add_component(standard)
    return zone
