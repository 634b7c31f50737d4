"""The items of the table `Editions` as PynamoDB knows them. store.py is the only reader and writer."""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_EDITIONS_TABLE", "Editions")


class Settings(Connection):
    table_name = TABLE


class ByRun(GlobalSecondaryIndex["EditionItem"]):
    """Editions of a run, by how far they are: `progress` is <state>#<student>."""

    class Meta:
        index_name = "by-run"
        projection = AllProjection()

    run = UnicodeAttribute(hash_key=True)
    progress = UnicodeAttribute(range_key=True)


class ByCode(GlobalSecondaryIndex["EditionItem"]):
    class Meta:
        index_name = "by-code"
        projection = AllProjection()

    code = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class EditionItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    student = UnicodeAttribute()
    id = UnicodeAttribute()
    run = UnicodeAttribute()
    progress = UnicodeAttribute()
    language = UnicodeAttribute()
    theme = UnicodeAttribute()
    code = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UnicodeAttribute()
    state = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    attempts = NumberAttribute()
    fingerprint = UnicodeAttribute(null=True)
    digest = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    status = NumberAttribute(null=True)
    sealed_at = UnicodeAttribute(null=True)
    superseded_by = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    revoked_by = UnicodeAttribute(null=True)
    revoked_why = UnicodeAttribute(null=True)
    characters = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)

    by_run = ByRun()
    by_code = ByCode()


class InForceItem(Model):
    """Which edition of a student in a language is the one in force."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    edition = UnicodeAttribute()
    of_fingerprint = UnicodeAttribute()


class StatusItem(Model):
    """How many places of the list of what was revoked are taken."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="COUNT")
    taken = NumberAttribute()


class ShareItem(Model):
    """A link by which a student shares their archive; `code` is its token."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    code = UnicodeAttribute()
    student = UnicodeAttribute()
    id = UnicodeAttribute()
    shows = UnicodeAttribute()
    to = UnicodeAttribute()
    until = UnicodeAttribute()
    at = UnicodeAttribute()
    parts = UnicodeSetAttribute(null=True)
    edition = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)


class RevokedItem(Model):
    """A place of the list whose edition was revoked: kept for ever, and about nobody."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    at = UnicodeAttribute()


class PackItem(Model):
    """The editions of one school in a run, packed for the printing house."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    school = UnicodeAttribute()
    at = UnicodeAttribute()
    size = NumberAttribute()
    students = ListAttribute[str]()
    expires_at = NumberAttribute()


class RunItem(Model):
    """Many editions that somebody asked for at once."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    selection = UnicodeAttribute()
    version = NumberAttribute()
    language = UnicodeAttribute()
    theme = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UnicodeAttribute()
    students = NumberAttribute(null=True)
    planned = UnicodeAttribute(null=True)
    paused_by = UnicodeAttribute(null=True)
    paused_at = UnicodeAttribute(null=True)
