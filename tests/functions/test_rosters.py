"""open-cases: rosters and batches, in whatever order, however often, and however broken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from yinji.clearance import intake
from yinji.clearance.store import Store

from tests.functions.conftest import Cloud, store
from tests.functions.test_season import settle_everything
from tests.graduates import LIN, graduate, roster_csv

pytestmark = pytest.mark.slow

OPEN = "clearance/open_cases"
BATCH: dict[str, Any] = {"title": {"zh": "夏", "en": "Summer"}, "opens_on": "2026-06-01", "deadline": "2026-06-30"}


def put_batch(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    return cloud.put("rosters/2026-summer/batch.json", json.dumps(BATCH | changes), OPEN)


def put_roster(cloud: Cloud, *graduates: Any, name: str = "roster", data: bytes | str = "") -> dict[str, Any]:
    return cloud.put(f"rosters/2026-summer/{name}.csv", data or roster_csv(graduates or [LIN]), OPEN)


def test_a_roster_that_comes_before_its_batch_waits_for_it(cloud: Cloud) -> None:
    report = put_roster(cloud, LIN, graduate(2))
    assert (report["status"], report["reason"]["code"]) == ("waiting", "waiting-for-batch")
    assert cloud.case() is None and cloud.said == []
    assert put_batch(cloud)["status"] == "accepted"
    report = cloud.report("rosters/2026-summer/roster.csv")
    assert (report["status"], report["opened"]) == ("accepted", 2)
    assert cloud.said == [("roster-applied", {"batch": "2026-summer"})]


def test_a_roster_that_comes_while_its_batch_is_declared_does_not_wait_for_ever(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roster looked for the batch before it was there, and reported after the batch had looked for rosters."""
    known = Store.batch
    asked: list[str] = []

    def late(self: Store, id: str) -> Any:
        asked.append(id)
        if len(asked) == 1:
            put_batch(cloud)
            return None
        return known(self, id)

    monkeypatch.setattr(Store, "batch", late)
    put_roster(cloud)
    assert cloud.report("rosters/2026-summer/roster.csv")["status"] == "accepted"
    assert cloud.case() is not None


def test_a_roster_of_an_old_system_is_read(cloud: Cloud) -> None:
    put_batch(cloud)
    who = [LIN, replace(graduate(2), name="𠮷野㛃"), replace(graduate(3), name="阿卜杜拉·买买提")]
    report = put_roster(cloud, data=roster_csv(who).encode("gb18030"))
    assert report["opened"] == 3
    assert cloud.case(who[1].student).graduate.name == "𠮷野㛃"


@pytest.mark.parametrize("name", ["毕业生 名单 (终稿)", "a+b=c&d", "100%"])
def test_a_file_may_be_called_anything(cloud: Cloud, name: str) -> None:
    put_batch(cloud)
    assert put_roster(cloud, name=name)["opened"] == 1


def test_a_moved_deadline_moves_the_open_cases_and_leaves_the_closed(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2), graduate(3))
    settle_everything(cloud)
    closed = cloud.case()
    assert closed.closed
    assert put_batch(cloud, deadline="2026-07-15")["status"] == "accepted"
    assert str(cloud.case(graduate(2).student).deadline) == "2026-07-15"
    assert cloud.case() == closed
    versions = [cloud.case(graduate(number).student).version for number in (2, 3)]
    cloud.deliver("rosters/2026-summer/batch.json", OPEN)
    assert [cloud.case(graduate(number).student).version for number in (2, 3)] == versions
    assert put_batch(cloud, deadline="2026-06-30")["status"] == "accepted", "and back again"
    assert str(cloud.case(graduate(2).student).deadline) == "2026-06-30"


def test_a_deadline_that_moves_while_a_roster_is_entered_is_everybody_s(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.open(LIN)
    enter = intake.RosterIntake._enter
    moved: list[str] = []

    def late(self: Any, *args: Any, **more: Any) -> str:
        if not moved:
            moved.append("2026-07-15")
            put_batch(cloud, deadline=moved[0])
        return enter(self, *args, **more)

    monkeypatch.setattr(intake, "THREADS", 1)
    monkeypatch.setattr(intake.RosterIntake, "_enter", late)
    put_roster(cloud, replace(LIN, room="梅园 1-101"), graduate(2), name="corrected")
    assert [str(cloud.case(one.student).deadline) for one in (LIN, graduate(2))] == moved * 2
    assert cloud.case().graduate.room == "梅园 1-101"


def test_an_older_roster_that_comes_back_does_not_overwrite_a_newer_one(cloud: Cloud) -> None:
    cloud.open(LIN)
    old, older = replace(LIN, room="梅园 1-101"), "rosters/2026-summer/older.csv"
    cloud.s3.put_object(Bucket="intake", Key=older, Body=roster_csv([old, graduate(2)]))
    time.sleep(1.1)  # the instants of objects are whole seconds
    new = replace(LIN, room="梅园 2-202")
    assert put_roster(cloud, new, name="newer")["corrected"] == 1
    cloud.deliver(older, OPEN)
    report = cloud.report(older)
    assert (report["status"], report["corrected"], report["unchanged"], report["opened"]) == ("accepted", 0, 1, 1)
    assert cloud.case().graduate == new


def test_a_closed_case_is_not_corrected_and_the_report_says_so(cloud: Cloud) -> None:
    cloud.open(LIN)
    settle_everything(cloud)
    before = cloud.case()
    report = put_roster(cloud, replace(LIN, name="别人"), graduate(2), name="later")
    assert (report["status"], report["opened"], report["corrected"]) == ("accepted", 1, 0)
    assert [(row["student"], row["code"]) for row in report["rejected"]] == [(LIN.student, "case-closed")]
    assert cloud.case() == before


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "columns"),
        (b"\xff\xfe\xff", "encoding"),
        (b"a,b,c\n1,2,3\n", "columns"),
        ("学号,姓名\n".encode("gbk"), "columns"),
        ((roster_csv([LIN]) + '"').encode(), "csv"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_with_a_reason(cloud: Cloud, data: bytes, code: str) -> None:
    put_batch(cloud)
    key = "rosters/2026-summer/bad.csv"
    report = cloud.put(key, data, OPEN)
    assert (report["status"], report["reason"]["code"]) == ("refused", code)
    assert report["reason"]["zh"] and report["reason"]["en"]
    assert cloud.said == [] and cloud.case() is None


def test_a_file_over_thirty_megabytes_is_refused_unread(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert intake.LARGEST == 30 * 1024 * 1024
    monkeypatch.setattr(intake, "LARGEST", 1000)
    put_batch(cloud)
    assert put_roster(cloud)["status"] == "accepted"
    report = put_roster(cloud, *[graduate(number) for number in range(20)], name="large")
    assert (report["status"], report["reason"]["code"]) == ("refused", "too-large")
    assert cloud.case(graduate(3).student) is None


@pytest.mark.parametrize("key", ["rosters/x.csv", "rosters/a/b/c.csv"])
def test_a_file_in_the_wrong_place_is_refused(cloud: Cloud, key: str) -> None:
    assert cloud.put(key, roster_csv([LIN]), OPEN)["reason"]["code"] == "place"


def test_a_batch_that_makes_no_sense_is_refused_and_the_old_one_stays(cloud: Cloud) -> None:
    put_batch(cloud)
    assert put_batch(cloud, deadline="soon")["reason"]["code"] == "batch"
    batch = store().batch("2026-summer")
    assert batch and str(batch.deadline) == "2026-06-30"


def test_a_file_that_was_taken_away_is_nothing_to_do(cloud: Cloud) -> None:
    cloud.deliver("rosters/2026-summer/gone.csv", OPEN)
    assert cloud.said == []
    with pytest.raises(cloud.s3.exceptions.NoSuchKey):
        cloud.report("rosters/2026-summer/gone.csv")


def test_a_delivery_is_dealt_with_once_and_a_new_one_under_the_same_name_again(cloud: Cloud) -> None:
    put_batch(cloud)
    first = put_roster(cloud, LIN)
    said = list(cloud.said)
    cloud.deliver("rosters/2026-summer/roster.csv", OPEN)
    cloud.invoke(OPEN, {"detail-type": "intake-left", "detail": {"key": "rosters/2026-summer/roster.csv"}})
    assert cloud.report("rosters/2026-summer/roster.csv") == first
    assert cloud.said == said
    assert put_roster(cloud, LIN, graduate(2))["opened"] == 1


def crash_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> None:
    """Let `owner.name` work `times` times and then fail until monkeypatch undoes it."""
    original: Callable[..., Any] = getattr(owner, name)
    left = [times]

    def fails(*args: Any, **more: Any) -> Any:
        if left[0] <= 0:
            raise ConnectionError("the machine is gone")
        left[0] -= 1
        return original(*args, **more)

    monkeypatch.setattr(owner, name, fails)


@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [(Store, "open", 2), (Store, "get_many", 0), (intake.Desk, "keep_report", 0), (intake.RosterIntake, "_take", 0)],
)
def test_a_crash_in_the_middle_and_a_second_delivery_come_to_the_same(
    cloud: Cloud, owner: Any, name: str, times: int
) -> None:
    put_batch(cloud)
    who = [LIN, *(graduate(number) for number in range(2, 8))]
    key = "rosters/2026-summer/roster.csv"
    with pytest.MonkeyPatch.context() as patch:
        crash_after(patch, owner, name, times)
        with pytest.raises(ConnectionError):
            put_roster(cloud, *who)
    with pytest.raises(cloud.s3.exceptions.NoSuchKey):
        cloud.report(key)  # no report: the reconciler will bring it back
    cloud.deliver(key, OPEN)
    report = cloud.report(key)
    assert report["status"] == "accepted"
    assert report["opened"] + report["unchanged"] == report["rows"] == 7
    for one in who:
        case = cloud.case(one.student)
        assert (case.version, case.graduate) == (1, one)
        assert len(store().events(one.student)) == 1


def test_the_report_is_kept_only_when_the_feeds_have_been_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else would tell them that there are new cases."""
    from yinji.clearance import bus

    put_batch(cloud)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bus, "emit", lambda messages: (_ for _ in ()).throw(bus.NotEmitted()))
        with pytest.raises(bus.NotEmitted):
            put_roster(cloud)
    cloud.deliver("rosters/2026-summer/roster.csv", OPEN)
    assert cloud.report("rosters/2026-summer/roster.csv")["status"] == "accepted"
    assert cloud.said == [("roster-applied", {"batch": "2026-summer"})]


def test_a_graduate_who_changes_batch_has_one_case_in_the_new_one(cloud: Cloud) -> None:
    cloud.open(LIN)
    autumn = BATCH | {"opens_on": "2026-09-01", "deadline": "2026-09-30"}
    cloud.put("rosters/2026-autumn/batch.json", json.dumps(autumn), OPEN)
    report = cloud.put("rosters/2026-autumn/r.csv", roster_csv([LIN]), OPEN)
    assert (report["corrected"], report["opened"]) == (1, 0)
    case = cloud.case()
    assert (case.batch, str(case.deadline), case.version) == ("2026-autumn", "2026-09-30", 2)
