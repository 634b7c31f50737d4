"""Forms as offices have them on paper, made as files of Excel and Word."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from docx import Document
from openpyxl import Workbook

LIST = ("序号", "姓名", "学号", "联系电话", "出生日期", "备注（选填）")


def workbook(*rows: Sequence[Any], merged: Sequence[str] = ()) -> bytes:
    """A workbook of one sheet with these rows; `merged` are ranges like A1:F1."""
    book = Workbook()
    sheet: Any = book.active
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column, value)
    for one in merged:
        sheet.merge_cells(one)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def hardship() -> bytes:
    """A form as offices love them: merged over and over, four columns, chapters, boxes, a table within."""
    return workbook(
        ("家庭经济困难学生认定申请表",),
        (),
        ("一、基本情况",),
        ("姓  名：", "", "性别", "□男 □女", "学  号", ""),
        ("出生年月", "", "是否党员", "是/否", "手机号码（必填）", ""),
        ("家庭住址", "", "", "", "", ""),
        ("家庭成员", "姓名", "关系", "年龄", "工作单位", "年收入"),
        ("", "", "", "", "", ""),
        ("", "", "", "", "", ""),
        ("二、申请",),
        ("申请理由", "", "", "", "", ""),
        ("证明材料附件", "", "", "申请金额（元）", "", ""),
        ("申请人签字：            年   月   日", "", "", "", "", ""),
        ("学院意见", "签字（盖章）：      年  月  日", "", "", "", ""),
        merged=("A1:F1", "A3:F3", "B6:F6", "A7:A9", "A10:F10", "B11:F11", "B12:C12", "E12:F12", "A13:F13", "B14:F14"),
    )


def letter(*texts: str, rows: Sequence[Sequence[str]] = (), after: Sequence[str] = ()) -> bytes:
    """A document of Word: paragraphs, a table, and paragraphs."""
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    if rows:
        table = document.add_table(len(rows), max(map(len, rows)))
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                table.cell(number, column).text = text
    for text in after:
        document.add_paragraph(text)
    return saved(document)


def merged_letter() -> bytes:
    """A table of Word with cells that are merged across and down, a list of boxes, and a table within a cell."""
    document = Document()
    document.add_heading("请假申请表", 0)
    table = document.add_table(7, 4)
    told = {
        (0, 0): "姓名", (0, 2): "学号",
        (1, 0): "请假类型", (1, 1): "☐事假  ☐病假  ☐其他____",
        (2, 0): "请假事由", (3, 0): "紧急联系人", (3, 1): "姓名", (3, 2): "电话", (3, 3): "关系",
        (5, 0): "学生签名：", (6, 0): "辅导员意见",
    }  # fmt: skip
    for (row, column), text in told.items():
        table.cell(row, column).text = text
    for first, last in (((1, 1), (1, 3)), ((2, 1), (2, 3)), ((3, 0), (4, 0)), ((5, 0), (5, 3)), ((6, 1), (6, 3))):
        table.cell(*first).merge(table.cell(*last))
    inner = table.cell(2, 1).add_table(1, 2)
    inner.cell(0, 0).text = "附："
    return saved(document)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """`data` with the part `name` in the place of the one that it had, or beside what it has."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for part in before.infolist():
            if part.filename != name:
                after.writestr(part.filename, before.read(part))
        after.writestr(name, content)
    return out.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    with ZipFile(io.BytesIO(data)) as packed:
        return packed.read(name)
