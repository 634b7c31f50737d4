"""Reporting a fault by a phone, from the page of a label to the table: portal and functions behind one small server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws
from yinji.repair.incidents_store import item_of
from yinji.repair.reports_store import Reports

from tests import portal
from tests.functions.conftest import Cloud
from tests.journeys.served import served, walk
from tests.repairs import campus, keep, label, outage

pytestmark = pytest.mark.slow
ROOM, OTHER, DARK = "LIB-1-01", "LIB-1-03", "LIB-2-01"
FOLDERS = {"reports": "repair/report", "solved": "repair/report", "places": "repair/report", "follow": "repair/follow"}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    with served(cloud, lambda method, path: FOLDERS[path.split("/")[3]]) as found:
        yield found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.timeout(300)
def test_whoever_scans_a_label_reports_it_once_whatever_becomes_of_the_network(
    cloud: Cloud, url: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_PUBLIC_URL", url)
    keep(campus())
    codes = [label(place, serial) for place, serial in ((ROOM, "AAAAAA"), (OTHER, "BBBBBB"), (DARK, "CCCCCC"))]
    item_of(outage("LIB-SW2", people=12)).save()
    # what is measured is the phone and its network, not what this machine takes to import the portal
    assert portal.visit(f"/r/{codes[0]}").status == 200
    said = walk("repair.mjs", url, language, *codes)
    sent = json.loads(said.splitlines()[-1])["sent"]
    ids = [link.removeprefix("/r/follow/").split(".")[0] for link in sent]
    kept = [item["report"]["S"] for item in cloud.dynamodb.scan(TableName="Repair")["Items"] if "report" in item]
    assert len(set(ids)) == len(ids) == 8
    assert sorted(kept) == sorted(ids), "each is there, and there once"
    reports = {id: Reports().find(id) for id in ids}
    found = [report for id in ids if (report := reports[id])]
    assert [one.place for one in found] == [ROOM, ROOM, DARK, DARK, ROOM, ROOM, OTHER, ROOM]
    symptoms = ["no-connection", "slow", "no-connection", "sign-in", "sign-in", "slow", "slow", "no-connection"]
    assert [one.symptom for one in found] == symptoms
    assert json.loads(found[1].check)["verdict"] in ("fine", "slow") and found[1].text == "插座没有反应 <b>"
    assert {one.language for one in found} == {language[:2]}
    assert found[6].reporter == found[7].reporter != found[0].reporter
