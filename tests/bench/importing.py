"""440,000 records of 4,000 students imported on a local cloud, beside the same items written by boto3's batch writer.

Students come in slices; each slice is imported, then what came of it is written once more into another table by the
plain batch writer: so a noisy moment falls on both. At the end the table is counted without any code of the archive.
YINJI_BENCH_STUDENTS=400 makes it a tenth.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

from infra.local import home
from infra.local.season import archive
from infra.local.season.people import enrol
from tests.bench.measuring import console
from tests.running import RunningCloud

STUDENTS = int(os.environ.get("YINJI_BENCH_STUDENTS", "4000"))
SLICES = 4
TODAY = date(2026, 6, 15)
PORT, CLOUD_PORT = 24581, 24567
PATIENCE = 1800
COPY = "bench-copy"


def run() -> None:
    cloud = RunningCloud("bench-import", PORT, CLOUD_PORT, 30).start(fresh=True)
    try:
        _measure(Deployed(cloud))
    finally:
        cloud.stop()


class Deployed:
    """The archive's table and bucket in a running cloud, reached past all code of the archive."""

    def __init__(self, cloud: RunningCloud, port: int = CLOUD_PORT) -> None:
        outputs = json.loads((cloud.folder / "deployed.json").read_text("utf-8"))["outputs"]
        self.table: str = outputs["ArchiveTableName"]
        self.bucket: str = outputs["ArchiveBucketName"]
        self.s3, self.dynamodb = home.client("s3", port), home.client("dynamodb", port)
        told = {"region_name": home.REGION, "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.resource: Any = boto3.resource("dynamodb", endpoint_url=f"http://127.0.0.1:{port}", **told)

    def copy_table(self) -> Any:
        """A second table with the same keys and indexes, and without a stream."""
        told = self.dynamodb.describe_table(TableName=self.table)["Table"]
        indexes = [
            {name: one[name] for name in ("IndexName", "KeySchema", "Projection")}
            for one in told["GlobalSecondaryIndexes"]
        ]
        self.dynamodb.create_table(
            TableName=COPY,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=told["KeySchema"],
            AttributeDefinitions=told["AttributeDefinitions"],
            GlobalSecondaryIndexes=indexes,
        )
        return self.resource.Table(COPY)

    def put(self, files: Mapping[str, bytes]) -> list[Mapping[str, Any]]:
        """Put files, and wait for a report on each."""
        for key, data in files.items():
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        reports, deadline = dict[str, Mapping[str, Any]](), time.monotonic() + PATIENCE
        while reports.keys() != files.keys():
            if time.monotonic() > deadline:
                raise RuntimeError(f"no report on {sorted(files.keys() - reports.keys())}")
            for key in files.keys() - reports.keys():
                if found := self._report(key):
                    reports[key] = found
            time.sleep(0.2)
        return list(reports.values())

    def drawn(self, records: Mapping[str, int]) -> float:
        """When (as perf_counter tells) the portraits of these students hold all of their records. Until then nothing
        else is measured: what is computed would slow it."""
        left = dict(records)
        while left:
            for student, number in list(left.items()):
                key = {"pk": {"S": f"STUDENT#{student}"}, "sk": {"S": "PORTRAIT"}}
                item = self.dynamodb.get_item(TableName=self.table, Key=key, ProjectionExpression="tallies")["Item"]
                if sum(one[3] + one[7] for one in json.loads(item["tallies"]["S"])) != number:
                    break
                del left[student]
            time.sleep(0.2)
        return time.perf_counter()

    def _report(self, key: str) -> Mapping[str, Any] | None:
        try:
            return json.loads(self.s3.get_object(Bucket=self.bucket, Key=f"reports/{key}.json")["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None

    def items(self, table: str) -> Iterator[Mapping[str, Any]]:
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=table):
            yield from page["Items"]

    def of(self, students: Sequence[str]) -> list[dict[str, Any]]:
        """Every record and portrait of `students`, as plain values."""
        plain, found = TypeDeserializer().deserialize, []
        pages = self.dynamodb.get_paginator("query")
        for student in students:
            for page in pages.paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"STUDENT#{student}"}},
            ):
                found += [
                    {name: plain(value) for name, value in item.items()}
                    for item in page["Items"]
                    if item["sk"]["S"].startswith(("RECORD#", "PORTRAIT"))
                ]
        return found


def _measure(cloud: Deployed) -> None:
    copy = cloud.copy_table()
    # the cloud has a small season of its own, whose students have records already
    there = {item["pk"]["S"].partition("#")[2] for item in cloud.items(cloud.table) if item["sk"]["S"] == "PROFILE"}
    found = archive.students(enrol(4 * STUDENTS, 1, TODAY.year), TODAY)
    people = [one for one in found if one.student not in there][:STUDENTS]
    slices = [people[place::SLICES] for place in range(SLICES)]
    whole = Counter[str]()
    taken, drawn, plain = [], [], []
    for place, some in enumerate(slices):
        season = archive.generate(some, TODAY, seed=place)
        cloud.put({f"students/{place}.csv": season.files[archive.REGISTER]})
        named = {
            key.replace(".", f"-{place}.", 1): data for key, data in season.files.items() if key != archive.REGISTER
        }
        began = time.perf_counter()
        for report in cloud.put(named):
            whole.update(report["counts"])
        taken.append(time.perf_counter() - began)
        drawn.append(cloud.drawn(season.records) - began)
        items = cloud.of([one.student for one in some])
        began = time.perf_counter()
        with copy.batch_writer() as writer:
            for item in items:
                writer.put_item(Item=item)
        plain.append(time.perf_counter() - began)
        lines, put = sum(season.records.values()), len(items)
        console.print(
            f"slice {place + 1}: {lines:,} lines imported in {taken[-1]:.1f} s ({lines / taken[-1]:,.0f}/s), "
            f"every portrait drawn after {drawn[-1]:.1f} s; "
            f"{put:,} items by the batch writer in {plain[-1]:.1f} s ({put / plain[-1]:,.0f}/s)"
        )
        for student, number in season.records.items():
            whole[f"of {student}"] = number
    expected = {name.removeprefix("of "): number for name, number in whole.items() if name.startswith("of ")}
    _count(cloud, expected, there)
    counts = {name: number for name, number in whole.items() if number and not name.startswith("of ")}
    lines = sum(expected.values())
    console.print(
        f"{lines:,} records of {len(expected):,} students: {counts}; import {sum(taken):.0f} s "
        f"({lines / sum(taken):,.0f}/s), batch writer {sum(plain):.0f} s ({lines / sum(plain):,.0f}/s), "
        f"[bold]ratio {sum(plain) / sum(taken):.2f}[/] (goal: at least 0.8)"
    )


def _count(cloud: Deployed, expected: Mapping[str, int], others: Set[str]) -> None:
    """Count what is in the table, by keys alone, but for `others`. Raises RuntimeError when something is lost or
    double."""
    found, portraits, keys = Counter[str](), 0, set[tuple[str, str]]()
    for item in cloud.items(cloud.table):
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if pk.partition("#")[2] in others:
            continue
        if sk.startswith("RECORD#"):
            found[pk.partition("#")[2]] += 1
            keys.add((item["source"]["S"], item["id"]["S"]))
        portraits += sk == "PORTRAIT"
    lost = {one for one, number in expected.items() if found[one] < number}
    double = {one for one, number in found.items() if number > expected.get(one, 0)}
    console.print(
        f"counted: {found.total():,} records, {len(keys):,} different source numbers, {portraits:,} portraits; "
        f"students with something lost {len(lost)}, with something double {len(double)}"
    )
    if lost or double or len(keys) != found.total():
        raise RuntimeError("the table does not hold what was delivered")
