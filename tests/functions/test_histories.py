"""Histories: sealed by the transaction that makes them, witnessed once a day, exported with their proof."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from click.testing import CliRunner
from yinji.clearance import chain
from yinji.clearance.case import open_case
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.clock import instant

from infra.local import deploy, home, verify_history
from tests import handlers
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_season import settle_everything
from tests.graduates import BATCH, LIN, event, graduate

pytestmark = pytest.mark.slow

AUDITOR = Session("auditor", "auditor", "审计处")
ADMINISTRATOR = Session("administrator", "administrator", "网络信息中心")
AUDIT = f"/api/clearance/cases/{LIN.student}/audit.json"
FOLDER = "clearance/audit_export"


def anchored(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, day: str) -> dict[str, Any]:
    with monkeypatch.context() as then:
        then.setattr(clock, "today", lambda: date.fromisoformat(day))
        return cloud.invoke("clearance/anchor", {})


def exported(cloud: Cloud) -> dict[str, Any]:
    answer = cloud.call(FOLDER, AUDITOR, "GET", AUDIT)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="history-{LIN.student}.json"'
    return answer.json


def codes(document: dict[str, Any]) -> list[str]:
    return [finding.code for finding in chain.verify(document)]


def rewrite(cloud: Cloud, key: str, **changes: Any) -> None:
    """Change an event in the table behind everybody's back."""
    place = {"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": f"EVENT#{key}"}}
    item = cloud.dynamodb.get_item(TableName="Cases", Key=place)["Item"]
    cloud.dynamodb.put_item(TableName="Cases", Item=item | {name: {"S": text} for name, text in changes.items()})


def test_a_whole_season_is_exported_and_verified(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open(LIN, graduate(2))
    anchored(cloud, monkeypatch, "2026-06-14")
    settle_everything(cloud)
    made = anchored(cloud, monkeypatch, "2026-06-15")
    assert cloud.act(STUDENT, "exit-survey", "answer", teaching="1", services="1").status == 409
    document = exported(cloud)
    assert [finding.code for finding in chain.verify(document, chain.anchor_hash(made))] == ["anchored"]
    assert len(document["events"]) == document["head"]["version"] == cloud.case().version
    assert document["head"]["chain"] == cloud.case().chain == document["events"][-1]["hash"]
    told = json.dumps(document, ensure_ascii=False)
    assert "江屿市人才服务中心" in told, "what somebody declared is part of what happened"


def test_what_is_changed_in_the_table_is_found(cloud: Cloud) -> None:
    cloud.open()
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "围城"})
    officer_ = officer("library")
    assert cloud.act(officer_, "library-loans", "waive", reason="书已找到", key="waive-it").status == 200
    assert codes(exported(cloud)) == ["no-anchor"]
    rewrite(cloud, f"{officer_.sub}#waive-it", why="另有原因")
    found = chain.verify(exported(cloud))
    assert [(one.code, one.params.get("n")) for one in found] == [("changed", 3), ("no-anchor", None)]


def test_who_rewrites_a_history_with_its_head_is_found_by_the_next_anchor(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open(LIN, graduate(2))
    first = anchored(cloud, monkeypatch, "2026-06-14")
    [opening] = store().events(LIN.student)
    forged = chain.link(chain.genesis(LIN.student), chain.event_document(opening) | {"who": "nobody"})
    rewrite(cloud, opening.key, who="nobody", hash=forged)
    cloud.dynamodb.update_item(
        TableName="Cases",
        Key={"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": "CASE"}},
        UpdateExpression="SET chain = :head",
        ExpressionAttributeValues={":head": {"S": forged}},
    )
    assert codes(exported(cloud)) == ["anchor-head"]
    second = anchored(cloud, monkeypatch, "2026-06-15")
    assert second["previous"] == chain.anchor_hash(first)
    told = cloud.s3.get_object(Bucket="documents", Key="anchors/rewritten/2026-06-15.json")["Body"].read()
    assert json.loads(told) == [LIN.student]


def test_a_day_has_one_anchor_however_often_it_is_made(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    made = anchored(cloud, monkeypatch, "2026-06-15")
    assert made["cases"] == 1 and made["previous"] is None
    cloud.open(graduate(2))
    assert anchored(cloud, monkeypatch, "2026-06-15") == {}
    assert anchored(cloud, monkeypatch, "2026-06-16")["cases"] == 2
    answer = cloud.call(FOLDER, AUDITOR, "GET", "/api/clearance/anchors.json")
    assert [one["date"] for one in answer.json["anchors"]] == ["2026-06-15", "2026-06-16"]
    assert chain.verify_anchors(answer.json) == []


def test_an_anchor_that_was_cut_off_is_made_whole_by_the_next_run(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open()
    put = BaseClient._make_api_call

    def dies(self: Any, operation: str, told: Any) -> Any:
        if operation == "PutObject" and told["Key"] == "anchors/2026-06-15.json":
            raise ConnectionError
        return put(self, operation, told)

    with monkeypatch.context() as dying:
        dying.setattr(BaseClient, "_make_api_call", dies)
        with pytest.raises(ConnectionError):
            anchored(cloud, monkeypatch, "2026-06-15")
    cloud.open(graduate(2))
    assert anchored(cloud, monkeypatch, "2026-06-15")["cases"] == 2
    assert codes(exported(cloud)) == ["anchored"]


def test_a_change_whose_answer_was_lost_is_in_the_chain_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    call = BaseClient._make_api_call
    lost: list[str] = []

    def loses(self: Any, operation: str, told: Any) -> Any:
        answer = call(self, operation, told)
        if operation == "TransactWriteItems" and not lost:
            lost.append(operation)
            raise ConnectionError
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", loses)
    answers = {"teaching": "5", "services": "4"}
    assert cloud.act(STUDENT, "exit-survey", "answer", key="only-once", step_version=0, **answers).status == 500
    again = cloud.act(STUDENT, "exit-survey", "answer", key="only-once", step_version=0, **answers)
    assert (again.status, again.json["repeated"]) == (200, True)
    document = exported(cloud)
    assert codes(document) == ["no-anchor"] and len(document["events"]) == 2


def test_of_two_who_change_a_case_at_once_the_second_follows_the_first(cloud: Cloud) -> None:
    one, other = Store(), Store()
    one.open(open_case(LIN, BATCH, event("open")))
    stale = one.get(LIN.student)
    for who, step, row in (
        (other, "tuition", {"arrears": "5", "items": "水费"}),
        (one, "campus-card", {"balance": "1"}),
    ):
        told = event(step, what="feed")

        def decide(case: Any, step: str = step, row: Any = row, told: Any = told) -> Any:
            return handlers.steps()[step].learn(case, {"student": LIN.student, **row}, "2026-06-15T00:00:00.000Z", told)

        assert who.change(LIN.student, step, decide, known=stale).event
    assert codes(exported(cloud)) == ["no-anchor"]
    hashes = [one.hash for one in store().events(LIN.student)]
    assert len(set(hashes)) == 3 and store().get(LIN.student).chain == hashes[-1]


def test_a_school_is_exported_in_parts_that_lambda_can_answer_with(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [graduate(number) for number in range(1, 8)]
    cloud.open(*everybody)
    anchored(cloud, monkeypatch, "2026-06-15")
    module = handlers.warm(FOLDER)
    monkeypatch.setattr(module, "CHUNK", 3)
    monkeypatch.setattr(module, "LARGEST", 100)
    found: list[str] = []
    after, parts = "", 0
    while True:
        answer = cloud.call(FOLDER, ADMINISTRATOR, "GET", f"/api/clearance/schools/S01/audit.ndjson?after={after}")
        lines = [json.loads(line) for line in answer.body.splitlines()]
        found += [line["student"] for line in lines if "student" in line]
        assert all(codes(line) == ["anchored"] for line in lines if "student" in line)
        parts += 1
        after = lines[-1].get("next", "")
        if not after:
            break
    assert parts == 3 and found == sorted(one.student for one in everybody)
    other = cloud.call(FOLDER, AUDITOR, "GET", "/api/clearance/schools/S01/audit.ndjson?batch=2031-winter")
    assert (other.status, other.body.strip()) == (200, "")


@pytest.mark.parametrize("path", [AUDIT, "/api/clearance/schools/S01/audit.ndjson", "/api/clearance/anchors.json"])
def test_only_auditors_and_administrators_export(cloud: Cloud, path: str) -> None:
    cloud.open()
    for session, expected in (
        (STUDENT, 403), (COUNSELLOR, 403), (officer("library"), 403), (AUDITOR, 200), (ADMINISTRATOR, 200), (None, 401),
    ):  # fmt: skip
        assert cloud.call(FOLDER, session, "GET", path).status == expected, session


def test_who_has_no_case_has_no_history(cloud: Cloud) -> None:
    assert cloud.call(FOLDER, AUDITOR, "GET", AUDIT).status == 404
    assert cloud.call(FOLDER, AUDITOR, "GET", "/api/clearance/schools/S99/audit.ndjson").status == 404


def test_a_case_from_before_events_were_sealed_is_read_and_goes_on(cloud: Cloud) -> None:
    cloud.open()
    for sk in ("CASE", f"EVENT#{store().events(LIN.student)[0].key}"):
        cloud.dynamodb.update_item(
            TableName="Cases",
            Key={"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": sk}},
            UpdateExpression="REMOVE chain, #h",
            ExpressionAttributeNames={"#h": "hash"},
        )
    assert cloud.case().chain == ""
    assert cloud.act(STUDENT, "exit-survey", "answer", teaching="5", services="4").status == 200
    assert codes(exported(cloud)) == ["uncovered", "no-anchor"]


def test_an_anchor_is_made_by_the_days_of_the_campus(cloud: Cloud) -> None:
    cloud.open()
    made = cloud.invoke("clearance/anchor", {})
    assert made["date"] == (instant(made["at"]) + timedelta(hours=8)).date().isoformat()


def test_the_command_without_a_file_checks_every_history_of_the_local_cloud(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open(LIN, graduate(2))
    anchored(cloud, monkeypatch, "2026-06-15")
    monkeypatch.setattr(home, "listens", lambda port: True)
    monkeypatch.setattr(home, "environment", dict)
    monkeypatch.setattr(home, "client", boto3.client)
    monkeypatch.setattr(deploy, "outputs", lambda: {"TableName": "Cases", "DocumentsBucket": "documents"})
    whole = CliRunner().invoke(verify_history.main, [])
    assert (whole.exit_code, whole.output) == (0, "共 2 份，0 份不完整  2 checked, 0 not whole\n")
    rewrite(cloud, store().events(LIN.student)[0].key, who="nobody")
    broken = CliRunner().invoke(verify_history.main, [])
    assert broken.exit_code == 1
    assert f"✗ {LIN.student}" in broken.output and "event 1 (" in broken.output and "1 not whole" in broken.output
    monkeypatch.setattr(home, "listens", lambda port: False)
    assert CliRunner().invoke(verify_history.main, []).exit_code == 2
