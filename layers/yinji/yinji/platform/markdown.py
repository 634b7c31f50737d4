"""The little Markdown that guides are written in: paragraphs, lists with "- ", **strong**.

It is read here, once; pages and documents write what was read each in their own way, so that they agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_BETWEEN = re.compile(r"\n\s*\n")
_STRONG = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Span:
    """A stretch of text, strong or not."""

    text: str
    strong: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph, which has one line, or a list with one line an item."""

    kind: Literal["paragraph", "list"]
    lines: tuple[Line, ...]


def read(text: str) -> tuple[Block, ...]:
    """The blocks of `text`. One whose lines all begin with "- " is a list, any other a paragraph."""
    return tuple(_block(block.splitlines()) for block in _BETWEEN.split(text.strip()) if block)


def _block(lines: list[str]) -> Block:
    if all(line.startswith("- ") for line in lines):
        return Block("list", tuple(_line(line[2:]) for line in lines))
    return Block("paragraph", (_line(" ".join(lines)),))


def _line(text: str) -> Line:
    parts = _STRONG.split(text)  # what is strong stands at every other place
    return tuple(Span(part, place % 2 == 1) for place, part in enumerate(parts) if part)
