"""A season on a local cloud, from the first page to the last certificate; the tests stand in its order."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from yinji.clearance import definition
from yinji.clearance.feed import FEWEST_TO_HOLD

from infra.local import home, seeding
from infra.local.season.player import play
from tests.graduates import LIN, roster_csv, snapshot
from tests.infra.dashboard_metrics import Metric, metrics_of
from tests.running import RunningCloud

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]
HERE = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")
METRICS_SECONDS = 60
UNLIKELY: dict[str, dict[str, Any]] = {
    "graduation-audit": {"passed": "no", "missing": "毕业论文"},
    "library-loans": {"loans": 3, "fines": "0.00", "titles": "围城;边城;呐喊"},
    "tuition": {"arrears": "5000.00", "items": "学费"},
    "campus-card": {"balance": "-20.00"},
    "lab-equipment": {"items": 2, "names": "示波器;相机"},
    "housing-deposit": {"refunded": "no", "amount": "800.00"},
}
"""What no department means to say of everybody at once."""


def journey(cloud: RunningCloud, name: str, *arguments: str, seconds: int = 300) -> None:
    """Walk the journey in a browser; what it says when it stumbles is the failure."""
    done = subprocess.run(
        ["node", str(HERE / f"{name}.mjs"), *arguments],
        env={"YINJI_URL": cloud.url, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cases_stand_as_the_season_expects_before_anybody_acts(cloud: RunningCloud) -> None:
    checked = cloud.command("season-check")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["student", "counsellor", "officer"])
def test_a_journey_in_the_browser(cloud: RunningCloud, name: str, language: str) -> None:
    journey(cloud, name, language)


def test_offices_can_let_off_and_take_back_and_are_refused_kindly(cloud: RunningCloud) -> None:
    """Every step has its office waive, reopen, and come too late, on a graduate whom no feed knows."""
    people = People(cloud.url)
    applies = frozenset(step.applies for step in definition.steps().values() if step.applies)
    newcomer = replace(LIN, student="2022S01999", flags=applies | {"student_loan"})
    roster = f"rosters/{seeding.season().batch}/newcomer.csv"
    seeding.put(roster, roster_csv([newcomer]).encode())
    assert seeding.wait_for_report(roster)["opened"] == 1
    for step in people.case(newcomer.student)["steps"]:
        office = definition.steps()[step["id"]].department
        persona = f"counsellor:{newcomer.school}" if office == "school" else f"department-officer:{office}"
        path = f"/api/clearance/cases/{newcomer.student}/steps/{step['id']}"
        if step["state"] == "ready":
            for action in ("waive", "reopen"):
                version = people.version(newcomer.student, step["id"])
                told = people.post(persona, f"{path}/{action}", {"step_version": version, "reason": "试一试"})
                assert told.status_code == 200, told.text
        action = "hand-over" if step["id"] == "diploma" else "waive"
        told = people.post(persona, f"{path}/{action}", {"step_version": 999, "reason": "试一试"})
        assert told.status_code in (409, 422), told.text
        assert told.headers["Content-Type"] == "application/problem+json"


def test_every_graduate_gets_through(cloud: RunningCloud) -> None:
    summary = asyncio.run(play(cloud.url, seeding.put, seeding.season()))
    assert summary.ok, summary
    assert summary.certificates == summary.cases
    assert summary.expected == sum(count > 0 for count in seeding.season().expected().values())
    assert set(summary.states) <= {"done", "waived"}
    failures = cloud.command("status").stdout
    assert "failures" not in failures, failures


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_certificate_is_there_and_can_be_checked(cloud: RunningCloud, language: str) -> None:
    journey(cloud, "finished", language)


def test_a_delivery_that_cannot_be_true_is_refused_and_one_that_is_unlikely_is_held(cloud: RunningCloud) -> None:
    people = People(cloud.url)
    season = seeding.season()
    students = [one.student for one in season.graduates]
    for step, unlikely in UNLIKELY.items():
        known = definition.steps()[step]
        assert known.feed
        broken, surprising = f"feeds/{step}/broken.csv", f"feeds/{step}/surprising.csv"
        rows = [{"student": student} | unlikely for student in students]
        seeding.put(broken, snapshot(step, known.feed.columns, rows, datetime.now(UTC), rows=1))
        assert seeding.wait_for_report(broken)["status"] == "refused"
        seeding.put(surprising, snapshot(step, known.feed.columns, rows, datetime.now(UTC)))
        few = season.expected()[step] <= FEWEST_TO_HOLD
        assert seeding.wait_for_report(surprising)["status"] == ("accepted" if few else "held")
        if few:
            continue
        path = f"/api/clearance/steps/{step}/feed/discard"
        assert people.post(f"department-officer:{known.department}", path, {}).status_code == 200
        assert (seeding.report(surprising) or {})["status"] == "discarded"


def test_every_metric_that_a_dashboard_shows_has_a_datapoint(cloud: RunningCloud) -> None:
    people = People(cloud.url)
    assert people.post("administrator:admin", "/api/sign-out", {}).status_code in (200, 303)
    for folder in ("clearance/figures", "clearance/reconcile"):
        invoked = cloud.command("invoke", folder, str(home.ROOT / "events" / f"{folder}.json"))
        assert invoked.returncode == 0, invoked.stdout
    exports = {one["Name"]: one["Value"] for one in home.client("cloudformation").list_exports()["Exports"]}
    [template] = (cloud.folder / "cdk.out").glob("*-Dashboards.template.json")
    wanted = sorted(metrics_of(json.loads(template.read_text("utf-8")), exports), key=str)
    assert len(wanted) > 100
    deadline = time.monotonic() + METRICS_SECONDS
    while missing := [metric for metric in wanted if not has_datapoint(metric)]:
        assert time.monotonic() < deadline, "\n".join(map(str, missing))
        time.sleep(2)


def has_datapoint(metric: Metric) -> bool:
    now = datetime.now(UTC)
    found = home.client("cloudwatch").get_metric_statistics(
        Namespace=metric.namespace,
        MetricName=metric.name,
        Dimensions=[{"Name": name, "Value": value} for name, value in sorted(metric.dimensions)],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["SampleCount"],
    )
    return bool(found["Datapoints"])


class People:
    """Whoever has a persona, over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sessions: dict[str, requests.Session] = {}

    def _as(self, persona: str) -> requests.Session:
        if persona not in self._sessions:
            session = self._sessions[persona] = requests.Session()
            session.post(
                f"{self._url}/api/demo/sign-in", data={"persona": persona, "next": "/verify"}
            ).raise_for_status()
        return self._sessions[persona]

    def post(self, persona: str, path: str, fields: dict[str, Any]) -> requests.Response:
        body = {"idempotency_key": uuid.uuid4().hex, **fields}
        return self._as(persona).post(self._url + path, json=body, allow_redirects=False)

    def case(self, student: str) -> dict[str, Any]:
        return self._as("administrator:admin").get(f"{self._url}/api/clearance/cases/{student}").json()

    def version(self, student: str, step: str) -> int:
        return next(one["version"] for one in self.case(student)["steps"] if one["id"] == step)
