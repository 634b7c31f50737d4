"""A made-up season played to its end through the real functions, by way of a front door that knows no better.

Documents are not drawn here: what `typeset` would draw stands in as a line that looks like a PDF.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from moto.dynamodb.models.table import Table
from yinji.clearance import definition
from yinji.clearance.definition import StepDefinition
from yinji.identity import session as sessions
from yinji.identity.session import read, signing_keys
from yinji.platform import clock
from yinji.platform.clock import today
from yinji.platform.http import FORM

from infra.local.season import Options, Season, generate
from infra.local.season.player import Deliver, Summary, play
from tests.functions.conftest import Cloud

pytestmark = pytest.mark.slow

SEASON = generate(Options(graduates=18, seed=5, today=today()))
FEW = generate(Options(graduates=4, seed=5, today=today()))
PLACES = {
    ("GET", "cases"): "clearance/cases",
    ("GET", "schools"): "clearance/cases",
    ("GET", "steps"): "clearance/cases",
    ("GET", "slots"): "clearance/slots",
    ("GET", "certificate"): "clearance/certificate_download",
}


def folder(step: str) -> str:
    return f"clearance/steps/{definition.steps()[step].module}"


class Front:
    """The front door of a `cloud`: routes to its functions, then lets stream and bus do what they would do."""

    def __init__(self, cloud: Cloud, season: Season) -> None:
        self.cloud, self.season = cloud, season
        self.asked: list[tuple[str, str, int]] = []
        self.trouble: Iterator[int] = iter(())
        self._images: dict[str, Any] = {}
        self._alone = threading.RLock()
        """moto copies a whole table for each transaction and must not be asked by two threads at once."""

    async def arrive(self, request: web.Request) -> web.Response:
        """What S3 does with a form that a browser posts to a bucket."""
        form = await request.post()
        key, file = str(form["key"]), form["file"]
        assert isinstance(file, web.FileField)
        with self._alone:
            self.cloud.s3.put_object(Bucket="intake", Key=key, Body=file.file.read())
            self.cloud.deliver(key, "clearance/evidence_arrived")
        return web.Response(status=204)

    async def answer(self, request: web.Request) -> web.Response:
        refused = next(self.trouble, 0)
        if refused:
            return web.Response(status=refused)
        posted = await request.post() if request.content_type == FORM else await request.text()
        with self._alone:
            return self._answer(request, posted)

    def _answer(self, request: web.Request, posted: Any) -> web.Response:
        path, method = request.path, request.method
        parts = path.split("/")[2:]
        body = json.loads(posted or "null") if isinstance(posted, str) else list(posted.items())
        held = request.cookies.get("yinji_session", "")
        token = read(held, signing_keys(), clock.now()) if held else None
        answer = self.cloud.call(
            self._place(method, parts),
            token.session if token else None,
            method,
            path + (f"?{request.query_string}" if request.query_string else ""),
            body,
        )
        self.asked.append((method, "/".join(parts[:2]), answer.status))
        if method == "POST" and parts[0] == "clearance":
            self.follow([parts[2]] if parts[1] == "cases" else [case["student"] for case in body["cases"]])
        if method == "POST" and parts[-1] == "evidence" and answer.status == 200:
            answer.body = json.dumps(answer.json | {"url": str(request.url.with_path("/s3"))})
        content = base64.b64decode(answer.body) if answer.encoded else answer.body.encode()
        reply = web.Response(status=answer.status, body=content)
        for cookie in answer.cookies:
            reply.headers.add("Set-Cookie", str(SimpleCookie(cookie).output(header="")).strip())
        return reply

    def _place(self, method: str, parts: list[str]) -> str:
        if parts[0] == "sign-in":
            return "identity/demo_sign_in"
        if "evidence" in parts:
            return "clearance/evidence_upload"
        if method == "GET":
            return PLACES.get((method, parts[-1])) or PLACES[method, parts[1]]
        return folder(parts[4] if parts[1] == "cases" else parts[2])

    def put(self, key: str, data: bytes) -> None:
        where = "clearance/open_cases" if key.startswith("rosters/") else folder(key.split("/")[1])
        with self._alone:
            self.cloud.put(key, data, where)
            self.follow([one.student for one in self.season.graduates])

    def follow(self, students: Iterable[str]) -> None:
        """Relay the changes of cases to the bus and deliver what is said there, until nothing more follows."""
        while records := [record for student in students if (record := self._change(student))]:
            self.cloud.said.clear()
            self.cloud.invoke("clearance/advance", {"Records": records})
            for kind, detail in list(self.cloud.said):
                message = {"id": f"{kind} {detail}", "detail-type": kind, "detail": detail, "source": "test"}
                if kind == "step-ready":
                    self.cloud.invoke(folder(detail["step"]), message)
                elif kind == "case-finished":
                    self.cloud.invoke("clearance/certificate", message)

    def _change(self, student: str) -> dict[str, Any] | None:
        """What the stream would tell of a case since it was last looked at."""
        key = {"pk": {"S": f"CASE#{student}"}, "sk": {"S": "CASE"}}
        old = self._images.get(student)
        new = self.cloud.dynamodb.get_item(TableName="Cases", Key=key).get("Item")
        if new is None or new == old:
            return None
        self._images[student] = new
        seen = {"SequenceNumber": "1", "Keys": key, "NewImage": new} | ({"OldImage": old} if old else {})
        return {"eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": seen}


@pytest.fixture
def front(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Front:
    from yinji.clearance import adapter, intake

    def copied(table: Table, memo: Any) -> Table:
        copy = object.__new__(Table)
        items: Any = {place: dict(there) if isinstance(there, dict) else there for place, there in table.items.items()}
        vars(copy).update(vars(table), items=defaultdict(dict, items))
        return copy

    # moto copies the whole table for each transaction; here items are put and deleted, none is changed in place
    monkeypatch.setattr(Table, "__deepcopy__", copied, raising=False)
    monkeypatch.setattr(intake, "THREADS", 1)
    monkeypatch.setattr(adapter, "BULK_THREADS", 1)
    monkeypatch.setattr(StepDefinition, "guide", lambda self, *about: "")
    drawing: Any = ModuleType("typeset.certificate")
    drawing.CertificateData = drawing.StepLine = drawing.Title = lambda **said: said
    drawing.certificate_pdf = lambda data, at: b"%PDF-1.7"
    monkeypatch.setitem(sys.modules, "typeset.certificate", drawing)
    found = Front(cloud, request.param)
    for key in sorted(found.season.files, key=lambda key: (key.startswith("feeds/"), not key.endswith(".json"))):
        found.put(key, found.season.files[key])
    return found


def through(front: Front, deliver: Deliver | None = None, patience: float = 20) -> Summary:
    async def run() -> Summary:
        app = web.Application()
        app.router.add_post("/s3", front.arrive)
        app.router.add_route("*", "/{path:.*}", front.answer)
        async with TestServer(app, host="127.0.0.1") as server:
            return await play(str(server.make_url("/")), deliver or front.put, front.season, patience=patience)

    return asyncio.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("front", [SEASON], indirect=True, ids=["18"])
def test_everybody_ends_with_certificate_and_diploma(front: Front) -> None:
    summary = through(front)
    assert (summary.errors, summary.unfinished) == (Counter(), 0)
    assert summary.ok
    assert summary.certificates == summary.cases == len(SEASON.graduates)
    assert set(summary.states) == {"done"}
    expected = {step: Counter(done=count) for step, count in SEASON.expected().items() if count}
    assert summary.steps == expected and summary.expected == len(expected)
    for one in SEASON.graduates:
        case = front.cloud.case(one.student)
        assert case.closed and case.certificate
    assert summary.requests == len(front.asked) < 11 * summary.cases + 300  # looking at schools and queues
    assert {status for _, _, status in front.asked} == {200, 303}


@pytest.mark.slow
@pytest.mark.parametrize("front", [FEW], indirect=True, ids=["4"])
def test_a_half_played_season_is_played_on_though_the_door_is_busy(front: Front) -> None:
    def broken(key: str, data: bytes) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        through(front, deliver=broken)
    assert any(front.cloud.case(one.student).finished_at is None for one in FEW.graduates)
    front.trouble = (503 if number % 7 == 3 else 429 if number % 11 == 5 else 0 for number in range(10_000))
    again = through(front)
    assert again.ok and again.retries > 5
    assert again.certificates == len(FEW.graduates)


@pytest.mark.slow
@pytest.mark.parametrize("front", [FEW], indirect=True, ids=["4"])
def test_officers_of_a_long_season_prove_again_who_they_are(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()

    def fresh(self: sessions.Session, now: datetime) -> bool:
        """Whoever asks for the first time proved too long ago; the clock of this machine is no matter."""
        asked[self.sub] += 1
        return asked[self.sub] > 1

    monkeypatch.setattr(sessions.Session, "fresh", fresh)
    summary = through(front)
    assert summary.ok and summary.certificates == len(FEW.graduates)
    assert any(status == 403 for _, _, status in front.asked), "they were told to"


@pytest.mark.slow
@pytest.mark.parametrize("front", [FEW], indirect=True, ids=["4"])
def test_a_season_that_lacks_a_case_is_not_reported_as_played(front: Front) -> None:
    lost = FEW.graduates[0].student
    key = {"pk": {"S": f"CASE#{lost}"}, "sk": {"S": "CASE"}}
    front.cloud.dynamodb.delete_item(TableName="Cases", Key=key)
    summary = through(front, patience=0.5)
    assert summary.unfinished == 1 and not summary.ok


def test_appointments_are_on_working_days() -> None:
    from infra.local.season.answers import working_day

    days = [working_day(today(), ahead) for ahead in range(1, 15)]
    assert days == sorted(set(days)) and all(day.weekday() < 5 for day in days)
    assert days[4] - today() <= timedelta(days=7)
