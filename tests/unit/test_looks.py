"""Who looked at what: what is written down of it, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.identity.looks import AT_ONCE, WHATS, Entry, Look, by_day, by_office, look, look_of, told
from yinji.identity.session import ROLES, Session

NOW = datetime(2026, 6, 3, 1, 31, 20, tzinfo=UTC)
LIBRARIAN = Session("L0001", "department-officer", "李老师", department="library")
STUDENT = Session("2022S01001", "student", "林晓雨")


def seen(**more: Any) -> Look:
    found = look(LIBRARIAN, "case", [STUDENT.sub], NOW)
    assert found
    return replace(found, **more)


def entry(**more: Any) -> Entry:
    known: dict[str, Any] = {
        "day": date(2026, 6, 3), "what": "case", "who": "L0001", "name": "李老师", "role": "department-officer",
        "minutes": ("09:31",), "department": "library",
    }  # fmt: skip
    return Entry(**(known | more))


def test_what_is_ones_own_and_what_is_for_practice_is_not_written_down() -> None:
    assert look(STUDENT, "case", [STUDENT.sub], NOW) is None
    assert look(replace(STUDENT, role="administrator"), "case", [STUDENT.sub], NOW) is None
    assert look(LIBRARIAN, "case", ["P-library-03"], NOW) is None
    assert look(LIBRARIAN, "list", [], NOW) is None
    some = look(LIBRARIAN, "list", ["P-library-03", "2022S01002", LIBRARIAN.sub], NOW)
    assert some and some.students == ("2022S01002",)


def test_a_look_says_who_in_which_role_and_for_whom() -> None:
    lent = Session("C1", "counsellor", "王", school="S01", acts_for="C2")
    found = look(lent, "document", ["2022S01001"], NOW, "thesis-deposit")
    assert found == Look(
        ("2022S01001",), "document", "C1", "王", "counsellor", NOW, "S01", acts_for="C2", step="thesis-deposit"
    )
    assert found.key == "2026-06-03#document#thesis-deposit#C1#counsellor#S01#C2"


def test_days_and_minutes_are_those_of_the_campus() -> None:
    late = seen(at=datetime(2026, 6, 3, 16, 5, 59, tzinfo=UTC))
    assert (late.day, late.minute) == (date(2026, 6, 4), "00:05")


LOOKS = st.builds(
    Look,
    students=st.lists(st.text(min_size=1, max_size=16), min_size=1, max_size=3).map(tuple),
    what=st.sampled_from(WHATS),
    who=st.text(min_size=1),
    name=st.text(),
    role=st.sampled_from(ROLES),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC)),
    school=st.sampled_from(["", "S01"]),
    department=st.sampled_from(["", "library"]),
    acts_for=st.text(max_size=3),
    step=st.sampled_from(["", "thesis-deposit"]),
)


@given(LOOKS)
def test_a_message_tells_what_was_put_into_it(one: Look) -> None:
    assert look_of(one.document) == one


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "x",
        {},
        *(
            {name: value}
            for name in ("who", "role", "what", "at", "students")
            for value in ("", None, 7, [], ["x"], {})
        ),
        {"students": ["a", 1]},
        {"students": "2022S01001"},
        {"what": "diary"},
        {"role": "king"},
        {"at": "yesterday"},
        {"at": "2026-06-03T01:00:00"},
        {"name": 3},
    ],
)
def test_what_is_no_look_is_refused_without_being_quoted(wrong: Any) -> None:
    if wrong == {"students": ["x"]}:
        return  # that is one
    document = seen().document | wrong if isinstance(wrong, dict) and wrong else wrong
    with pytest.raises(ValueError) as refused:
        look_of(document)
    assert str(refused.value) in ("this tells of no look", "this tells of no instant")


def test_a_list_of_everybody_is_told_in_pieces_and_nobody_is_left_out() -> None:
    everybody = tuple(str(number) for number in range(2 * AT_ONCE + 1))
    parts = list(seen(students=everybody).parts())
    assert [len(part.students) for part in parts] == [AT_ONCE, AT_ONCE, 1]
    assert sum((part.students for part in parts), ()) == everybody


def test_graduates_are_told_the_office_and_not_the_person() -> None:
    two = [entry(acts_for="L0003"), entry(who="L0002", name="赵老师", minutes=("09:31", "14:05"))]
    [one] = by_office(two)
    assert (one.who, one.name, one.acts_for) == ("", "", "")
    assert (one.department, one.role, one.times) == ("library", "department-officer", 3)
    assert list(one.minutes) == ["09:31", "09:31", "14:05"]


@pytest.mark.parametrize(
    "other",
    [
        {"day": date(2026, 6, 4)},
        {"what": "history"},
        {"step": "thesis-deposit"},
        {"role": "auditor"},
        {"department": "finance"},
        {"school": "S01"},
    ],
)
def test_what_differs_to_a_graduate_stays_apart(other: dict[str, Any]) -> None:
    assert len(by_office([entry(), entry(**other)])) == 2


def test_the_latest_stands_first() -> None:
    days = by_day([entry(), entry(day=date(2026, 6, 5)), entry(what="history", minutes=("08:00", "10:00"))])
    assert [one.day for one in days] == [date(2026, 6, 5), date(2026, 6, 3)]
    assert [one.what for one in days[1].entries] == ["history", "case"]


def test_programs_are_told_what_is_there_and_nothing_that_is_empty() -> None:
    assert told(by_office([entry()])) == [
        {
            "day": "2026-06-03", "what": "case", "role": "department-officer", "department": "library",
            "minutes": ["09:31"], "times": 1,
        }
    ]  # fmt: skip
    assert (
        told([entry(acts_for="L2")])[0] | {"who": "L0001", "name": "李老师", "acts_for": "L2"}
        == told([entry(acts_for="L2")])[0]
    )


def test_looks_are_kept_for_three_years() -> None:
    from yinji.identity.looks import KEPT

    assert timedelta(days=3 * 365) == KEPT
