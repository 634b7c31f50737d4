"""A grade at a glance: what pages and lists tell of its groups, and what they say in words. Pure.

Of each group that may be shown there is a sketch: how many it has, and five marks of each feature. What differs is
said of the median, against the quarters of the whole university: a school is far below it in something where half of
the school stays below what three quarters of the university have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from yinji.archive.groups import EDGES, SMALL, Distribution, Group, Year
from yinji.archive.kinds import dimensions

Against = Literal["far-below", "below", "like", "above", "far-above"]
AGAINST: tuple[Against, ...] = ("far-below", "below", "like", "above", "far-above")
ALIKE = 10
"""Medians that differ by no more of a hundred are alike."""


@dataclass(frozen=True)
class Marks:
    """Quantiles of a feature; p10 and p90 are None in small groups. `mean` is in tenths."""

    p10: int | None
    p25: int
    median: int
    p75: int
    p90: int | None
    mean: int


@dataclass(frozen=True)
class Sketch:
    number: int
    features: Mapping[str, Marks]
    terms: Mapping[str, Mapping[str, Marks]] = field(default_factory=dict[str, Mapping[str, Marks]])


@dataclass(frozen=True)
class Glance:
    """A grade and category as pages show it; `schools` and `programmes` are those that may be shown."""

    grade: str
    category: str
    whole: Sketch
    schools: Mapping[str, Sketch]
    programmes: Mapping[tuple[str, str], Sketch]

    @property
    def id(self) -> str:
        return year_id(self.grade, self.category)

    def programmes_of(self, school: str) -> dict[str, Sketch]:
        """The programmes of a school that may be shown, by name."""
        return {name: sketch for (of, name), sketch in self.programmes.items() if of == school}


def year_id(grade: str, category: str) -> str:
    """What pages call a grade and category."""
    return f"{category}-{grade}"


def sketch(group: Group, *, terms: bool = True) -> Sketch:
    return Sketch(
        group.number,
        _marks(group.features, group.number),
        {term: _marks(told, group.number) for term, told in group.terms.items() if terms},
    )


def _marks(some: Mapping[str, Distribution], number: int) -> dict[str, Marks]:
    found: dict[str, Marks] = {}
    for name, one in some.items():
        low, high = (None if number < SMALL else one.quantile(percent) for percent in EDGES)
        found[name] = Marks(low, one.quantile(25), one.quantile(50), one.quantile(75), high, one.mean)
    return found


def glance(year: Year) -> Glance:
    return Glance(
        year.grade,
        year.category,
        sketch(year.whole),
        {school: sketch(group) for school, group in year.schools.items()},
        {place: sketch(group, terms=False) for place, group in year.programmes.items()},
    )


def glance_document(glance: Glance) -> dict[str, Any]:
    """`glance` as plain data; read back by `stored_glance`."""

    def marks(some: Mapping[str, Marks]) -> dict[str, Any]:
        return {name: [one.p10, one.p25, one.median, one.p75, one.p90, one.mean] for name, one in some.items()}

    def told(one: Sketch) -> dict[str, Any]:
        terms = {term: marks(some) for term, some in one.terms.items()}
        return {"number": one.number, "features": marks(one.features), "terms": terms}

    return {
        "grade": glance.grade,
        "category": glance.category,
        "whole": told(glance.whole),
        "schools": {school: told(one) for school, one in glance.schools.items()},
        "programmes": [[school, name, told(one)] for (school, name), one in glance.programmes.items()],
    }


def stored_glance(document: Mapping[str, Any]) -> Glance:
    def marks(some: Mapping[str, Sequence[Any]]) -> dict[str, Marks]:
        return {name: Marks(*one) for name, one in some.items()}

    def read(one: Mapping[str, Any]) -> Sketch:
        terms = cast(Mapping[str, Any], one["terms"])
        return Sketch(one["number"], marks(one["features"]), {term: marks(some) for term, some in terms.items()})

    return Glance(
        document["grade"],
        document["category"],
        read(document["whole"]),
        {school: read(one) for school, one in document["schools"].items()},
        {(school, name): read(one) for school, name, one in document["programmes"]},
    )


# --- what it says ----------------------------------------------------------------------------------------------


def against(part: Marks, whole: Marks) -> Against:
    """How the median of a part lies to those of the whole; see the module."""
    if part.median < whole.p25:
        return "far-below"
    if part.median > whole.p75:
        return "far-above"
    if 100 * abs(part.median - whole.median) <= ALIKE * whole.median:
        return "like"
    return "below" if part.median < whole.median else "above"


@dataclass(frozen=True)
class Difference:
    """In the dimension `dimension` the medians of schools reach from `low` at `lowest` to `high` at `highest`."""

    dimension: str
    low: int
    lowest: str
    high: int
    highest: str


def differences(glance: Glance) -> list[Difference]:
    """Where schools differ, the greatest difference against the median of all first."""
    found: list[tuple[float, Difference]] = []
    for id in dimensions():
        feature = f"dimension.{id}"
        medians = sorted((one.features[feature].median, school) for school, one in glance.schools.items())
        if len(medians) > 1 and medians[0][0] < medians[-1][0]:
            (low, lowest), (high, highest) = medians[0], medians[-1]
            middle = max(glance.whole.features[feature].median, 1)
            found.append(((low - high) / middle, Difference(id, low, lowest, high, highest)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class Thin:
    """A programme in which half have at most `median` in `dimension`, where three quarters of all have `quarter`."""

    school: str
    programme: str
    dimension: str
    number: int
    median: int
    quarter: int
    of_all: int


def thin(glance: Glance, school: str = "") -> list[Thin]:
    """The programmes that are far below the university in something, of one school or of all, the furthest first."""
    found: list[Thin] = []
    for (of, name), one in glance.programmes.items():
        for id in dimensions() if of == (school or of) else ():
            mine, all_ = one.features[f"dimension.{id}"], glance.whole.features[f"dimension.{id}"]
            if against(mine, all_) == "far-below":
                found.append(Thin(of, name, id, one.number, mine.median, all_.p25, all_.median))
    return sorted(found, key=lambda one: (one.median / max(one.of_all, 1), one.school, one.programme, one.dimension))
