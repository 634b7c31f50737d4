"""Every page, as everybody who may see it, in both languages: WCAG 2.2 AA as far as a machine can tell.

Which pages there are stands in tests/pages.py; a route of the portal without a row there fails.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from yinji.clearance import definition, university
from yinji.platform import clock

from infra.local import seeding
from infra.local.season.answers import answers
from infra.local.season.player import play
from tests import archives, pages, portal
from tests.graduates import LIN, roster_csv, snapshot
from tests.journeys.test_a_season import LANGUAGES, People, journey
from tests.running import RunningCloud

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]
READER = replace(
    LIN,
    student="2022S01997",
    name="阿卜杜热合曼·麦麦提艾力",
    name_latin="Abdurahman Memteli",
    class_name="中文 2201 (卓越班)",
    supervisor="T0123",
    flags=frozenset(step.applies for step in definition.steps().values() if step.applies) | {"student_loan"},
)
"""A graduate to whom everything applies, with a long name."""


def test_every_page_of_the_portal_is_visited() -> None:
    assert pages.unvisited(set(portal.module().app.routes)) == set()


def test_everybody_can_use_every_page_in_either_language(cloud: RunningCloud, tmp_path: Path) -> None:
    visits = tmp_path / "visits.json"
    visits.write_text(json.dumps(visits_in(world(cloud))), "utf-8")
    with ThreadPoolExecutor(len(LANGUAGES)) as browsers:  # each keeps a processor busy
        walks = [
            browsers.submit(journey, cloud, "every_page", str(visits), language, seconds=800) for language in LANGUAGES
        ]
    for walk in walks:
        walk.result()


def visits_in(places: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is looked at, and by whom."""
    return [
        {"path": path.format_map(places), "persona": persona(role, page.department, places), "text": page.text}
        for page in pages.PAGES
        for path in page.paths
        for role in page.seen_by or ("",)
    ]


def persona(role: str, department: str, places: Mapping[str, str]) -> str:
    """Who is who on the demonstration's sign-in page."""
    known = {
        "": "",
        "student": f"student:{places['student']}",
        "department-officer": f"department-officer:{department}",
        "administrator": "administrator:admin",
        "auditor": "auditor:auditor",
        "technician": "technician:N001",
        "community-worker": "community-worker:meiyuan",
        "supervisor": f"supervisor:{places['supervisor']}:{places['school']}",
    }
    return known.get(role, f"{role}:{places['school']}")


def world(cloud: RunningCloud) -> dict[str, str]:
    """A graduate with much to do, one who has a certificate: what fills the addresses of pages."""
    people = People(cloud.url)
    batch = seeding.season().batch
    roster = f"rosters/{batch}/reader.csv"
    if not seeding.report(roster):
        seeding.put(roster, roster_csv([READER]).encode())
        assert seeding.wait_for_report(roster)["opened"] == 1
        owes = {"student": READER.student, "loans": 2, "fines": "1.50", "titles": "乡土中国;围城"}
        feed = definition.steps()["library-loans"].feed
        assert feed
        seeding.put(
            "feeds/library-loans/reader.csv", snapshot("library-loans", feed.columns, [owes], datetime.now(UTC))
        )
        assert seeding.wait_for_report("feeds/library-loans/reader.csv")["status"] == "accepted"
        acts(people)
        archived()
    code = certificate(people)
    if not code:
        assert asyncio.run(play(cloud.url, seeding.put, seeding.season())).certificates
        code = certificate(people)
    return {
        "student": READER.student,
        "school": READER.school,
        "batch": batch,
        "code": code,
        "activity": announced(people),
        "supervisor": READER.supervisor,
    }


def archived() -> None:
    """Give the reader an archive, and a book in it."""
    told = {name: getattr(READER, name) for name in ("name", "name_latin", "class_name", "counsellor")}
    who = replace(archives.student(997), **told)
    assert who.student == READER.student
    files = {
        "students/reader.csv": archives.register_csv([who]),
        "records/library-loans/reader.csv": archives.as_csv(archives.LOANS, [archives.loan(1, READER.student)]),
    }
    for key, data in files.items():
        seeding.put(key, data, "ArchiveBucketName")
        assert seeding.wait_for_report(key, "ArchiveBucketName")["rejected"] == []


def announced(people: People) -> str:
    """The number of a lecture of the reader's school that is about to begin; the same one however often it is asked."""
    begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    told = {
        "kind": "lecture",
        "title": "从甲骨到芯片",
        "school": READER.school,
        "place": "致远楼报告厅",
        "capacity": 200,
    }
    fields = told | {"begins_at": begins.isoformat(), "minutes": 90, "idempotency_key": f"lecture-{begins:%d%H}"}
    return str(people.post("administrator:admin", "/api/archive/activities", fields).json()["id"])


def acts(people: People) -> None:
    """The reader has a first look and does what a form of the portal takes; an office sends some of it back."""
    for step in people.case(READER.student)["steps"]:
        known = definition.steps()[step["id"]]
        own = next((one for one in known.actions.values() if one.by == "student" and one.to == "submitted"), None)
        if step["state"] != "ready" or own is None:
            continue
        asked = [{"name": one.name, "required": one.required, "schema": one.schema} for one in own.fields]
        try:
            fields = answers(asked, Random(known.id), clock.today(), "zh", {})
        except ValueError:
            continue
        path = f"/api/clearance/cases/{READER.student}/steps/{known.id}"
        people.post(f"student:{READER.student}", f"{path}/{own.id}", {"step_version": step["version"], **fields})
        if known.department != "housing" and known.department in university.departments():
            body = {"step_version": people.version(READER.student, known.id), "reason": "请补充材料后再交"}
            people.post(f"department-officer:{known.department}", f"{path}/send-back", body)


def certificate(people: People) -> str:
    """The code of somebody's certificate; empty when nobody has one."""
    admin: requests.Session = people._as("administrator:admin")
    for school in university.schools():
        for case in admin.get(f"{people._url}/api/clearance/schools/{school}").json()["cases"]:
            if case["left"] == 0:
                known = people.case(case["student"])["certificate"]
                if known:
                    return str(known["code"])
    return ""
