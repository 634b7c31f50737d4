"""Groups 群体特征库: how features are spread over a group of students, exactly, and what of it may be shown. Pure.

A group is everybody of one school, grade and category. Around it lies everybody of the grade and category, around that
the category; within it lie its programmes. So groups lie in one another like boxes, and no other ones are ever shown.

What may be shown: a group of at least SMALLEST, and only where what is left of the group around it, once all that is
shown within is taken away, is nobody or at least SMALLEST again. Whatever can be computed from groups that lie in one
another is made up of such remainders, so that no difference tells of fewer than SMALLEST either. Who is in a group
that is not shown is compared with the next larger one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from yinji.archive.portrait import rounded
from yinji.archive.student import cohort
from yinji.archive.terms import FIRST

if TYPE_CHECKING:
    from yinji.archive.store import Member

SMALLEST = 10
"""The fewest students of whom anything is told together."""
SMALL = 50
"""Of fewer nothing is told below the tenth or above the ninetieth in a hundred: that would be single persons."""
ALL = "*"
"""In place of a school or a grade: all of them."""
EDGES = (10, 90)


def of_year(grade: str, category: str) -> str:
    """The group of everybody of a grade and category."""
    return cohort(ALL, grade, category)


def of_category(category: str) -> str:
    """The group of everybody of a category."""
    return cohort(ALL, ALL, category)


# --- distributions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """An exact histogram: `counts` students have each of `values`, which are in order."""

    values: Sequence[int]
    counts: Sequence[int]

    @classmethod
    def of(cls, counted: Mapping[int, int], number: int) -> Distribution:
        """Of `number` students, of whom those that are not counted have nothing."""
        told = dict(counted)
        if missing := number - sum(told.values()):
            told[0] = told.get(0, 0) + missing
        values = sorted(told)
        return cls(values, [told[value] for value in values])

    @property
    def number(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> int:
        """The mean in tenths, a half rounded up."""
        return rounded(10 * sum(value * count for value, count in zip(self.values, self.counts, strict=True)),
                       self.number)  # fmt: skip

    def quantile(self, percent: int) -> int:
        """The smallest value that at least `percent` in a hundred have or stay below: 50 is the median."""
        asked = max(-(-self.number * percent // 100), 1)
        return self.values[bisect_left(list(accumulate(self.counts)), asked)]

    def at_or_below(self, value: int) -> int:
        """How many have `value` or less."""
        return sum(self.counts[: bisect_right(self.values, value)])

    def below(self, value: int) -> int:
        """How many have less than `value`."""
        return sum(self.counts[: bisect_left(self.values, value)])


@dataclass(frozen=True)
class Place:
    """Where a student is in their group: `share` in a hundred of it have as much or less. `number` is the group's.

    Of small groups a share is told between a tenth and nine tenths only: what lies beyond is about single persons.
    """

    value: int
    share: int
    p25: int
    median: int
    p75: int
    number: int

    @property
    def word(self) -> str:
        """In which part of the group: "upper", "middle" or "lower"; a key of the portal's words."""
        if self.value > self.p75:
            return "upper"
        return "lower" if self.value < self.p25 else "middle"


@dataclass(frozen=True)
class Group:
    """A group that may be shown. `id` is school#grade#category with ALL for what it is not limited to; of a programme,
    its name follows. `terms` tells of each term; of a category there are none, for its grades began at other times."""

    id: str
    number: int
    features: Mapping[str, Distribution]
    terms: Mapping[str, Mapping[str, Distribution]] = field(default_factory=dict[str, Mapping[str, Distribution]])

    @property
    def school(self) -> str:
        """Whose group it is; empty where it is of all schools."""
        return self.id.split("#")[0].replace(ALL, "")

    @property
    def grade(self) -> str:
        """Empty where it is of all grades."""
        return self.id.split("#")[1].replace(ALL, "")

    @property
    def category(self) -> str:
        return self.id.split("#")[2]

    def quantile(self, feature: str, percent: int, term: str = "") -> int | None:
        """A quantile of `feature`, in one term or in all; None where that must not be shown, or is not known."""
        found = (self.terms.get(term, {}) if term else self.features).get(feature)
        if found is None or (self.number < SMALL and not EDGES[0] <= percent <= EDGES[1]):
            return None
        return found.quantile(percent)

    def place(self, feature: str, value: int, term: str = "") -> Place | None:
        """Where who has `value` is in this group; None for what the group does not know."""
        found = (self.terms.get(term, {}) if term else self.features).get(feature)
        if found is None:
            return None
        share = 100 * found.at_or_below(value) // found.number
        if self.number < SMALL:
            share = min(max(share, EDGES[0]), EDGES[1])
        return Place(value, share, found.quantile(25), found.quantile(50), found.quantile(75), found.number)


def group_document(group: Group) -> dict[str, Any]:
    """`group` as plain data; read back by `stored_group`."""

    def told(some: Mapping[str, Distribution]) -> dict[str, Any]:
        return {name: [list(one.values), list(one.counts)] for name, one in some.items()}

    return {
        "id": group.id,
        "number": group.number,
        "features": told(group.features),
        "terms": {term: told(some) for term, some in group.terms.items()},
    }


def stored_group(document: Mapping[str, Any]) -> Group:
    def read(some: Mapping[str, Any]) -> dict[str, Distribution]:
        return {name: Distribution(values, counts) for name, (values, counts) in some.items()}

    terms: Mapping[str, Any] = document["terms"]
    return Group(
        document["id"],
        document["number"],
        read(document["features"]),
        {term: read(some) for term, some in terms.items()},
    )


# --- counting --------------------------------------------------------------------------------------------------


class Counted:
    """Adds students up, one after the other; what it keeps grows with the values there are, not with the students."""

    def __init__(self) -> None:
        self.number = 0
        self.features: dict[str, Counter[int]] = {}
        self.terms: dict[str, dict[str, Counter[int]]] = {}

    def add(self, member: Member) -> None:
        self.number += 1
        _count(self.features, member.features)
        for term, told in member.by_term.items():
            _count(self.terms.setdefault(term, {}), told)

    def join(self, other: Counted) -> None:
        """Add everybody of `other`."""
        self.number += other.number
        _join(self.features, other.features)
        for term, told in other.terms.items():
            _join(self.terms.setdefault(term, {}), told)

    def group(self, id: str, terms: Iterable[str] = ()) -> Group:
        """What was added, as the group `id`; who has nothing in one of `terms` counts there with nothing."""
        names = {name for told in self.terms.values() for name in told}
        return Group(
            id,
            self.number,
            {name: Distribution.of(counted, self.number) for name, counted in sorted(self.features.items())},
            {
                term: {
                    name: Distribution.of(self.terms.get(term, {}).get(name, {}), self.number) for name in sorted(names)
                }
                for term in terms
            },
        )


def _count(counters: dict[str, Counter[int]], told: Mapping[str, int]) -> None:
    for name, value in told.items():
        counter = counters.get(name)
        if counter is None:
            counter = counters[name] = Counter()
        counter[value] += 1


def _join(counters: dict[str, Counter[int]], others: Mapping[str, Counter[int]]) -> None:
    for name, counter in others.items():
        counters.setdefault(name, Counter()).update(counter)


# --- what may be shown -----------------------------------------------------------------------------------------


def hidden(parts: Mapping[str, int]) -> frozenset[str]:
    """Which of the `parts` of a group that is shown must not be: those too small, and as many of the smallest others as
    it takes until they hide among enough. Empty parts hide nobody."""
    gone = {part for part, number in parts.items() if number < SMALLEST}
    left = sorted((number, part) for part, number in parts.items() if part not in gone)
    while left and 0 < sum(parts[part] for part in gone) < SMALLEST:
        gone.add(left.pop(0)[1])
    return frozenset(gone)


@dataclass(frozen=True)
class Year:
    """Everybody of one grade and category: the groups of it that may be shown once the whole may.

    `programmes` are by school and name. `counted` is the whole, to be joined.
    """

    grade: str
    category: str
    whole: Group
    schools: Mapping[str, Group]
    programmes: Mapping[tuple[str, str], Group]
    counted: Counted


def year(grade: str, category: str, members: Iterable[Member]) -> Year:
    """The groups of one grade and category; `members` are everybody of it, in any order."""
    counted: dict[str, dict[str, Counted]] = {}
    for member in members:
        counted.setdefault(member.school, {}).setdefault(member.programme, Counted()).add(member)
    schools = {school: _together(programmes.values()) for school, programmes in sorted(counted.items())}
    whole = _together(schools.values())
    # no student of the grade can have done anything before they came; what says so is not of their studies
    begun = f"{grade}-{int(grade) + 1}-{FIRST}"
    terms = sorted(term for term in whole.terms if term >= begun)
    shown = schools.keys() - hidden({school: one.number for school, one in schools.items()})
    programmes = {
        (school, name): one.group(f"{cohort(school, grade, category)}#{name}", terms)
        for school in sorted(shown)
        for gone in [hidden({name: one.number for name, one in counted[school].items()})]
        for name, one in sorted(counted[school].items())
        if name and name not in gone
    }
    return Year(
        grade,
        category,
        whole.group(of_year(grade, category), terms),
        {school: schools[school].group(cohort(school, grade, category), terms) for school in sorted(shown)},
        programmes,
        whole,
    )


def _together(parts: Iterable[Counted]) -> Counted:
    found = Counted()
    for part in parts:
        found.join(part)
    return found
