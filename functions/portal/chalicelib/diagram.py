"""A flow as a picture: what can be done side by side stands in one band, what needs others stands below them."""

from __future__ import annotations

from markupsafe import Markup
from yinji.clearance.guide import Chapter, Guide

NODE = Markup('<rect class="node" x="{}" y="{}" width="{}" height="{}" rx="8"/><text x="{}" y="{}">{}</text>')
NOTE = Markup('<text class="note" x="{}" y="{}">{}</text>')
LINK = Markup('<a href="#{}" tabindex="-1">{}</a>')
WIDTH, BOX, HEIGHT, GAP, BAND = 360, 173, 44, 6, 30


def of_guide(guide: Guide) -> Markup:
    """The picture as SVG. It is hidden from screen readers: the list below it says the same in words."""
    shapes: list[Markup] = []
    top = 4.0
    for number, band in enumerate(guide.bands):
        if number:
            shapes.append(_arrow(top - BAND + 4, top - 4))
        for place, chapter in enumerate(band):
            alone = place == len(band) - 1 and place % 2 == 0
            left = (WIDTH - BOX) / 2 if alone else (place % 2) * (BOX + GAP) + 4
            shapes.append(_box(chapter, left + BOX / 2, top + (place // 2) * (HEIGHT + GAP)))
        top += (len(band) + 1) // 2 * (HEIGHT + GAP) - GAP + BAND
    return Markup('<svg class="flow" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>').format(
        WIDTH, round(top - BAND + 4), Markup("").join(shapes)
    )


def _arrow(top: float, bottom: float) -> Markup:
    return Markup('<path class="edge" d="M{0} {1}V{2}m-5 -6l5 6l5 -6"/>').format(WIDTH / 2, top, bottom)


def _box(chapter: Chapter, middle: float, top: float) -> Markup:
    line = top + HEIGHT / 2 + (-2 if chapter.short else 5)
    box = NODE.format(middle - BOX / 2, top, BOX, HEIGHT, middle, line, chapter.title)
    note = NOTE.format(middle, top + HEIGHT / 2 + 14, chapter.short) if chapter.short else Markup("")
    return LINK.format(chapter.id, box + note)
