"""The clearance certificate 离校单: one bilingual A4 page that says a graduate has nothing left to do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Literal

import segno

from typeset.rendering import MissingGlyph, render

# Typst names the glyphs missing from what it laid out; replacing them can bring up a few more, never this many.
ROUNDS = 8
# A word longer than this may be broken anywhere, so that it cannot run off the page.
LONGEST_WORD = 36

# Characters that steer the direction of text: in a name they could make it read as another one.
_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LONG_WORD = re.compile(rf"[^\s\u2e80-\U0003ffff]{{{LONGEST_WORD + 1},}}")


@dataclass(frozen=True)
class Title:
    """The same thing said in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class StepLine:
    """One step that is behind the graduate. `done_on` is the local day on which it was done or waived."""

    title: Title
    department: Title
    done_on: date
    state: Literal["done", "waived"]


@dataclass(frozen=True)
class CertificateData:
    """What the certificate says.

    `name` as the register writes it, `name_latin` may be empty or the same. `finished_on` and `issued_on` are local
    days. `code` is the verification code, with or without separators; `verify_url` the page that confirms it.
    Up to 16 `steps` stand on the page comfortably, in the order given.
    """

    student: str
    name: str
    name_latin: str
    programme: str
    school: Title
    flow: Title
    batch: Title
    university: Title
    steps: Sequence[StepLine]
    finished_on: date
    issued_on: date
    code: str
    verify_url: str


def certificate_pdf(data: CertificateData, at: datetime) -> bytes:
    """The certificate as PDF/A-2b and PDF/UA-1; the same data and `at` (with a time zone) give the same bytes.

    A certificate can always be issued: a character that no font has is written as its code point, 〔U+20BB7〕, and
    a note on the page says so. Raises `typeset.RenderError` when the document cannot be made.
    """
    undrawn: dict[str, None] = {}
    for _ in range(ROUNDS):
        try:
            return render("certificate", _document(data, undrawn), at=at)
        except MissingGlyph as missing:
            if all(character in undrawn for character in missing.characters):
                raise
            undrawn |= dict.fromkeys(missing.characters)
    return render("certificate", _document(data, undrawn), at=at)


def code_points(text: str, characters: Mapping[str, object]) -> str:
    """`text` with every one of `characters` written as its code point, 〔U+20BB7〕."""
    return "".join(f"〔U+{ord(each):04X}〕" if each in characters else each for each in text)


def legible(text: str) -> str:
    """`text` as one line without control and direction-steering characters, over-long words breakable."""
    if text.isprintable() and "  " not in text and not _LONG_WORD.search(text):
        return text.strip()  # nothing in it that would go: most texts are so
    kept = (
        " " if each.isspace() else each
        for each in text
        if each not in _STEERING and (each.isspace() or unicodedata.category(each) not in {"Cc", "Cs"})
    )
    line = re.sub(" +", " ", "".join(kept)).strip()
    return _LONG_WORD.sub(lambda word: "\u200b".join(word[0]), line)


def grouped(code: str) -> str:
    """The verification code in groups of four, as a person reads it out: `K7QF-M2XD-9TRW`."""
    plain = re.sub(r"[\s-]", "", code)
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def _document(data: CertificateData, undrawn: Mapping[str, object]) -> dict[str, Any]:
    """The template's data; the same names as in templates/certificate.typ."""

    def text(value: str) -> str:
        return code_points(legible(value), undrawn)

    def title(value: Title) -> dict[str, str]:
        return {"zh": text(value.zh), "en": text(value.en)}

    name, name_latin = text(data.name), text(data.name_latin)
    return {
        "student": text(data.student),
        "name": name_spans(name),
        "name_plain": name,
        "name_latin": "" if name_latin.casefold() == name.casefold() else name_latin,
        "programme": text(data.programme),
        "school": title(data.school),
        "flow": title(data.flow),
        "batch": title(data.batch),
        "university": title(data.university),
        "steps": [
            {
                "title": title(step.title),
                "department": title(step.department),
                "done_on": step.done_on.isoformat(),
                "state": step.state,
            }
            for step in data.steps
        ],
        "finished_on": data.finished_on.isoformat(),
        "issued_on": data.issued_on.isoformat(),
        "code": grouped(text(data.code)),
        "verify_url": data.verify_url,
        "qr": qr_svg(data.verify_url),
        "undrawn": [f"U+{ord(each):04X}" for each in undrawn],
    }


# What a screen reader should read a run of a name as; a script that many languages share stays undetermined.
_LANGUAGES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("zh", lambda name: name.startswith(("CJK", "HANGZHOU", "KANGXI"))),
    ("ar", lambda name: name.startswith("ARABIC")),
)


def name_spans(name: str) -> list[dict[str, str]]:
    """The name cut into runs of one language each; punctuation and spaces join the run before them."""
    spans: list[dict[str, str]] = []
    for each in name:
        described = unicodedata.name(each, "")
        neutral = not each.isalpha()
        lang = next((lang for lang, matches in _LANGUAGES if matches(described)), "und")
        if spans and (neutral or spans[-1]["lang"] == lang):
            spans[-1]["text"] += each
        else:
            spans.append({"lang": lang, "text": each})
    return spans


def qr_svg(url: str, error: Literal["m", "h"] = "m") -> str:
    """A QR code of `url` as an SVG document with its quiet zone, one unit per module; `error` is how much of it may be
    scratched, 15 or 30 %."""
    out = BytesIO()
    segno.make(url, error=error, micro=False).save(
        out, kind="svg", border=4, xmldecl=False, nl=False, svgclass=None, lineclass=None, omitsize=False
    )
    return out.getvalue().decode()
