"""What a department is told to deliver is what is read: descriptions, examples, plain tables brought into form."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from yinji.clearance import contract, definition, feed
from yinji.clearance.definition import Feed, StepDefinition
from yinji.clearance.roster import Refused
from yinji.platform.clock import instant, stamp

from infra.local import check_feed
from tests import handlers
from tests.graduates import NOW, snapshot

FED = [step for step in definition.steps().values() if step.feed]
LIBRARY = definition.steps()["library-loans"]
READ = handlers.steps()["library-loans"].read
COLUMNS = ["student", "loans", "fines", "titles"]
KINDS = {"student", "text", "count", "yuan", "signed-yuan", "flag", "list"}
TEXTS = ("zh", "en")
each_feed = pytest.mark.parametrize("step", FED, ids=lambda step: step.id)


def columns_of(step: StepDefinition) -> Feed:
    assert step.feed
    return step.feed


def missing() -> list[str]:
    """What has to be written so that every column of every feed is described, as step.toml wants it."""
    return [
        f'{step.module}/step.toml:\n[[feed.describe]]\ncolumn = "{name}"\nkind = "..."  # {", ".join(sorted(KINDS))}\n'
        'title = { zh = "...", en = "..." }\ntext = { zh = "...", en = "..." }\nexamples = ["...", "..."]'
        for step in FED
        for name in columns_of(step).columns
        if name != "student" and name not in columns_of(step).described
    ]


def test_every_column_of_every_feed_is_described() -> None:
    assert not missing(), "please write:\n\n" + "\n\n".join(missing())


@each_feed
def test_nothing_is_described_that_is_no_column_and_all_in_both_languages(step: StepDefinition) -> None:
    told = columns_of(step)
    assert set(told.described) <= set(told.columns) - {"student"}
    for column in told.contract:
        assert column.kind in KINDS
        for text in (column.title, column.text):
            assert set(text) == set(TEXTS) and all(text[language].strip() for language in TEXTS), column.name
            assert not re.search("[\u4e00-\u9fff]", text["en"]) and re.search("[\u4e00-\u9fff]", text["zh"])


@each_feed
def test_the_example_is_taken(step: StepDefinition) -> None:
    data = contract.example(step, NOW)
    found = feed.parse(data, step, handlers.steps()[step.id].read, NOW)
    assert len(found.rows) >= 2 and found.as_of == stamp(NOW)
    assert data.startswith(b"\xef\xbb\xbf#yinji-feed step=" + step.id.encode())


@each_feed
def test_a_description_says_what_the_step_reads(step: StepDefinition) -> None:
    """A cell of another kind is refused, one of the kind is not: the page does not promise what the reader refuses."""
    wrong = {"count": "x", "yuan": "-1.00", "signed-yuan": "1.234", "flag": "是", "list": "长" * 501}
    read = handlers.steps()[step.id].read
    good = {column.name: column.examples[0] for column in columns_of(step).contract}
    read(good)
    for column in columns_of(step).contract:
        if column.kind in wrong:
            with pytest.raises(ValueError, match=column.name):
                read(good | {column.name: wrong[column.kind]})


def test_a_feed_whose_columns_are_only_named_is_still_one(tmp_path: Path) -> None:
    toml = (LIBRARY.folder / "step.toml").read_text("utf-8")
    plain = re.sub(r"\n\[\[feed\.describe\]\]\n(?:.+\n)+", "\n", toml)
    assert "describe" not in plain
    (tmp_path / "step.toml").write_text(plain, "utf-8")
    step = definition.read(tmp_path / "step.toml")
    assert [column.name for column in columns_of(step).contract] == COLUMNS
    assert columns_of(step).contract[1].title == {"zh": "loans", "en": "loans"}
    assert contract.example(step, NOW)


# --- plain tables --------------------------------------------------------------------------------------------
def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parsed(data: bytes) -> feed.Snapshot:
    return feed.parse(contract.framed(LIBRARY, data, NOW), LIBRARY, READ, NOW)


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        parsed(data)
    return refused.value.code


ROW = {"student": "2022S01001", "loans": "1", "fines": "3.50", "titles": "乡土中国"}


@pytest.mark.parametrize(
    "data",
    [
        "student,loans,fines,titles\n2022S01001,1,3.50,乡土中国\n".encode(),
        "student,loans,fines,titles\r\n2022S01001,1,3.50,乡土中国\r\n\r\n,,,\r\n".encode("utf-8-sig"),
        "student,loans,fines,titles\n2022S01001, 1 ,3.50,乡土中国".encode("gb18030"),
        workbook(COLUMNS, ["2022S01001", 1, 3.5, "乡土中国"]),
        workbook(COLUMNS, ["2022S01001", 1.0, "3.50", "乡土中国", None], [None, None]),
    ],
)
def test_a_plain_table_is_brought_into_form(data: bytes) -> None:
    found = parsed(data)
    assert found.as_of == stamp(NOW)
    assert {
        name: cell.replace("3.5", "3.50").replace("3.500", "3.50") for name, cell in found.rows["2022S01001"].items()
    } == ROW


def test_a_file_with_a_first_line_of_its_own_stays_as_it_is() -> None:
    data = snapshot("library-loans", COLUMNS, [ROW], as_of=NOW - timedelta(days=1))
    assert contract.framed(LIBRARY, data, NOW) is data
    assert contract.framed(LIBRARY, b"\xef\xbb\xbf" + data, NOW).endswith(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "columns"),
        (b"student,loans\n2022S01001,1\n", "columns"),
        (b'"student,loans', "csv"),
        (b"\xff\xff\xff", "encoding"),
        (b"PK\x03\x04 no workbook", "xlsx"),
        (workbook(COLUMNS), "empty"),
        (workbook(COLUMNS, ["2022S01001", 1, 3.5, "x", "y"]), "cells"),
        (workbook(COLUMNS, ["2022S01001", True, 3.5, "x"]), "number"),
    ],
)
def test_what_is_no_table_of_the_feed_is_refused(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_workbook_that_unpacks_to_more_than_any_table_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b"0" * 200_000)
    monkeypatch.setattr(contract, "LARGEST_UNPACKED", 100_000)
    assert refusal(out.getvalue()) == "too-large"


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_never_an_error(data: bytes) -> None:
    with pytest.raises(Refused):
        parsed(data)
    with pytest.raises(Refused):
        parsed(b"PK\x03\x04" + data)


def test_the_rows_that_are_wrong_are_named_together_up_to_a_score() -> None:
    rows = [ROW | {"student": f"2022S01{number:03d}", "loans": "x" if number % 2 else "0"} for number in range(60)]
    with pytest.raises(Refused) as refused:
        feed.parse(snapshot("library-loans", COLUMNS, rows), LIBRARY, READ, NOW)
    named = [refused.value, *refused.value.more]
    assert [one.line for one in named] == [4 + 2 * place for place in range(feed.MOST_ERRORS)]
    assert {(one.code, one.field) for one in named} == {("number", "loans")}
    with pytest.raises(Refused) as refused:
        feed.parse(snapshot("library-loans", COLUMNS, [ROW, ROW, ROW | {"student": "x"}]), LIBRARY, READ, NOW)
    assert [(one.code, one.line) for one in (refused.value, *refused.value.more)] == [("duplicate", 4), ("value", 5)]


# --- the command ---------------------------------------------------------------------------------------------
def ran(file: Path, data: bytes, *more: str) -> tuple[int, str]:
    file.write_bytes(data)
    result = CliRunner().invoke(check_feed.main, [str(file), *more])
    return result.exit_code, result.output


@each_feed
def test_the_command_takes_the_example(step: StepDefinition, tmp_path: Path) -> None:
    code, told = ran(tmp_path / "a.csv", contract.example(step, NOW - timedelta(days=300)))
    assert code == 0 and f"would be taken ({step.id})" in told and "可以使用" in told


def test_the_command_names_every_row_that_is_wrong_in_both_languages(tmp_path: Path) -> None:
    table = b"student,loans,fines,titles\n2022S01001,x,0,\n2022S01002,0,abc,\n2022S01003,0,0,\n"
    code, told = ran(tmp_path / "a.csv", table, "--step", "library-loans")
    assert code == 1
    assert "第 2 行 line 2：loans 应为不小于 0 的整数" in told and "loans must be a whole number, 0 or more" in told
    assert "第 3 行 line 3：fines 应为金额" in told
    code, told = ran(tmp_path / "b.csv", snapshot("library-loans", COLUMNS, [ROW | {"loans": "x"}]))
    assert code == 1 and "第 3 行 line 3" in told


def test_the_command_counts_lines_as_whoever_made_the_file_sees_them(tmp_path: Path) -> None:
    table = b'student,loans,fines,titles\n2022S01001,0,0,\n2022S01002,0,0,"a"b\n'
    code, told = ran(tmp_path / "a.csv", table, "--step", "library-loans")
    assert code == 1 and "第 3 行 line 3" in told


def test_the_command_asks_what_a_file_is_about_and_knows_which_feeds_there_are(tmp_path: Path) -> None:
    code, told = ran(tmp_path / "a.csv", b"student,loans\n")
    assert code == 2 and "library-loans" in told
    assert ran(tmp_path / "a.csv", b"student\n", "--step", "dormitory")[0] == 2


def test_the_first_line_says_of_when_a_table_is() -> None:
    line = contract.head("tuition", b"x", 1, instant("2026-06-10T23:30:00Z")).decode()
    assert line.startswith("#yinji-feed step=tuition as_of=2026-06-11T07:30:00+08:00 rows=1 sha256=")
