"""A technician's day by a phone, from the way to what is written down: portal and functions behind one small server."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from moto import mock_aws
from yinji.identity.session import Session, cookie_name
from yinji.platform import clock
from yinji.platform.strokes import drawn
from yinji.visits.days import Places, at_campus
from yinji.visits.rounds import following
from yinji.visits.store import Visits
from yinji.visits.visit import Record

from tests import portal
from tests.functions.conftest import Cloud
from tests.sessions import begun
from tests.sessions import cookie as cookie_of
from tests.visits import ask, day, keep

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
ME = Session("N001", "technician", "甲")


class Served(BaseHTTPRequestHandler):
    """One origin, as the front door makes it: pages by the portal, the rest by its function, as the technician."""

    cloud: Cloud
    one_at_a_time = threading.Lock()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("cookie", "accept")}
        language = self.headers.get("accept-language", "")
        with self.one_at_a_time:
            event = portal.event(self.path, None, language, self.headers.get("cookie", ""), **headers)
            found = portal.module().app(event, None)
        self.answered(found["statusCode"], found["headers"], found["body"])

    def do_POST(self) -> None:
        body, parts = self.rfile.read(int(self.headers["content-length"])).decode(), urlsplit(self.path)
        signed_in = cookie_name() in (self.headers.get("cookie") or "")
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"POST {parts.path}",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": dict(parse_qsl(parts.query)) or None,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "cookies": [],
            "requestContext": {
                "http": {"method": "POST", "path": parts.path, "sourceIp": "127.0.0.1"},
                "stage": "$default",
                "authorizer": {"lambda": begun(ME).claims if signed_in else None},
            },
            "body": body,
            "isBase64Encoded": False,
        }
        with self.one_at_a_time:
            found = self.cloud.invoke("visits/record", event)
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
def test_a_technician_goes_from_door_to_door(
    cloud: Cloud, url: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_PUBLIC_URL", url)
    today, visits = at_campus(clock.now()), Visits()
    keep(day(today, (Places("N001", "morning", 4),)), day(today + timedelta(days=7)))
    at = clock.now() - timedelta(days=5)
    some = [ask(number, on=today, at=at, words="电视没有声音") for number in range(1, 5)]
    ids = [one.id for one in some]
    assert {one.technician for one in some} == {"N001"}
    # what is measured is the phone, not what this machine takes to import the portal
    assert portal.visit("/visits/round", ME).status == 200
    done = subprocess.run(
        ["node", str(HERE / "visits.mjs"), language, f"{cookie_name()}={cookie_of(ME)}", str(today), *ids],
        env={"YINJI_URL": url, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [visits.find(id) for id in ids]
    assert [one.state for one in found if one] == ["done", "done", "not-met", "done"]
    drawn_one, typed, _, plain = [one.record if one else None for one in found]
    assert drawn_one and drawn(drawn_one.signature) and drawn_one.parts == ("网线 2 m", "水晶头")
    assert (drawn_one.minutes, drawn_one.solved, drawn_one.face) == (35, False, "good")
    assert typed == Record(20, ("network",), True, "按了三次门铃", face="fair", signed="李四")
    assert plain == Record(15, ("network",), True, signed="王五")
    for id in (ids[0], ids[1]):
        assert [event.what for event in visits.history(id)].count("finish") == 1, "sent once, kept once"
    next_one = following(visits, ids[0])
    assert next_one and (next_one.state, next_one.day) == ("booked", today + timedelta(days=7))
