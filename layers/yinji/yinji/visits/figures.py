"""What a year was like: visits by month and community, what it was, how long it took. Pure; nobody is named.

People are told apart by name and phone number, which leave this module as a number only. Who waits is counted from
when they asked for the day they had in the end.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from yinji.platform.clock import CAMPUS
from yinji.platform.sheets import Cell, Table
from yinji.visits import service
from yinji.visits.visit import FACES, Face, Visit

YEAR = re.compile(r"20[0-9]{2}")


@dataclass(frozen=True)
class Part:
    """Some visits. `asked` are all of them; `done`, `missed` (nobody was there), `cancelled` and `open` are what became
    of them. `people` were served; `again` of them more than once for the same trouble. Of the visits that were done:
    `solved` whether all was, `minutes` at the door, `troubles` what it was, `faces` what people thought, `waited` the
    days from asking to the visit, all together."""

    asked: int
    done: int
    missed: int
    cancelled: int
    open: int
    people: int
    again: int
    solved: int
    minutes: int
    troubles: Mapping[str, int]
    faces: Mapping[Face, int]
    waited: int

    @property
    def hours(self) -> float:
        return round(self.minutes / 60, 1)

    @property
    def days_waited(self) -> float | None:
        """How many days whoever was served had waited, on average."""
        return round(self.waited / self.done, 1) if self.done else None

    @property
    def solved_share(self) -> float | None:
        return self.solved / self.done if self.done else None

    @property
    def missed_share(self) -> float | None:
        """Of the visits that technicians went to, how many nobody was there for."""
        gone = self.done + self.missed
        return self.missed / gone if gone else None


@dataclass(frozen=True)
class Year:
    """A year: the whole of it, each of its months that has visits, each community of those."""

    year: str
    whole: Part
    months: Mapping[str, Part]
    communities: Mapping[str, Part]
    cells: Mapping[tuple[str, str], Part]
    """By month and community."""


def months_of(year: str) -> list[str]:
    return [f"{year}-{month:02}" for month in range(1, 13)]


def of_year(year: str, of_month: Callable[[str], Iterable[Visit]]) -> Year:
    """What `year` was like; `of_month` gives the visits of a month."""
    found = {month: visits for month in months_of(year) if (visits := list(of_month(month)))}
    every = [one for visits in found.values() for one in visits]
    here = [id for id in service.communities() if any(one.person.community == id for one in every)]
    here += sorted({one.person.community for one in every} - set(here))  # of communities that are gone since
    return Year(
        year,
        part(every),
        {month: part(visits) for month, visits in found.items()},
        {id: part(_in(id, every)) for id in here},
        {(month, id): part(some) for month, visits in found.items() for id in here if (some := _in(id, visits))},
    )


def _in(community: str, visits: Iterable[Visit]) -> list[Visit]:
    return [one for one in visits if one.person.community == community]


def part(visits: Sequence[Visit]) -> Part:
    states = Counter(one.state for one in visits)
    done = [(one, one.record) for one in visits if one.state == "done" and one.record]
    troubles, again = Counter[str](), Counter[tuple[str, str]]()
    for one, record in done:
        troubles.update(record.troubles)
        again.update((_who(one), trouble) for trouble in record.troubles)
    faces = Counter(record.face for _, record in done if record.face)
    return Part(
        len(visits),
        len(done),
        states["not-met"],
        states["cancelled"],
        states["waiting"] + states["booked"],
        len({_who(one) for one, _ in done}),
        len({who for (who, _), times in again.items() if times > 1}),
        sum(record.solved for _, record in done),
        sum(record.minutes for _, record in done),
        dict(troubles.most_common()),
        {face: faces[face] for face in FACES},
        sum(max((one.day - one.asked_at.astimezone(CAMPUS).date()).days, 0) for one, _ in done),
    )


def _who(one: Visit) -> str:
    return f"{one.person.name} {re.sub(r'[^0-9]', '', one.person.phone)}"


def table(found: Year, language: str) -> Table:
    """A line for each month and community that has visits, with a column for each trouble."""
    said, communities, troubles = _said(), service.communities(), service.troubles()
    lines: list[list[Cell]] = []
    for (month, community), one in sorted(found.cells.items()):
        known = communities.get(community)
        lines.append(
            [
                month,
                known.title[language] if known else community,
                *(one.asked, one.done, one.people, one.again, one.solved, one.hours, one.days_waited, one.missed),
                one.cancelled,
                *(one.faces.get(face, 0) for face in FACES),
                *(one.troubles.get(trouble, 0) for trouble in troubles),
            ]
        )
    heads = [told[language] for told in said["columns"].values()] + [title[language] for title in troubles.values()]
    return Table(f"{said['title'][language]} {found.year}", heads, [10, 14, *[12] * (len(heads) - 2)], lines)


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
