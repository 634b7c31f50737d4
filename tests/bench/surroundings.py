"""What benches work on: a season's cases on their way, and the emulator with an empty table."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from yinji.clearance.case import Case
from yinji.clearance.document import case_document
from yinji.clearance.items import CaseItem

from infra.local import home
from infra.local.emulator import Emulator
from infra.local.season import generate
from infra.local.season.generator import Options, Season
from tests.functions.conftest import create_table
from tests.graduates import opened
from tests.unit.test_case import act, feed

TODAY = date(2026, 6, 15)
LINES = 10_000


@cache
def season() -> Season:
    """Ten thousand graduates and what departments know of them; the same in every run."""
    return generate(Options(graduates=LINES, today=TODAY))


def cases(number: int, school: str = "") -> list[Case]:
    """Cases of a season's first week: departments have delivered, every other graduate has begun."""
    found: list[Case] = []
    for place, graduate in enumerate(season().graduates[:number]):
        case = opened(replace(graduate, school=school or graduate.school))
        for step, accounts in season().facts.items():
            if step in case.steps:
                cells = {name: text for name, text in accounts[graduate.student].on(0).items() if name != "student"}
                case = feed(case, step, **cells)
        for step, action in (("dormitory", "book-inspection"), ("exit-survey", "answer"))[: place % 3]:
            if step in case.steps:
                case = act(case, step, action)
        found.append(case)
    return found


def item(case: Case) -> CaseItem:
    return CaseItem(f"CASE#{case.graduate.student}", "CASE", **case_document(case))


@cache
def emulator() -> None:
    """The emulator that `make up` starts, with the table and the buckets and nothing in them; stopped at the end.

    Nothing listens to the table's stream here: what is measured is not slowed down by functions at work.
    """
    if not home.listens(home.CLOUD_PORT):  # else it is somebody's, and `start` says so
        shutil.rmtree(home.HOME, ignore_errors=True)
    running = Emulator(home.HOME, home.CLOUD_PORT)
    running.start()
    atexit.register(shutil.rmtree, home.HOME, ignore_errors=True)
    atexit.register(running.stop)
    create_table(home.client("dynamodb"), os.environ["YINJI_TABLE"])
    for bucket in ("intake", "documents"):
        home.client("s3").create_bucket(Bucket=bucket)


def keep(found: Iterable[Case]) -> None:
    """Put cases into the emulator's table, without events: the quick way to a full table."""
    with CaseItem.batch_write() as batch:
        for case in found:
            batch.save(item(case))


def wire(items: Sequence[CaseItem], only: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Items as DynamoDB answers them, with the attributes `only`, if any are named."""
    wanted = set(only)
    return [{name: value for name, value in one.serialize().items() if not wanted or name in wanted} for one in items]
