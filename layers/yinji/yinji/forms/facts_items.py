"""The items of the table `Facts` as PynamoDB knows them. facts_store.py is the only reader and writer.

| what | pk / sk |
|---|---|
| what is known of a person | `PERSON#<person>` / `FACT#<kind>` |
| each version of it | `PERSON#<person>` / `PAST#<kind>#<version>` |
| the key by which some of it is sealed | `PERSON#<person>` / `KEY` |
| what a person says otherwise than a system of record | `CONFLICTS#<source>` / `<id>` |
| what was decided of it | `DECIDED#<source>` / `<id>` |
| as of when a system of record last told of a kind | `RECORDS#<source>` / `KIND#<kind>` |
| that a table of it is being taken | `RECORDS#<source>` / `RUN#<id>` |
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
from typing import Any

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from yinji.clearance.items import SealingKeyItem
from yinji.clearance.items import Settings as Connection

TABLE = os.environ.get("YINJI_FACTS_TABLE", "Facts")


class Settings(Connection):
    table_name = TABLE


class FactItem(Model):
    """Values are JSON. `claim`: {"value", "at", "through"}. DynamoDB takes it away after `expires_at` (seconds since
    1970), if nobody did before."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    person = UnicodeAttribute()
    fact = UnicodeAttribute()
    value = UnicodeAttribute()
    source = UnicodeAttribute()
    through = UnicodeAttribute()
    at = UnicodeAttribute()
    version = NumberAttribute()
    claim = MapAttribute[str, Any](null=True)
    overruled = UnicodeAttribute(null=True)
    confirmed = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class PastItem(Model):
    """A version of a fact, the newest among them."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    person = UnicodeAttribute()
    fact = UnicodeAttribute()
    value = UnicodeAttribute()
    source = UnicodeAttribute()
    through = UnicodeAttribute()
    at = UnicodeAttribute()
    version = NumberAttribute()
    claim = MapAttribute[str, Any](null=True)
    overruled = UnicodeAttribute(null=True)
    confirmed = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class FactKeyItem(SealingKeyItem):
    """The key by which what is sensitive of a person is sealed."""

    class Meta(Settings):
        pass


class ConflictItem(Model):
    """`version` is that of the fact: what was seen is what is decided of."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    person = UnicodeAttribute()
    fact = UnicodeAttribute()
    recorded = UnicodeAttribute()
    typed = UnicodeAttribute()
    at = UnicodeAttribute()
    version = NumberAttribute()
    expires_at = NumberAttribute()


class DecidedItem(Model):
    """What was decided of a conflict, by whom; of whom it was, its id does not tell."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    fact = UnicodeAttribute()
    deed = UnicodeAttribute()
    who = UnicodeAttribute()
    at = UnicodeAttribute()
    expires_at = NumberAttribute()


class MarkItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    as_of = UnicodeAttribute()


class RecordsRunItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    began_at = UnicodeAttribute()
    expires_at = NumberAttribute()
