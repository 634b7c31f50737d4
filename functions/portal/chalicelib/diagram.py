"""A flow as a picture: what can be done side by side stands in one band, what needs others stands below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from yinji.clearance.definition import StepDefinition, needs_of

NODE = Markup('<rect class="node" x="{}" y="{}" width="{}" height="{}" rx="8"/><text x="{}" y="{}">{}</text>')
WIDTH, BOX, HEIGHT, GAP, BAND = 360, 173, 44, 6, 30


def levels(steps: Sequence[StepDefinition]) -> Mapping[str, int]:
    """How many steps must come before each, one after another."""
    found: dict[str, int] = {}
    applicable = {step.id: step for step in steps}
    for step in steps:
        found[step.id] = max((found[need] + 1 for need in needs_of(step, applicable)), default=0)
    return found


def of_flow(steps: Sequence[StepDefinition], language: str) -> Markup:
    """The picture as SVG. It is hidden from screen readers: the list below it says the same in words."""
    level = levels(steps)
    shapes: list[Markup] = []
    places: dict[str, tuple[float, float]] = {}
    top = 4.0
    for band in range(max(level.values()) + 1):
        inside = [step for step in steps if level[step.id] == band]
        for number, step in enumerate(inside):
            alone = number == len(inside) - 1 and number % 2 == 0
            left = (WIDTH - BOX) / 2 if alone else (number % 2) * (BOX + GAP) + 4
            places[step.id] = (left + BOX / 2, top + (number // 2) * (HEIGHT + GAP))
        bottom = top + (len(inside) + 1) // 2 * (HEIGHT + GAP) - GAP
        if band < max(level.values()):
            shapes.append(_arrow(bottom + 4, bottom + BAND - 4))
        top = bottom + BAND
    shapes += [_box(step, *places[step.id], language) for step in steps]
    height = top - BAND + 4
    return Markup('<svg class="flow" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>').format(
        WIDTH, round(height), Markup("").join(shapes)
    )


def _arrow(top: float, bottom: float) -> Markup:
    middle = WIDTH / 2
    return Markup('<path class="edge" d="M{0} {1}V{2}m-5 -6l5 6l5 -6"/>').format(middle, top, bottom)


def _box(step: StepDefinition, middle: float, top: float, language: str) -> Markup:
    title = step.title[language]
    return NODE.format(middle - BOX / 2, top, BOX, HEIGHT, middle, top + HEIGHT / 2 + 5, title)
