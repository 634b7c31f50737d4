"""The items of the table `Archive` as PynamoDB knows them. store.py is the only reader and writer."""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_ARCHIVE_TABLE", "Archive")
LEAN = [
    "name", "school", "grade", "category", "programme", "class_name", "counsellor", "features", "by_term", "first_day",
    "last_day", "waiting",
]  # fmt: skip
"""What the index by cohort holds of a portrait."""


class Settings(Connection):
    table_name = TABLE


class ProfileItem(Model):
    """A student, as the register of students says."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="PROFILE")
    student = UnicodeAttribute()
    name = UnicodeAttribute()
    name_latin = UnicodeAttribute(null=True)
    school = UnicodeAttribute()
    grade = UnicodeAttribute()
    category = UnicodeAttribute()
    programme = UnicodeAttribute(null=True)
    class_name = UnicodeAttribute(null=True)
    counsellor = UnicodeAttribute(null=True)
    card = UnicodeAttribute(null=True)


class CardItem(Model):
    """Whose campus card it is; `of_student`, so that no index by student holds it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="CARD")
    of_student = UnicodeAttribute()


class Waiting(GlobalSecondaryIndex["RecordItem"]):
    """Records that somebody has to look at, by school: only those have the attribute `waits`."""

    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    waits = UnicodeAttribute(hash_key=True)
    since = UnicodeAttribute(range_key=True)


class RecordItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    student = UnicodeAttribute()
    source = UnicodeAttribute()
    id = UnicodeAttribute()
    kind = UnicodeAttribute()
    title = UnicodeAttribute()
    day = UnicodeAttribute()
    time = UnicodeAttribute(null=True)
    minutes = NumberAttribute(null=True)
    dimension = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    organiser = UnicodeAttribute(null=True)
    entity = UnicodeAttribute(null=True)
    level = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    as_of = UnicodeAttribute(null=True)
    via = UnicodeAttribute()
    delivery = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    certified_by = UnicodeAttribute(null=True)
    certified_at = UnicodeAttribute(null=True)
    certified_why = UnicodeAttribute(null=True)
    disputed = UnicodeAttribute(null=True)
    disputed_at = UnicodeAttribute(null=True)
    evidence = MapAttribute[str, str](null=True)
    version = NumberAttribute()
    waits = UnicodeAttribute(null=True)
    since = UnicodeAttribute(null=True)

    waiting = Waiting()


class RecordEventItem(Model):
    """What happened to a record, one version after the other."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    what = UnicodeAttribute()
    who = UnicodeAttribute()
    role = UnicodeAttribute()
    at = UnicodeAttribute()
    why = UnicodeAttribute(null=True)
    was = MapAttribute[str, Any](null=True)
    """What the change replaced."""
    key = UnicodeAttribute(null=True)
    """What whoever did it calls it by, to do it again."""
    acts_for = UnicodeAttribute(null=True)


class ByCohort(GlobalSecondaryIndex["PortraitItem"]):
    class Meta:
        index_name = "by-cohort"
        projection = IncludeProjection(LEAN)

    cohort = UnicodeAttribute(hash_key=True)
    student = UnicodeAttribute(range_key=True)


class PortraitItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="PORTRAIT")
    cohort = UnicodeAttribute()
    student = UnicodeAttribute()
    name = UnicodeAttribute()
    name_latin = UnicodeAttribute(null=True)
    school = UnicodeAttribute()
    grade = UnicodeAttribute()
    category = UnicodeAttribute()
    programme = UnicodeAttribute(null=True)
    class_name = UnicodeAttribute(null=True)
    counsellor = UnicodeAttribute(null=True)
    card = UnicodeAttribute(null=True)
    tallies = ListAttribute[Any]()
    hundreds = MapAttribute[str, int]()
    credited = MapAttribute[str, int]()
    first_day = UnicodeAttribute()
    last_day = UnicodeAttribute()
    waiting = NumberAttribute()
    features = MapAttribute[str, int]()
    by_term = MapAttribute[str, Any]()
    version = NumberAttribute()

    by_cohort = ByCohort()


class DeliveryItem(Model):
    """A file of a source on its way, or what became of it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    key = UnicodeAttribute()
    source = UnicodeAttribute()
    state = UnicodeAttribute()
    at = UnicodeAttribute()
    began_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    lines = NumberAttribute()
    chunks = NumberAttribute()
    counts = MapAttribute[str, int]()


class ChunkItem(Model):
    """What became of one chunk of a delivery."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    counts = MapAttribute[str, int]()


class SourceItem(Model):
    """Which delivery of a source is on its way."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="STATE")
    current = UnicodeAttribute(null=True)


class SampledRoundItem(Model):
    """Many records certified with a sample: sampling.Round."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    who = UnicodeAttribute()
    role = UnicodeAttribute()
    kind = UnicodeAttribute()
    at = UnicodeAttribute()
    members = ListAttribute[Any]()
    """Student, key and version of each."""
    sample = ListAttribute[Any]()
    """Which of `members` were drawn, by their place."""
    level = NumberAttribute()
    filters = MapAttribute[str, str](null=True)
    state = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    results = ListAttribute[Any](null=True)
    """Why a member was not certified at the end, or an empty text; in the order of what was not drawn."""
    expires_at = NumberAttribute()


class SampledKindItem(Model):
    """Which round of a kind is open in a school, and which records were in rounds that failed, how often."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    open_round = UnicodeAttribute(null=True)
    failed = MapAttribute[str, Any](null=True)
    version = NumberAttribute()
    expires_at = NumberAttribute()
