"""Many at once: exactly those confirmed, each for themselves, with one outcome that can be read again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from yinji.clearance.rounds import KEPT
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock

from tests import portal
from tests.functions.conftest import COUNSELLOR, Cloud, officer
from tests.functions.test_portal import Reader
from tests.functions.test_season import next_slot
from tests.graduates import graduate

pytestmark = pytest.mark.slow

HOUSING = officer("housing")
COLLEAGUE = Session("another-officer", "department-officer", "x", department="housing")
ADMINISTRATOR = Session("administrator", "administrator", "x")
FOLDER = "clearance/steps/dormitory"
CONFIRM = "/queues/dormitory/confirm"
PEOPLE = [graduate(1), graduate(2), graduate(3), graduate(4, school="S02")]


def book(cloud: Cloud, student: str, time: str = "08:30") -> None:
    me = Session(student, "student", "x")
    assert cloud.act(me, "dormitory", "book-inspection", student, slot=next_slot(time)).status == 200


@pytest.fixture
def waiting(cloud: Cloud) -> Cloud:
    """Four who wait for the inspection of their room, the third in the afternoon, the fourth of another school."""
    cloud.open(*PEOPLE)
    for number, one in enumerate(PEOPLE):
        book(cloud, one.student, "14:00" if number == 2 else "08:30")
    return cloud


def confirmed(path: str, session: Session = HOUSING) -> list[tuple[str, str]]:
    """What the form of a confirmation page sends."""
    body = portal.visit(path, session).body
    form = next(one for one in Reader(body).forms if (one["action"] or "").startswith("/api/clearance/steps/"))
    cases = re.findall(r'name="case" value="([^"]+)"', body)
    return [
        *((name, value) for name, value in form["fields"].items() if name != "case"),
        *(("case", one) for one in cases),
    ]


def send(cloud: Cloud, sent: list[tuple[str, str]], action: str = "sign-off", by: Session = HOUSING) -> SimpleNamespace:
    return cloud.call(FOLDER, by, "POST", f"/api/clearance/steps/dormitory/{action}", sent)


def students(sent: list[tuple[str, str]]) -> list[str]:
    return [value.partition(":")[0] for name, value in sent if name == "case"]


def json_body(*cases: tuple[str, int], **more: Any) -> Mapping[str, Any]:
    return {"cases": [{"student": one, "step_version": version} for one, version in cases], **more}


def test_the_whole_queue_as_filtered_is_confirmed_with_names_numbers_schools_and_answers(waiting: Cloud) -> None:
    queue = portal.visit(f"/queues/dormitory?answer.slot={next_slot()}&of=S01", HOUSING, "en").body
    everyone = re.search(r'href="(/queues/dormitory/confirm\?[^"]+)"', queue)
    assert everyone
    path = everyone[1].replace("&amp;", "&")
    body = portal.visit(path, HOUSING, "en").body
    assert students(confirmed(path)) == [PEOPLE[0].student, PEOPLE[1].student]
    assert "please check these 2 graduates" in body and PEOPLE[0].name in body and "08:30–10:00" in body
    assert students(confirmed(f"{CONFIRM}?do=sign-off")) == [one.student for one in PEOPLE]


def test_those_ticked_on_a_page_are_confirmed_and_nobody_else(waiting: Cloud) -> None:
    path = f"{CONFIRM}?do=sign-off&case={PEOPLE[1].student}&case={PEOPLE[3].student}&case=2022S01999"
    assert students(confirmed(path)) == [PEOPLE[1].student, PEOPLE[3].student]
    assert "1 of those you chose is not waiting any more" in portal.visit(path, HOUSING, "en").body


def test_what_changed_since_it_was_confirmed_is_refused_for_that_one_and_told_with_its_reason(waiting: Cloud) -> None:
    sent = confirmed(f"{CONFIRM}?do=sign-off&of=S01")
    book(waiting, PEOPLE[0].student, "14:00")
    answer = send(waiting, sent)
    assert answer.status == 303 and answer.headers["Location"].startswith("/outcomes/")
    page = portal.visit(answer.headers["Location"], HOUSING, "en")
    assert "2 dealt with, 1 was not" in page.body
    first = page.body[page.body.index("<tbody>") :].split("<tr>")[1]
    assert PEOPLE[0].student in first and "Something changed after you opened the page" in first
    assert f'href="/cases/{PEOPLE[0].student}"' in first
    assert [waiting.case(one.student).state("dormitory") for one in PEOPLE] == [
        "submitted",
        "done",
        "done",
        "submitted",
    ]
    again = re.search(r'href="(/queues/dormitory/confirm\?[^"]+outcome=[^"]+)"', page.body)
    assert again and students(confirmed(again[1].replace("&amp;", "&"))) == [PEOPLE[0].student]
    assert 'href="/queues/dormitory?of=S01"' in page.body, "back to the queue as it was filtered"


def test_who_came_into_the_queue_after_the_confirmation_is_not_dealt_with(waiting: Cloud) -> None:
    sent = confirmed(f"{CONFIRM}?do=sign-off")
    late = graduate(9)
    waiting.open(*PEOPLE, late)
    book(waiting, late.student)
    send(waiting, sent)
    assert waiting.case(late.student).state("dormitory") == "submitted"


def test_the_same_request_twice_has_one_outcome_and_changes_nothing_more(waiting: Cloud) -> None:
    sent = confirmed(f"{CONFIRM}?do=sign-off")
    first = send(waiting, sent)
    versions = [waiting.case(one.student).version for one in PEOPLE]
    second = send(waiting, sent)
    assert first.headers["Location"] == second.headers["Location"]
    assert versions == [waiting.case(one.student).version for one in PEOPLE]
    body = json_body((PEOPLE[0].student, 1), idempotency_key="12345678")
    told = [
        waiting.call(FOLDER, HOUSING, "POST", "/api/clearance/steps/dormitory/sign-off", body).json for _ in range(2)
    ]
    assert told[0] == told[1] and told[0]["outcomes"][0]["code"] == "already-done"
    other = json_body((PEOPLE[1].student, 1), idempotency_key="12345678")
    reused = waiting.call(FOLDER, HOUSING, "POST", "/api/clearance/steps/dormitory/sign-off", other)
    assert (reused.status, reused.json["code"]) == (422, "key-reused")


def test_an_outcome_is_for_whoever_did_it_and_those_who_see_everything(waiting: Cloud) -> None:
    place = send(waiting, confirmed(f"{CONFIRM}?do=sign-off")).headers["Location"]
    for session, status in ((HOUSING, 200), (ADMINISTRATOR, 200), (COLLEAGUE, 403), (COUNSELLOR, 403)):
        assert portal.visit(place, session).status == status, session.sub
    assert portal.visit(f"/outcomes/{uuid.uuid4().hex}", COLLEAGUE).status == 403, "as one that is not theirs"
    assert "outcome=" not in portal.visit(place, ADMINISTRATOR).body
    found = portal.visit(f"{CONFIRM}?do=sign-off&outcome={place.rpartition('/')[2]}", COLLEAGUE)
    assert found.status == 404


def test_a_reason_is_asked_for_on_the_confirmation_and_its_lack_changes_nobody(waiting: Cloud) -> None:
    path = f"{CONFIRM}?do=send-back&case={PEOPLE[0].student}&case={PEOPLE[1].student}"
    sent = confirmed(path)
    without = send(waiting, [(name, "" if name == "reason" else value) for name, value in sent], "send-back")
    back = without.headers["Location"].partition("#")[0]
    assert "problem=invalid-form" in back
    assert students(confirmed(back)) == [PEOPLE[0].student, PEOPLE[1].student], "the same are still to be confirmed"
    assert waiting.case(PEOPLE[0].student).state("dormitory") == "submitted"
    send(waiting, [(name, "床板有损坏" if name == "reason" else value) for name, value in sent], "send-back")
    assert waiting.case(PEOPLE[0].student).state("dormitory") == "blocked"


def test_more_than_one_request_may_change_are_left_for_the_next_round(
    waiting: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal.module("chalicelib.office"), "MOST_AT_ONCE", 3)
    assert len(students(confirmed(f"{CONFIRM}?do=sign-off"))) == 3
    assert "1 more is left for the next round" in portal.visit(f"{CONFIRM}?do=sign-off", HOUSING, "en").body


def test_an_outcome_goes_away_by_itself(waiting: Cloud) -> None:
    place = send(waiting, confirmed(f"{CONFIRM}?do=sign-off")).headers["Location"]
    key = {"pk": {"S": f"OUTCOME#{place.rpartition('/')[2]}"}, "sk": {"S": "OUTCOME"}}
    item = waiting.dynamodb.get_item(TableName="Cases", Key=key)["Item"]
    assert "school" not in item and "student" not in item, "the index by school does not hold it"
    left = int(item["expires_at"]["N"]) - clock.now().timestamp()
    assert abs(left - KEPT.total_seconds()) < 60 and timedelta(days=30) < KEPT
    assert Store().round(place.rpartition("/")[2])
