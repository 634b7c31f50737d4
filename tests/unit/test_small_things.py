"""Text, time, cells, codes and flows: the small things everything stands on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import cells, codes, definition, flow
from yinji.clearance.case import Graduate
from yinji.platform import clock
from yinji.platform.text import decode

from tests.graduates import LIN, graduate

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1)


# --- text ----------------------------------------------------------------------------------------------------
@given(st.text())
def test_utf_8_is_read_as_it_was_written(text: str) -> None:
    assert decode(text.encode()) == text or text.startswith("\ufeff")


@given(st.text())
def test_a_byte_order_mark_is_no_part_of_the_text(text: str) -> None:
    assert decode(b"\xef\xbb\xbf" + text.encode()) == text


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "gb2312"])
def test_what_chinese_offices_export_is_read(encoding: str) -> None:
    text = "学号,姓名\r\n2022S01001,林晓雨\r\n"
    assert decode(text.encode(encoding)) == text


def test_names_with_rare_characters_survive_gb18030() -> None:
    text = "𠮷野,㛃,䶮,ئۇيغۇر"
    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x01", b"\xef\xbb\xbf\xff", b"\x89PNG\r\n\x1a\n\x00\xff\xff"])
def test_what_is_no_text_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(data)


# --- time ----------------------------------------------------------------------------------------------------
@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-14, 14))
def test_an_instant_is_stamped_in_utc_and_read_back(moment: datetime, hours: int) -> None:
    local = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(hours=hours)))
    text = clock.stamp(local)
    assert text.endswith("Z") and len(text) == 24
    assert clock.instant(text) == local
    assert clock.stamp(clock.instant(text)) == text


@given(st.lists(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)), max_size=5))
def test_stamps_sort_as_the_instants_do(moments: list[datetime]) -> None:
    assert sorted(map(clock.stamp, moments)) == [clock.stamp(moment) for moment in sorted(moments)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-06-10",
        "2026-06-10T07:30:00",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_a_time_without_zone_or_sense_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.instant(text)


def test_a_naive_datetime_is_not_stamped() -> None:
    with pytest.raises(ValueError, match="zone"):
        clock.stamp(datetime(2026, 6, 10))


def test_now_is_what_a_stamp_can_hold_and_today_is_the_campus_day() -> None:
    now = clock.now()
    assert clock.instant(clock.stamp(now)) == now
    assert abs((datetime.now(clock.CAMPUS).date() - clock.today()).days) <= 1
    assert clock.CAMPUS.utcoffset(None) == timedelta(hours=8)


# --- cells ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("0", "0.00"),
        ("-0", "0.00"),
        ("-0.00", "0.00"),
        ("3", "3.00"),
        ("3.2", "3.20"),
        ("999999999.99", "999999999.99"),
    ],
)
def test_amounts_have_two_decimals_and_zero_has_no_sign(cell: str, amount: str) -> None:
    assert cells.yuan({"x": cell}, "x") == amount


@pytest.mark.parametrize("cell", ["", " ", "-3", "1.234", "1e3", "NaN", "1,000", "+1", "12345678901", "一百", "0x10"])
def test_what_is_no_amount_names_its_column(cell: str) -> None:
    with pytest.raises(ValueError, match=r"^\('arrears', 'amount'\)$"):
        cells.yuan({"arrears": cell}, "arrears")


def test_a_balance_may_be_negative() -> None:
    assert cells.signed_yuan({"x": "-3.2"}, "x") == "-3.20"


@pytest.mark.parametrize("cell", ["", "-1", "1.0", "1234567", "两"])
def test_what_is_no_count_names_its_column(cell: str) -> None:
    with pytest.raises(ValueError, match=r"^\('loans', 'number'\)$"):
        cells.count({"loans": cell}, "loans")


@pytest.mark.parametrize("cell", ["", "Yes", "1", "true", "是"])
def test_a_flag_is_yes_or_no(cell: str) -> None:
    assert cells.flag({"x": "yes"}, "x") and not cells.flag({"x": "no"}, "x")
    with pytest.raises(ValueError, match=r"^\('x', 'yes-no'\)$"):
        cells.flag({"x": cell}, "x")


def test_lists_are_joined_as_a_sentence_part_and_bounded() -> None:
    assert cells.listed({"x": " 乡土中国 ;;围城;"}, "x") == "乡土中国、围城"
    assert cells.listed({"x": ""}, "x") == ""
    with pytest.raises(ValueError, match=r"^\('x', 'value'\)$"):
        cells.listed({"x": "长" * 501}, "x")


# --- codes ---------------------------------------------------------------------------------------------------
def test_codes_are_long_unlike_and_of_the_alphabet() -> None:
    found = {codes.new() for _ in range(500)}
    assert len(found) == 500
    assert all(len(code) == 16 and set(code) <= set(codes.ALPHABET) for code in found)
    assert not set("ILOU") & set(codes.ALPHABET)


@given(st.text(codes.ALPHABET, min_size=16, max_size=16), st.sampled_from(["", "-", " ", "–", "\u3000"]))
def test_a_code_is_known_however_it_is_typed(code: str, between: str) -> None:
    typed = between.join(code[at : at + 4] for at in range(0, 16, 4)).lower()
    assert codes.normal(typed) == code
    assert codes.normal(typed.replace("0", "o").replace("1", "l")) == code
    assert codes.normal(codes.spoken(code)) == code


@given(st.text(max_size=40))
def test_what_is_typed_is_a_code_or_none(typed: str) -> None:
    code = codes.normal(typed)
    assert code == "" or (len(code) == 16 and set(code) <= set(codes.ALPHABET))


@pytest.mark.parametrize("typed", ["", "ABC", "U" * 16, "A" * 15, "A" * 17, "Ａ" * 16, "../../etc/passwd"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.normal(typed) == ""


# --- flows ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("category", "flags", "expected"),
    [
        ("undergraduate", set(), "undergraduate"),
        ("undergraduate", {"abroad"}, "undergraduate"),
        ("postgraduate", set(), "postgraduate"),
        ("international", set(), "international-on-campus"),
        ("international", {"abroad"}, "international-overseas"),
    ],
)
def test_the_flow_of_a_graduate(category: str, flags: set[str], expected: str) -> None:
    assert flow.flow_of(graduate(1, category=category, flags=frozenset(flags))) == expected
    assert expected in flow.TITLES


EVERY = [
    "graduation-audit", "thesis-deposit", "library-loans", "tuition", "scholarship-settlement", "dormitory",
    "housing-deposit", "campus-card", "lab-equipment", "residence-permit", "party-transfer", "household-registration",
    "personal-file", "exit-survey", "school-approval", "diploma",
]  # fmt: skip
INTERNATIONAL = {"scholarship-settlement", "housing-deposit"}
"""What only international students have, whether they are abroad or not."""


@pytest.mark.parametrize(
    ("who", "left_out"),
    [
        (
            graduate(1, flags=frozenset({"lives_in", "party_member", "household_on_campus", "scholarship"})),
            INTERNATIONAL | {"lab-equipment"},
        ),
        (LIN, INTERNATIONAL | {"lab-equipment", "party-transfer", "household-registration"}),
        (graduate(1, category="postgraduate"), INTERNATIONAL | {"party-transfer", "household-registration"}),
        (
            graduate(1, flags=frozenset()),
            INTERNATIONAL | {"lab-equipment", "dormitory", "party-transfer", "household-registration"},
        ),
        (
            graduate(
                1, category="international", flags=frozenset({"lives_in", "party_member", "scholarship", "thesis"})
            ),
            {"lab-equipment", "party-transfer", "household-registration", "personal-file"},
        ),
        (
            graduate(1, category="international", flags=frozenset({"abroad"})),
            {"lab-equipment", "party-transfer", "household-registration", "personal-file", "dormitory"} | INTERNATIONAL,
        ),
    ],
)
def test_which_steps_apply_in_their_order(who: Graduate, left_out: set[str]) -> None:
    left_out = left_out | (set() if "thesis" in who.flags else {"thesis-deposit"})
    left_out = left_out | (set() if who.category == "international" else {"residence-permit"})
    assert flow.applicable(who) == [step for step in EVERY if step not in left_out]
    assert list(definition.steps()) == EVERY
