"""Clients of Open311 that nobody here wrote: georeport reads in XML and JSON, civicbot asks, posts and follows."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from yinji.repair.report import SYMPTOMS
from yinji.repair.reports_store import Reports

from tests.functions.conftest import Cloud, cloud, transactions
from tests.fuzz.gateway import Gateway, served
from tests.infra.conftest import local
from tests.infra.synthesis import Synthesis
from tests.repairs import BUILDING, campus, keep

__all__ = ["cloud", "local", "transactions"]

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".local" / "open311" / "bin" / "python"


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address(cloud: Cloud, local: Synthesis) -> Iterator[str]:
    """Where the routes of the template are served over HTTP."""
    keep(campus())
    with make_server("127.0.0.1", 0, Gateway(served(local), cloud.invoke), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/open311/v2"
        server.shutdown()
        thread.join()


def test_clients_of_others_find_file_and_follow_requests(address: str) -> None:
    if not PYTHON.exists():
        pytest.fail("the clients of Open311 are not installed; `make slow` does it")
    command = [str(PYTHON), "-I", str(Path(__file__).with_name("client.py")), address, "a-key-of-the-tests", "LIB-1-01"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)

    missing, wrong = told["refused"]
    assert missing.startswith("required attribute 'place' missing")
    assert wrong.startswith("403 ") and json.loads(wrong[4:])[0]["code"] == 403
    (first,), (second,) = told["sent"]
    id = first["service_request_id"]
    assert second["service_request_id"] == id  # sent twice, filed once
    report = Reports().find(id)
    assert report and (report.place, report.symptom, report.text) == ("LIB-1-01", "slow", "晚上\n晚上很慢 <b>")
    assert told["token"] == [{"service_request_id": id, "token": id}]
    assert told["requests"] == [told["request"]] == [told["json"]["request"]]

    for format in ("xml", "json"):
        found = told[format]
        assert [one["service_code"] for one in found["services"]] == list(SYMPTOMS)
        request = found["request"]
        assert (request["service_request_id"], request["status"], request["address_id"]) == (id, "open", BUILDING)
        assert found["again"] == request
        assert request["description"] is None and request["lat"] is None
    attributes = told["xml"]["definition"]["attributes"]["attribute"]
    assert [one["code"] for one in attributes] == ["place", "detail"]
    assert told["json"]["open"] == [told["json"]["request"]] and told["xml"]["open"] == told["xml"]["request"]
