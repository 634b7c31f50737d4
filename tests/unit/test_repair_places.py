"""The register of places: lines in any order, tables in any order, and which lines cannot be."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.archive.refusing import Refused, refusals
from yinji.clearance import university
from yinji.platform.problem import Problem
from yinji.repair import labels
from yinji.repair.importing import read
from yinji.repair.place import Place
from yinji.repair.printing import MOST_NAMED, MOST_ON_A_SHEET, sheet_id, wished
from yinji.repair.register import DEEPEST, KNOWN, Kept, Line, Plan, Table, planned

from infra.local.season import campus as demo
from tests import repairs
from tests.repairs import campus

AT = datetime(2026, 6, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
Register = dict[str, Kept]
CAMPUS = campus()


def bare(place: Place) -> Place:
    """`place` as a line tells of it."""
    return replace(place, building="", path=(), trail={}, line=())


def table(places: Iterable[Place]) -> Table:
    return Table({one.id: Line(number, bare(one)) for number, one in enumerate(places, 2)})


def taken(known: Register, places: Iterable[Place], at: datetime = AT) -> tuple[Register, Plan]:
    """The register after a table of `places` was taken, which changes nothing when it is taken again."""
    given = table(places)
    plan = planned(known, given, at)
    after = known | dict(plan.changes)
    assert not planned(after, given, at).changes
    return after, plan


def csv_of(*rows: Mapping[str, str], columns: Sequence[str] = KNOWN) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def row(**more: str) -> dict[str, str]:
    return {"id": "JY", "kind": "campus", "title_zh": "主校区", "within": "", "area": "north"} | more


@given(st.permutations(CAMPUS))
def test_lines_may_stand_in_any_order(places: list[Place]) -> None:
    known, plan = taken({}, places)
    assert {kept.place.id: kept.place for kept in known.values()} == {one.id: one for one in CAMPUS}
    assert plan.counts == {"added": len(CAMPUS)} and not plan.rejected


def _variants() -> st.SearchStrategy[list[tuple[datetime, list[Place]]]]:
    """Tables of the whole campus, each with its own titles, switches and retired rooms, as of instants that may be the
    same."""

    def one(minute: int, name: str, hangs: Mapping[str, bool], retired: frozenset[str], left: frozenset[str]) -> Any:
        places = [
            replace(
                place,
                title={"zh": place.title["zh"] + name, "en": place.title["en"]},
                hangs_on=("LIB-AP21" if hangs.get(place.id) else place.hangs_on),
                retired=place.id in retired,
            )
            for place in CAMPUS
            if place.kind != "room" or place.id not in left
        ]
        return AT + timedelta(minutes=minute), places

    rooms = [place.id for place in CAMPUS if place.kind == "room"]
    some = st.frozensets(st.sampled_from(rooms))
    return st.lists(
        st.builds(
            one,
            st.integers(0, 3),
            st.sampled_from(["", "甲", "乙"]),
            st.dictionaries(st.sampled_from(rooms), st.booleans()),
            some,
            some,
        ),
        min_size=2,
        max_size=4,
    )


@given(_variants(), st.randoms())
def test_tables_may_come_in_any_order(tables: list[tuple[datetime, list[Place]]], random: Any) -> None:
    results: list[Register] = []
    for _ in range(3):
        known: Register = {}
        for at, places in tables:
            known, plan = taken(known, places, at)
            assert not plan.rejected
        results.append(known)
        random.shuffle(tables)
    assert results[0] == results[1] == results[2]


def test_what_lies_below_what_changed_is_computed_again() -> None:
    known, _ = taken({}, CAMPUS)
    library, switch = (known[id].place for id in ("LIB", "LIB-SW1"))
    moved = [replace(library, title={"zh": "新馆", "en": "New library"}), replace(switch, hangs_on="")]
    known, plan = taken(known, moved, LATER)
    room = known["LIB-1-01"]
    assert room.place.trail["zh"] == ("主校区", "新馆", "1 层") and room.place.line == ("LIB-AP11", "LIB-SW1")
    assert room.as_of == AT, "the line that tells of it is as old as it was"
    assert plan.counts["changed"] == 2 and plan.counts["followed"] == len(CAMPUS) - 3


def test_an_older_table_writes_over_nothing_and_what_no_table_tells_of_stays() -> None:
    known, _ = taken({}, CAMPUS, LATER)
    old = [replace(one, title={"zh": "旧", "en": "Old"}) for one in CAMPUS if one.id == "LIB-1-01"]
    after, plan = taken(known, old, AT)
    assert after == known and plan.counts == {"outdated": 1}
    after, _ = taken(known, [replace(CAMPUS[-1], retired=True)], LATER + timedelta(days=1))
    assert after.keys() == known.keys() and after[CAMPUS[-1].id].place.retired


def line_of(plan: Plan) -> list[tuple[int, str, str]]:
    return [(one.line, one.code, one.field) for one in plan.rejected]


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"within": "NOWHERE"}, "place-unknown", "within"),
        ({"within": "LIB-1-02"}, "place-within", "within"),
        ({"within": ""}, "place-within", "within"),
        ({"within": "LIB-1-01"}, "place-within", "within"),
        ({"hangs_on": "NOWHERE"}, "place-unknown", "hangs_on"),
        ({"hangs_on": "LIB-1-02"}, "place-no-device", "hangs_on"),
        ({"kind": "access-point", "hangs_on": "LIB-1-01"}, "place-circle", "hangs_on"),
    ],
)
def test_a_line_that_makes_no_sense_is_rejected_and_the_place_stays(
    changed: dict[str, Any], code: str, column: str
) -> None:
    known, _ = taken({}, CAMPUS)
    after, plan = taken(known, [replace(known["LIB-1-01"].place, **changed)], LATER)
    assert line_of(plan) == [(2, code, column)] and after == known


def test_a_circle_is_rejected_and_what_hangs_on_it_is_not() -> None:
    known, _ = taken({}, CAMPUS)
    core, switch, point = (known[id].place for id in ("LIB-CORE", "LIB-SW1", "LIB-AP12"))
    told = [replace(core, hangs_on="LIB-SW1"), replace(switch, model="S1"), replace(point, model="AP1")]
    after, plan = taken(known, told, LATER)
    assert [(one.line, one.code) for one in plan.rejected] == [(2, "place-circle"), (3, "place-circle")]
    assert after["LIB-AP12"].place.model == "AP1" and after["LIB-CORE"] == known["LIB-CORE"]


def test_a_line_that_leaves_others_without_their_floor_or_device_is_rejected() -> None:
    known, _ = taken({}, CAMPUS)
    floor, switch = known["LIB-1"].place, known["LIB-SW2"].place
    after, plan = taken(
        known, [replace(floor, kind="room"), replace(switch, kind="room", model="", hangs_on="")], LATER
    )
    assert [(one.line, one.code) for one in plan.rejected] == [(2, "place-needed"), (3, "place-needed")]
    assert after == known


def test_what_is_in_use_within_what_is_retired_is_taken_and_told() -> None:
    known, plan = taken({}, CAMPUS)
    assert plan.remarks == []
    floor = next(one for one in CAMPUS if one.id == "LIB-1")
    gone = replace(floor, retired=True)
    known, plan = taken(known, [gone], AT + timedelta(days=1))
    assert [(one.line, one.code, one.field) for one in plan.remarks] == [(2, "place-still-used", "state")]
    assert not plan.rejected and not known["LIB-1-01"].place.retired
    for _ in range(2):  # delivered again it is told again
        found = planned(known, table([*CAMPUS[:3], gone, *CAMPUS[4:]]), AT + timedelta(days=2))
        told = {one.line: one.code for one in found.remarks}
        assert set(told.values()) == {"place-still-used", "place-in-retired"} and not found.rejected
        assert sorted(told) == sorted(number for number, one in enumerate(CAMPUS, 2) if "LIB-1" in (one.id, *one.path))
        known |= dict(found.changes)
    within = [replace(one, retired=True) for one in CAMPUS if "LIB-1" in one.path]
    assert taken(known, within, AT + timedelta(days=3))[1].remarks == []


def test_a_line_of_devices_has_an_end() -> None:
    known, _ = taken({}, CAMPUS)
    chain = [
        replace(known["LIB-CORE"].place, id=f"S{number}", hangs_on=f"S{number - 1}" if number else "")
        for number in range(DEEPEST + 2)
    ]
    _, plan = taken(known, chain, LATER)
    assert line_of(plan) == [(len(chain) + 1, "place-deep", "hangs_on")]


def test_what_depends_on_a_rejected_line_is_rejected_with_it() -> None:
    known, _ = taken({}, CAMPUS)
    floor = replace(known["LIB-1"].place, id="LIB-3", within="NOWHERE")
    room = replace(known["LIB-1-01"].place, id="LIB-3-01", within="LIB-3")
    _, plan = taken(known, [room, floor], LATER)
    assert line_of(plan) == [(2, "place-unknown", "within"), (3, "place-unknown", "within")]


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "column"),
    [
        ({"id": "jy"}, "id"),
        ({"id": "-JY"}, "id"),
        ({"id": "JY/1"}, "id"),
        ({"id": "J" * 41}, "id"),
        ({"id": ""}, "id"),
        ({"kind": "house"}, "kind"),
        ({"title_zh": ""}, "title_zh"),
        ({"title_zh": "字" * 81}, "title_zh"),
        ({"title_zh": "a\u202eb"}, "title_zh"),
        ({"title_en": "x\x07"}, "title_en"),
        ({"within": "the campus"}, "within"),
        ({"hangs_on": "X" * 2_000}, "hangs_on"),
        ({"area": ""}, "area"),
        ({"area": "North Side"}, "area"),
        ({"model": "S5735"}, "model"),
        ({"state": "gone"}, "state"),
    ],
)
def test_a_row_that_cannot_be_is_told_by_line_and_column(more: dict[str, str], column: str) -> None:
    found = read("places.csv", csv_of(row(), row(id="JY2"), row(id="JY3") | more))
    assert [(one.line, one.code, one.field) for one in found.rejected] == [(4, "value", column)]
    assert set(found.lines) == {"JY", "JY2"} and found.number == 3


def test_titles_models_and_states_are_read() -> None:
    rows = [
        row(
            id="SW", kind="switch", title_zh=" 交换机 ", within="JY", model="S5735", state="retired", title_en="Switch"
        ),
        row(state="in-use"),
    ]
    found = read("places.csv", csv_of(*rows))
    switch = found.lines["SW"].place
    assert switch.title == {"zh": "交换机", "en": "Switch"} and switch.retired and switch.model == "S5735"
    assert found.lines["JY"].place.title["en"] == "主校区", "without an English title the Chinese one is told"


def test_a_place_told_twice_is_the_first_or_the_same() -> None:
    found = read("places.csv", csv_of(row(), row(), row(title_zh="别的")))
    assert found.repeated == 1 and [(one.line, one.code) for one in found.rejected] == [(4, "twice")]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("places.pdf", b"%PDF", "format"),
        ("places.csv", b"\xff\xff\xff", "encoding"),
        ("places.csv", csv_of(row(), columns=("id", "kind", "title_zh")), "columns"),
        ("places.xlsx", b"PK no", "broken"),
    ],
)
def test_what_is_no_table_is_refused(name: str, data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(name, data)
    assert refused.value.code == code


def test_every_reason_has_a_sentence() -> None:
    codes = {"place-in-retired", "place-still-used"}
    codes |= {"place-unknown", "place-within", "place-no-device", "place-circle", "place-deep", "place-needed"}
    assert codes <= refusals().keys()


# --- what is printed ----------------------------------------------------------------------------------------------


def test_all_rooms_of_a_floor_or_the_places_named_are_printed() -> None:
    fields = {"format": "a4-24", "within": "LIB-2", "kind.room": "yes"}
    assert [one.id for one in wished(fields).chosen(reversed(CAMPUS))] == [f"LIB-2-0{n}" for n in (1, 2, 3, 4)]
    named = wished({"format": "door", "places": "lib-1-02，LIB-AP11 LIB-1-02\nNOT-THERE"})
    assert [one.id for one in named.chosen(CAMPUS)] == ["LIB-1-02", "LIB-AP11"]
    gone = [replace(one, retired=True) for one in CAMPUS]
    assert wished(fields).chosen(gone) == [] and named.chosen(gone) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"within": "required", "format": "required"}),
        ({"format": "a3", "within": "LIB", "kind.room": "yes"}, {"format": "invalid"}),
        ({"format": "door", "within": "x y", "kind.room": "yes"}, {"within": "invalid"}),
        ({"format": "door", "within": "LIB"}, {"kinds": "required"}),
        ({"format": "door", "within": "LIB", "kind.house": "yes"}, {"kinds": "required"}),
        ({"format": "a4-10", "within": "LIB", "kind.room": "yes", "first": "11"}, {"first": "invalid"}),
        ({"format": "door", "within": "LIB", "kind.room": "yes", "first": "2"}, {"first": "invalid"}),
        ({"format": "a4-24", "within": "LIB", "kind.room": "yes", "first": "0"}, {"first": "invalid"}),
        ({"format": "a4-24", "within": "LIB", "first": "１"}, {"kinds": "required", "first": "invalid"}),
        ({"format": "door", "places": "LIB, ../.."}, {"places": "invalid"}),
        ({"format": "door", "places": " ".join(f"R{n}" for n in range(MOST_NAMED + 1))}, {"places": "invalid"}),
    ],
)
def test_what_cannot_be_printed_is_said(fields: dict[str, str], wrong: dict[str, str]) -> None:
    with pytest.raises(Problem) as problem:
        wished(fields)
    assert {one["field"]: one["code"] for one in problem.value.params["errors"]} == wrong


def test_asking_again_is_the_same_sheet_and_anybody_elses_is_not() -> None:
    assert sheet_id("T1", "k" * 8) == sheet_id("T1", "k" * 8) != sheet_id("T2", "k" * 8)


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=12))
def test_a_made_up_code_is_refused(typed: str) -> None:
    ours = labels.code(typed[:6], repairs.KEY)
    assert labels.serial_of(ours.lower(), repairs.KEY) == typed[:6]
    assert labels.serial_of(typed, repairs.KEY) == (typed[:6] if typed == ours else "")
    assert labels.serial_of(ours, "another key") == ""


# --- the demo campus ----------------------------------------------------------------------------------------------


def test_the_demo_campus_makes_sense_and_is_always_the_same() -> None:
    given = read("campus.csv", demo.table())
    known = planned({}, given, AT)
    assert not known.rejected and known.counts == {"added": given.number} and given.number > 900
    assert demo.table() == demo.table()
    room = known.changes[demo.SHOWN].place
    assert room.line[-1] == demo.CORE and len(room.line) == 4 and room.building == "LIB"
    titles = {one.place.title["zh"] for one in known.changes.values()}
    for school in university.schools().values():
        hall, number = school["place"]["zh"].split(" ")[:2]
        assert hall in titles and f"{number} {school['zh']}学工办" in titles
    for id in demo.buildings():
        assert sum(kept.place.building == id for kept in known.changes.values()) <= MOST_ON_A_SHEET
