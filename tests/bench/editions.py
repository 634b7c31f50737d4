"""A season of archives on a local cloud: 4,000 students' editions rendered, sealed and stored, unattended.

The cloud is killed once on the way, as by a power cut. At the end everything is counted without any code of the
editions: one sealed edition a student, whose files are there and have the digest that the table tells.
YINJI_BENCH_STUDENTS=400 makes it a tenth, YINJI_BENCH_KILL=no spares the cloud.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from infra.local.season import archive
from infra.local.season.people import enrol
from tests.bench.importing import STUDENTS, TODAY, Deployed
from tests.bench.measuring import console
from tests.journeys.test_a_season import People
from tests.running import RunningCloud

PORT, CLOUD_PORT = 24601, 24587
KILL = os.environ.get("YINJI_BENCH_KILL", "yes") == "yes"
OFFICE = "department-officer:student-affairs"
RUNS = "/api/archive/runs"
LOOK = 10
"""Seconds between two looks at how far it is."""
LOOKS = 30
"""How often a look that failed is made again."""
PATIENCE = 3 * 3600
TIDIED = 420
"""Seconds after which a message comes again whose process was killed, and a minute."""
VALIDATED = 40
"""How many seals pyHanko's own validator looks at."""
STAGES = {"planned": "planned", "requested": "to be typeset", "rendered": "to be sealed"}


def run() -> None:
    cloud = RunningCloud("bench-editions", PORT, CLOUD_PORT, 30).start(fresh=True)
    try:
        _measure(cloud)
    finally:
        cloud.stop()


def _measure(cloud: RunningCloud) -> None:
    deployed = Deployed(cloud, CLOUD_PORT)
    students = _delivered(deployed)
    office = People(cloud.url)
    begun = _begun(office, students)
    took, killed, backlog, busy = _played(cloud, office, begun)
    states, _ = _progress(office, begun)
    console.print(
        f"{sum(states.values()):,} editions in {took:,.0f} s, {states.get('sealed', 0) / took:.2f} a second: {states}"
        + (f"; the cloud was killed {killed} time(s) on the way and started again" if killed else "")
    )
    waiting = ", ".join(f"{backlog[stage]:,.0f} {STAGES[stage]}" for stage in STAGES)
    slowest = max(("requested", "rendered"), key=lambda stage: backlog[stage])
    console.print(
        f"on average {waiting}; both cores {busy:.0f} % busy; [bold]what holds it up: "
        f"{'typesetting' if slowest == 'requested' else 'sealing'}[/]"
    )
    _count(deployed, cloud, begun, students)


def _delivered(deployed: Deployed) -> set[str]:
    """Students with their records, the portraits drawn."""
    there = {
        item["pk"]["S"].partition("#")[2] for item in deployed.items(deployed.table) if item["sk"]["S"] == "PROFILE"
    }
    found = archive.students(enrol(4 * STUDENTS, 1, TODAY.year), TODAY)
    people = [one for one in found if one.student not in there][:STUDENTS]
    season = archive.generate(people, TODAY, seed=1)
    deployed.put({"students/bench.csv": season.files[archive.REGISTER]})
    began = time.perf_counter()
    deployed.put({key: data for key, data in season.files.items() if key != archive.REGISTER})
    deployed.drawn(season.records)
    lines = sum(season.records.values())
    console.print(f"{lines:,} records of {len(people):,} students there after {time.perf_counter() - began:.0f} s")
    return {one.student for one in people}


def _begun(office: People, students: set[str]) -> str:
    selected = office.post(OFFICE, "/api/archive/selections", {"title": "整届", "list": "\n".join(sorted(students))})
    assert selected.status_code == 200, selected.text
    path = f"/api/archive/selections/{selected.json()['id']}"
    assert office.post(OFFICE, f"{path}/keep", {"version": "1"}).status_code == 200
    told = {"selection": selected.json()["id"], "language": "both", "theme": "ink"}
    begun = office.post(OFFICE, RUNS, told)
    assert begun.status_code == 200, begun.text
    return begun.json()["id"]


def _progress(office: People, run: str) -> tuple[dict[str, int], dict[str, Any]]:
    """How far it is, by state and as it is told. A look that fails says so, and is made again a moment later: right
    after the cloud comes back everything begins at once."""
    for _ in range(LOOKS):
        answer = office.get(OFFICE, f"{RUNS}/{run}")
        if answer.status_code == 200:
            told = answer.json()
            return told["progress"]["states"], told
        console.print(f"[yellow]a look failed: {answer.status_code} {answer.text[:200]}[/]")
        time.sleep(LOOK)
    raise RuntimeError("nobody tells how far it is")


def _played(cloud: RunningCloud, office: People, run: str) -> tuple[float, int, Counter[str], float]:
    """Until nothing is left: seconds, kills, how many were in which stage on average, and how busy the machine was."""
    began, killed, looks, busy = time.monotonic(), 0, 0, 0.0
    backlog, fate = Counter[str](), random.Random(1)
    dies_at = fate.uniform(0.3, 0.5)
    psutil.cpu_percent()
    while True:
        time.sleep(LOOK)
        states, told = _progress(office, run)
        looks, busy = looks + 1, busy + psutil.cpu_percent()
        backlog.update({stage: states.get(stage, 0) for stage in STAGES})
        total, left = sum(states.values()), told["progress"]["left"]
        if looks % 6 == 0:
            end = told["progress"]["end"]
            console.print(
                f"{time.monotonic() - began:6.0f} s  {states}, {told['progress']['rate']} a minute, until {end}"
            )
        if told["students"] and not left:
            average = Counter({stage: number / looks for stage, number in backlog.items()})
            return time.monotonic() - began, killed, average, busy / looks
        if KILL and not killed and total and states.get("sealed", 0) > dies_at * STUDENTS:
            cloud.kill()
            killed += 1
            cloud.start()
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"not done: {states}")


def _count(deployed: Deployed, cloud: RunningCloud, run: str, students: set[str]) -> None:
    """Raises RuntimeError unless every student has one sealed edition, whose files are what the table says."""
    outputs = json.loads((cloud.folder / "deployed.json").read_text("utf-8"))["outputs"]
    table, bucket = outputs["EditionsTableName"], outputs["EditionsBucketName"]
    sealed = Counter[str]()
    digests = dict[str, str]()
    for item in deployed.items(table):
        if item["sk"]["S"].startswith("EDITION#") and item["run"]["S"] == run:
            sealed[item["student"]["S"]] += item["state"]["S"] == "sealed"
            if "digest" in item:
                place = f"sealed/{item['student']['S']}/{item['id']['S']}-{item['digest']['S'][:16]}"
                digests[place] = item["digest"]["S"]
    began, keys = time.monotonic(), _keys(deployed, bucket)
    # what is still there when time is over is counted below as too many
    while any(key.startswith("rendered/") for key in keys) and time.monotonic() - began < TIDIED:
        time.sleep(LOOK)
        keys = _keys(deployed, bucket)
    console.print(f"what was typeset is taken away {time.monotonic() - began:.0f} s after the last was sealed")
    wanted = {f"{place}.{ending}" for place in digests for ending in ("pdf", "jwt", "json")}
    there = {key for key in keys if key.startswith(("sealed/", "rendered/"))}

    def same(place: str) -> tuple[bool, int]:
        body = deployed.s3.get_object(Bucket=bucket, Key=f"{place}.pdf")["Body"].read()
        return hashlib.sha256(body).hexdigest() == digests[place], len(body)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(same, digests))
    wrong, sizes = sum(not good for good, _ in told), sorted(size for _, size in told)
    invalid = sum(not _valid(deployed, bucket, place) for place in random.Random(1).sample(sorted(digests), VALIDATED))
    missing, double = students - set(+sealed), {one for one, number in sealed.items() if number > 1}
    console.print(
        f"counted: {sum(sealed.values()):,} sealed, missing {len(missing)}, double {len(double)}, files missing "
        f"{len(wanted - there)}, files too many {len(there - wanted)}, digests wrong {wrong}, seals refused "
        f"{invalid} of {VALIDATED}; a file: median {sizes[len(sizes) // 2] / 1000:.0f} kB, "
        f"most {sizes[-1] / 1000:.0f} kB"
    )
    if missing or double or wanted != there or wrong or invalid:
        raise RuntimeError("it is not as it has to be")


def _keys(deployed: Deployed, bucket: str) -> set[str]:
    pages = deployed.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {one["Key"] for page in pages for one in page.get("Contents", ())}


def _valid(deployed: Deployed, bucket: str, place: str) -> bool:
    chain = deployed.s3.get_object(Bucket=bucket, Key="authority/chain.pem")["Body"].read()
    *_, root = load_certs_from_pemder_data(chain)
    body = deployed.s3.get_object(Bucket=bucket, Key=f"{place}.pdf")["Body"].read()
    [seal] = PdfFileReader(io.BytesIO(body)).embedded_signatures
    return validate_pdf_signature(seal, ValidationContext(trust_roots=[root], allow_fetching=False)).bottom_line
