"""The little Markdown that guides are written in: paragraphs, lists with "- ", **strong**. Everything is escaped."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_STRONG = re.compile(r"\*\*(.+?)\*\*")


def html(text: str) -> Markup:
    """`text` as HTML. A block of lines that begin with "- " is a list, any other a paragraph."""
    return Markup("\n").join(_block(block.splitlines()) for block in re.split(r"\n\s*\n", text.strip()))


def _block(lines: list[str]) -> Markup:
    if all(line.startswith("- ") for line in lines):
        items = Markup("").join(Markup("<li>{}</li>").format(_line(line[2:])) for line in lines)
        return Markup("<ul>{}</ul>").format(items)
    return Markup("<p>{}</p>").format(_line(" ".join(lines)))


def _line(text: str) -> Markup:
    return Markup(_STRONG.sub(r"<strong>\1</strong>", str(escape(text))))  # noqa: S704 - escaped first
