"""500 reports of one dead building within a minute on a local cloud: how long they wait, and what comes of them.

They are put into the table, whose stream brings them to triage; then the table is counted without any code of repair.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from yinji.archive.bulk import wire
from yinji.platform.clock import stamp
from yinji.repair.places_store import item_of as place_item
from yinji.repair.report import Report
from yinji.repair.reports_store import UNJOINED, pk_of

from infra.local import home
from tests.bench.measuring import console
from tests.repairs import AT, campus
from tests.running import RunningCloud
from tests.unit.test_repair_triage import ROOMS, report

REPORTS, SECONDS = 500, 60
PORT, CLOUD_PORT = 24583, 24569
PATIENCE = 600


def run() -> None:
    cloud = RunningCloud("bench-repair", PORT, CLOUD_PORT, 30).start(fresh=True)
    try:
        outputs = json.loads((cloud.folder / "deployed.json").read_text("utf-8"))["outputs"]
        _measure(home.client("dynamodb", CLOUD_PORT), outputs["RepairTableName"])
    finally:
        cloud.stop()


def _measure(dynamodb: Any, table: str) -> None:
    for place in campus():
        dynamodb.put_item(TableName=table, Item=place_item(place, AT).serialize())
    began = time.monotonic()
    for number in range(REPORTS):
        now = datetime.now(UTC)
        told = report(ROOMS[number % len(ROOMS)], number, f"who{number}")
        filed = replace(told, noticed_at=now, filed_at=now)
        dynamodb.put_item(TableName=table, Item=wire(item_of(filed)))
        time.sleep(max(0.0, began + (number + 1) * SECONDS / REPORTS - time.monotonic()))
    put = time.monotonic()
    deadline = put + PATIENCE
    while (left := _unjoined(dynamodb, table)) and time.monotonic() < deadline:
        time.sleep(0.2)
    joined = time.monotonic()
    of, states = _counted(dynamodb, table)
    console.print(f"{REPORTS} reports put in {put - began:.0f} s; the last was joined {joined - put:.1f} s later")
    console.print(f"left: {left}; incidents by state: {dict(states)}; reports by incident: {sorted(of.values())}")
    console.print(f"one open incident with every report: {states['open'] == 1 and list(of.values()) == [REPORTS]}")


def item_of(report: Report) -> dict[str, Any]:
    """`report` as what files reports keeps it."""
    return {
        "pk": pk_of(report.id),
        "sk": "REPORT",
        "report": report.id,
        "at_place": report.place,
        "in_building": report.building,
        "area": report.area,
        "line": list(report.line),
        "symptom": report.symptom,
        "language": report.language,
        "source": report.source,
        "reporter": report.reporter,
        "noticed_at": stamp(report.noticed_at),
        "filed_at": stamp(report.filed_at),
        "incident": UNJOINED,
        "expires_at": int(report.filed_at.timestamp()) + 86_400,
    }


def _unjoined(dynamodb: Any, table: str) -> int:
    asked = dynamodb.query(
        TableName=table,
        IndexName="by-incident",
        KeyConditionExpression="incident = :none",
        ExpressionAttributeValues={":none": {"S": "-"}},
        Select="COUNT",
    )
    return int(asked["Count"])


def _counted(dynamodb: Any, table: str) -> tuple[Counter[str], Counter[str]]:
    """How many reports each incident has, and how many incidents there are in each state."""
    of, states = Counter[str](), Counter[str]()
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            told: Mapping[str, Any] = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
            if told["sk"] == "REPORT":
                of[told["incident"]] += 1
            elif told["sk"] == "INCIDENT":
                states[told["state"]] += 1
    return of, states
