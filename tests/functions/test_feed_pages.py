"""What departments see of their feeds: the contract, of when the data is, what a file would do, what became of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from yinji.clearance import contract, definition, feed, preview
from yinji.identity.session import Session
from yinji.platform import clock

from tests import handlers, portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.graduates import LIN, graduate, snapshot
from tests.unit.test_contract import COLUMNS, workbook
from tests.unit.test_multipart import KIND, sent

pytestmark = pytest.mark.slow

LIBRARY, FINANCE = officer("library"), officer("finance")
ADMINISTRATOR = Session("administrator", "administrator", "网络信息中心")
AUDITOR = Session("auditor", "auditor", "审计处")
STEP = "clearance/steps/library_loans"
ROOT = "/api/clearance/steps/library-loans/feed"
PAGE = "/feeds/library-loans"
SECOND = graduate(2)


def table(*rows: str) -> bytes:
    return "\n".join([",".join(COLUMNS), *rows, ""]).encode()


def looked_at(cloud: Cloud, data: bytes, session: Session | None = LIBRARY, back: bool = False, **headers: str) -> Any:
    parts = [('name="file"; filename="借阅.csv"', data)]
    if back:
        parts.append(('name="next"', f"{PAGE}?at=library-loans.feed-preview#preview".encode()))
    told = {"content-type": KIND, "sec-fetch-site": "same-origin"} | headers
    return cloud.call(STEP, session, "POST", f"{ROOT}/preview", sent(*parts), headers=told)


def used(cloud: Cloud, id: str, session: Session = LIBRARY) -> Any:
    answer = cloud.call(STEP, session, "POST", f"{ROOT}/use", {"preview": id})
    if answer.status == 200:
        cloud.deliver(answer.json["key"], STEP)
    return answer


def state(cloud: Cloud, student: str = LIN.student) -> str:
    return cloud.case(student).state("library-loans")


def text_of(body: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", body))


# --- the preview ---------------------------------------------------------------------------------------------
def test_a_plain_table_is_looked_at_first_and_used_when_it_is_right(cloud: Cloud) -> None:
    cloud.open(LIN, SECOND)
    found = looked_at(cloud, table("2022S01001,0,0.00,", f"{SECOND.student},2,3.5,围城;活着", "2022S01999,0,0,")).json
    assert (found["errors"], found["rows"], found["unchanged"], found["unmatched"]) == ([], 3, 0, 1)
    assert (found["would"], found["held"], found["framed"]) == ({"done": 1, "blocked": 1}, False, True)
    assert [(one["name"], one["before"], one["after"]) for one in found["shown"]] == [
        (LIN.name, "ready", "done"),
        (SECOND.name, "ready", "blocked"),
    ]
    assert state(cloud) == state(cloud, SECOND.student) == "ready", "looking changes nothing"
    assert len(store().events(LIN.student)) == 1 and store().feed("library-loans") == feed_state()
    answer = used(cloud, found["id"])
    assert cloud.report(answer.json["key"])["status"] == "accepted"
    assert (state(cloud), state(cloud, SECOND.student)) == ("done", "blocked")
    current = store().feed("library-loans").current
    assert current and current["as_of"][:19] == found["at"][:19], "true as of the time it was sent"


def feed_state() -> Any:
    from yinji.clearance.store import FeedState

    return FeedState()


def test_a_preview_promises_what_the_delivery_then_does(cloud: Cloud) -> None:
    everybody = [graduate(number) for number in range(1, 31)]
    cloud.open(*everybody)
    cloud.feed("library-loans", *({"student": one.student} for one in everybody))
    rows = [f"{one.student},{at % 3},0.00,{'围城' if at % 3 else ''}" for at, one in enumerate(everybody)]
    found = looked_at(cloud, table(*rows[:20])).json
    assert (found["rows"], found["absent"], found["known"]) == (20, 10, 30)
    report = cloud.report(used(cloud, found["id"]).json["key"])
    assert report["changed"] == sum(found["would"].values()) == found["news"] == 13
    states = [state(cloud, one.student) for one in everybody]
    assert states.count("blocked") == found["would"]["blocked"] == 13


def test_a_file_with_its_own_first_line_keeps_it(cloud: Cloud) -> None:
    cloud.open()
    data = snapshot("library-loans", COLUMNS, [{"student": LIN.student, "loans": 0, "fines": "0.00", "titles": ""}])
    found = looked_at(cloud, data).json
    assert (found["framed"], found["as_of"]) == (False, "2026-06-15T03:00:00.000Z")
    key = used(cloud, found["id"]).json["key"]
    assert cloud.s3.get_object(Bucket="intake", Key=key)["Body"].read() == data


def test_a_workbook_is_looked_at_as_well(cloud: Cloud) -> None:
    cloud.open()
    found = looked_at(cloud, workbook(COLUMNS, [LIN.student, 1, 0, "乡土中国"])).json
    assert found["would"] == {"blocked": 1}
    used(cloud, found["id"])
    assert state(cloud) == "blocked"


def test_everything_that_is_wrong_is_named_with_the_line_as_it_was_sent(cloud: Cloud) -> None:
    cloud.open()
    found = looked_at(cloud, table("2022S01001,x,0,", "2022S01002,0,0,", "2022S01003,0,ten,", "2022S01002,0,0,")).json
    assert [(one["line"], one["code"], one.get("field")) for one in found["errors"]] == [
        (2, "number", "loans"),
        (4, "amount", "fines"),
        (5, "duplicate", "student"),
    ]
    assert all(one["zh"] and one["en"] for one in found["errors"])
    assert used(cloud, found["id"]).status == 404, "what is wrong cannot be used"
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket="intake", Prefix="feeds/")
    assert looked_at(cloud, b"PK\x03\x04nonsense").json["errors"][0]["code"] == "xlsx"


def test_what_would_be_held_or_is_too_old_is_said_before_it_is_used(cloud: Cloud) -> None:
    everybody = [graduate(number) for number in range(1, 41)]
    cloud.open(*everybody)
    cloud.feed("library-loans", *({"student": one.student} for one in everybody))
    many = looked_at(cloud, table(*(f"{one.student},1,0,x" for one in everybody))).json
    assert (many["held"], many["changing"], many["known"], many["superseded"]) == (True, 40, 40, False)
    old = snapshot(
        "library-loans",
        COLUMNS,
        [{"student": LIN.student, "loans": 0, "fines": 0, "titles": ""}],
        as_of="2026-01-01T00:00:00Z",
    )
    assert looked_at(cloud, old).json["superseded"] is True
    key = used(cloud, many["id"]).json["key"]
    assert cloud.report(key)["status"] == "held"
    body = portal.visit(f"{PAGE}?preview={many['id']}", LIBRARY, "en").body
    assert "once used it is held until you confirm it again" in body
    assert 'action="/api/clearance/steps/library-loans/feed/confirm"' in body


def test_only_so_many_cases_are_looked_at(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MOST_CASES", 2)
    monkeypatch.setattr(preview, "MOST_SHOWN", 1)
    cloud.open(LIN, SECOND, graduate(3))
    found = looked_at(cloud, table(*(f"2022S0100{number},0,0," for number in (1, 2, 3)))).json
    assert (found["news"], found["looked_at"], found["would"], len(found["shown"])) == (3, 2, {"done": 2}, 1)
    assert (
        "Of 3 rows with news the first 2 were looked at"
        in portal.visit(f"{PAGE}?preview={found['id']}", LIBRARY, "en").body
    )


def test_used_twice_it_is_delivered_once(cloud: Cloud) -> None:
    cloud.open()
    found = looked_at(cloud, table("2022S01001,0,0,")).json
    key = used(cloud, found["id"]).json["key"]
    first = cloud.s3.head_object(Bucket="intake", Key=key)["LastModified"], cloud.report(key)
    assert used(cloud, found["id"]).json["key"] == key
    assert (cloud.s3.head_object(Bucket="intake", Key=key)["LastModified"], cloud.report(key)) == first
    assert len(store().events(LIN.student)) == 2


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (LIBRARY, 200),
        (ADMINISTRATOR, 200),
        (FINANCE, 403),
        (COUNSELLOR, 403),
        (STUDENT, 403),
        (AUDITOR, 403),
        (None, 401),
    ],
)
def test_only_the_department_looks_and_uses(cloud: Cloud, session: Session | None, expected: int) -> None:
    cloud.open()
    assert looked_at(cloud, table("2022S01001,0,0,"), session).status == expected
    assert cloud.call(STEP, session, "POST", f"{ROOT}/use", {"preview": "0" * 24}).status == (
        404 if expected == 200 else expected
    )


def test_another_site_cannot_send_a_file(cloud: Cloud) -> None:
    assert looked_at(cloud, table("2022S01001,0,0,"), **{"sec-fetch-site": "cross-site"}).status == 403


def test_a_file_that_is_missing_or_too_large_is_said_to_be_so_on_the_page(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = looked_at(cloud, b"", back=True)
    assert empty.headers["Location"] == f"{PAGE}?at=library-loans.feed-preview&problem=file-missing#preview"
    assert "Please choose a file first" in portal.visit(empty.headers["Location"].split("#")[0], LIBRARY, "en").body
    from yinji.clearance import adapter

    monkeypatch.setattr(adapter, "LARGEST", 10)
    large = looked_at(cloud, table("2022S01001,0,0,"))
    assert (large.status, large.json["code"]) == (413, "file-too-large")
    assert looked_at(cloud, b"", **{"content-type": "multipart/form-data"}).status == 400
    plain = cloud.call(STEP, LIBRARY, "POST", f"{ROOT}/preview", {"file": "x"})
    assert (plain.status, plain.json["code"]) == (422, "file-missing")


@pytest.mark.parametrize("id", ["", "0" * 24, "../../reports/x", "0" * 23 + "g"])
def test_there_is_no_preview_of_that_name(cloud: Cloud, id: str) -> None:
    cloud.open()
    assert used(cloud, id).status == 404
    assert portal.visit(f"{PAGE}?preview={id}", LIBRARY).status == 200


# --- the pages -----------------------------------------------------------------------------------------------
def test_without_script_the_form_leads_to_the_preview_and_on_to_the_report(cloud: Cloud) -> None:
    cloud.open(LIN, SECOND)
    body = portal.visit(PAGE, LIBRARY, "en").body
    form = body[body.index('enctype="multipart/form-data"') :]
    assert f'action="{ROOT}/preview"' in body and 'name="file" required' in form
    answer = looked_at(cloud, table("2022S01001,0,0,", f"{SECOND.student},1,0,围城"), back=True)
    assert answer.status == 303 and "preview=" in answer.headers["Location"]
    told = portal.visit(answer.headers["Location"].split("#")[0], LIBRARY, "en").body
    assert "For 1 student the step becomes" in told and SECOND.name in told and "Use it" in told
    id = re.search(r'name="preview" value="([0-9a-f]{24})"', told)
    back = re.search(r'name="next" value="([^"]+feed-use#notice)"', told)
    assert id and back
    answer = cloud.call(STEP, LIBRARY, "POST", f"{ROOT}/use", [("preview", id[1]), ("next", back[1])])
    assert answer.status == 303
    there = answer.headers["Location"].split("#")[0]
    assert there.startswith(f"{PAGE}?at=library-loans.feed-use&done=library-loans.feed-use&delivery=")
    waiting = portal.visit(there, LIBRARY, "en").body
    assert "is being dealt with" in waiting and "What becomes of it is told below" in waiting
    key = f"feeds/library-loans/{there.partition('delivery=')[2]}"
    cloud.deliver(key, STEP)
    done = portal.visit(there, LIBRARY, "en").body
    assert "is being dealt with" not in done
    assert "2 rows, 2 students changed, 0 unmatched" not in text_of(done)
    assert "In force" in done and "2 rows, 2 students changed, 0 rows without a student" in text_of(done)


def test_the_page_tells_the_contract_of_its_step(cloud: Cloud) -> None:
    cloud.open()
    for step in (one for one in definition.steps().values() if one.feed):
        assert step.feed
        body = portal.visit(f"/feeds/{step.id}", ADMINISTRATOR, "en").body
        assert f"s3://intake/feeds/{step.id}/" in body and ",".join(step.feed.columns) in body
        assert all(column.title["en"] in body for column in step.feed.contract)
        example = portal.visit(f"/feeds/{step.id}/example", ADMINISTRATOR)
        assert example.headers["Content-Disposition"] == f'attachment; filename="{step.id}-example.csv"'
        found = feed.parse(example.body.encode(), step, handlers.steps()[step.id].read, clock.now())
        assert found.rows
    assert portal.visit("/feeds/dormitory", ADMINISTRATOR).status == 404
    assert portal.visit("/feeds/dormitory/example", ADMINISTRATOR).status == 404


def test_the_example_goes_through_the_upload_as_it_is(cloud: Cloud) -> None:
    cloud.open()
    data = contract.example(definition.steps()["library-loans"], clock.now() - timedelta(minutes=1))
    assert looked_at(cloud, data).json["errors"] == []


def test_the_latest_files_are_told_with_what_was_wrong(cloud: Cloud) -> None:
    cloud.open(LIN, SECOND)
    cloud.feed("library-loans", {"student": LIN.student, "loans": "x"}, {"student": SECOND.student, "fines": "y"})
    report = cloud.feed("library-loans", {"student": LIN.student}, {"student": LIN.student})
    assert report["reason"]["code"] == "duplicate"
    cloud.feed("library-loans", {"student": LIN.student})
    body = text_of(portal.visit(PAGE, LIBRARY, "en").body)
    assert "Line 3: loans must be a whole number" in body and "2 problems" in body
    assert "fines must be an amount in yuan" in body
    assert body.count("Refused") == 2 and body.count("In force") == 1


def test_an_auditor_reads_and_sends_nothing(cloud: Cloud) -> None:
    cloud.open()
    body = portal.visit(PAGE, AUDITOR).body
    assert "multipart/form-data" not in body and "library-loans/example" in body


def test_the_list_is_of_the_departments_own_feeds(cloud: Cloud) -> None:
    cloud.open()
    mine = portal.visit("/feeds", LIBRARY).body
    assert 'href="/feeds/library-loans"' in mine and "/feeds/tuition" not in mine
    assert portal.visit("/feeds", officer("party-committee")).status == 403
    assert all(
        f'href="/feeds/{step.id}"' in portal.visit("/feeds", ADMINISTRATOR).body
        for step in definition.steps().values()
        if step.feed
    )
    assert 'href="/feeds"' in portal.visit("/queues", LIBRARY).body
    assert 'href="/feeds"' not in portal.visit("/queues", officer("party-committee")).body
    assert portal.visit("/feeds").location == "/sign-in?next=%2Ffeeds"


def test_it_is_said_of_when_the_data_is(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open()
    at = clock.now() - timedelta(minutes=5)
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "围城"}, as_of=at)
    local = at.astimezone(clock.CAMPUS)
    same = local.date() == clock.now().astimezone(clock.CAMPUS).date()
    told = f"data as of {local:%H:%M}" if same else f"{local:%H:%M}"
    assert told in portal.visit(PAGE, LIBRARY, "en").body
    mine = portal.visit("/me", STUDENT, "en").body
    card = mine[mine.index('id="library-loans"') :]
    assert told in card[: card.index("</article>")]
    cloud.feed("library-loans", {"student": LIN.student, "loans": 2, "titles": "x"}, as_of=at + timedelta(minutes=1))
    monkeypatch.setattr("yinji.clearance.store.LONGEST_FEED_AGE", timedelta(seconds=1))
    assert "No new data for more than a day." in portal.visit(PAGE, LIBRARY, "en").body


# --- the timeline --------------------------------------------------------------------------------------------
def test_a_history_is_told_by_day_with_what_was_answered_to_whom_it_may_be_told(cloud: Cloud) -> None:
    cloud.open()
    cloud.act(
        STUDENT, "personal-file", "declare-destination", agreement="signed", receiver="人才中心", address="海滨路 1 号"
    )
    cloud.feed("library-loans", {"student": LIN.student})
    mine = portal.visit("/me/history", STUDENT, "en").body
    assert re.search(r'<h2 id="day-\d{4}-\d\d-\d\d">', mine) and "data as of" in mine
    assert "海滨路 1 号" in mine
    theirs = portal.visit(f"/cases/{LIN.student}/history", LIBRARY, "en").body
    assert "海滨路 1 号" not in theirs, "it is no business of the library"
    assert "audit.json" not in theirs and "audit.json" not in mine


def test_an_auditor_sees_that_a_history_is_whole_and_when_it_is_not(cloud: Cloud) -> None:
    cloud.open()
    cloud.act(STUDENT, "exit-survey", "answer", teaching="5", services="4", key="the-answer")
    path = f"/cases/{LIN.student}/history"
    whole = portal.visit(path, AUDITOR, "en").body
    assert "2 events, each sealed to the one before" in whole and cloud.case().chain in whole
    assert f'href="/api/clearance/cases/{LIN.student}/audit.json"' in whole
    assert (
        f'href="/api/clearance/cases/{LIN.student}/audit.json"' in portal.visit(f"/cases/{LIN.student}", AUDITOR).body
    )
    assert "audit.json" not in portal.visit(f"/cases/{LIN.student}", COUNSELLOR).body
    cloud.dynamodb.update_item(
        TableName="Cases",
        Key={"pk": {"S": f"CASE#{LIN.student}"}, "sk": {"S": f"EVENT#{STUDENT.sub}#the-answer"}},
        UpdateExpression="SET who = :who",
        ExpressionAttributeValues={":who": {"S": "somebody"}},
    )
    assert "From event 2 on this is not what was sealed" in portal.visit(path, AUDITOR, "en").body
