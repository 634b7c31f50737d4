"""The items of the table `Visits` as PynamoDB knows them. The stores are the only readers and writers.

| what | pk / sk |
|---|---|
| day of a community | `DAYS#<community>` / `<date>` |
| who waits for it | `DAYS#<community>` / `<date>#<asked at>#<visit>` |
| visit | `VISIT#<id>` / `VISIT`; index by-month |
| what happened to it | `VISIT#<id>` / `EVENT#<at>#<key>` |
| where a technician usually goes | `PLANS` / `TECHNICIAN#<staff>` |
| how often a technician's calendar got another link | `CALENDAR#<staff>` / `CALENDAR` |
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import BooleanAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_VISITS_TABLE", "Visits")


class Settings(Connection):
    table_name = TABLE


class ByMonth(GlobalSecondaryIndex["VisitItem"]):
    """The visits of a month such as 2026-12, by <date>#<community>#<id>."""

    class Meta:
        index_name = "by-month"
        projection = AllProjection()

    month = UnicodeAttribute(hash_key=True)
    place_in_month = UnicodeAttribute(range_key=True)


class DayItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    places = ListAttribute[MapAttribute[str, Any]]()
    held = MapAttribute[str, Any]()
    origin = UnicodeAttribute()
    closed = UnicodeAttribute(null=True)
    by_hand = BooleanAttribute(null=True)
    version = NumberAttribute()
    expires_at = NumberAttribute()


class WaitingItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    visit = UnicodeAttribute()
    asked_at = UnicodeAttribute()
    wish = UnicodeAttribute()
    expires_at = NumberAttribute()


class VisitItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="VISIT")
    visit = UnicodeAttribute()
    state = UnicodeAttribute()
    community = UnicodeAttribute()
    day = UnicodeAttribute()
    wish = UnicodeAttribute()
    window = UnicodeAttribute(null=True)
    technician = UnicodeAttribute(null=True)
    person = MapAttribute[str, str]()
    troubles = ListAttribute[str]()
    words = UnicodeAttribute(null=True)
    asker = UnicodeAttribute()
    asked_at = UnicodeAttribute()
    language = UnicodeAttribute()
    mail = UnicodeAttribute(null=True)
    relative = MapAttribute[str, str](null=True)
    record = MapAttribute[str, Any](null=True)
    follows = UnicodeAttribute(null=True)
    reminded = UnicodeAttribute(null=True)
    version = NumberAttribute()
    times = MapAttribute[str, str]()
    month = UnicodeAttribute()
    place_in_month = UnicodeAttribute()
    expires_at = NumberAttribute()

    by_month = ByMonth()


class VisitEventItem(Model):
    """Something that happened to a visit."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    key = UnicodeAttribute()
    what = UnicodeAttribute()
    who = UnicodeAttribute()
    at = UnicodeAttribute()
    told = MapAttribute[str, Any]()
    expires_at = NumberAttribute()


class PlanItem(Model):
    """Where a technician usually goes."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True, default="PLANS")
    sk = UnicodeAttribute(range_key=True)
    staff = UnicodeAttribute()
    called = UnicodeAttribute()
    places = ListAttribute[MapAttribute[str, Any]]()
    version = NumberAttribute()
    expires_at = NumberAttribute()


class CalendarItem(Model):
    """How often the link of a technician's calendar was replaced; the one with this number is good."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="CALENDAR")
    turn = NumberAttribute()
