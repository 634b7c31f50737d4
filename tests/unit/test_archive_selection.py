"""Selections: whom rules and lists choose, and which lines of a list name nobody."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook
from yinji.archive.selection import (
    MOST_LISTED,
    Choice,
    Listed,
    Rule,
    choice_of,
    pasted,
    preview,
    rule_of,
    uploaded,
)
from yinji.platform.problem import Problem

from tests.archives import member, student

CLASS_OF_2021 = Rule(grade="2021", category="undergraduate")
EVERYBODY = [
    *(member(number, grade="2021") for number in range(1, 4)),
    *(member(number, school="S02", grade="2021", class_name="历史 2101") for number in range(1, 3)),
    member(1, grade="2022"),
]
KNOWN = {one.student: student(int(one.student[-3:]), one.school, one.grade) for one in EVERYBODY}


def listed(*numbers: str) -> list[Listed]:
    return [Listed(line, number) for line, number in enumerate(numbers, 1)]


def test_a_rule_chooses_everybody_who_fits_all_of_it() -> None:
    found = preview(Choice([CLASS_OF_2021]), EVERYBODY, {})
    assert (found.number, found.by_school) == (5, {"S01": 3, "S02": 2})
    narrow = Choice([Rule(grade="2021", class_name="历史 2101"), Rule(grade="2022")])
    assert preview(narrow, EVERYBODY, {}).by_school == {"S01": 1, "S02": 2}


def test_who_is_chosen_twice_counts_once_and_who_is_excepted_not_at_all() -> None:
    choice = Choice(
        [CLASS_OF_2021, Rule(school="S01")],
        listed("2021S01001", "2022S01001", "2099S01001"),
        listed("2021S01002", "2021S02009"),
    )
    found = preview(choice, EVERYBODY, KNOWN)
    assert (found.number, found.by_rule, found.by_list, found.left_out) == (5, 5, 0, 1)
    assert found.unknown == [Listed(3, "2099S01001")]
    assert found.unknown_exceptions == [Listed(2, "2021S02009")]


def test_a_list_alone_chooses_whom_it_names() -> None:
    found = preview(Choice((), listed("2021S02001", "2022S01001"), listed("2022S01001")), [], KNOWN)
    assert (found.number, found.by_list, found.left_out, found.by_school) == (1, 1, 1, {"S02": 1})


@given(some.sets(some.sampled_from([one.student for one in EVERYBODY])), some.booleans(), some.booleans())
def test_the_numbers_are_those_of_a_plain_count(chosen: set[str], first: bool, second: bool) -> None:
    rules = [rule for rule, used in ((CLASS_OF_2021, first), (Rule(school="S02"), second)) if used]
    out = sorted(chosen)[:2]
    choice = Choice(rules, listed(*sorted(chosen)), listed(*out))
    wanted = {one.student for one in EVERYBODY if any(rule.fits(one) for rule in rules)} | chosen
    found = preview(choice, (one for one in EVERYBODY if any(rule.fits(one) for rule in rules)), KNOWN)
    assert found.number == len(wanted - set(out)) == sum(found.by_school.values())
    assert found.left_out == len(out)


def test_a_pasted_list_is_read_however_it_is_separated_and_each_number_once() -> None:
    found = pasted("2021s01001, 2021S01002\n\n２０２１Ｓ０１００３；2021S01001\n张三")
    assert found == [Listed(1, "2021S01001"), Listed(1, "2021S01002"), Listed(3, "2021S01003"), Listed(4, "张三")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("学号,姓名\n2021S01001,甲\n,\n2021S01002,乙\n", [(2, "2021S01001"), (4, "2021S01002")]),
        ("name;Student\nx;2021S01001\n", [(2, "2021S01001")]),
        ("2021S01001\n2021S01002\n", [(1, "2021S01001"), (2, "2021S01002")]),
    ],
)
def test_a_file_is_read_by_its_head_or_by_its_first_column(text: str, told: list[tuple[int, str]]) -> None:
    assert [(one.line, one.student) for one in uploaded(text.encode("gb18030"))] == told


def test_a_workbook_is_read_as_well() -> None:
    book = Workbook()
    for row in (["姓名", "学号"], ["甲", "2021S01001"], ["乙", 20210102]):
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    assert uploaded(out.getvalue()) == [Listed(2, "2021S01001"), Listed(3, "20210102")]


def test_what_is_no_table_or_too_long_is_refused() -> None:
    with pytest.raises(Problem, match="list-unreadable"):
        uploaded(b"PK\x03\x04 no workbook")
    with pytest.raises(Problem, match="list-too-long"):
        pasted(" ".join(f"A{number:06}" for number in range(MOST_LISTED + 1)))


@pytest.mark.parametrize(
    "parts", [{"grade": "21"}, {"category": "alumni"}, {"school": "S99"}, {"programme": "x" * 201}]
)
def test_a_rule_of_what_there_is_not_is_refused(parts: dict[str, str]) -> None:
    with pytest.raises(Problem, match="selection-rule"):
        rule_of(parts)


def test_a_choice_is_read_as_it_was_stored_and_an_empty_rule_is_none() -> None:
    choice = Choice([CLASS_OF_2021], listed("2021S01001"), listed("2021S01002"))
    assert choice_of(choice.document) == choice
    assert rule_of({"grade": " "}) is None
    assert rule_of({"grade": "2021", "class_name": " 中文 2101 "}) == Rule(grade="2021", class_name="中文 2101")
    assert CLASS_OF_2021.may_hold("S01#2021#undergraduate") and not CLASS_OF_2021.may_hold("S01#2022#undergraduate")
