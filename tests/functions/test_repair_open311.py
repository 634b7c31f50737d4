"""Requests of clients of Open311: filed once, listed as they stand, refused as the standard says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from yinji.platform import clock
from yinji.repair.incident import Event, Incident
from yinji.repair.incidents_store import Incidents
from yinji.repair.items import LabelItem
from yinji.repair.labels import code
from yinji.repair.reports_store import Reports

from tests.functions.conftest import Cloud, cloud
from tests.repairs import BUILDING, KEY, campus, keep, place

__all__ = ["cloud"]

FOLDER, ROOT, API_KEY = "repair/open311", "/api/open311/v2", "a-key-of-the-tests"
FORM = {"api_key": API_KEY, "service_code": "no-connection", "address_id": "LIB-1-01", "description": "没网"}
AT = datetime(2026, 11, 29, 8, 3, tzinfo=UTC)
SERIAL = "7QF3MX"


@pytest.fixture
def library(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    keep(campus())
    at(monkeypatch, AT)
    return cloud


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def post(cloud: Cloud, format: str = "json", **changed: str) -> Any:
    return cloud.call(FOLDER, None, "POST", f"{ROOT}/requests.{format}", list((FORM | changed).items()))


def get(cloud: Cloud, path: str) -> Any:
    return cloud.call(FOLDER, None, "GET", f"{ROOT}/{path}")


def posted(cloud: Cloud, **changed: str) -> str:
    answer = post(cloud, **changed)
    assert answer.status == 201, answer.body
    return str(answer.json[0]["service_request_id"])


def label(state: str = "active", place: str = "LIB-2-03") -> str:
    """A label that was printed for `place`; its code."""
    LabelItem(
        f"LABEL#{SERIAL}", "LABEL", serial=SERIAL, place=place, state=state, printed_at=clock.stamp(AT),
        sheet="s1",
    ).save()  # fmt: skip
    return code(SERIAL, KEY)


def joined(report: str, state: Any, merged_into: str = "", id: str = "i1") -> None:
    """`report` is part of an incident that stands at `state`."""
    incident = Incident(
        id, BUILDING, "north", "LIB-AP11", "no-connection", "access-point", {}, state, 2, 1, 1, ("LIB-1-01",), AT,
        AT + timedelta(hours=1), 1, merged_into=merged_into,
    )  # fmt: skip
    assert Incidents().change(incident, Event("k", "opened", "triage", AT))
    if report:
        from yinji.repair.items import ReportItem

        ReportItem(f"REPORT#{report}", "REPORT").update(actions=[ReportItem.incident.set(id)])


def test_a_request_is_filed_as_a_report(library: Cloud) -> None:
    id = posted(library, email="a@b.c", device_id="phone", lat="31.0", long="121.0", first_name="三")
    report = Reports().find(id)
    assert report and (report.place, report.building, report.area) == ("LIB-1-01", BUILDING, "north")
    assert report.line == ("LIB-AP11", "LIB-SW1", "LIB-CORE")
    assert (report.symptom, report.text, report.contact, report.source) == ("no-connection", "没网", "a@b.c", "open311")
    assert report.filed_at == report.noticed_at == AT and "phone" not in report.reporter


def test_in_xml_it_is_answered_in_xml(library: Cloud) -> None:
    answer = post(library, "xml")
    assert answer.status == 201 and answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    [request] = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert [one.tag for one in request] == ["service_request_id", "service_notice", "account_id"]


def test_the_code_of_a_label_names_its_place_however_it_is_typed(library: Cloud) -> None:
    typed = label().lower()
    for way in ({"address_id": typed}, {"address_id": "", "attribute[place]": f"{typed[:6]}-{typed[6:]}"}):
        report = Reports().find(posted(library, description=str(way), **way))
        assert report and report.place == "LIB-2-03"


@pytest.mark.parametrize("state", ["replaced", "retired"])
def test_a_label_that_is_not_in_use_names_nothing(library: Cloud, state: str) -> None:
    answer = post(library, address_id=label(state))
    assert answer.status == 400 and answer.json[0]["code"] == 400


@pytest.mark.parametrize("typed", ["LIB-9-99", "no such", "7QF3MX000000", "x" * 90, "你好"])
def test_a_place_that_there_is_not_is_refused(library: Cloud, typed: str) -> None:
    answer = post(library, address_id=typed)
    assert (answer.status, answer.json[0]["code"]) == (400, 400)
    assert "点位" in answer.json[0]["description"]


def test_a_place_that_is_not_used_any_more_and_a_whole_campus_are_refused(library: Cloud) -> None:
    keep([replace(place("OLD-1", "room", "旧", "Old", None), retired=True, building=BUILDING)])
    assert post(library, address_id="OLD-1").status == 400
    assert post(library, address_id="JY").status == 400
    assert post(library, address_id="lib").status == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"api_key": ""}, 403),
        ({"api_key": "wrong"}, 403),
        ({"service_code": ""}, 400),
        ({"service_code": "pothole"}, 404),
        ({"address_id": ""}, 400),
    ],
)
def test_what_is_missing_or_wrong_is_told_as_the_standard_says_in_both_formats(
    library: Cloud, change: Mapping[str, str], status: int
) -> None:
    answer = post(library, **change)
    assert (answer.status, answer.json[0]["code"]) == (status, status) and answer.json[0]["description"]
    answer = post(library, "xml", **change)
    [error] = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert (answer.status, error.findtext("code")) == (status, str(status))
    assert get(library, "requests.json").json == []


def test_what_nobody_types_and_forms_that_are_none_are_refused(library: Cloud) -> None:
    assert post(library, description="a\0b").status == 400
    twice = [*FORM.items(), ("api_key", API_KEY)]
    assert library.call(FOLDER, None, "POST", f"{ROOT}/requests.json", twice).status == 400


def test_sent_again_within_ten_minutes_it_is_the_same_request(library: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    first = posted(library)
    for minutes in (0, 5, 9.9):  # the hand of the clock moves in between
        at(monkeypatch, AT + timedelta(minutes=minutes))
        again = post(library)
        assert (again.status, again.json[0]["service_request_id"]) == (200, first)
    assert posted(library, device_id="another") != first
    at(monkeypatch, AT + timedelta(minutes=10))
    assert posted(library) != first


def test_sent_many_times_at_once_it_is_one_request(library: Cloud) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(post(library))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status for one in answers) == [200] * 7 + [201]
    assert len(get(library, "requests.json").json) == 1


def test_requests_are_listed_as_they_stand_the_youngest_first(library: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    first = posted(library)
    at(monkeypatch, AT + timedelta(days=3))  # in another month
    second = posted(library, service_code="slow")
    joined(first, "closed")
    listed = get(library, "requests.json").json
    assert [(one["service_request_id"], one["status"]) for one in listed] == [(second, "open"), (first, "closed")]
    assert (listed[1]["address_id"], listed[1]["address"]) == (BUILDING, "图书馆, 主校区")
    assert "没网" not in json.dumps(listed, ensure_ascii=False) and "LIB-1-01" not in json.dumps(listed)
    asked: list[tuple[str, list[str]]] = [
        ("status=closed", [first]),
        ("status=open,closed", [second, first]),
        ("service_code=slow", [second]),
        (f"service_request_id={first},nonsense,{second}&status=open", [first, second]),
        ("end_date=2026-11-30T00:00:00Z", [first]),
        ("start_date=2026-11-30T00:00:00Z", [second]),
        ("start_date=2025-11-30T00:00:00Z", []),
        ("service_request_id=nonsense", []),
    ]
    for query, ids in asked:
        found = get(library, f"requests.json?{query}")
        assert [one["service_request_id"] for one in found.json] == ids, query
    assert get(library, "requests.json?status=rotten").status == 400


def test_a_thousand_requests_are_listed_at_most(library: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinji.repair import open311_desk

    monkeypatch.setattr(open311_desk, "MOST", 2)
    ids = [posted(library, description=str(number)) for number in range(3)]
    listed = get(library, "requests.json").json
    assert len(listed) == 2 and {one["service_request_id"] for one in listed} < set(ids)


def test_what_became_part_of_another_incident_stands_as_that_does(library: Cloud) -> None:
    id = posted(library)
    joined("", "travelling", id="i3")
    joined("", "merged", "i3", id="i2")
    joined(id, "merged", "i2")
    [request] = get(library, f"requests/{id}.json").json
    assert (request["status"], request["status_notes"]) == ("open", "维修人员在路上")


def test_one_request_is_told_by_its_id_and_by_its_token(library: Cloud) -> None:
    id = posted(library)
    [request] = get(library, f"requests/{id}.json").json
    assert (request["service_request_id"], request["status"]) == (id, "open")
    assert get(library, f"requests/{id}.xml").body.startswith("<?xml")
    assert get(library, f"tokens/{id}.json").json == [{"service_request_id": id, "token": id}]


@pytest.mark.parametrize("path", ["requests/{0}.json", "tokens/{0}.xml", "requests/nothing.json", "requests/x"])
def test_what_is_not_there_is_told_as_an_error_of_the_standard(library: Cloud, path: str) -> None:
    answer = get(library, path.format("0" * 24))
    assert answer.status == 404
    assert answer.json[0]["code"] == 404 if path.endswith("json") else answer.body.startswith("<?xml")


def test_what_was_scanned_is_nobody_elses_to_see(library: Cloud) -> None:
    id = posted(library)
    report = Reports().find(id)
    assert report and Reports().file(replace(report, id="1" * 24, source="scan"))
    assert get(library, f"requests/{'1' * 24}.json").status == 404
    assert [one["service_request_id"] for one in get(library, "requests.json").json] == [id]
    assert get(library, f"requests.json?service_request_id={'1' * 24}").json == []


def test_services_definitions_and_discovery_are_told(library: Cloud) -> None:
    assert [one["service_code"] for one in get(library, "services.json").json] == ["no-connection", "slow", "sign-in"]
    assert get(library, "services/slow.json").json["service_code"] == "slow"
    assert get(library, "services/pothole.json").status == 404
    for format in ("xml", "json"):
        answer = library.call(FOLDER, None, "GET", f"/api/open311/discovery.{format}")
        assert answer.status == 200 and "/api/open311/v2" in answer.body


def test_whoever_asks_in_english_is_answered_in_english(library: Cloud) -> None:
    told = library.call(FOLDER, None, "GET", f"{ROOT}/services.json", headers={"accept-language": "en"})
    assert told.json[0]["service_name"] == "No connection"


def test_a_client_that_posts_too_fast_is_told_when_to_come_again(
    library: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "0")
    answer = post(library)
    assert answer.status == 429 and answer.json[0]["code"] == 429 and int(answer.headers["Retry-After"]) > 0
    assert get(library, "requests.json").status == 429


def test_a_request_costs_few_calls(library: Cloud, counted: Callable[[], list[str]]) -> None:
    posted(library)
    assert counted() == ["UpdateItem", "GetItem", "GetItem", "PutItem"]


def test_it_fails_in_the_words_of_the_standard(library: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import handlers

    monkeypatch.setattr(handlers.warm(FOLDER), "desk", SimpleNamespace())
    answer = post(library)
    assert (answer.status, answer.json[0]["code"]) == (500, 500)
