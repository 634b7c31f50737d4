"""What source systems delivered to archives, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from yinji.archive.access import OFFICE
from yinji.archive.deliveries import Deliveries, Delivery
from yinji.archive.sources import sources
from yinji.platform.clock import instant
from yinji.platform.environment import setting
from yinji.platform.problem import Problem

from .feeds import client, paper
from .visit import Visit

COUNTS = ("accepted", "corrected", "unchanged", "outdated", "repeated", "rejected")
SHAPES = {"loaded": "done", "refused": "blocked", "loading": "submitted", "waiting": "waiting"}
"""The shape and colour in which the state of a delivery is said, beside its word."""
REGISTERS = "reports/students/"
BUCKET = "ARCHIVE_BUCKET"
SHOWN, LINES = 5, 200


@dataclass(frozen=True)
class Register:
    """What became of a register: of students, or of places."""

    name: str
    at: datetime
    state: str
    counts: Mapping[str, int]
    reason: Mapping[str, Any] | None
    rejected: Sequence[Mapping[str, Any]]
    remarks: Sequence[Mapping[str, Any]] = ()


def deliveries(visit: Visit, known: Deliveries) -> dict[str, Any]:
    """The latest deliveries and registers; of the delivery that `delivery` of the query names, the whole report."""
    visit.demand("see-deliveries", department=OFFICE)
    latest = known.latest()
    asked = visit.query.get("delivery", "")
    chosen = next((one for one in latest if one.id == asked), known.find(asked) if asked else None)
    if asked and chosen is None:
        raise Problem("not-found")
    report = paper(f"reports/{chosen.key}.json", BUCKET) if chosen else None
    # a file of the same name may have come since
    mine = report if report and chosen and report.get("id") == chosen.id else None
    return {
        "latest": latest,
        "chosen": chosen,
        "reason": mine["reason"] if mine else None,
        "rejected": (mine["rejected"] if mine else [])[:LINES],
        "registers": registers(BUCKET, REGISTERS),
        "counts": COUNTS,
        "shapes": SHAPES,
        "source": partial(_source, visit),
        "running": any(one.state in ("waiting", "loading") for one in latest),
    }


def _source(visit: Visit, one: Delivery) -> str:
    return visit.words.say(sources()[one.source].title) if one.source in sources() else one.source or one.key


def registers(bucket: str, prefix: str) -> list[Register]:
    """What became of the registers that came last, of which there are reports below `prefix` of a bucket."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=setting(bucket), Prefix=prefix)
    found = [entry for page in pages for entry in page.get("Contents", [])]
    newest = sorted(found, key=lambda entry: entry["LastModified"], reverse=True)[:SHOWN]
    with ThreadPoolExecutor(SHOWN) as threads:
        papers = list(threads.map(partial(paper, bucket=bucket), [str(entry["Key"]) for entry in newest]))
    return [
        Register(
            str(one["key"]).partition("/")[2],
            instant(str(one["at"])),
            str(one["state"]),
            one.get("counts", {}),
            one.get("reason"),
            one.get("rejected", [])[:LINES],
            one.get("remarks", [])[:LINES],
        )
        for one in papers
        if one
    ]
