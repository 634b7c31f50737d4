"""A form on paper becomes a draft: what it asks is found in its lines, and how, as far as its words say. Pure.

People lay their forms out in few ways: a row of names above empty columns; a word and an empty cell beside it, twice or
thrice in a row; a word with a colon and a line to write on; boxes to tick; a table with empty rows. Whatever is found
is for a person to confirm: nobody sees the form before.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

from yinji.clearance.definition import Evidence, Text
from yinji.forms import editing
from yinji.forms.form import LONGEST_TITLE, MOST_FIELDS, MOST_OPTIONS, MOST_PAGES, As, Field, Form, Option, Page
from yinji.forms.matching import suggestions
from yinji.platform.problem import Problem
from yinji.platform.text import plain

if TYPE_CHECKING:
    from tabular import Line

LARGEST = 2 * 2**20
"""Bytes of a file that is brought in."""
LONGEST_LABEL = 60
"""What is longer is no question but a text about it."""
WAYS: tuple[As, ...] = ("signature", "attachment", "choice", "paragraph", "date", "number")
BOXES = "□☐○◯◇"
_BOX = re.compile(rf"[{BOXES}]")
_COLON = re.compile(r"[:：]")
_LINE = re.compile(r"[_＿﹍]{2,}")
_BESIDE = re.compile(r"[（(][^（()）]*[)）]")
_BETWEEN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_LETTER = re.compile(r"[^\W\d_]")
SHORT = 12
"""What stands behind a colon in a cell and is no longer than that may be an answer, or how to give it."""


@dataclass(frozen=True)
class Asked:
    """A question as a form on paper has it: its words, the options beside it, and the columns of its table."""

    label: str
    options: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    needed: bool = True


@dataclass(frozen=True)
class Section:
    title: str
    asked: tuple[Asked, ...]


# --- the draft -------------------------------------------------------------------------------------------------------
def read(id: str, office: str, data: bytes, language: str) -> Form:
    """The draft that a file makes: XLSX or DOCX. Raises Problem("form-file-old"), Problem("form-file-programs"),
    Problem("form-file-large"), Problem("form-file-unreadable"), and what `drafted` raises."""
    from tabular import NotPrinted, lines

    try:
        found = lines(data)
    except NotPrinted as error:
        known = {"old": "form-file-old", "programs": "form-file-programs", "large": "form-file-large"}
        raise Problem(known.get(error.code, "form-file-unreadable")) from error
    return drafted(id, office, found, language)


def drafted(id: str, office: str, lines: Sequence[Line], language: str) -> Form:
    """The draft of a form on paper. Raises Problem("form-file-empty") when nothing is asked on it,
    Problem("form-file-large") when more is than a form can."""
    title, sections = found(lines)
    count = sum(len(one.asked) for one in sections)
    if not count:
        raise Problem("form-file-empty")
    if count > MOST_FIELDS or len(sections) > MOST_PAGES:
        raise Problem("form-file-large")
    number, pages = 0, list[Page]()
    for section in sections:
        fields: list[Field] = []
        for one in section.asked:
            number += 1
            fields.append(field(f"q{number}", one))
        pages.append(Page(_words_of(section.title), tuple(fields)))
    return editing.fit(Form(id, office, _words_of(title), {}, tuple(pages)), language)


def _words_of(title: str) -> Text:
    return editing.words_in(title) if title else {}


def field(name: str, one: Asked) -> Field:
    """The question of its own that `one` is, until a person says which fact it asks for."""
    title = editing.words_in(one.label)
    if one.columns:
        columns = tuple(
            Field(f"c{place}", editing.words_in(label), _of_column(label), required=False)
            for place, label in enumerate(one.columns, 1)
        )
        return Field(name, title, "rows", required=one.needed, fields=columns)
    made = Field(name, title, guess(one.label), required=one.needed)
    if one.options:
        usual = [editing.words_in(text) for text in dict.fromkeys(one.options)][:MOST_OPTIONS]
        options = tuple(Option(f"o{place}", told) for place, told in enumerate(usual, 1))
        return replace(made, way="choice", options=options)
    if made.way == "choice":
        return replace(made, options=editing.YES_NO)
    if made.way == "attachment":
        return replace(made, evidence=Evidence(editing.TYPES, 10))
    return replace(made, signs=("typed", "drawn")) if made.way == "signature" else made


def _of_column(label: str) -> As:
    way = guess(label)
    return way if way in ("date", "number") else "text"


def guess(label: str) -> As:
    """How a question is asked, by its words."""
    found: As | None = next((way for way in WAYS if _says(way, label)), None)
    return found or "text"


def of_office(label: str) -> bool:
    """Whether it is an office that writes there."""
    return _says("office", label)


def _says(what: str, label: str) -> bool:
    told = label.lower()
    words = _words()[what]
    return any(word in told for word in words["zh"]) or any(
        re.search(rf"\b{re.escape(word)}s?\b", told) for word in words["en"]
    )


@cache
def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return cast(
        Mapping[str, Mapping[str, Sequence[str]]],
        tomllib.loads(Path(__file__).with_name("importing.toml").read_text("utf-8")),
    )


@cache
def _pattern(what: str, begin: str = "", end: str = "") -> re.Pattern[str]:
    """The patterns `what` of importing.toml as one."""
    parts = "|".join(part for some in _words()[what].values() for part in some)
    return re.compile(f"{begin}(?:{parts}){end}", re.IGNORECASE)


# --- what is asked ---------------------------------------------------------------------------------------------------
def found(lines: Sequence[Line]) -> tuple[str, list[Section]]:
    """What a form is called, and what it asks, by its sections; a section that asks nothing is left out."""
    rows = [line for line in lines if line.cells and (line.table or _tidy(line.cells[0].text))]
    while rows and _empty(rows[0]):
        rows.pop(0)
    title = ""
    if rows and _titles(rows[0]):
        title = _plain(_tidy(rows.pop(0).cells[0].text))[:LONGEST_TITLE]
        while rows and _empty(rows[0]):
            rows.pop(0)
    if listed := _list(rows):
        return title, [Section("", tuple(listed))]
    sections: list[Section] = []
    called, asked = "", list[Asked]()
    place = 0
    while place < len(rows):
        row = rows[place]
        place += 1
        if heading := _heading(row):
            sections.append(Section(called, tuple(asked)))
            called, asked = heading, []
        elif table := _head(row, rows[place : place + 2]):
            asked.append(replace(table, label=table.label or called or " / ".join(table.columns)[:LONGEST_LABEL]))
            while place < len(rows) and _empty(rows[place]):
                place += 1
        else:
            asked += _row(row)
    sections.append(Section(called, tuple(asked)))
    return title, [Section(one.title, _once(one.asked)) for one in sections if one.asked]


def _once(asked: Sequence[Asked]) -> tuple[Asked, ...]:
    """`asked`, of those that have the same words the first."""
    return tuple({one.label: one for one in reversed(asked)}.values())[::-1]


def _empty(line: Line) -> bool:
    return line.table and not any(_tidy(cell.text) for cell in line.cells)


def _alone(line: Line) -> bool:
    """Whether one text stands in the line, from its beginning to its end; or before nothing at all."""
    first, *others = line.cells
    return bool(_tidy(first.text)) and not any(_tidy(cell.text) for cell in others)


def _titles(line: Line) -> bool:
    """Whether the first line is what a form is called, and no question with an empty cell beside it."""
    text = line.cells[0].text
    if not _alone(line) or _asks(text):
        return False
    sure = any(one.sure for one in suggestions(_label(text), 1))
    return not line.table or len(line.cells) == 1 or line.cells[0].span > 1 or not (sure or guess(text) != "text")


def _asks(text: str) -> bool:
    return bool(_COLON.search(text) or _BOX.search(text) or _LINE.search(text))


def _heading(line: Line) -> str:
    """What a line calls what follows: it stands alone, and begins as chapters do or is as wide as its table."""
    text = _tidy(line.cells[0].text)
    if not _alone(line) or _asks(text) or len(text) > LONGEST_LABEL:
        return ""
    wide = line.table and len(line.cells) == 1 and line.cells[0].span > 1
    return _plain(text) if wide or _pattern("chapters", "^").match(text) else ""


def _list(rows: Sequence[Line]) -> list[Asked]:
    """The columns of a list, of which a row is a form that somebody filled: names from its first row on, no words that
    ask below them."""
    if not rows or not rows[0].table:
        return []
    cells = [cell for cell in rows[0].cells if not cell.covered]
    while cells and not _tidy(cells[-1].text):
        cells.pop()
    if len(cells) < 3 or not all(_label(cell.text) and not _asks(cell.text) for cell in cells):
        return []
    for row in rows[1:]:
        if not row.table or any(_asks(cell.text) for cell in row.cells):
            return []
        told = [bool(_tidy(cell.text)) for cell in row.cells]
        # a word with an empty cell beside it, in the first column, asks something
        if told and told[0] and not any(told[1:]) and not _plain(row.cells[0].text).isdigit():
            return []
    return [Asked(_label(cell.text), needed=_needed(cell.text)) for cell in cells]


def _head(row: Line, below: Sequence[Line]) -> Asked | None:
    """A table within a form: names of columns above rows of as many empty cells, which may be called by a cell at their
    left that goes on below."""
    if not row.table or not below or not _empty(below[0]):
        return None
    called = len(row.cells) == len(below[0].cells) and below[0].cells[0].covered and not row.cells[0].covered
    # below one row of empty cells each may be answered for itself
    if not called and (len(below) < 2 or not _empty(below[1])):
        return None
    cells = [cell for cell in row.cells[1 if called else 0 :] if not cell.covered]
    under = [cell for cell in below[0].cells if not cell.covered]
    labels = [_label(cell.text) for cell in cells]
    if len(cells) < 2 or not all(labels) or any(_asks(cell.text) for cell in cells) or len(under) != len(cells):
        return None
    return Asked(_label(row.cells[0].text) if called else "", columns=tuple(labels), needed=False)


def _row(line: Line) -> list[Asked]:
    """What a row asks, or a paragraph."""
    if not line.table:
        return _written(_tidy(line.cells[0].text), prose=True)
    asked: list[Asked] = []
    cells = [cell for cell in line.cells if not cell.covered]
    answered = False
    for place, cell in enumerate(cells):
        text, beside = _tidy(cell.text), _tidy(cells[place + 1].text) if place + 1 < len(cells) else ""
        if answered or not text:
            answered = False
            continue
        label = "" if _asks(text) else _label(text)
        if label and (options := _beside(beside)):
            asked.append(Asked(label, options, needed=_needed(text)))
            answered = True
        elif inside := _written(text, prose=False):
            asked += inside
        elif label and len(cells) > 1:
            asked.append(Asked(label, needed=_needed(text)))
    return asked


def _beside(text: str) -> tuple[str, ...]:
    """The options that stand beside a question: boxes to tick, or yes and no."""
    if _BOX.match(text):
        return tuple(_options(text))
    if _pattern("either", "^[（(]?\\s*", "\\s*[)）]?$").match(text):
        return tuple(part.strip() for part in re.split("[/／]", text.strip("()（） ")))
    return ()


def _written(text: str, *, prose: bool) -> list[Asked]:
    """What is asked within a text: words with a colon and a place to write after it, or boxes to tick."""
    asked: list[Asked] = []
    for line in text.split("\n"):
        parts = _COLON.split(line)
        for before, after in pairwise(parts):
            if not (label := _label(_last(before))):
                continue
            if _BOX.search(after):
                asked.append(Asked(label, tuple(_options(after)), needed=_needed(before)))
            elif _writes(after) or (not prose and len(after.strip()) <= SHORT):
                asked.append(Asked(label, needed=_needed(before)))
        box = _BOX.search(line)
        if len(parts) == 1 and box and (label := _label(line[: box.start()])):
            asked.append(Asked(label, tuple(_options(line[box.start() :])), needed=_needed(line)))
    return asked


def _last(before: str) -> str:
    """The words right before a colon: what was asked or chosen before ends where there was a place to write."""
    *chosen, words = _BOX.split(before)
    parts = re.split(r"[_＿﹍]{2,}|\s{2,}|[,，;；。]" if chosen else r"[_＿﹍]{2,}|\s{3,}|[,，;；。]", words.strip())
    return parts[-1] if len(parts) > 1 or not chosen else ""


def _writes(after: str) -> bool:
    """Whether there is a place to write after a colon, before the next question if there is one."""
    left = _pattern("day").sub("", after)
    return not left.strip(" _＿﹍—-./、\t") or bool(re.match(r"\s*[_＿﹍]{2,}|\s{3,}", after))


def _options(text: str) -> Iterator[str]:
    for part in _BOX.split(text)[1:]:
        if told := _plain(re.split(r"[_＿﹍]{2,}|\s{2,}", part.lstrip())[0].strip(" ,，;；、")):
            yield told[:LONGEST_TITLE]


def _tidy(text: str) -> str:
    return plain(text)


def _plain(text: str) -> str:
    """Words in one line, without the blanks that set Chinese words wide."""
    return _BETWEEN.sub("", " ".join(text.split()))


def _label(text: str) -> str:
    """The words of a question, or nothing when they are no question: too long, or only signs."""
    told = _pattern("numbers", "^").sub("", _plain(_tidy(text).strip("_＿ "))).strip(" :：*＊")
    for beside in _BESIDE.findall(told):
        if _says("optional", beside) or _says("required", beside):
            told = told.replace(beside, "").strip(" :：*＊")
    return told if _LETTER.search(told) and len(told) <= LONGEST_LABEL and not _BOX.search(told) else ""


def _needed(text: str) -> bool:
    return not _says("optional", text)
