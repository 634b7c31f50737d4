"""What comes out of a form for its office: every answer as a table. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from yinji.forms import answered
from yinji.forms.answered import office_title, say, word
from yinji.forms.form import OF_SCHOOL, Field, Form
from yinji.forms.printing import NUMBER
from yinji.forms.submission import Submission
from yinji.platform.sheets import Cell, Table

WIDTHS = (14, 14, 16, 20, 17, 12, 17)
WIDTH = 22
LONGEST_CELL = 32_000
"""Of a cell: what spreadsheets take, with some room."""


def questions(newest: Form, versions: Iterable[Form]) -> list[Field]:
    """Every question that was ever asked, those of the `newest` version first, as they are asked there."""
    known = dict(newest.by_name)
    for form in versions:
        for name, one in form.by_name.items():
            known.setdefault(name, one)
    return list(known.values())


def table(newest: Form, versions: Mapping[int, Form], some: Sequence[Submission], language: str) -> Table:
    """A line for each of `some`, a column for each question: words in `language`, numbers as numbers, a table in one
    cell with a line for each row; what is sealed by its last signs, what was opened before whole. `versions` are those
    by which they were filled. A signature or a document is told of, and is not in it."""
    asked = questions(newest, versions.values())
    schools: dict[str, str] = {}
    lines: list[list[Cell]] = []
    for one in some:
        form = versions[one.form_version]
        if one.school not in schools:
            schools[one.school] = say(office_title(OF_SCHOOL, one.school), language) if one.school else ""
        line: list[Cell] = [
            one.id[:NUMBER].upper(),
            one.person,
            one.called,
            schools[one.school],
            one.at,
            word(one.state, language),
            one.times[one.state],
        ]
        line += [_cell(form.by_name.get(field.name), one.answers.get(field.name), language) for field in asked]
        lines.append(line)
    heads = [told[language] for told in _said()["columns"].values()]
    heads += [say(one.title, language) for one in asked]
    return Table(say(newest.title, language), heads, [*WIDTHS, *[WIDTH] * len(asked)], lines)


def _cell(one: Field | None, value: Any, language: str) -> Cell:
    if one is None or value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return answered.text(one, value, language)[:LONGEST_CELL]


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
