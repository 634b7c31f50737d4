"""A label scanned on a slow phone; and 500 people of one dead building within a minute, over HTTP on a local cloud:
what comes of their reports.

Each scans a label of the building and files by the form that the page shows, as a phone without a script does; a
tenth of them press twice. The table is counted afterwards without any code of repair.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from boto3.dynamodb.types import TypeDeserializer
from yinji.repair.labels import code

from infra.local import home
from tests.bench.measuring import console
from tests.running import RunningCloud

PEOPLE, SECONDS, TWICE = 500, 60, 0.1
BUILDING = "MY1"
PORT, CLOUD_PORT = 24583, 24569
PATIENCE = 600
SCANS = 4
FILED = 2 * SCANS
"""Reports that those scans file; they are of the same building."""
FIELD = re.compile(r'<input type="hidden" name="(ticket|language|idempotency_key)" value="([^"]*)">')


@dataclass
class Told:
    """What people met: seconds until the page was there, seconds until the report was filed, and other answers."""

    pages: list[float]
    filed: list[float]
    links: set[str]
    refused: Counter[int]


def run() -> None:
    cloud = RunningCloud("bench-repair", PORT, CLOUD_PORT, 30).start(fresh=True)
    try:
        outputs = json.loads((cloud.folder / "deployed.json").read_text("utf-8"))["outputs"]
        dynamodb = home.client("dynamodb", CLOUD_PORT)
        secrets = home.client("secretsmanager", CLOUD_PORT)
        secret = secrets.get_secret_value(SecretId=outputs["RepairKeyArn"])["SecretString"]
        table = outputs["RepairTableName"]
        codes = [code(told["serial"], secret) for told in _items(dynamodb, table) if _hangs(told)]
        _scan(cloud.url, codes[-1])
        _measure(cloud.url, dynamodb, table, codes[:-1])
    finally:
        cloud.stop()


def _scan(url: str, label: str) -> None:
    """A phone on slow 3G with a processor four times slower, right after the start of the cloud, then again and
    again."""
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("scan.mjs")), label, str(SCANS)],
        env=os.environ | {"YINJI_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    times = [json.loads(line) for line in done.stdout.splitlines()]
    for name, some in (("first", times[:1]), ("then", times[1:])):
        usable, filed = ([one[what] / 1000 for one in some] for what in ("usable", "filed"))
        console.print(f"a label on slow 3G, {name}: usable {_spread(usable)}; filed {_spread(filed)}")


def _measure(url: str, dynamodb: Any, table: str, codes: list[str]) -> None:
    told, lock = Told([], [], set(), Counter()), threading.Lock()
    chance = random.Random(20261124)
    began = time.monotonic()
    with ThreadPoolExecutor(64) as people:
        for number in range(PEOPLE):
            time.sleep(max(0.0, began + number * SECONDS / PEOPLE - time.monotonic()))
            people.submit(_reports, url, codes[number % len(codes)], chance.random() < TWICE, told, lock)
    filed = time.monotonic()
    while (left := _unjoined(dynamodb, table)) and time.monotonic() < filed + PATIENCE:
        time.sleep(0.2)
    joined = time.monotonic()
    of, states = Counter[str](), Counter[str]()
    for item in _items(dynamodb, table):
        if item["sk"] == "REPORT":
            of[item["incident"]] += 1
        elif item["sk"] == "INCIDENT":
            states[item["state"]] += 1
    console.print(f"{PEOPLE} people at {len(codes)} labels of {BUILDING}, all there after {filed - began:.0f} s")
    console.print(f"until the page was there: {_spread(told.pages)}; until it was filed: {_spread(told.filed)}")
    console.print(f"answered otherwise: {dict(told.refused)}; follow links, all different: {len(told.links)}")
    console.print(f"the last was joined {joined - filed:.1f} s later; left lying: {left}")
    console.print(f"incidents by state: {dict(states)}; reports by incident: {sorted(of.values())}")
    whole = states["open"] == 1 and [*of.values()] == [PEOPLE + FILED] and len(told.links) == PEOPLE
    console.print(f"one open incident with every report that was acknowledged: {whole}")


def _reports(url: str, label: str, twice: bool, told: Told, lock: threading.Lock) -> None:
    """One person scans `label`, and presses the button of the page, once or twice."""
    phone = requests.Session()
    began = time.monotonic()
    page = phone.get(f"{url}/r/{label}", timeout=300)
    there = time.monotonic()
    fields = dict(FIELD.findall(page.text)) | {"symptom": "no-connection"}
    for _ in range(1 + twice):
        answer = phone.post(
            f"{url}/api/repair/reports", fields, headers={"Origin": url}, allow_redirects=False, timeout=300
        )
        with lock:
            if answer.status_code == 303:
                told.links.add(answer.headers["Location"].partition("?")[0])
            else:
                told.refused[answer.status_code] += 1
    with lock:
        told.pages.append(there - began)
        told.filed.append(time.monotonic() - there)


def _spread(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s"


def _hangs(item: Mapping[str, Any]) -> bool:
    return item["sk"] == "HANGS" and item["pk"].removeprefix("PLACE#").startswith(f"{BUILDING}-")


def _unjoined(dynamodb: Any, table: str) -> int:
    asked = dynamodb.query(
        TableName=table,
        IndexName="by-incident",
        KeyConditionExpression="incident = :none",
        ExpressionAttributeValues={":none": {"S": "-"}},
        Select="COUNT",
    )
    return int(asked["Count"])


def _items(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    """All items of `table`."""
    return [
        {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
        for page in dynamodb.get_paginator("scan").paginate(TableName=table)
        for item in page["Items"]
    ]
