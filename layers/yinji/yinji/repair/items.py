"""The items of the table `Repair` as PynamoDB knows them. The stores are the only readers and writers.

| what | pk / sk |
|---|---|
| place | `PLACE#<id>` / `PLACE`; index by-building |
| building | `BUILDINGS` / `<id>` |
| label | `LABEL#<serial>` / `LABEL`, and `PLACE#<id>` / `LABEL#<serial>` |
| report | `REPORT#<id>` / `REPORT`; index by-incident; of Open311 also by-shelf |
| the label that hangs at a place | `PLACE#<id>` / `HANGS` |
| sheet of labels | `SHEET#<id>` / `SHEET` |
| incident | `INCIDENT#<id>` / `INCIDENT`; index by-shelf |
| what happened to it | `INCIDENT#<id>` / `EVENT#<at>#<key>` |
| what is open in a building | `BOARD#<building>` / `BOARD` |
| who is on duty when, and where | `ROTA` / `TECHNICIAN#<staff>` |
| planned maintenance, or an announcement | `NOTICES` / `NOTICE#<id>` |
| what a monitor said of a device | `MONITOR#<id>` / `MONITOR` |
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_REPAIR_TABLE", "Repair")


class Settings(Connection):
    table_name = TABLE


class ByBuilding(GlobalSecondaryIndex["PlaceItem"]):
    """The places of a building; campuses and what lies in no building have the building `-`."""

    class Meta:
        index_name = "by-building"
        projection = AllProjection()

    building = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ByIncident(GlobalSecondaryIndex["ReportItem"]):
    class Meta:
        index_name = "by-incident"
        projection = AllProjection()

    incident = UnicodeAttribute(hash_key=True)
    filed_at = UnicodeAttribute(range_key=True)


class ByShelf(GlobalSecondaryIndex["IncidentItem"]):
    """Incidents: those open on the shelf `open`, by <area>#<opened at>; those over on `<year>-<month>` of their end.

    And the reports that clients of Open311 filed, on `open311#<year>-<month>` of UTC, by when they did.
    """

    class Meta:
        index_name = "by-shelf"
        projection = AllProjection()

    shelf = UnicodeAttribute(hash_key=True)
    place_on_shelf = UnicodeAttribute(range_key=True)


class PlaceItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="PLACE")
    id = UnicodeAttribute()
    kind = UnicodeAttribute()
    title = MapAttribute[str, str]()
    within = UnicodeAttribute(null=True)
    building = UnicodeAttribute()
    area = UnicodeAttribute()
    hangs_on = UnicodeAttribute(null=True)
    model = UnicodeAttribute(null=True)
    path = ListAttribute[str]()
    trail = MapAttribute[str, Any]()
    line = ListAttribute[str]()
    retired = BooleanAttribute(null=True)
    as_of = UnicodeAttribute()

    by_building = ByBuilding()


class BuildingItem(Model):
    """That there is a building, so that one need not know of it to find it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True, default="BUILDINGS")
    sk = UnicodeAttribute(range_key=True)


class LabelItem(Model):
    """A label, by its serial and again by its place; both are written by one transaction."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    serial = UnicodeAttribute()
    place = UnicodeAttribute()
    state = UnicodeAttribute()
    printed_at = UnicodeAttribute()
    sheet = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    replaced_by = UnicodeAttribute(null=True)


class HangsItem(Model):
    """The one label of a place that is good."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="HANGS")
    serial = UnicodeAttribute()


class SheetItem(Model):
    """Labels that were printed together. Names its place otherwise than labels do, for it is where all of them are."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="SHEET")
    sheet = UnicodeAttribute()
    format = UnicodeAttribute()
    first = NumberAttribute(null=True)
    serials = ListAttribute[str]()
    printed_at = UnicodeAttribute()
    printed_by = UnicodeAttribute()
    expires_at = NumberAttribute()


class ReportItem(Model):
    """Names its building and place otherwise than places do, so that the index by building does not hold it. Those of
    clients of Open311 stand on a shelf, for that is what they list."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="REPORT")
    report = UnicodeAttribute()
    at_place = UnicodeAttribute()
    in_building = UnicodeAttribute()
    area = UnicodeAttribute()
    line = ListAttribute[str]()
    symptom = UnicodeAttribute()
    text = UnicodeAttribute(null=True)
    check = UnicodeAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    language = UnicodeAttribute()
    source = UnicodeAttribute()
    reporter = UnicodeAttribute()
    noticed_at = UnicodeAttribute()
    filed_at = UnicodeAttribute()
    incident = UnicodeAttribute(null=True)
    photo = BooleanAttribute(null=True)
    shelf = UnicodeAttribute(null=True)
    place_on_shelf = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()

    by_incident = ByIncident()


class IncidentItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="INCIDENT")
    of_incident = UnicodeAttribute()
    in_building = UnicodeAttribute()
    area = UnicodeAttribute()
    cause = UnicodeAttribute()
    symptom = UnicodeAttribute()
    rule = UnicodeAttribute()
    told = MapAttribute[str, Any]()
    state = UnicodeAttribute()
    priority = NumberAttribute()
    reports = NumberAttribute()
    people = NumberAttribute()
    places = ListAttribute[str]()
    opened_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    version = NumberAttribute()
    technician = UnicodeAttribute(null=True)
    times = MapAttribute[str, str]()
    merged_into = UnicodeAttribute(null=True)
    reopened = NumberAttribute(default=0)
    found = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    monitor = UnicodeAttribute(null=True)
    waits = ListAttribute[str]()
    escalated = ListAttribute[str]()
    photo_at = UnicodeAttribute(null=True)
    shelf = UnicodeAttribute()
    place_on_shelf = UnicodeAttribute()
    expires_at = NumberAttribute()

    by_shelf = ByShelf()


class HappenedItem(Model):
    """Something that happened to an incident."""

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


class BoardItem(Model):
    """What triage knows of a building: its open incidents and their reports' places, as JSON, under a version."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="BOARD")
    version = NumberAttribute()
    entries = UnicodeAttribute()


class DutyItem(Model):
    """When a technician is on duty, and where."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True, default="ROTA")
    sk = UnicodeAttribute(range_key=True)
    staff = UnicodeAttribute()
    called = UnicodeAttribute()
    areas_of = ListAttribute[str]()
    skills = ListAttribute[str]()
    weekdays = ListAttribute[int]()
    days_on = ListAttribute[str]()
    days_off = ListAttribute[str]()
    version = NumberAttribute()
    expires_at = NumberAttribute()


class NoticeItem(Model):
    """Planned maintenance, or an announcement."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True, default="NOTICES")
    sk = UnicodeAttribute(range_key=True)
    notice = UnicodeAttribute()
    kind = UnicodeAttribute()
    title = MapAttribute[str, str]()
    cause = UnicodeAttribute(null=True)
    in_building = UnicodeAttribute(null=True)
    since = UnicodeAttribute()
    until = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class MonitorItem(Model):
    """A trouble as a monitor knows it: which incident it led to, and whether it is over there."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="MONITOR")
    device = UnicodeAttribute()
    state = UnicodeAttribute()
    of_incident = UnicodeAttribute(null=True)
    at = UnicodeAttribute()
    expires_at = NumberAttribute()
