"""An import whose worker is killed again and again ends as one that nobody disturbed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date
from random import Random
from typing import Any

import pytest

from infra.local import home
from infra.local.emulator import Emulator
from infra.local.season import archive
from infra.local.season.people import enrol
from tests.functions.conftest import create_archive_table
from tests.reliability.importing import INGEST, LOAD, REFRESH

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]

TODAY = date(2026, 6, 15)
STUDENTS, EACH = 40, 60
KILLS = 20
LONGEST_LIFE = 0.9
"""Seconds a worker lives after it has begun to work, at most."""
OF_THE_WAY = ("version", "delivery", "certified_at", "as_of", "since", "computed_at")
"""What differs between two imports of the same: counters, and which delivery it was at which instant."""


@pytest.fixture
def emulator() -> Iterator[None]:
    """The emulator with the archive's table and bucket, two queues, and no function."""
    folder, port = home.LOCAL / "import-kill", home.CLOUD_PORT + 7
    shutil.rmtree(folder, ignore_errors=True)
    running = Emulator(folder, port)
    before = dict(os.environ)
    os.environ |= home.environment(port) | {"YINJI_CLOUD_PORT": str(port)}
    running.start()
    home.client("s3", port).create_bucket(Bucket="archive")
    for name in (INGEST, LOAD, REFRESH):
        home.client("sqs", port).create_queue(QueueName=name)
    yield
    running.stop()
    os.environ.clear()
    os.environ |= before


def test_twenty_kills_leave_what_no_kill_leaves(emulator: None) -> None:
    people = archive.students(enrol(200, 1, TODAY.year), TODAY)[:STUDENTS]
    season = archive.generate(people, TODAY, EACH)
    files = {key: data for key, data in season.files.items() if key != archive.REGISTER}
    undisturbed, reports, _ = imported(people, files, kills=0)
    disturbed, again, killed = imported(people, files, kills=KILLS)
    assert killed == KILLS
    assert sum(sk.startswith("RECORD#") for _, sk in undisturbed) == STUDENTS * EACH
    assert disturbed == undisturbed
    assert again == reports


Items = dict[tuple[str, str], Mapping[str, Any]]


def imported(people: list[Any], files: Mapping[str, bytes], kills: int) -> tuple[Items, dict[str, Any], int]:
    """Import `files` into an empty table by a worker that is killed `kills` times: what is in the table then, what the
    reports count, and how many workers were killed while they worked."""
    port = home.CLOUD_PORT + 7
    dynamodb, s3, sqs = (home.client(name, port) for name in ("dynamodb", "s3", "sqs"))
    name = f"Archive{kills}"
    create_archive_table(dynamodb, name)
    environment = {**os.environ, "YINJI_ARCHIVE_TABLE": name, "CHUNK": "150"}
    subprocess.run([sys.executable, "-c", ENROL], env=environment, check=True, input=told(people), text=True)
    for key in [one["Key"] for one in s3.list_objects_v2(Bucket="archive").get("Contents", [])]:
        s3.delete_object(Bucket="archive", Key=key)
    queue = sqs.get_queue_url(QueueName=INGEST)["QueueUrl"]
    for key, data in files.items():
        s3.put_object(Bucket="archive", Key=key, Body=data)
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"key": key}))
    random, killed = Random(kills), 0
    while True:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.importing"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout and worker.stdout.readline() == "ready\n"
        if killed == kills:
            assert worker.wait(120) == 0
            break
        time.sleep(random.uniform(0, LONGEST_LIFE))
        assert worker.poll() is None, "there was nothing left to do before the last kill"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        killed += 1
    items = {
        (item["pk"]["S"], item["sk"]["S"]): {key: value for key, value in item.items() if key not in OF_THE_WAY}
        for page in dynamodb.get_paginator("scan").paginate(TableName=name)
        for item in page["Items"]
        if item["pk"]["S"].startswith("STUDENT#")
    }
    reports = {
        key: json.loads(s3.get_object(Bucket="archive", Key=f"reports/{key}.json")["Body"].read())["counts"]
        for key in files
    }
    return items, reports, killed


ENROL = """
import json, sys
from yinji.archive.store import Archive
from yinji.archive.student import stored_student
Archive().enrol([stored_student(one) for one in json.load(sys.stdin)])
"""


def told(people: list[Any]) -> str:
    from yinji.archive.student import student_document

    return json.dumps([student_document(one) for one in people])
