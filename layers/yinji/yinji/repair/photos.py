"""A photo that whoever reported a fault may add: where it arrives, and where its clean copy is kept."""

from __future__ import annotations

from collections.abc import Mapping

from yinji.clearance.evidence import MEDIA_TYPES
from yinji.platform.problem import Problem

ARRIVING, KEPT = "photos/arriving/", "photos/kept/"
KINDS = ("jpeg", "png", "webp")
LARGEST = 10 * 2**20
SECONDS = 600
"""How long a phone may take to send it."""


def arriving_key(report: str) -> str:
    return ARRIVING + report


def kept_key(report: str) -> str:
    return KEPT + report


def report_of_key(key: str) -> str:
    """The id of the report whose photo arrives under `key`."""
    return key.removeprefix(ARRIVING)


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
