"""Approved answers go to where their form is connected, signed, each under one id; and people are told of decisions."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError
from yinji.forms import delivering
from yinji.forms.delivering import BACKOFF, Queue, delivery_of, message_id
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.forms.store import Forms
from yinji.forms.submission import Submission, decide
from yinji.identity.session import ROLES, Session
from yinji.messages.filled import Applicants, of_submission
from yinji.messages.model import Settings
from yinji.messages.store import Outbox
from yinji.platform import clock, posting
from yinji.platform.clock import stamp

from tests import portal
from tests.functions.conftest import Cloud
from tests.submissions import AFFAIRS, AID, CARD, FINANCE, IDENTITY, NOW, SCHOOL, STUDENT, aid, keep

API = "/api/forms/desk/hardship-aid/connect"
ADMINISTRATOR = Session("A001", "administrator", "x")


class Receiver:
    """Something that is connected: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.headers, self.seconds = 200, dict[str, str](), 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((told, self.rfile.read(int(self.headers["Content-Length"]))))
                sleep(receiver.seconds)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *about: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/answers?of=forms"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def connect(cloud: Cloud, url: str, who: Session = AFFAIRS, key: str = "connect-it") -> Any:
    return cloud.call("forms/connect", who, "POST", API, {"url": url, "idempotency_key": key})


def approved(one: Submission, at: Any = NOW) -> Submission:
    for number, who in enumerate((SCHOOL, AFFAIRS)):
        after, event = decide(one, "approve", who, "", f"approve-{number}", at + timedelta(minutes=number))
        assert Forms().change(after, event)
        one = after
    return one


def record(one: Submission, number: int = -1) -> dict[str, Any]:
    """What the stream tells of what happened to `one`."""
    event = Forms().history(one.id)[number]
    keys = {"pk": {"S": f"SUBMISSION#{one.id}"}, "sk": {"S": f"EVENT#{stamp(event.at)}#{event.key}"}}
    image = keys | {
        "key": {"S": event.key},
        "what": {"S": event.what},
        "who": {"S": event.who},
        "at": {"S": stamp(event.at)},
        "told": {"M": {}},
    }
    return {
        "eventID": f"{one.id}-{number}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": "1"},
    }


def relay(cloud: Cloud, one: Submission, number: int = -1) -> None:
    assert cloud.invoke("forms/relay", {"Records": [record(one, number)]}) == {"batchItemFailures": []}


def deliver(cloud: Cloud, *told: dict[str, Any], tried: int = 1) -> list[str]:
    """Which of the messages were not taken."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"receipt-{number}",
            "eventSource": "aws:sqs",
            "body": json.dumps(one),
            "attributes": {"ApproximateReceiveCount": str(tried)},
        }
        for number, one in enumerate(told)
    ]
    answer = cloud.invoke("forms/deliver", {"Records": records})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def put_off(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many seconds messages were put off."""
    waits: list[int] = []
    client = SimpleNamespace(change_message_visibility=lambda **told: waits.append(told["VisibilityTimeout"]))
    original = Queue.put_off

    def off(self: Queue, receipt: str, tried: int) -> None:
        self.__dict__["_client"] = client
        original(self, receipt, tried)
        del self.__dict__["_client"]

    monkeypatch.setattr(Queue, "put_off", off)
    return waits


# --- delivering ------------------------------------------------------------------------------------------------------
def test_approved_answers_are_delivered_signed(cloud: Cloud, receiver: Receiver) -> None:
    secret = connect(cloud, receiver.url).json["secret"]
    one = approved(keep())
    relay(cloud, one)
    told = cloud.taken_out("DELIVERIES")
    assert told == [{"submission": one.id, "version": 3}]
    assert deliver(cloud, *told) == []
    [(headers, body)] = receiver.got
    seen = Verifier(secret).verify(body, headers)
    assert seen["type"] == "submission.approved" and seen["data"]["answers"]["amount"] == AID["amount"]
    assert headers["webhook-id"] == message_id(one)
    text = body.decode()
    assert CARD not in text and IDENTITY not in text and "sealed:" not in text and "bank_card" not in text
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace(b"3000", b"9000"), headers)


def test_the_id_is_the_same_however_often_it_is_tried_and_another_for_other_answers(
    cloud: Cloud, receiver: Receiver, put_off: list[int]
) -> None:
    secret = connect(cloud, receiver.url).json["secret"]
    one = approved(keep())
    wanted = {"submission": one.id, "version": one.version}
    receiver.status = 503
    assert [deliver(cloud, wanted, tried=number) for number in (1, 2, 9)] == [["0"], ["0"], ["0"]]
    assert put_off == [BACKOFF[0], BACKOFF[1], BACKOFF[-1]]
    receiver.status = 204
    assert deliver(cloud, wanted) == []
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    for headers, body in receiver.got:
        Verifier(secret).verify(body, headers)
    assert message_id(replace(one, version=4)) != message_id(one)


def test_of_a_batch_what_was_not_taken_comes_again(cloud: Cloud, receiver: Receiver, put_off: list[int]) -> None:
    connect(cloud, receiver.url)
    one = approved(keep())
    nonsense, gone = {"x": 1}, {"submission": "0" * 24, "version": 1}
    assert deliver(cloud, nonsense, {"submission": one.id, "version": one.version}, gone) == ["0"]
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(cloud: Cloud, receiver: Receiver, put_off: list[int], status: int) -> None:
    other = Receiver()
    receiver.status, receiver.headers = status, {"Location": other.url}
    connect(cloud, receiver.url)
    one = approved(keep())
    assert deliver(cloud, {"submission": one.id, "version": one.version}) == ["0"]
    assert len(receiver.got) == 1 and other.got == []
    other.close()


def test_what_is_not_there_is_tried_again(cloud: Cloud, receiver: Receiver, put_off: list[int]) -> None:
    connect(cloud, receiver.url)
    receiver.close()
    one = approved(keep())
    assert deliver(cloud, {"submission": one.id, "version": one.version}) == ["0"] and put_off == [BACKOFF[0]]


def test_nothing_is_waited_for_without_end(receiver: Receiver) -> None:
    receiver.seconds = 30
    with pytest.raises(OSError):
        posting.post(receiver.url, b"{}", {}, 0.2)


def test_an_answer_that_drips_is_cut_off() -> None:
    slow = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        got, _ = slow.accept()
        got.recv(1000)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
            try:
                got.send(bytes([byte]))
            except OSError:
                return
            sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    with pytest.raises((OSError, posting.http.client.HTTPException)):
        posting.post(f"http://127.0.0.1:{slow.getsockname()[1]}/", b"{}", {}, 0.4)
    slow.close()


def test_what_was_withdrawn_or_changed_since_or_is_connected_no_more_is_not_delivered(
    cloud: Cloud, receiver: Receiver
) -> None:
    connect(cloud, receiver.url)
    one = approved(keep())
    assert deliver(cloud, {"submission": one.id, "version": 2}) == []
    assert connect(cloud, "", key="disconnect").json["secret"] == ""
    assert deliver(cloud, {"submission": one.id, "version": one.version}) == []
    relay(cloud, one)
    assert receiver.got == [] and cloud.taken_out("DELIVERIES") == []


def test_only_the_last_word_of_a_chain_is_passed_on(cloud: Cloud, receiver: Receiver) -> None:
    connect(cloud, receiver.url)
    one = keep()
    after, event = decide(one, "approve", SCHOOL, "", "first", NOW)
    assert Forms().change(after, event)
    for number in range(2):
        relay(cloud, one, number)
    assert cloud.taken_out("DELIVERIES") == [] and cloud.said == []


def test_a_form_without_a_chain_is_delivered_as_it_is_sent(cloud: Cloud, receiver: Receiver) -> None:
    form = replace(aid(), approvals=())
    connect(cloud, receiver.url)
    one = keep(form)
    relay(cloud, one)
    assert cloud.taken_out("DELIVERIES") == [{"submission": one.id, "version": 1}] and cloud.said == []


# --- connecting ------------------------------------------------------------------------------------------------------
def test_a_secret_is_told_once_and_the_same_asked_again_makes_no_other(cloud: Cloud, receiver: Receiver) -> None:
    first, again = connect(cloud, receiver.url), connect(cloud, receiver.url)
    assert first.json == again.json and first.json["secret"].startswith("whsec_")
    other = connect(cloud, receiver.url, key="another-key")
    assert other.json["secret"] != first.json["secret"]
    assert [event.told["url"] for event in Forms().form_history("hardship-aid")] == [receiver.url] * 2
    assert "whsec" not in str(Forms().form_history("hardship-aid"))


def test_a_page_is_told_the_secret_where_its_button_was(cloud: Cloud, receiver: Receiver) -> None:
    fields = [("url", receiver.url), ("idempotency_key", "of-the-page"), ("next", "/forms/desk/hardship-aid/outputs")]
    told = cloud.call("forms/connect", AFFAIRS, "POST", API, fields, headers={"hx-request": "true"})
    assert (told.status, told.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert told.body.startswith("whsec_")
    fields = [("url", ""), ("idempotency_key", "not-any-more"), ("next", "/forms/desk/hardship-aid/outputs")]
    assert cloud.call("forms/connect", AFFAIRS, "POST", API, fields).status == 303


@pytest.mark.parametrize("role", ROLES)
def test_who_may_connect_a_form(cloud: Cloud, receiver: Receiver, role: str) -> None:
    who = Session("X001", role, "x", department="student-affairs" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    assert connect(cloud, receiver.url, who).status == (200 if may else 403)
    assert connect(cloud, receiver.url, FINANCE).status == 403


def test_a_form_that_there_is_not_cannot_be_connected(cloud: Cloud, receiver: Receiver) -> None:
    body = {"url": receiver.url, "idempotency_key": "connect-it"}
    for who, status in ((ADMINISTRATOR, 404), (STUDENT, 403)):
        assert cloud.call("forms/connect", who, "POST", "/api/forms/desk/nothing/connect", body).status == status


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https://u:p@example.org/", "javascript:1", "x",
        "https://example.org/ x", "https://example.org:99999/", "https://例子.org/", f"https://example.org/{'x' * 500}",
    ],
)  # fmt: skip
def test_what_is_no_address_of_https_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: [(2, 1, 6, "", ("93.184.216.34", 443))])
    answer = connect(cloud, url)
    assert (answer.status, answer.json["errors"]) == (422, [{"field": "url", "code": "invalid"}])
    assert connect(cloud, "https://hooks.example.org/answers").status == 200


PRIVATE = [
    "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",  # noqa: S104
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.7", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_leads_into_a_network_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    found = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: found)
    assert connect(cloud, "https://hooks.example.org/").status == 422


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_what_everybody_reaches_is_fine(address: str) -> None:
    assert posting.public(address)


def test_a_name_that_leads_inside_by_the_time_of_delivery_leads_nobody_astray(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, put_off: list[int], receiver: Receiver
) -> None:
    monkeypatch.setenv("YINJI_DEPLOYMENT", "aws")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: [(2, 1, 6, "", ("93.184.216.34", 443))])
    connect(cloud, "https://hooks.example.org/")
    one = approved(keep())
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **how: [(2, 1, 6, "", ("127.0.0.1", 443))])
    assert deliver(cloud, {"submission": one.id, "version": one.version}) == ["0"]
    assert receiver.got == [] and put_off


def test_the_address_that_was_looked_at_is_connected_to(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    asked: list[str] = []

    def once(host: str, *rest: Any, **how: Any) -> Any:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", int(port)))]

    original = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **how: once(host) if host == "x.example" else original(host, *rest, **how),
    )
    assert posting.post(f"http://x.example:{port}/", b"{}", {})[0] == 200
    assert asked == ["x.example"] and receiver.got[0][0]["host"] == f"x.example:{port}"


# --- being told ------------------------------------------------------------------------------------------------------
def compose(cloud: Cloud) -> None:
    for kind, detail in cloud.said:
        assert kind == "submission-decided"
        cloud.invoke("messages/compose_submissions", {"detail-type": kind, "detail": detail})


@pytest.mark.parametrize(("verdict", "kind"), [("return", "form-returned"), ("refuse", "form-refused")])
def test_who_sent_it_is_told_what_was_decided_once(cloud: Cloud, verdict: Any, kind: str) -> None:
    one = keep()
    after, event = decide(one, verdict, SCHOOL, "缺少证明材料", "key", NOW)
    assert Forms().change(after, event)
    for _ in range(2):
        relay(cloud, one)
    compose(cloud)
    compose(cloud)
    [message] = Outbox().box(one.person, one.person).messages
    assert (message.kind, message.params["reason"]) == (kind, "缺少证明材料")
    assert len(list(Outbox().due("email", clock.now() + timedelta(days=1)))) == 1


def test_the_last_office_agrees_and_they_are_told(cloud: Cloud) -> None:
    one = approved(keep())
    relay(cloud, one, 1)
    relay(cloud, one, 2)
    compose(cloud)
    assert [message.kind for message in Outbox().box(one.person, one.person).messages] == ["form-approved"]


def test_what_was_overtaken_is_not_told(cloud: Cloud) -> None:
    from yinji.forms.submission import withdraw

    one = keep()
    after, event = decide(one, "return", SCHOOL, "缺少证明材料", "key", NOW)
    assert Forms().change(after, event)
    relay(cloud, one)
    assert Forms().change(*withdraw(after, "withdraw", NOW + timedelta(hours=1)))
    compose(cloud)
    assert Outbox().box(one.person, one.person).messages == []


def test_who_is_not_leaving_is_written_to_where_they_said(cloud: Cloud) -> None:
    one = keep()
    after, _ = decide(one, "refuse", SCHOOL, "材料不实", "key", NOW)
    message = of_submission(after, aid().title)
    assert message
    nobody = Applicants(lambda id: after, lambda student: None, lambda person: {})
    told = nobody.subject(message, Settings())
    assert told and (told.reader.name, told.reader.address) == (one.called, "")
    Facts().learn(one.person, [Fact(one.person, "email", "lin@example.edu", SELF, "hardship-aid", NOW)])
    told = Applicants(lambda id: after, lambda student: None, Facts().of).subject(message, Settings("en"))
    assert told and (told.reader.address, told.reader.language) == ("lin@example.edu", "en")
    assert Applicants(lambda id: one, lambda student: None, Facts().of).subject(message, Settings()) is None


def test_what_is_delivered_tells_of_what_was_approved(cloud: Cloud) -> None:
    one = approved(keep())
    told = delivering.message(one, aid())
    assert told["timestamp"] == stamp(one.times["approved"]) and delivery_of(one).version == one.version
    assert [said["office"] for said in told["data"]["approvals"]] == ["school/S01", "student-affairs"]


# --- the page --------------------------------------------------------------------------------------------------------
PAGE = "/forms/desk/hardship-aid/outputs"


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_what_comes_out(cloud: Cloud, role: str) -> None:
    who = Session("X001", role, "x", department="student-affairs" if role == "department-officer" else "")  # type: ignore[arg-type]
    may = role in ("department-officer", "administrator")
    assert portal.visit(PAGE, who).status == (200 if may else 403)
    assert portal.visit(PAGE, FINANCE).status == 403
    assert portal.visit(PAGE).location.startswith("/sign-in")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_comes_out_on_a_page(cloud: Cloud, receiver: Receiver, language: str) -> None:
    body = portal.visit(PAGE, AFFAIRS, language).body
    for end in ("answers.xlsx", "answers.csv?year=2026", "preview.pdf", "answers.xlsx?whole=yes", "connect"):
        assert f'/api/forms/desk/hardship-aid/{end}"' in body
    assert "whole=yes" not in portal.visit(PAGE, ADMINISTRATOR, language).body
    secret = connect(cloud, receiver.url).json["secret"]
    after = portal.visit(PAGE, AFFAIRS, language).body
    assert receiver.url in after and secret not in after
