"""The document of an archive: what its pages say can be read by machines, read aloud, kept, and made again."""

from __future__ import annotations

import io
import subprocess
import tomllib
import unicodedata
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, cast

import pikepdf
import pypdf
import pytest
from typeset.archive import LANGUAGES, ArchiveData, Language, archive_pages, archive_pdf, identity, themes
from typeset.rendering import TEMPLATES, MissingGlyph
from yinji.archive.student import Student
from yinji.editions.book import book

from infra.local.season import book as demo
from tests import names
from tests.archives import SU

pytestmark = pytest.mark.slow  # it draws, with the layer's fonts
CODE, ADDRESS = "K7QFM2XD9TRWB3HN", "https://yinji.example.edu/verify/K7QFM2XD9TRWB3HN"
LARGEST = 250_000
SEAL = 11_000
"""What the seal adds to a document."""
# Whose letters are drawn one after the other: what tools extract is what was written. The others are drawn in another
# order, or in several pieces each, and tools put them together in ways of their own.
IN_ORDER = ("Han", "Latin", "Cyrillic", "Greek", "Devanagari", "Hangul", "Tibetan", "Mongolian", "Georgian")
BOTH: Language = "both"


@cache
def typical() -> ArchiveData:
    return issued(demo.book_of(demo.typical()))


def issued(told: Any) -> ArchiveData:
    return ArchiveData(told, CODE, ADDRESS, date(2026, 6, 20))


def of(student: Student) -> ArchiveData:
    return issued(book(student, [], None))


@cache
def drawn(language: Language = BOTH, theme: str = "ink") -> bytes:
    return archive_pdf(typical(), language=language, theme=theme, at=demo.AT)


EVERY = [(language, theme) for theme in themes() for language in LANGUAGES]


def plain(text: str) -> str:
    """Without what is not seen: spaces, line ends, marks of direction."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(each for each in normal if not each.isspace() and unicodedata.category(each) != "Cf")


def said(pdf: bytes) -> str:
    """What poppler extracts."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return plain(done.stdout.decode())


def texts(value: Any, language: Language) -> Iterable[str]:
    """Every text of a book that its pages show in `language`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        told = cast(dict[str, Any], value)
        shown = [told[language]] if language != "both" and {"zh", "en"} <= told.keys() else told.values()
        for one in shown:
            yield from texts(one, language)
    elif isinstance(value, list):
        for one in cast(list[Any], value):
            yield from texts(one, language)


def tags(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    """Every element of the structure, in the order of reading."""
    found: list[pikepdf.Dictionary] = []

    def walk(one: Any) -> None:
        if isinstance(one, pikepdf.Dictionary) and "/S" in one:
            found.append(one)
        if isinstance(one, pikepdf.Dictionary) and "/K" in one:
            kids = one.K
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                walk(kid)

    walk(pdf.Root.StructTreeRoot)
    return found


@pytest.mark.parametrize(("language", "theme"), EVERY)
def test_it_has_eight_to_fourteen_pages_and_none_is_empty(language: Language, theme: str) -> None:
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(drawn(language, theme))).pages]
    assert 8 <= len(pages) <= 14
    assert [place for place, text in enumerate(pages[1:], 2) if len(text) < 140] == []


@pytest.mark.parametrize(("language", "theme"), EVERY)
def test_it_is_small_enough_once_it_is_packed(language: Language, theme: str) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(drawn(language, theme))) as pdf:
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert len(out.getvalue()) + SEAL <= LARGEST


@pytest.mark.parametrize("theme", themes())
def test_the_same_data_make_the_same_bytes(theme: str) -> None:
    other = replace(typical(), code="0" * 16)
    first = archive_pdf(typical(), language=BOTH, theme=theme, at=demo.AT)
    assert archive_pdf(other, language=BOTH, theme=theme, at=demo.AT) != first  # and nothing of it stays behind
    assert archive_pdf(deepcopy(typical()), language=BOTH, theme=theme, at=demo.AT) == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_it_says_is_extracted_as_it_was_written(language: Language) -> None:
    found, told = said(drawn(language)), typical().book
    shown: list[str] = [
        told["student"][name] for name in ("number", "name", "name_latin", "programme", "class_name", "grade")
    ]
    shown += [thing["title"] for one in told["chapters"] for thing in one["things"]]
    shown += [day for one in told["chapters"] for thing in one["things"] for day in thing["days"]]
    for part in ("university", "dimensions", "hundreds", "vouched"):
        titles = [told[part]] if part == "university" else [one["title"] for one in told[part]]
        shown += texts(titles, language)
    words = tomllib.loads((TEMPLATES / "archive.toml").read_text("utf-8"))
    for part in ("sections", "certification"):
        shown += texts(words[part], language)
    assert len(shown) > 210
    assert [text for text in shown if plain(text) not in found] == []
    assert "K7QF-M2XD-9TRW-B3HN" in found and ADDRESS in found


def test_both_languages_stand_in_a_book_in_both_and_one_in_a_book_in_one() -> None:
    zh, en, both = (said(drawn(language)) for language in LANGUAGES)
    assert "写给你的信" in zh and "写给你的信" in both and "写给你的信" not in en
    assert "Aletter" in en and "Aletter" in both and "Aletter" not in zh


@pytest.mark.parametrize(("language", "theme"), EVERY)
def test_it_claims_to_be_kept_and_to_be_read_aloud(language: Language, theme: str) -> None:
    with pikepdf.open(io.BytesIO(drawn(language, theme))) as pdf:
        with pdf.open_metadata() as told:
            assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "B")
            assert told["pdfuaid:part"] == "1"
            assert typical().book["student"]["name"] in str(told["dc:title"])
        assert pdf.Root.MarkInfo.Marked and pdf.Root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.Root.Lang).casefold().startswith("en" if language == "en" else "zh")
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert "/Encrypt" not in pdf.trailer and "/JavaScript" not in pdf.Root.get("/Names", {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_fonts_are_in_it_and_say_what_their_glyphs_mean(language: Language) -> None:
    with pikepdf.open(io.BytesIO(drawn(language))) as pdf:
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Subtype") == "/Type0"]
        assert fonts
        for font in fonts:
            described = font.DescendantFonts[0].FontDescriptor
            assert "/ToUnicode" in font and ("/FontFile2" in described or "/FontFile3" in described)


@pytest.mark.parametrize("theme", themes())
def test_its_structure_has_headings_lists_tables_and_a_text_for_each_picture(theme: str) -> None:
    with pikepdf.open(io.BytesIO(drawn(theme=theme))) as pdf:
        found = tags(pdf)
        kinds = [str(one.S) for one in found]
        assert kinds.count("/H1") == 9 and kinds.count("/H2") >= 10 and kinds.count("/Table") == 3
        assert kinds.count("/TH") >= 15 and "/TOC" in kinds
        pictures = [one for one in found if one.S == "/Figure"]
        # the months, a bar chart a year, the pentagon, six scores, four hundreds, the terms, the QR code
        assert len(pictures) >= 1 + 4 + 1 + 6 + 4 + 1 + 1
        assert [one for one in pictures if not str(one.get("/Alt", "")).strip()] == []
        assert all(page.get("/StructParents") is not None for page in pdf.pages)
        assert all(page.get("/Tabs") == "/S" for page in pdf.pages if "/Annots" in page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_bookmarks_lead_to_every_section(language: Language) -> None:
    reader = pypdf.PdfReader(io.BytesIO(drawn(language)))
    top = [one for one in reader.outline if not isinstance(one, list)]
    assert len(top) == 9
    pages = [reader.get_destination_page_number(one) for one in top]
    assert pages == sorted(pages) and pages[0] == 1
    assert ("写给你的信" if language != "en" else "A letter") in str(top[0].title)


def test_five_hundred_names_in_twelve_scripts_have_every_glyph() -> None:
    told = deepcopy(dict(typical().book))
    every = [name for script in names.SCRIPTS for name in names.names(script, 42)]
    lectures = next(one for one in told["chapters"] if one["kind"] == "lecture")
    lectures["things"] = [{**lectures["things"][0], "title": name} for name in every]
    assert len(every) > 500
    found = said(archive_pdf(issued(told), language=BOTH, theme="ink", at=demo.AT))
    legible = [name for script in IN_ORDER for name in names.names(script, 42)]
    assert [name for name in legible if plain(name) not in found] == []


@pytest.mark.parametrize("script", names.SCRIPTS)
def test_a_student_of_any_script_has_a_cover_and_a_title(script: str) -> None:
    [name] = names.names(script, 1)
    for theme in themes():
        pdf = archive_pdf(of(replace(SU, name=name, name_latin="Su")), language=BOTH, theme=theme, at=demo.AT)
        with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as told:
            assert name in str(told["dc:title"])


@pytest.mark.parametrize("where", ["name", "programme", "class_name"])
def test_a_character_without_a_glyph_is_named_and_nothing_is_made(where: str) -> None:
    with pytest.raises(MissingGlyph) as missing:
        archive_pdf(of(replace(SU, **{where: "苏\U0003134f明"})), language="zh", theme="ink", at=demo.AT)
    assert missing.value.characters == "\U0003134f"
    # who edits a template sees a box instead
    assert archive_pages(of(replace(SU, **{where: "苏\U0003134f明"})), language="zh", theme="ink", at=demo.AT, ppi=20)


@pytest.mark.parametrize("unseen", ["\u202e", "\x07", "\ufeff"])
def test_what_cannot_be_seen_changes_nothing(unseen: str) -> None:
    """A mark that turns the direction of reading would let a name read as another one."""
    clean, dirty = (of(replace(SU, name=name)) for name in ("苏明", f"苏{unseen}明"))
    assert archive_pdf(dirty, language="zh", theme="ink", at=demo.AT) == archive_pdf(
        clean, language="zh", theme="ink", at=demo.AT
    )


def test_markup_in_a_name_is_text() -> None:
    name = '#panic("x") *b* $1$ <l> @ref'
    assert plain(name) in said(archive_pdf(of(replace(SU, name=name)), language="en", theme="jade", at=demo.AT))


@pytest.mark.parametrize(("language", "theme"), EVERY)
def test_an_archive_without_records_is_a_document_as_well(language: Language, theme: str) -> None:
    pdf = archive_pdf(of(SU), language=language, theme=theme, at=demo.AT)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) >= 8


def test_its_identity_is_of_what_it_says_and_how_it_looks() -> None:
    told = dict(typical().book)
    same = identity(deepcopy(told), language=BOTH, theme="ink")
    assert same == identity(told, language=BOTH, theme="ink")
    others = {
        identity(told, language="zh", theme="ink"),
        identity(told, language=BOTH, theme="jade"),
        identity(told | {"records": 1}, language=BOTH, theme="ink"),
    }
    assert len(others | {same}) == 4


@pytest.mark.parametrize(("language", "theme"), [("fr", "ink"), ("zh", "../paper"), ("zh", "parts"), ("zh", "")])
def test_there_are_no_other_languages_and_themes(language: Any, theme: str) -> None:
    with pytest.raises(ValueError, match="there is no"):
        archive_pdf(typical(), language=language, theme=theme, at=demo.AT)
