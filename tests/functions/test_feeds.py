"""Feeds: only what changed is written, what looks wrong is refused or held, and whatever crashes is made up for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yinji.clearance import intake
from yinji.clearance.case import open_case
from yinji.clearance.document import case_document
from yinji.clearance.items import CaseItem
from yinji.clearance.store import FeedState, Store
from yinji.platform.problem import Problem

from tests.functions.conftest import Cloud, officer, store
from tests.functions.test_rosters import crash_after
from tests.graduates import BATCH, LIN, event, graduate, snapshot

pytestmark = pytest.mark.slow

STEP = "clearance/steps/library_loans"
COLUMNS = ["student", "loans", "fines", "titles"]
DAY = datetime(2026, 6, 1, tzinfo=UTC)


def row(student: str = LIN.student, loans: int = 0, fines: str = "0.00", titles: str = "") -> dict[str, Any]:
    return {"student": student, "loans": loans, "fines": fines, "titles": titles}


def deliver(cloud: Cloud, *rows: dict[str, Any], key: str = "feeds/library-loans/a.csv", **told: Any) -> dict[str, Any]:
    return cloud.put(key, snapshot("library-loans", COLUMNS, rows, **({"as_of": cloud.tick()} | told)), STEP)


def state(cloud: Cloud, student: str = LIN.student) -> str:
    return cloud.case(student).state("library-loans")


def decide(cloud: Cloud, decision: str, session: Any = None, **fields: str) -> Any:
    path = f"/api/clearance/steps/library-loans/feed/{decision}"
    return cloud.call(STEP, session or officer("library"), "POST", path, fields)


def test_a_snapshot_settles_who_owes_nothing_and_blocks_who_does(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    report = deliver(cloud, row(), row(graduate(2).student, 1, titles="围城"), row("2022S01999"))
    assert report["status"] == "accepted"
    assert (report["rows"], report["changed"], report["unmatched"], report["unchanged"]) == (3, 2, 1, 0)
    assert (state(cloud), state(cloud, graduate(2).student)) == ("done", "blocked")


def test_the_same_snapshot_again_writes_nothing(cloud: Cloud, counted: Callable[[], list[str]]) -> None:
    cloud.open(LIN, graduate(2))
    deliver(cloud, row(), row(graduate(2).student, 1))
    before = len(counted())
    report = deliver(cloud, row(), row(graduate(2).student, 1), key="feeds/library-loans/b.csv")
    assert report["changed"] == 0
    assert not {"TransactWriteItems", "BatchGetItem"} & set(counted()[before:])


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        ({"rows": 3}, "count"),
        ({"sha256": "0" * 64}, "hash"),
        ({"step": "tuition"}, "other-step"),
        ({"as_of": "2031-01-01T00:00:00Z"}, "as-of"),
    ],
)
def test_a_snapshot_that_contradicts_itself_is_refused_whole(cloud: Cloud, lies: dict[str, Any], code: str) -> None:
    cloud.open(LIN, graduate(2))
    report = deliver(cloud, row(loans=1), row(graduate(2).student), **lies)
    assert (report["status"], report["reason"]["code"], report["reason"]["line"]) == ("refused", code, 1)
    assert state(cloud) == state(cloud, graduate(2).student) == "ready"
    assert store().feed("library-loans") == FeedState()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[:-5], "hash"),
        (lambda data: data[:60], "head"),
        (lambda data: b"", "head"),
        (lambda data: data.split(b"\n", 1)[1], "head"),
        (lambda data: data.decode().encode("utf-16"), "head"),
    ],
)
def test_a_damaged_file_is_refused_and_clears_nobody(cloud: Cloud, spoil: Any, code: str) -> None:
    cloud.open()
    deliver(cloud, row(loans=2))
    data = snapshot("library-loans", COLUMNS, [row()], as_of=cloud.tick())
    report = cloud.put("feeds/library-loans/bad.csv", spoil(data), STEP)
    assert (report["status"], report["reason"]["code"]) == ("refused", code)
    assert state(cloud) == "blocked"
    assert deliver(cloud, row(), key="feeds/library-loans/good.csv")["changed"] == 1, "the next one is taken"


def test_a_row_that_cannot_be_read_refuses_the_file_with_its_line(cloud: Cloud) -> None:
    cloud.open(LIN, graduate(2))
    report = deliver(cloud, row(), row(graduate(2).student, fines="ten"))
    assert (report["reason"]["code"], report["reason"]["line"]) == ("amount", 4)
    assert "fines must be an amount" in report["reason"]["en"]
    report = deliver(cloud, row(), row())
    assert (report["reason"]["code"], report["reason"]["line"]) == ("duplicate", 4)
    assert state(cloud) == "ready"


def test_an_older_snapshot_is_not_used(cloud: Cloud) -> None:
    cloud.open()
    deliver(cloud, row(), as_of=DAY + timedelta(hours=2))
    late = deliver(cloud, row(loans=1), as_of=DAY + timedelta(hours=1), key="feeds/library-loans/late.csv")
    assert (late["status"], late["reason"]["code"]) == ("superseded", "superseded")
    assert state(cloud) == "done"


# --- held ----------------------------------------------------------------------------------------------------
MANY = [graduate(number) for number in range(100, 130)]


def season_with_debts(cloud: Cloud) -> None:
    cloud.open(*MANY)
    assert deliver(cloud, *(row(one.student, 1) for one in MANY))["changed"] == 30


def clear_everybody(cloud: Cloud) -> dict[str, Any]:
    return deliver(cloud, *(row(one.student) for one in MANY), key="feeds/library-loans/clear.csv")


@pytest.mark.slow
def test_a_snapshot_that_would_change_nearly_everybody_is_held_until_the_office_confirms_it(cloud: Cloud) -> None:
    season_with_debts(cloud)
    report = clear_everybody(cloud)
    assert (report["status"], report["changing"], report["known"]) == ("held", 30, 30)
    assert {state(cloud, one.student) for one in MANY} == {"blocked"}
    cloud.deliver("feeds/library-loans/clear.csv", STEP)
    assert {state(cloud, one.student) for one in MANY} == {"blocked"}, "another delivery does not let it through"
    cloud.said.clear()
    assert decide(cloud, "confirm").status == 200
    assert cloud.said == [("intake-left", {"key": "feeds/library-loans/clear.csv"})]
    message = {"id": "1", "detail-type": "intake-left", "detail": cloud.said[0][1]}
    cloud.invoke(STEP, message)
    assert {state(cloud, one.student) for one in MANY} == {"done"}
    report = cloud.report("feeds/library-loans/clear.csv")
    assert (report["status"], report["changed"], report["reason"]["by"]) == ("accepted", 30, "officer-library")
    assert store().feed("library-loans").held is None
    versions = [cloud.case(one.student).version for one in MANY]
    cloud.invoke(STEP, message)
    assert [cloud.case(one.student).version for one in MANY] == versions
    assert decide(cloud, "confirm").json["code"] == "feed-not-held"


def test_a_held_snapshot_can_be_discarded_for_good(cloud: Cloud) -> None:
    season_with_debts(cloud)
    clear_everybody(cloud)
    assert decide(cloud, "discard").status == 200
    report = cloud.report("feeds/library-loans/clear.csv")
    assert (report["status"], report["reason"]["by"]) == ("discarded", "officer-library")
    cloud.deliver("feeds/library-loans/clear.csv", STEP)
    assert {state(cloud, one.student) for one in MANY} == {"blocked"}
    assert decide(cloud, "discard").json["code"] == "feed-not-held"
    assert decide(cloud, "burn").status == 404


@pytest.mark.parametrize("decision", ["confirm", "discard"])
def test_an_office_decides_about_the_snapshot_it_saw(cloud: Cloud, decision: str) -> None:
    season_with_debts(cloud)
    seen = clear_everybody(cloud)["identity"]
    newer = deliver(cloud, *(row(one.student, 9) for one in MANY), key="feeds/library-loans/newer.csv")
    assert newer["status"] == "held"
    assert decide(cloud, decision, snapshot=seen).json["code"] == "changed-meanwhile"
    held = store().feed("library-loans").held
    assert held and held["identity"] == newer["identity"] and "confirmed_by" not in held
    assert decide(cloud, decision, snapshot=newer["identity"]).status == 200


def test_a_newer_snapshot_takes_the_place_of_a_held_one(cloud: Cloud) -> None:
    season_with_debts(cloud)
    clear_everybody(cloud)
    rows = [row(one.student, 1) for one in MANY[1:]]
    report = deliver(cloud, row(MANY[0].student), *rows, key="feeds/library-loans/newer.csv")
    assert (report["status"], report["changed"]) == ("accepted", 1)
    assert decide(cloud, "confirm").json["code"] == "feed-not-held"
    cloud.deliver("feeds/library-loans/clear.csv", STEP)
    assert state(cloud, MANY[5].student) == "blocked"


def test_an_older_snapshot_does_not_take_the_place_of_a_held_one(cloud: Cloud) -> None:
    season_with_debts(cloud)
    late = snapshot("library-loans", COLUMNS, [row(one.student, 2) for one in MANY], as_of=cloud.tick())
    clear_everybody(cloud)
    report = cloud.put("feeds/library-loans/late.csv", late, STEP)
    assert (report["status"], report["reason"]["code"]) == ("superseded", "superseded")
    held = store().feed("library-loans").held
    assert held and held["key"] == "feeds/library-loans/clear.csv"


@pytest.mark.parametrize("how", ["taken away", "written over"])
def test_a_confirmed_snapshot_that_is_gone_is_waited_for_no_longer(cloud: Cloud, how: str) -> None:
    season_with_debts(cloud)
    clear_everybody(cloud)
    assert decide(cloud, "confirm").status == 200
    key = "feeds/library-loans/clear.csv"
    if how == "taken away":
        cloud.s3.delete_object(Bucket="intake", Key=key)
    else:
        cloud.s3.put_object(Bucket="intake", Key=key, Body=b"something else")
    cloud.invoke(STEP, {"id": "1", "detail-type": "intake-left", "detail": {"key": key}})
    assert store().feed("library-loans").held is None
    assert {state(cloud, one.student) for one in MANY} == {"blocked"}
    cloud.said.clear()
    cloud.invoke("clearance/reconcile", {"patience_seconds": 0})
    assert ("intake-left", {"key": key}) not in cloud.said


def test_a_short_snapshot_does_not_make_the_next_one_pass_unasked(cloud: Cloud) -> None:
    """A file cut short at its source has a right hash; who is missing in it was told of nevertheless."""
    season_with_debts(cloud)
    assert deliver(cloud, row(MANY[0].student), key="feeds/library-loans/short.csv")["status"] == "accepted"
    assert clear_everybody(cloud)["status"] == "held"
    assert state(cloud, MANY[5].student) == "blocked"


@pytest.mark.parametrize("who", ["counsellor", "other office", "student", "nobody"])
def test_only_the_office_decides_about_its_feed(cloud: Cloud, who: str) -> None:
    from tests.functions.conftest import COUNSELLOR, STUDENT

    sessions = {"counsellor": COUNSELLOR, "other office": officer("finance"), "student": STUDENT}
    answer = cloud.call(STEP, sessions.get(who), "POST", "/api/clearance/steps/library-loans/feed/confirm", {})
    assert answer.status == (401 if who == "nobody" else 403)


# --- at the same time, and after a crash ---------------------------------------------------------------------
def test_two_deliveries_at_once_do_not_mix(cloud: Cloud) -> None:
    cloud.open()
    store().lease_feed("library-loans", "another delivery", timedelta(minutes=2))
    with pytest.raises(Problem) as refused:
        deliver(cloud, row(loans=1))
    assert refused.value.code == "feed-busy", "Lambda and the reconciler bring it back"
    assert decide(cloud, "confirm").status == 503
    assert state(cloud) == "ready"
    store().release_feed("library-loans", "another delivery")
    cloud.deliver("feeds/library-loans/a.csv", STEP)
    assert state(cloud) == "blocked"


def test_a_lease_ends_by_itself_and_whoever_lost_it_cannot_release_it(cloud: Cloud) -> None:
    one = store()
    one.lease_feed("library-loans", "dead", timedelta(seconds=-1))
    one.lease_feed("library-loans", "alive", timedelta(minutes=2))
    one.lease_feed("library-loans", "alive", timedelta(minutes=2))
    for work in (
        lambda: one.release_feed("library-loans", "dead"),
        lambda: one.lease_feed("library-loans", "dead", timedelta(minutes=2)),
    ):
        with pytest.raises(Problem) as refused:
            work()
        assert refused.value.code == "feed-busy"


@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [
        (Store, "change", 3),
        (Store, "get_many", 1),
        (intake.Desk, "write", 0),
        (intake.FeedIntake, "_release", 0),
        (intake.Desk, "keep_report", 0),
    ],
    ids=["between two cases", "between two chunks", "before applied.json", "before release", "before the report"],
)
def test_a_crash_at_any_point_is_made_up_for_by_the_next_delivery(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int
) -> None:
    monkeypatch.setattr(intake, "CHUNK", 4)
    monkeypatch.setattr(intake, "LEASE", timedelta(seconds=-1))  # as if its two minutes were over
    who = [graduate(number) for number in range(10)]
    cloud.open(*who)
    rows = [row(one.student, number % 2) for number, one in enumerate(who)]
    key = "feeds/library-loans/a.csv"
    with pytest.MonkeyPatch.context() as patch:
        crash_after(patch, owner, name, times)
        with pytest.raises(ConnectionError):
            deliver(cloud, *rows)
    with pytest.raises(cloud.s3.exceptions.NoSuchKey):
        cloud.report(key)
    cloud.deliver(key, STEP)
    report = cloud.report(key)
    assert (report["status"], report["unmatched"]) == ("accepted", 0)
    for number, one in enumerate(who):
        case = cloud.case(one.student)
        assert case.state("library-loans") == ("blocked" if number % 2 else "done")
        assert case.version == 2, "applied once"
        assert len(store().events(one.student)) == 2
    assert set(intake_applied(cloud)) == {one.student for one in who}


def test_what_a_crashed_snapshot_changed_is_put_right_by_the_next_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one says what was said before the crash; compared with that alone, it would bring no news."""
    monkeypatch.setattr(intake, "LEASE", timedelta(seconds=-1))
    who = [graduate(number) for number in range(4)]
    cloud.open(*who)
    deliver(cloud, *(row(one.student) for one in who))
    with pytest.MonkeyPatch.context() as patch:
        crash_after(patch, Store, "change", 2)
        with pytest.raises(ConnectionError):
            deliver(cloud, *(row(one.student, 1) for one in who), key="feeds/library-loans/crashed.csv")
    assert "blocked" in {state(cloud, one.student) for one in who}
    deliver(cloud, *(row(one.student) for one in who), key="feeds/library-loans/next.csv")
    cloud.deliver("feeds/library-loans/crashed.csv", STEP)
    assert {state(cloud, one.student) for one in who} == {"done"}


def intake_applied(cloud: Cloud) -> dict[str, str]:
    import json

    body = cloud.s3.get_object(Bucket="documents", Key="feeds/library-loans/applied.json")["Body"].read()
    return json.loads(body)


def test_the_report_comes_last(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write, release = intake.Desk.write, Store.release_feed

    def spy_write(self: Any, key: str, document: Any) -> None:
        written.append(key)
        write(self, key, document)

    def spy_release(self: Any, *args: Any, **more: Any) -> None:
        written.append("released")
        release(self, *args, **more)

    cloud.open()
    monkeypatch.setattr(intake.Desk, "write", spy_write)
    monkeypatch.setattr(Store, "release_feed", spy_release)
    deliver(cloud, row())
    assert written == ["feeds/library-loans/applied.json", "released", "reports/feeds/library-loans/a.csv.json"]


def test_cases_that_come_later_learn_from_the_snapshot_in_force(cloud: Cloud) -> None:
    cloud.open(LIN)
    deliver(cloud, row(loans=1), row(graduate(2).student, 2))
    version = cloud.case().version
    cloud.open(LIN, graduate(2))
    assert state(cloud, graduate(2).student) == "ready"
    message = {"id": "1", "detail-type": "roster-applied", "detail": {"batch": "2026-summer"}}
    cloud.invoke(STEP, message)
    assert state(cloud, graduate(2).student) == "blocked"
    cloud.invoke(STEP, message)
    assert (cloud.case().version, cloud.case(graduate(2).student).version) == (version, 2)


def test_a_roster_before_any_feed_is_nothing_to_do(cloud: Cloud) -> None:
    cloud.open()
    cloud.invoke(STEP, {"id": "1", "detail-type": "roster-applied", "detail": {"batch": "2026-summer"}})
    assert cloud.case().version == 1


def test_a_message_nobody_knows_is_not_swallowed(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="no reaction"):
        cloud.invoke(STEP, {"id": "1", "detail-type": "other", "detail": {}})


# --- ten thousand --------------------------------------------------------------------------------------------
def seed(cloud: Cloud, many: list[Any]) -> None:
    """Cases as the roster opens them, put straight into the table."""
    with CaseItem.batch_write() as batch:
        for one in many:
            case = open_case(one, BATCH, event("open")).after
            batch.save(CaseItem(f"CASE#{one.student}", "CASE", **case_document(case)))


@pytest.mark.slow
def test_ten_thousand_lines_with_one_in_a_hundred_changed_write_only_those(
    cloud: Cloud, counted: Callable[[], list[str]]
) -> None:
    schools = [f"S{number:02d}" for number in range(1, 26)]
    everybody = [graduate(number, school) for school in schools for number in range(400)]
    changed = everybody[::100]
    seed(cloud, changed)
    cloud.s3.put_object(
        Bucket="documents",
        Key="feeds/library-loans/applied.json",
        Body=applied_of([row(one.student) for one in everybody]),
    )
    before = Counter(counted())
    debts = {one.student for one in changed}
    report = deliver(cloud, *(row(one.student, int(one.student in debts)) for one in everybody))
    made = Counter(counted()) - before
    assert (report["status"], report["rows"], report["changed"]) == ("accepted", 10_000, 100)
    assert made["TransactWriteItems"] == 100
    assert made["BatchGetItem"] == 1, "cases that are not news are not even read"
    assert made["GetItem"] < 20
    assert {state(cloud, student) for student in debts} == {"blocked"}


def applied_of(rows: list[dict[str, Any]]) -> bytes:
    import json

    from yinji.clearance.feed import digest

    told = {one["student"]: digest({name: str(value) for name, value in one.items()}) for one in rows}
    return json.dumps(told).encode()
