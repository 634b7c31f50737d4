"""Appointments through the API: no place is given away twice, and the office decides how many there are."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from icalendar import Calendar
from yinji.clearance import definition
from yinji.clearance.appointments import Standing
from yinji.clearance.case import Case, Change, Event
from yinji.clearance.step import Request
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.problem import Problem

from tests import handlers, portal
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_season import next_slot, settle_everything
from tests.functions.test_store import together
from tests.graduates import LIN, graduate
from tests.unit.test_case import MAIL, PROXY

pytestmark = pytest.mark.slow

HOUSING, ACADEMIC = officer("housing"), officer("academic-affairs")
SLOTS = "/api/clearance/steps/dormitory/slots"
PEOPLE = [graduate(number) for number in range(1, 61)]


def book(cloud: Cloud, student: str, slot: str, **more: Any) -> Any:
    me = Session(student, "student", "x")
    return cloud.act(me, "dormitory", "book-inspection", student, slot=slot, **more)


def limit(cloud: Cloud, capacity: int, slot: str = "", session: Session = HOUSING) -> Any:
    body = {"day": next_slot()[:10], "slot": slot, "do": "capacity", "capacity": capacity}
    return cloud.call("clearance/slots", session, "POST", SLOTS, body)


def kept(slot: str = "") -> Standing:
    name = slot or next_slot()
    day = date.fromisoformat(name[:10])
    return store().slots("dormitory", day, day).get(name, Standing())


def true(cloud: Cloud) -> dict[str, int]:
    """What is kept of slots, after it was compared with the cases and with the lists of who comes."""
    day = date.fromisoformat(next_slot()[:10])
    found = {slot: one.booked for slot, one in store().slots("dormitory", day, day).items() if one.booked}
    held = Counter(
        case.steps["dormitory"].facts.answers["slot"]
        for case in store().get_many([one.student for one in PEOPLE]).values()
        if case.steps["dormitory"].standing.state in ("submitted", "done")
    )
    assert found == held == Counter(one.slot for one in store().coming("dormitory", day))
    return found


def test_a_slot_is_full_when_its_places_are_taken_and_says_so(cloud: Cloud) -> None:
    cloud.open(*PEOPLE[:3])
    slot = next_slot()
    assert limit(cloud, 2, slot).status == 200
    assert [book(cloud, one.student, slot).status for one in PEOPLE[:2]] == [200, 200]
    refused = book(cloud, PEOPLE[2].student, slot)
    assert (refused.status, refused.json["code"]) == (409, "slot-full")
    assert cloud.case(PEOPLE[2].student).state("dormitory") == "ready"
    assert book(cloud, PEOPLE[2].student, next_slot("14:00")).status == 200
    moved = book(cloud, PEOPLE[0].student, next_slot("15:30"), key="the-same-key")
    assert moved.status == 200
    assert book(cloud, PEOPLE[0].student, next_slot("15:30"), key="the-same-key", step_version=1).json["repeated"]
    assert true(cloud) == {slot: 1, next_slot("14:00"): 1, next_slot("15:30"): 1}
    assert book(cloud, PEOPLE[2].student, slot).status == 200, "the place that was given back"


def test_the_step_s_own_capacity_holds_where_the_office_said_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = definition.steps()["dormitory"]
    assert step.appointments
    monkeypatch.setitem(
        definition.steps(), "dormitory", replace(step, appointments=replace(step.appointments, capacity=2))
    )
    cloud.open(*PEOPLE[:3])
    assert [book(cloud, one.student, next_slot()).status for one in PEOPLE[:3]] == [200, 200, 409]
    assert true(cloud) == {next_slot(): 2}


def booked_at_once(work: list[tuple[str, str]]) -> list[str]:
    """Each (student, slot) in a thread of its own, all at the same moment: "booked", or the problem's code."""
    step, numbers = handlers.steps()["dormitory"], itertools.count()

    def one(student: str, slot: str) -> str:
        key = f"{student}#{slot}#{next(numbers)}"

        def decide(case: Case) -> Change | None:
            told = Event(key=key, what="book-inspection", who=student, role="student", at=clock.now())
            request = Request("book-inspection", {"slot": slot}, case.steps["dormitory"].version, told)
            return step.act(case, request, clock.today())

        store().change(student, key, decide)
        return "booked"

    results = together([lambda student=student, slot=slot: one(student, slot) for student, slot in work])
    return [result.code if isinstance(result, Problem) else result for result in results]


def test_fifty_at_once_get_no_more_places_than_there_are(cloud: Cloud) -> None:
    cloud.open(*PEOPLE)
    slot, later = next_slot(), next_slot("14:00")
    limit(cloud, 7, slot)
    answers = booked_at_once([(one.student, slot) for one in PEOPLE])
    assert Counter(answers) == {"booked": 7, "slot-full": len(PEOPLE) - 7}
    assert true(cloud) == {slot: 7}
    holders = [one.student for one, answer in zip(PEOPLE, answers, strict=True) if answer == "booked"]
    # three of them move on while everybody else tries again: at most as many places are taken as become free
    work = [(student, later) for student in holders[:3]]
    work += [(one.student, slot) for one in PEOPLE if one.student not in holders]
    Random(1).shuffle(work)
    again = Counter(booked_at_once(work))
    found = true(cloud)
    assert set(again) <= {"booked", "slot-full"} and 3 <= again["booked"] <= 6
    assert found == {slot: 7 - 3 + again["booked"] - 3, later: 3}
    rest = [one.student for one in PEOPLE if cloud.case(one.student).state("dormitory") == "ready"]
    booked_at_once([(student, slot) for student in rest])
    assert true(cloud) == {slot: 7, later: 3}


def test_who_wants_to_move_to_a_full_time_keeps_the_one_they_have(cloud: Cloud) -> None:
    cloud.open(*PEOPLE[:2])
    limit(cloud, 1)
    book(cloud, PEOPLE[0].student, next_slot())
    book(cloud, PEOPLE[1].student, next_slot("14:00"))
    assert book(cloud, PEOPLE[1].student, next_slot()).json["code"] == "slot-full"
    assert true(cloud) == {next_slot(): 1, next_slot("14:00"): 1}


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_booked_moved_and_undone_the_count_is_who_holds_a_place(cloud: Cloud, seed: int) -> None:
    people, random = PEOPLE[:4], Random(seed)
    cloud.open(*people)
    limit(cloud, 2)
    for _ in range(30):
        student = random.choice(people).student
        act = random.choice(["book", "book", "book", "send-back", "waive", "sign-off", "reopen"])
        if act == "book":
            answer = book(cloud, student, next_slot(random.choice(["08:30", "10:00"])))
        else:
            more = {} if act == "sign-off" else {"reason": "请补充"}
            answer = cloud.act(HOUSING, "dormitory", act, student, **more)
        assert answer.status in (200, 409)
        assert all(0 < count <= 2 for count in true(cloud).values())


def test_a_closed_time_takes_nobody_and_keeps_who_is_there(cloud: Cloud) -> None:
    cloud.open(*PEOPLE[:2])
    slot = next_slot()
    book(cloud, PEOPLE[0].student, slot)
    day = {"day": slot[:10], "slot": ""}
    assert cloud.call("clearance/slots", HOUSING, "POST", SLOTS, day | {"do": "close"}).status == 200
    assert book(cloud, PEOPLE[1].student, slot).json["code"] == "slot-full"
    assert book(cloud, PEOPLE[1].student, next_slot("14:00")).json["code"] == "slot-full", "the whole day is closed"
    assert true(cloud) == {slot: 1}
    assert limit(cloud, 0, slot).status == 200
    assert kept() == Standing(1, 0, False), "reducing below what is booked keeps the bookings"
    assert book(cloud, PEOPLE[1].student, slot).json["code"] == "slot-full"
    assert cloud.call("clearance/slots", HOUSING, "POST", SLOTS, day | {"do": "open"}).status == 200
    assert book(cloud, PEOPLE[1].student, slot).status == 200
    assert true(cloud) == {slot: 2}


WORKED = next_slot()[:10]


@pytest.mark.parametrize("body", [
    {}, {"do": "close"}, {"do": "burn", "day": WORKED}, {"do": "close", "day": "2026-06-20"},
    {"do": "close", "day": WORKED, "slot": "2026-06-17T08:30"}, {"do": "capacity", "day": WORKED},
    {"do": "capacity", "day": WORKED, "capacity": "-1"}, {"do": "capacity", "day": "x", "capacity": "10"},
    {"do": "capacity", "day": WORKED, "capacity": "10000"}, {"do": "close", "day": "0236-01-06"},
    {"do": "close", "day": "2026-06-16"},
])  # fmt: skip
def test_nonsense_about_times_is_refused(cloud: Cloud, body: dict[str, str]) -> None:
    assert cloud.call("clearance/slots", HOUSING, "POST", SLOTS, body).json["code"] == "invalid-form"


def test_only_the_step_s_office_sets_its_times(cloud: Cloud) -> None:
    for session in (STUDENT, COUNSELLOR, ACADEMIC, Session("a", "administrator", "x"), Session("b", "auditor", "x")):
        assert limit(cloud, 1, session=session).status == 403
    assert cloud.call("clearance/slots", None, "GET", SLOTS).status == 401
    unknown = "/api/clearance/steps/tuition/slots"
    assert cloud.call("clearance/slots", officer("finance"), "POST", unknown, {}).status == 404
    assert cloud.call("clearance/slots", STUDENT, "GET", unknown).status == 404


def test_programs_read_which_times_are_free(cloud: Cloud) -> None:
    cloud.open()
    limit(cloud, 1, next_slot())
    book(cloud, LIN.student, next_slot())
    found = cloud.call("clearance/slots", STUDENT, "GET", SLOTS).json["slots"]
    free = {one["slot"]: one["free"] for one in found}
    assert free[next_slot()] == 0 and free[next_slot("14:00")] == 400


def test_who_holds_an_appointment_gets_it_for_their_calendar(cloud: Cloud) -> None:
    cloud.open()
    path = f"/api/clearance/cases/{LIN.student}/steps/dormitory/appointment.ics"
    assert cloud.call("clearance/appointment_calendar", STUDENT, "GET", path).status == 404
    book(cloud, LIN.student, next_slot())
    answer = cloud.call("clearance/appointment_calendar", STUDENT, "GET", path)
    text = base64.b64decode(answer.body).decode() if answer.encoded else answer.body
    [event] = Calendar.from_ical(text).walk("VEVENT")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    assert f"{event.decoded('DTSTART'):%Y-%m-%dT%H:%M}" == next_slot()
    stranger = Session("2022S01999", "student", "x")
    assert cloud.call("clearance/appointment_calendar", stranger, "GET", path).status == 403
    assert cloud.call("clearance/appointment_calendar", officer("library"), "GET", path).status == 404


# --- the proxy's code ------------------------------------------------------------------------------------------
def authorised(cloud: Cloud) -> str:
    """A case whose diploma a proxy will fetch; the code."""
    cloud.open()
    settle_everything(cloud, until="diploma")
    assert cloud.act(STUDENT, "diploma", "authorise-proxy", **PROXY).status == 200
    own = cloud.call("clearance/cases", STUDENT, "GET", f"/api/clearance/cases/{LIN.student}").json
    return next(step for step in own["steps"] if step["id"] == "diploma")["secrets"]["code"]


def test_the_code_is_shown_to_the_graduate_and_to_nobody_else(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    code = authorised(cloud)
    spoken = f"{code[:4]} {code[4:]}"
    assert spoken in portal.visit("/me", STUDENT).body
    seen: list[str] = []
    for session in (COUNSELLOR, ACADEMIC, Session("a", "administrator", "x"), Session("b", "auditor", "x")):
        seen.append(portal.visit(f"/cases/{LIN.student}", session).body)
        seen.append(portal.visit(f"/cases/{LIN.student}/history", session).body)
        paths = (f"cases/{LIN.student}", "schools/S01", "steps/diploma/queue")
        seen += [cloud.call("clearance/cases", session, "GET", f"/api/clearance/{path}").body for path in paths]
    seen.append(portal.visit("/queues/diploma", ACADEMIC).body)
    assert "周一鸣" in seen[-1], "the office sees who comes"
    cloud.act(ACADEMIC, "diploma", "hand-to-proxy", code="00000001", identity_checked="yes")
    assert cloud.act(ACADEMIC, "diploma", "hand-to-proxy", code=code, identity_checked="yes").status == 200
    items = cloud.dynamodb.scan(TableName="Cases")["Items"]
    seen += [json.dumps(item, ensure_ascii=False) for item in items]
    seen.append(capsys.readouterr().out)
    assert not [text for text in seen if code in text or spoken in text]


def test_wrong_codes_are_counted_once_each_and_the_fifth_ends_it(cloud: Cloud) -> None:
    code = authorised(cloud)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    told = {"code": wrong, "identity_checked": "yes"}
    version = cloud.case().steps["diploma"].version
    for _ in range(3):
        again = cloud.act(ACADEMIC, "diploma", "hand-to-proxy", key="the-same-key", step_version=version, **told)
        assert (again.status, again.json["code"]) == (422, "code-wrong"), "a repeated request is one try"
    assert cloud.case().steps["diploma"].facts.answers["code_tries"] == "1"
    codes = [cloud.act(ACADEMIC, "diploma", "hand-to-proxy", **told).json["code"] for _ in range(4)]
    assert codes == ["code-wrong"] * 3 + ["code-locked"]
    assert cloud.case().state("diploma") == "blocked"
    assert cloud.act(ACADEMIC, "diploma", "hand-to-proxy", **(told | {"code": code})).status == 409
    unchecked = cloud.act(ACADEMIC, "diploma", "hand-to-proxy", code=code)
    assert unchecked.json["code"] == "invalid-form"


def test_handing_over_in_bulk_leaves_out_who_chose_another_way(cloud: Cloud) -> None:
    other = graduate(2)
    cloud.open(LIN, other)
    for student in (LIN.student, other.student):
        settle_everything(cloud, student, until="diploma")
    cloud.act(STUDENT, "diploma", "book-pick-up", slot=next_slot())
    cloud.act(Session(other.student, "student", "x"), "diploma", "ask-for-mail", other.student, **MAIL)
    page = portal.visit("/queues/diploma?do=hand-over", ACADEMIC).body
    assert f'name="case" value="{LIN.student}"' in page and other.name in page
    assert f'name="case" value="{other.student}"' not in page
    confirm = portal.visit("/queues/diploma/confirm?do=hand-over", ACADEMIC).body
    assert f'value="{LIN.student}:' in confirm and other.student not in confirm
    chosen = [
        {"student": one, "step_version": cloud.case(one).steps["diploma"].version}
        for one in (LIN.student, other.student)
    ]
    path = "/api/clearance/steps/diploma/hand-over"
    body = {"cases": chosen, "idempotency_key": "12345678"}
    answer = cloud.call("clearance/steps/diploma", ACADEMIC, "POST", path, body)
    assert [one.get("code") for one in answer.json["outcomes"]] == [None, "not-possible-now"]
    parcel = {"carrier": "EMS", "tracking_number": "EX123456789CN"}
    assert cloud.act(ACADEMIC, "diploma", "post", other.student, **parcel).status == 200
    assert "EX123456789CN" in portal.visit("/me", Session(other.student, "student", "x")).body


# --- pages -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("预约查房", "剩 1 个", "约满", "不开放")),
    ("en", ("Book the room inspection", "1 place left", "full", "closed")),
])  # fmt: skip
def test_the_form_shows_days_and_what_is_free(cloud: Cloud, language: str, words: tuple[str, ...]) -> None:
    cloud.open(LIN, *PEOPLE[1:3])
    limit(cloud, 1)
    book(cloud, PEOPLE[1].student, next_slot("10:00"))
    body = {"day": next_slot()[:10], "slot": next_slot("14:00"), "do": "close"}
    cloud.call("clearance/slots", HOUSING, "POST", SLOTS, body)
    page = portal.visit("/me", STUDENT, language).body
    assert all(word in page for word in words)
    assert f'<option value="{next_slot("10:00")}" disabled>' in page
    assert f'<option value="{next_slot("14:00")}" disabled>' in page
    assert f'<option value="{next_slot()}">' in page


def test_a_booked_time_stands_on_the_card_and_can_be_moved(cloud: Cloud) -> None:
    cloud.open()
    book(cloud, LIN.student, next_slot())
    page = portal.visit("/me", STUDENT, "en").body
    assert "Reschedule" in page and "Add to calendar" in page and "08:30–10:00" in page
    assert "appointment.ics" in page


def test_the_office_s_day_lists_who_comes_and_sets_times(cloud: Cloud) -> None:
    cloud.open(LIN)
    book(cloud, LIN.student, next_slot())
    day = next_slot()[:10]
    page = portal.visit(f"/appointments/dormitory?day={day}", HOUSING, "en").body
    assert LIN.name in page and LIN.room in page and "1 / 400" in page and 'name="capacity"' in page
    cloud.act(HOUSING, "dormitory", "sign-off")
    assert LIN.name in portal.visit(f"/appointments/dormitory?day={day}", HOUSING).body, "though the queue is empty"
    auditor = portal.visit(f"/appointments/dormitory?day={day}", Session("b", "auditor", "x"), "en")
    assert auditor.status == 200 and 'name="capacity"' not in auditor.body
    for session in (STUDENT, COUNSELLOR, ACADEMIC):
        assert portal.visit("/appointments/dormitory", session).status == 403
    assert portal.visit("/appointments/dormitory?day=x", HOUSING).status == 404
    assert portal.visit("/appointments/tuition", officer("finance")).status == 404
    assert portal.visit("/appointments/dormitory?day=2026-10-01", HOUSING).status == 200
