"""The way of a technician, what they write down, and the calendar of what they have to do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from typeset.route import SheetData, StopData, VisitData, route_pdf
from yinji.platform.problem import Problem
from yinji.platform.strokes import HEIGHT, LONGEST_SIGNATURE, WIDTH, drawn
from yinji.visits import acts, service
from yinji.visits.calendar import calendar_link, feed, whose
from yinji.visits.days import Held
from yinji.visits.recording import before, recorded
from yinji.visits.route import in_order, key, place_of, stops
from yinji.visits.visit import Record, Visit

from tests.visits import COMMUNITY, FIRST, NOW, SECOND, visit

DAY_OF = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)
TOLD = {"minutes": "40", "trouble.network": "yes", "solved": "yes"}


def booked(number: int = 1, window: str = "morning", on: date = FIRST) -> Visit:
    asked, _ = visit(number, on=on)
    return acts.book(asked, Held("N001", window), NOW)[0]


def at(address: str, community: str = COMMUNITY, number: int = 1) -> Visit:
    one = booked(number)
    return replace(one, person=replace(one.person, address=address, community=community))


# --- the way ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "12 号楼 3 门 501",
        "12号楼3门501室",
        "12-3-501",
        "１２－３－５０１",
        "12栋3单元5层501号",
        "十二号楼三单元501",
        "12#3-501",
        "Building 12, Unit 3, Room 501",
        "Room 501, Unit 3, Building 12",
        "Bldg. 12 entrance 3 apt. 501",
        "Flat 501, 5th floor, Unit 3, Block 12",
    ],
)
def test_forms_of_one_address_are_one_place(address: str) -> None:
    assert place_of(address) == ("", 12, 3, 5, 501)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("7 号楼 302", ("", 7, -1, 3, 302)),
        ("7-302", ("", 7, -1, 3, 302)),
        ("甲 7 号楼 2 门 3 楼 9 号", ("甲", 7, 2, 3, 9)),
        ("东区 7 号楼 2 门 101", ("东区", 7, 2, 1, 101)),
        ("二十三栋一单元 12 室", ("", 23, 1, -1, 12)),
        ("East Court, Tower 2, Level 10, Flat 1004", ("east court", 2, -1, 10, 1004)),
        ("", ("", -1, -1, -1, -1)),
        ("平房", ("平房", -1, -1, -1, -1)),
    ],
)
def test_what_an_address_tells(address: str, place: tuple[Any, ...]) -> None:
    assert place_of(address) == place


def test_the_way_goes_by_windows_communities_buildings_units_floors_and_doors() -> None:
    addresses = ["2 号楼 1 门 102", "2-1-1101", "2 号楼 2 门 101", "Building 3, Unit 1, Room 201", "10 号楼 1 门 101"]
    last = replace(at("1-1-101", number=6), window="afternoon")
    other = at("1-1-101", "zhuyuan", 7)
    some = [at(address, number=number) for number, address in enumerate(addresses)]
    expected = [*some, other, last]
    assert [one.id for one in in_order(reversed(expected))] == [one.id for one in expected]
    assert [(stop.window, stop.community, len(stop.visits)) for stop in stops(expected)] == [
        ("morning", COMMUNITY, 5),
        ("morning", "zhuyuan", 1),
        ("afternoon", COMMUNITY, 1),
    ]


ADDRESSES = st.one_of(
    st.text(max_size=80),
    st.builds("{}-{}-{}".format, *[st.integers(0, 3000)] * 3),
    st.builds("{} 号楼 {} 门 {}".format, *[st.integers(0, 40)] * 3),
    st.builds("Room {}, Unit {}, Building {}".format, *[st.integers(0, 40)] * 3),
    st.text("十百二零12楼号门室单元 -", max_size=20),
)
SOME = st.lists(
    st.builds(
        lambda address, community, window, number: replace(
            at(address, community, number), id=f"v{number}", window=window
        ),
        ADDRESSES,
        st.sampled_from([*service.communities(), "one-that-is-no-more"]),
        st.sampled_from([*service.windows(), "one-that-is-no-more"]),
        st.integers(0, 1000),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(SOME, st.randoms())
def test_the_way_is_the_same_whatever_order_visits_come_in(some: list[Visit], chance: Any) -> None:
    found = in_order(some)
    assert sorted(one.id for one in found) == sorted(one.id for one in some)
    mixed = list(some)
    chance.shuffle(mixed)
    assert in_order(mixed) == found and in_order(found) == found
    # the same in whole as in part: whoever is left out changes nothing for the others
    assert in_order(some[1:]) == [one for one in found if some and one.id != some[0].id]
    assert [one for stop in stops(some) for one in stop.visits] == found
    assert len({key(one) for one in some}) == len(some)


@given(ADDRESSES)
def test_any_address_tells_a_place(address: str) -> None:
    words, *numbers = place_of(address)
    assert isinstance(words, str) and len(numbers) == 4 and all(number >= -1 for number in numbers)


# --- what is written down --------------------------------------------------------------------------------------
def test_a_record_as_it_is_told() -> None:
    parts = "网线 2 m\n\n 路由器  1 "
    told = {**TOLD, "note": " 换了网线 ", "parts": parts, "signature": "M0 0L600 200", "face": "good", "signed": "张"}
    assert recorded(told) == Record(
        40, ("network",), True, "换了网线", ("网线 2 m", "路由器 1"), "M0 0L600 200", "good", "张"
    )
    assert recorded({"minutes": "5", "solved": "no"}) == Record(5, (), False)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"minutes": ""}, {"minutes": "required"}),
        ({"minutes": "0"}, {"minutes": "invalid"}),
        ({"minutes": "241"}, {"minutes": "invalid"}),
        ({"minutes": "99999999999999999999999"}, {"minutes": "invalid"}),
        ({"minutes": "-5"}, {"minutes": "invalid"}),
        ({"minutes": "５"}, {"minutes": "invalid"}),
        ({"solved": ""}, {"solved": "required"}),
        ({"solved": "perhaps"}, {"solved": "invalid"}),
        ({"face": "great"}, {"face": "invalid"}),
        ({"note": "x" * 501}, {"note": "invalid"}),
        ({"signed": "x" * 41}, {"signed": "invalid"}),
        ({"parts": "x" * 61}, {"parts": "invalid"}),
        ({"parts": "\n".join("abcdefghijk")}, {"parts": "invalid"}),
        ({"signature": "M0 0"}, {"signature": "invalid"}),
    ],
)
def test_what_is_wrong_with_a_record_is_told_at_once(told: dict[str, str], wrong: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        recorded(TOLD | told)
    assert {one["field"]: one["code"] for one in refused.value.params["errors"]} == wrong


@pytest.mark.parametrize(
    "path",
    [
        "M1 1",
        "L1 1L2 2",
        "M1 1L601 1",
        "M1 1L1 201",
        "M1 1L1 1Z",
        "M1 1L1,1",
        "M1 1 L2 2",
        "M1 1L-1 2",
        "M1 1L1.5 2",
        "m1 1l2 2",
        "M1 1L٣ 2",
        "M1 1L2 2<script>",
        '" onload="x',
        "M1 1L2 2\n",
        "M1 1L0002 2",
        "M1 1L2 2" * 81,
        "M1 1" + "L2 2" * (LONGEST_SIGNATURE // 4),
    ],
)
def test_what_is_no_signature(path: str) -> None:
    assert not drawn(path)


POINTS = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT))


@given(st.lists(st.lists(POINTS, min_size=2, max_size=20), min_size=1, max_size=8))
def test_any_strokes_within_the_frame_are_a_signature(strokes: list[list[tuple[int, int]]]) -> None:
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in stroke) for stroke in strokes)
    assert drawn(path) and not drawn(path + "Z") and not drawn("L" + path[1:])


def test_a_record_is_corrected_until_the_end_of_the_next_day_with_history() -> None:
    first, _ = acts.finish(booked(), replace(recorded(TOLD), signature="M1 1L2 2"), "k1", "N001", DAY_OF)
    midnight = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)  # the end of the next day on the campus
    second, event = acts.finish(
        first, recorded(TOLD | {"minutes": "50"}), "k2", "N001", midnight - timedelta(seconds=1)
    )
    assert (second.state, second.record and second.record.minutes, second.version) == ("done", 50, first.version + 1)
    assert before(event) == replace(recorded(TOLD), signature="")
    assert json.loads(event.told["before"])["signature"] is True
    assert before(acts.finish(booked(), recorded(TOLD), "k1", "N001", DAY_OF)[1]) is None
    with pytest.raises(Problem, match="record-closed"):
        acts.finish(second, recorded(TOLD), "k3", "N001", midnight)


def test_somebody_who_was_not_there_may_have_been_after_all() -> None:
    missed, _ = acts.miss(booked(), "k1", "N001", DAY_OF)
    done, event = acts.finish(missed, recorded(TOLD), "k2", "N001", DAY_OF + timedelta(hours=1))
    assert (done.state, before(event)) == ("done", None)
    with pytest.raises(Problem, match="visit-over"):
        acts.miss(done, "k3", "N001", DAY_OF)
    with pytest.raises(Problem, match="record-closed"):
        acts.finish(missed, recorded(TOLD), "k2", "N001", DAY_OF + timedelta(days=2))


def test_nothing_is_written_down_before_its_day() -> None:
    for deed in (
        lambda: acts.finish(booked(), recorded(TOLD), "k", "N001", NOW),
        lambda: acts.miss(booked(), "k", "N001", NOW),
    ):
        with pytest.raises(Problem, match="visit-not-yet"):
            deed()


def test_nobody_finishes_what_nobody_was_to_do() -> None:
    waiting, _ = visit()
    with pytest.raises(Problem, match="visit-over"):
        acts.finish(waiting, recorded(TOLD), "k", "N001", DAY_OF)


# --- the calendar ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_calendar_as_another_program_reads_it(language: str) -> None:
    some = [
        at("2-1-101", number=1),
        at("1-1-101; rear, door", number=2),
        at("3-1-101", "zhuyuan", 3),
        booked(4, "afternoon"),
        booked(5, on=SECOND),
    ]
    text = feed("N001", some, language, "https://yinji.example")
    parsed = vobject.readOne(text)
    assert parsed.validate(raiseException=True)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")) and text.endswith("\r\n")
    found = parsed.vevent_list
    assert [str(one.dtstart.value) for one in found] == [
        "2026-12-02 09:00:00+08:00",
        "2026-12-02 09:00:00+08:00",
        "2026-12-02 14:00:00+08:00",
        "2026-12-09 09:00:00+08:00",
    ]
    assert str(found[0].dtend.value) == "2026-12-02 11:30:00+08:00"
    assert found[0].summary.value == ("梅园社区：2 户" if language == "zh" else "Meiyuan: visits: 2")
    between = "；" if language == "zh" else "; "
    assert found[0].description.value == between.join(["1-1-101; rear, door", "2-1-101"])
    assert found[0].url.value == "https://yinji.example/visits/round/2026-12-02"
    assert len({one.uid.value for one in found}) == 4
    for secret in ("6275", "张", "network"):
        assert secret not in text
    assert feed("N001", reversed(some), language, "https://yinji.example") == text
    assert vobject.readOne(feed("N001", [], language, "https://yinji.example")).contents.get("vevent") is None


def test_a_calendar_link_tells_whose_it_is_to_who_knows_the_key() -> None:
    link = calendar_link("N001", 3, "key")
    assert whose(link, "key") == ("N001", 3)
    for other in (link + "x", link.replace("3", "4", 1), "", "N001-3", "N001-3."):
        with pytest.raises(Problem, match="not-found"):
            whose(other, "key")
    assert whose(calendar_link("N001", 0, "key"), "key") == ("N001", 0)


# --- on paper --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_is_tagged_says_everything_and_is_the_same_for_the_same(language: Any) -> None:
    people = [
        VisitData(f"张{n}", f"{n} 号楼 1 门 101", f"010-6275 000{n}", ["上不了网"], "𰻞" * n) for n in range(1, 8)
    ]
    stop = StopData("上午", "09:00–11:30", "梅园社区", "010-6275 1101", people)
    sheet = SheetData(language, FIRST, "王师傅", [stop], "大学")
    body = route_pdf(sheet, NOW)
    assert route_pdf(sheet, NOW) == body
    with pikepdf.open(BytesIO(body)) as document:
        assert document.Root.MarkInfo.Marked and "/StructTreeRoot" in document.Root
        assert str(document.Root.Lang).lower().startswith(language)
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1" and metadata["pdfaid:part"] == "2"
    pages = PdfReader(BytesIO(body)).pages
    text = "".join(page.extract_text() for page in pages).replace("\n", "").replace(" ", "")
    for one in people:
        assert one.address.replace(" ", "") in text and one.phone.replace(" ", "") in text and one.name in text
    assert text.count("签字" if language == "zh" else "Signature") == 7 and len(pages) >= 2
