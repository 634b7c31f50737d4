"""The portal's words: words.zh.toml and words.en.toml, the same keys in both."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from markupsafe import Markup, escape
from yinji.platform.clock import CAMPUS

LANGUAGES = ("zh", "en")


@cache
def catalogue(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """Every text by its dotted key. A table of `one` and `other` is a text that depends on a number `n`."""
    raw = tomllib.loads((Path(__file__).parent / f"words.{language}.toml").read_text("utf-8"))
    return dict(_flat(raw, ""))


def _flat(table: Mapping[str, Any], before: str) -> list[tuple[str, str | Mapping[str, str]]]:
    found: list[tuple[str, str | Mapping[str, str]]] = []
    for name, value in table.items():
        key = f"{before}{name}"
        if isinstance(value, dict) and set(cast(dict[str, Any], value)) != {"one", "other"}:
            found += _flat(cast(dict[str, Any], value), f"{key}.")
        else:
            found.append((key, cast("str | Mapping[str, str]", value)))
    return found


class Words:
    """The words of one language: call it with a key and what fills the text."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **params: Any) -> Markup:
        """The text of `key`; params are escaped unless they are markup. Raises KeyError for an unknown key."""
        text = catalogue(self.language)[key]
        if not isinstance(text, str):
            text = text["one" if params["n"] == 1 else "other"]
        return Markup(escape(text)).format(**params)  # noqa: S704 - the text is escaped, and so are its params

    def say(self, text: Mapping[str, Any]) -> str:
        """A text of the definitions, which hold both languages."""
        return str(text[self.language])

    def day(self, day: date) -> Markup:
        """A date as people write it."""
        return self("time.day", year=day.year, month=day.month, day=day.day, name=self(f"month.{day.month}"))

    def campus_day(self, moment: datetime) -> Markup:
        """The date of an instant on the campus."""
        return self.day(moment.astimezone(CAMPUS).date())

    def exact(self, moment: datetime) -> Markup:
        """The instant on the campus' clock, to the minute."""
        local = moment.astimezone(CAMPUS)
        return self("time.exact", day=self.campus_day(moment), time=f"{local:%H:%M}")

    def clock(self, moment: datetime) -> str:
        """The time of day on the campus."""
        return f"{moment.astimezone(CAMPUS):%H:%M}"

    def lately(self, moment: datetime, now: datetime) -> Markup | str:
        """The time of day if it is today's, else the exact instant."""
        same = moment.astimezone(CAMPUS).date() == now.astimezone(CAMPUS).date()
        return self.clock(moment) if same else self.exact(moment)

    def ago(self, moment: datetime, now: datetime) -> Markup:
        """How long ago, as people say it."""
        minutes = int((now - moment).total_seconds() // 60)
        local = moment.astimezone(CAMPUS)
        days = (now.astimezone(CAMPUS).date() - local.date()).days
        if minutes < 1:
            return self("time.now")
        if minutes < 60:
            return self("time.minutes", n=minutes)
        if days <= 1:
            return self("time.today" if days < 1 else "time.yesterday", time=f"{local:%H:%M}")
        return self("time.days", n=days)

    def age(self, moment: datetime, now: datetime) -> Markup:
        """How long something has been waiting."""
        hours = int((now - moment).total_seconds() // 3600)
        return self("time.for-days", n=hours // 24) if hours >= 24 else self("time.for-hours", n=max(hours, 1))

    def left(self, deadline: date, today: date) -> Markup:
        """How far a deadline is away."""
        days = (deadline - today).days
        if days > 0:
            return self("deadline.days", n=days)
        return self("deadline.today") if days == 0 else self("deadline.over", n=-days)
