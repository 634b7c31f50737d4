"""A burn-down as a picture: unfinished cases by day, the steady line to the deadline, today marked."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup
from yinji.clearance.overview import BurnDown

from .words import Words

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 26, 36

LINE = Markup('<path class="{}" d="{}"/>')
GRID = Markup('<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" class="end">{}</text>')
MARK = Markup('<path class="{}" d="M{} {}V{}"/>')
TEXT = Markup('<text x="{}" y="{}" class="{}">{}</text>')


def of_burn_down(found: BurnDown, today: date, words: Words) -> Markup:
    """The picture as SVG with its meaning in one sentence; the table behind it holds every number."""
    top = max(found.cases, 1)
    last = max(len(found.days) - 1, 1)

    def x(number: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * number / last, 1)

    def y(cases: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - cases / top), 1)

    floor = HEIGHT - BOTTOM
    shapes = [
        GRID.format(LEFT, y(value), WIDTH - RIGHT, LEFT - 6, y(value) + 4, value)
        for value in sorted({0, top // 2, top})
    ]
    ideal = _path([(x(number), y(day.ideal)) for number, day in enumerate(found.days)])
    known = [(x(number), y(day.unfinished)) for number, day in enumerate(found.days) if day.unfinished is not None]
    place = {day.day: number for number, day in enumerate(found.days)}
    deadline = place.get(found.batch.deadline)
    if deadline is not None:
        shapes.append(MARK.format("deadline", x(deadline), TOP, floor))
    if known:
        area = f"{_path(known)}L{known[-1][0]} {floor}L{known[0][0]} {floor}Z"
        shapes += [LINE.format("area", area), LINE.format("ideal", ideal), LINE.format("real", _path(known))]
        shapes.append(Markup('<circle class="now" cx="{}" cy="{}" r="4.5"/>').format(*known[-1]))
    else:
        shapes.append(LINE.format("ideal", ideal))
    if today in place:
        at = x(place[today])
        shapes.append(MARK.format("today", at, TOP, floor))
        side = "end" if at > WIDTH * 0.75 else "start" if at < WIDTH * 0.25 else "middle"
        shapes.append(TEXT.format(at, TOP - 7, side, words("burn.today")))
    shapes.append(TEXT.format(LEFT, HEIGHT - 10, "start", f"{found.batch.opens_on:%m-%d}"))
    if deadline is not None:
        side = "end" if x(deadline) > WIDTH * 0.6 else "middle"
        shapes.append(
            TEXT.format(x(deadline), HEIGHT - 10, side, words("burn.deadline", day=f"{found.batch.deadline:%m-%d}"))
        )
    return Markup('<svg class="burn" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, sentence(found, words), Markup("").join(shapes)
    )


def sentence(found: BurnDown, words: Words) -> Markup:
    """What the picture says, in words."""
    if found.now is None:
        return words("burn.not-open", cases=found.cases, day=words.day(found.batch.opens_on))
    left, behind = found.now.unfinished or 0, found.behind
    pace = "behind" if behind > 0 else "ahead" if behind < 0 else "steady"
    return words(f"burn.{pace}", left=left, cases=found.cases, by=abs(behind), ideal=round(found.now.ideal))


def _path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{left} {top}" for left, top in points)
