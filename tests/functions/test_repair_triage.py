"""Reports come by the stream, more than once and in any order, to several writers at once: none is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pynamodb.exceptions import TransactWriteError
from yinji.clearance import items
from yinji.platform import clock
from yinji.repair import board_store
from yinji.repair.board_store import Boards, TooBusy
from yinji.repair.incident import Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.notices import Notice, notice_id
from yinji.repair.notices_store import Notices
from yinji.repair.report import Report
from yinji.repair.reports_store import Reports

from tests import handlers
from tests.functions.conftest import Cloud
from tests.repairs import BUILDING, campus, keep
from tests.unit.test_repair_triage import ROOMS, report


@pytest.fixture
def there(cloud: Cloud) -> Cloud:
    keep(campus())
    return cloud


def recent(place: str, seconds: float = 0, who: str = "", **more: Any) -> Report:
    """A report of a moment ago."""
    at = clock.now() - timedelta(seconds=60 - seconds)
    told = report(place, seconds / 60, who)
    return report(place, seconds / 60, who, **({"id": told.id, "noticed_at": at, "filed_at": at} | more))


def file(*reports: Report) -> None:
    for one in reports:
        assert Reports().file(one)


def record(one: Report) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"pk": {"S": f"REPORT#{one.id}"}, "sk": {"S": "REPORT"}},
            "NewImage": {"report": {"S": one.id}, "in_building": {"S": one.building}, "incident": {"S": "-"}},
            "SequenceNumber": one.id,
        },
    }


def stream(cloud: Cloud, *reports: Report) -> Any:
    return cloud.invoke("repair/triage", {"Records": [record(one) for one in reports]})


def incidents(cloud: Cloud) -> list[Incident]:
    found = cloud.dynamodb.scan(TableName="Repair")["Items"]
    ids = [one["of_incident"]["S"] for one in found if one["sk"]["S"] == "INCIDENT"]
    return list(Incidents().find_many(ids).values())


def joined(reports: Sequence[Report]) -> Counter[str]:
    found = Reports().find_many([one.id for one in reports])
    assert len(found) == len(reports)
    return Counter(one.incident for one in found.values())


def one_building(number: int) -> list[Report]:
    return [recent(ROOMS[one % len(ROOMS)], one / 10, f"who{one}") for one in range(number)]


def test_five_hundred_reports_of_a_dead_building_are_one_incident_and_none_is_lost(there: Cloud) -> None:
    reports = one_building(500)
    file(*reports)
    order = random.Random(8)
    told = [*reports, *order.sample(reports, 200)]
    order.shuffle(told)
    batches = [told[place : place + 20] for place in range(0, len(told), 20)]
    with ThreadPoolExecutor(4) as pool:  # as many as the stream has at once
        modules = iter([handlers.load("repair/triage") for _ in range(4)])

        def work(some: list[list[Report]]) -> list[Any]:
            module = next(modules)
            return [module.handler({"Records": [record(one) for one in batch]}, _Context()) for batch in some]

        answers = [answer for some in pool.map(work, [batches[at::4] for at in range(4)]) for answer in some]
    failed = {one["itemIdentifier"] for answer in answers for one in answer["batchItemFailures"]}
    again = [one for one in reports if one.id in failed]  # the stream brings them once more
    assert stream(there, *again) == {"batchItemFailures": []}
    every = incidents(there)
    [whole] = [one for one in every if one.state != "merged"]
    assert (whole.cause, whole.rule, whole.state) == (BUILDING, "building", "open")
    assert joined(reports) == {whole.id: 500}
    assert (whole.reports, whole.people, whole.priority, set(whole.places)) == (500, 500, 1, set(ROOMS))
    assert Reports().unjoined(clock.now()) == []
    assert [one.id for one in Incidents().open()] == [whole.id]
    assert all(one.merged_into and not one.reports for one in every if one is not whole)
    history = Incidents().history(whole.id)
    assert [event.what for event in history].count("opened") == 1
    assert sum(event.told.get("reports", 0) for event in history) == 500


class _Context:
    aws_request_id, function_name, memory_limit_in_mb = "x", "repair-triage", 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:x"


def test_the_same_batch_again_changes_nothing(there: Cloud) -> None:
    reports = [recent("LIB-1-01"), recent("LIB-2-01", 1)]
    file(*reports)
    stream(there, *reports)
    before = there.dynamodb.scan(TableName="Repair")["Items"]
    stream(there, *reversed(reports), *reports)
    assert there.dynamodb.scan(TableName="Repair")["Items"] == before
    assert joined(reports).total() == 2 and len(incidents(there)) == 2


def test_a_building_that_fails_holds_up_no_other(there: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = recent("LIB-1-01"), recent("ELSEWHERE", building="X")
    file(good, bad)
    triage = Boards.triage

    def some(self: Boards, building: str, *more: Any) -> Any:
        if building == "X":
            raise TooBusy
        return triage(self, building, *more)

    monkeypatch.setattr(Boards, "triage", some)
    assert stream(there, bad, good) == {"batchItemFailures": [{"itemIdentifier": bad.id}]}
    assert joined([good]).keys() != {""} and joined([bad]) == {"": 1}


def test_a_report_that_is_gone_or_no_report_is_passed_over(there: Cloud) -> None:
    told = record(recent("LIB-1-01"))
    change = told | {"eventName": "REMOVE", "dynamodb": {**told["dynamodb"], "NewImage": {}}}
    assert there.invoke("repair/triage", {"Records": [change]}) == {"batchItemFailures": []}
    assert stream(there, recent("LIB-1-01")) == {"batchItemFailures": []}
    assert incidents(there) == []


class Stops(Exception):
    pass


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[None]:
    """Let the writer die after so many transactions."""
    write, done_ = Boards.write, [0]

    def one(self: Boards, *more: Any) -> Any:
        if done_[0] >= after:
            raise Stops
        done_[0] += 1
        return write(self, *more)

    with monkeypatch.context() as patch:
        patch.setattr(Boards, "write", one)
        yield


@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_a_writer_that_died_left_is_taken_up(there: Cloud, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    reports = [
        recent(room, number / 10, f"w{number}", filed_at=clock.now() - timedelta(minutes=4))
        for number in range(40)
        for room in ROOMS
    ]
    file(*reports)
    for _ in dying(monkeypatch, after):
        told = stream(there, *reports)
        assert len(told["batchItemFailures"]) == len(reports)
    left = Reports().unjoined(clock.now())
    assert 0 < len(left) <= 320 and (len(left) == 320) == (after == 0)
    assert len(left) + sum(one.reports for one in incidents(there)) == 320
    there.invoke("repair/sweep", {})
    [whole] = [one for one in incidents(there) if one.state != "merged"]
    assert joined(reports) == {whole.id: 320} and whole.reports == 320


def test_what_came_a_moment_ago_is_left_to_the_stream(there: Cloud) -> None:
    file(recent("LIB-1-01"))
    there.invoke("repair/sweep", {})
    assert incidents(there) == []


def test_a_technician_may_take_it_in_the_midst(there: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = recent("LIB-1-01"), recent("LIB-1-02", 1)
    file(first, second)
    stream(there, first)
    [one] = incidents(there)
    write, taken = Boards.write, []

    def late(self: Boards, *more: Any) -> Any:
        if not taken:
            taken.append(Incidents().change(*done(one, "take", "T7", clock.now(), "k1")))
        return write(self, *more)

    monkeypatch.setattr(Boards, "write", late)
    assert stream(there, second) == {"batchItemFailures": []}
    [after] = [now for now in incidents(there) if now.state != "merged"]
    assert taken == [True] and (after.state, after.technician, after.cause, after.reports) == (
        "taken",
        "T7",
        "LIB-AP11",
        2,
    )


def test_a_report_that_was_deleted_does_not_hold_up_a_merge(there: Cloud) -> None:
    first, second, third = recent("LIB-1-01"), recent("LIB-1-03", 1), recent("LIB-1-04", 2)
    file(first, second, third)
    stream(there, first)
    stream(there, second)
    for one in (first, second):
        there.dynamodb.delete_item(TableName="Repair", Key={"pk": {"S": f"REPORT#{one.id}"}, "sk": {"S": "REPORT"}})
    stream(there, third)
    [whole] = [one for one in incidents(there) if one.state != "merged"]
    assert whole.cause == "LIB-SW1" and joined([third]) == {whole.id: 1}


def test_who_is_overtaken_too_often_gives_up(there: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_store, "ATTEMPTS", 2)
    monkeypatch.setattr(Boards, "write", lambda *_: frozenset())
    one = recent("LIB-1-01")
    file(one)
    assert stream(there, one)["batchItemFailures"] == [{"itemIdentifier": one.id}]


def test_what_is_no_conflict_is_raised(there: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    one = recent("LIB-1-01")
    file(one)
    monkeypatch.setattr(items, "cancelled_by", lambda _: ["ValidationError"])
    monkeypatch.setattr(board_store, "_put", lambda transaction, board: _not_there(transaction))
    with pytest.raises(TransactWriteError):
        Boards().triage(BUILDING, [one.id], clock.now())


def _not_there(transaction: Any) -> None:
    from yinji.repair.items import BoardItem

    transaction.save(BoardItem("BOARD#x", version=1, entries="{}"), condition=BoardItem.pk.exists())


def test_maintenance_holds_what_is_reported_and_ends_by_itself(there: Cloud) -> None:
    now = clock.now()
    until = now + timedelta(minutes=30)
    id = notice_id(until, "D1", "key-of-the-notice")
    notice = Notice(
        id, "maintenance", {"zh": "换", "en": "New"}, "LIB-SW1", BUILDING, now - timedelta(hours=1), until, "D1", now
    )
    assert Notices().put(notice) and not Notices().put(notice)
    reports = [recent("LIB-1-01"), recent("LIB-1-03", 1), recent("LIB-1-04", 2)]
    file(*reports)
    stream(there, *reports)
    [planned] = incidents(there)
    assert planned.rule == "maintenance" and planned.reports == 3 and planned.priority == 4
    assert Incidents().open() == [] and [one.id for one in Incidents().planned()] == [planned.id]
    there.invoke("repair/sweep", {})
    assert Incidents().find(planned.id) == planned
    assert Notices().end(notice, clock.now()) and not Notices().end(notice, clock.now())
    there.invoke("repair/sweep", {})
    closed = Incidents().find(planned.id)
    assert closed and closed.state == "closed" and closed.times["closed"] == Notices().find(id).end  # type: ignore[union-attr]
    late = recent("LIB-1-02", 61)
    file(late)
    stream(there, late)
    again = Incidents().find(planned.id)
    assert again and again.state == "open" and not again.planned and again.reports == 4
    assert [one.id for one in Incidents().open()] == [planned.id]


def test_the_numbers_of_calls_stay_small(there: Cloud, counted: Any) -> None:
    one = recent("LIB-1-01")
    file(one)
    before = len(counted())
    stream(there, one)
    assert Counter(counted()[before:]) == {"GetItem": 1, "BatchGetItem": 2, "Query": 1, "TransactWriteItems": 1}
