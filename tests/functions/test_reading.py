"""What can be read of cases, and what it costs; and the functions that look after them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from yinji.clearance import bus, definition, university
from yinji.clearance.document import case_document
from yinji.clearance.items import LEAN, CaseItem
from yinji.identity.session import Session
from yinji.platform import clock

from tests import handlers
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_actions import book
from tests.functions.test_season import next_slot, settle_everything
from tests.graduates import BATCH, LIN, graduate
from tests.unit.test_case import FULL, act, feed, opened, settled

CASES = "clearance/cases"
ONE = f"/api/clearance/cases/{LIN.student}"
ADMINISTRATOR = Session("A", "administrator", "x")


# --- cases ---------------------------------------------------------------------------------------------------
def test_a_status_costs_one_read(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    cloud.open()
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "围城"})
    before = len(counted())
    answer = cloud.call(CASES, STUDENT, "GET", ONE, headers={"accept-language": "en"})
    assert counted()[before:] == ["GetItem"]
    assert (answer.status, answer.json["name"], answer.json["finished"]) == (200, LIN.name, False)
    steps = {step["id"]: step for step in answer.json["steps"]}
    assert {step: one["state"] for step, one in steps.items()} == cloud.case().states()
    assert steps["library-loans"]["reasons"][0]["code"] == "books-on-loan"
    assert "围城" in steps["library-loans"]["reasons"][0]["text"]
    assert [action["id"] for action in steps["library-loans"]["actions"]] == ["declare-lost"]
    assert steps["campus-card"]["waits_for"] == ["Library loans"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_school_costs_one_query(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    cloud.open(LIN, graduate(2), graduate(1, "S02"))
    before = len(counted())
    answer = cloud.call(CASES, COUNSELLOR, "GET", "/api/clearance/schools/S01")
    assert counted()[before:] == ["Query"]
    assert [one["student"] for one in answer.json["cases"]] == [LIN.student, graduate(2).student]
    assert answer.json["cases"][0]["steps"] == cloud.case().states()


def test_four_hundred_cases_fit_into_one_page_of_the_index() -> None:
    """A query returns at most 1 MB; the longest case a roster can bring, with every step, stays far below 2.5 kB."""
    long = {"name": "名" * 66, "name_latin": "x" * 200, "programme": "专" * 66, "class_name": "班" * 33}
    biggest = opened(replace(FULL, **long))
    for case in (opened(FULL), settled(opened(FULL)), biggest):
        document = case_document(case) | {"finished_at": "2026-06-15T04:00:00.000Z"}
        kept = {name: document[name] for name in [*LEAN, "student", "school"] if name in document}
        kept |= {"pk": f"CASE#{case.graduate.student}", "sk": "CASE"}
        assert item_size(kept) * 400 < 1_000_000 * 0.9


def item_size(item: dict[str, Any]) -> int:
    """As DynamoDB counts it: names and texts in UTF-8, numbers at most 21 bytes, 3 for a map and 1 for each entry."""
    size = 100  # what an index adds for each item
    for name, value in item.items():
        size += len(name.encode())
        if isinstance(value, dict):
            size += 3 + sum(1 + len(key.encode()) + 1 + len(str(inner).encode()) for key, inner in value.items())
        else:
            size += 21 if isinstance(value, int) else len(str(value).encode())
    return size


@pytest.mark.parametrize("path", ["", "/certificate"])
def test_a_counsellor_cannot_learn_who_has_a_case_in_another_school(cloud: Cloud, path: str) -> None:
    cloud.open(LIN, graduate(2, school="S02"))
    folder = "clearance/certificate_download" if path else CASES
    others, nobody = (
        cloud.call(folder, COUNSELLOR, "GET", f"/api/clearance/cases/{student}{path}")
        for student in (graduate(2, school="S02").student, "2022S02999")
    )
    assert (others.status, others.json) == (nobody.status, nobody.json) == (403, others.json)
    auditor = cloud.call(folder, Session("a", "auditor", "a"), "GET", f"/api/clearance/cases/2022S02999{path}")
    assert auditor.json["code"] == "not-in-season"


@pytest.mark.parametrize("path", ["", "/certificate"])
def test_a_student_cannot_learn_who_else_has_a_case(cloud: Cloud, path: str) -> None:
    cloud.open(LIN, graduate(2))
    folder = "clearance/certificate_download" if path else CASES
    answers = [
        cloud.call(folder, STUDENT, "GET", f"/api/clearance/cases/{student}{path}")
        for student in (graduate(2).student, "2022S01999", "x" * 5000)
    ]
    assert {answer.status for answer in answers} == {403}
    assert [answer.json for answer in answers] == [answers[0].json] * 3
    own = cloud.call(folder, STUDENT, "GET", f"/api/clearance/cases/{LIN.student}{path}")
    assert own.status == (404 if path else 200)
    nobody = cloud.call(folder, Session("2022S01999", "student", "x"), "GET", f"/api/clearance/cases/2022S01999{path}")
    assert nobody.json["code"] == "not-in-season"
    assert cloud.call(folder, None, "GET", ONE + path).status == 401


def test_a_counsellor_sees_their_own_school(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(1, "S02"))
    assert cloud.call(CASES, COUNSELLOR, "GET", ONE).status == 200
    assert cloud.call(CASES, COUNSELLOR, "GET", f"/api/clearance/cases/{graduate(1, 'S02').student}").status == 403
    assert cloud.call(CASES, COUNSELLOR, "GET", "/api/clearance/schools/S02").status == 403
    assert cloud.call(CASES, STUDENT, "GET", "/api/clearance/schools/S01").status == 403
    assert cloud.call(CASES, ADMINISTRATOR, "GET", "/api/clearance/schools/S99").status == 404


def test_a_queue_is_read_page_by_page(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.warm(CASES), "PAGE", 2)
    many = [graduate(number) for number in range(5)]
    cloud.open(*many)
    for one in many:
        book(cloud, one.student)
    path, found = "/api/clearance/steps/dormitory/queue", []
    after = ""
    while True:
        page = cloud.call(CASES, officer("housing"), "GET", f"{path}?next={after}" if after else path).json
        found += page["items"]
        after = page["next"]
        if not after:
            break
    assert sorted(one["student"] for one in found) == [one.student for one in many]
    assert found[0]["step_version"] == 1 and found[0]["answers"]["slot"] == next_slot()


@pytest.mark.parametrize("token", ["%00", "ÿ", "A", "_" * 4000, "gICA"])
def test_a_position_that_is_none_is_refused(cloud: Cloud, token: str) -> None:
    path = f"/api/clearance/steps/dormitory/queue?next={token}"
    assert cloud.call(CASES, officer("housing"), "GET", path).status in (200, 400)
    long = cloud.call(CASES, officer("housing"), "GET", "/api/clearance/steps/dormitory/queue?next=" + "QUFB" * 500)
    assert long.json["code"] == "malformed-request"


def test_each_school_has_its_own_queue_of_the_school_s_step(cloud: Cloud) -> None:
    who = graduate(1, "S02")
    cloud.open(LIN, who)
    path = "/api/clearance/steps/school-approval/queue"
    assert cloud.call(CASES, COUNSELLOR, "GET", path).json["items"] == []
    assert cloud.call(CASES, COUNSELLOR, "GET", f"{path}?school=S02").status == 403
    assert cloud.call(CASES, officer("housing"), "GET", path).status == 403
    assert cloud.call(CASES, COUNSELLOR, "GET", "/api/clearance/steps/dormitory/queue").status == 403
    assert cloud.call(CASES, ADMINISTRATOR, "GET", "/api/clearance/steps/no-such/queue").status == 404


# --- advance -------------------------------------------------------------------------------------------------
def record(old: Any, new: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    change: dict[str, Any] = {"SequenceNumber": str(number), "Keys": {}, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    for name, case in (("OldImage", old), ("NewImage", new)):
        if case is not None:
            item = case if isinstance(case, dict) else case_document(case) | {"pk": "x", "sk": "CASE"}
            change[name] = TypeSerializer().serialize(item)["M"]
    kind = "MODIFY" if old is not None and new is not None else "INSERT" if new is not None else "REMOVE"
    return {"eventID": str(number), "eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": change} | more


ANSWERED = act(
    opened(), "personal-file", "declare-destination", agreement="signed", receiver="人才中心", address="人民路 1 号"
)
WAITING = feed(opened(), "campus-card", balance="5")
READY = feed(WAITING, "library-loans")
FINISHED = settled(opened(), until="")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, opened(), []),
        (WAITING, READY, ["step-ready"]),
        (None, READY, ["step-ready"]),
        (READY, READY, []),
        (READY, opened(), []),
        (READY, FINISHED, ["step-answered", "case-finished"]),
        (FINISHED, FINISHED, []),
        (opened(), ANSWERED, ["step-answered"]),
        (ANSWERED, feed(ANSWERED, "library-loans"), []),
        (FINISHED, None, []),
        (None, {"pk": "CASE#x", "sk": "EVENT#y", "version": 1}, []),
        (None, {"pk": "QUEUE#x", "sk": "y"}, []),
    ],
)
def test_what_follows_from_a_change_is_said(cloud: Cloud, old: Any, new: Any, said: list[str]) -> None:
    answer = cloud.invoke("clearance/advance", {"Records": [record(old, new)]})
    assert answer == {"batchItemFailures": []}
    assert [kind for kind, _ in cloud.said] == said
    assert all(detail["student"] == LIN.student for _, detail in cloud.said)


def test_a_record_that_fails_is_named_and_the_others_go_through(cloud: Cloud) -> None:
    poison = {"pk": "CASE#x", "sk": "CASE", "batch": "b"}
    records = [record(WAITING, READY, 1), record(None, poison, 2), record(READY, FINISHED, 3)]
    answer = cloud.invoke("clearance/advance", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert [kind for kind, _ in cloud.said] == ["step-ready", "step-answered", "case-finished"]


def test_what_the_bus_does_not_take_is_tried_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        def put_events(self, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - boto3's word
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    monkeypatch.setattr(bus, "_client", Deaf())
    records = [record(WAITING, READY, 1), record(None, opened(), 2)]
    answer = cloud.invoke("clearance/advance", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_more_messages_than_the_bus_takes_at_once_go_in_parts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Listening:
        def put_events(self, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - boto3's word
            sizes.append(len(Entries))
            assert all(entry["Source"] == "yinji.clearance" and json.loads(entry["Detail"]) for entry in Entries)
            return {"FailedEntryCount": 0}

    monkeypatch.setattr(bus, "_client", Listening())
    bus.emit([bus.intake_left(str(number)) for number in range(23)])
    assert sizes == [10, 10, 3]


# --- reconcile -----------------------------------------------------------------------------------------------
NAMED = ("step", "key", "student", "batch")


def reconcile_in_an_hour(cloud: Cloud) -> Any:
    """What the function finds when patience is over."""
    now = clock.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now() + timedelta(hours=1))
        return cloud.invoke("clearance/reconcile", {})


def test_cases_that_open_while_a_snapshot_is_being_applied_learn_of_it_all_the_same(cloud: Cloud) -> None:
    cloud.open(LIN)
    cloud.feed("library-loans", {"student": LIN.student}, {"student": graduate(2).student, "loans": 1})
    cloud.open(LIN, graduate(2))
    store().lease_feed("library-loans", "a long delivery", timedelta(minutes=2))
    step, message = (
        "clearance/steps/library_loans",
        {"id": "1", "detail-type": "roster-applied", "detail": {"batch": "b"}},
    )
    cloud.invoke(step, message)
    assert cloud.case(graduate(2).student).state("library-loans") == "ready"
    store().release_feed("library-loans", "a long delivery", current=store().feed("library-loans").current)
    assert reconcile_in_an_hour(cloud)["roster-applied"] == 1
    cloud.invoke(step, message)
    assert cloud.case(graduate(2).student).state("library-loans") == "blocked"
    assert "roster-applied" not in reconcile_in_an_hour(cloud)


def test_when_nothing_was_left_nothing_is_said(cloud: Cloud) -> None:
    cloud.open(LIN)
    cloud.feed("library-loans", {"student": LIN.student})
    cloud.said.clear()
    assert reconcile_in_an_hour(cloud) == {}
    assert cloud.said == []


def test_what_was_left_is_found_and_said_again(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    cloud.feed("campus-card", {"student": LIN.student, "balance": "-3"})
    cloud.feed("library-loans", {"student": LIN.student})
    settle_everything(cloud, graduate(2).student)
    cloud.s3.put_object(Bucket="intake", Key="feeds/tuition/x.csv", Body=b"x")
    cloud.s3.put_object(Bucket="intake", Key="rosters/2026-summer/late.csv", Body=b"x")
    for key in ("elsewhere/x.csv", "feeds/no-such-step/x.csv"):
        cloud.s3.put_object(Bucket="intake", Key=key, Body=b"x")
    cloud.said.clear()
    found = reconcile_in_an_hour(cloud)
    said = [(kind, next(detail[name] for name in NAMED if name in detail)) for kind, detail in cloud.said]
    assert set(said) == {
        ("step-ready", "campus-card"),
        ("case-finished", graduate(2).student),
        ("intake-left", "feeds/tuition/x.csv"),
        ("intake-left", "rosters/2026-summer/late.csv"),
        ("roster-applied", "2026-summer"),
    }, "the other graduate's snapshots did not name the first"
    assert found == {"step-ready": 1, "case-finished": 1, "intake-left": 2, "roster-applied": 1}


def test_what_has_only_just_happened_is_left_to_those_who_do_it(cloud: Cloud) -> None:
    cloud.open(LIN)
    cloud.feed("campus-card", {"student": LIN.student, "balance": "-3"})
    cloud.feed("library-loans", {"student": LIN.student})
    cloud.s3.put_object(Bucket="intake", Key="feeds/tuition/x.csv", Body=b"x")
    assert cloud.invoke("clearance/reconcile", {}) == {}


def test_a_confirmed_snapshot_that_was_not_applied_is_brought_back(cloud: Cloud) -> None:
    held = {"key": "feeds/tuition/x.csv", "identity": "i", "as_of": "2026-06-01T00:00:00.000Z"}
    store().lease_feed("tuition", "o", timedelta(minutes=1))
    store().release_feed("tuition", "o", held=held)
    assert cloud.invoke("clearance/reconcile", {}) == {}, "nobody has confirmed it"
    store().lease_feed("tuition", "o", timedelta(minutes=1))
    store().release_feed("tuition", "o", held=held | {"confirmed_by": "T1"})
    assert cloud.invoke("clearance/reconcile", {}) == {"intake-left": 1}
    assert cloud.said[-1] == ("intake-left", {"key": "feeds/tuition/x.csv"})


# --- figures -------------------------------------------------------------------------------------------------
def figures(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], float]:
    """Each metric the function emitted, by name and dimension, as CloudWatch would read it."""
    capsys.readouterr()
    cloud.invoke("clearance/figures", {})
    found: dict[tuple[str, str], float] = {}
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line)
        for block in document.get("_aws", {}).get("CloudWatchMetrics", []):
            assert block["Namespace"] == "Yinji"
            for names in block["Dimensions"]:
                assert set(names) <= {"service", "state", "step"} and "service" in names
                place = next((document[name] for name in names if name != "service"), "")
                for metric in block["Metrics"]:
                    value = document[metric["Name"]]
                    found[metric["Name"], place] = value[0] if isinstance(value, list) else value
    return found


def test_the_season_in_numbers(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open(LIN, graduate(2), graduate(3), graduate(1, "S02"))
    cloud.feed("tuition", {"student": graduate(2).student, "arrears": "5"})
    book(cloud)
    settle_everything(cloud, graduate(3).student)
    day = BATCH.deadline - timedelta(days=10)
    monkeypatch.setattr(clock, "today", lambda: day)
    found = figures(cloud, capsys)
    assert {state: found["Cases", state] for state in ("open", "in-progress", "finished", "overdue")} == {
        "open": 3, "in-progress": 0, "finished": 1, "overdue": 0,
    }  # fmt: skip
    assert (found["CasesTotal", ""], found["DaysToDeadline", ""]) == (4, 10)
    steps = definition.steps()
    assert {place for name, place in found if name == "StepUnfinished"} == set(steps)
    assert {place for name, place in found if name == "StepBacklog"} == set(steps)
    assert found["StepUnfinished", "dormitory"] == 3
    assert found["StepBacklog", "dormitory"] == 1 and found["StepBacklog", "exit-survey"] == 0
    assert 0 <= found["OldestWaitingHours", "dormitory"] < 1
    assert {place for name, place in found if name == "FeedAgeHours"} == {
        "graduation-audit", "library-loans", "tuition", "campus-card",
    }  # fmt: skip
    late = BATCH.deadline + timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda: late)
    found = figures(cloud, capsys)
    assert (found["Cases", "overdue"], found["DaysToDeadline", ""]) == (3, -1)


def test_an_empty_season_has_figures_too(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(cloud, capsys)
    assert found["CasesTotal", ""] == 0 and found["Cases", "open"] == 0
    assert found["StepUnfinished", "diploma"] == 0


def test_figures_read_the_index_and_the_heads_of_queues_only(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    with CaseItem.batch_write() as batch:
        for number in range(30):
            case = opened(graduate(number))
            batch.save(CaseItem(f"CASE#{case.graduate.student}", "CASE", **case_document(case)))
    before = len(counted())
    cloud.invoke("clearance/figures", {})
    made = counted()[before:]
    feeds = sum(step.feed is not None for step in definition.steps().values())
    assert made.count("Query") <= 2 * len(university.schools()) + len(definition.steps())
    assert made.count("GetItem") == feeds
    assert set(made) == {"Query", "GetItem"}
