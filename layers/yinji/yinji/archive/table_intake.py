"""A table that was delivered into a bucket: fetched, dealt with, and told of in a report, whatever came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yinji.archive.refusing import Refused
from yinji.platform.clock import now, stamp

Found = Mapping[str, Any]
"""What S3 answers of an object: LastModified, ETag, VersionId where the bucket keeps versions."""


@dataclass(frozen=True)
class Dealt:
    """What came of a delivery: the object as S3 had it, and whether it was `refused` whole."""

    found: Found
    refused: bool


def deal(
    s3: Any, bucket: str, key: str, report: str, take: Callable[[bytes, Found], Mapping[str, Any]], **more: Any
) -> Dealt | None:
    """Let `take` deal with the object `key` of `bucket`, its data and what S3 says of it; None when it is gone.

    The object `report` of the bucket tells what came of it as JSON: key, at, state (loaded or refused), reason,
    rejected, `more`, and what `take` gives. `take` raises Refused for a table that is refused whole.
    """
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    told: dict[str, Any] = {"key": key, "at": stamp(now()), "state": "loaded", "reason": None, "rejected": [], **more}
    try:
        told |= take(found["Body"].read(), found)
    except Refused as refused:
        told |= {"state": "refused", "reason": refused.reason}
    body = json.dumps(told, ensure_ascii=False).encode()
    s3.put_object(Bucket=bucket, Key=report, Body=body, ContentType="application/json")
    return Dealt(found, told["state"] == "refused")
