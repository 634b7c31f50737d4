"""Groups and portraits as pictures: quarters as boxes, terms as small multiples. Each says in one sentence what it
shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from markupsafe import Markup

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 24
LONG, LOW = 600, 46

SVG = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
PATH = Markup('<path class="{}" d="{}"/>')
BOX = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>')
DOT = Markup('<circle class="{}" cx="{}" cy="{}" r="3.5"/>')
TEXT = Markup('<text class="{}" x="{}" y="{}">{}</text>')


class Quarters(Protocol):
    """The middle half of a group, and its median."""

    @property
    def p25(self) -> int: ...
    @property
    def median(self) -> int: ...
    @property
    def p75(self) -> int: ...


def short(term: str) -> str:
    """The short name of a term: "24/25-1"."""
    return f"{term[2:4]}/{term[7:9]}-{term[-1]}"


def of_terms(names: Sequence[str], whole: Sequence[Quarters], own: Sequence[int], sentence: Markup) -> Markup:
    """Something term by term: the middle half of the whole as a band, its median dashed, and `own`; one may be missing.

    `names` are the terms, as many as there are marks and values; the first and the last are named.
    """
    top = max([1, *(marks.p75 for marks in whole), *own])
    floor, last = HEIGHT - BOTTOM, max(len(names) - 1, 1)

    def x(place: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * place / last, 1)

    def y(value: float) -> float:
        return round(TOP + (floor - TOP) * (1 - value / top), 1)

    def line(values: Sequence[int]) -> str:
        return "M" + "L".join(f"{x(place)} {y(value)}" for place, value in enumerate(values))

    shapes = [PATH.format("grid", f"M{LEFT} {y(value)}H{WIDTH - RIGHT}") for value in (0, top)]
    shapes += [TEXT.format("end", LEFT - 5, y(value) + 4, value) for value in (0, top)]
    if whole:
        back = "L".join(f"{x(place)} {y(marks.p25)}" for place, marks in reversed(list(enumerate(whole))))
        shapes.append(PATH.format("band", f"{line([marks.p75 for marks in whole])}L{back}Z"))
    for name, values in (("all", [marks.median for marks in whole]), ("own", own)):
        if values:
            shapes.append(PATH.format(name, line(values)))
            shapes += [DOT.format(name, x(place), y(value)) for place, value in enumerate(values)]
    # the first and the last are told: between them there is no room for words
    ends = sorted({0, len(names) - 1})
    shapes += [
        TEXT.format("start" if place == 0 else "end", x(place), HEIGHT - 6, short(names[place])) for place in ends
    ]
    return SVG.format("multiple", WIDTH, HEIGHT, sentence, Markup("").join(shapes))


def of_quarters(own: Quarters, whole: Quarters, top: int, sentence: Markup) -> Markup:
    """The middle half of a group above that of the whole, on one scale up to `top`, their medians as lines."""

    def x(value: int) -> float:
        return round(LONG * value / max(top, 1), 1)

    shapes: list[Markup] = []
    for name, marks, at in (("own", own, 4), ("all", whole, 26)):
        wide = max(x(marks.p75) - x(marks.p25), 2)
        shapes.append(BOX.format(name, x(marks.p25), at, wide, 16))
        shapes.append(PATH.format(name, f"M{max(min(x(marks.median), LONG - 2), 2)} {at - 3}v22"))
    return SVG.format("quarters", LONG, LOW, sentence, Markup("").join(shapes))
