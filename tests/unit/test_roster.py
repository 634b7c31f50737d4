"""Rosters: rows that can be read become graduates, the others are named with their line."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.clearance import roster, university
from yinji.clearance.case import Graduate
from yinji.clearance.roster import CATEGORIES, COLUMNS, FLAGS, Refused, Rejection, parse, parse_batch

from tests.graduates import LIN, graduate, roster_csv

plain = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=40)
numbers = st.text("ABCXYZ0123456789", min_size=6, max_size=16)
graduates = st.builds(
    Graduate,
    student=numbers,
    name=plain.filter(bool),
    name_latin=plain,
    category=st.sampled_from(CATEGORIES),
    school=st.sampled_from(sorted(university.schools())),
    programme=plain,
    class_name=plain,
    counsellor=st.text("AT0123456789", min_size=2, max_size=16),
    supervisor=st.just("") | st.text("AT0123456789", min_size=2, max_size=16),
    email=st.just("") | st.from_regex(r"[a-z]{1,9}@[a-z]{2,9}\.edu", fullmatch=True),
    language=st.sampled_from(["zh", "en"]),
    nationality=st.sampled_from(["CN", "KZ", "VN", "RU"]),
    room=plain,
    flags=st.frozensets(st.sampled_from(FLAGS)),
)


@given(
    st.lists(graduates, max_size=4, unique_by=lambda one: one.student),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_a_roster_is_read_as_it_was_written(many: list[Graduate], encoding: str) -> None:
    from unicodedata import normalize

    data = roster_csv(many).encode(encoding)
    if encoding == "gb18030" and _reads_as_utf_8(data):
        return
    texts = ("name", "name_latin", "programme", "class_name", "room")
    expected = [replace(one, **{name: normalize("NFC", getattr(one, name)) for name in texts}) for one in many]
    assert parse(data) == roster.Roster(expected, [])


def _reads_as_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(data)
    assert refused.value.code in ("columns", "encoding", "csv")


@given(st.text(max_size=200))
def test_garbage_below_a_good_header_is_rejected_row_by_row(text: str) -> None:
    try:
        found = parse((",".join(COLUMNS) + "\n" + text).encode())
    except Refused as refused:
        assert refused.code == "csv"
    except UnicodeEncodeError:
        assert any("\ud800" <= sign <= "\udfff" for sign in text)
    else:
        assert not found.graduates


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("student", ""),
        ("student", "2022s01001"),
        ("student", "12345"),
        ("student", "1" * 17),
        ("student", "2022S01001\n"),
        ("student", "../../x"),
        ("name", ""),
        ("name", "长" * 201),
        ("name", "a\u0000b"),
        ("name", "a\nb"),
        ("name_latin", "x" * 201),
        ("category", "doctor"),
        ("school", "S99"),
        ("school", ""),
        ("counsellor", ""),
        ("counsellor", "王老师"),
        ("supervisor", "王教授"),
        ("supervisor", "T"),
        ("email", "nobody"),
        ("email", "a b@c.de"),
        ("language", "fr"),
        ("nationality", "China"),
        ("party_member", "Yes"),
        ("lives_in", ""),
        ("student_loan", "1"),
        ("abroad", "true"),
        ("room", "x" * 61),
    ],
)
def test_a_cell_that_does_not_fit_rejects_its_row_alone(column: str, cell: str) -> None:
    rows = list(csv.DictReader(io.StringIO(roster_csv([LIN, graduate(2), graduate(3)]))))
    rows[1][column] = cell
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    found = parse(out.getvalue().encode())
    if cell.strip() == LIN.student:
        assert [rejection.code for rejection in found.rejected] == ["duplicate"]
        return
    assert [one.student for one in found.graduates] == [LIN.student, graduate(3).student]
    code = "yes-no" if column in FLAGS else "school" if column == "school" else "value"
    assert [(one.code, one.field) for one in found.rejected] == [(code, column)]
    assert found.rejected[0].line >= 3


def test_the_second_row_of_a_student_is_rejected_and_the_first_taken() -> None:
    found = parse(roster_csv([LIN, replace(LIN, name="别人")]).encode())
    assert found.graduates == [LIN]
    assert found.rejected == [Rejection(3, "duplicate", "student")]


def test_rows_with_too_many_or_too_few_cells_are_named() -> None:
    good = roster_csv([LIN]).rstrip()
    found = parse(f"{good}\n{good.splitlines()[1]},more\n2022S01009,x\n\n".encode())
    assert found.graduates == [LIN]
    assert found.rejected == [Rejection(3, "cells"), Rejection(4, "cells")]


@pytest.mark.parametrize(
    "header", [COLUMNS[:-1], (*COLUMNS, "more"), tuple(reversed(COLUMNS)), ("学号", *COLUMNS[1:]), (COLUMNS[0],)]
)
def test_another_header_refuses_the_file_and_tells_the_right_one(header: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        parse((",".join(header) + "\n").encode())
    assert (refused.value.code, refused.value.line) == ("columns", 1)
    assert refused.value.params["expected"] == ",".join(COLUMNS)


def test_a_roster_that_knows_no_supervisors_is_refused_rather_than_take_them_away() -> None:
    older = [name for name in COLUMNS if name != "supervisor"]
    with pytest.raises(Refused) as refused:
        parse((",".join(older) + "\n").encode())
    assert refused.value.code == "columns" and ",supervisor," in str(refused.value.params["expected"])


def test_an_unbalanced_quote_refuses_the_file() -> None:
    with pytest.raises(Refused) as refused:
        parse((roster_csv([LIN]) + '"2022S01002,x\n').encode())
    assert refused.value.code == "csv"


def test_too_many_rows_refuse_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "MOST_ROWS", 3)
    assert len(parse(roster_csv([graduate(number) for number in range(3)]).encode()).graduates) == 3
    with pytest.raises(Refused) as refused:
        parse(roster_csv([graduate(number) for number in range(4)]).encode())
    assert refused.value.code == "too-long"


def test_names_are_kept_in_one_unicode_form() -> None:
    found = parse(roster_csv([replace(LIN, name="Nguyê\u0303n Thi\u0323")]).encode())
    assert found.graduates[0].name == "Nguyễn Thị"


# --- batch.json ----------------------------------------------------------------------------------------------
BATCH: dict[str, Any] = {"title": {"zh": "夏", "en": "Summer"}, "opens_on": "2026-06-01", "deadline": "2026-06-30"}


def test_a_batch_is_declared() -> None:
    batch = parse_batch("2026-summer", json.dumps(BATCH).encode())
    assert (batch.id, batch.title, str(batch.deadline)) == ("2026-summer", BATCH["title"], "2026-06-30")
    assert parse_batch("2026-summer", b"\xef\xbb\xbf" + json.dumps(BATCH, ensure_ascii=False).encode("utf-8")) == batch
    assert parse_batch("2026-summer", json.dumps(BATCH, ensure_ascii=False).encode("gbk")) == batch


@pytest.mark.parametrize(
    ("id", "document"),
    [
        ("2026-summer", None),
        ("2026-summer", []),
        ("2026-summer", BATCH | {"title": "夏"}),
        ("2026-summer", BATCH | {"title": {"zh": "夏"}}),
        ("2026-summer", BATCH | {"title": {"zh": " ", "en": "Summer"}}),
        ("2026-summer", BATCH | {"title": {"zh": "夏", "en": ""}}),
        ("2026-summer", BATCH | {"deadline": "2026-05-31"}),
        ("2026-summer", BATCH | {"deadline": "30.6.2026"}),
        ("2026-summer", BATCH | {"deadline": 20260630}),
        ("2026-summer", {name: value for name, value in BATCH.items() if name != "opens_on"}),
        ("Summer 2026", BATCH),
        ("", BATCH),
    ],
)
def test_a_batch_that_does_not_make_sense_is_refused(id: str, document: Any) -> None:
    with pytest.raises(Refused) as refused:
        parse_batch(id, json.dumps(document).encode())
    assert refused.value.code == "batch"


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xff", b"[" * 100_000])
def test_a_batch_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_batch("2026-summer", data)
    assert refused.value.code == "batch"
