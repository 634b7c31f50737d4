"""The items of the table `Messages` as PynamoDB knows them. store.py is the only reader and writer."""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportGeneralTypeIssues=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_MESSAGES_TABLE", "Messages")


class Settings(Connection):
    table_name = TABLE


class MessageItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    box = UnicodeAttribute()
    kind = UnicodeAttribute()
    at = UnicodeAttribute()
    params = MapAttribute[str, Any]()
    expires = NumberAttribute()


class Waiting(GlobalSecondaryIndex["DeliveryItem"]):
    """Deliveries that are not over, by channel: only those have the attribute `waits`."""

    class Meta:
        index_name = "waiting"
        projection = AllProjection()

    waits = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class DeliveryItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    box = UnicodeAttribute()
    kind = UnicodeAttribute()
    at = UnicodeAttribute()
    params = MapAttribute[str, Any]()
    expires = NumberAttribute()
    channel = UnicodeAttribute()
    state = UnicodeAttribute()
    due_at = UnicodeAttribute()
    attempts = NumberAttribute(default=0)
    owner = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    waits = UnicodeAttribute(null=True)

    waiting = Waiting()


class SettingsItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="SETTINGS")
    language = UnicodeAttribute(null=True)
    stopped = UnicodeSetAttribute(null=True)
    told_at = UnicodeAttribute(null=True)
    expires = NumberAttribute(null=True)


class ReadItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    upto = UnicodeAttribute()


class RemindedItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="REMINDED")
    at = UnicodeAttribute()
    key = UnicodeAttribute()
