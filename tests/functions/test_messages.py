"""Messages from end to end on a cloud in memory: composed once, mailed at most once, read, chosen and stopped."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import sleep
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from yinji.clearance.document import case_document
from yinji.identity.session import ROLES, Session
from yinji.messages import stop
from yinji.messages.channels import NotSent, Ses, Webhook
from yinji.messages.letter import Letter, Reader, letter
from yinji.messages.model import BACKOFF, GATHER, PATIENCE, REMIND_AGAIN, Message
from yinji.messages.store import Outbox, position
from yinji.platform import clock
from yinji.platform.clock import CAMPUS
from yinji.platform.problem import Problem

from tests import handlers, portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_privacy import MARK, said
from tests.functions.test_privacy import WHO as MARKED
from tests.functions.test_season import next_slot, settle_everything
from tests.graduates import LIN, graduate

pytestmark = pytest.mark.slow

__all__ = ["said"]

DAY = datetime.combine(clock.today() + timedelta(days=1), time(10, 0), CAMPUS)
"""What happens to cases happens now; whatever is about messages, tomorrow at ten."""
NIGHT = DAY + timedelta(hours=13)
COMPOSE, SEND = "messages/compose", "messages/send"
plain = TypeSerializer().serialize


def image(item: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in item.items()}


def record(new: dict[str, Any], old: dict[str, Any] | None = None, number: int = 1) -> dict[str, Any]:
    told = {"NewImage": new} | ({"OldImage": old} if old else {})
    keys = {name: new[name] for name in ("pk", "sk")}
    return {
        "eventID": str(number),
        "eventName": "MODIFY" if old else "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": keys, "SequenceNumber": str(number), "StreamViewType": "NEW_AND_OLD_IMAGES", **told},
    }


class Post:
    """The stream of cases up to now, and the mail that left."""

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloud, self.outbox = cloud, Outbox()
        self._seen: dict[str, dict[str, Any]] = {}
        self.now = DAY
        self.letters: list[dict[str, Any]] = []
        self.fails: list[Exception] = []
        monkeypatch.setattr(clock, "now", lambda: self.now)
        monkeypatch.setattr(clock, "today", lambda: self.now.astimezone(CAMPUS).date())
        monkeypatch.setattr(handlers.warm(SEND), "mail", lambda: Ses("yinji@example.edu", "set", self))

    def send_email(self, **told: Any) -> None:
        """What SES would do, were it asked."""
        if self.fails:
            raise self.fails.pop(0)
        self.letters.append(told)

    @property
    def subjects(self) -> list[str]:
        return [letter["Content"]["Simple"]["Subject"]["Data"] for letter in self.letters]

    def cases(self) -> list[dict[str, Any]]:
        """A record for every case that changed since it was asked last."""
        items = self.cloud.dynamodb.scan(TableName="Cases")["Items"]
        records = []
        for item in items:
            key = item["pk"]["S"]
            if item["sk"]["S"] == "CASE" and self._seen.get(key) != item:
                records.append(record(item, self._seen.get(key), len(records) + 1))
                self._seen[key] = item
        return records

    def compose(self, *records: dict[str, Any]) -> list[str]:
        """Compose what followed from the changes since; the kinds of messages there are now, oldest first."""
        answer = self.cloud.invoke(COMPOSE, {"Records": list(records) or self.cases()})
        assert answer == {"batchItemFailures": []}
        return self.kinds()

    def kinds(self, box: str = LIN.student) -> list[str]:
        return [message.kind for message in reversed(self.outbox.box(box, box).messages)]

    def deliveries(self) -> list[dict[str, Any]]:
        items = self.cloud.dynamodb.scan(TableName="Messages")["Items"]
        return sorted((i for i in items if i["sk"]["S"].startswith("DELIVERY#")), key=lambda i: i["sk"]["S"])

    def states(self) -> list[str]:
        return [item["state"]["S"] for item in self.deliveries()]

    def send(self) -> Any:
        """Hand every delivery over as the stream does when it is new."""
        records = [record(item, number=n + 1) for n, item in enumerate(self.deliveries())]
        return self.cloud.invoke(SEND, {"Records": records})

    def sweep(self) -> Any:
        handler = handlers.warm(SEND)
        context = type("Context", (), {"aws_request_id": "sweep", "get_remaining_time_in_millis": lambda self: 300_000})
        return handler.sweep(context())


@pytest.fixture
def post(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(cloud, monkeypatch)


@pytest.fixture
def opened(post: Post) -> Post:
    post.cloud.open()
    post.compose()
    return post


def yours(post: Post, id: str = "yours#2", box: str = LIN.student) -> Message:
    return Message(id, box, "yours", post.now, {"steps": ["exit-survey"]})


# --- composing ------------------------------------------------------------------------------------------------


def test_a_season_tells_a_student_what_concerns_them_and_no_more(post: Post) -> None:
    post.cloud.open()
    assert post.compose() == ["welcome"]
    post.cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    assert post.compose() == ["welcome", "yours"]
    settle_everything(post.cloud)
    post.cloud.invoke(
        "clearance/certificate",
        {"id": "m", "source": "yinji.clearance", "detail-type": "case-finished", "detail": {"student": LIN.student}},
    )
    assert post.compose()[-1] == "done"


@pytest.fixture(autouse=True)
def quick_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.warm("clearance/certificate"), "certificate_pdf", lambda data, at: b"%PDF-")


def test_a_batch_delivered_again_says_nothing_twice(post: Post) -> None:
    post.cloud.open(LIN, graduate(2))
    records = post.cases()
    for _ in range(3):
        assert post.compose(*records) == ["welcome"]
    assert len(post.deliveries()) == 2


def test_a_practice_case_says_nothing(post: Post) -> None:
    case = case_document(store_case(post.cloud)) | {"pk": f"CASE#{LIN.student}", "sk": "CASE", "practice": True}
    assert post.compose(record(image(case))) == []


def store_case(cloud: Cloud) -> Any:
    cloud.open()
    return store().get(LIN.student)


def test_a_record_that_cannot_be_read_does_not_hold_up_the_others(post: Post) -> None:
    post.cloud.open()
    [good] = post.cases()
    broken = record({"pk": {"S": "CASE#x"}, "sk": {"S": "CASE"}}, number=7)
    answer = post.cloud.invoke(COMPOSE, {"Records": [broken, good]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert post.kinds() == ["welcome"]


# --- sending --------------------------------------------------------------------------------------------------


def test_a_mail_leaves_once_however_often_the_stream_delivers(opened: Post) -> None:
    for _ in range(3):
        assert opened.send() == {"batchItemFailures": []}
    opened.sweep()
    [mail] = opened.letters
    assert mail["Destination"] == {"ToAddresses": [LIN.email]}
    assert mail["FromEmailAddress"].endswith("<yinji@example.edu>") and mail["ConfigurationSetName"] == "set"
    assert opened.states() == ["sent"]


def test_what_may_be_stopped_says_how_in_the_words_of_rfc_8058_and_what_may_not_does_not(opened: Post) -> None:
    opened.send()
    opened.now += timedelta(seconds=1)
    opened.outbox.put(yours(opened), opened.now - GATHER)
    opened.send()
    welcome, news = (mail["Content"]["Simple"] for mail in opened.letters)
    headers = {header["Name"]: header["Value"] for header in news["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [url] = re.findall(r"^<(https://yinji\.example\.edu/api/messages/stop/[^>]+)>$", headers["List-Unsubscribe"])
    assert url in news["Body"]["Text"]["Data"]
    assert "Headers" not in welcome


def test_at_night_a_mail_waits_for_the_morning(post: Post) -> None:
    post.now = NIGHT
    post.cloud.open()
    post.compose()
    post.send()
    post.sweep()
    assert post.letters == [] and post.kinds() == ["welcome"]
    post.now = NIGHT + timedelta(hours=8, minutes=31)
    post.sweep()
    assert len(post.letters) == 1 and post.states() == ["sent"]


def test_what_came_together_over_night_is_one_mail_that_lists_everything(post: Post) -> None:
    post.now = NIGHT
    post.cloud.open()
    post.compose()
    for id in ("yours#2", "yours#3", "yours#4"):
        post.outbox.put(yours(post, id), post.now)
        post.now += timedelta(minutes=1)
    post.now = NIGHT + timedelta(hours=9)
    post.sweep()
    assert len(post.letters) == 1
    assert sorted(post.states()) == ["moot", "moot", "moot", "sent"]


def test_what_departments_deliver_within_minutes_is_one_mail_that_lists_everything(opened: Post) -> None:
    opened.send()
    opened.now += timedelta(seconds=1)
    for number in range(2, 6):
        opened.outbox.put(yours(opened, f"yours#{number}"), opened.now + timedelta(minutes=number))
        opened.send()
    assert len(opened.letters) == 1
    opened.now += GATHER + timedelta(minutes=6)
    opened.sweep()
    opened.sweep()
    assert len(opened.letters) == 2
    assert sorted(opened.states()) == ["moot", "moot", "moot", "sent", "sent"]


def test_what_was_done_meanwhile_is_not_mailed(opened: Post) -> None:
    opened.send()
    settle_everything(opened.cloud)
    opened.now += timedelta(minutes=1)
    opened.outbox.put(yours(opened), opened.now - GATHER)
    opened.send()
    assert len(opened.letters) == 1 and "moot" in opened.states()


def test_who_has_no_address_reads_it_in_the_portal(post: Post) -> None:
    post.cloud.open(replace(LIN, email=""))
    assert post.compose() == ["welcome"]
    post.send()
    assert post.letters == [] and post.states() == ["moot"]


def test_a_mail_is_in_the_language_of_the_graduate_unless_they_chose_another(post: Post) -> None:
    post.cloud.open(replace(LIN, language="en"), graduate(2))
    post.compose()
    post.outbox.choose(graduate(2).student, "en", [])
    post.send()
    assert post.subjects == ["Your graduation clearance has begun"] * 2


def test_who_stopped_a_kind_is_not_mailed_that_and_reads_it_still(opened: Post) -> None:
    opened.outbox.stop(LIN.student, "yours")
    opened.outbox.put(yours(opened), opened.now - GATHER)
    opened.send()
    assert len(opened.letters) == 1 and opened.kinds() == ["welcome", "yours"]


def throttled(code: str = "TooManyRequestsException", status: int = 429) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "SendEmail")


def test_a_channel_that_is_busy_is_asked_again_later_and_not_for_ever(opened: Post) -> None:
    opened.fails = [throttled() for _ in range(len(BACKOFF) + 1)]
    opened.send()
    assert opened.states() == ["due"]
    for _ in range(len(BACKOFF) + 2):
        opened.now += timedelta(hours=12)
        if opened.now.astimezone(CAMPUS).hour == 22:
            opened.now += timedelta(hours=10)
        opened.sweep()
    assert opened.states() == ["failed"] and opened.fails == [] and opened.letters == []


def test_a_channel_that_was_busy_gets_the_mail_later(opened: Post) -> None:
    opened.fails = [throttled(), EndpointConnectionError(endpoint_url="x")]
    opened.send()
    opened.sweep()
    assert opened.letters == []
    for _ in range(2):
        opened.now += timedelta(minutes=5)
        opened.sweep()
    assert len(opened.letters) == 1 and opened.states() == ["sent"]


def test_a_mail_that_is_refused_has_failed(opened: Post) -> None:
    opened.fails = [throttled("MessageRejected", 400)]
    opened.send()
    assert opened.states() == ["failed"]
    opened.now += timedelta(hours=2)
    opened.sweep()
    assert opened.letters == []


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="x"), throttled("InternalFailure", 500)])
def test_when_nobody_knows_whether_it_left_it_is_uncertain_and_never_sent_again(opened: Post, error: Exception) -> None:
    opened.fails = [error]
    assert opened.send() == {"batchItemFailures": []}
    opened.send()
    opened.sweep()
    assert opened.states() == ["sending"]
    opened.now += PATIENCE + timedelta(seconds=1)
    opened.sweep()
    opened.sweep()
    assert opened.states() == ["uncertain"] and opened.letters == []


def test_no_log_or_metric_says_who_was_written_to(post: Post, said: Callable[[], str]) -> None:
    post.cloud.open(MARKED)
    records = post.cases()
    broken = json.loads(json.dumps(records[0]).replace('"steps"', '"no-steps"'))
    said()
    for told in ([*records, broken | {"eventID": "9"}], [broken]):
        with contextlib.suppress(Exception):  # what the runtime would write is looked at as well
            post.cloud.invoke(COMPOSE, {"Records": told})
    for error in (throttled("MessageRejected", 400), RuntimeError(f"{MARKED.email} is not verified")):
        post.fails = [error]
        post.now += timedelta(seconds=1)
        post.outbox.put(replace(yours(post), id=repr(error)[:9], box=MARKED.student, kind="done"), post.now)
        post.send()
    remind(post, COUNSELLOR, "a-key-of-mine", f"/api/clearance/cases/{MARKED.student}/remind")
    me = Session(MARKED.student, "student", MARKED.name)
    post.cloud.call("messages/inbox", me, "GET", "/api/messages")
    post.cloud.call("messages/stop", None, "POST", f"/api/messages/stop/{stop.token(MARKED.student, 'yours', ['new'])}")
    text = said()
    assert "delivery broke off" in text and "MessagesFailed" in text
    assert MARK not in text and "2022S01001" not in text


# --- killed between any two calls -----------------------------------------------------------------------------


class Killed(BaseException):
    """The function's environment is gone."""


@pytest.fixture
def calls(opened: Post, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int | None], int]]:
    """Die right after the n-th call of anything; the number of calls made since."""
    from botocore.client import BaseClient

    state: dict[str, Any] = {"left": None, "made": 0}
    call, mail = BaseClient._make_api_call, opened.send_email

    def counting(original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            answer = original(*arguments, **more)
            state["made"] += 1
            if state["left"] is not None and state["made"] == state["left"]:
                raise Killed
            return answer

        return counted

    def arm(after: int | None) -> int:
        made, state["made"], state["left"] = state["made"], 0, after
        return made

    monkeypatch.setattr(BaseClient, "_make_api_call", counting(call))
    monkeypatch.setattr(opened, "send_email", counting(mail))
    yield arm


@pytest.mark.parametrize("after", range(1, 9))
def test_a_sender_that_dies_anywhere_sends_nothing_twice_and_loses_nothing_of_the_box(
    opened: Post, calls: Callable[[int | None], int], after: int
) -> None:
    opened.outbox.put(yours(opened), opened.now - GATHER)
    [news] = [item for item in opened.deliveries() if item["kind"]["S"] == "yours"]
    event = {"Records": [record(news)]}
    calls(after)
    died = True
    try:
        opened.cloud.invoke(SEND, event)
        died = False
    except Killed:
        pass
    made = calls(None)
    assert died == (made == after), "a send makes as many calls as the test goes through"
    for _ in range(3):
        opened.cloud.invoke(SEND, event)
        opened.now += PATIENCE + timedelta(minutes=1)
        opened.sweep()
    about = [subject for subject in opened.subjects if "需要你办" in subject]
    assert len(about) <= 1
    state = next(item["state"]["S"] for item in opened.deliveries() if item["kind"]["S"] == "yours")
    assert (state, len(about)) in {("sent", 1), ("uncertain", 1), ("uncertain", 0), ("moot", 0)}
    assert opened.kinds() == ["welcome", "yours"]


def test_two_senders_at_once_send_one_mail(opened: Post) -> None:
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        opened.send()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened.letters) == 1


# --- deadline and digest --------------------------------------------------------------------------------------


def test_the_deadline_is_told_of_once_a_day_however_often_the_morning_comes(opened: Post) -> None:
    for today in ("2026-06-23", "2026-06-23", "2026-06-24", "2026-06-27", "2026-06-29", "2026-06-30"):
        opened.cloud.invoke("messages/deadlines", {"today": today})
    assert opened.kinds() == ["welcome", "deadline", "deadline", "deadline"]


def test_an_office_gets_one_digest_a_working_day_when_something_waits(opened: Post) -> None:
    case = opened.cloud.case()
    assert case
    assert opened.cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot()).status == 200
    for today in ("2026-06-15", "2026-06-15", "2026-06-16", "2026-06-20"):  # the last is a Saturday and a holiday
        opened.cloud.invoke("messages/digest", {"today": today})
    assert opened.kinds("office:housing") == ["digest", "digest"]
    assert opened.kinds("office:finance") == []
    opened.send()
    mails = [mail for mail in opened.letters if mail["Destination"]["ToAddresses"] == ["housing@office.example.edu"]]
    assert len(mails) == 2 and all(LIN.name not in json.dumps(mail, ensure_ascii=False) for mail in mails)


def test_a_day_beyond_the_announced_holidays_is_judged_by_the_week() -> None:
    works = handlers.warm("messages/digest").working_day
    assert works(date(2026, 6, 15)) and not works(date(2026, 10, 1))
    assert works(date(2099, 6, 15)) and not works(date(2099, 6, 14))


# --- reminding ------------------------------------------------------------------------------------------------
REMIND = f"/api/clearance/cases/{LIN.student}/remind"


def remind(post: Post, session: Session, key: str = "a-key-of-mine", path: str = REMIND) -> Any:
    return post.cloud.call("messages/remind", session, "POST", path, {"idempotency_key": key})


def test_a_counsellor_reminds_once_a_day_and_is_told_when_that_was_done(opened: Post) -> None:
    assert remind(opened, COUNSELLOR).status == 200
    assert remind(opened, COUNSELLOR).status == 200  # the same request, once more
    again = remind(opened, COUNSELLOR, "another-key")
    assert (again.status, again.json["code"]) == (409, "reminded-already")
    assert remind(opened, officer("housing"), "another-key").status == 409
    opened.now += REMIND_AGAIN
    assert remind(opened, officer("housing"), "another-key").json["reminded"] == ["dormitory"]
    assert opened.kinds() == ["welcome", "reminder", "reminder"]


def test_there_is_nothing_to_remind_of_where_nothing_needs_the_student(opened: Post) -> None:
    answer = remind(opened, officer("finance"))
    assert (answer.status, answer.json["code"]) == (409, "nothing-to-remind")


@pytest.mark.parametrize("role", ROLES)
def test_only_offices_of_the_student_remind(opened: Post, role: Any) -> None:
    where = {"school": "S01"} if "school" in role or role == "counsellor" else {}
    where |= {"department": "housing"} if role == "department-officer" else {}
    session = Session(LIN.student if role == "student" else "T1", role, "x", **where)
    allowed = role in ("counsellor", "school-officer", "department-officer")
    assert remind(opened, session).status == (200 if allowed else 403)
    stranger = replace(session, school="S02") if where.get("school") else replace(session, department="")
    assert remind(opened, stranger, "another-key").status == 403
    unknown = remind(opened, session, "one-more-key", "/api/clearance/cases/2022S01999/remind")
    assert unknown.status == (404 if role == "department-officer" else 403)


def test_two_officers_who_remind_at_once_remind_once(opened: Post) -> None:
    message = Message("reminder#1", LIN.student, "reminder", opened.now, {"steps": ["dormitory"]})
    other = replace(message, id="reminder#2")
    assert opened.outbox.remind(message, "key-1", opened.now)
    with pytest.raises(Problem, match="reminded-already"):
        opened.outbox.remind(other, "key-2", opened.now)


def test_a_reminder_from_a_page_comes_back_to_it(opened: Post) -> None:
    page = portal.visit(f"/cases/{LIN.student}", COUNSELLOR)
    assert f'action="{REMIND}"' in page.body and "提醒这位同学" in page.body
    form = [("idempotency_key", "a-key-of-mine"), ("next", f"/cases/{LIN.student}?at=messages.reminded#notice")]
    answer = opened.cloud.call("messages/remind", COUNSELLOR, "POST", REMIND, form)
    assert answer.status == 303
    told = portal.visit(answer.headers["Location"].partition("#")[0], COUNSELLOR)
    assert "已提醒这位同学" in told.body
    assert "/remind" not in portal.visit(f"/cases/{LIN.student}", officer("finance")).body
    assert "/remind" not in portal.visit(f"/cases/{LIN.student}", STUDENT).body


# --- the box and what is chosen -------------------------------------------------------------------------------


def test_the_box_is_read_up_to_where_it_was_seen(opened: Post) -> None:
    box = opened.outbox.box(LIN.student, LIN.student)
    assert opened.outbox.unread(LIN.student, LIN.student) == 1
    opened.now += timedelta(seconds=1)
    opened.outbox.put(yours(opened), opened.now - GATHER)
    answer = opened.cloud.call("messages/inbox", STUDENT, "POST", "/api/messages/read", {"upto": box.newest})
    assert answer.json == {"unread": 1}
    earlier = {"upto": "MESSAGE#2026"}
    opened.cloud.call("messages/inbox", STUDENT, "POST", "/api/messages/read", earlier)
    shown = opened.cloud.call("messages/inbox", STUDENT, "GET", "/api/messages").json["messages"]
    assert [(one["kind"], one["unread"]) for one in shown] == [("yours", True), ("welcome", False)]
    assert position(box.messages[0]) == box.newest
    nonsense = opened.cloud.call("messages/inbox", STUDENT, "POST", "/api/messages/read", {"upto": "SETTINGS"})
    assert nonsense.status == 400


def test_each_officer_reads_the_offices_box_for_themselves(opened: Post) -> None:
    message = Message("digest#1", "office:S01", "digest", opened.now, {"queues": [], "held": [], "stale": []})
    opened.outbox.put(message, opened.now)
    colleague = replace(COUNSELLOR, sub="T0009")
    opened.cloud.call("messages/inbox", COUNSELLOR, "POST", "/api/messages/read", {"upto": position(message)})
    assert opened.outbox.unread("office:S01", COUNSELLOR.sub) == 0
    assert opened.outbox.unread("office:S01", colleague.sub) == 1


def test_what_is_mailed_and_how_is_the_readers_choice(opened: Post) -> None:
    path = "/api/messages/preferences"
    assert opened.cloud.call("messages/inbox", STUDENT, "GET", path).json == {
        "language": "",
        "mail": {"yours": True, "reminders": True, "activities": True},
    }
    form = [("mail-reminders", "yes"), ("language", "en"), ("next", "/messages/preferences")]
    answer = opened.cloud.call("messages/inbox", STUDENT, "POST", path, form)
    assert (answer.status, answer.headers["Location"]) == (303, "/messages/preferences?done=messages.saved")
    known = opened.outbox.settings(LIN.student)
    assert (known.language, known.stopped) == ("en", {"yours", "activities"})
    assert opened.cloud.call("messages/inbox", STUDENT, "POST", path, {"language": "fr"}).status == 400


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_who_has_no_box_is_told_so(opened: Post, role: Any) -> None:
    nobody = Session("A1", role, "x")
    assert opened.cloud.call("messages/inbox", nobody, "GET", "/api/messages").status == 403
    assert portal.visit("/messages", nobody).status == 403
    assert portal.visit("/messages/unread", nobody).status == 204
    assert 'href="/messages"' not in portal.visit("/season", nobody).body


def test_one_click_stops_without_signing_in_and_looking_does_not(opened: Post) -> None:
    token = stop.token(LIN.student, "yours", ["new"])
    path = f"/api/messages/stop/{token}"
    looked = opened.cloud.call("messages/stop", None, "GET", path)
    assert (looked.status, looked.headers["Location"]) == (303, f"/messages/stop/{token}")
    page = portal.visit(f"/messages/stop/{token}")
    assert page.status == 200 and f'action="{path}"' in page.body
    assert opened.outbox.settings(LIN.student).stopped == frozenset()
    clicked = opened.cloud.call("messages/stop", None, "POST", path, [("List-Unsubscribe", "One-Click")])
    assert clicked.status == 200
    assert opened.outbox.settings(LIN.student).stopped == {"yours"}
    assert "已停止发送这类邮件" in portal.visit(f"/messages/stop/{token}").body
    for forged in (token[:-2], stop.token(LIN.student, "yours", ["another"])):
        assert opened.cloud.call("messages/stop", None, "POST", f"/api/messages/stop/{forged}").status == 404
        assert portal.visit(f"/messages/stop/{forged}").status == 404


def test_the_page_shows_what_is_new_and_the_reason_that_is_never_mailed(opened: Post) -> None:
    opened.now += timedelta(seconds=1)
    params = {"steps": ["dormitory"], "reason": "第 3 张照片不清楚"}
    opened.outbox.put(Message("sent-back#2", LIN.student, "sent-back", opened.now, params), opened.now)
    body = portal.visit("/messages", STUDENT).body
    assert "有 2 条新消息" in body and "第 3 张照片不清楚" in body and body.index("被退回") < body.index("开始办理")
    opened.send()
    assert len(opened.letters) == 2
    assert "照片" not in json.dumps(opened.letters, ensure_ascii=False)
    assert portal.visit("/messages/unread", STUDENT).body.startswith('<span class="count">2<span')
    assert portal.visit("/messages/unread").status == 204


def test_the_status_page_still_costs_one_read_and_one_more_for_each_choice_of_times(
    opened: Post, counted: Callable[[], list[str]]
) -> None:
    portal.visit("/me", STUDENT)
    assert counted() == ["GetItem", "Query", "Query"], "the case, when rooms can be inspected, and what is known"
    opened.cloud.act(officer("housing"), "dormitory", "waive", reason="已经核对")
    before = len(counted())
    portal.visit("/me", STUDENT)
    assert counted()[before:] == ["GetItem", "Query"]
    portal.visit("/messages/unread", STUDENT)
    assert counted()[before:] == ["GetItem", "Query", "GetItem", "Query"]


# --- channels -------------------------------------------------------------------------------------------------

LETTER: Letter = letter(
    Message("digest#1", "office:library", "digest", DAY, {"queues": [], "held": ["library-loans"], "stale": []}),
    Reader("图书馆", "library@office.example.edu", "zh"),
    "https://yinji.example.edu",
)


class Robot:
    """A group robot that answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answer: tuple[int, str, float] = (200, '{"errcode": 0, "errmsg": "ok"}', 0)
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                robot.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                status, body, seconds = robot.answer
                sleep(seconds)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *about: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/cgi-bin/webhook/send?key=k"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def robot() -> Iterator[Robot]:
    found = Robot()
    yield found
    found.close()


def test_a_robot_takes_a_digest(robot: Robot) -> None:
    Webhook(robot.url).send(LETTER)
    [told] = robot.got
    assert told["msgtype"] == "markdown"
    assert (
        "人工确认" in told["markdown"]["content"] and "https://yinji.example.edu/queues" in told["markdown"]["content"]
    )


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        ((200, '{"errcode": 93000}', 0), False),
        ((200, '{"errcode": 45009}', 0), True),
        ((200, '{"errcode": -1}', 0), True),
        ((429, "", 0), True),
        ((404, "", 0), False),
    ],
)
def test_a_robot_that_says_no_has_certainly_not_taken_it(
    robot: Robot, answer: tuple[int, str, float], again: bool
) -> None:
    robot.answer = answer
    with pytest.raises(NotSent) as refused:
        Webhook(robot.url).send(LETTER)
    assert refused.value.again is again


@pytest.mark.parametrize("answer", [(500, "", 0), (200, "not json", 0), (200, '{"errcode": 0}', 1.0)])
def test_of_a_robot_that_fails_or_is_slow_nobody_knows(robot: Robot, answer: tuple[int, str, float]) -> None:
    robot.answer = answer
    with pytest.raises(Exception) as failed:
        Webhook(robot.url, seconds=0.2).send(LETTER)
    assert not isinstance(failed.value, NotSent)


def test_a_robot_that_is_not_there_is_asked_again(robot: Robot) -> None:
    robot.close()
    with pytest.raises(NotSent) as refused:
        Webhook(robot.url).send(LETTER)
    assert refused.value.again


def test_a_webhook_is_reached_by_https_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    for url in ("http://example.edu/x", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="https"):
            Webhook(url)


def test_an_office_with_a_robot_is_told_by_both_channels(
    opened: Post, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("secretsmanager").create_secret(Name="Robots", SecretString=json.dumps({"housing": robot.url}))
    monkeypatch.setenv("YINJI_WEBHOOK_SECRET", "Robots")
    assert opened.cloud.act(STUDENT, "dormitory", "book-inspection", slot=next_slot()).status == 200
    opened.cloud.act(STUDENT, "library-loans", "declare-lost", which="x", payment="desk")
    for _ in range(2):
        opened.cloud.invoke("messages/digest", {"today": "2026-06-15"})
        opened.send()
    assert len(robot.got) == 1
    # what stops an office's mail does not silence its robot
    opened.outbox.stop("office:housing", "digest")
    opened.cloud.invoke("messages/digest", {"today": "2026-06-16"})
    opened.send()
    assert len(robot.got) == 2
    housing = [mail for mail in opened.letters if mail["Destination"]["ToAddresses"] == ["housing@office.example.edu"]]
    assert len(housing) == 1


def test_ses_takes_a_letter(cloud: Cloud) -> None:
    client = boto3.client("sesv2")
    client.create_email_identity(EmailIdentity="yinji@example.edu")
    Ses("yinji@example.edu", "yinji-messages", client).send(LETTER)
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    [sent] = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert sent.subject == LETTER.subject and sent.destinations["ToAddresses"] == [LETTER.to]
