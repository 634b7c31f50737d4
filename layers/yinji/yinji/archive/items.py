"""The items of the table `Archive` as PynamoDB knows them. store.py is the only reader and writer."""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
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
    tallies = UnicodeAttribute()
    sums = UnicodeAttribute()
    first_day = UnicodeAttribute()
    last_day = UnicodeAttribute()
    waiting = NumberAttribute()
    features = UnicodeAttribute()
    by_term = UnicodeAttribute()
    computed_at = UnicodeAttribute()
    version = NumberAttribute()

    by_cohort = ByCohort()


class FileItem(Model):
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
    counts = MapAttribute[str, int](null=True)
    """Without it the chunk was begun."""


class SourceItem(Model):
    """Which delivery of a source is on its way."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="STATE")
    current = UnicodeAttribute(null=True)


class CohortItem(Model):
    """That somebody is, or was, of a cohort, and when a portrait of it was put last, to a quarter of an hour."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    changed = UnicodeAttribute()


class GroupItem(Model):
    """The group with which a cohort is compared: its own, or the next larger one; or none that may be shown."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="GROUP")
    built_at = UnicodeAttribute()
    group = BinaryAttribute(legacy_encoding=False, null=True)


class YearItem(Model):
    """A grade and category at a glance; `number` is how many it has, which is told only where it may be."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    built_at = UnicodeAttribute()
    number = NumberAttribute()
    shown = BooleanAttribute()
    glance = BinaryAttribute(legacy_encoding=False, null=True)


class QuietItem(Model):
    """How many of a school had gone quiet in `term` when groups were built last."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    built_at = UnicodeAttribute()
    term = UnicodeAttribute()
    number = NumberAttribute()


class BuiltItem(Model):
    """When groups were built last, and when all of them."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="STATE")
    built_at = UnicodeAttribute()
    whole_at = UnicodeAttribute()


class SelectionItem(Model):
    """A selection as lists of them show it: the version in force, and the draft that is looked at."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    newest = NumberAttribute()
    kept = NumberAttribute(null=True)
    by = UnicodeAttribute()
    at = UnicodeAttribute()
    archived_by = UnicodeAttribute(null=True)
    archived_at = UnicodeAttribute(null=True)


class SelectionVersionItem(Model):
    """What a version of a selection says; `told` is its rules and lists, packed."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UnicodeAttribute()
    key = UnicodeAttribute()
    """What whoever made it calls it by, to send it again."""
    told = BinaryAttribute(legacy_encoding=False)
    kept_by = UnicodeAttribute(null=True)
    kept_at = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    """How many it chose when it was kept."""


class ActivityItem(Model):
    """An activity of the catalogue; how many signed up is counted by whoever signs up."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="ACTIVITY")
    id = UnicodeAttribute()
    kind = UnicodeAttribute()
    title = UnicodeAttribute()
    organiser = UnicodeAttribute()
    school = UnicodeAttribute()
    place = UnicodeAttribute()
    begins_at = UnicodeAttribute()
    minutes = NumberAttribute()
    dimension = UnicodeAttribute()
    capacity = NumberAttribute()
    about = UnicodeAttribute()
    state = UnicodeAttribute()
    as_of = UnicodeAttribute()
    version = NumberAttribute()
    taken = NumberAttribute()
    waiting = NumberAttribute()
    delivery = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    """The delivery that told of it last, and what that came to: so one that is done again counts the same."""


class ListedItem(Model):
    """Where an activity is found: in the list of its term, and at its place on each of its days."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    begins_at = UnicodeAttribute()
    ends_at = UnicodeAttribute()
    kind = UnicodeAttribute()
    education = UnicodeAttribute()


class SignUpItem(Model):
    """That a student signed up, as they find it themselves. Whose it is stands in its key."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    activity = UnicodeAttribute()
    standing = UnicodeAttribute()
    at = UnicodeAttribute()
    expires_at = NumberAttribute()


class AskedItem(Model):
    """What a student asked for about an activity under a key, so that the same request sent again does nothing more."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    activity = UnicodeAttribute()
    what = UnicodeAttribute()
    at = UnicodeAttribute()
    expires_at = NumberAttribute()


class GuestItem(Model):
    """That a student holds a place, waits for one, or came, as the organiser finds it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    of_student = UnicodeAttribute()
    at = UnicodeAttribute()
    expires_at = NumberAttribute()


class TicketItem(Model):
    """Who used the ticket that a browser got for a code on a screen."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="TICKET")
    of_student = UnicodeAttribute()
    expires_at = NumberAttribute()


class BookItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="BOOK")
    isbn = UnicodeAttribute()
    title = UnicodeAttribute()
    author = UnicodeAttribute()
    publisher = UnicodeAttribute()
    delivery = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)


class TeacherItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="TEACHER")
    staff = UnicodeAttribute()
    name = UnicodeAttribute()
    title = UnicodeAttribute()
    school = UnicodeAttribute()
    delivery = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)


class DeviceItem(Model):
    """A reader, as the register of readers says, and which certificate it was admitted with."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    place = UnicodeAttribute()
    title = UnicodeAttribute()
    retired = BooleanAttribute(null=True)
    admitted_at = UnicodeAttribute(null=True)
    certificate = UnicodeAttribute(null=True)


class HeardItem(Model):
    """When a reader was heard of last, and by how many milliseconds its clock was behind then."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="HEARD")
    heard_at = UnicodeAttribute()
    offset = NumberAttribute()
    boot = UnicodeAttribute()


class PassItem(Model):
    """A card at a reader: what became of it. Only one that somebody or something has to see to names the card.

    DynamoDB takes it away after `expires_at` (seconds since 1970).
    """

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    device = UnicodeAttribute()
    state = UnicodeAttribute()
    at = UnicodeAttribute()
    why = UnicodeAttribute(null=True)
    card = UnicodeAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    waits = UnicodeAttribute(null=True)
    """PASSES#pending or PASSES#doubtful, by which the index holds them."""
    since = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


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
