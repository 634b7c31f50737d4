"""Forms on paper become drafts: what is asked is found, whatever a file pretends to be is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tabular import Cell, Line, NotPrinted, lines
from yinji.forms import importing
from yinji.forms.form import MOST_FIELDS, Field, Form, check, read
from yinji.forms.matching import suggestions
from yinji.platform.problem import Problem

from tests import papers


def brought(data: bytes) -> Form:
    return importing.read("a-form", "finance", data, "en")


def told(form: Form) -> list[tuple[str, str]]:
    return [(next(iter(one.title.values())), one.way) for one in form.fields]


def called(form: Form, label: str) -> Field:
    return next(one for one in form.fields if label in one.title.values())


def refused(data: bytes) -> str:
    with pytest.raises(Problem) as found:
        brought(data)
    return found.value.code


# --- as people have them ---------------------------------------------------------------------------------------------
def test_a_merged_form_of_excel() -> None:
    form = brought(papers.hardship())
    assert form.title == {"zh": "家庭经济困难学生认定申请表"}
    assert [dict(page.title) for page in form.pages] == [{"zh": "一、基本情况"}, {"zh": "二、申请"}]
    assert told(form) == [
        ("姓名", "text"),
        ("性别", "choice"),
        ("学号", "text"),
        ("出生年月", "date"),
        ("是否党员", "choice"),
        ("手机号码", "text"),
        ("家庭住址", "text"),
        ("家庭成员", "rows"),
        ("申请理由", "paragraph"),
        ("证明材料附件", "attachment"),
        ("申请金额（元）", "number"),
        ("申请人签字", "signature"),
        ("学院意见", "text"),
        ("签字（盖章）", "signature"),
    ]
    assert [dict(option.title) for option in called(form, "性别").options] == [{"zh": "男"}, {"zh": "女"}]
    assert [dict(column.title) for column in called(form, "家庭成员").fields] == [
        {"zh": "姓名"}, {"zh": "关系"}, {"zh": "年龄"}, {"zh": "工作单位"}, {"zh": "年收入"},
    ]  # fmt: skip
    facts = {label: found[0].fact for label, _ in told(form) if (found := suggestions(label)) and found[0].sure}
    assert (
        facts.items()
        >= {"姓名": "name", "学号": "student-number", "手机号码": "phone", "家庭住址": "home-address"}.items()
    )
    assert importing.of_office("学院意见") and not importing.of_office("申请理由")


def test_a_list_of_excel_whose_rows_are_forms_that_were_filled() -> None:
    for rows in ((), ((1, "王小明", "2022S01001", "13800138000", "2003-01-02", ""),) * 3, (("",) * 6, ("",) * 6)):
        form = brought(papers.workbook(papers.LIST, *rows))
        assert told(form) == [
            ("序号", "text"), ("姓名", "text"), ("学号", "text"), ("联系电话", "text"), ("出生日期", "date"),
            ("备注", "paragraph"),
        ]  # fmt: skip
        assert [one.required for one in form.fields] == [True] * 5 + [False]
        assert "王小明" not in json.dumps(form.layout, ensure_ascii=False)
    titled = brought(papers.workbook(("报名表",), papers.LIST, merged=("A1:F1",)))
    assert titled.title == {"zh": "报名表"} and len(told(titled)) == 6


def test_a_form_without_merged_cells_and_with_words_in_english() -> None:
    form = brought(
        papers.workbook(
            ("Application for a bicycle",),
            ("1. Full name", "", "2. Student No.", ""),
            ("3. Date of birth *", "", "Whether a member", ""),
            ("Remarks (optional)", "", "", ""),
            ("Applicant's signature", "", "", ""),
        )
    )
    assert told(form) == [
        ("Full name", "text"), ("Student No.", "text"), ("Date of birth", "date"), ("Whether a member", "choice"),
        ("Remarks", "paragraph"), ("Applicant's signature", "signature"),
    ]  # fmt: skip
    assert not called(form, "Remarks").required and form.title == {"en": "Application for a bicycle"}


def test_a_merged_table_of_word() -> None:
    form = brought(papers.merged_letter())
    assert form.title == {"zh": "请假申请表"}
    assert told(form) == [
        ("姓名", "text"),
        ("学号", "text"),
        ("请假类型", "choice"),
        ("请假事由", "paragraph"),
        ("附", "text"),
        ("紧急联系人", "rows"),
        ("学生签名", "signature"),
        ("辅导员意见", "text"),
    ]
    assert [dict(one.title) for one in called(form, "请假类型").options] == [
        {"zh": "事假"},
        {"zh": "病假"},
        {"zh": "其他"},
    ]


def test_words_with_lines_to_write_on() -> None:
    form = brought(
        papers.letter(
            "出国（境）登记",
            "填表说明：请用黑色签字笔如实填写以下各项内容，不得涂改。",
            "姓名：________  学号：________    性别：□男 □女  国籍：________",
            "护照号码：____________",
            "本人承诺以上内容属实。",
            "申请人签名：            日期：    年  月  日",
        )
    )
    assert told(form) == [
        ("姓名", "text"), ("学号", "text"), ("性别", "choice"), ("国籍", "text"), ("护照号码", "text"),
        ("申请人签名", "signature"), ("日期", "date"),
    ]  # fmt: skip


def test_a_table_of_word_with_rows_to_fill() -> None:
    rows = [
        ("姓名", "", "专业", ""),
        ("起止时间", "学校", "职务", "证明人"),
        ("",) * 4,
        ("",) * 4,
        ("备注", "", "", ""),
    ]
    form = brought(papers.letter("履历表", rows=rows, after=["本人签字：____"]))
    assert told(form) == [
        ("姓名", "text"), ("专业", "text"), ("起止时间 / 学校 / 职务 / 证明人", "rows"), ("备注", "paragraph"),
        ("本人签字", "signature"),
    ]  # fmt: skip
    assert [one.way for one in called(form, "起止时间 / 学校 / 职务 / 证明人").fields] == [
        "date",
        "text",
        "text",
        "text",
    ]


def test_names_above_one_row_of_empty_cells_are_questions_each() -> None:
    rows = [("姓名", "学号"), ("", ""), ("电话", "")]
    assert told(brought(papers.letter(rows=rows))) == [("姓名", "text"), ("学号", "text"), ("电话", "text")]


def test_words_that_come_twice_are_asked_once_in_a_chapter() -> None:
    form = brought(papers.workbook(("一、学生",), ("姓名", ""), ("姓名", ""), ("二、家长",), ("姓名", "")))
    assert [[one.name for one in page.fields] for page in form.pages] == [["q1"], ["q2"]]


def test_formulas_say_nothing() -> None:
    form = brought(papers.workbook(("姓名", ""), ('=HYPERLINK("http://example.org","学号")', ""), ("电话", "")))
    assert told(form) == [("姓名", "text"), ("电话", "text")]


# --- as nobody should have them --------------------------------------------------------------------------------------
BOOK, LETTER = papers.workbook(("姓名", ""), ("电话", "")), papers.letter("姓名：____")
NUMERALS = "一二三四五六七八九十"
SHEET = "xl/worksheets/sheet1.xml"


def test_what_is_no_such_file_is_refused() -> None:
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == "form-file-old"
    for data in (b"", b"PK\x03\x04", b"%PDF-1.7", b"name,phone", BOOK[: len(BOOK) // 2]):
        assert refused(data) == "form-file-unreadable"
    assert refused(papers.with_part(BOOK, SHEET, b"<worksheet><sheetData><row>")) == "form-file-unreadable"
    assert refused(papers.with_part(LETTER, "word/document.xml", b"<a/>")) in (
        "form-file-unreadable",
        "form-file-empty",
    )
    assert refused(papers.workbook()) == refused(papers.letter("无")) == "form-file-empty"


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "word/vbaProject.bin", "word/embeddings/oleObject1.bin"])
def test_what_holds_programs_is_refused(name: str) -> None:
    assert refused(papers.with_part(LETTER if name.startswith("word") else BOOK, name, b"x")) == "form-file-programs"


def test_a_workbook_that_says_it_has_macros_is_refused() -> None:
    types = papers.part_of(BOOK, "[Content_Types].xml")
    said = types.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    assert said != types and refused(papers.with_part(BOOK, "[Content_Types].xml", said)) == "form-file-programs"


def test_entities_are_not_looked_up() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d SYSTEM "file:///etc/passwd">]><a>&b;&d;</a>'
    for data, part in ((BOOK, SHEET), (BOOK, "xl/sharedStrings.xml"), (LETTER, "word/document.xml")):
        assert refused(papers.with_part(data, part, bomb)) == "form-file-unreadable"
        assert refused(papers.with_part(data, part, bomb.decode().encode("utf-16"))) == "form-file-unreadable"


def test_what_unpacks_to_more_than_a_form_is_refused() -> None:
    zeros = bytes(13 * 2**20)
    assert refused(papers.with_part(LETTER, "word/styles.xml", zeros)) == "form-file-large"
    big = LETTER
    for number in range(3):
        big = papers.with_part(big, f"word/media/{number}.png", zeros)
    assert len(big) < importing.LARGEST and refused(big) == "form-file-large"


def test_a_sheet_that_pretends_to_be_endless_is_cut() -> None:
    part = papers.part_of(BOOK, SHEET).decode()
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>学号：</t></is></c></row></sheetData>'
    merged = "".join(f'<mergeCell ref="A{row}:XFD1048576"/>' for row in range(3, 60))
    part = part.replace("</sheetData>", f"{far}<mergeCells>{merged}</mergeCells>")
    part = re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', part)
    assert told(brought(papers.with_part(BOOK, SHEET, part.encode()))) == [("姓名", "text"), ("电话", "text")]


def test_a_table_that_pretends_to_be_endless_is_cut() -> None:
    data = papers.letter(rows=[("姓名", ""), ("电话", "")])
    part = papers.part_of(data, "word/document.xml").replace(b"<w:tcPr>", b'<w:tcPr><w:gridSpan w:val="99999999999"/>')
    assert told(brought(papers.with_part(data, "word/document.xml", part))) == [("姓名", "text"), ("电话", "text")]


def test_more_questions_than_a_form_can_have_are_refused() -> None:
    rows = [(f"问题甲{number}", "") for number in range(MOST_FIELDS + 2)]
    assert refused(papers.workbook(*rows)) == "form-file-large"
    assert len(told(brought(papers.workbook(*rows[1:])))) == MOST_FIELDS
    chapters = [
        row for number in range(13) for row in ((f"第{NUMERALS[number % 10]}章 {number}",), (f"问题{number}", ""))
    ]
    assert refused(papers.workbook(("表",), *chapters)) == "form-file-large"


def test_texts_that_cannot_be_shown_are_left_out() -> None:
    form = brought(papers.workbook(("姓\u202e名\u200b", ""), ("电话" * 40, "")))
    assert told(form) == [("姓名", "text")]


TEXTS = st.text("姓名电话：:_＿□☐ /()（）是否*一、1.\n年月日=<\u202e", max_size=12)
CELLS = st.builds(Cell, TEXTS | st.just(""), st.integers(1, 3), st.booleans())
LINES = st.builds(Line, st.lists(CELLS, max_size=5).map(tuple), st.booleans())


@given(st.lists(LINES, max_size=12))
@settings(max_examples=400, deadline=None)
def test_whatever_lines_there_are_a_draft_can_be_filled(some: list[Line]) -> None:
    try:
        form = importing.drafted("a-form", "finance", some, "zh")
    except Problem as problem:
        assert problem.code in ("form-file-empty", "form-file-large")
        return
    check(form)
    documents: Any = json.loads(json.dumps({"schema": form.schema, "layout": form.layout}))
    assert read(documents["schema"], documents["layout"]) == form


@given(st.binary(max_size=300), st.sampled_from([BOOK, LETTER]), st.integers(0, 5000))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused(noise: bytes, data: bytes, at: int) -> None:
    place = at % len(data)
    try:
        lines(data[:place] + noise + data[place + len(noise) :])
    except NotPrinted as error:
        assert error.code in ("old", "programs", "large", "format", "broken")
