"""Render a template with data to PDF/A-2b and PDF/UA-1, reproducibly.

The standards are the gate as well: with them a character without a glyph is an error, never a silent box.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
FONTS = HERE / "fonts"
STANDARDS: list[typst.PDFStandard] = ["a-2b", "ua-1"]

_TEMPLATE = re.compile(r"([a-z][a-z0-9-]*/)?[a-z][a-z0-9-]*")
# Typst names every cluster it cannot draw, quoted as Rust quotes a string
_UNDRAWN = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class RenderError(RuntimeError):
    """The document could not be made; the message is the typesetter's, with the place in the template."""


class MissingGlyph(RenderError):
    """No font has a glyph for these characters.

    `characters` holds each once, in order of appearance. Typst reports all of one run, but not always all of a
    document, so a caller that replaces them must be ready for further ones.
    """

    def __init__(self, characters: str) -> None:
        self.characters = characters
        codes = ", ".join(f"{character} (U+{ord(character):04X})" for character in characters)
        super().__init__(f"no font has a glyph for {codes}")


class _Compilers(threading.local):
    """A Compiler cannot be shared: a second thread that enters it fails. So each thread has its own per template."""

    def __init__(self) -> None:
        self.by_template: dict[str, typst.Compiler] = {}


_compilers = _Compilers()


@cache
def _fonts() -> typst.Fonts:
    """The layer's faces and no others: what the machine has installed must not change a document."""
    if not any(FONTS.glob("*.ttf")):
        raise RenderError(f"{FONTS} holds no fonts; `python layers/typeset/fonts.py` puts them there")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _compiler(template: str) -> typst.Compiler:
    compiler = _compilers.by_template.get(template)
    if compiler is None:
        path = TEMPLATES / f"{template}.typ"
        if not _TEMPLATE.fullmatch(template) or not path.is_file():
            raise RenderError(f"there is no template {template!r}")
        compiler = typst.Compiler(path, root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True)
        _compilers.by_template[template] = compiler
    return compiler


def plain(value: object) -> str:
    """`value`, of which JSON has no word, as a text. Raises TypeError unless it is a date."""
    if isinstance(value, date):  # datetime too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in a document's data")


def render(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Render `templates/<template>.typ` with `data` and return the PDF.

    `data` is JSON-like (dates become ISO 8601); the template reads it with `json(bytes(sys.inputs.data))`, so text
    in it is text and never markup. `at`, with a time zone, is the document's creation time; the same data and `at`
    give the same bytes. Any thread may call this. Raises `MissingGlyph` for characters that no font has,
    `RenderError` for everything else that keeps the document from being made, ValueError for an `at` without zone.
    """
    pdf = _compiled(template, data, at, format="pdf", pdf_standards=STANDARDS)
    if not isinstance(pdf, bytes):
        raise RenderError(f"{template} gave no single document")
    return pdf


def preview(template: str, data: Mapping[str, Any], *, at: datetime, ppi: float) -> list[bytes]:
    """The pages as PNG, as `render` would set them but for the gate: a character that no font has is a box."""
    pages = _compiled(template, data, at, format="png", ppi=ppi)
    return [pages] if isinstance(pages, bytes) else list(pages or [])


def _compiled(template: str, data: Mapping[str, Any], at: datetime, **how: Any) -> bytes | list[bytes] | None:
    if at.tzinfo is None:
        raise ValueError("`at` needs a time zone")
    at = at.replace(microsecond=0)  # a PDF's dates have no fractions, and Typst takes none
    inputs = {"data": json.dumps(data, default=plain)}
    try:
        return _compiler(template).compile(sys_inputs=inputs, timestamp=at, **how)
    except typst.TypstError as problem:
        undrawn = undrawn_of(problem.diagnostic)
        if undrawn:
            raise MissingGlyph(undrawn) from problem
        raise RenderError(problem.diagnostic or problem.message) from problem


def undrawn_of(diagnostic: str) -> str:
    """The characters a diagnostic says have no glyph, each once, in order."""
    clusters = "".join(_UNDRAWN.findall(diagnostic))
    text = _ESCAPE.sub(lambda found: _unescaped(found[1], found[2]), clusters)
    return "".join(dict.fromkeys(text))


def _unescaped(code: str | None, character: str | None) -> str:
    if code:
        return chr(int(code, 16))
    return _PLAIN_ESCAPES.get(character or "", character or "")
