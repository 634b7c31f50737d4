"""The programs in docs/operations.md do what the page says."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable

import boto3
import pytest
from moto import mock_aws
from yinji.identity.session import Session, sign

from infra.setting import ROOT, Setting
from tests.sessions import begun, read

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
STUDENT = begun(Session("2022S01001", "student", "林晓雨"))


def program(heading: str) -> str:
    """The one Python program below `heading`."""
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    [found] = re.findall(r"^ *```python\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found)


def run(heading: str) -> None:
    exec(compile(program(heading), heading, "exec"), {})  # noqa: S102 - our own page


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Run a stage of the rotation; the keys after it, newest first."""

    def go(name: str) -> list[str]:
        monkeypatch.setenv("STAGE", name)
        run("Rotating the keys of sessions")
        known = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId="keys")["SecretString"])
        return [known["key"], *known["older"]]

    monkeypatch.setenv("ARN", "keys")
    return go


@mock_aws
def test_rotating_the_keys_signs_nobody_out(stage: Callable[[str], list[str]]) -> None:
    boto3.client("secretsmanager").create_secret(Name="keys", SecretString='{"key": "first", "older": []}')
    before = sign(STUDENT, ["first"])
    announced = stage("announce")
    assert announced[0] == "first" and len(announced) == 2
    promoted = stage("promote")
    assert promoted == [announced[1], "first"]
    after = sign(STUDENT, promoted)
    # functions that have not looked again know what was announced
    assert read(after, announced) == read(before, promoted) == STUDENT
    forgotten = stage("forget")
    assert forgotten == [announced[1]]
    assert read(after, forgotten) == STUDENT and read(before, forgotten) is None


@mock_aws
def test_a_restored_table_is_put_in_the_place_of_the_live_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.functions.conftest import create_table

    client = boto3.client("dynamodb")
    tables = {name: boto3.resource("dynamodb").Table(name) for name in ("live", "restored")}
    for name in tables:
        create_table(client, name)
    kept = [{"pk": f"CASE#{number}", "sk": "CASE", "version": 1} for number in range(40)]
    for table in tables.values():
        for item in kept:
            table.put_item(Item=item)
    tables["live"].put_item(Item=kept[0] | {"version": 2})
    tables["live"].put_item(Item={"pk": "CASE#0", "sk": "EVENT#later"})
    tables["live"].delete_item(Key={"pk": "CASE#1", "sk": "CASE"})
    monkeypatch.setenv("LIVE", "live")
    monkeypatch.setenv("RESTORED", "restored")
    run("Restoring cases")

    def everything(name: str) -> list[str]:
        return sorted(json.dumps(item, default=int) for item in tables[name].scan()["Items"])

    assert everything("live") == everything("restored")


def test_every_context_value_is_documented() -> None:
    [section] = re.findall(r"^## What a deployment is told\n(.*)", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(Setting.__slots__) - {"root"}
    told = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    assert {name for name in told if not name.startswith("@")} == set(Setting.__slots__) - {"root"}


def test_every_link_leads_to_a_heading() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", PAGE)) <= headings
