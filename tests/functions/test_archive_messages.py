"""What students are told of their records and activities: from the archive's stream, twice, late and out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from yinji.archive.catalogue import Activity
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.record import RecordEvent, key_of
from yinji.archive.store import Archive
from yinji.messages.model import Message
from yinji.messages.store import Outbox
from yinji.messages.words import told
from yinji.platform import clock
from yinji.platform.clock import instant

from tests.archives import AT, BEGINS, SU, School, activity, loan, now, session_of, student
from tests.functions.conftest import Cloud, cloud
from tests.functions.test_messages import Post, post, record

__all__ = ["cloud", "now", "post"]

COMPOSE = "messages/compose_archive"
JAZZ = activity(capacity=1)
OTHER = student(2)
THIRD = student(3)


class Stream:
    """The archive's stream: what changed since it was asked last, and what follows from it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.outbox = cloud, Outbox()
        self._seen = self._items()

    def _items(self) -> dict[tuple[str, str], Any]:
        found = self.cloud.dynamodb.scan(TableName="Archive")["Items"]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}

    def changes(self) -> list[dict[str, Any]]:
        before, self._seen = self._seen, self._items()
        changed = [(key, item) for key, item in sorted(self._seen.items()) if before.get(key) != item]
        return [record(item, before.get(key), number + 1) for number, (key, item) in enumerate(changed)]

    def compose(self, *records: dict[str, Any]) -> None:
        """Let what changed since, or `records`, follow."""
        records = records or tuple(self.changes())
        assert self.cloud.invoke(COMPOSE, {"Records": list(records)}) == {"batchItemFailures": []}

    def messages(self, who: str = SU.student) -> list[Message]:
        """What somebody was told, the oldest first."""
        return list(reversed(self.outbox.box(who, who).messages))

    def said(self, who: str = SU.student) -> list[str]:
        return [one.kind for one in self.messages(who)]

    def deliveries(self) -> list[str]:
        """What is on its way or was, and its state."""
        items = self.cloud.dynamodb.scan(TableName="Messages")["Items"]
        mine = (item for item in items if item["sk"]["S"].startswith("DELIVERY#"))
        return sorted(f"{item['kind']['S']} {item['state']['S']}" for item in mine)


@pytest.fixture
def school(cloud: Cloud, now: Any) -> School:
    made = School(cloud)
    made.enrol(SU, OTHER, THIRD)
    Catalogue().put(JAZZ)
    return made


@pytest.fixture
def stream(school: School) -> Stream:
    return Stream(school.cloud)


def sign_up(*students: str) -> None:
    for number, one in enumerate(students):
        Catalogue().sign_up(JAZZ.id, one, AT + timedelta(minutes=number - 60), uuid4().hex)


def change(at: datetime = AT, **facts: Any) -> None:
    """An office changes the activity."""

    def work(known: Activity) -> tuple[Activity, RecordEvent]:
        return replace(known, **facts), RecordEvent("changed", "T0002", "school-officer", at)

    assert Catalogue().change(JAZZ.id, work)


# --- activities ----------------------------------------------------------------------------------------------
def test_who_comes_or_waits_is_told_of_a_cancelled_activity_and_nobody_else(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student)
    change(state="cancelled")
    stream.compose()
    assert stream.said() == stream.said(OTHER.student) == ["activity-cancelled"]
    assert stream.said(THIRD.student) == []
    [message] = stream.messages()
    words = told(message, "en")
    assert words.title == f"Cancelled: {JAZZ.title}" and words.path == f"/archive/activities/{JAZZ.id}"
    assert "10 June 2026 19:00" in words.lines[0]


def test_another_time_or_place_is_told_and_what_it_is_now(stream: Stream) -> None:
    sign_up(SU.student)
    change(begins_at=BEGINS + timedelta(days=1))
    stream.compose()
    change(AT + timedelta(minutes=1), place="思源堂")
    stream.compose()
    first, second = stream.messages()
    assert (first.kind, second.kind) == ("activity-moved", "activity-moved")
    assert "2026 年 6 月 11 日 19:00" in told(first, "zh").lines[0] and "致远楼报告厅" in told(first, "zh").lines[0]
    assert "2026 年 6 月 11 日 19:00" in told(second, "zh").lines[0] and "思源堂" in told(second, "zh").lines[0]


@pytest.mark.parametrize("facts", [{"title": "爵士"}, {"about": "带乐器"}, {"capacity": 5}, {"minutes": 60}])
def test_of_what_does_not_concern_when_and_where_nobody_is_told(stream: Stream, facts: dict[str, Any]) -> None:
    sign_up(SU.student)
    change(**facts)
    stream.compose()
    assert stream.said() == []


def test_a_change_that_a_source_delivers_is_told_as_well(stream: Stream) -> None:
    sign_up(SU.student)
    Catalogue().put(replace(JAZZ, place="思源堂", as_of="2026-06-02T00:00:00.000Z"), "d1")
    stream.compose()
    Catalogue().put(replace(JAZZ, state="cancelled", as_of="2026-06-03T00:00:00.000Z"), "d2")
    stream.compose()
    Catalogue().put(replace(JAZZ, as_of="2026-06-04T00:00:00.000Z"), "d3")
    stream.compose()
    assert sorted(stream.said()) == ["activity-cancelled", "activity-moved", "activity-restored"]


def test_what_the_stream_delivers_twice_is_told_once(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student)
    change(place="思源堂")
    records = stream.changes()
    stream.compose(*records)
    for who in (SU.student, OTHER.student):
        [message] = stream.messages(who)
        found = stream.outbox.delivery(who, "email", message.id)
        assert found and stream.outbox.settle(found, "sent")
    for _ in range(2):
        stream.compose(*records)
    assert stream.said() == ["activity-moved"]
    assert stream.deliveries() == ["activity-moved sent"] * 2


def test_what_comes_late_is_told_by_what_overtook_it(stream: Stream) -> None:
    sign_up(SU.student)
    stream.changes()
    change(place="思源堂")
    first = stream.changes()
    change(AT + timedelta(minutes=1), place="体育馆")
    second = stream.changes()
    change(AT + timedelta(minutes=2), title="爵士之夜")
    third = stream.changes()
    # out of order, and the last one again
    for records in (third, second, first, second):
        stream.compose(*records)
    [message] = stream.messages()
    assert message.params["place"] == "体育馆" and message.params["title"] == "爵士之夜"


def test_an_activity_that_is_moved_and_then_cancelled_is_cancelled_however_late_and_in_whichever_order(
    stream: Stream,
) -> None:
    sign_up(SU.student)
    stream.changes()
    change(place="思源堂")
    moved = stream.changes()
    change(AT + timedelta(minutes=1), state="cancelled")
    cancelled = stream.changes()
    # a source corrects where it would have been
    Catalogue().put(replace(JAZZ, state="cancelled", place="体育馆", as_of="2026-06-03T00:00:00.000Z"), "d1")
    after = stream.changes()
    for records in (after, cancelled, moved):
        stream.compose(*records)
    assert stream.said() == ["activity-cancelled"]


def test_of_an_activity_that_is_over_nobody_is_told(stream: Stream, now: Callable[[datetime], None]) -> None:
    sign_up(SU.student)
    change(place="思源堂")
    now(JAZZ.ends_at)
    stream.compose()
    assert stream.said() == []


def test_who_signs_up_after_the_change_has_read_it(stream: Stream) -> None:
    sign_up(SU.student)
    change(AT - timedelta(minutes=30), place="思源堂")
    Catalogue().sign_up(JAZZ.id, OTHER.student, AT, uuid4().hex)
    stream.compose()
    assert stream.said() == ["activity-moved"] and stream.said(OTHER.student) == []


def test_who_gave_their_place_back_is_not_told(stream: Stream) -> None:
    sign_up(SU.student)
    Catalogue().give_back(JAZZ.id, SU.student, AT, uuid4().hex)
    change(state="cancelled")
    stream.compose()
    assert stream.said() == []


# --- places --------------------------------------------------------------------------------------------------
def test_who_waited_is_told_of_the_place_and_who_got_one_at_once_is_not(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student)
    stream.compose()
    Catalogue().give_back(JAZZ.id, SU.student, AT, uuid4().hex)
    records = stream.changes()
    for _ in range(2):
        stream.compose(*records)
    assert stream.said() == [] and stream.said(OTHER.student) == ["place-given"]
    assert stream.deliveries() == ["place-given due"]


def test_more_places_are_told_to_everybody_who_gets_one(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student, THIRD.student)
    stream.changes()
    change(capacity=3)
    stream.compose()
    assert stream.said(OTHER.student) == stream.said(THIRD.student) == ["place-given"]


def test_a_place_that_was_given_back_meanwhile_is_not_told_and_the_next_one_is(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student)
    stream.changes()
    Catalogue().give_back(JAZZ.id, SU.student, AT, uuid4().hex)
    first = stream.changes()
    Catalogue().give_back(JAZZ.id, OTHER.student, AT, uuid4().hex)
    Catalogue().sign_up(JAZZ.id, SU.student, AT, uuid4().hex)
    Catalogue().sign_up(JAZZ.id, OTHER.student, AT + timedelta(minutes=1), uuid4().hex)
    stream.compose(*first)
    assert stream.said(OTHER.student) == []
    stream.changes()
    Catalogue().give_back(JAZZ.id, SU.student, AT + timedelta(minutes=2), uuid4().hex)
    stream.compose()
    assert stream.said(OTHER.student) == ["place-given"]


def test_a_place_that_was_given_back_and_taken_anew_meanwhile_is_not_told(stream: Stream) -> None:
    sign_up(SU.student, OTHER.student)
    stream.changes()
    Catalogue().give_back(JAZZ.id, SU.student, AT, uuid4().hex)
    records = stream.changes()
    Catalogue().give_back(JAZZ.id, OTHER.student, AT, uuid4().hex)
    Catalogue().sign_up(JAZZ.id, OTHER.student, AT, uuid4().hex)
    stream.compose(*records)
    assert stream.said(OTHER.student) == []


def test_a_place_in_what_was_cancelled_or_has_begun_is_not_told(
    stream: Stream, now: Callable[[datetime], None]
) -> None:
    sign_up(SU.student, OTHER.student)
    stream.changes()
    Catalogue().give_back(JAZZ.id, SU.student, AT, uuid4().hex)
    records = stream.changes()
    now(JAZZ.begins_at)
    stream.compose(*records)
    now(AT)
    change(state="cancelled")
    stream.compose(*records)
    assert stream.said(OTHER.student) == []


# --- records -------------------------------------------------------------------------------------------------
def test_a_student_is_told_what_was_decided_about_a_claim_once(stream: Stream, school: School) -> None:
    key = key_of(school.claim().json["record"])
    sent = {"version": 1, "idempotency_key": "the-same-key", "reason": "evidence", "words": "第二页缺失"}
    school.decide("refuse", key, **sent)
    school.decide("refuse", key, **sent)
    records = stream.changes()
    for _ in range(2):
        stream.compose(*records)
    [message] = stream.messages()
    assert message.kind == "record-refused" and "第二页缺失" in told(message, "zh").reason
    assert stream.deliveries() == ["record-refused due"]


def test_what_is_certified_stands_in_the_box_and_is_not_mailed(stream: Stream, school: School) -> None:
    school.decide("certify", key_of(school.claim().json["record"]))
    records = stream.changes()
    for _ in range(2):
        stream.compose(*records)
    assert stream.said() == ["record-certified"] and stream.deliveries() == []


def test_an_answer_to_a_dispute_and_a_revocation_are_told(stream: Stream, school: School) -> None:
    school.loans(loan(1))
    school.dispute("library-loans#L1")
    stream.compose()
    assert stream.said() == [], "they said so themselves"
    school.decide("settle", "library-loans#L1", verdict="stays", answer="请看借阅单")
    stream.compose()
    school.decide("revoke", "library-loans#L1", reason="untrue")
    stream.compose()
    assert sorted(stream.said()) == ["record-revoked", "record-settled"]


def test_everybody_in_a_round_is_told_of_each_of_their_records(cloud: Cloud) -> None:
    school = School(cloud)
    made = school.many(20)
    begun, stream = school.begin(), Stream(cloud)
    school.decide_sample(begun)
    for _ in range(2):
        assert school.end("rest", begun.json["round"]).json["state"] == "passed"
    stream.compose()
    assert sum(len(stream.said(who)) for who in {one.student for one in made}) == 20


def test_what_a_delivery_corrects_is_no_decision(stream: Stream, school: School) -> None:
    school.loans(loan(1))
    school.loans(loan(1, title="另一本", changed_at="2026-06-02 12:00:00"))
    stream.compose()
    assert Archive().events(SU.student, "library-loans#L1") and stream.said() == []


def test_of_a_record_that_is_gone_nobody_is_told(stream: Stream, school: School) -> None:
    key = key_of(school.claim().json["record"])
    school.decide("certify", key)
    records = stream.changes()
    school.cloud.dynamodb.delete_item(
        TableName="Archive", Key={"pk": {"S": f"STUDENT#{SU.student}"}, "sk": {"S": f"RECORD#{key}"}}
    )
    stream.compose(*records)
    assert stream.said() == []


def test_one_that_cannot_be_told_does_not_hold_up_the_others(stream: Stream, school: School) -> None:
    school.decide("certify", key_of(school.claim().json["record"]))
    [good] = [one for one in stream.changes() if one["dynamodb"]["Keys"]["sk"]["S"].startswith("EVENT#")][-1:]
    broken = record({"pk": {"S": "ACTIVITY#x"}, "sk": {"S": "EVENT#x"}}, number=77)
    answer = school.cloud.invoke(COMPOSE, {"Records": [broken, good]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "77"}]} and stream.said() == ["record-certified"]


# --- mail ----------------------------------------------------------------------------------------------------
def of_jazz(post: Post, kind: Any, minutes: int = 0, **more: Any) -> Message:
    """A message about the activity, said so many minutes from now; put, and when it is."""
    at = post.now + timedelta(minutes=minutes)
    params = {"activity": "A1", "title": "Jazz", "begins_at": "2026-06-12T11:00:00.000Z", "place": "思源堂"}
    until = clock.stamp(post.now + timedelta(days=3))
    made = Message(f"{kind}#{minutes}", SU.student, kind, at, params | {"until": until} | more)
    assert post.outbox.put(made, at)
    return made


@pytest.fixture
def leaving(post: Post) -> Post:
    """A student who has a case, so that their address is known; it is night."""
    post.cloud.open()
    assert post.cloud.case().graduate.student == SU.student
    post.now = post.now.replace(hour=23)
    return post


def sent_in_the_morning(post: Post) -> list[str]:
    post.now += timedelta(hours=9)
    post.sweep()
    return post.subjects


def test_a_mail_about_an_activity_leaves_once_and_can_be_stopped(leaving: Post) -> None:
    of_jazz(leaving, "activity-moved")
    assert sent_in_the_morning(leaving) == ["时间或地点有变：Jazz"]
    [mail] = leaving.letters
    text = mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert "/archive/activities/A1" in text and "/api/messages/stop/" in text
    leaving.outbox.stop(SU.student, "activities")
    leaving.letters.clear()
    leaving.now = leaving.now.replace(hour=12)
    of_jazz(leaving, "activity-cancelled", 1)
    leaving.now += timedelta(minutes=2)
    leaving.sweep()
    assert leaving.letters == [] and "activity-cancelled" in leaving.kinds(SU.student)


def test_of_what_changed_several_times_over_night_the_last_is_mailed(leaving: Post) -> None:
    of_jazz(leaving, "place-given")
    of_jazz(leaving, "activity-moved", 1)
    of_jazz(leaving, "activity-moved", 2, place="体育馆")
    of_jazz(leaving, "activity-moved", 3, activity="A2", title="Blues")
    assert sorted(sent_in_the_morning(leaving)) == [
        "候补成功，你有名额了：Jazz", "时间或地点有变：Blues", "时间或地点有变：Jazz",
    ]  # fmt: skip
    assert ["体育馆" in one["Content"]["Simple"]["Body"]["Text"]["Data"] for one in leaving.letters].count(True) == 1


def test_a_place_in_what_was_cancelled_over_night_is_not_mailed(leaving: Post) -> None:
    of_jazz(leaving, "place-given")
    of_jazz(leaving, "activity-cancelled", 1)
    assert sent_in_the_morning(leaving) == ["活动取消：Jazz"]


def test_what_is_over_by_the_morning_is_not_mailed(leaving: Post) -> None:
    made = of_jazz(leaving, "activity-moved", until=clock.stamp(leaving.now + timedelta(hours=8)))
    assert instant(made.params["until"]) > leaving.now
    assert sent_in_the_morning(leaving) == [] and leaving.states() == ["moot"]


def test_who_has_no_case_has_no_address_and_finds_it_in_their_box(leaving: Post, school: School) -> None:
    params = {"activity": "A1", "title": "Jazz", "begins_at": "2026-06-12T11:00:00.000Z", "place": ""}
    until = {"until": "2100-01-01T00:00:00.000Z"}
    message = Message("activity-moved#x", OTHER.student, "activity-moved", AT, params | until)
    leaving.outbox.put(message, leaving.now)
    assert sent_in_the_morning(leaving) == [] and leaving.kinds(OTHER.student) == ["activity-moved"]
    answer = school.cloud.call("messages/inbox", session_of(OTHER), "GET", "/api/messages")
    assert answer.json["messages"][0]["path"] == "/archive/activities/A1"
