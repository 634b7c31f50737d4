"""What else could have typeset archives: the same records on plain pages, by WeasyPrint and by ReportLab.

Runs in an environment of its own, `python rivals.py <library> <folder of fonts>`. It reads {"book", "words"}, JSON, one
a line: a book and the words of the templates; and answers each with what it took, {"seconds", "cpu", "bytes", "peak"}.
"""

from __future__ import annotations

import html
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any


def sections(told: dict[str, Any]) -> Iterator[tuple[str, list[list[str]]]]:
    """What the designed pages say in both languages, as headings and rows of text; charts as their numbers."""
    book, words = told["book"], told["words"]

    def both(text: dict[str, Any]) -> str:
        other = text["en"]["other"] if isinstance(text["en"], dict) else text["en"]
        return f"{text['zh']} {other}"

    def place(one: dict[str, Any]) -> str:
        at = one["place"] or {"p25": 0, "median": 0, "p75": 0, "share": 0}
        return f"{both(words['portrait']['quarters'])} {at['p25']} {at['median']} {at['p75']} {at['share']}"

    def head(id: str, part: str = "") -> tuple[str, list[list[str]]]:
        return both(words["sections"][id]), [[both(words[part or id]["lead"])]] if part != "none" else []

    student = book["student"]
    yield student["name"], [[student["number"], both(student["school"]), student["programme"], student["class_name"]]]
    letter = [[both(line)] for line in words["letter"]["lines"]]
    yield both(words["sections"]["letter"]), letter
    yield head("numbers")
    yield "", [[one["year"], *map(str, one["months"])] for one in book["years"]]
    yield "", [[both(words["units"][one["kind"]]), str(one["records"])] for one in book["chapters"]]
    yield head("years")
    for one in book["years"]:
        rows = [[both(count["title"]), str(count["number"])] for count in one["counts"]]
        rows += [[moment["title"], both(moment["kind"]), moment["day"]] for moment in one["moments"]]
        yield both(one["title"]), rows
    yield head("portrait")
    for one in book["dimensions"]:
        kinds = [f"{both(kind['title'])} {kind['records']} {kind['score']}" for kind in one["kinds"]]
        yield "", [[both(one["title"]), both(one["about"]), str(one["score"]), place(one), "  ".join(kinds)]]
    yield "", [[one["term"], str(one["score"])] for one in book["terms"]]
    yield head("hundreds")
    yield "", [[both(one["title"]), str(one["reached"])] for one in book["hundreds"]]
    yield head("doings")
    for chapter in book["chapters"]:
        rows = [
            [thing["title"], f"{thing['place']} {thing['organiser']}", "、".join(thing["days"]), str(thing["minutes"])]
            for thing in chapter["things"]
        ]
        yield both(words["chapters"][chapter["kind"]]), rows
    yield head("transcript")
    for part in book["transcript"]["parts"]:
        rows = [
            [line["term"], both(line["kind"]), str(line["minutes"]), str(line["credited"])] for line in part["lines"]
        ]
        yield both(part["title"]), rows
    yield head("certification")
    yield "", [[both(line["title"]), both(line)] for line in words["certification"]["lines"]]
    yield "", [[both(one["title"]), str(one["records"])] for one in book["vouched"]]
    yield head("verification")


def weasyprint(fonts: Path) -> Callable[[dict[str, Any]], bytes]:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    known = FontConfiguration()
    faces = "".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};src:url('{(fonts / file).as_uri()}')}}"
        for family, weight, file in (
            ("Serif", 400, "NotoSerif-Regular.ttf"),
            ("Serif", 600, "NotoSerif-SemiBold.ttf"),
            ("Serif SC", 400, "NotoSerifSC-Regular.ttf"),
            ("Serif SC", 600, "NotoSerifSC-SemiBold.ttf"),
        )
    )
    style = "@page{size:A4;margin:24mm}body{font:9.6pt/1.5 Serif,'Serif SC'}h2{font-weight:600;break-before:auto}"
    sheet = CSS(string=f"{faces}{style}td{{padding:2pt 6pt;border-bottom:.3pt solid #ccc}}", font_config=known)

    def draw(told: dict[str, Any]) -> bytes:
        body = "".join(
            f"<h2>{html.escape(title)}</h2><table>"
            + "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
            + "</table>"
            for title, rows in sections(told)
        )
        found = HTML(string=f"<html lang=zh><title>a</title><body>{body}").write_pdf(
            stylesheets=[sheet], font_config=known
        )
        assert found
        return found

    return draw


def reportlab(fonts: Path) -> Callable[[dict[str, Any]], bytes]:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    pdfmetrics.registerFont(TTFont("SC", str(fonts / "NotoSerifSC-Regular.ttf")))
    pdfmetrics.registerFont(TTFont("SCBold", str(fonts / "NotoSerifSC-SemiBold.ttf")))
    text = ParagraphStyle("text", fontName="SC", fontSize=9.6, leading=14, wordWrap="CJK")
    head = ParagraphStyle("head", fontName="SCBold", fontSize=14, leading=22, spaceBefore=12)

    def draw(told: dict[str, Any]) -> bytes:
        out, story = BytesIO(), list[Any]()
        for title, rows in sections(told):
            story.append(Paragraph(html.escape(title), head))
            if rows:
                wide = 450 / max(map(len, rows))
                cells = [[Paragraph(html.escape(cell), text) for cell in row] for row in rows]
                story.append(Table(cells, colWidths=[wide] * max(map(len, rows))))
        SimpleDocTemplate(out, pagesize=A4).build(story)
        return out.getvalue()

    return draw


def main(library: str, fonts: str) -> None:
    draw = {"weasyprint": weasyprint, "reportlab": reportlab}[library](Path(fonts))
    for line in sys.stdin:
        book = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        pdf = draw(book)
        told = {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "bytes": len(pdf),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
