"""The portrait: what a student's records amount to, whichever way they came."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.archive import terms
from yinji.archive.kinds import dimensions, kinds, rules
from yinji.archive.portrait import portrait, portrait_document, portrait_of, rounded
from yinji.archive.record import STATES, Record

from tests.archives import AT, SU, record


def some(**more: object) -> Record:
    return record(**more)  # type: ignore[arg-type]


records = st.lists(
    st.builds(
        lambda number, kind, day, minutes, state, dimension: record(
            number, kind, day=day, minutes=minutes, state=state, dimension=dimension
        ),
        st.integers(1, 400),
        st.sampled_from(sorted(kinds())),
        st.dates(date(2022, 9, 1), date(2026, 6, 1)),
        st.integers(0, 600),
        st.sampled_from(STATES),
        st.sampled_from(["", *dimensions()]),
    ),
    max_size=60,
    unique_by=lambda one: one.key,
)


@given(records, st.randoms())
def test_the_order_in_which_records_come_does_not_matter(found: list[Record], random: object) -> None:
    whole = portrait(SU, found)
    random.shuffle(found)  # type: ignore[attr-defined]
    assert portrait(SU, found) == whole


@given(records, st.data())
def test_what_came_bit_by_bit_is_what_is_computed_from_scratch(found: list[Record], data: st.DataObject) -> None:
    """Each piece is merged into what is known, some pieces twice, and the portrait computed each time."""
    known: dict[str, Record] = {}
    last = portrait(SU, ())
    for piece in [*found, *data.draw(st.permutations(found))]:
        known[piece.key] = piece
        last = portrait(SU, known.values())
    assert last == portrait(SU, found)


@given(records)
def test_numbers_are_those_of_the_records_and_scores_add_up(found: list[Record]) -> None:
    whole = portrait(SU, found)
    counted = [one for one in found if one.state == "certified"]
    assert whole.records() == len(counted)
    for id, kind in product(dimensions(), kinds()):
        number = sum(one.education == id and one.kind == kind for one in counted)
        assert whole.records(dimension=id, kind=kind) == number
    for id in dimensions():
        assert whole.score(id) == sum(whole.score(id, year=year) for year in whole.years)
    assert sum(one.pending for one in whole.tallies) == sum(one.state == "pending" for one in found)
    assert whole.first_day == min((one.day for one in counted), default=None)


@given(records)
def test_no_kind_counts_above_its_limit_in_a_term(found: list[Record]) -> None:
    whole = portrait(SU, found)
    by_term: dict[tuple[str, str], int] = {}
    for one in whole.tallies:
        assert 0 <= one.score <= one.worth
        by_term[one.term, one.kind] = by_term.get((one.term, one.kind), 0) + one.score
    assert all(score <= kinds()[kind].term for (_, kind), score in by_term.items())


@pytest.mark.parametrize("kind", kinds())
def test_of_much_of_a_kind_in_a_term_as_much_counts_as_its_limit(kind: str) -> None:
    level, others = next(iter(kinds()[kind].levels), ""), ["", *dimensions()]
    much = [record(one, kind, minutes=600, level=level, dimension=others[one % 6]) for one in range(1, 400)]
    whole = portrait(SU, much)
    assert sum(one.score for one in whole.tallies) == kinds()[kind].term < sum(one.worth for one in whole.tallies)


@given(records)
def test_a_portrait_is_read_back_as_it_was_stored(found: list[Record]) -> None:
    whole = portrait(SU, found)
    assert portrait_of(portrait_document(whole)) == whole


def test_a_book_borrowed_twice_is_one_of_the_hundred_and_twice_a_record() -> None:
    whole = portrait(SU, [record(1), record(2, entity="isbn-1"), record(3)])
    assert whole.hundreds["books"] == 2 and whole.records(kind="book") == 3


def test_what_waits_is_told_and_not_counted() -> None:
    whole = portrait(SU, [record(1), record(2, state="pending", certification=None), record(3, state="revoked"),
                          record(4, disputed="不是我", disputed_at=AT)])  # fmt: skip
    assert (whole.records(), whole.waiting) == (2, 2) and whole.score("intellectual") == 10


def test_hours_are_credited_up_to_what_the_programme_counts_in_a_term() -> None:
    asked = rules(SU.programme)
    limit = asked.term_hours["service"] * 60
    much = [record(number, "service", minutes=300) for number in range(1, 20)]
    assert portrait(SU, much).credited["moral"] == limit
    spread = [record(number, "service", minutes=300, day=date(2024 + number % 2, 10, 1)) for number in range(1, 20)]
    assert portrait(SU, spread).credited["moral"] == 2 * limit
    assert portrait(SU, [record(1, "lecture")]).credited["intellectual"] == asked.record_hours["lecture"] * 60


def test_halves_are_rounded_up_whichever_way_they_were_added() -> None:
    assert [rounded(number, 60) for number in (0, 29, 30, 60, 90)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2024, 9, 1), "2024-2025-1"), (date(2025, 1, 31), "2024-2025-1"), (date(2025, 2, 1), "2024-2025-2"),
        (date(2025, 8, 31), "2024-2025-2"), (date(2025, 9, 1), "2025-2026-1"),
    ],
)  # fmt: skip
def test_days_belong_to_terms(day: date, term: str) -> None:
    assert terms.term_of(day) == term
    first, last = terms.bounds(term)
    assert first <= day <= last


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_terms_follow_one_another_without_a_gap(day: date) -> None:
    term = terms.term_of(day)
    first, last = terms.bounds(term)
    assert first <= day <= last and (first - terms.bounds(terms.before(term))[1]).days in (1, 2)
    assert terms.year_of(term) in terms.title(term, "en").replace("–", "-")
    with pytest.raises(ValueError):
        terms.bounds("2024-2026-1")
