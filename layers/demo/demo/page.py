"""The page on which one chooses who to be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from yinji.clearance import flow, university
from yinji.visits import service

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def draw(language: str, **shown: Any) -> str:
    """The page in `language` ("zh" or "en"); `shown` are the students, supervisors and offices one can be, `next`, and
    `chosen`, the role whose list is open."""

    def say(text: Mapping[str, Any]) -> str:
        return str(text[language])

    return _environment.get_template("page.html").render(
        lang=language,
        say=say,
        schools=university.schools(),
        communities=service.communities(),
        departments=university.departments(),
        flows=flow.TITLES,
        university=university.name(),
        **shown,
    )
