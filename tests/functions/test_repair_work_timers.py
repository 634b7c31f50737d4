"""Timers for when clocks run out, and what becomes of an incident then."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from yinji.platform import clock
from yinji.repair.clocks import due, target
from yinji.repair.incident import Event, Incident, done
from yinji.repair.incidents_store import Incidents, item_of
from yinji.repair.timers import LONGEST_NAME, Timer, Timers, name_of, wanted

from tests.functions.conftest import Cloud
from tests.repairs import AT
from tests.repairs_at_work import incident, open_incident

ID = "a" * 24


class Now:
    at = AT


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Now]:
    found = Now()
    monkeypatch.setattr(clock, "now", lambda: found.at)
    yield found


def image(one: Incident | None) -> dict[str, Any] | None:
    return item_of(one).serialize() if one else None


def record(before: Incident | None, after: Incident | None, number: int = 1) -> dict[str, Any]:
    """What the stream tells of a change."""
    told = {"OldImage": image(before), "NewImage": image(after)}
    keys = {"pk": {"S": f"INCIDENT#{ID}"}, "sk": {"S": "INCIDENT"}}
    return {
        "eventSource": "aws:dynamodb",
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "SequenceNumber": str(number)} | {name: one for name, one in told.items() if one},
    }


def stream(cloud: Cloud, *records: dict[str, Any]) -> Any:
    answer = cloud.invoke("repair/clocks", {"Records": list(records)})
    assert answer == {"batchItemFailures": []}


def schedules() -> dict[str, Any]:
    """The timers there are, by what they are for and when."""
    client = boto3.client("scheduler")
    found: dict[str, Any] = {}
    for one in client.list_schedules(GroupName=os.environ["YINJI_TIMERS"])["Schedules"]:
        schedule = client.get_schedule(GroupName=os.environ["YINJI_TIMERS"], Name=one["Name"])
        found[f"{json.loads(schedule['Target']['Input'])['purpose']} {schedule['ScheduleExpression']}"] = schedule
    return found


def at(moment: datetime) -> str:
    return f"at({moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"


def wake(cloud: Cloud, purpose: str) -> Incident:
    cloud.invoke("repair/escalate", {"incident": ID, "purpose": purpose})
    found = Incidents().find(ID)
    assert found
    return found


def change(one: Incident, act: Any, moment: datetime, who: str = "N001") -> Incident:
    after, event = done(one, act, who, moment, f"{act}-{moment}")
    assert Incidents().change(after, event)
    return after


def test_timers_are_set_once_however_often_it_is_told(cloud: Cloud, now: Now) -> None:
    one = open_incident(incident())
    response, repair = due(AT, target("response", 3)), due(AT, target("repair", 3))
    for _ in range(2):
        stream(cloud, record(None, one, 1), record(None, one, 2))
    found = schedules()
    assert set(found) == {f"response {at(response)}", f"repair {at(repair)}"}
    for schedule in found.values():
        assert schedule["ActionAfterCompletion"] == "DELETE" and schedule["ScheduleExpressionTimezone"] == "UTC"
        assert schedule["Target"]["Arn"] == os.environ["YINJI_ESCALATE"]
        assert schedule["Target"]["DeadLetterConfig"]["Arn"] == os.environ["YINJI_ESCALATE_FAILURES"]
        assert json.loads(schedule["Target"]["Input"])["incident"] == ID


def test_a_report_that_joins_sets_none(cloud: Cloud, now: Now) -> None:
    one = open_incident(incident())
    stream(cloud, record(one, replace(one, reports=9, version=9, changed_at=AT + timedelta(minutes=1))))
    stream(cloud, record(one, None))
    assert schedules() == {}


def test_what_is_gone_or_planned_needs_none(cloud: Cloud, now: Now) -> None:
    stream(cloud, record(None, incident()))
    open_incident(incident(rule="maintenance"))
    stream(cloud, record(None, incident(rule="maintenance")))
    assert schedules() == {}


def test_a_clock_that_stood_still_has_another_timer_afterwards(cloud: Cloud, now: Now) -> None:
    one = open_incident(incident())
    taken = change(one, "take", AT + timedelta(minutes=10))
    waits = change(taken, "need-parts", AT + timedelta(minutes=20))
    now.at = AT + timedelta(minutes=30)
    stream(cloud, record(taken, waits))
    assert schedules() == {}
    now.at = AT + timedelta(minutes=60)
    goes_on = change(waits, "go-on", now.at)
    stream(cloud, record(waits, goes_on))
    moved = due(now.at, target("repair", 3) - timedelta(minutes=20))
    assert set(schedules()) == {f"repair {at(moved)}"}


def test_nobody_took_it_in_time(cloud: Cloud, now: Now, capsys: pytest.CaptureFixture[str]) -> None:
    one = open_incident(incident())
    now.at = due(AT, target("response", 3)) - timedelta(seconds=30)
    assert wake(cloud, "response") == one
    assert len(schedules()) == 1, "woken too early, it is set anew"
    now.at += timedelta(seconds=30)
    found = wake(cloud, "response")
    assert (found.priority, found.escalated, found.version) == (2, ("response",), 2)
    assert wake(cloud, "response") == found, "the same timer may come twice"
    assert [one.what for one in Incidents().history(ID)] == ["opened", "escalated"]
    assert '"EscalatedIncidents":[0.0,1.0]' in capsys.readouterr().out.replace(" ", "")
    now.at += timedelta(hours=1)
    assert [one.purpose for one in wanted(found, now.at)] == ["repair"]


def test_it_was_not_mended_in_time_and_nothing_is_more_urgent_than_urgent(cloud: Cloud, now: Now) -> None:
    one = change(open_incident(incident(priority=1)), "take", AT + timedelta(minutes=5))
    now.at = due(AT, target("repair", 1))
    assert wake(cloud, "response").version == one.version
    found = wake(cloud, "repair")
    assert (found.priority, found.escalated, found.technician) == (1, ("repair",), "N001")


def test_what_was_mended_in_time_is_left_alone(cloud: Cloud, now: Now) -> None:
    one = change(open_incident(incident()), "take", AT + timedelta(minutes=5))
    one = change(one, "fix", AT + timedelta(minutes=6))
    now.at = AT + timedelta(days=2)
    assert wake(cloud, "repair") == one
    stream(cloud, record(None, one))
    assert set(schedules()) == {f"answer {at(AT + timedelta(minutes=6, days=3))}"}


def test_it_closes_by_itself_when_nobody_answers(cloud: Cloud, now: Now) -> None:
    one = change(open_incident(incident()), "take", AT + timedelta(minutes=5))
    one = change(one, "fix", AT + timedelta(minutes=6))
    now.at = AT + timedelta(days=3)
    assert wake(cloud, "answer").state == "fixed"
    again = change(one, "reopen", AT + timedelta(days=1), "reporter")
    now.at = AT + timedelta(days=3, minutes=6)
    assert wake(cloud, "answer") == again, "somebody said that it is not fixed"
    one = change(change(again, "take", now.at), "fix", now.at + timedelta(minutes=1))
    now.at += timedelta(days=3, minutes=1)
    closed = wake(cloud, "answer")
    assert closed.state == "closed" and Incidents().history(ID)[-1].who == "clock"
    assert wake(cloud, "answer") == closed


def test_a_report_that_joins_at_that_moment_loses_nothing(
    cloud: Cloud, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_incident(incident())
    now.at = due(AT, target("response", 3))
    real, joined = Incidents.find, iter([replace(one, reports=4, version=2)])

    def find(self: Incidents, id: str) -> Incident | None:
        found = real(self, id)
        if after := next(joined, None):
            assert Incidents().change(after, Event("joined", "joined", "triage", AT))
        return found

    monkeypatch.setattr(Incidents, "find", find)
    found = wake(cloud, "response")
    assert (found.reports, found.priority, found.version) == (4, 2, 3)


def test_what_there_is_not_is_no_trouble(cloud: Cloud, now: Now) -> None:
    cloud.invoke("repair/escalate", {"incident": "nothing", "purpose": "response"})


def test_a_timer_is_never_set_into_the_past(cloud: Cloud, now: Now) -> None:
    now.at = AT + timedelta(days=30)
    assert Timers().set(ID, Timer("response", AT), now.at)
    [name] = schedules()
    assert name == f"response {at(now.at + timedelta(minutes=1))}"


def test_names_are_as_the_service_takes_them() -> None:
    name = name_of("x" * 80 + "/ü", "response", AT)
    assert len(name) == LONGEST_NAME and name.endswith("---response-20260617020000")
