"""What yinji.platform.markdown reads, as HTML. Everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape
from yinji.platform.markdown import Block, Line, Span


def of_blocks(blocks: Sequence[Block]) -> Markup:
    """`blocks` as HTML: paragraphs and lists."""
    return Markup("\n").join(_block(block) for block in blocks)


def _block(block: Block) -> Markup:
    if block.kind == "list":
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(_line(line)) for line in block.lines)
        )
    return Markup("").join(Markup("<p>{}</p>").format(_line(line)) for line in block.lines)


def _line(line: Line) -> Markup:
    return Markup("").join(_span(span) for span in line)


def _span(span: Span) -> Markup:
    return Markup("<strong>{}</strong>").format(span.text) if span.strong else escape(span.text)
