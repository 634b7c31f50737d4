"""Groups: exact, and nothing that is shown, or can be computed from it, tells of fewer than ten students."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from yinji.archive.glance import against, differences, glance, glance_document, stored_glance, thin
from yinji.archive.groups import (
    SMALL,
    SMALLEST,
    Counted,
    Distribution,
    Group,
    Year,
    group_document,
    hidden,
    stored_group,
    year,
)
from yinji.archive.store import Member

from tests.archives import member

values = some.lists(some.integers(0, 400), min_size=1, max_size=200)
sizes = some.dictionaries(some.text("abcdefgh", min_size=1, max_size=2), some.integers(0, 60), min_size=1, max_size=8)


def counted(members: Sequence[Member]) -> Counted:
    found = Counted()
    for one in members:
        found.add(one)
    return found


def group(*told: int) -> Group:
    return counted([member(number, value) for number, value in enumerate(told)]).group("S01#2022#undergraduate")


# --- exact -----------------------------------------------------------------------------------------------------


@given(values, some.integers(0, 100), some.integers(0, 400))
def test_a_distribution_says_what_counting_says(told: list[int], percent: int, value: int) -> None:
    found = Distribution.of(Counter(told), len(told))
    ordered = sorted(told)
    assert found.number == len(told)
    assert found.at_or_below(value) == sum(one <= value for one in told)
    assert found.below(value) == sum(one < value for one in told)
    # the smallest value with which at least so many are at or below it
    assert found.quantile(percent) == next(
        one for one in ordered if 100 * sum(other <= one for other in told) >= percent * len(told)
    )
    assert abs(found.mean - 10 * sum(told) / len(told)) <= 0.5


@given(some.lists(some.tuples(some.integers(0, 50), some.sampled_from("AB")), min_size=1, max_size=60))
@settings(max_examples=40)
def test_parts_together_are_the_whole_in_any_order(told: list[tuple[int, str]]) -> None:
    terms = {"2022-2023-1": {"records": 3}}
    members = [
        member(number, value, terms=terms if value % 2 else None, programme=part)
        for number, (value, part) in enumerate(told)
    ]
    whole, joined = counted(members), Counted()
    for part in "BA":
        joined.join(counted([one for one in members if one.programme == part]))
    assert joined.group("x#y#z", terms) == whole.group("x#y#z", terms)


def test_who_did_nothing_in_a_term_counts_there_with_nothing() -> None:
    busy = member(1, terms={"2022-2023-1": {"records": 4}})
    found = counted([busy, *(member(number) for number in range(2, 12))]).group("a#b#c", ["2022-2023-1", "2022-2023-2"])
    assert found.terms["2022-2023-1"]["records"] == Distribution([0, 4], [10, 1])
    assert found.terms["2022-2023-2"]["records"] == Distribution([0], [11])


def test_a_group_is_read_as_it_was_stored() -> None:
    found = year("2022", "undergraduate", crowd({"S01": 30}))
    assert stored_group(group_document(found.whole)) == found.whole
    seen = glance(found)
    assert stored_glance(glance_document(seen)) == seen


def test_terms_before_a_grade_came_are_no_part_of_its_history() -> None:
    terms = {term: {"records": 1} for term in ("2021-2022-2", "2022-2023-1")}
    found = year("2022", "undergraduate", [member(number, terms=terms) for number in range(12)])
    assert list(found.whole.terms) == ["2022-2023-1"]


# --- one's own place -------------------------------------------------------------------------------------------


def test_a_place_tells_the_share_at_or_below_and_the_quarters() -> None:
    found = group(*range(100)).place("overall", 74)
    assert found and (found.share, found.p25, found.median, found.p75, found.number) == (75, 24, 49, 74, 100)
    assert (found.word, group(*range(100)).place("overall", 75).word) == ("middle", "upper")  # type: ignore[union-attr]
    assert group(*range(100)).place("overall", 3).word == "lower"  # type: ignore[union-attr]
    assert group(*range(100)).place("nothing-of-ours", 3) is None


@pytest.mark.parametrize(("number", "first", "last"), [(SMALL - 1, 10, 90), (SMALL, 2, 100)])
def test_of_a_small_group_nothing_is_told_of_its_ends(number: int, first: int, last: int) -> None:
    found = group(*range(number))
    assert found.place("overall", 0).share == first  # type: ignore[union-attr]
    assert found.place("overall", number).share == last  # type: ignore[union-attr]
    ends = [found.quantile("overall", percent) for percent in (0, 9, 91, 100)]
    assert all((end is None) == (number < SMALL) for end in ends)
    assert found.quantile("overall", 10) is not None and found.quantile("overall", 90) is not None


# --- what may be shown -----------------------------------------------------------------------------------------


@given(sizes)
def test_what_is_left_when_the_parts_that_are_shown_are_taken_away_is_nobody_or_enough(parts: dict[str, int]) -> None:
    gone = hidden(parts)
    left = sum(parts[part] for part in gone)
    assert all(parts[part] >= SMALLEST for part in parts.keys() - gone)
    assert left == 0 or left >= SMALLEST or gone == parts.keys()


@given(sizes)
def test_no_more_is_hidden_than_it_takes(parts: dict[str, int]) -> None:
    gone = hidden(parts)
    larger = sorted(parts[part] for part in gone if parts[part] >= SMALLEST)
    small = sum(number for number in parts.values() if number < SMALLEST)
    assert larger == [] or 0 < small + sum(larger[:-1]) < SMALLEST


def crowd(parts: dict[str, int], programmes: Sequence[str] = ("甲", "乙")) -> Iterator[Member]:
    for school, number in parts.items():
        for one in range(number):
            yield member(one, one % 7, school, programme=programmes[one % len(programmes)])


def remainders(found: Year, members: Sequence[Member]) -> Iterator[frozenset[str]]:
    """Every set of students that is a difference of a group that is shown and some of those shown within it."""
    shown = [frozenset(one.student for one in members)]
    shown += [frozenset(one.student for one in members if one.school == school) for school in found.schools]
    shown += [
        frozenset(one.student for one in members if (one.school, one.programme) == place) for place in found.programmes
    ]
    yield from shown
    for outer in shown:
        inner = [one for one in shown if one < outer]
        for number in (1, 2, 3):
            for taken in combinations(inner, number):
                yield outer.difference(*taken)


@given(
    some.dictionaries(
        some.sampled_from(["S01", "S02", "S03", "S04"]),
        some.dictionaries(some.sampled_from(["甲", "乙", "丙", ""]), some.integers(1, 24), min_size=1, max_size=3),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_difference_of_groups_that_are_shown_tells_of_a_few(told: dict[str, dict[str, int]]) -> None:
    members = [
        member(1000 * place + number, number, school, programme=name)
        for school, programmes in told.items()
        for place, (name, size) in enumerate(programmes.items())
        for number in range(size)
    ]
    if len(members) < SMALLEST:
        return
    found = year("2022", "undergraduate", members)
    assert all(not one or len(one) >= SMALLEST for one in remainders(found, members))


def test_a_school_of_nine_takes_the_smallest_other_along() -> None:
    found = year("2022", "undergraduate", crowd({"S01": 60, "S02": 9, "S03": 30, "S04": 31}))
    assert list(found.schools) == ["S01", "S04"]
    assert found.whole.number == 130


def test_what_is_within_a_group_that_is_not_shown_is_not_shown_either() -> None:
    found = year("2022", "undergraduate", crowd({"S01": 60, "S02": 9, "S03": 30}))
    assert {school for school, _ in found.programmes} == {"S01"}


# --- what it says ----------------------------------------------------------------------------------------------


def test_a_school_is_far_below_where_its_middle_is_below_the_lowest_quarter() -> None:
    members = [member(number, 40 + number % 20, "S01", programme="甲") for number in range(60)]
    members += [member(number, 2 + number % 3, "S02", programme="乙") for number in range(15)]
    seen = glance(year("2022", "undergraduate", members))
    whole = seen.whole.features["overall"]
    assert against(seen.schools["S02"].features["overall"], whole) == "far-below"
    assert against(seen.schools["S01"].features["overall"], whole) == "like"
    first = differences(seen)[0]
    assert (first.low, first.lowest, first.highest) == (3, "S02", "S01")
    assert {(one.school, one.programme, one.median) for one in thin(seen)} == {("S02", "乙", 3)}
    assert thin(seen, "S01") == []
    assert seen.schools["S02"].features["overall"].p10 is None
    assert seen.schools["S01"].features["overall"].p10 is not None
