"""What whoever reported a fault may have to be told of, in the queue YINJI_NEWS_QUEUE: a report, or an incident.

It names what changed and not how: whoever takes it out looks at how things are by then. So it does no harm to put
something in twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3

from yinji.platform.environment import setting

LATER = 10
"""Seconds that news waits: by then the index of reports knows who has just joined, and that a fault was taken and
somebody set off at once is told of as one."""


def news_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str] | None:
    """What is passed on of an item of the table that was `before` and is `after`: {"report": id} of one that bears a
    contact and is new or became part of an incident, {"incident": id} of one that came to stand otherwise, or None."""
    if "report" in after:
        new = before.get("incident") != after.get("incident")
        return {"report": after["report"]} if after.get("contact") and new else None
    if "of_incident" in after and before and after["state"] != "merged":
        # of one that was merged each of its reports tells by itself: it is moved
        changed = any(before.get(name) != after.get(name) for name in ("state", "reopened"))
        return {"incident": after["of_incident"]} if changed else None
    return None


class News:
    """Raises what the service raises when it cannot be reached."""

    @cached_property
    def _client(self) -> Any:
        return boto3.client("sqs")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def pass_on(self, told: Mapping[str, str]) -> None:
        """Have `told`, as by `news_of`, looked into in a moment."""
        self._client.send_message(
            QueueUrl=setting("NEWS_QUEUE"), MessageBody=json.dumps(dict(told)), DelaySeconds=LATER
        )
