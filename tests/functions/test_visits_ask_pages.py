"""The pages on which a visit is asked for and followed: in both languages, without script, for old eyes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from icalendar import Calendar
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.visits import acts, service
from yinji.visits.asking import draft_name, draft_of, follow_link
from yinji.visits.days import Places, Plan
from yinji.visits.keys import visits_key
from yinji.visits.store import Visits
from yinji.visits.visit import Record, Visit

from tests import portal
from tests.functions.conftest import Cloud
from tests.visits import AT_THE_DOOR, COMMUNITY, FIRST, NOW, SECOND, day, fields, keep, visit

FORM = re.compile(r'<form method="post" action="(/api/visits[^"]*)".*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WORKER = Session("C001", "community-worker", "x")


@pytest.fixture
def visits(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Visits:
    keep()
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Visits()


def hidden(body: str) -> dict[str, str]:
    """What the form of a page sends by itself."""
    [form] = FORM.finditer(body)
    return dict(HIDDEN.findall(form[0]))


def submit(cloud: Cloud, page: str, **more: str) -> SimpleNamespace:
    """Press the button of the form of a page, as a browser without script does."""
    [form] = FORM.finditer(page)
    folder = "visits/change" if form[1].startswith("/api/visits/v/") else "visits/ask"
    who = WORKER if "/desk/" in form[1] else None
    return cloud.call(folder, who, "POST", form[1], [*(hidden(page) | more).items()])


def follow(answer: SimpleNamespace, **told: Any) -> portal.Page:
    """Where a form is led, with the cookies it was given."""
    assert answer.status == 303, answer.json
    held = "; ".join(one.split(";")[0] for one in answer.cookies)
    return portal.visit(answer.headers["Location"].partition("#")[0], cookies=held, **told)


def booked(number: int = 1, **more: Any) -> tuple[Visit, str]:
    """Somebody's visit, and the path of its page."""
    one = Visits().ask(*visit(number, **more))
    return one, follow_link(one.id, visits_key())


def done(one: Visit, **more: Any) -> None:
    store = Visits()
    assert store.change(*acts.finish(one, Record(30, ["network"], True, **more), f"f-{one.id}", "N001", AT_THE_DOOR))


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_form_asks_plainly_and_every_question_has_its_label(visits: Visits, language: str) -> None:
    page = portal.visit("/visits", language=language)
    assert page.status == 200 and "Set-Cookie" not in page.headers
    for one in service.troubles().values():
        assert one[language] in page.body
    for one in service.communities().values():
        assert one.title[language] in page.body and one.office in page.body
    assert page.body.count('class="pic"') == len(service.troubles())
    shown = set(re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', page.body))
    assert shown == {"name", "phone", "address", "words", "mail", "relative_name", "relative_phone", "relative_mail"}
    assert {f'<label for="{one}">' in page.body for one in shown} == {True}
    # what is chosen stands within its label, and each group of choices has a question
    assert len(re.findall(r'<label class="tile"><input type="(?:radio|checkbox)"', page.body)) == 16
    assert page.body.count("<fieldset") == page.body.count("<legend>") == 5
    assert not re.search(r" on[a-z]+=| style=", page.body)


def test_a_visit_is_asked_for_without_script_in_two_steps(visits: Visits, cloud: Cloud) -> None:
    first = portal.visit("/visits", language="en").body
    assert 'name="day"' not in first and "Next: choose a day" in first
    typed = fields(1, name="<b>张</b>\"'", words="don't & won't", asker="person")
    second = follow(submit(cloud, first, **typed), language="en")
    assert second.status == 200 and "&lt;b&gt;张&lt;/b&gt;" in second.body and "<b>张" not in second.body
    assert f'value="{FIRST}" required checked' in second.body and "3 places free" not in second.body
    assert "Wednesday, 2 December 2026" in second.body and "6 places free" in second.body
    assert "张" not in submit(cloud, first, **typed).headers["Location"]
    carried = {name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in hidden(second.body).items()}
    assert carried["words"] == typed["words"] and carried["idempotency_key"] == hidden(first)["idempotency_key"]
    last = submit(cloud, second.body, **typed, day=str(FIRST), wish="afternoon")
    page = follow(last, language="en")
    assert "A technician will come" in page.body and "14:00" in page.body and "We have noted it" in page.body
    [one] = visits.of_day(FIRST)
    assert (one.person.name, one.words) == (typed["name"], typed["words"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_wrong_stands_below_its_question_and_nothing_typed_is_lost(
    visits: Visits, cloud: Cloud, language: str
) -> None:
    first = portal.visit("/visits", language=language).body
    page = follow(submit(cloud, first, **fields(1, phone="none", address="")), language=language)
    for name in ("phone", "address"):
        assert f'id="wrong-{name}"' in page.body and f'aria-describedby="wrong-{name}"' in page.body
    assert page.body.count('aria-invalid="true"') == 2 and 'role="alert"' in page.body
    assert 'value="张1"' in page.body and 'value="none"' in page.body
    assert 'name="trouble.network" value="yes" checked' in page.body
    # the community is known, so its days are there at once
    assert 'name="day"' in page.body
    # whoever opens the page next at that computer sees nothing of it
    held = f"{draft_name()}={draft_of(fields(1))}"
    assert "张1" not in portal.visit("/visits", cookies=held).body
    assert "张1" in portal.visit("/visits?edit=1", cookies=held).body


def test_a_browser_that_keeps_nothing_is_told_so(visits: Visits) -> None:
    page = portal.visit("/visits?step=day", language="en")
    assert page.status == 200 and "did not keep what you wrote" in page.body and 'name="name"' in page.body
    strange = f"{draft_name()}={draft_of({'community': 'elsewhere', 'name': 'x'})}"
    assert portal.visit("/visits?step=day", cookies=strange).status == 200
    assert portal.visit("/visits?step=day", cookies=f"{draft_name()}=%00").status == 200


@pytest.mark.parametrize("language", ["zh", "en"])
def test_days_are_offered_with_what_is_free_and_those_that_are_not_are_told_with_why(
    visits: Visits, language: str
) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    for number in range(3):
        visits.ask(*visit(number))
    keep(day(SECOND + timedelta(days=7), closed="<i>大雪</i>"))
    page = portal.visit(f"/visits?days={COMMUNITY}", language=language)
    assert page.status == 200 and "<main" not in page.body
    assert ("约满了：2 人在排队" if language == "zh" else "Full: 2 people wait") in page.body
    assert f'value="{SECOND}" required checked' in page.body and f'value="{FIRST}" required>' in page.body
    assert f'value="{SECOND + timedelta(days=7)}"' not in page.body and "&lt;i&gt;大雪&lt;/i&gt;" in page.body
    assert portal.visit("/visits?days=elsewhere").status == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_holiday_is_told_and_when_there_is_no_day_one_calls(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 9, 29, 2, 0, tzinfo=NOW.tzinfo))
    body = portal.visit(f"/visits?days={COMMUNITY}", language=language).body
    assert ("法定节假日" if language == "zh" else "public holiday") in body
    assert "<button" not in body and service.communities()[COMMUNITY].office in body


def test_the_office_asks_on_a_page_of_its_own(visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: service.closes(FIRST))
    assert portal.visit("/visits/desk/ask").location == "/sign-in?next=%2Fvisits%2Fdesk%2Fask"
    assert portal.visit("/visits/desk/ask", Session("N001", "technician", "x")).status == 403
    first = portal.visit("/visits/desk/ask", WORKER, language="en").body
    assert 'name="asker"' not in first and "relative" not in first
    second = follow(submit(cloud, first, **fields(1)), session=WORKER, language="en")
    # the sheets are made: people cannot choose the day any more, the office can
    assert f'name="day" value="{FIRST}"' in second.body
    assert f'name="day" value="{FIRST}"' not in portal.visit(f"/visits?days={COMMUNITY}").body
    assert follow(submit(cloud, second.body, day=str(FIRST), wish="either")).status == 200
    [one] = visits.of_day(FIRST)
    assert (one.asker, one.state) == ("community", "booked")


# --- following --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_arranged_stands_in_large_type(visits: Visits, language: str) -> None:
    assert visits.put_plan(Plan("N001", "王<工>", {}, 1))
    one, path = booked(words="<script>alert(1)</script>")
    page = portal.visit(path, language=language)
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    assert ("2026 年 12 月 2 日 星期三" if language == "zh" else "Wednesday, 2 December 2026") in page.body
    assert "09:00–11:30" in page.body and "王&lt;工&gt;" in page.body and "N001" not in page.body
    assert "<script>alert" not in page.body and "tel:010-62751101" in page.body
    assert one.person.phone not in page.body
    assert f"/api{path}/visit.ics" in page.body and "html { font-size: 137.5%" in style()


def style() -> str:
    return portal.module("chalicelib.static").files()["visits.css"]


def test_who_waits_sees_how_many_are_before_them(visits: Visits) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    _, _, (_, second), (_, third) = (booked(number, at=NOW + timedelta(minutes=number)) for number in range(4))
    assert "1 person is before you" in portal.visit(second, language="en").body
    body = portal.visit(third, language="en").body
    assert "2 people are before you" in body and "visit.ics" not in body


@pytest.mark.parametrize("token", [".", "x.y", "a" * 24 + ".x", "%00.%00", "a" * 300])
def test_no_link_is_no_link(visits: Visits, cloud: Cloud, token: str) -> None:
    assert portal.visit(f"/visits/v/{token}").status == 404
    told = {"idempotency_key": "k" * 12}
    assert cloud.call("visits/change", None, "POST", f"/api/visits/v/{token}/cancel", told).status == 404
    assert cloud.call("visits/calendar", None, "GET", f"/api/visits/v/{token}/visit.ics").status == 404


def test_a_visit_is_cancelled_once_one_is_sure(visits: Visits, cloud: Cloud) -> None:
    one, path = booked()
    page = portal.visit(path, language="en")
    assert FORM.findall(page.body) == [] and f"{path}?cancel=1" in page.body
    sure = portal.visit(f"{path}?cancel=1", language="en")
    assert "Do you want to cancel" in sure.body
    found = visits.find(one.id)
    assert found and found.state == "booked"
    page = follow(submit(cloud, sure.body), language="en")
    assert "The visit was cancelled" in page.body and "visit.ics" in page.body and f"{path}?again=1" in page.body
    # sent again it is done once, and the page asks nobody to cancel it twice
    assert submit(cloud, sure.body).headers["Location"].startswith(f"{path}?done=visits-ask.cancel")
    assert FORM.findall(portal.visit(f"{path}?cancel=1").body) == []


def test_moving_keeps_what_one_has_until_one_says_that_one_waits(visits: Visits, cloud: Cloud) -> None:
    stored, _ = visits.day((COMMUNITY, SECOND))
    assert stored and visits.put_day(replace(stored, places=(Places("N001", "morning", 1),)))
    booked(2, on=SECOND)
    one, path = booked()
    page = portal.visit(f"{path}?move=1", language="en")
    assert "Full: 0 people wait" in page.body and f'value="{FIRST}" required checked' in page.body
    page = follow(submit(cloud, page.body, day=str(SECOND), wish="either", wait=""), language="en")
    assert "What you had is still yours" in page.body and "Choose another day" in page.body
    assert visits.find(one.id) == one
    page = follow(submit(cloud, page.body, day=str(SECOND), wish="either", wait="yes"), language="en")
    assert "You are waiting for a place" in page.body and "Nobody is before you" in page.body
    found = visits.find(one.id)
    assert found and (found.state, found.day) == ("waiting", SECOND)


def test_once_the_sheets_are_made_one_calls(visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = booked()
    sure = portal.visit(f"{path}?cancel=1").body
    monkeypatch.setattr(clock, "now", lambda: service.closes(FIRST))
    for more in ("", "?cancel=1", "?move=1"):
        page = portal.visit(path + more, language="en")
        assert "please call 010-6275 1101" in page.body and FORM.findall(page.body) == []
    page = follow(submit(cloud, sure), language="en")
    assert "Please call the community" in page.body and "A technician will come" in page.body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_afterwards_one_says_how_it_was_and_asks_again(visits: Visits, cloud: Cloud, language: str) -> None:
    one, path = booked()
    assert "faces" not in portal.visit(path).body
    done(one)
    page = portal.visit(path, language=language)
    assert page.body.count('name="face"') == 3
    page = follow(submit(cloud, page.body, face="fair"), language=language)
    assert 'name="face"' not in page.body and ("一般" if language == "zh" else "Fair") in page.body
    # asking again is filled in, and the address tells nothing but the link
    again = portal.visit(f"{path}?again=1", language=language)
    assert 'value="张1"' in again.body and 'name="trouble.network" value="yes" checked' in again.body
    assert hidden(again.body)["again"] == path.removeprefix("/visits/v/")
    told = fields(1, day=str(SECOND), wish="either", asker="person")
    assert follow(submit(cloud, again.body, **told)).status == 200
    [second] = visits.of_day(SECOND)
    assert second.follows == one.id


def test_where_the_technician_asked_nobody_is_asked_again(visits: Visits) -> None:
    one, path = booked()
    done(one, face="good")
    body = portal.visit(path, language="en").body
    assert 'name="face"' not in body and "You said how it was: Good" in body


def test_a_visit_that_is_still_to_come_is_not_asked_for_again(visits: Visits) -> None:
    one, path = booked()
    assert "张1" in portal.visit(f"{path}?again=1").body and 'name="phone"' not in portal.visit(f"{path}?again=1").body
    assert one.person.phone not in portal.visit(f"{path}?again=1").body


def test_whoever_opens_a_link_by_a_machine_is_told_to_wait(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinji.platform.limits import Limit

    module = portal.module("chalicelib.visits_ask")
    monkeypatch.setattr(module, "VISIT_LINK", Limit("visit-link", 2, 60))
    monkeypatch.setattr(module, "VISIT_DAYS", Limit("visit-days", 2, 60))
    monkeypatch.setenv("YINJI_LIMIT_FACTOR", "1")
    _, path = booked()
    assert [portal.visit(path).status for _ in range(3)] == [200, 200, 429]
    assert [portal.visit(f"/visits?days={COMMUNITY}").status for _ in range(3)] == [200, 200, 429]


def test_every_page_leads_there(cloud: Cloud) -> None:
    assert 'href="/visits"' in portal.visit("/sign-in").body


# --- the calendar -----------------------------------------------------------------------------------------------------


def calendar(cloud: Cloud, path: str, language: str = "zh") -> Any:
    headers = {"accept-language": language}
    place = f"/api{path}/visit.ics"
    answer = cloud.call("visits/calendar", None, "GET", place, headers=headers)
    if answer.status != 200:
        return answer
    assert answer.headers["Content-Type"].startswith("text/calendar")
    [event] = Calendar.from_ical(answer.body).walk("VEVENT")
    return event


def test_relatives_add_it_to_their_calendar_and_it_moves_there(visits: Visits, cloud: Cloud) -> None:
    one, path = booked()
    first = calendar(cloud, path)
    assert first["SUMMARY"] == "上门服务：张1" and first["LOCATION"] == "梅园社区 1 号楼 1 门 101"
    assert first["DTSTART"].dt.isoformat() == "2026-12-02T09:00:00+08:00" and first["STATUS"] == "CONFIRMED"
    assert one.id not in str(first["UID"]) and path.split(".")[-1] not in str(first)
    assert visits.move(one, *acts.move(one, SECOND, "afternoon", "m", acts.ASKER, NOW + timedelta(hours=1)), wait=False)
    second = calendar(cloud, path, "en")
    assert second["UID"] == first["UID"] and second["SEQUENCE"] > first["SEQUENCE"]
    assert second["DTSTART"].dt.isoformat() == "2026-12-09T14:00:00+08:00"
    assert second["SUMMARY"] == "Home visit: 张1"
    found = visits.find(one.id)
    assert found and visits.cancel(found, *acts.cancel(found, "c", acts.ASKER, NOW + timedelta(hours=2)))
    third = calendar(cloud, path)
    assert third["UID"] == first["UID"] and third["SEQUENCE"] > second["SEQUENCE"]
    assert third["STATUS"] == "CANCELLED" and third["DTSTART"].dt == second["DTSTART"].dt


def test_who_waits_has_no_time_to_add(visits: Visits, cloud: Cloud) -> None:
    stored, _ = visits.day((COMMUNITY, FIRST))
    assert stored and visits.put_day(replace(stored, places=()))
    one, path = booked()
    answer = calendar(cloud, path)
    assert (answer.status, answer.json["code"]) == (409, "visit-waits")
    assert visits.cancel(one, *acts.cancel(one, "c", acts.ASKER, NOW))
    assert calendar(cloud, path).json["code"] == "visit-waits"


# --- programs ---------------------------------------------------------------------------------------------------------


def tell(cloud: Cloud, path: str, deed: str, **told: str) -> SimpleNamespace:
    place = f"/api{path}/{deed}"
    return cloud.call("visits/change", None, "POST", place, {"idempotency_key": f"{deed}-by-thumb"} | told)


def test_what_is_said_twice_is_done_once(visits: Visits, cloud: Cloud) -> None:
    one, path = booked()
    for _ in range(2):
        told = tell(cloud, path, "move", day=str(SECOND))
        assert told.json == {"state": "booked", "day": str(SECOND), "window": "morning", "before": None}
    # whoever is there already keeps just that, whatever they press
    before = visits.find(one.id)
    assert tell(cloud, path, "move", day=str(SECOND), idempotency_key="other-key").status == 200
    assert visits.find(one.id) == before
    for _ in range(2):
        assert tell(cloud, path, "cancel").json["state"] == "cancelled"
    assert tell(cloud, path, "cancel", idempotency_key="other-key").json["code"] == "visit-over"
    assert sorted(event.what for event in visits.history(one.id)) == ["ask", "book", "book", "cancel", "move"]


def test_a_face_is_given_once_and_a_record_that_is_written_anew_keeps_it(visits: Visits, cloud: Cloud) -> None:
    one, path = booked()
    assert tell(cloud, path, "rate", face="good").json["code"] == "visit-not-done"
    done(one)
    assert tell(cloud, path, "rate", face="angry").json["errors"] == [{"field": "face", "code": "invalid"}]
    assert tell(cloud, path, "rate").json["errors"] == [{"field": "face", "code": "required"}]
    for _ in range(2):
        assert tell(cloud, path, "rate", face="poor").json["state"] == "done"
    assert tell(cloud, path, "rate", face="good", idempotency_key="other-key").json["code"] == "rated-already"
    found = visits.find(one.id)
    assert found and found.record
    assert visits.change(*acts.finish(found, replace(found.record, note="x", face=None), "f2", "N001", AT_THE_DOOR))
    found = visits.find(one.id)
    assert found and found.record and (found.record.face, found.record.note) == ("poor", "x")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"day": ""}, "invalid-form"),
        ({"day": "2026-12-02", "wish": "noon"}, "invalid-form"),
        ({"day": "2026-12-03"}, "day-not-open"),
        ({"day": "2026-11-18"}, "day-not-open"),
    ],
)
def test_nobody_moves_to_what_is_no_day(visits: Visits, cloud: Cloud, told: dict[str, str], code: str) -> None:
    one, path = booked()
    assert tell(cloud, path, "move", **told).json["code"] == code
    assert tell(cloud, path, "dance").status == 404
    assert visits.find(one.id) == one


def test_who_is_overtaken_over_and_over_is_told_so(
    visits: Visits, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = booked()
    monkeypatch.setattr(Visits, "cancel", lambda *_: False)
    assert tell(cloud, path, "cancel").json["code"] == "too-busy"


def test_the_address_of_a_page_tells_nobodys_name(visits: Visits) -> None:
    _, path = booked()
    assert urlencode({"x": "张1"})[2:] not in path and re.fullmatch(r"/visits/v/[0-9a-f]{24}\.[\w-]{24}", path)
