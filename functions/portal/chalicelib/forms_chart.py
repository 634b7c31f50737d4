"""Questions that were asked again, month by month, as a picture: a line for each form, down to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .words import Words

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 44, 34, 16, 34
MOST = 6
"""Lines that can be told apart: by their strokes as well as by their colours."""

GRID = Markup('<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" class="end">{}</text>')
LINE = Markup('<path class="line l{}" d="{}"/><circle class="dot l{}" cx="{}" cy="{}" r="4"/>')
NUMBER = Markup('<text class="name" x="{}" y="{}">{}</text>')
MONTH = Markup('<text x="{}" y="{}" class="middle">{}</text>')


@dataclass(frozen=True)
class Line:
    """A form, called so, with how many were asked again in each month; before the month `begins` (from 0) nobody sent
    it."""

    name: str
    numbers: Sequence[int]
    begins: int = 0


def drawn(lines: Sequence[Line], words: Words) -> Markup:
    """The picture as SVG with its meaning in one sentence; the table behind it holds every number. Lines bear the
    number that they have in the list below it."""
    months = max((len(line.numbers) for line in lines), default=1)
    top = max([1, *(number for line in lines for number in line.numbers)])

    def x(month: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * month / max(months - 1, 1), 1)

    def y(number: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - number / top), 1)

    shapes = [
        GRID.format(LEFT, y(value), WIDTH - RIGHT, LEFT - 6, y(value) + 4, value)
        for value in sorted({0, top // 2, top})
    ]
    shapes += [MONTH.format(x(month), HEIGHT - 10, month + 1) for month in range(months)]
    taken: list[float] = []
    for place, line in enumerate(lines[:MOST]):
        points = [(x(month), y(number)) for month, number in enumerate(line.numbers) if month >= line.begins]
        path = "M" + "L".join(f"{across} {down}" for across, down in points)
        across, down = points[-1]
        shapes.append(LINE.format(place, path, place, across, down))
        label = down + 4
        while any(abs(label - other) < 13 for other in taken):
            label -= 13
        taken.append(label)
        shapes.append(NUMBER.format(across + 9, round(label, 1), place + 1))
    return Markup('<svg class="again" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, sentence(lines, words), Markup("").join(shapes)
    )


def sentence(lines: Sequence[Line], words: Words) -> Markup:
    """What the picture says, in words."""
    begins = min((line.begins for line in lines), default=0)
    first = sum(line.numbers[begins] for line in lines if line.numbers)
    last = sum(line.numbers[-1] for line in lines if line.numbers)
    most = max((sum(line.numbers[month] for line in lines) for month in range(len(lines[0].numbers))), default=0)
    return words("forms-report.picture", first=first, last=last, most=most, n=len(lines))
