"""The archive's queues: chunks that are to be loaded, portraits to be computed, editions to be packed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import boto3

from yinji.platform.clock import stamp
from yinji.platform.environment import setting

LATER = 20
"""Seconds after which portraits are computed: what other sources deliver meanwhile needs no computation of its own."""


class Sqs:
    """Raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._client = cast(Any, boto3.client("sqs"))  # pyright: ignore[reportUnknownMemberType]

    def ingest(self, key: str, seconds: int) -> None:
        """Have the object `key` looked at again in so many seconds."""
        self._send(setting("INGEST_QUEUE"), {"key": key}, seconds)

    def load(self, id: str, number: int) -> None:
        self._send(setting("LOAD_QUEUE"), {"delivery": id, "chunk": number})

    def refresh(self, students: Sequence[str], at: datetime) -> None:
        self._send(setting("REFRESH_QUEUE"), {"students": list(students), "at": stamp(at)}, LATER)

    def pack(self, run: str, school: str, students: Sequence[str]) -> None:
        """Have the editions of `students` of a school in a run packed for the printing house."""
        self._send(setting("PACK_QUEUE"), {"run": run, "school": school, "students": list(students)})

    def _send(self, url: str, message: dict[str, Any], seconds: int = 0) -> None:
        self._client.send_message(QueueUrl=url, MessageBody=json.dumps(message), DelaySeconds=seconds)
