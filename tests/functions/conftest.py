"""A university's cloud in moto: the table, the buckets, the bus, the signing keys; and who looks on."""

from __future__ import annotations

import copy
import json
import os
import threading
import uuid
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from inspect import isfunction
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import boto3
import botocore.session
import pytest
from botocore import hooks
from botocore.hooks import EventAliaser, HierarchicalEmitter
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.core import models as doubles
from moto.core import responses
from moto.core.base_backend import BaseBackend
from moto.core.config import DefaultConfig
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey
from yinji.archive.items import LEAN as COHORT
from yinji.clearance.items import LEAN
from yinji.clearance.store import Store
from yinji.forms.facts_items import TABLE as FACTS
from yinji.forms.items import TABLE as FORMS
from yinji.identity.session import Session
from yinji.repair.items import TABLE as REPAIR
from yinji.visits.items import TABLE as VISITS

from tests import handlers
from tests.graduates import LIN, roster_csv, snapshot
from tests.sessions import begun

# descriptions of services are read once: every double has a session of its own, which would read them anew
botocore.session.create_loader = cache(botocore.session.create_loader)
# a rule of what is answered for each address, the same ones each time that a test begins: they hold nothing of a test
doubles.CallbackResponse = cache(doubles.CallbackResponse)  # type: ignore[misc, assignment]
_alias, _alias_event_name = EventAliaser(HierarchicalEmitter()), EventAliaser._alias_event_name
EventAliaser._alias_event_name = lambda _, name: _alias_of(name)  # type: ignore[method-assign]


@cache
def _alias_of(name: str) -> str:
    """What an event of botocore is called by now: each client registers two hundred of the same handlers."""
    return _alias_event_name(_alias, name)


_takes_anything = hooks.accepts_kwargs
_function_takes_anything = cache(_takes_anything)
# and each client looks anew whether these handlers may be registered, which is settled where they are defined
hooks.accepts_kwargs = lambda handler: (_function_takes_anything if isfunction(handler) else _takes_anything)(handler)
_urls, _known = BaseBackend.urls.fget, dict[type, Any]()


def _addresses(self: Any) -> Any:
    """What answers where, the same for every double of a service; it would be put together for every request."""
    if type(self) not in _known:
        _known[type(self)] = _urls(self)
    return _known[type(self)]


BaseBackend.urls = property(_addresses)  # type: ignore[assignment]
responses.method_names_from_class = cache(responses.method_names_from_class)  # type: ignore[attr-defined]
ONE_SESSION: DefaultConfig = {"core": {"reset_boto3_session": False}}
"""Clients of all tests come of one session, which has read what is the same for them."""
_structure = JSONSerializer._serialize_type_structure


def _as_it_is(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Values of the table are kept as they are sent; looking for each of their types again takes most of a test."""
    if shape.name == "AttributeValue" and isinstance(value, dict) and "B" not in value:
        self._default_serialize(serialized, value, shape, key)
    else:
        _structure(self, serialized, value, shape, key)


JSONSerializer._serialize_type_structure = _as_it_is  # type: ignore[method-assign]
_sign, _told = KmsResponse.sign, threading.local()


def _sign_as_told(self: Any) -> str:
    """A digest is signed as it is when it is said to be one; the double would sign the digest of the digest."""
    _told.digest = self._get_param("MessageType") == "DIGEST"
    return _sign(self)


def _sign_elliptic(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    assert signing_algorithm == "ECDSA_SHA_256"
    told = Prehashed(hashes.SHA256()) if _told.digest else hashes.SHA256()
    return self.private_key.sign(message, ec.ECDSA(told))


KmsResponse.sign = _sign_as_told  # type: ignore[method-assign]
ECDSAPrivateKey.sign = _sign_elliptic  # type: ignore[method-assign]
_project = Item.project


def _projected(self: Any, expressions: list[list[str]]) -> Any:
    """The lean copy that an index holds: whole attributes, which need not be translated to JSON and back for that."""
    if any(len(path) > 1 for path in expressions):
        return _project(self, expressions)
    lean = Item(self.hash_key, self.range_key, {})
    lean.attrs = {name: self.attrs[name] for [name] in expressions if name in self.attrs}
    return lean


Item.project = _projected  # type: ignore[method-assign]


def _in_order(self: Any) -> list[Item]:
    """The items of a table by what their keys say, looked up once for each; each Query on an index sorts them all."""
    items = [item for held in self.items.values() for item in (held.values() if self.range_key_attr else [held])]
    return sorted(items, key=lambda one: (one.hash_key.cast_value, one.range_key.cast_value if one.range_key else None))


Table.all_items = _in_order  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions as DynamoDB promises them: one after the other, none seen halfway.

    The double copies the whole table for each and puts it back when one is cancelled, which would lose what other
    threads wrote meanwhile and take a second with ten thousand cases; here it copies what a rollback needs.
    """
    from moto.dynamodb import models

    lock = threading.RLock()
    updated = set[str]()
    copies: dict[str, Any] = {}

    def alone(name: str) -> None:
        original = getattr(models.DynamoDBBackend, name)

        def one_at_a_time(self: Any, *args: Any, **more: Any) -> Any:
            with lock:
                if name == "transact_write_items":
                    entries = args[0] if args else more["transact_items"]
                    copies.clear()
                    updated.clear()
                    updated.update(one["Update"]["Key"]["pk"]["S"] for one in entries if "Update" in one)
                return original(self, *args, **more)

        monkeypatch.setattr(models.DynamoDBBackend, name, one_at_a_time)

    def snapshot_of(thing: Any) -> Any:
        if not isinstance(thing, models.Table):
            return copy.deepcopy(thing)
        if thing.name in copies:  # it is asked for anew for each part of a transaction, before any of them is done
            return copies[thing.name]
        kept = copies[thing.name] = copy.copy(thing)
        # an update changes an item where it lies: those that this transaction updates
        changed = {key: copy.deepcopy(items) for key, items in thing.items.items() if str(key.value) in updated}
        kept.items = defaultdict(dict, {key: dict(items) for key, items in thing.items.items()} | changed)
        return kept

    def found(items: Any) -> Any:
        """What a Query found, apart from the table: attributes are put in place of others, not changed."""
        if not isinstance(items, list):
            return copy.deepcopy(items)
        copies = [copy.copy(item) for item in items]
        for one in copies:
            one.attrs = dict(one.attrs)
        return copies

    monkeypatch.setattr(models.table, "copy", SimpleNamespace(copy=copy.copy, deepcopy=found))
    for name in ("transact_write_items", "get_item", "put_item", "update_item", "delete_item", "query", "scan"):
        alone(name)
    monkeypatch.setattr(models, "copy", SimpleNamespace(copy=copy.copy, deepcopy=snapshot_of))


FEED_ROWS: dict[str, dict[str, Any]] = {
    "graduation-audit": {"passed": "yes", "missing": ""},
    "library-loans": {"loans": 0, "fines": "0.00", "titles": ""},
    "tuition": {"arrears": "0", "items": ""},
    "campus-card": {"balance": "12.50"},
    "lab-equipment": {"items": 0, "names": ""},
    "housing-deposit": {"refunded": "yes", "amount": "800.00"},
}


@cache
def store() -> Store:
    """One for all tests: it keeps nothing but its connection."""
    return Store()


def create_table(client: Any, name: str = "Cases") -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": at, "AttributeType": "S"} for at in ("pk", "sk", "school", "student")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-school",
                "KeySchema": [
                    {"AttributeName": "school", "KeyType": "HASH"},
                    {"AttributeName": "student", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LEAN},
            }
        ],
    )


def create_messages_table(client: Any) -> None:
    names = ("pk", "sk", "waits", "due_at")
    client.create_table(
        TableName="Messages",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "waiting",
                "KeySchema": [
                    {"AttributeName": "waits", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def create_archive_table(client: Any, name: str = "Archive") -> None:
    lean = {"ProjectionType": "INCLUDE", "NonKeyAttributes": COHORT}
    create_indexed_table(client, name, ("waiting", "waits", "since", ALL), ("by-cohort", "cohort", "student", lean))


ALL = {"ProjectionType": "ALL"}


def create_indexed_table(client: Any, name: str, *indexes: tuple[str, str, str, dict[str, Any]]) -> None:
    """A table by pk and sk with `indexes`: name, partition, sort, projection."""
    attributes = dict.fromkeys(["pk", "sk", *(one for index in indexes for one in index[1:3])])
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in attributes],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": sort, "KeyType": "RANGE"},
                ],
                "Projection": projection,
            }
            for index, partition, sort, projection in indexes
        ],
    )


def create_people_table(client: Any, name: str = "People") -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )


def create_limits_table(client: Any) -> None:
    client.create_table(
        TableName="Limits",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )


PLACES = [
    ("s3", "aws"),
    *((name, "us-east-1") for name in ("dynamodb", "events", "kms", "secretsmanager", "scheduler")),
]
FURNISHED: dict[tuple[str, str], dict[str, Any]] = {}
"""What the services of an empty cloud hold, by service and region, once the first one was made."""


@cache
def _client(service: Any) -> Any:
    return boto3.client(service)


def _backend(service: Any, region: str) -> Any:
    return get_backend(service)[ACCOUNT][region]


def _furnish_again() -> None:
    """Put a copy of an empty cloud in place, which takes a millisecond; by its API it takes a fifth of a second.

    Keys cannot be copied, and need not be: nothing changes them.
    """
    memo = {id(key): key for key in _keys()}
    for (service, region), held in FURNISHED.items():
        vars(_backend(service, region)).update(copy.deepcopy(held, memo))


def _keys() -> Iterator[ECDSAPrivateKey | RSAPrivateKey]:
    for key in FURNISHED["kms", "us-east-1"]["keys"].values():
        if isinstance(key.private_key, ECDSAPrivateKey | RSAPrivateKey):
            yield key.private_key


class Cloud:
    """The resources, the functions on them, and what was said on the bus."""

    def __init__(self) -> None:
        self.dynamodb, self.s3, self.sqs = (_client(name) for name in ("dynamodb", "s3", "sqs"))
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.calls: list[tuple[str, str]] = []
        if FURNISHED:
            _furnish_again()
        else:
            self._furnish()
            FURNISHED.update({place: dict(vars(_backend(*place))) for place in PLACES})
            _furnish_again()  # what is kept is never what a test works on
        for queue in ("seen", "ingest", "load", "refresh", "pack", "news", "form-deliveries"):
            self.sqs.create_queue(QueueName=f"yinji-{queue}")

    def _furnish(self) -> None:
        create_table(self.dynamodb)
        create_messages_table(self.dynamodb)
        create_people_table(self.dynamodb)
        create_limits_table(self.dynamodb)
        create_archive_table(self.dynamodb)
        create_indexed_table(
            self.dynamodb, "Editions", ("by-run", "run", "progress", ALL), ("by-code", "code", "sk", ALL)
        )
        create_indexed_table(
            self.dynamodb,
            REPAIR,  # known before a template is made, which imports the portal with names of its own
            ("by-building", "building", "id", ALL),
            ("by-incident", "incident", "filed_at", ALL),
            ("by-shelf", "shelf", "place_on_shelf", ALL),
        )
        create_indexed_table(self.dynamodb, VISITS, ("by-month", "month", "place_in_month", ALL))
        create_indexed_table(
            self.dynamodb,
            FORMS,
            ("by-person", "person", "at", ALL),
            ("by-form", "form", "at", ALL),
            ("by-office", "waits_for", "since", ALL),
        )
        create_people_table(self.dynamodb, FACTS)
        for bucket in ("intake", "documents", "archive", "editions", "repair", "forms"):
            self.s3.create_bucket(Bucket=bucket)
        boto3.client("events").create_event_bus(Name="yinji")
        kms = boto3.client("kms")
        kms.create_alias(AliasName="alias/sealing", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/signing", TargetKeyId=signing)
        boto3.client("secretsmanager").create_secret(
            Name="SessionKeys", SecretString='{"key": "new", "older": ["old"]}'
        )
        boto3.client("scheduler").create_schedule_group(Name="yinji-repair")
        boto3.client("secretsmanager").create_secret(Name="RepairKey", SecretString="of-the-tests")
        boto3.client("secretsmanager").create_secret(Name="VisitsKey", SecretString="of-the-tests")
        boto3.client("secretsmanager").create_secret(Name="Open311Keys", SecretString='{"first": "a-key-of-the-tests"}')
        boto3.client("secretsmanager").create_secret(Name="MonitorSecret", SecretString="of-the-monitor")

    def invoke(self, folder: str, event: dict[str, Any]) -> Any:
        context = SimpleNamespace(
            aws_request_id=str(uuid.uuid4()),
            function_name=folder,
            memory_limit_in_mb=512,
            get_remaining_time_in_millis=lambda: 900_000,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:x",
        )
        # an environment has one request at a time: in another thread it comes to another environment
        elsewhere = "routeKey" in event and threading.current_thread() is not threading.main_thread()
        module = handlers.load(folder) if elsewhere else handlers.warm(folder)
        return module.handler(json.loads(json.dumps(event)), context)

    def put(self, key: str, data: bytes | str, folder: str) -> dict[str, Any]:
        """Put an object into the intake and let its function know; the report."""
        self.s3.put_object(Bucket="intake", Key=key, Body=data)
        self.deliver(key, folder)
        return self.report(key)

    def deliver(self, key: str, folder: str) -> None:
        # S3 writes keys as in a URL
        told = quote_plus(key, safe="/")
        record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": "intake"}, "object": {"key": told}}}
        self.invoke(folder, {"Records": [record]})

    def looks(self) -> list[dict[str, Any]]:
        """The looks that lie in their queue, taken out of it."""
        return self.taken_out("SEEN")

    def taken_out(self, queue: str) -> list[dict[str, Any]]:
        """The messages that lie in the queue YINJI_<queue>_QUEUE, taken out of it."""
        found: list[dict[str, Any]] = []
        queue = os.environ[f"YINJI_{queue}_QUEUE"]
        while told := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in told:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def keep(self, *looks: dict[str, Any]) -> Any:
        """Deliver `looks`, or what lies in the queue, to what keeps them."""
        return self.send("identity/seen", *(looks or self.looks()))

    def send(self, folder: str, *messages: dict[str, Any]) -> Any:
        """Give `messages` of a queue to a function."""
        records = [
            {"messageId": str(uuid.uuid4()), "eventSource": "aws:sqs", "body": json.dumps(one)} for one in messages
        ]
        return self.invoke(folder, {"Records": records})

    def report(self, key: str) -> dict[str, Any]:
        return json.loads(self.s3.get_object(Bucket="documents", Key=f"reports/{key}.json")["Body"].read())

    def declare(self) -> None:
        batch = {"title": {"zh": "夏", "en": "Summer"}, "opens_on": "2026-06-01", "deadline": "2026-06-30"}
        self.put("rosters/2026-summer/batch.json", json.dumps(batch), "clearance/open_cases")

    def open(self, *graduates: Any) -> dict[str, Any]:
        self.declare()
        name = f"rosters/2026-summer/{uuid.uuid4()}.csv"
        return self.put(name, roster_csv(graduates or [LIN]), "clearance/open_cases")

    def feed(self, step: str, *rows: dict[str, Any], key: str = "", **told: Any) -> dict[str, Any]:
        """Deliver a snapshot; rows give what differs from a graduate without debts."""
        columns = ["student", *FEED_ROWS[step]]
        data = snapshot(step, columns, [FEED_ROWS[step] | row for row in rows], **({"as_of": self.tick()} | told))
        module = step.replace("-", "_")
        return self.put(key or f"feeds/{step}/{uuid.uuid4()}.csv", data, f"clearance/steps/{module}")

    _clock = datetime(2026, 6, 1, tzinfo=UTC)

    def tick(self) -> datetime:
        self._clock += timedelta(minutes=10)
        return self._clock

    def case(self, student: str = LIN.student) -> Any:
        return store().get(student)

    def call(
        self, folder: str, session: Session | None, method: str, path: str, body: Any = None, **more: Any
    ) -> SimpleNamespace:
        """What the HTTP API would make of a request: {status, json, headers, cookies}."""
        form = isinstance(body, list)
        headers = {"content-type": "application/x-www-form-urlencoded" if form else "application/json"}
        packed = isinstance(body, bytes)  # API Gateway hands over what is no text in base64
        text = (
            b64encode(body).decode()
            if packed
            else urlencode(body)
            if form
            else json.dumps(body)
            if body is not None
            else None
        )
        raw, _, query = path.partition("?")
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{method} {raw}",
            "rawPath": raw,
            "rawQueryString": query,
            "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
            "headers": headers | more.pop("headers", {}),
            "cookies": more.pop("cookies", []),
            "requestContext": {
                "http": {"method": method, "path": raw},
                "stage": "$default",
                "authorizer": {"lambda": begun(session).claims if session else None},
            },
            "body": text,
            "isBase64Encoded": packed,
        }
        answer = self.invoke(folder, event)
        try:
            document = json.loads(answer["body"])
        except ValueError:
            document = None
        return SimpleNamespace(
            status=answer["statusCode"],
            json=document,
            headers=answer.get("headers", {}),
            cookies=answer.get("cookies", []),
            body=answer["body"],
            encoded=answer.get("isBase64Encoded", False),
        )

    def act(
        self, session: Session, step: str, action: str, student: str = LIN.student, key: str = "", **fields: Any
    ) -> SimpleNamespace:
        version = fields.pop("step_version", None)
        if version is None:
            version = self.case(student).steps[step].version
        body = {"step_version": version, "idempotency_key": key or uuid.uuid4().hex, **fields}
        path = f"/api/clearance/cases/{student}/steps/{step}/{action}"
        return self.call(f"clearance/steps/{step.replace('-', '_')}", session, "POST", path, body)


STUDENT = Session(LIN.student, "student", LIN.name)
COUNSELLOR = Session("T0001", "counsellor", "王老师", school="S01")


def officer(department: str) -> Session:
    return Session(f"officer-{department}", "department-officer", department, department=department)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    from yinji.archive import cohorts
    from yinji.clearance import adapter, bus

    with mock_aws(config=ONE_SESSION):
        monkeypatch.setattr(adapter, "_client", None)
        monkeypatch.setattr(bus, "_client", None)
        monkeypatch.setattr(cohorts, "TOLD", {})
        found = Cloud()
        emit = bus.emit

        def listen(messages: Any) -> None:
            emit(messages)
            found.said += [(kind, dict(detail)) for kind, detail in messages]

        monkeypatch.setattr(bus, "emit", listen)
        yield found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Names of the DynamoDB calls made since the fixture was asked for, whichever library made them."""
    from botocore.client import BaseClient

    calls: list[str] = []
    original = BaseClient._make_api_call

    def spy(self: Any, operation: str, arguments: Any) -> Any:
        if self.meta.service_model.service_name == "dynamodb":
            calls.append(operation)
        return original(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", spy)
    return lambda: calls
