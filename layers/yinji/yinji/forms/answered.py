"""What was answered, as people read it: by page, question and answer, what is sensitive by its last signs. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from yinji.clearance import university
from yinji.clearance.definition import Text
from yinji.clearance.sealing import masked
from yinji.forms import facts
from yinji.forms.form import OF_SCHOOL, Field, Form, asked

DRAWN = "drawn:"
TYPED = "typed:"


@dataclass(frozen=True)
class Answer:
    """The answer to `field` in words; of a table `rows`, of a signature by hand `strokes`, of a document its id."""

    field: Field
    text: str
    rows: tuple[tuple[str, ...], ...] = ()
    strokes: str = ""
    document: str = ""


@dataclass(frozen=True)
class Section:
    """A page of a form, as far as it was asked and answered."""

    title: Text
    answers: tuple[Answer, ...]


def sections(form: Form, answers: Mapping[str, Any], language: str) -> list[Section]:
    """`answers` to `form` by page, in `language`. Those that are sealed are shown by their last signs, those that come
    in clear are told whole, so that whoever opened one shows it."""
    put = {one.name for one in asked(tuple(form.fields), answers)}
    found: list[Section] = []
    for page in form.pages:
        here = [one for one in page.fields if one.name in put and one.name in answers]
        if here:
            found.append(Section(page.title, tuple(_answer(one, answers[one.name], language) for one in here)))
    return found


def _answer(one: Field, value: Any, language: str) -> Answer:
    said = text(one, value, language)
    if one.way == "rows" and isinstance(value, list):
        return Answer(one, said, tuple(_cells(one, row, language) for row in cast(list[Any], value)))
    if one.way == "signature" and isinstance(value, str) and value.startswith(DRAWN):
        return Answer(one, said, strokes=value.removeprefix(DRAWN))
    return Answer(one, said, document=str(value) if one.way == "attachment" else "")


def text(one: Field, value: Any, language: str) -> str:
    """`value` of `one` as a single text in `language`; of a table a line for each row."""
    if value is None:
        return ""
    if one.sealed:
        return masked(value) if str(value).startswith("sealed:") else str(value)
    if one.fact:
        return facts.shown(one.fact, value, language)
    match one.way:
        case "tick":
            return word("yes", language)
        case "attachment":
            return word("attached", language)
        case "signature":
            return word("drawn", language) if str(value).startswith(DRAWN) else str(value).removeprefix(TYPED)
        case "choice":
            return _option(one, value, language)
        case "choices" if isinstance(value, list):
            return _joined((_option(one, each, language) for each in cast(list[Any], value)), language)
        case "rows" if isinstance(value, list):
            return "\n".join(" | ".join(_cells(one, row, language)) for row in cast(list[Any], value))
        case _:
            return number(value) if isinstance(value, int | float) else str(value)


def _cells(one: Field, row: Any, language: str) -> tuple[str, ...]:
    told: Mapping[str, Any] = cast(Mapping[str, Any], row) if isinstance(row, Mapping) else {}
    return tuple(text(column, told.get(column.name), language) for column in one.fields)


def _option(one: Field, value: Any, language: str) -> str:
    title = next((option.title for option in one.options if option.value == value), None)
    return say(title, language) if title else str(value)


def _joined(some: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(some)


def number(value: float) -> str:
    """`value` without a point that says nothing."""
    return str(value) if isinstance(value, int) or not value.is_integer() else str(int(value))


def say(told: Text, language: str) -> str:
    """`told` in `language`, or in the other where it was not said in this one."""
    return told.get(language) or next(iter(told.values()), "")


def word(name: str, language: str) -> str:
    return _words()[name]["zh" if language == "zh" else "en"]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def office_title(office: str, school: str = "") -> Text:
    """What an office of a chain is called: a department, `school/<id>`, or "school", which is that of `school`."""
    id = office.partition("/")[2] if office.startswith(f"{OF_SCHOOL}/") else school if office == OF_SCHOOL else office
    known: Mapping[str, Any] = university.departments().get(id) or university.schools().get(id) or {}
    return {"zh": str(known.get("zh", id or office)), "en": str(known.get("en", id or office))}


def sealed_fields(form: Form, answers: Mapping[str, Any]) -> Sequence[Field]:
    """The questions of `form` whose answers are kept sealed, as far as they were answered."""
    return [one for one in form.fields if one.sealed and answers.get(one.name)]
