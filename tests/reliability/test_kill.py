"""The local cloud is killed in the middle of a season: nothing acknowledged is missing, and every case goes on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from infra.local import home, seeding
from infra.local.season.player import play
from tests.running import RunningCloud

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]
GRADUATES = 45
KILLS = 2


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    """The tests' own local cloud, with a fresh season."""
    found = RunningCloud(home.HOME.name, home.PORT, home.CLOUD_PORT, GRADUATES)
    yield found.start(fresh=True)
    found.stop()


def test_a_kill_in_the_middle_loses_nothing_that_was_acknowledged(cloud: RunningCloud) -> None:
    season = seeding.season()
    acknowledged = Acknowledged(cloud.url)
    for _ in range(KILLS):
        acting = threading.Thread(target=acknowledged.act_until_it_dies, args=(season.graduates,))
        acting.start()
        time.sleep(4)
        cloud.kill()
        acting.join(60)
        assert not acting.is_alive()
        cloud.start()
        acknowledged.check()
    assert len(acknowledged.changes) > 10, "the kills came before anybody had done anything"
    # a delivery that was on its way when the power went, with nothing to show for it but the object
    lost = f"feeds/library-loans/{time.time_ns()}.csv"
    [data] = [data for key, data in season.snapshots(datetime.now(UTC), day=1).items() if "library-loans" in key]
    seeding.put(lost, data)
    cloud.kill()
    assert "taken up again" in cloud.start().printed
    assert seeding.wait_for_report(lost)["status"] == "accepted"
    summary = asyncio.run(play(cloud.url, seeding.put, season))
    assert summary.ok, summary
    acknowledged.check()


class Acknowledged:
    """Students who act, and what they were told had been done: student, step, version."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.changes: list[tuple[str, str, int]] = []

    def act_until_it_dies(self, graduates: Any) -> None:
        """Answer the survey of one graduate after the other, until nobody answers any more."""
        try:
            for graduate in graduates:
                self._answer_survey(graduate.student)
        except requests.RequestException:
            return

    def _answer_survey(self, student: str) -> None:
        session = requests.Session()
        session.post(
            f"{self._url}/api/sign-in/demo", data={"persona": f"student:{student}", "next": "/verify"}, timeout=20
        )
        case = session.get(f"{self._url}/api/clearance/cases/{student}", timeout=20)
        for step in case.json().get("steps", ()) if case.ok else ():
            if step["id"] == "exit-survey" and step["state"] == "ready":
                body = {
                    "step_version": step["version"],
                    "idempotency_key": f"survey-{student}",
                    "teaching": "5",
                    "services": "5",
                }
                path = f"/api/clearance/cases/{student}/steps/exit-survey/answer"
                told = session.post(self._url + path, json=body, timeout=20)
                if told.status_code == 200:
                    self.changes.append((student, "exit-survey", told.json()["version"]))

    def check(self) -> None:
        """Everything that was acknowledged is there, and stands."""
        session = requests.Session()
        session.post(
            f"{self._url}/api/sign-in/demo", data={"persona": "administrator:admin", "next": "/verify"}, timeout=20
        )
        for student, step, version in self.changes:
            steps = session.get(f"{self._url}/api/clearance/cases/{student}", timeout=20).json()["steps"]
            [found] = [one for one in steps if one["id"] == step]
            assert found["state"] == "done" and found["version"] >= version, json.dumps(found)
