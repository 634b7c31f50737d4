"""The guide of a flow 离校指南 on paper: a picture of it, its contents, a section a step, and where to go."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from typeset.certificate import qr_svg
from typeset.rendering import TEMPLATES, render

SOURCES = ("guide.typ", "guide.toml", "paper.typ")


@dataclass(frozen=True)
class GuideData:
    """What the document says. `guide` is what `yinji.clearance.guide.guide_of` tells, as plain data.

    `university` is its name in the guide's language, `as_of` the campus' day on which the steps were as told here,
    `url` the page of the same guide.
    """

    guide: Mapping[str, Any]
    university: str
    as_of: date
    url: str

    @property
    def identity(self) -> str:
        """The same for the same content drawn by the same template, another one otherwise."""
        said = json.dumps([self.guide, self.university, self.as_of.isoformat(), self.url], sort_keys=True)
        drawn = [(TEMPLATES / name).read_bytes() for name in SOURCES]
        return hashlib.sha256(b"\0".join([said.encode(), *drawn])).hexdigest()[:32]


def guide_pdf(data: GuideData, at: datetime) -> bytes:
    """The guide as PDF/A-2b and PDF/UA-1; the same data and `at` (with a time zone) give the same bytes.

    Raises `typeset.MissingGlyph` for a character that no font has, `typeset.RenderError` when it cannot be made.
    """
    document = {
        "guide": data.guide,
        "university": data.university,
        "as_of": data.as_of,
        "url": data.url,
        "qr": qr_svg(data.url),
        "contacts": _contacts(data.guide),
    }
    return render("guide", document, at=at)


def _contacts(guide: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every office once, in the order of the steps, with the numbers of the steps it deals with."""
    found: dict[str, dict[str, Any]] = {}
    for number, chapter in enumerate(guide["chapters"], start=1):
        office = chapter["office"]
        found.setdefault(office["name"], {**office, "steps": []})["steps"].append({"n": number, "t": chapter["title"]})
    return list(found.values())
