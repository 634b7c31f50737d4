"""Pages about what departments deliver: the contract of each feed, what became of deliveries, what a file would do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError
from chalice.app import Response
from yinji.clearance import contract, definition
from yinji.clearance.definition import StepDefinition
from yinji.clearance.feed import MOST_ROWS
from yinji.clearance.intake import LARGEST as LARGEST_DELIVERY
from yinji.clearance.preview import LARGEST as LARGEST_UPLOAD
from yinji.clearance.store import Store
from yinji.platform.clock import instant
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

from .office import Freshness, freshness
from .visit import Visit

SHOWN = 10
"""Deliveries that are told of, the newest first."""
STATES = ("done", "submitted", "blocked", "ready", "waiting", "waived")
MEGABYTE = 2**20
_PREVIEW = re.compile(r"[0-9a-f]{24}")
_FILE = re.compile(r"[\w.-]{1,100}")
NOBODYS = ("NoSuchKey", "404", "AccessDenied")
"""What S3 says of a key that is not there; who may not list everything is not told that it is missing."""

Paper = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A feed in the list: its step, and how its data stands."""

    step: StepDefinition
    feed: Freshness
    decides: bool


@dataclass(frozen=True)
class Delivery:
    """What became of a file: its name, when it was dealt with, how, and what was said about it."""

    name: str
    at: datetime
    status: str
    reason: Mapping[str, Any] | None
    counts: Mapping[str, int]
    rejected: Sequence[Mapping[str, Any]]


def feeds(visit: Visit, store: Store) -> dict[str, Any]:
    """The feeds that the visitor may see, and of when their data is: one read each."""
    visit.someone  # noqa: B018 - who is signed out is asked to sign in rather than told that nothing is theirs
    lines = [
        Line(step, freshness(store.feed(step.id), visit.now), visit.may("decide-feed", department=step.department))
        for step in definition.steps().values()
        if step.feed and visit.may("see-feed", department=step.department)
    ]
    if not lines:
        raise Problem("forbidden")
    return {"lines": lines}


def feed(visit: Visit, store: Store, step: str) -> dict[str, Any]:
    """The contract of one feed, the newest deliveries, and the preview or delivery that the query names."""
    known = _known(visit, step)
    assert known.feed  # noqa: S101
    name = visit.query.get("delivery", "")
    deliveries = _deliveries(step)
    delivered = name if _FILE.fullmatch(name) else ""
    return {
        "known": known,
        "contract": known.feed.contract,
        "feed": freshness(store.feed(step), visit.now),
        "decides": visit.may("decide-feed", department=known.department),
        "preview": _preview(step, visit.query.get("preview", "")),
        "states": STATES,
        "deliveries": deliveries,
        # a file that was just sent and not dealt with yet
        "pending": delivered if delivered and all(one.name != delivered for one in deliveries) else "",
        "bucket": setting("INTAKE_BUCKET"),
        "share": round(known.feed.hold_share * 100),
        "most_rows": MOST_ROWS,
        "largest": LARGEST_DELIVERY // MEGABYTE,
        "largest_upload": LARGEST_UPLOAD // MEGABYTE,
        "stale_hours": int(definition.LONGEST_FEED_AGE.total_seconds() // 3600),
        "first_line": contract.example(known, visit.now).decode("utf-8-sig").splitlines()[0],
    }


def example(visit: Visit, step: str) -> Response:
    """A file of the feed as it should be."""
    known = _known(visit, step)
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{known.id}-example.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    # text, for Chalice answers with bytes to those only who ask for them by name
    return Response(contract.example(known, visit.now).decode(), headers=headers)


def _known(visit: Visit, step: str) -> StepDefinition:
    """The step with its feed. Raises Problem: who may not see it need not know whether there is one."""
    known = definition.steps().get(step)
    visit.demand("see-feed", department=known.department if known else "")
    if known is None or known.feed is None:
        raise Problem("not-found")
    return known


# --- papers in the documents bucket ---------------------------------------------------------------------------


@cache
def client() -> Any:
    return boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]


def paper(key: str, bucket: str = "DOCUMENTS_BUCKET") -> Paper | None:
    """The document `key` of the bucket that the setting `bucket` names; None when there is none."""
    try:
        answer = client().get_object(Bucket=setting(bucket), Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in NOBODYS:
            return None
        raise
    return json.loads(answer["Body"].read())


def _preview(step: str, id: str) -> Paper | None:
    return paper(f"previews/{step}/{id}.json") if _PREVIEW.fullmatch(id) else None


def _deliveries(step: str) -> list[Delivery]:
    """The newest deliveries of `step` that were dealt with."""
    folder = f"reports/feeds/{step}/"
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=setting("DOCUMENTS_BUCKET"), Prefix=folder)
    found = [entry for page in pages for entry in page.get("Contents", [])]
    newest = sorted(found, key=lambda entry: entry["LastModified"], reverse=True)[:SHOWN]
    with ThreadPoolExecutor(SHOWN) as threads:
        papers = list(threads.map(paper, [str(entry["Key"]) for entry in newest]))
    return [_delivery(one, folder) for one in papers if one]


def _delivery(told: Paper, folder: str) -> Delivery:
    return Delivery(
        name=f"reports/{told['key']}".removeprefix(folder),
        at=instant(str(told["at"])),
        status=str(told["status"]),
        reason=told.get("reason"),
        counts={name: value for name, value in told.items() if isinstance(value, int)},
        rejected=told.get("rejected", ()),
    )
