"""What the visiting service is, told by service.toml: its weekday, communities, windows of a day and usual troubles."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance.definition import Text
from yinji.platform.clock import CAMPUS


@dataclass(frozen=True)
class Window:
    """A part of a day in which a technician comes; both times are of the campus."""

    id: str
    title: Text
    start: time
    end: time

    @property
    def hours(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Its beginning and its end on `day`, with the campus' offset."""
        return datetime.combine(day, self.start, CAMPUS), datetime.combine(day, self.end, CAMPUS)


@dataclass(frozen=True)
class Community:
    """Where people live; `office` is the phone number of the community's office."""

    id: str
    title: Text
    office: str


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def windows() -> Mapping[str, Window]:
    """The windows of a day by their ids, the earliest first."""
    return {
        id: Window(id, _text(told), *(time.fromisoformat(at) for at in told["hours"]))
        for id, told in _told()["windows"].items()
    }


@cache
def communities() -> Mapping[str, Community]:
    return {id: Community(id, _text(told), told["office"]) for id, told in _told()["communities"].items()}


@cache
def troubles() -> Mapping[str, Text]:
    """What it usually is, in the order in which it is shown."""
    return {id: _text(told) for id, told in _told()["troubles"].items()}


def weekday() -> int:
    """The day of the week of the service, Monday is 0."""
    return int(_told()["weekday"])


def weeks_ahead() -> int:
    """For how many weeks ahead there are days."""
    return int(_told()["weeks_ahead"])


def closes(day: date) -> datetime:
    """The instant from which nobody moves anything of `day` by themselves: its sheets are made then."""
    return datetime.combine(day - timedelta(days=1), time.fromisoformat(_told()["closes"]), CAMPUS)


def _text(told: Mapping[str, Any]) -> Text:
    return {"zh": told["zh"], "en": told["en"]}
