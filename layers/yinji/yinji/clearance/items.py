"""The items of the table `Cases` as PynamoDB knows them. store.py is the only reader and writer.

What PynamoDB leaves untyped stays in this file: `one` and `values` hand out plain data.
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportGeneralTypeIssues=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from yinji.platform.clock import stamp

TABLE = os.environ.get("YINJI_TABLE", "Cases")
LEAN = [
    "name", "category", "flow", "flow_version", "batch", "programme", "class_name", "counsellor", "marks",
    "version", "updated_at", "finished_at", "deadline", "certificate", "supervisor",
]  # fmt: skip


class Settings:
    table_name = TABLE
    connect_timeout_seconds = 2
    read_timeout_seconds = 10
    max_retry_attempts = 4
    max_pool_connections = 32


class BySchool(GlobalSecondaryIndex["CaseItem"]):
    class Meta:
        index_name = "by-school"
        projection = IncludeProjection(LEAN)

    school = UnicodeAttribute(hash_key=True)
    student = UnicodeAttribute(range_key=True)


class CaseItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="CASE")
    student = UnicodeAttribute()
    name = UnicodeAttribute()
    category = UnicodeAttribute()
    school = UnicodeAttribute()
    name_latin = UnicodeAttribute(null=True)
    programme = UnicodeAttribute(null=True)
    class_name = UnicodeAttribute(null=True)
    counsellor = UnicodeAttribute(null=True)
    supervisor = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    nationality = UnicodeAttribute(null=True)
    room = UnicodeAttribute(null=True)
    flags = ListAttribute[str]()
    batch = UnicodeAttribute()
    deadline = UnicodeAttribute()
    flow = UnicodeAttribute()
    flow_version = NumberAttribute()
    version = NumberAttribute()
    opened_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    as_of = UnicodeAttribute(null=True)
    of_school = UnicodeAttribute(null=True)
    opens_on = UnicodeAttribute(null=True)
    extended_to = UnicodeAttribute(null=True)
    declared = MapAttribute[str, Any](null=True)
    withdrawn_at = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)
    certificate = MapAttribute[str, str](null=True)
    steps = MapAttribute[str, Any]()
    marks = MapAttribute[str, str]()
    chain = UnicodeAttribute(null=True)
    practice = UnicodeAttribute(null=True)

    by_school = BySchool()


class EventItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    key = UnicodeAttribute()
    what = UnicodeAttribute()
    who = UnicodeAttribute()
    role = UnicodeAttribute()
    at = UnicodeAttribute()
    version = NumberAttribute()
    step = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    evidence = MapAttribute[str, Any](null=True)
    states = MapAttribute[str, str](null=True)
    hash = UnicodeAttribute(null=True)


class QueueItem(Model):
    """Names its graduate otherwise than a case does, so that the index by school does not hold it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    step = UnicodeAttribute()
    of_student = UnicodeAttribute()
    of_school = UnicodeAttribute()
    name = UnicodeAttribute()
    since = UnicodeAttribute()
    step_version = NumberAttribute()
    supervisor = UnicodeAttribute(null=True)
    answers = MapAttribute[str, Any](null=True)
    flow = UnicodeAttribute(null=True)


class SlotItem(Model):
    """A slot that somebody holds or the office decided about; one nobody touched has none."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    booked = NumberAttribute()
    capacity = NumberAttribute(null=True)
    closed = BooleanAttribute(null=True)
    set_by = UnicodeAttribute(null=True)
    set_at = UnicodeAttribute(null=True)


class BookingItem(Model):
    """Who holds a slot; names its graduate as a queue's entry does, for the same reason."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    of_student = UnicodeAttribute()
    of_school = UnicodeAttribute()
    name = UnicodeAttribute()
    room = UnicodeAttribute(null=True)
    done = BooleanAttribute(null=True)


class BatchItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    batch = UnicodeAttribute()
    title = MapAttribute[str, str]()
    opens_on = UnicodeAttribute()
    deadline = UnicodeAttribute()
    closed_at = UnicodeAttribute(null=True)
    closing = UnicodeAttribute(null=True)
    """The closing report as JSON."""


class CertificateItem(Model):
    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="CERTIFICATE")
    code = UnicodeAttribute()
    of_student = UnicodeAttribute()
    name = UnicodeAttribute()
    of_school = UnicodeAttribute()
    flow = UnicodeAttribute()
    programme = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute()
    issued_at = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)


class FeedItem(Model):
    """What is known of a step's feed: the snapshot in force, the one held for confirmation, who works on it now."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="STATE")
    current = MapAttribute[str, Any](null=True)
    held = MapAttribute[str, Any](null=True)
    lease_owner = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)


class UploadItem(Model):
    """A document that was asked for; like a queue entry it is not in the index by school.

    `expires_at` (seconds since 1970) takes away what never arrived or was refused; DynamoDB does it within days.
    """

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    of_student = UnicodeAttribute()
    step = UnicodeAttribute()
    field = UnicodeAttribute()
    status = UnicodeAttribute()
    started_at = UnicodeAttribute()
    kind = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    pages = NumberAttribute(null=True)
    refusal = UnicodeAttribute(null=True)
    takes = MapAttribute[str, Any](null=True)
    expires_at = NumberAttribute(null=True)


class SealingKeyItem(Model):
    """A key by which something of a person is sealed, as KMS wrapped it; without it nobody reads that again."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="KEY")
    wrapped = BinaryAttribute(legacy_encoding=False)
    made_at = UnicodeAttribute()


class KeyItem(SealingKeyItem):
    """The key by which answers of a case are sealed."""

    class Meta(Settings):
        pass


class UploadsItem(Model):
    """How many uploads a graduate began for a step on one day."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    begun = NumberAttribute()
    expires_at = NumberAttribute()


class RoundItem(Model):
    """What came of a round; DynamoDB takes it away after `expires_at` (seconds since 1970)."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="OUTCOME")
    who = UnicodeAttribute()
    step = UnicodeAttribute()
    action = UnicodeAttribute()
    at = UnicodeAttribute()
    results = ListAttribute[Any]()
    fingerprint = UnicodeAttribute()
    back = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class AuditItem(Model):
    """Who took which list out of the house, when, how long it was, and by which filters; never what stood in it."""

    class Meta(Settings):
        pass

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    who = UnicodeAttribute()
    role = UnicodeAttribute()
    what = UnicodeAttribute()
    at = UnicodeAttribute()
    rows = NumberAttribute()
    filters = MapAttribute[str, str]()
    expires_at = NumberAttribute()


Item = TypeVar("Item", bound=Model)
LONGEST_PARTITION_KEY, LONGEST_SORT_KEY = 2048, 1024


def one(kind: type[Item], pk: str, sk: str, *, consistent: bool = True) -> Item | None:
    """The item with that key, or None."""
    if not (pk and sk and can_be_key(pk, sk)):
        return None
    try:
        return kind.get(pk, sk, consistent_read=consistent)
    except kind.DoesNotExist:
        return None


def can_be_key(pk: str, sk: str = "") -> bool:
    """Whether there could be an item with that key: DynamoDB refuses even to look for a longer one."""
    return len(pk.encode()) <= LONGEST_PARTITION_KEY and len(sk.encode()) <= LONGEST_SORT_KEY


def connection() -> Connection:
    """What transactions are sent through, as patient as everything else."""
    return Connection(
        connect_timeout_seconds=Settings.connect_timeout_seconds,
        read_timeout_seconds=Settings.read_timeout_seconds,
        max_retry_attempts=Settings.max_retry_attempts,
        max_pool_connections=Settings.max_pool_connections,
    )


def kept(write: Callable[[], Any]) -> bool:
    """Send `write`, a put or an update with a condition; False when the condition did not hold."""
    try:
        write()
    except (PutError, UpdateError) as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


FAILED_CONDITION = "ConditionalCheckFailed"
"""What `cancelled_by` says of a part whose condition did not hold."""


def cancelled_by(error: TransactWriteError) -> list[str]:
    """What each part of a transaction says of why it was cancelled, in their order: a code of DynamoDB's, or "None"."""
    return [reason.code if reason else "None" for reason in error.cancellation_reasons]


CONFLICTS = frozenset({FAILED_CONDITION, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction was cancelled, where trying again may help."""


def transacted(through: Connection, work: Callable[[TransactWrite], None]) -> bool:
    """Do `work` as one transaction `through` a connection; False when a condition did not hold, or somebody else was at
    it: look anew then."""
    try:
        with TransactWrite(connection=through) as transaction:
            work(transaction)
    except TransactWriteError as error:
        if not CONFLICTS.intersection(cancelled_by(error)):
            raise
        return False
    return True


class Happened(Protocol):
    """Something that happened to a thing. `key` is the same whenever the same is sent again, and so is its instant."""

    @property
    def key(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def who(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def told(self) -> Mapping[str, Any]: ...


def happens(transaction: TransactWrite, kind: type[Model], pk: str, event: Happened, kept: timedelta) -> None:
    """Let `transaction` put that `event` happened to what lies at `pk`, once, as an item of `kind` that goes after
    `kept`."""
    item = kind(
        pk,
        f"EVENT#{stamp(event.at)}#{event.key}",
        key=event.key,
        what=event.what,
        who=event.who,
        at=stamp(event.at),
        told=dict(event.told),
        expires_at=int((event.at + kept).timestamp()),
    )
    transaction.save(item, condition=kind.pk.does_not_exist())  # pyright: ignore[reportAttributeAccessIssue]


def forget(kind: type[Model], pk: str, beginning: str = "") -> None:
    """Delete every item of the partition `pk` of the table that `kind` lies in, whatever kinds they are; or those whose
    sk begins with `beginning`."""
    those = kind.sk.startswith(beginning) if beginning else None  # pyright: ignore[reportAttributeAccessIssue]
    with kind.batch_write() as gone:
        for item in kind.query(pk, those, attributes_to_get=["pk", "sk"]):
            gone.delete(item)


def values(item: Model) -> dict[str, Any]:
    """The attributes of `item` as plain values, without those that are missing."""
    return {
        name: value.as_dict() if isinstance(value, MapAttribute) else value
        for name, value in item.attribute_values.items()
        if value is not None
    }
