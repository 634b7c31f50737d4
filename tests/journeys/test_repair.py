"""Reporting a fault by a phone, from the page of a label to the table: portal and functions behind one small server."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from moto import mock_aws
from yinji.repair.incidents_store import item_of
from yinji.repair.reports_store import Reports

from tests import portal
from tests.functions.conftest import Cloud
from tests.repairs import campus, keep, label, outage

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
ROOM, OTHER, DARK = "LIB-1-01", "LIB-1-03", "LIB-2-01"
FOLDERS = {"reports": "repair/report", "solved": "repair/report", "places": "repair/report", "follow": "repair/follow"}


class Served(BaseHTTPRequestHandler):
    """One origin, as the front door makes it: pages by the portal, the rest by its function."""

    cloud: Cloud
    one_at_a_time = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("cookie", "accept")}
        if self.path.startswith("/api/"):
            return self.to_function(None)
        language = self.headers.get("accept-language", "")
        with self.one_at_a_time:
            event = portal.event(self.path, None, language, self.headers.get("cookie", ""), **headers)
            found = portal.module().app(event, None)
        self.answered(found["statusCode"], found["headers"], found["body"])
        return None

    def do_POST(self) -> None:
        self.to_function(self.rfile.read(int(self.headers["content-length"])).decode())

    def to_function(self, body: str | None) -> None:
        parts = urlsplit(self.path)
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"{self.command} {parts.path}",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": dict(parse_qsl(parts.query)) or None,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "cookies": [],
            "requestContext": {
                "http": {"method": self.command, "path": parts.path, "sourceIp": "127.0.0.1"},
                "stage": "$default",
            },
            "body": body,
            "isBase64Encoded": False,
        }
        with self.one_at_a_time:
            found = self.cloud.invoke(FOLDERS[parts.path.split("/")[3]], event)
        self.answered(found["statusCode"], found.get("headers", {}), found["body"])

    def answered(self, status: int, headers: dict[str, Any], body: str) -> None:
        told = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value[0] if isinstance(value, list) else value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Served,), {"cloud": cloud}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


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
    done = subprocess.run(
        ["node", str(HERE / "repair.mjs"), language, *codes],
        env={"YINJI_URL": url, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sent = json.loads(done.stdout.splitlines()[-1])["sent"]
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
