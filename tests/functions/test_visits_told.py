"""What whoever left an address is told of a visit: once, as things are by then, with the link and the invitation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from yinji.messages.channels import Ses
from yinji.messages.letter import Letter
from yinji.messages.model import visit_box
from yinji.messages.store import Outbox
from yinji.platform import links
from yinji.visits import acts
from yinji.visits.days import Places
from yinji.visits.store import Visits
from yinji.visits.visit import Visit

from tests.functions.conftest import Cloud
from tests.functions.test_visits_desk import EVE, Turn, at
from tests.visits import COMMUNITY, FIRST, NOW, SECOND, ask, keep

__all__ = ["at"]

COMPOSE, REMIND, SEND = "messages/compose_visits", "visits/remind", "messages/send"
RELATIVE = {
    "relative_name": "李", "relative_phone": "13800001111", "relative_mail": "li@example.com", "consent": "yes",
}  # fmt: skip


@pytest.fixture
def visits(cloud: Cloud, at: Turn) -> Visits:
    keep()
    return Visits()


def records(cloud: Cloud) -> list[dict[str, Any]]:
    """What happened to visits as the stream tells it."""
    items = cloud.dynamodb.scan(TableName="Visits")["Items"]
    return [
        {
            "eventID": f"{number}",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": {name: item[name] for name in ("pk", "sk")},
                "NewImage": item,
                "SequenceNumber": f"{number}",
            },
        }
        for number, item in enumerate(items)
        if item["sk"]["S"].startswith("EVENT#")
    ]


def compose(cloud: Cloud) -> None:
    assert cloud.invoke(COMPOSE, {"Records": records(cloud)}) == {"batchItemFailures": []}


def said(one: Visit, whose: str = "") -> list[str]:
    """The kinds of what was said, the oldest first."""
    return [message.kind for message in reversed(Outbox().box(visit_box(one.id, whose), "nobody").messages)]


def sent(cloud: Cloud) -> list[Letter]:
    """The letters that leave now."""
    left: list[Letter] = []
    with patch.object(Ses, "send", lambda self, letter: left.append(letter)):
        cloud.invoke(SEND, {})
    return left


def test_who_has_a_place_is_told_once_each_with_link_and_invitation(cloud: Cloud, visits: Visits) -> None:
    one = ask(1, mail="zhang@example.com", asker="relative", **RELATIVE)
    for _ in range(2):
        compose(cloud)
    assert (said(one), said(one, "relative")) == (["visit-booked"], ["visit-booked"])
    letters = {letter.to: letter for letter in sent(cloud)}
    assert set(letters) == {"zhang@example.com", "li@example.com"} and sent(cloud) == []
    told = letters["zhang@example.com"]
    page = links.link("visit", one.id, "of-the-tests")
    assert told.url.endswith(f"/visits/v/{page}") and f"/api/visits/v/{page}/visit.ics" in told.text
    assert (
        "2026 年 12 月 2 日上午 09:00–11:30" in told.text
        and "张1：" in told.text
        and "/api/messages/stop/" in told.text
    )
    assert "李：" in letters["li@example.com"].text and "张1" not in letters["li@example.com"].text
    assert "号楼" not in told.text, "the address stays out of the mail"


def test_one_address_for_both_is_written_to_once_and_who_left_none_not_at_all(cloud: Cloud, visits: Visits) -> None:
    both = ask(1, mail="Li@example.com", asker="relative", **RELATIVE)
    none = ask(2)
    compose(cloud)
    assert (said(both), said(both, "relative"), said(none)) == (["visit-booked"], [], [])


def test_in_the_language_of_the_visit(cloud: Cloud, visits: Visits) -> None:
    one = ask(1, mail="a@example.com")
    assert visits.change(replace(one, language="en", version=one.version + 1), acts.ask(  # the language they asked in
        _asked(one), FIRST, "en", "again", acts.ASKER, NOW + timedelta(seconds=1))[1])  # fmt: skip
    compose(cloud)
    [letter] = sent(cloud)
    assert letter.subject == "A technician comes on 2 December 2026" and "Morning, between 09:00–11:30" in letter.text


def _asked(one: Visit) -> Any:
    from yinji.visits.visit import asked

    from tests.visits import fields

    return asked(fields(1), "person")


def test_who_is_carried_over_is_told_once_with_the_reason(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    compose(cloud)
    sent(cloud)
    at(NOW + timedelta(hours=1))
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, closed="大雪"))
    assert visits.carry_over(NOW + timedelta(hours=1)) == (1, 0)
    for _ in range(2):
        compose(cloud)
    assert said(one) == ["visit-booked", "visit-moved"], "the place that was given with it is told by that"
    [letter] = sent(cloud)
    assert "那一天不上门：大雪" in letter.text and "12 月 9 日上午" in letter.text and "visit.ics" in letter.text


def test_who_waits_on_another_day_hears_of_the_place_later(cloud: Cloud, visits: Visits, at: Turn) -> None:
    stored, _ = visits.day((COMMUNITY, SECOND))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    first, mine = ask(1, on=SECOND), ask(2, mail="a@example.com")
    compose(cloud)
    sent(cloud)
    at(NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    assert visits.move(mine, *acts.move(mine, SECOND, "either", "m", "C001", later), wait=True)
    compose(cloud)
    [letter] = sent(cloud)
    assert "现在还没有空位" in letter.text and "visit.ics" not in letter.text
    at(NOW + timedelta(hours=2))
    assert visits.cancel(first, *acts.cancel(first, "c", acts.ASKER, NOW + timedelta(hours=2)))
    compose(cloud)
    assert said(mine) == ["visit-booked", "visit-moved", "visit-booked"]
    [letter] = sent(cloud)
    assert "12 月 9 日上午" in letter.text


def test_who_does_it_themselves_is_told_of_the_place_alone(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    at(NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=1)
    assert visits.move(one, *acts.move(one, SECOND, "afternoon", "m", acts.ASKER, later), wait=False)
    compose(cloud)
    # of the first place nothing is said any more: it was given up before anybody told of it
    assert said(one) == ["visit-booked"]
    [letter] = sent(cloud)
    assert "12 月 9 日下午" in letter.text
    now = visits.find(one.id)
    assert now and visits.cancel(now, *acts.cancel(now, "c", acts.ASKER, later + timedelta(minutes=1)))
    compose(cloud)
    assert sent(cloud) == []


def test_what_the_office_cancels_is_told(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    compose(cloud)
    at(NOW + timedelta(minutes=1))
    assert visits.cancel(one, *acts.cancel(one, "c", "C001", NOW + timedelta(minutes=1)))
    compose(cloud)
    assert said(one) == ["visit-booked", "visit-cancelled"]
    [letter] = sent(cloud)
    assert "取消了" in letter.subject and "010-6275 1101" in letter.text, "that it was booked is not sent any more"


def test_tomorrow_is_told_once_and_the_others_stay_to_be_called(cloud: Cloud, visits: Visits, at: Turn) -> None:
    by_mail, by_phone, stopped = ask(1, mail="a@example.com"), ask(2), ask(3, mail="b@example.com")
    Outbox().stop(visit_box(stopped.id), "visits")

    def reminded() -> list[str]:
        return [one.reminded for id in (by_mail.id, by_phone.id, stopped.id) if (one := visits.find(id))]

    at(EVE - timedelta(minutes=1))
    cloud.invoke(REMIND, {})
    assert reminded() == ["", "", ""], "the sheets are not made yet"
    for hour in range(4):
        at(EVE + timedelta(hours=hour, minutes=5))
        cloud.invoke(REMIND, {})
        compose(cloud)
    assert reminded() == ["mail", "", ""]
    assert said(by_mail)[-1] == "visit-tomorrow" and said(by_mail).count("visit-tomorrow") == 1
    [letter] = [one for one in sent(cloud) if one.subject.startswith("明天")]
    assert letter.to == "a@example.com"
    assert [event.what for event in visits.history(by_mail.id)].count("remind") == 1


def test_whoever_is_overtaken_is_reminded_the_next_hour(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    at(EVE + timedelta(minutes=5))
    with patch.object(Visits, "change", return_value=False):
        cloud.invoke(REMIND, {})
    cloud.invoke(REMIND, {})
    now = visits.find(one.id)
    assert now and now.reminded == "mail"


def test_nobody_is_reminded_of_a_day_that_is_closed(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, closed="大雪"))
    at(EVE + timedelta(minutes=5))
    cloud.invoke(REMIND, {})
    now = visits.find(one.id)
    assert now and now.reminded == ""


def test_one_that_fails_comes_again_and_the_others_go_on(cloud: Cloud, visits: Visits) -> None:
    bad, good = ask(1, mail="a@example.com"), ask(2, mail="b@example.com")
    real = Visits.history

    def fails(self: Visits, id: str) -> Any:
        if id == bad.id:
            raise RuntimeError("of the test")
        return real(self, id)

    with patch.object(Visits, "history", fails):
        told = cloud.invoke(COMPOSE, {"Records": records(cloud)})
    assert len(told["batchItemFailures"]) == 2, "its two events"
    assert (said(bad), said(good)) == ([], ["visit-booked"])


def test_what_is_no_use_any_more_is_not_told(cloud: Cloud, visits: Visits, at: Turn) -> None:
    one = ask(1, mail="a@example.com")
    compose(cloud)
    at(datetime(2026, 12, 2, 2, 0, tzinfo=UTC))
    assert sent(cloud) == [] and said(one) == ["visit-booked"]


def test_no_more_mail_by_one_click(cloud: Cloud, visits: Visits) -> None:
    one = ask(1, mail="a@example.com")
    compose(cloud)
    [letter] = sent(cloud)
    path = "/api" + letter.stop_url.partition("/api")[2]
    assert cloud.call("messages/stop", None, "POST", path, [("List-Unsubscribe", "One-Click")]).status == 200
    settings = Outbox().settings(visit_box(one.id))
    assert not settings.mails("visit-moved") and settings.mails("digest")
