"""A season on a local cloud, from the first page to the last certificate; the tests stand in its order."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import subprocess
import time
import uuid
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from yinji.clearance import definition
from yinji.clearance.appointments import working_day
from yinji.clearance.feed import FEWEST_TO_HOLD
from yinji.identity.register import COLUMNS
from yinji.messages.model import OF_FAULTS, OF_FORMS, OF_VISITS, awake
from yinji.platform import clock

from infra.local import home, seeding
from infra.local.season import campus
from infra.local.season.player import play
from tests.archives import GATE, readers_csv
from tests.graduates import LIN, roster_csv, snapshot
from tests.infra.dashboard_metrics import Metric, metrics_of, watching
from tests.running import RunningCloud
from tests.sign_in.conftest import NAMES, OFFICER, PASSWORD

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(600)]
HERE = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")
METRICS_SECONDS = 60
ADMINISTRATOR = "administrator:admin"
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


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_fault_goes_from_a_label_to_a_technician_and_back(cloud: RunningCloud, language: str) -> None:
    journey(cloud, "repair_work", language, campus.code_of("LIB-101"))


@pytest.mark.parametrize(("way", "language"), [("oidc", "zh-CN"), ("cas", "en")])
def test_an_officer_signs_in_by_the_universitys_own_sign_in(
    cloud: RunningCloud, servers: None, language: str, way: str, tmp_path: Path
) -> None:
    known = tmp_path / "person.json"
    known.write_text(json.dumps({"staff": OFFICER, "name": NAMES[OFFICER], "role": "counsellor", "school": "S01"}))
    invoked = cloud.command("invoke", "identity/people", str(known))
    assert invoked.returncode == 0, invoked.stdout
    journey(cloud, "signing_in", language, way, OFFICER, PASSWORD, NAMES[OFFICER])


def test_the_cases_stand_as_the_season_expects_before_anybody_acts(cloud: RunningCloud) -> None:
    checked = cloud.command("season-check")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["student", "evidence", "counsellor", "officer", "edition"])
def test_a_journey_in_the_browser(cloud: RunningCloud, name: str, language: str) -> None:
    journey(cloud, name, language)


@pytest.mark.parametrize("category", ["undergraduate", "postgraduate", "international"])
def test_offices_can_let_off_and_take_back_and_are_refused_kindly(cloud: RunningCloud, category: str) -> None:
    """Every step has its office waive, reopen, and come too late, on a graduate whom no feed knows."""
    people = People(cloud.url)
    applies = frozenset(step.applies for step in definition.steps().values() if step.applies)
    number = f"2022S019{category[:1].upper()}9"
    newcomer = replace(LIN, student=number, category=category, flags=applies | {"student_loan"})
    roster = f"rosters/{seeding.season().batch}/newcomer-{category}.csv"
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
        # of what the schools own an administrator decides
        decides = ADMINISTRATOR if known.department == "school" else f"department-officer:{known.department}"
        assert people.post(decides, path, {}).status_code == 200
        assert (seeding.report(surprising) or {})["status"] == "discarded"


def test_what_goes_on_beside_the_steps(cloud: RunningCloud, tmp_path: Path) -> None:
    """Batches, arrangements, practice, lists, guides, histories and messages, on the newcomers that are not through."""
    people, today = People(cloud.url), clock.today()
    guest, fellow = "2022S019I9", "2022S019U9"
    cases, batches = "/api/clearance/cases", "/api/clearance/batches"
    deadline = today + timedelta(days=90)
    told = {"title_zh": "下一批", "title_en": "Next", "opens_on": today.isoformat(), "deadline": deadline.isoformat()}
    assert people.post(ADMINISTRATOR, batches, {"batch": "next-round", **told}).status_code == 200
    assert people.post(ADMINISTRATOR, batches, {"batch": "Next round", **told}).status_code == 422
    assert seeding.wait_for_report("rosters/next-round/batch.json")["status"] == "accepted"
    later = {"until": (today + timedelta(days=120)).isoformat(), "reason": "试一试"}
    assert people.post("counsellor:S01", f"{cases}/{guest}/arrangements/extend", later).status_code == 200
    assert people.post(ADMINISTRATOR, f"{cases}/{guest}/arrangements/restore", {}).status_code == 409
    for step in ("dormitory", "housing-deposit"):
        version = people.version(guest, step)
        fields = {"step_version": version, "reason": "试一试"}
        told_ = people.post("department-officer:housing", f"{cases}/{guest}/steps/{step}/waive", fields)
        assert told_.status_code == 200, told_.text
    version = people.version(fellow, "party-transfer")
    fields = {"step_version": version, "organisation": "江屿市某某街道党工委", "place": "江屿市"}
    path = f"{cases}/{fellow}/steps/party-transfer/declare-destination"
    assert people.post(f"student:{fellow}", path, fields).status_code == 200
    assert people.post("department-officer:library", "/api/clearance/practice", {}).status_code == 200
    assert people.post("counsellor:S01", f"{cases}/{guest}/remind", {}).status_code == 200
    assert people.post(f"student:{guest}", "/api/messages/stop/nothing", {}).status_code in (400, 404)
    for persona, path, kind in (
        (ADMINISTRATOR, "/api/clearance/exports/season.xlsx", "spreadsheetml"),
        (ADMINISTRATOR, "/api/clearance/exports/cases.csv", "text/csv"),
        (
            "department-officer:international-education",
            "/api/clearance/exports/queue.xlsx?step=scholarship-settlement&whole=1",
            "spreadsheetml",
        ),
        (ADMINISTRATOR, "/api/clearance/guides/international-overseas/zh.pdf", "application/pdf"),
        ("auditor:auditor", f"{cases}/{guest}/audit.json", "json"),
        (f"student:{guest}", "/api/messages", "json"),
        (f"student:{guest}", "/api/account/export.json", "json"),
    ):
        answer = people.get(persona, path)
        assert answer.status_code == 200 and kind in answer.headers["Content-Type"], (path, answer.text[:200])
    assert people.get(f"student:{guest}", f"{cases}/{guest}/steps/dormitory/appointment.ics").status_code == 404
    office, number = "department-officer:international-education", "sealed/scholarship-settlement/card"
    assert people.post(office, f"{cases}/{guest}/{number}", {}).status_code in (200, 404), "there may be none"
    end, looked = time.monotonic() + METRICS_SECONDS, set[str]()
    while not looked >= {"list", "audit-export", "case"}:
        assert time.monotonic() < end, f"the graduate is not told who looked: {looked}"
        looked = {one["what"] for one in people.get(f"student:{guest}", "/api/account/seen").json()["seen"]}
    into = {"into": "next-round"}
    carried = people.post(ADMINISTRATOR, f"{batches}/{seeding.season().batch}/carry-over", into)
    assert carried.status_code == 200
    end = time.monotonic() + METRICS_SECONDS
    while people.case(fellow)["batch"] != "next-round":
        assert time.monotonic() < end, "the unfinished are not carried over"
        time.sleep(1)
    workday = next(day for day in (today + timedelta(days=ahead) for ahead in range(15)) if working_day(day))
    for folder, event in (
        ("clearance/anchor", {}),
        ("messages/deadlines", {"today": (deadline - timedelta(days=3)).isoformat()}),
        ("messages/digest", {"today": workday.isoformat()}),
        ("messages/send", {}),
    ):
        (tmp_path / "event.json").write_text(json.dumps(event), "utf-8")
        invoked = cloud.command("invoke", folder, str(tmp_path / "event.json"))
        assert invoked.returncode == 0, (folder, invoked.stdout)


def test_what_goes_on_in_the_archive(cloud: RunningCloud, tmp_path: Path) -> None:
    """Claims and what becomes of them, a sample, a selection, an activity whose places go on, a code on a screen."""
    people, today = People(cloud.url), clock.today()
    mine, other = [one for one in seeding.season().graduates if one.category == "undergraduate"][:2]
    student, fellow, counsellor = f"student:{mine.student}", f"student:{other.student}", f"counsellor:{mine.school}"
    root = f"/api/archive/students/{mine.student}"
    told = {"kind": "service", "title": "社区图书角", "day": (today - timedelta(days=9)).isoformat(), "hours": "3"}

    def claimed(**more: str) -> dict[str, Any]:
        answer = people.post(student, f"{root}/claims", told | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def decided(record: dict[str, Any], deed: str, who: str = counsellor, **more: str) -> dict[str, Any]:
        fields = {"version": str(record["version"]), **more}
        answer = people.post(who, f"{root}/records/{record['record']}/{deed}", fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first, second = claimed(), claimed(title="迎新")
    changed = people.post(
        student, f"{root}/claims/{first['record'].partition(':')[2]}/change", told | {"version": "1", "hours": "2"}
    )
    assert changed.status_code == 200, changed.text
    assert people.post(fellow, f"{root}/claims", told).status_code == 403
    assert people.post(counsellor, f"{root}/records/{first['record']}/certify", {"version": "1"}).status_code == 409
    certified = decided(changed.json(), "certify")
    assert certified["state"] == "certified"
    assert decided(second, "refuse", reason="not-there")["state"] == "refused"
    disputed = decided(certified, "dispute", student, words="时间不对")
    settled = decided(disputed, "settle", verdict="stays", answer="与签到一致")
    assert decided(settled, "revoke", reason="mistaken")["state"] == "revoked"
    claimed(title="支教")
    begun = people.post(counsellor, "/api/archive/certify/begin", {"kind": told["kind"]})
    assert begun.status_code == 200, begun.text
    ended = people.post(counsellor, "/api/archive/certify/give-up", {"round": begun.json()["round"]})
    assert ended.status_code == 200, ended.text

    affairs = "department-officer:student-affairs"
    selected = people.post(affairs, "/api/archive/selections", {"title": "试点", "list": mine.student})
    assert selected.status_code == 200, selected.text
    path = f"/api/archive/selections/{selected.json()['id']}"
    assert people.post(affairs, f"{path}/keep", {"version": "1"}).status_code == 200
    assert people.get(affairs, path).json()["preview"]["students"] == 1

    begins = datetime.now(UTC) + timedelta(minutes=20)
    facts = {"kind": "lecture", "title": "从甲骨到芯片", "begins_at": begins.isoformat(), "minutes": 60, "capacity": 1}
    announced = people.post(affairs, "/api/archive/activities", facts)
    assert announced.status_code == 200, announced.text
    activity = f"/api/archive/activities/{announced.json()['id']}"
    assert people.post(student, f"{activity}/sign-up", {}).json()["standing"] == "held"
    assert people.post(fellow, f"{activity}/sign-up", {}).json()["standing"] == "waiting"
    assert people.post(student, f"{activity}/give-back", {}).status_code == 200
    assert people.get(affairs, f"{activity}/sign-ups/sign-ups.csv").status_code == 200
    assert people.get(student, f"{root}/transcript/transcript.csv").status_code == 200
    code = people.get(affairs, f"{activity}/check-in-code").json()["address"].rpartition("/")[2]
    assert people.post(fellow, f"/api/archive/check-in/{code}", {}).json()["again"] is False
    assert people.post(fellow, f"/api/archive/check-in/{code}x", {}).status_code == 404
    moved = people.post(affairs, f"{activity}/change", {"version": str(announced.json()["version"]), "place": "礼堂"})
    assert moved.status_code == 200, moved.text
    await_message(people, fellow, "activity-moved")
    assert people.post(affairs, f"{activity}/cancel", {}).status_code == 200
    await_message(people, fellow, "activity-cancelled")
    end = time.monotonic() + METRICS_SECONDS
    while "从甲骨到芯片" not in people.get(fellow, "/archive").text:
        assert time.monotonic() < end, "who checked in does not find it in their archive"
        time.sleep(1)

    for key, data in {
        "catalogue/books/none.csv": b"title\r\n",
        "devices/none.csv": readers_csv(GATE) + b"x y,gate,a,b,\r\n",
    }.items():
        seeding.put(key, data, "ArchiveBucketName")
        seeding.wait_for_report(key, "ArchiveBucketName")
    foreign = json.loads((home.ROOT / "events" / "archive" / "capture.json").read_text("utf-8"))
    body = json.loads(foreign["Records"][0]["body"]) | {"topic_device": "another"}
    foreign["Records"][0]["body"] = json.dumps(body)
    samples = {path.name: path.read_text("utf-8") for path in (home.ROOT / "events" / "archive").glob("*.json")}
    for name, text in (samples | {"capture.foreign.json": json.dumps(foreign)}).items():
        (tmp_path / name).write_text(text, "utf-8")
        invoked = cloud.command("invoke", f"archive/{name.split('.')[0]}", str(tmp_path / name))
        assert invoked.returncode == 0, (name, invoked.stdout)


def test_what_goes_on_with_editions(cloud: RunningCloud) -> None:
    """A run for one student, paused and resumed, packed; links, a check by code, a kept copy, an edition taken back."""
    people, affairs = People(cloud.url), "department-officer:student-affairs"
    mine = [one for one in seeding.season().graduates if one.category == "undergraduate"][2]
    student, root = f"student:{mine.student}", f"/api/archive/students/{mine.student}"
    selected = people.post(affairs, "/api/archive/selections", {"title": "一人", "list": mine.student})
    path = f"/api/archive/selections/{selected.json()['id']}"
    assert people.post(affairs, f"{path}/keep", {"version": "1"}).status_code == 200
    asked = {"selection": selected.json()["id"], "language": "en", "theme": "jade"}
    run = f"/api/archive/runs/{people.post(affairs, '/api/archive/runs', asked).json()['id']}"
    for deed in ("pause", "resume", "again"):
        assert people.post(affairs, f"{run}/{deed}", {}).status_code == 200
    await_message(people, student, "edition-sealed")
    [edition] = people.get(student, f"{root}/editions").json()["editions"]
    place = f"{root}/editions/{edition['id']}"
    assert people.get(affairs, f"{place}/archive.pdf").content.startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(people.get(student, f"{place}/kept-copy").content)) as kept:
        assert hashlib.sha256(kept.read("archive.pdf")).hexdigest() == edition["digest"]

    until = (clock.today() + timedelta(days=3)).isoformat()
    told = {"shows": "whole", "edition": edition["id"], "to": "某公司", "until": until}
    share = people.post(student, f"{root}/shares", told).json()
    token = share["address"].rpartition("/")[2]
    anybody = requests.Session()
    assert anybody.get(f"{cloud.url}/shared/{token}").status_code == 200
    assert anybody.get(f"{cloud.url}/api/archive/shared/{token}/archive.pdf").content.startswith(b"%PDF-")
    assert anybody.get(f"{cloud.url}/api/archive/verify/{edition['code']}").json()["standing"] == "in-force"
    for proof in ("did.json", "authority.pem", "status/0"):
        assert anybody.get(f"{cloud.url}/.well-known/{proof}").status_code == 200
    assert people.post(student, f"{root}/shares/{share['id']}/revoke", {}).json()["standing"] == "revoked"
    assert anybody.get(f"{cloud.url}/shared/{token}").status_code == 410

    assert people.post(affairs, f"{run}/pack", {}).json()["schools"] == 1
    end = time.monotonic() + METRICS_SECONDS
    while (fetched := people.get(affairs, f"{run}/packs/{mine.school}")).status_code != 303:
        assert time.monotonic() < end, "the school is not packed"
        time.sleep(1)
    with zipfile.ZipFile(io.BytesIO(requests.get(fetched.headers["Location"], timeout=30).content)) as packed:
        assert [name for name in packed.namelist() if name.endswith(f"{mine.student}.pdf")]
    assert people.post(affairs, f"{place}/revoke", {"why": "一项奖励被收回"}).json()["standing"] == "revoked"
    await_message(people, student, "edition-revoked")


def await_message(people: People, who: str, kind: str) -> None:
    """Wait until a message of `kind` is in the box of `who`."""
    end = time.monotonic() + METRICS_SECONDS
    while kind not in [one["kind"] for one in people.get(who, "/api/messages").json()["messages"]]:
        assert time.monotonic() < end, f"nobody is told: {kind}"
        time.sleep(0.5)


SELDOM = {
    ("MessagesComposed", "activity-restored"): "only a table that is delivered takes a cancellation back",
    ("MessagesFailed", "email"): "only what SES refuses for good",
    ("MessagesUncertain", "email"): "only what somebody died over",
    ("MessagesSent", "webhook"): "no robot is set up here",
    ("MessagesFailed", "webhook"): "no robot is set up here",
    ("MessagesUncertain", "webhook"): "no robot is set up here",
    ("FeedSnapshotsHeld", "housing-deposit"): "so few of a small season have one that nothing is held",
}
"""What does not happen in a season of this size, by metric and the dimension that tells, and why."""
FAULTS = {
    "ReportsFiled", "ReportsJoined", "IncidentsOpened", "IncidentsMerged", "IncidentsReopened", "TimersSet",
    "ReportersAnswered", "LabelsPrinted", "PlaceLines", "PlaceLinesRejected", "OpenIncidents", "OldestOpenIncident",
    "IncidentsToConfirm", "ReportsLeftLying",
}  # fmt: skip
"""What the journey of a fault brings about, and what the clock counts; the rest of repair's has tests of its own."""
FAULT_ACTS = {"take", "travel", "fix"}
EVERY_RUN = {"VisitDaysMade", "VisitDaysSettled", "VisitsCarriedOver", "VisitsWithoutDay"}
"""What the clock and the stream of visits bring about; the rest of visits' has tests of its own."""
SELDOM_ASKED = (
    *(f"repair/{name}" for name in (
        "escalate", "learnt", "monitor", "notices", "open311", "outages", "photo_arrived", "photo_show", "photo_upload",
        "rota", "sort",
    )),
    *(f"visits/{name}" for name in (
        "ask", "calendar", "change", "days", "desk", "figures", "record", "remind", "round_calendar", "settle", "sheet",
    )),
    *(f"forms/{name}" for name in (
        "announce", "answers", "author", "conflicts", "connect", "decide", "deliver", "document", "facts", "figures",
        "fill", "import_form", "learn", "learn_step", "library", "pdf", "records_intake", "relay", "submission",
    )),
    "messages/compose_forms",
    "messages/compose_submissions",
)  # fmt: skip
"""Functions that no journey comes to; each is asked once, whatever it answers."""


def seldom(metric: Metric) -> bool:
    # what was said while the season was played waits for the morning
    at_night = metric.name == "MessagesSent" and awake(clock.now() - timedelta(minutes=20)) > clock.now()
    if metric.name in ("RequestsLimited", "LimitsUnreachable"):
        return True  # nobody asks too often here, and the table that counts is there
    told = dict(metric.dimensions)
    if told.get("service") == "repair" and metric.namespace == "Yinji":
        return metric.name not in FAULTS and told.get("act") not in FAULT_ACTS
    if told.get("service") == "visits" and metric.namespace == "Yinji":
        return metric.name not in EVERY_RUN
    if told.get("service") == "forms" and metric.namespace == "Yinji":
        return True  # one-form has tests of its own, which go through browsers as well
    if told.get("kind") in OF_FAULTS | OF_VISITS | OF_FORMS | {"fact-corrected", "form-layout"}:
        return True  # whoever reports a fault or asks for a visit here leaves no address, and nobody sends forms
    return at_night or any((metric.name, value) in SELDOM for _, value in metric.dimensions)


def test_every_metric_that_a_dashboard_shows_has_a_datapoint(cloud: RunningCloud) -> None:
    people = People(cloud.url)
    assert people.get("administrator:admin", "/api/account").status_code == 200
    register = f"{','.join(COLUMNS)}\nT0100,x,rector,,,\n"
    assert people.upload("administrator:admin", "/api/people", register).json()["refused"] == 1
    assert people.post("administrator:admin", "/api/sign-out", {}).status_code in (200, 303)
    for folder in (
        "clearance/figures",
        "clearance/reconcile",
        "privacy/retention",
        "repair/counts",
        "repair/sweep",
        "archive/authority_watch",
    ):
        invoked = cloud.command("invoke", folder, str(home.ROOT / "events" / f"{folder}.json"))
        assert invoked.returncode == 0, invoked.stdout
    for function in SELDOM_ASKED:
        cloud.command("invoke", function, str(home.ROOT / "events" / f"{function}.json"))
    exports = {one["Name"]: one["Value"] for one in home.client("cloudformation").list_exports()["Exports"]}
    found = (cloud.folder / "cdk.out").glob("*Dashboard*.template.json")
    templates = {path.name: json.loads(path.read_text("utf-8")) for path in found}
    shown = metrics_of(watching(templates), exports)
    wanted = sorted((metric for metric in shown if not seldom(metric)), key=str)
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
                f"{self._url}/api/sign-in/demo", data={"persona": persona, "next": "/verify"}
            ).raise_for_status()
        return self._sessions[persona]

    def post(self, persona: str, path: str, fields: dict[str, Any]) -> requests.Response:
        body = {"idempotency_key": uuid.uuid4().hex, **fields}
        return self._as(persona).post(self._url + path, json=body, allow_redirects=False)

    def upload(self, persona: str, path: str, text: str) -> requests.Response:
        """Send `text` as the file of a form."""
        file = {"file": ("file.csv", text, "text/csv")}
        return self._as(persona).post(self._url + path, files=file, allow_redirects=False)

    def get(self, persona: str, path: str) -> requests.Response:
        return self._as(persona).get(self._url + path, allow_redirects=False)

    def case(self, student: str) -> dict[str, Any]:
        return self._as("administrator:admin").get(f"{self._url}/api/clearance/cases/{student}").json()

    def version(self, student: str, step: str) -> int:
        return next(one["version"] for one in self.case(student)["steps"] if one["id"] == step)
