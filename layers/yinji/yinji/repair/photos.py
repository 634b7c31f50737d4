"""Photos of faults, by whoever reported one and by the technician who mended it: where a photo arrives, and where its
clean copy is kept. It is called by the id of the report, or by that of the fault (`of_repair`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from yinji.clearance.evidence import MEDIA_TYPES
from yinji.platform.problem import Problem

ARRIVING, KEPT = "photos/arriving/", "photos/kept/"
MENDED = "mended-"
BY = "by"
"""The name under which S3 keeps, until it is looked into, who was let put a photo there."""
KEPT_FOR = timedelta(days=180)
"""How long photos are kept (the data map's term `faults`)."""
KINDS = ("jpeg", "png", "webp")
LARGEST = 10 * 2**20
SECONDS = 600
"""How long a phone may take to send it."""


def of_repair(incident: str) -> str:
    """What the photo of what was mended of `incident` is called."""
    return MENDED + incident


def arriving_key(name: str) -> str:
    return ARRIVING + name


def kept_key(name: str) -> str:
    return KEPT + name


def name_of_key(key: str) -> tuple[str, str]:
    """What the photo that arrives under `key` is called, and the id of the incident where it is of what was mended."""
    name = key.removeprefix(ARRIVING)
    return name, name.removeprefix(MENDED) if name.startswith(MENDED) else ""


def upload_form(s3: Any, bucket: str, name: str, media_type: str, by: str = "") -> dict[str, Any]:
    """What lets a browser put one photo of `media_type` that is called `name`: {"url", "fields"}; with `by` whoever
    takes it in knows who was let."""
    fields = {"Content-Type": media_type} | ({f"x-amz-meta-{BY}": by} if by else {})
    form = s3.generate_presigned_post(
        Bucket=bucket,
        Key=arriving_key(name),
        Fields=fields,
        Conditions=[*({field: value} for field, value in fields.items()), ["content-length-range", 0, LARGEST]],
        ExpiresIn=SECONDS,
    )
    return {"url": form["url"], "fields": form["fields"]}


def told_type(told: Mapping[str, str]) -> str:
    """The media type of the photo that is `told`. Raises Problem("upload-type"), Problem("upload-too-large"),
    Problem("malformed-request")."""
    if told.get("type") not in [MEDIA_TYPES[kind] for kind in KINDS]:
        raise Problem("upload-type")
    size = told.get("size", "")
    if not (size.isascii() and size.isdecimal() and len(size) <= 12):
        raise Problem("malformed-request")
    if int(size) > LARGEST:
        raise Problem("upload-too-large", limit=LARGEST // 2**20)
    return told["type"]
