"""Records: what a source says of them, who decided about them, and that neither order nor repetition matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.archive.kinds import dimensions, hundreds, kinds, levels, rules
from yinji.archive.ledger import Ledger, packed, unpacked
from yinji.archive.record import (
    MOST_MINUTES,
    Certification,
    Record,
    merge,
    record_document,
    record_of,
    wrong_with,
)
from yinji.archive.sources import COLUMNS, NEEDED, sources

from tests.archives import AT, SU, record

TODAY = date(2026, 6, 15)


def test_what_a_record_is_stored_as_is_read_back() -> None:
    whole = record(
        time="08:30", minutes=45, place="图书馆", note="x", disputed="不是我", disputed_at=AT, delivery="d",
        outcome="accepted", evidence={"proof": "a"}, dimension="labour", version=3,
        certification=Certification("T0001", AT, "看过"),
    )  # fmt: skip
    for one in (record(), whole, record(state="pending", certification=None)):
        assert record_of(record_document(one)) == one


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "party"), ("student", "x"), ("id", ""), ("id", "a b"), ("id", "a#b"), ("title", ""),
        ("title", "x" * 201), ("title", "\u202e"), ("note", "a\nb"), ("day", date(1999, 12, 31)),
        ("day", date(2026, 6, 16)), ("time", "24:00"), ("minutes", -1), ("minutes", MOST_MINUTES + 1),
        ("dimension", "spiritual"), ("level", "national"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_named(field: str, value: object) -> None:
    assert wrong_with(replace(record(), **{field: value}), TODAY) == field
    assert wrong_with(record(), TODAY) == ""


def test_levels_belong_to_awards() -> None:
    assert wrong_with(record(kind="award", level="national"), TODAY) == ""
    assert wrong_with(record(kind="award", level="world"), TODAY) == "level"


words = st.builds(
    lambda title, hour, void: record(
        title=title, as_of=f"2026-06-01T{hour:02}:00:00.000Z", state="void" if void else "certified"
    ),
    st.sampled_from(["甲", "乙", "丙"]),
    st.integers(0, 23),
    st.booleans(),
)


@given(st.lists(words, min_size=1, max_size=6, unique_by=lambda one: one.as_of), st.randoms())
def test_of_words_in_any_order_and_however_often_the_youngest_stands(told: list[Record], random: object) -> None:
    youngest = max(told, key=lambda one: one.as_of)
    shuffled = [*told, *told[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    ledger, known = Ledger(), None
    for one in shuffled:
        if ledger.take(one)[0] != "outdated":
            known, _ = merge(known, one)
    assert known and known.digest == youngest.digest and known.state == youngest.state


def test_a_word_that_is_older_changes_nothing_whether_or_not_a_ledger_was_asked() -> None:
    known = record(title="新", as_of="2026-06-02T00:00:00.000Z")
    for older in (record(title="旧"), record(state="void")):
        assert merge(known, older) == (known, "outdated")


def test_a_delivery_that_is_done_again_counts_as_it_did() -> None:
    first, outcome = merge(None, record(delivery="d1"))
    assert outcome == "accepted" and merge(first, record(delivery="d1"))[1] == "accepted"
    assert merge(first, record(delivery="d2"))[1] == "unchanged"
    second, outcome = merge(first, record(title="新", delivery="d2"))
    assert outcome == "corrected" and merge(second, record(title="新", delivery="d2"))[1] == "corrected"


def test_where_a_person_decided_about_other_facts_somebody_has_to_look_again() -> None:
    seen = record(certification=Certification("T0001", AT))
    corrected, _ = merge(seen, record(title="新"))
    assert corrected.state == "pending" and corrected.certification is None and corrected.waits
    by_source, _ = merge(record(), record(title="新"))
    assert by_source.state == "certified"
    assert merge(seen, record(state="void"))[0].state == "void"


def test_a_dispute_is_kept_whatever_the_source_says() -> None:
    corrected, _ = merge(record(disputed="不是我", disputed_at=AT), record(title="新"))
    assert corrected.disputed == "不是我" and corrected.waits and corrected.since == AT


def test_the_ledger_knows_whose_a_record_was_and_of_when_its_last_word_is() -> None:
    ledger = Ledger()
    assert ledger.take(record(1)) == ("new", "")
    assert ledger.take(record(1, student="2022S01002")) == ("known", "2022S01001")
    assert ledger.take(record(1, as_of="2026-01-01T00:00:00.000Z")) == ("outdated", "2022S01002")
    assert unpacked(packed(ledger)) == ledger
    assert packed(ledger) == packed(unpacked(packed(ledger)))


def test_what_counts_is_whole() -> None:
    assert sum(one.weight for one in dimensions().values()) == 100
    for kind in kinds().values():
        assert kind.dimension in dimensions() and kind.each + kind.hourly > 0 and kind.term > 0, kind.id
        assert set(kind.levels) <= set(levels())
        for text in (kind.title, kind.told):
            assert text["zh"] and text["en"], kind.id
        assert all("{what}" in told for told in kind.told.values())
    for hundred in hundreds().values():
        assert set(hundred.kinds) <= kinds().keys() and hundred.aim == 100
    asked = rules("无此专业")
    assert asked.hours.keys() == dimensions().keys()
    assert {*asked.term_hours, *asked.record_hours} <= kinds().keys()


def test_one_book_is_one_thing_however_a_system_writes_its_number() -> None:
    source = sources()["library-loans"]
    head = [*source.columns.values(), source.void_column]
    read = source.reader(head, AT, "d1", date(2026, 6, 1))
    told = {
        "loan_id": "L1",
        "reader": SU.student,
        "title": "x",
        "borrowed_on": "2024-10-08",
        "changed_at": "",
        "state": "",
    }
    lines = [{**told, "isbn": isbn} for isbn in ("978-0-306-40615-7", "9780306406157", "0-306-40615-2", "old 17")]
    found = [read([line.get(name, "") for name in head]) for line in lines]
    assert [one.entity for one in found if isinstance(one, Record)] == [*["9780306406157"] * 3, "old 17"]


@pytest.mark.parametrize("source", sources().values(), ids=sources())
def test_each_source_says_all_that_a_record_needs(source: object) -> None:
    told = {*source.columns, *source.constant}  # type: ignore[attr-defined]
    assert set(source.columns) <= COLUMNS and {*NEEDED, "kind", "title"} <= told  # type: ignore[attr-defined]
    for fact, meanings in source.values.items():  # type: ignore[attr-defined]
        known = {"kind": kinds(), "dimension": dimensions(), "level": levels()}[fact]
        assert fact in source.columns and set(meanings.values()) <= set(known)  # type: ignore[attr-defined]
