"""Many items at once: queries without models (clearance/reading.py), and writes by the batch as DynamoDB takes them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from random import SystemRandom
from typing import Any, cast

from botocore.exceptions import ClientError

from yinji.clearance.reading import Raw, Reader

AT_ONCE = 25
"""How many items DynamoDB takes in one batch."""
ATTEMPTS = 10
LONGEST_WAIT = 5.0
CHANCE = SystemRandom()


class Bulk(Reader):
    """A table, read and written by the thousand. What is put replaces what was there, without a condition."""

    def put(self, items: Iterable[Mapping[str, Any]], threads: int = 1) -> None:
        """Put `items`, plain values by name. Raises NotWritten when the table does not keep up: some are there then."""
        every = batches(map(wire, items), AT_ONCE)
        if threads == 1:
            for batch in every:
                self._put(batch)
            return
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(self._put, every):
                pass

    def put_next(self, item: Mapping[str, Any], counter: str, version: int) -> bool:
        """Put `item` in the place of the one whose `counter` is `version`, or where there is none if that is 0; False
        when somebody else was quicker."""
        asked: dict[str, Any] = {
            "TableName": self._table,
            "Item": wire(item),
            "ConditionExpression": "#counter = :version" if version else "attribute_not_exists(#counter)",
            "ExpressionAttributeNames": {"#counter": counter},
        }
        if version:
            asked["ExpressionAttributeValues"] = {":version": {"N": str(version)}}
        try:
            self._client.put_item(**asked)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _put(self, items: Sequence[Raw]) -> None:
        left: Any = [{"PutRequest": {"Item": item}} for item in items]
        for attempt in range(ATTEMPTS):
            answer = cast(Mapping[str, Any], self._client.batch_write_item(RequestItems={self._table: left}))
            left = answer.get("UnprocessedItems", {}).get(self._table)
            if not left:
                return
            time.sleep(CHANCE.uniform(0, min(LONGEST_WAIT, 0.05 * 2**attempt)))
        raise NotWritten


class NotWritten(Exception):
    """The table was too busy for too long: do it again."""


def batches(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`things` in lists of `size`."""
    left = iter(things)
    while some := list(islice(left, size)):
        yield some


def wire(item: Mapping[str, Any]) -> Raw:
    """`item` as DynamoDB reads it."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: _value(one) for name, one in cast(Mapping[str, Any], value).items()}}
    if isinstance(value, list | tuple):
        return {"L": [_value(one) for one in cast(Sequence[Any], value)]}
    raise TypeError
