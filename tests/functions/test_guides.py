"""Guides on paper: whole, in both languages, archival and accessible, and the same as the pages."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from yinji.clearance import flow
from yinji.clearance.guide import guide_of
from yinji.platform import clock

from tests import handlers, portal
from tests.functions.conftest import Cloud

PAPER = "clearance/guide_pdf"
each_guide = pytest.mark.parametrize(("id", "language"), list(product(flow.TITLES, ("zh", "en"))))


def ask(cloud: Cloud, path: str = "undergraduate/zh.pdf", **headers: str) -> Any:
    return cloud.call(PAPER, None, "GET", f"/api/clearance/guides/{path}", headers=headers)


def plain(text: str) -> str:
    """Without what a line break may take or give."""
    return re.sub(r"[\s\u200b]|-(?=\n)", "", text)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the documents say, instead of drawing them."""
    said: list[Any] = []
    module = handlers.warm(PAPER)

    def draw(data: Any, at: Any) -> bytes:
        said.append(data)
        return b"%PDF-"

    module.drawn.cache_clear()
    monkeypatch.setattr(module, "guide_pdf", draw)
    return said


def test_anybody_gets_the_guide_of_a_flow_and_may_keep_it_for_an_hour(cloud: Cloud, drawn: list[Any]) -> None:
    answer = ask(cloud)
    assert (answer.status, answer.encoded, base64.b64decode(answer.body)) == (200, True, b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Disposition"] == 'inline; filename="guide-undergraduate.zh.pdf"'
    assert drawn[0].url == "https://yinji.example.edu/guide/undergraduate"
    assert drawn[0].guide["title"] == "本科生离校"


def test_who_has_todays_guide_is_told_so_and_nothing_is_drawn(cloud: Cloud, drawn: list[Any]) -> None:
    tag = ask(cloud).headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = ask(cloud, **{"if-none-match": known})
        assert (again.status, again.headers["ETag"]) == (304, tag)
    assert ask(cloud, **{"if-none-match": '"other"'}).status == 200
    assert len(drawn) == 1, "it is drawn once"


def test_another_day_flow_or_language_is_another_document(
    cloud: Cloud, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {ask(cloud, f"{id}/{language}.pdf").headers["ETag"] for id in flow.TITLES for language in ("zh", "en")}
    assert len(tags) == 2 * len(flow.TITLES)
    monkeypatch.setattr(clock, "today", lambda: datetime(2030, 1, 1).date())
    assert ask(cloud).headers["ETag"] not in tags


@pytest.mark.parametrize("path", ["nobody/zh.pdf", "undergraduate/fr.pdf", "undergraduate/zh", "undergraduate/zh.txt"])
def test_there_is_nothing_else(cloud: Cloud, drawn: list[Any], path: str) -> None:
    answer = ask(cloud, path)
    assert (answer.status, answer.json["type"]) == (404, "urn:yinji:problem:not-found")
    assert answer.headers["Content-Type"] == "application/problem+json" and not drawn


@each_guide
def test_the_page_tells_every_step_and_leads_to_its_paper(id: str, language: str) -> None:
    body = portal.visit(f"/guide/{id}", language=language).body
    told = guide_of(id, language)
    assert f'href="/api/clearance/guides/{id}/{language}.pdf"' in body
    picture = body.partition('<svg class="flow"')[2].partition("</svg>")[0]
    seen = re.sub("<[^>]+>", "", body).replace("&#39;", "'").replace("&amp;", "&")
    for one in told.chapters:
        assert f'<a href="#{one.id}"' in picture and one.title in picture
        for text in (one.office.place, *one.conditions, *one.reasons, *(doer.what for doer in one.doers)):
            assert text in seen, text
        assert all(asked.title in seen for asked in one.ready)
        assert all(span.text in seen for block in one.text for line in block.lines for span in line)


@pytest.fixture(scope="module")
def paper() -> Callable[[str, str], bytes]:
    """The real documents, each drawn once."""
    module = handlers.load(PAPER)
    return lambda id, language: module.drawn(id, language, module.data_of(id, language).identity)


@pytest.mark.slow
@each_guide
def test_the_document_tells_what_the_page_tells(paper: Callable[[str, str], bytes], id: str, language: str) -> None:
    from pypdf import PdfReader

    read = PdfReader(io.BytesIO(paper(id, language)))
    told = guide_of(id, language)
    whole = plain("".join(page.extract_text() for page in read.pages))
    first = plain(read.pages[0].extract_text())
    assert plain(told.title) in first
    for number, one in enumerate(told.chapters, start=1):
        assert plain(one.title) in first, "it is in the diagram"
        assert plain(f"{number} {one.title}") in whole
        for text in (*one.conditions, *one.reasons, *(doer.what for doer in one.doers), one.office.name):
            assert plain(text) in whole, text
        assert all(plain(asked.title) in whole for asked in one.ready)
    assert len(read.outline) >= len(told.chapters) + 1, "steps and offices can be jumped to"


@pytest.mark.slow
@each_guide
def test_the_document_is_archival_and_accessible(paper: Callable[[str, str], bytes], id: str, language: str) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(paper(id, language))) as document:
        with document.open_metadata() as told:
            assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("2", "B")
            assert told["pdfuaid:part"] == "1"
            assert guide_of(id, language).title in str(told["dc:title"])
        root = document.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang).startswith(language)
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert round(float(document.pages[0].mediabox[2])) == 595, "A4"
        figures = [tag for tag in tags(root.StructTreeRoot) if tag.get("/S") == "/Figure"]
        assert len(figures) == 2 and all(str(figure["/Alt"]) for figure in figures), "the diagram and the QR code"
        diagram = " ".join(str(figure["/Alt"]) for figure in figures)
        assert all(one.title in diagram for one in guide_of(id, language).chapters)


def tags(node: Any) -> list[Any]:
    """Every structure element below `node`."""
    import pikepdf

    kids = node.get("/K", [])
    found: list[Any] = []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [kid, *tags(kid)]
    return found


@pytest.mark.slow
def test_the_same_guide_gives_the_same_bytes_and_its_code_leads_to_the_page() -> None:
    import pypdfium2
    import zxingcpp
    from typeset.guide import guide_pdf

    data, at = handlers.warm(PAPER).data_of("postgraduate", "en"), datetime(2026, 6, 1, tzinfo=UTC)
    once = guide_pdf(data, at)
    assert guide_pdf(data, at) == once
    picture = pypdfium2.PdfDocument(once)[0].render(scale=3).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == ["https://yinji.example.edu/guide/postgraduate"]
