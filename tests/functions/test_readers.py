"""Passes of readers become records: late, out of order, twice, by wrong clocks, each once and none lost."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.items import PassItem
from yinji.archive.readers import LONGEST_BACK
from yinji.archive.readers_store import DOUBTFUL, KEPT, PENDING, Readers
from yinji.archive.record import Record
from yinji.archive.store import Archive
from yinji.clearance.items import values
from yinji.platform.clock import now

from tests import handlers
from tests.archives import DOOR, GATE, HEARD, SU, Library, activity, passed, readers_csv, student
from tests.functions.conftest import STUDENT, Cloud, cloud, officer
from tests.functions.test_batches import ADMINISTRATOR

__all__ = ["cloud"]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNKNOWN = "FFFF0001"
LECTURE = activity(1, place=DOOR.place, begins_at=HEARD - HOUR, minutes=120)


@pytest.fixture
def library(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(handlers.warm("archive/capture"), "readers", readers())
    found = Library(cloud)
    found.enrol(SU, student(2, card="0A1B2C02"), student(3, card="0A1B2C03"))
    found.put("devices/register.csv", readers_csv(GATE, DOOR), "archive/register_readers")
    return found


def readers() -> Readers:
    return Readers(Archive(), Catalogue())


def send(library: Library, *events: dict[str, Any]) -> list[Any]:
    """Deliver messages; those that are to come again, which is all of them when the function fails."""
    try:
        return library.cloud.send("archive/capture", *events)["batchItemFailures"]
    except ConnectionError:
        return list(events)


def visits(who: str = SU.student) -> list[tuple[str, str]]:
    return sorted((one.day.isoformat(), one.time) for one in Archive().records(who) if one.counts)


def waiting(where: str) -> list[tuple[int, str]]:
    return [(one.one.seq, one.why) for one in readers().waiting(where)]


def counted(capsys: pytest.CaptureFixture[str], name: str) -> list[float]:
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [one[name][0] for one in found if name in one]


def test_a_pass_at_a_gate_is_a_day_in_the_library(library: Library) -> None:
    assert send(library, passed((1, SU.card, HEARD))) == []
    [record] = Archive().records(SU.student)
    assert (record.kind, record.title, record.via, record.state) == ("library-visit", GATE.title, "device", "certified")
    assert visits() == [("2026-06-01", "12:00")]


def test_a_day_has_its_first_pass_whatever_order_they_come_in(library: Library) -> None:
    for seq, at in ((3, HEARD), (1, HEARD - 3 * HOUR), (2, HEARD - HOUR)):
        send(library, passed((seq, SU.card, at)))
    assert visits() == [("2026-06-01", "09:00")]
    [event] = Archive().events(SU.student, f"gate#{GATE.place}:2026-06-01")
    assert event.was == {"time": "12:00"}


def test_a_message_that_comes_twice_is_one_even_hours_later(library: Library) -> None:
    at = HEARD.replace(hour=15, minute=58)  # two minutes before midnight on the campus
    message = passed((1, SU.card, at), received=at)
    send(library, message)
    # a broker that sends it again leaves in it what the clock said at first
    again = message | {"received": message["received"] + 3_600_000}
    assert send(library, again) == []
    assert visits() == [("2026-06-01", "23:58")]


def test_a_message_that_comes_twice_at_once_is_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    at = HEARD.replace(hour=15, minute=58)
    message, owners = passed((1, SU.card, at), received=at), Readers._owners
    again = message | {"received": message["received"] + 3_600_000}

    def meanwhile(self: Readers, cards: Any) -> Any:
        monkeypatch.setattr(Readers, "_owners", owners)
        assert send(library, message) == []
        return owners(self, cards)

    monkeypatch.setattr(Readers, "_owners", meanwhile)
    assert send(library, again) == []
    assert visits() == [("2026-06-01", "23:58")]


def test_a_pass_is_what_it_was_whatever_the_clock_of_its_reader_says(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD - 2 * DAY), behind=timedelta(days=9000)))
    send(library, passed((1, SU.card, HEARD - 3 * DAY), behind=-timedelta(days=400), boot="b2"))
    assert visits() == [("2026-05-29", "12:00"), ("2026-05-30", "12:00")]


def test_whatever_the_order_and_the_repetitions_the_records_are_the_same(library: Library) -> None:
    chance = random.Random(7)
    whole = [
        passed(
            *((n, card, HEARD - n * 40 * MINUTE) for n in range(1, 30, 3)),
            boot=f"b{number}",
            behind=timedelta(hours=chance.randint(-900, 900)),
        )
        for number, card in enumerate((SU.card, "0A1B2C02", "0A1B2C03"))
    ]
    parts = [event | {"passes": [one]} for event in whole for one in event["passes"]] * 2
    chance.shuffle(parts)
    send(library, *parts[:30])
    send(library, *parts[30:])
    expected = [("2026-05-31", "17:20"), ("2026-06-01", "01:20")]
    assert visits() == visits("2022S01002") == visits("2022S01003") == expected


def test_a_card_at_the_door_of_a_lecture_is_the_lecture_heard(library: Library) -> None:
    Catalogue().put(LECTURE)
    send(library, passed((1, SU.card, HEARD), device=DOOR.id))
    [record] = Archive().records(SU.student)
    assert (record.kind, record.entity, record.via) == ("lecture", LECTURE.id, "device")
    assert SU.student in Catalogue().audience(LECTURE.id).came


def test_a_card_and_a_code_on_the_screen_are_one_lecture(library: Library) -> None:
    from yinji.archive.catalogue import attended

    Catalogue().put(LECTURE)
    Archive().add(attended(LECTURE, SU.student, HEARD), SU.school)
    send(library, passed((1, SU.card, HEARD), device=DOOR.id))
    assert len(Archive().records(SU.student)) == 1


def test_a_card_nobody_has_waits_until_it_is_somebodys(library: Library) -> None:
    send(library, passed((1, UNKNOWN, HEARD)))
    assert waiting(PENDING) == [(1, "card")]
    library.cloud.invoke("archive/take_up", {})
    assert waiting(PENDING) == [(1, "card")]
    library.enrol(student(9, card=UNKNOWN))
    assert library.cloud.invoke("archive/take_up", {}) == {"captured": 1}
    assert visits("2022S01009") == [("2026-06-01", "12:00")] and waiting(PENDING) == []
    send(library, passed((1, UNKNOWN, HEARD)))
    library.cloud.invoke("archive/take_up", {})
    assert visits("2022S01009") == [("2026-06-01", "12:00")]


def test_a_door_at_which_nothing_takes_place_waits_until_it_is_announced(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD), device=DOOR.id))
    assert waiting(PENDING) == [(1, "activity")]
    Catalogue().put(LECTURE)
    library.cloud.invoke("archive/take_up", {})
    assert [one.entity for one in Archive().records(SU.student)] == [LECTURE.id]


def test_a_reader_that_is_not_in_the_register_waits_until_it_is(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD), device="gate-new"))
    assert waiting(PENDING) == [(1, "device")]
    assert [one.pending for one in readers().standings() if one.device.id == "gate-new"] == [1]
    new = replace(GATE, id="gate-new")
    library.put("devices/new.csv", readers_csv(new), "archive/register_readers")
    library.cloud.invoke("archive/take_up", {})
    assert visits() == [("2026-06-01", "12:00")]


def test_what_waits_goes_by_itself_in_the_end_and_what_is_taken_names_no_card(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD), (2, UNKNOWN, HEARD)))
    taken, pending = (values(PassItem.get(f"PASS#{GATE.id}#a1", f"{seq:012}")) for seq in (1, 2))
    assert "card" not in taken and pending["card"] == UNKNOWN
    for item in (taken, pending):
        assert timedelta(0) <= now() + KEPT - type(HEARD).fromtimestamp(item["expires_at"], HEARD.tzinfo) < MINUTE


def test_a_pass_that_cannot_have_been_then_is_kept_for_somebody_to_decide(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD - LONGEST_BACK - DAY), (2, SU.card, HEARD + DAY), (3, SU.card, HEARD)))
    assert sorted(waiting(DOUBTFUL)) == [(1, "long-ago"), (2, "ahead")]
    assert visits() == [("2026-06-01", "12:00")]


def test_a_reader_out_of_service_is_in_doubt_once_a_minute_has_passed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(library, passed((1, UNKNOWN, HEARD)))
    monkeypatch.setattr("yinji.archive.readers_store.OFTEN", timedelta(0))
    library.put("devices/r.csv", readers_csv(replace(GATE, retired=True)), "archive/register_readers")
    send(library, passed((2, SU.card, HEARD)))
    library.cloud.invoke("archive/take_up", {})
    assert sorted(waiting(DOUBTFUL)) == [(1, "retired"), (2, "retired")] and waiting(PENDING) == []


def test_a_reader_that_speaks_for_another_is_refused_and_counted(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(library, passed((1, SU.card, HEARD), client=DOOR.id)) == []
    assert visits() == [] and counted(capsys, "PassesRefused") == [1]


def test_what_is_no_message_comes_again_and_ends_among_the_failures(library: Library) -> None:
    failed = send(library, {"device": "x"}, passed((1, SU.card, HEARD)))
    assert len(failed) == 1 and visits() == [("2026-06-01", "12:00")]


def test_one_pass_that_fails_lets_the_others_be_and_has_the_message_come_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = passed((1, SU.card, HEARD), (2, "0A1B2C02", HEARD), (3, UNKNOWN, HEARD))
    add = Archive.add

    def dying(self: Archive, record: Record, *args: Any, **more: Any) -> bool:
        if record.student == SU.student:
            raise ConnectionError
        return add(self, record, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "add", dying)
        assert len(send(library, message)) == 1
    assert visits() == [] and visits("2022S01002") and waiting(PENDING) == [(3, "card")]
    assert send(library, message) == []
    assert visits() == [("2026-06-01", "12:00")] and waiting(PENDING) == [(3, "card")]


@pytest.mark.parametrize("dies_at", range(1, 12))
def test_whoever_dies_midway_leaves_what_the_next_one_finishes(
    library: Library, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    from botocore.client import BaseClient

    Catalogue().put(LECTURE)
    message = passed((1, SU.card, HEARD), (2, UNKNOWN, HEARD), (3, SU.card, HEARD - HOUR))
    door = passed((1, SU.card, HEARD), device=DOOR.id)
    left = [dies_at]
    original = BaseClient._make_api_call

    def dying(self: Any, operation: str, arguments: Any) -> Any:
        if operation in ("PutItem", "UpdateItem", "TransactWriteItems"):
            left[0] -= 1
            if left[0] == 0:
                raise ConnectionError
        return original(self, operation, arguments)

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", dying)
        send(library, message)
        send(library, door)
    send(library, message)
    send(library, door)
    records = {one.key: one.time for one in Archive().records(SU.student)}
    assert records == {f"gate#{GATE.place}:2026-06-01": "11:00", f"check-in#{LECTURE.id}": "11:00"}
    assert SU.student in Catalogue().audience(LECTURE.id).came
    assert waiting(PENDING) == [(2, "card")]


def test_a_pass_is_in_the_portrait_once_its_change_arrived(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD)))
    keys = {"pk": {"S": f"STUDENT#{SU.student}"}, "sk": {"S": f"RECORD#gate#{GATE.place}:2026-06-01"}}
    record = {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
    library.cloud.invoke("archive/portrait", {"Records": [record]})
    found = Archive().portrait(SU.student)
    assert found and found.score("intellectual") == 1


# --- the register, and who is admitted --------------------------------------------------------------------------
def test_a_register_is_reported_line_by_line_and_takes_nobody_away(library: Library) -> None:
    data = readers_csv(replace(GATE, title="新馆")) + b"x y,gate,a,b,\r\n" + b"gate-main-1,gate,a,b,\r\n"
    report = library.put("devices/again.csv", data, "archive/register_readers")
    assert report["counts"] == {"devices": 1, "changed": 1, "rejected": 2}
    assert [(one["line"], one["code"]) for one in report["rejected"]] == [(3, "value"), (4, "twice")]
    assert {one.device.id for one in readers().standings()} == {GATE.id, DOOR.id}


def test_a_file_that_is_no_register_is_refused_whole(library: Library) -> None:
    report = library.put("devices/bad.csv", b"device,kind\r\n", "archive/register_readers")
    assert (report["state"], report["reason"]["code"]) == ("refused", "columns")


def admitted(library: Library, device: str = GATE.id, certificate: str = "c1") -> bool:
    event = {"certificateId": certificate, "parameters": {"Device": device}, "clientId": device}
    return library.cloud.invoke("archive/admit_device", event)["allowProvisioning"]


def test_a_reader_of_the_register_is_admitted_once(library: Library) -> None:
    assert admitted(library)
    assert admitted(library), "the very certificate, asked for again"
    assert not admitted(library, certificate="c2"), "somebody else with the key that installers have"
    assert readers().readmit(GATE.id) and admitted(library, certificate="c2")


def test_who_is_not_in_the_register_or_out_of_service_is_not_admitted(library: Library) -> None:
    library.put("devices/r.csv", readers_csv(replace(DOOR, retired=True)), "archive/register_readers")
    for device in ("gate-new", DOOR.id, "", "A#B", "x" * 3000):
        assert not admitted(library, device)


# --- deciding ---------------------------------------------------------------------------------------------------
def decide(library: Library, session: Any = ADMINISTRATOR, device: str = GATE.id, **fields: str) -> Any:
    return library.cloud.call("archive/readers", session, "POST", f"/api/archive/devices/{device}/passes", fields)


@pytest.fixture
def doubtful(library: Library) -> Library:
    send(library, passed((1, SU.card, HEARD - LONGEST_BACK - DAY), (2, "0A1B2C02", HEARD + DAY)))
    return library


def test_a_doubtful_pass_counts_as_of_when_an_administrator_says(doubtful: Library) -> None:
    answer = decide(doubtful, decision="take", **{"pass": f"{GATE.id}:a1:1"}, at="2026-05-20T09:30")
    assert (answer.status, answer.json["counts"]) == (200, {"captured": 1})
    assert visits() == [("2026-05-20", "09:30")] and waiting(DOUBTFUL) == [(2, "ahead")]


def test_all_of_a_reader_can_be_dropped_and_do_not_come_back(doubtful: Library) -> None:
    assert decide(doubtful, decision="drop").json["counts"] == {"dropped": 2}
    send(doubtful, passed((1, SU.card, HEARD - LONGEST_BACK - DAY)))
    assert waiting(DOUBTFUL) == [] and visits() == []


def test_all_of_a_reader_can_be_taken_as_they_are(doubtful: Library) -> None:
    assert decide(doubtful, decision="take").json["counts"] == {"captured": 2}
    assert visits()[0][0] == "2026-04-01" and visits("2022S01002") == [("2026-06-01", "12:00")]


def test_what_is_decided_already_stays_decided(doubtful: Library) -> None:
    told = {"decision": "drop", "pass": f"{GATE.id}:a1:1"}
    assert decide(doubtful, **told).status == 200
    again = decide(doubtful, **(told | {"decision": "take"}))
    assert (again.status, again.json["code"]) == (409, "changed-meanwhile") and visits() == []


def test_a_pass_that_nobody_has_a_card_for_waits_once_its_time_is_settled(library: Library) -> None:
    send(library, passed((1, UNKNOWN, HEARD + DAY)))
    assert decide(library, decision="take").json["counts"] == {"pending": 1}
    library.enrol(student(9, card=UNKNOWN))
    library.cloud.invoke("archive/take_up", {})
    assert visits("2022S01009") == [("2026-06-01", "12:00")]


def test_a_pass_of_the_year_1970_does_not_count_as_it_is(library: Library) -> None:
    send(library, passed((1, SU.card, HEARD.replace(year=1970))))
    assert decide(library, decision="take").json["counts"] == {"left": 1}
    assert waiting(DOUBTFUL) == [(1, "long-ago")]


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "keep"},
        {"decision": "take", "at": "2026-05-20T09:30"},
        {"decision": "take", "pass": f"{GATE.id}:a1:1", "at": "2999-01-01T00:00"},
        {"decision": "take", "pass": f"{GATE.id}:a1:1", "at": "soon"},
    ],
)
def test_a_decision_that_makes_no_sense_is_told_so(doubtful: Library, fields: dict[str, str]) -> None:
    assert decide(doubtful, **fields).status == 422
    assert len(waiting(DOUBTFUL)) == 2


@pytest.mark.parametrize("id", ["x", f"{GATE.id}:a1:99", "a:b:c", f"{DOOR.id}:a1:1", f"{GATE.id}:a1:{'9' * 5000}"])
def test_a_pass_that_does_not_wait_cannot_be_decided(doubtful: Library, id: str) -> None:
    assert decide(doubtful, decision="drop", **{"pass": id}).status == 409


def test_only_administrators_decide_and_only_some_see(doubtful: Library) -> None:
    affairs = officer("student-affairs")
    for session in (STUDENT, affairs, officer("library")):
        assert decide(doubtful, session, decision="drop").status == 403
        path = f"/api/archive/devices/{GATE.id}/readmit"
        assert doubtful.cloud.call("archive/readers", session, "POST", path, {}).status == 403
    for session, status in ((STUDENT, 403), (officer("library"), 403), (affairs, 200), (ADMINISTRATOR, 200)):
        assert doubtful.cloud.call("archive/readers", session, "GET", "/api/archive/devices").status == status


def test_readers_are_told_with_what_waits_and_no_card_is_told_whole(doubtful: Library) -> None:
    answer = doubtful.cloud.call("archive/readers", ADMINISTRATOR, "GET", "/api/archive/devices")
    [gate] = [one for one in answer.json["devices"] if one["id"] == GATE.id]
    assert (gate["doubtful"], gate["pending"], gate["offset"], gate["heard_at"][:10]) == (2, 0, 0, "2026-06-01")
    assert SU.card not in answer.body and SU.card[-4:] in answer.body


def test_a_reader_can_be_let_in_with_another_certificate(library: Library) -> None:
    assert admitted(library)
    path = f"/api/archive/devices/{GATE.id}/readmit"
    assert library.cloud.call("archive/readers", ADMINISTRATOR, "POST", path, {}).status == 200
    assert admitted(library, certificate="c2")
    path = "/api/archive/devices/gate-new/readmit"
    assert library.cloud.call("archive/readers", ADMINISTRATOR, "POST", path, {}).status == 404


def test_the_newest_word_of_a_reader_stands_whichever_comes_last(library: Library) -> None:
    send(library, passed(received=HEARD, behind=HOUR))
    send(library, passed(received=HEARD - HOUR))
    [gate] = [one for one in readers().standings() if one.device.id == GATE.id]
    assert (gate.heard_at, gate.offset) == (HEARD, HOUR)
