"""Filing a report without an account: once, whatever is sent again, and few calls of the database."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from yinji.identity.session import signing_keys
from yinji.platform import clock
from yinji.repair import labels
from yinji.repair.incidents_store import item_of as item_of_incident
from yinji.repair.places_store import item_of
from yinji.repair.report import LATEST, TICKET, Report, new_nonce, report_id, ticket_for, wished
from yinji.repair.report import ticket_of as told_by
from yinji.repair.reports_store import UNJOINED, Reports

from tests import handlers
from tests.functions.conftest import Cloud
from tests.repairs import AREA, AT, BUILDING, KEY, campus, keep, label, outage

FILE, PLACES, SOLVED = "/api/repair/reports", "/api/repair/places", "/api/repair/solved"
HERE = {place.id: place for place in campus()}
ROOM = HERE["LIB-1-01"]


@pytest.fixture
def places(cloud: Cloud) -> None:
    keep(campus())


def ticket(nonce: str = "") -> str:
    return ticket_for(ROOM, nonce or new_nonce(), signing_keys())


def body(**more: Any) -> dict[str, Any]:
    told = {"ticket": ticket(), "symptom": "no-connection", "idempotency_key": "a-tap-of-a-thumb"} | more
    return {name: value for name, value in told.items() if value is not None}


def send(cloud: Cloud, **more: Any) -> SimpleNamespace:
    return cloud.call("repair/report", None, "POST", FILE, body(**more))


def filed(answer: SimpleNamespace) -> Report:
    assert answer.status == 200, answer.json
    found = Reports().find(answer.json["id"])
    assert found
    return found


def count_items(cloud: Cloud) -> int:
    items = cloud.dynamodb.scan(TableName="Repair")["Items"]
    return sum(item["pk"]["S"].startswith("REPORT#") for item in items)


def test_a_report_says_where_what_and_when_and_nothing_of_whom(cloud: Cloud) -> None:
    check = json.dumps({"verdict": "slow", "ms": 900, "kbps": 120, "net": "wifi"})
    answer = send(
        cloud,
        text="插座\u202e没反应\n两天了",
        contact=" wang@example.edu ",
        check=check,
        reporter="r" * 22,
        language="en",
    )
    one = filed(answer)
    assert (one.place, one.building, one.area, one.line) == (ROOM.id, BUILDING, AREA, ROOM.line)
    assert (one.symptom, one.text, one.contact, one.language) == (
        "no-connection", "插座没反应\n两天了", "wang@example.edu", "en",
    )  # fmt: skip
    assert json.loads(one.check) == json.loads(check) and one.source == "scan"
    assert "r" * 22 not in one.reporter and len(one.reporter) == 24 and one.incident == ""
    assert one.noticed_at == one.filed_at
    assert answer.json["follow"].startswith(f"/r/follow/{one.id}.")


def test_the_same_phone_is_known_again_and_pages_without_script_are_told_apart(cloud: Cloud) -> None:
    first, second = (filed(send(cloud, reporter="mine", idempotency_key=f"key-{n}-of-mine")) for n in (1, 2))
    assert first.reporter == second.reporter
    plain, other = (filed(send(cloud, idempotency_key=f"key-{n}-of-nobody")) for n in (1, 2))
    assert len({first.reporter, plain.reporter, other.reporter}) == 3


def test_what_is_sent_again_is_one_report_and_answered_the_same(cloud: Cloud) -> None:
    first = send(cloud, text="one")
    again = send(cloud, text="two", ticket=ticket())
    assert first.json == again.json and count_items(cloud) == 1
    assert filed(again).text == "one"


def test_a_form_without_script_is_led_to_the_page_that_follows_it(cloud: Cloud) -> None:
    fields = [*body().items(), ("next", "/r/ABC"), ("text", ""), ("contact", "")]
    answer = cloud.call("repair/report", None, "POST", FILE, fields)
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"/r/follow/{report_id(ROOM.id, 'a-tap-of-a-thumb')}.")
    assert answer.headers["Location"].endswith("?done=filed")
    wrong = [("ticket", "none"), ("next", "/r/ABC"), ("symptom", "slow"), ("idempotency_key", "k" * 9)]
    answer = cloud.call("repair/report", None, "POST", FILE, wrong)
    assert (answer.status, answer.headers["Location"]) == (303, "/r/ABC?problem=ticket-unknown")


def test_a_phone_that_was_off_line_says_how_long_ago_that_began(cloud: Cloud) -> None:
    one = filed(send(cloud, ago="7200"))
    assert one.filed_at - one.noticed_at == timedelta(hours=2)
    late = send(cloud, ago=str(int(LATEST.total_seconds()) + 1), idempotency_key="another-key")
    assert (late.status, late.json["errors"]) == (422, [{"field": "ago", "code": "invalid"}])


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"symptom": None}, "symptom"),
        ({"symptom": "on-fire"}, "symptom"),
        ({"text": "x" * 501}, "text"),
        ({"contact": "x" * 81}, "contact"),
        ({"reporter": "x" * 81}, "reporter"),
        ({"ago": "-5"}, "ago"),
        ({"ago": "yesterday"}, "ago"),
        ({"check": "slow"}, "check"),
        ({"check": "[]"}, "check"),
        ({"check": "{}"}, "check"),
        ({"check": '{"verdict": "fine", "note": "call me"}'}, "check"),
        ({"check": '{"verdict": "fine", "ms": -1}'}, "check"),
        ({"check": '{"verdict": "fine", "ms": true}'}, "check"),
        ({"check": '{"verdict": "fine", "net": ["wifi"]}'}, "check"),
        ({"check": '{"verdict": "fine"' + " " * 2_000 + "}"}, "check"),
        ({"check": "[" * 1_900}, "check"),
    ],
)
def test_what_cannot_be_a_report_is_said_and_nothing_is_kept(cloud: Cloud, more: dict[str, Any], field: str) -> None:
    answer = send(cloud, **more)
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert count_items(cloud) == 0


def test_whoever_has_no_ticket_of_ours_files_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = ticket_for(ROOM, "n", ["somebody-elses-key"])
    for wrong in (None, "", "made up", foreign, ticket()[:-1], ticket() + "x"):
        answer = send(cloud, ticket=wrong)
        assert (answer.status, answer.json["code"]) == (403, "ticket-unknown")
        assert "标签" in answer.json["title"]
    good, later = ticket(), clock.now() + TICKET + timedelta(seconds=2)
    monkeypatch.setattr("yinji.repair.report.now", lambda: later)
    answer = send(cloud, ticket=good)
    assert (answer.status, answer.json["code"]) == (410, "ticket-over")
    assert count_items(cloud) == 0


def test_a_page_of_another_site_files_nothing(cloud: Cloud) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = cloud.call("repair/report", None, "POST", FILE, body(), headers=headers)
        assert (answer.status, answer.json["code"]) == (403, "cross-site")


def test_what_is_far_too_large_is_refused(cloud: Cloud) -> None:
    answer = send(cloud, text="x" * 300_000)
    assert (answer.status, answer.json["code"]) == (400, "malformed-request")


def test_a_page_files_a_few_reports_and_no_more(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    mine = ticket("one-page")
    answers = [send(cloud, ticket=mine, idempotency_key=f"key-{n}-of-many").status for n in range(8)]
    assert answers == [200] * 6 + [429] * 2 and count_items(cloud) == 6
    refused = send(cloud, ticket=mine)
    assert refused.json["code"] == "too-often" and int(refused.headers["Retry-After"]) > 0
    # who is in the same building is not kept from it
    assert send(cloud, idempotency_key="by-another-page").status == 200


def test_a_report_is_three_calls_of_the_database(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of the part: whatever is asked besides would be asked five hundred times when a building fails."""
    module = handlers.warm("repair/report")
    send(cloud, idempotency_key="warms-it-up")
    asked: list[str] = []
    from pynamodb.connection.base import Connection

    original = Connection._make_api_call  # pyright: ignore[reportPrivateUsage]

    def noted(self: Any, operation: str, *args: Any, **more: Any) -> Any:
        asked.append(operation)
        return original(self, operation, *args, **more)

    monkeypatch.setattr(Connection, "_make_api_call", noted)
    monkeypatch.setattr(type(module.reports._bulk), "query", lambda *_, **__: pytest.fail("it looks something up"))
    for _ in range(2):
        assert send(cloud, idempotency_key="counted-key").status == 200
    assert asked == ["UpdateItem", "UpdateItem", "PutItem"] * 2


def test_a_self_check_that_helped_is_counted_and_nothing_is_kept(cloud: Cloud) -> None:
    answer = cloud.call("repair/report", None, "POST", SOLVED, {"ticket": ticket(), "verdict": "captive"})
    assert (answer.status, answer.json) == (200, {"verdict": "captive"})
    for wrong, code in (({"verdict": "x"}, 422), ({"verdict": "fine", "ticket": "x"}, 403)):
        told = {"ticket": ticket()} | wrong
        assert cloud.call("repair/report", None, "POST", SOLVED, told).status == code
    assert count_items(cloud) == 0


def test_a_place_is_told_by_the_code_on_its_label(cloud: Cloud, places: None) -> None:
    code = label(ROOM.id)
    answer = cloud.call("repair/report", None, "GET", f"{PLACES}/{code.lower()}")
    assert answer.status == 200, answer.json
    assert (answer.json["place"], answer.json["label"], answer.json["known"]) == (ROOM.id, "active", [])
    assert answer.json["trail"]["en"] == ["Main campus", "Library", "Floor 1"]
    assert told_by(answer.json["ticket"], signing_keys()).place == ROOM.id
    filed(send(cloud, ticket=answer.json["ticket"]))


def test_what_is_known_there_is_told_and_nothing_of_elsewhere(cloud: Cloud, places: None) -> None:
    item_of_incident(outage("LIB-SW1", people=12)).save()
    item_of_incident(outage("LIB-SW2", id="i" * 24)).save()
    [one] = cloud.call("repair/report", None, "GET", f"{PLACES}/{label(ROOM.id)}").json["known"]
    assert (one["cause"], one["people"], one["symptom"], one["state"]) == ("LIB-SW1", 12, "no-connection", "open")


def test_a_code_of_nobodys_is_refused_before_anything_is_looked_up(cloud: Cloud, places: None) -> None:
    good = label(ROOM.id)
    unprinted = labels.code("ZZZZZZ", KEY)
    for code in (good[:-1] + ("0" if good[-1] != "0" else "1"), "x", "A" * 500, "%00", unprinted):
        answer = cloud.call("repair/report", None, "GET", f"{PLACES}/{code}")
        assert (answer.status, answer.json["code"]) in ((404, "label-unknown"), (404, "not-found")), code


def test_a_label_of_a_place_that_is_gone_says_so(cloud: Cloud, places: None) -> None:
    code = label(ROOM.id)
    item_of(replace(ROOM, retired=True), AT).save()
    answer = cloud.call("repair/report", None, "GET", f"{PLACES}/{code}")
    assert (answer.status, answer.json["code"]) == (410, "label-retired")
    other = label("LIB-1-02", "BBBBBB", state="replaced")
    assert cloud.call("repair/report", None, "GET", f"{PLACES}/{other}").json["label"] == "replaced"


KEYS = ("first-of-three", "second-of-three", "third-of-three")


@given(sent=st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(("one", "two"))), min_size=1, max_size=8))
def test_whatever_is_sent_however_often_each_key_is_one_report(sent: list[tuple[str, str]]) -> None:
    with mock_aws():
        client: Any = boto3.client("dynamodb")
        from tests.functions.conftest import ALL, create_indexed_table

        create_indexed_table(client, os.environ["YINJI_REPAIR_TABLE"], ("by-incident", "incident", "filed_at", ALL))
        store, seen = Reports(), dict[str, str]()
        known = told_by(ticket_for(ROOM, "n", ["k"]), ["k"])
        for key, text in sent:
            fields = {"symptom": "slow", "text": text}
            report = wished(fields, known, KEY, "zh", key, clock.now())
            assert store.file(report) == (key not in seen)
            seen.setdefault(key, text)
            found = store.find(report.id)
            assert found and found.text == seen[key]
        items = client.scan(TableName=os.environ["YINJI_REPAIR_TABLE"])["Items"]
        assert len(items) == len(seen) and all(item["incident"] == {"S": UNJOINED} for item in items)
