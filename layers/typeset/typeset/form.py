"""A filled form 表单 as a document: questions and answers, a signature as it was drawn, what the offices said; in our
own layout, or in that of the office whose form it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from typeset.certificate import ROUNDS, code_points, legible
from typeset.rendering import TEMPLATES, MissingGlyph, render
from typeset.sandbox import render_foreign

_POINT = re.compile(r"([ML])([0-9]{1,3}) ([0-9]{1,3})")
MOST_LINES = 200


@dataclass(frozen=True)
class AnswerData:
    """A question and what was answered. Of a table there are `heads` and `rows`; `strokes` is a drawn signature, as
    the path of an SVG with nothing in it but moves and lines."""

    name: str
    title: str
    text: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    strokes: str = ""


@dataclass(frozen=True)
class SectionData:
    title: str
    answers: Sequence[AnswerData]


@dataclass(frozen=True)
class ApprovalData:
    """What an office said; `who` may be empty."""

    office: str
    who: str
    verdict: str
    at: str
    reason: str


@dataclass(frozen=True)
class FormData:
    """The document, all in `language` where it is not as people wrote it. `whole`: sensitive numbers stand in it
    whole."""

    language: Literal["zh", "en"]
    university: str
    office: str
    title: str
    number: str
    called: str
    person: str
    school: str
    sent_at: str
    state: str
    sections: Sequence[SectionData]
    approvals: Sequence[ApprovalData] = ()
    whole: bool = False


def form_pdf(data: FormData, at: datetime, template: str = "") -> bytes:
    """`data` as PDF/A-2b and PDF/UA-1, in the layout `template` where there is one; the same data, template and `at`
    (with a time zone) give the same bytes.

    A character that no font has is written as its code point. Raises `typeset.RenderError` when the document cannot be
    made: the message is the typesetter's, with the line of the template.
    """

    def made(document: Mapping[str, Any]) -> bytes:
        return render_foreign(template, document, at=at) if template else render("form", document, at=at)

    return _legible(data, made)


def _legible(data: FormData, made: Callable[[Mapping[str, Any]], bytes]) -> bytes:
    undrawn: dict[str, None] = {}
    for _ in range(ROUNDS):
        try:
            return made(document(data, undrawn))
        except MissingGlyph as missing:
            if all(character in undrawn for character in missing.characters):
                raise
            undrawn |= dict.fromkeys(missing.characters)
    return made(document(data, undrawn))


def document(data: FormData, undrawn: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The templates' data; the same names as in templates/form-parts.typ."""

    def text(value: str) -> str:
        return code_points(legible(value), undrawn or {})

    def answer(one: AnswerData) -> dict[str, Any]:
        return {
            "name": one.name,
            "title": text(one.title),
            "lines": [text(line) for line in one.text.split("\n")[:MOST_LINES] if line.strip()],
            "heads": [text(head) for head in one.heads],
            "rows": [[text(cell) for cell in row] for row in one.rows],
            "strokes": strokes(one.strokes),
        }

    return {
        "language": data.language,
        "words": dict(_words()[data.language]),
        "university": text(data.university),
        "office": text(data.office),
        "title": text(data.title),
        "number": data.number,
        "person": {"called": text(data.called), "number": text(data.person), "school": text(data.school)},
        "sent-at": data.sent_at,
        "state": text(data.state),
        "whole": data.whole,
        "sections": [
            {"title": text(section.title), "answers": [answer(one) for one in section.answers]}
            for section in data.sections
        ],
        "approvals": [
            {
                "office": text(said.office),
                "who": text(said.who),
                "verdict": text(said.verdict),
                "at": said.at,
                "reason": text(said.reason),
            }
            for said in data.approvals
        ],
    }


def strokes(path: str) -> list[list[list[int]]]:
    """The points of each stroke of `path`."""
    found: list[list[list[int]]] = []
    for kind, x, y in _POINT.findall(path):
        if kind == "M" or not found:
            found.append([])
        found[-1].append([int(x), int(y)])
    return found


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((TEMPLATES / "form.toml").read_text("utf-8"))
