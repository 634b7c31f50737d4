"""Selections of who gets an archive, as pages: which there are, what each says, and whom it chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from yinji.archive.decisions import OFFICE
from yinji.archive.selection import MOST_RULES, MOST_TOLD, PARTS, Choice, Rule
from yinji.archive.selection_store import Selections
from yinji.clearance import university
from yinji.clearance.roster import CATEGORIES
from yinji.platform.problem import Problem

from .visit import Visit
from .words import Words

OLDEST = 10
"""How many grades back can be chosen."""


def _form(visit: Visit, choice: Choice) -> dict[str, Any]:
    """What the form offers, and what it says already: the rules there are, and one more."""
    rules = [*choice.rules, Rule()][:MOST_RULES]
    year = visit.today.year
    return {
        "rules": list(enumerate(rules, 1)),
        "grades": [str(grade) for grade in range(year, year - OLDEST, -1)],
        "categories": [(id, visit.words(f"groups.category-{id}")) for id in CATEGORIES],
        "choice": choice,
    }


def selections(visit: Visit, store: Selections) -> dict[str, Any]:
    """Every selection: those in use, and those that were archived."""
    visit.demand("select-archives", department=OFFICE)
    every = store.all()
    return _form(visit, Choice()) | {
        "in_use": [one for one in every if not one.archived_at],
        "archived": [one for one in every if one.archived_at],
    }


def selection(visit: Visit, store: Selections, id: str) -> dict[str, Any]:
    """A selection: whom its newest version chooses as of now, and what there was before."""
    visit.demand("select-archives", department=OFFICE)
    words = visit.words
    found = store.find(id)
    newest = store.version(id, found.newest) if found else None
    if found is None or newest is None:
        raise Problem("not-found")
    preview = store.preview(newest.choice)
    every = university.schools()
    most = max(preview.by_school.values(), default=1)
    return _form(visit, newest.choice) | {
        "selection": found,
        "newest": newest,
        "in_force": found.kept == found.newest,
        "preview": preview,
        "says": [rule_title(words, rule) for rule in newest.choice.rules],
        "schools_": [
            (words.say(every[school]) if school in every else school, number, round(100 * number / most))
            for school, number in preview.by_school.items()
        ],
        "unknown": preview.unknown[:MOST_TOLD],
        "unknown_exceptions": preview.unknown_exceptions[:MOST_TOLD],
        "versions": store.versions(id),
    }


def rule_title(words: Words, rule: Rule) -> Markup:
    """A rule in words: all undergraduates of 2021, of the School of Humanities."""
    parts: list[Markup | str] = []
    for part in PARTS:
        value = getattr(rule, part)
        if not value:
            continue
        if part == "grade":
            parts.append(words("selections.of-grade", grade=value))
        elif part == "category":
            parts.append(words(f"groups.category-{value}"))
        elif part == "school":
            parts.append(words.say(university.schools()[value]))
        else:
            parts.append(Markup("<bdi>{}</bdi>").format(value))
    return _joined(words, parts)


def _joined(words: Words, parts: Sequence[Markup | str]) -> Markup:
    return words("selections.all-of", parts=words("list.comma").join(parts))
