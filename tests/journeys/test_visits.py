"""A technician's day by a phone, from the way to what is written down: portal and functions behind one small server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws
from yinji.identity.session import Session, cookie_name
from yinji.platform import clock
from yinji.platform.strokes import drawn
from yinji.visits.days import Places, at_campus
from yinji.visits.rounds import following
from yinji.visits.store import Visits
from yinji.visits.visit import Record

from tests import portal
from tests.functions.conftest import Cloud
from tests.journeys.served import served, walk
from tests.sessions import cookie as cookie_of
from tests.visits import ask, day, keep

pytestmark = pytest.mark.slow
ME = Session("N001", "technician", "甲")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    with served(cloud, lambda method, path: "visits/record") as found:
        yield found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.timeout(300)
def test_a_technician_goes_from_door_to_door(
    cloud: Cloud, url: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJI_PUBLIC_URL", url)
    today, visits = at_campus(clock.now()), Visits()
    keep(day(today, (Places("N001", "morning", 4),)), day(today + timedelta(days=7)))
    at = clock.now() - timedelta(days=5)
    some = [ask(number, on=today, at=at, words="电视没有声音") for number in range(1, 5)]
    ids = [one.id for one in some]
    assert {one.technician for one in some} == {"N001"}
    # what is measured is the phone, not what this machine takes to import the portal
    assert portal.visit("/visits/round", ME).status == 200
    walk("visits.mjs", url, language, f"{cookie_name()}={cookie_of(ME)}", str(today), *ids)
    found = [visits.find(id) for id in ids]
    assert [one.state for one in found if one] == ["done", "done", "not-met", "done"]
    drawn_one, typed, _, plain = [one.record if one else None for one in found]
    assert drawn_one and drawn(drawn_one.signature) and drawn_one.parts == ("网线 2 m", "水晶头")
    assert (drawn_one.minutes, drawn_one.solved, drawn_one.face) == (35, False, "good")
    assert typed == Record(20, ("network",), True, "按了三次门铃", face="fair", signed="李四")
    assert plain == Record(15, ("network",), True, signed="王五")
    for id in (ids[0], ids[1]):
        assert [event.what for event in visits.history(id)].count("finish") == 1, "sent once, kept once"
    next_one = following(visits, ids[0])
    assert next_one and (next_one.state, next_one.day) == ("booked", today + timedelta(days=7))
