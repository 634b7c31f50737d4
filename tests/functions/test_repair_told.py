"""What whoever reported a fault is told of it by mail: from the table's stream to what leaves, each thing once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yinji.identity.session import signing_keys
from yinji.messages import stop
from yinji.messages.model import KEPT_OF_FAULTS, report_box
from yinji.messages.store import Outbox
from yinji.repair import news
from yinji.repair.board_store import Boards
from yinji.repair.incident import Incident, done
from yinji.repair.incidents_store import Incidents
from yinji.repair.report import Report, followed
from yinji.repair.reports_store import Reports
from yinji.repair.sorting import Sorting

from tests import handlers
from tests.functions.conftest import Cloud
from tests.functions.test_messages import DAY, NIGHT, Post, post, record
from tests.repairs import KEY, campus, join, keep
from tests.repairs_at_work import incident, open_incident, report

__all__ = ["post"]

COMPOSE = "messages/compose_repair"
ADDRESS = "lin@example.edu"
ONE, OTHER = "a" * 24, "b" * 24


class Reporters:
    """The stream of repair up to now, the queue of news, and the mail that left."""

    def __init__(self, post: Post) -> None:
        self.post, self.cloud, self.outbox = post, post.cloud, Outbox()
        self._seen: dict[tuple[str, str], Any] = {}
        self.handed = 0

    def changes(self) -> list[dict[str, Any]]:
        """Records of what changed since it was asked last, as the stream tells clocks of it."""
        items = self.cloud.dynamodb.scan(TableName="Repair")["Items"]
        now = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
        before, self._seen = self._seen, now
        of = [key for key in sorted(now) if key[1] in ("INCIDENT", "REPORT") and now[key] != before.get(key)]
        return [record(now[key], before.get(key), number + 1) for number, key in enumerate(of)]

    def happen(self, *records: dict[str, Any]) -> list[str]:
        """Let what changed, or `records`, follow and leave: the subjects of the mail that left by that."""
        before = len(self.post.letters)
        if not (told := records or tuple(self.changes())):
            return []
        assert self.cloud.invoke("repair/clocks", {"Records": list(told)}) == {"batchItemFailures": []}
        if passed := self.cloud.taken_out("NEWS"):
            assert self.cloud.send(COMPOSE, *passed) == {"batchItemFailures": []}
        self.handed += len(passed)
        if self.post.deliveries():
            self.post.send()
        return self.post.subjects[before:]

    def to(self) -> list[str]:
        return [letter["Destination"]["ToAddresses"][0] for letter in self.post.letters]

    def file(self, id: str = "r1", contact: str = ADDRESS, of: str = ONE, **more: Any) -> Report:
        """Somebody reports; triage joins it to `of`, if it is named."""
        one = report(id, contact=contact, filed_at=self.post.now, noticed_at=self.post.now, **more)
        assert Reports().file(one)
        if of:
            join(one.id, of)
        return one

    def act(self, act: Any, id: str = ONE, **more: Any) -> Incident:
        """Something happens to the incident `id`."""
        self.post.now += timedelta(minutes=1)
        found = Incidents().find(id)
        assert found
        after, event = done(found, act, "N001", self.post.now, f"{act}-{found.version}")
        after = replace(after, **more)
        assert Incidents().change(after, event)
        return after


@pytest.fixture
def told(post: Post, monkeypatch: pytest.MonkeyPatch) -> Reporters:
    monkeypatch.setattr(news, "LATER", 0)
    keep(campus())
    open_incident(incident(ONE))
    found = Reporters(post)
    found.happen()
    return found


def test_whoever_left_an_address_is_told_of_what_matters_in_their_language(told: Reporters) -> None:
    told.file(language="en")
    assert told.happen() == ["Your report has arrived: Library Floor 1 Room 101"]
    assert [told.act(act) and told.happen() for act in ("take", "travel", "need-access", "go-on", "fix", "reopen")] == [
        ["Somebody sees to it: Library Floor 1 Room 101"],
        ["A technician is on the way: Library Floor 1 Room 101"],
        ["When can somebody open the door? Library Floor 1 Room 101"],
        [],
        ["Does the network work again? Library Floor 1 Room 101"],
        ["It is seen to again: Library Floor 1 Room 101"],
    ]
    assert set(told.to()) == {ADDRESS}
    text = told.post.letters[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    link = re.search(r"https://yinji\.example\.edu/r/follow/(\S+)", text)
    assert link and followed(link.group(1), KEY) == "r1"
    assert told.post.letters[0]["FromEmailAddress"].endswith("<yinji@example.edu>")
    told.file("r2", language="zh")
    assert told.happen() == ["报修已收到：图书馆 1 层 101 室"]


def test_it_is_told_once_however_often_and_late_the_stream_and_the_queue_tell_of_it(told: Reporters) -> None:
    told.file()
    records = told.changes()
    assert len(told.happen(*records)) == 1
    told.act("take")
    records += told.changes()
    assert len(told.happen(*records)) == 1
    for _ in range(2):
        assert told.happen(*reversed(records)) == []
    assert told.handed == 7


def test_being_asked_for_access_again_is_news_and_being_taken_again_is_none(told: Reporters) -> None:
    told.file()
    told.happen()
    for act in ("take", "need-access", "go-on"):
        told.act(act)
        told.happen()
    told.act("need-access")
    assert told.happen() == ["什么时候有人开门？图书馆 1 层 101 室"]
    told.act("hand-over")
    assert told.happen() == []
    told.act("take")
    assert told.happen() == []
    told.act("fix"), told.happen(), told.act("reopen"), told.happen()
    told.act("take")
    assert told.happen() == ["已有人处理：图书馆 1 层 101 室"], "it was opened again"


def test_nobody_is_written_to_without_an_address(told: Reporters) -> None:
    told.file("r1", contact="")
    told.file("r2", contact="13800000000")
    told.file("r3", contact="call me at lin@example.edu")
    assert told.happen() == []
    told.act("take")
    assert told.happen() == [] and told.outbox.said(report_box("r2")) == []


def test_a_dead_building_tells_each_address_once(told: Reporters) -> None:
    for number in range(40):
        told.file(f"r{number:03}", f"{number // 2}@example.edu")
    assert len(told.happen()) == 40, "each report has its own link"
    told.act("take")
    assert len(told.happen()) == 20
    assert sorted(told.to()[40:]) == sorted(f"{number}@example.edu" for number in range(20))
    told.act("fix")
    assert len(told.happen()) == 20


def test_who_comes_later_is_told_of_how_it_stands(told: Reporters) -> None:
    told.act("take")
    told.happen()
    told.file()
    assert told.happen() == ["已有人处理：图书馆 1 层 101 室"], "one mail, which says more than that it was received"


def test_a_merged_fault_tells_whoever_does_not_know_yet(told: Reporters) -> None:
    filed = [
        told.file(f"r{number}", f"{number}@example.edu", "", place=f"LIB-2-0{number}", line=(f"LIB-AP2{number}",))
        for number in (1, 3)
    ]
    Boards().triage("LIB", [one.id for one in filed], told.post.now)
    first, second = (one.incident for one in Reports().find_many([one.id for one in filed]).values())
    assert first != second and len(told.happen()) == 2
    told.act("take", first)
    assert told.happen() == ["已有人处理：图书馆 2 层 201 室"]
    for _ in range(2):
        Sorting(Boards()).merge(second, first, 1, "T0901", "a-key", told.post.now)
    assert told.happen() == ["已有人处理：图书馆 2 层 203 室"], "the other knows it already"
    told.act("fix", first)
    assert len(told.happen()) == 2


def test_who_was_told_that_it_was_taken_is_not_told_again_by_what_it_is_merged_into(told: Reporters) -> None:
    open_incident(incident(OTHER, "LIB-1-03", rule="place"))
    told.file("r2", "b@example.edu", OTHER, place="LIB-1-03")
    told.act("take", OTHER)
    told.happen()
    told.act("take", ONE)
    join("r2", ONE)
    assert told.happen() == []


def test_nothing_is_sent_that_is_not_so_any_more(told: Reporters) -> None:
    told.file()
    told.happen()
    told.post.now = NIGHT
    told.act("take")
    assert told.happen() == [], "at night"
    told.act("fix")
    assert told.happen() == []
    told.act("confirm")
    told.post.now = NIGHT + timedelta(hours=12)
    told.post.sweep()
    assert len(told.post.letters) == 1 and told.post.states() == ["moot", "sent", "moot"]


def test_that_it_was_received_is_said_at_once_at_night_too(told: Reporters) -> None:
    told.post.now = NIGHT
    told.file()
    assert len(told.happen()) == 1


def test_one_click_stops_the_mail_of_that_report_alone(told: Reporters) -> None:
    told.file("r1", "a@example.edu")
    told.file("r2", "a@example.edu")
    told.happen()
    for letter in told.post.letters:
        headers = {one["Name"]: one["Value"] for one in letter["Content"]["Simple"]["Headers"]}
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        token = headers["List-Unsubscribe"].rpartition("/")[2].rstrip(">")
        box, topic = stop.read(token, signing_keys()) or ("", "")
        assert topic == "faults"
        if box == report_box("r2"):
            path = f"/api/messages/stop/{token}"
            answer = told.cloud.call("messages/stop", None, "POST", path, {"List-Unsubscribe": "One-Click"}, form=True)
            assert answer.status in (200, 303)
    told.act("take")
    assert len(told.happen()) == 1, "by the other report"
    item = told.cloud.dynamodb.get_item(
        TableName="Messages", Key={"pk": {"S": f"BOX#{report_box('r2')}"}, "sk": {"S": "SETTINGS"}}
    )["Item"]
    assert int(item["expires"]["N"]) == int((DAY + KEPT_OF_FAULTS).timestamp())
    told.outbox.stop(report_box("r1"), "faults")
    told.act("fix")
    assert told.happen() == []


def test_an_address_that_somebody_gives_over_and_over_gets_few_mails(
    told: Reporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    for number in range(15):
        told.file(f"r{number:02}", "Victim@Example.edu" if number % 2 else "victim@example.edu")
    assert len(told.happen()) == 10
    told.act("take")
    assert len(told.happen()) == 1


def test_what_cannot_be_told_comes_again_and_holds_up_nothing_else(
    told: Reporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.file()
    told.cloud.invoke("repair/clocks", {"Records": told.changes()})
    [good] = told.cloud.taken_out("NEWS")
    module = handlers.warm(COMPOSE)
    find = module.reports.find
    monkeypatch.setattr(module.reports, "find", lambda id: find(id) if id == "r1" else 1 / 0)
    answer = told.cloud.send(COMPOSE, {"report": "gone"}, good)
    assert len(answer["batchItemFailures"]) == 1
    monkeypatch.undo()
    assert [one.kind for one in told.outbox.said(report_box("r1"))] == ["fault-received"]


def test_what_is_not_there_any_more_is_told_to_nobody(cloud: Cloud) -> None:
    assert cloud.send(COMPOSE, {"report": "none"}, {"incident": "none"}) == {"batchItemFailures": []}
