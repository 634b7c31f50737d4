"""What a season should come to, told from its own data: who has which step, and where the steps stand at first.

This is what the university's rules say, written down once more and apart from the definitions that run and from the
cases, so that the two can be held against each other. A step that is not in here is only counted, by its definition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from yinji.clearance import definition, flow
from yinji.clearance.case import SETTLED, Graduate
from yinji.clearance.step import Row

if TYPE_CHECKING:
    from infra.local.season.generator import Season

EVERYBODY = ("undergraduate", "postgraduate", "international")
WHO: Mapping[str, tuple[str, ...]] = {
    "graduation-audit": EVERYBODY,
    "thesis-deposit": ("postgraduate", "international thesis"),
    "library-loans": EVERYBODY,
    "tuition": EVERYBODY,
    "scholarship-settlement": ("international scholarship",),
    "dormitory": ("undergraduate lives_in", "postgraduate lives_in", "international lives_in"),
    "housing-deposit": ("international lives_in",),
    "campus-card": EVERYBODY,
    "lab-equipment": ("postgraduate",),
    "party-transfer": ("undergraduate party_member", "postgraduate party_member"),
    "household-registration": ("undergraduate household_on_campus", "postgraduate household_on_campus"),
    "residence-permit": ("international",),
    "personal-file": ("undergraduate", "postgraduate"),
    "exit-survey": EVERYBODY,
    "school-approval": EVERYBODY,
    "diploma": EVERYBODY,
}
"""By step: the categories that have it, and the flag of the roster they need for it."""
COMES_LATER = frozenset({"school-approval", "diploma", "housing-deposit"})
"""Nobody can begin with these: much comes before the first two, the inspection of the room before the third."""
Rows = Mapping[str, Row]
"""The rows of one graduate, by step."""


def _card(rows: Rows, graduate: Graduate) -> str:
    if not _returned(rows["library-loans"]):
        return "waiting"
    return "blocked" if rows["campus-card"]["balance"].startswith("-") else "ready"


def _returned(row: Row) -> bool:
    return (row["loans"], row["fines"]) == ("0", "0.00")


def _done(good: bool) -> str:
    return "done" if good else "blocked"


FIRST: Mapping[str, Callable[[Rows, Graduate], str]] = {
    "graduation-audit": lambda rows, _: _done(rows["graduation-audit"]["passed"] == "yes"),
    "library-loans": lambda rows, _: _done(_returned(rows["library-loans"])),
    "tuition": lambda rows, who: _done(rows["tuition"]["arrears"] == "0.00" and "student_loan" not in who.flags),
    "campus-card": _card,
    "lab-equipment": lambda rows, _: "submitted" if rows["lab-equipment"]["items"] == "0" else "blocked",
}
"""By step: where the department's data put it before anybody has done anything. The others are ready."""


def _has(step: str, graduate: Graduate) -> bool:
    if step not in WHO:
        return step in flow.applicable(graduate)
    asked = (entry.partition(" ") for entry in WHO[step])
    return any(category == graduate.category and (not flag or flag in graduate.flags) for category, _, flag in asked)


def expected(season: Season) -> Counter[str]:
    """How many graduates of `season` have each step."""
    return Counter({step: sum(_has(step, one) for one in season.graduates) for step in definition.steps()})


def at_first(season: Season) -> dict[str, Counter[str]]:
    """How many graduates of `season` are in which state, by step, once its files are read and nobody has acted."""
    found: dict[str, Counter[str]] = {}
    for step in definition.steps():
        if step in WHO:
            found[step] = Counter(_first(season, step, one) for one in season.graduates if _has(step, one))
    return found


def _first(season: Season, step: str, graduate: Graduate) -> str:
    if step in COMES_LATER:
        return "waiting"
    rows = {
        fed: accounts[graduate.student].now for fed, accounts in season.facts.items() if graduate.student in accounts
    }
    return FIRST[step](rows, graduate) if step in FIRST else "ready"


def differences(wanted: Mapping[str, Mapping[str, int]], found: Mapping[str, Mapping[str, int]]) -> list[str]:
    """In which steps and states other numbers were `found` than `wanted`, in words; other steps do not count."""
    return [
        f"{step}: {found.get(step, {}).get(state, 0)} {state}, {counts.get(state, 0)} expected"
        for step, counts in wanted.items()
        for state in sorted(counts.keys() | found.get(step, {}).keys())
        if counts.get(state, 0) != found.get(step, {}).get(state, 0)
    ]


def unsettled(season: Season, found: Mapping[str, Mapping[str, int]]) -> list[str]:
    """In which steps of a season that was played to its end other than the expected number are settled."""
    ends: dict[str, Counter[str]] = {}
    for step, counts in found.items():
        ends[step] = Counter()
        for state, count in counts.items():
            ends[step]["settled" if state in SETTLED else state] += count
    return differences({step: Counter(settled=count) for step, count in expected(season).items()}, ends)
