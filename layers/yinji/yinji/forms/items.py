"""The items of the table `Forms` as PynamoDB knows them. store.py is the only reader and writer.

| what | pk / sk |
|---|---|
| form, with its draft | `FORMS` / `FORM#<id>` |
| version of a form | `FORM#<id>` / `VERSION#<number>` |
| what happened to a form | `FORM#<id>` / `EVENT#<at>#<key>` |
| what somebody has filled so far | `PERSON#<id>` / `DRAFT#<form>` |
| submission | `SUBMISSION#<id>` / `SUBMISSION`; indexes by-person, by-form, by-office |
| what happened to it | `SUBMISSION#<id>` / `EVENT#<at>#<key>` |
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_FORMS_TABLE", "Forms")


class Settings(Connection):
    table_name = TABLE


class ByPerson(GlobalSecondaryIndex["SubmissionItem"]):
    """What somebody sent, by when."""

    class Meta:
        index_name = "by-person"
        projection = AllProjection()

    person = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)


class ByForm(GlobalSecondaryIndex["SubmissionItem"]):
    """What was sent of a form, by when."""

    class Meta:
        index_name = "by-form"
        projection = AllProjection()

    form = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)


class ByOffice(GlobalSecondaryIndex["SubmissionItem"]):
    """What waits for an office, by since when; what waits for nobody is not in it."""

    class Meta:
        index_name = "by-office"
        projection = AllProjection()

    waits_for = UnicodeAttribute(hash_key=True)
    since = UnicodeAttribute(range_key=True)


class FormItem(Model):
    """A form; `draft` is what its office works on: the two documents as JSON, or nothing when it is as published."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True, default="FORMS")
    sk = UnicodeAttribute(range_key=True)
    form_id = UnicodeAttribute()
    office_of_form = UnicodeAttribute()
    state = UnicodeAttribute()
    published = NumberAttribute()
    draft = UnicodeAttribute(null=True)
    webhook = MapAttribute[str, str](null=True)
    version = NumberAttribute()
    changed_at = UnicodeAttribute()
    changed_by = UnicodeAttribute()


class VersionItem(Model):
    """A version that was published, for as long as the form lives: submissions are read by it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    documents = UnicodeAttribute()
    published_at = UnicodeAttribute()
    published_by = UnicodeAttribute()


class FormEventItem(Model):
    """Something that happened to a form or to a submission."""

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


class DraftItem(Model):
    """What somebody has filled of a form and not sent."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    form_id = UnicodeAttribute()
    answers = UnicodeAttribute()
    uses = MapAttribute[str, str]()
    page = NumberAttribute()
    saved_at = UnicodeAttribute()
    corrects = UnicodeAttribute(null=True)
    form_version = NumberAttribute()
    version = NumberAttribute()
    expires_at = NumberAttribute()


LEAN = (
    "submission", "form", "form_version", "office", "person", "called", "school", "ways", "repeated", "at", "chain",
    "state", "stage", "times", "version", "expires_at",
)  # fmt: skip
"""What of a submission is read to count how it was filled."""


class SubmissionItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="SUBMISSION")
    submission = UnicodeAttribute()
    form = UnicodeAttribute()
    form_version = NumberAttribute()
    office = UnicodeAttribute()
    person = UnicodeAttribute()
    called = UnicodeAttribute()
    school = UnicodeAttribute(null=True)
    answers = UnicodeAttribute()
    ways = MapAttribute[str, str]()
    repeated = ListAttribute[str]()
    at = UnicodeAttribute()
    chain = ListAttribute[str]()
    state = UnicodeAttribute()
    stage = NumberAttribute()
    approvals = ListAttribute[MapAttribute[str, str]]()
    times = MapAttribute[str, str]()
    waits_for = UnicodeAttribute(null=True)
    since = UnicodeAttribute(null=True)
    version = NumberAttribute()
    expires_at = NumberAttribute()

    by_person = ByPerson()
    by_form = ByForm()
    by_office = ByOffice()
