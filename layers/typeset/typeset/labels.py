"""Labels of places 点位标签 on paper: stickers or signs for doors, each with its code as a picture and to be typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from typeset.certificate import ROUNDS, Title, code_points, grouped, legible, qr_svg
from typeset.rendering import MissingGlyph, render

Format = Literal["a4-24", "a4-10", "door"]


@dataclass(frozen=True)
class LabelData:
    """A label: `place` is what hangs there is called, `trail` what that is in, the outermost first. `code` is with or
    without separators; `url` is what the picture holds."""

    id: str
    place: Title
    trail: Sequence[Title]
    code: str
    url: str


def labels_pdf(labels: Sequence[LabelData], format: Format, university: Title, at: datetime, first: int = 1) -> bytes:
    """`labels` in their order as PDF/A-2b and PDF/UA-1, from the sticker `first` of the first page on; the same labels,
    `at` (with a time zone) and `first` give the same.

    Stickers are cut where the sheet is: print it in its own size. A character that no font has is written as its code
    point. Raises `typeset.RenderError` when the document cannot be made.
    """
    undrawn: dict[str, None] = {}
    for _ in range(ROUNDS):
        try:
            return render("labels", _document(labels, format, university, undrawn, first), at=at)
        except MissingGlyph as missing:
            if all(character in undrawn for character in missing.characters):
                raise
            undrawn |= dict.fromkeys(missing.characters)
    return render("labels", _document(labels, format, university, undrawn, first), at=at)


def _document(
    labels: Sequence[LabelData], format: Format, university: Title, undrawn: Mapping[str, object], first: int
) -> dict[str, Any]:
    """The template's data; the same names as in templates/labels.typ."""

    def title(value: Title) -> dict[str, str]:
        return {"zh": code_points(legible(value.zh), undrawn), "en": code_points(legible(value.en), undrawn)}

    return {
        "format": format,
        "used": first - 1,
        "university": title(university),
        "labels": [
            {
                "id": label.id,
                "place": title(label.place),
                "trail": [title(one) for one in label.trail],
                "code": grouped(label.code),
                "qr": qr_svg(label.url, error="h"),
            }
            for label in labels
        ],
    }
