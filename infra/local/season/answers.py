"""Believable answers to whatever form an action asks for: made from its schema, in words by the field's name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

SATURDAY = 5
SOON = 10
"""Within how many working days people make an appointment."""


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("answers.toml").read_text("utf-8"))


def answers(
    fields: Sequence[Mapping[str, Any]], random: Random, today: date, language: str, known: Mapping[str, str]
) -> dict[str, str]:
    """An answer to each of `fields` ({name, required, schema}); `known` words go before invented ones.

    An optional field may be left out. Raises ValueError for a schema that nothing is known to satisfy.
    """
    given: dict[str, str] = {}
    for field in fields:
        told = known.get(field["name"], "")[: field["schema"].get("maxLength")]
        value = told or _answer(field, random, today, language, given)
        if value or field["required"]:
            given[field["name"]] = value
    return given


def _answer(field: Mapping[str, Any], random: Random, today: date, language: str, given: Mapping[str, str]) -> str:
    schema = field["schema"]
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return str(random.choice(schema["enum"]))
    if field.get("days_back"):
        return (today - timedelta(days=random.randint(0, min(SOON, field["days_back"])))).isoformat()
    if schema.get("format") == "date":
        return working_day(today, random.randint(1, SOON)).isoformat()
    if schema.get("type") != "string" or "format" in schema or ("pattern" in schema and field["name"] not in _texts()):
        raise ValueError(f"no answer to {field['name']}")
    texts = _texts().get(field["name"], _texts()["other"])
    if "when" in texts:
        texts = texts.get(given.get(texts["when"], ""), _texts()["other"])
    text = str(random.choice(texts[language]))
    if field["required"] and not text:
        text = str(_texts()["other"][language][0])
    return text[: schema.get("maxLength", len(text))]


def working_day(day: date, ahead: int) -> date:
    """The `ahead`th working day after `day`."""
    while ahead:
        day += timedelta(days=1)
        ahead -= day.weekday() < SATURDAY
    return day
