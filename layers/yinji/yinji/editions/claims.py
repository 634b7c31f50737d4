"""What the credentials of an edition say, in words: from what its book says, and from nothing else. Pure.

The facts are taken when the edition is typeset and go with the PDF, so that what is sealed says the same in both forms
whatever becomes of a record meanwhile.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from yinji.archive.hours import HOUR
from yinji.archive.kinds import Text, dimensions, hundreds
from yinji.archive.transcript import TENTHS

TOGETHER = " · "
"""Between the two languages where something is told in both."""


@dataclass(frozen=True)
class Outcome:
    """One thing that was counted: `value` of `asked`, which is empty where nothing is asked."""

    id: str
    name: str
    value: str
    asked: str = ""


@dataclass(frozen=True)
class Claim:
    """The whole record, or a programme that is fulfilled."""

    id: str
    name: str
    description: str
    criteria: str
    outcomes: Sequence[Outcome]
    credits: float | None = None


def facts(book: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a book says, what credentials are made of: plain data."""
    student, hours = book["student"], book["transcript"]
    return {
        "student": {name: student[name] for name in ("number", "name", "name_latin", "programme")},
        "university": dict(book["university"]),
        "first": book["first"],
        "last": book["last"],
        "records": book["records"],
        "hundreds": [
            {"id": id, "aim": one["aim"], "reached": one["reached"]}
            for id, one in zip(hundreds(), book["hundreds"], strict=True)
        ],
        "hours": {
            "fulfilled": hours["fulfilled"],
            "tenths": hours["tenths"],
            "parts": [
                {"id": id, "asked": one["asked"], "credited": one["credited"]}
                for id, one in zip(dimensions(), hours["parts"], strict=True)
            ],
        },
    }


def claims(told: Mapping[str, Any], language: str) -> list[Claim]:
    """What `told`, as `facts` gives it, amounts to: the whole record first, then every programme that is fulfilled.
    `language` is zh, en or both."""
    parts, student = told["hours"]["parts"], told["student"]
    credits = told["hours"]["tenths"] / TENTHS
    aims = [_aim(one, language) for one in told["hundreds"]]
    hours = [_hours(one, language) for one in parts]
    number = Outcome("records", _said("outcomes", "records", language), str(told["records"]))
    found = [
        _claim("record", "record", language, [number, *aims, *hours], credits,
               records=told["records"], first=told["first"], last=told["last"], university=told["university"]),
    ]  # fmt: skip
    if told["hours"]["fulfilled"] and any(one["asked"] for one in parts):
        programme = student["programme"]
        found.append(_claim("second-classroom", "second-classroom", language, hours, credits, programme=programme))
    for one, aim in zip(told["hundreds"], aims, strict=True):
        if one["reached"] >= one["aim"]:
            title = hundreds()[one["id"]].title
            more = {"title": title, "reached": one["reached"], "aim": one["aim"]}
            found.append(_claim(f"hundred-{one['id']}", "hundred", language, [aim], None, **more))
    return found


def names(told: Mapping[str, Any]) -> list[str]:
    """How the student is called, in Chinese and in Latin letters where they are."""
    student = told["student"]
    return list(dict.fromkeys(name for name in (student["name"], student["name_latin"]) if name))


def in_words(told: Mapping[str, Any], language: str, *place: str) -> str:
    """The text at `place` of claims.toml."""
    return _said(*place, language, university=told["university"])


def university(told: Mapping[str, Any], language: str) -> str:
    return _in(told["university"], language)


def _claim(id: str, kind: str, language: str, outcomes: Iterable[Outcome], credits: float | None, **told: Any) -> Claim:
    name, description, criteria = (
        _said(what, kind, language, **told) for what in ("names", "descriptions", "criteria")
    )
    return Claim(id, name, description, criteria, list(outcomes), credits)


def _aim(one: Mapping[str, Any], language: str) -> Outcome:
    return Outcome(one["id"], _in(hundreds()[one["id"]].title, language), str(one["reached"]), str(one["aim"]))


def _hours(one: Mapping[str, Any], language: str) -> Outcome:
    name = _said("outcomes", "hours", language, title=dimensions()[one["id"]].title)
    return Outcome(one["id"], name, _in_hours(one["credited"]), _in_hours(one["asked"]) if one["asked"] else "")


def _in_hours(minutes: int) -> str:
    return f"{minutes / HOUR:.1f}".removesuffix(".0")


@cache
def _catalogue() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _said(*place: str, **told: Any) -> str:
    """The text at `place`, whose last part is the language; what is told may be in both languages as well."""
    *path, language = place
    found: Any = _catalogue()
    for part in path:
        found = found[part]
    text = cast(Text, found)

    def said(language: str) -> str:
        return text[language].format(
            **{
                name: cast(Text, value)[language] if isinstance(value, Mapping) else value
                for name, value in told.items()
            }
        )

    return TOGETHER.join(dict.fromkeys((said("zh"), said("en")))) if language == "both" else said(language)


def _in(text: Text, language: str) -> str:
    return TOGETHER.join((text["zh"], text["en"])) if language == "both" else text[language]
