"""Reading many items at once: Queries whose answers are taken as they come, without a model for each item.

DynamoDB's JSON is parsed by the JSON library alone. What botocore and a model make of it besides (every value walked
through its shape, an object for each attribute) takes twelve times as long and gives the same texts and numbers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from botocore.config import Config
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.session import get_session

from yinji.clearance.items import Settings

Raw = Mapping[str, Mapping[str, Any]]
"""An item as DynamoDB writes it: {"name": {"S": "..."}}."""
READ_AT_ONCE = 100
"""How many items DynamoDB gives by their keys at once."""


class _Plain(JSONParser):
    """Takes an answer as its JSON says it: of what is read here, nothing is encoded any further."""

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        return json.loads(raw_body)


class _PlainParsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> JSONParser:
        return _Plain()


class Reader:
    """Queries on a table, that of cases unless told; who wants no attributes in particular gets all there are.

    Every method raises what botocore raises when the service cannot be reached.
    """

    def __init__(self, table: str = Settings.table_name) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._made: Any = None

    @property
    def _client(self) -> Any:
        with self._lock:  # several threads may ask first
            if self._made is None:
                session: Any = get_session()
                session.register_component("response_parser_factory", _PlainParsers())
                self._made = session.create_client(
                    "dynamodb",
                    config=Config(
                        parameter_validation=False,
                        connect_timeout=Settings.connect_timeout_seconds,
                        read_timeout=Settings.read_timeout_seconds,
                        max_pool_connections=Settings.max_pool_connections,
                        retries={"total_max_attempts": 1 + Settings.max_retry_attempts, "mode": "standard"},
                    ),
                )
            return self._made

    def query(
        self,
        key: str,
        value: str,
        wanted: Sequence[str] = (),
        *,
        index: str = "",
        beginning: str = "",
        since: str = "",
        sort: str = "sk",
        consistent: bool = False,
    ) -> Iterator[Raw]:
        """Every item whose `key` is `value`, in order, with the attributes `wanted`; of an index when it is named.

        `beginning`: only those whose sk begins so, or what an index sorts by, `sort`; `since`: only those from this one
        on. `consistent`: as of this very moment, which no index can tell.
        """
        asked: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#key = :value",
            "ExpressionAttributeValues": {":value": {"S": value}},
            "ConsistentRead": consistent,
            **_projection(wanted, {"#key": key} | ({"#sort": sort} if beginning or since else {})),
        }
        if index:
            asked["IndexName"] = index
        if beginning:
            asked["KeyConditionExpression"] += " AND begins_with(#sort, :beginning)"
            asked["ExpressionAttributeValues"][":beginning"] = {"S": beginning}
        if since:
            asked["KeyConditionExpression"] += " AND #sort >= :since"
            asked["ExpressionAttributeValues"][":since"] = {"S": since}
        while True:
            answer = cast(Mapping[str, Any], self._client.query(**asked))
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def get_many(self, keys: Sequence[tuple[str, str]], wanted: Sequence[str] = ()) -> Iterator[Raw]:
        """The items with these keys (pk, sk), with the attributes `wanted`, in no order; who is missing is missing."""
        every = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in dict.fromkeys(keys)]
        table = self._table
        for place in range(0, len(every), READ_AT_ONCE):
            left: list[Any] = every[place : place + READ_AT_ONCE]
            while left:
                asked = {table: {"Keys": left, "ConsistentRead": True, **_projection(wanted, {})}}
                answer = cast(Mapping[str, Any], self._client.batch_get_item(RequestItems=asked))
                yield from answer["Responses"].get(table, ())
                left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])


def _projection(wanted: Sequence[str], names: Mapping[str, str]) -> dict[str, Any]:
    """`wanted` by placeholders: some of the names are words that DynamoDB keeps for itself."""
    known = {f"#{place}": name for place, name in enumerate(wanted)}
    told = {"ProjectionExpression": ", ".join(known)} if known else {}
    every = {**known, **names}
    return told | ({"ExpressionAttributeNames": every} if every else {})


def text(item: Raw, name: str) -> str:
    """The text `name` of `item`, empty when it has none."""
    value = item.get(name)
    return "" if value is None else str(value.get("S", ""))


def texts(item: Raw, name: str) -> dict[str, str]:
    """The map of texts `name` of `item`."""
    value = item.get(name)
    return {} if value is None else {key: one["S"] for key, one in value["M"].items()}


def plains(item: Raw) -> dict[str, Any]:
    """The attributes of `item` as plain values."""
    return {name: plain(value) for name, value in item.items()}


def plain(value: Mapping[str, Any]) -> Any:
    """A value of DynamoDB's as a plain one; whole numbers are int, others Decimal."""
    [(kind, told)] = value.items()
    if kind == "M":
        return {name: plain(one) for name, one in told.items()}
    if kind == "L":
        return [plain(one) for one in told]
    if kind == "N":
        number = Decimal(told)
        return int(number) if number == number.to_integral_value() else number
    return None if kind == "NULL" else told
