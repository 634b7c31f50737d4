"""A counsellor's students: everybody of a school with an archive, who has records waiting, how each one is doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from markupsafe import Markup
from yinji.archive.access import OFFICE
from yinji.archive.cohorts import Cohorts
from yinji.archive.kinds import dimensions
from yinji.archive.store import Archive, Member
from yinji.clearance import university
from yinji.clearance.selection import NONE, Facets, Selection, searched
from yinji.platform.problem import Problem

from .office import Filter, filter_of
from .visit import Visit
from .words import Words

FILTERS = ("waiting", "class", "counsellor", "grade")
SORTS = ("number", "name", "class", "overall", "waiting", "last")
LEVELS = ("upper", "middle", "lower", "none")
"""In which part of their own grade somebody is: the upper quarter, the middle half, the lower quarter, nothing."""
THREADS = 8
CELL = Markup('<td class="open {}"><i>{}</i><b>{}</b><span class="vh">{}</span></td>')


def students(visit: Visit, archive: Archive, cohorts: Cohorts) -> dict[str, Any]:
    """The students of a school: one's own, or the one that the query names for who may see every school.

    One Query for the list of cohorts, and one for each of the school's. Raises Problem("forbidden").
    """
    session, words = visit.someone, visit.words
    school = session.school or visit.query.get("school", "")
    if session.role == "student":
        raise Problem("forbidden")
    visit.demand("see-archive", school=school, department=OFFICE)
    if school and school not in university.schools():
        raise Problem("not-found")
    members = everybody(archive, cohorts, school) if school else []
    chosen = Selection(
        members,
        {name: value for name in FILTERS if (value := visit.query.get(name, ""))},
        _facets,
        _order(visit.query.get("sort", "")),
        searched(visit.query),
        lambda one: f"{one.name} {one.student} {one.class_name}",
    )
    return {
        "school": school,
        "title": words.say(university.schools()[school]) if school else words("archive.students"),
        "open_schools": not session.school,
        "rows": chosen.shown,
        "number": len(members),
        "waiting": sum(one.waiting for one in members),
        "with_waiting": sum(one.waiting > 0 for one in members),
        "columns": list(dimensions().values()),
        "cells": _cells(words, members),
        "chosen": chosen,
        "chips": [filter_of(visit, chosen, "waiting", ["yes"], lambda value: words(f"archive.waits-{value}"))],
        "lists": _lists(visit, chosen),
        "sort": visit.query.get("sort", ""),
        "sorts": SORTS,
        "certifies": visit.may("certify-record", school=school),
        "beside": _beside(visit, school),
    }


def _beside(visit: Visit, school: str) -> list[tuple[str, Markup]]:
    """What else there is about the archives of a school, or of all: where, and what it is called."""
    words = visit.words
    of = f"?school={school}" if school and not visit.someone.school else ""
    found = [(f"/archive/groups/{school}" if school else "/archive/groups", words("groups.title"))]
    found.append((f"/archive/quiet{of}", words("quiet.title")))
    if visit.may("select-archives", department=OFFICE):
        found.append(("/archive/selections", words("selections.title")))
        found.append(("/archive/runs", words("runs.title")))
    if visit.may("see-deliveries", department=OFFICE):
        found.append(("/archive/deliveries", words("archive.deliveries")))
    return found


def everybody(archive: Archive, cohorts: Cohorts, school: str) -> list[Member]:
    """Everybody of `school` who has a portrait."""
    own = sorted(one for one in cohorts.every() if one.partition("#")[0] == school)

    def of(cohort: str) -> list[Member]:
        return list(archive.cohort(cohort))

    with ThreadPoolExecutor(THREADS) as threads:
        return [member for some in threads.map(of, own) for member in some]


def _facets(one: Member) -> Facets:
    return {
        "waiting": frozenset({"yes"}) if one.waiting else NONE,
        "class": frozenset({one.class_name}) if one.class_name else NONE,
        "counsellor": frozenset({one.counsellor}) if one.counsellor else NONE,
        "grade": frozenset({one.grade}),
    }


def _order(sort: str) -> Callable[[Member], object]:
    if sort == "name":
        return lambda one: (one.name, one.student)
    if sort == "class":
        return lambda one: (one.class_name, one.student)
    if sort == "waiting":
        return lambda one: (-one.waiting, one.student)
    if sort == "last":  # whoever has been quiet longest first, and before them who never did anything
        return lambda one: (one.last_day.isoformat() if one.last_day else "", one.student)
    if sort == "overall":
        return lambda one: (-one.features.get("overall", 0), one.student)
    if sort in dimensions():
        return lambda one: (-one.features.get(f"dimension.{sort}", 0), one.student)
    return lambda one: one.student


def _lists(visit: Visit, chosen: Selection[Member]) -> list[Filter]:
    """The filters that are lists; one that has nothing to choose is left out."""
    found = [
        filter_of(visit, chosen, name, sorted(chosen.counts.get(name, ())), str)
        for name in FILTERS
        if name != "waiting"
    ]
    return [one for one in found if len(one.choices) > 1 or one.value]


def _cells(words: Words, members: Sequence[Member]) -> Callable[[Member], Markup]:
    """What draws the cells of a student: the score of each education, and how it is in their own grade."""
    edges = _edges(members)
    titles = {id: words.say(one.title) for id, one in dimensions().items()}
    levels = {level: words(f"archive.level-{level}") for level in LEVELS}

    def cells(one: Member) -> Markup:
        drawn: list[Markup] = []
        for id, title in titles.items():
            score = one.features.get(f"dimension.{id}", 0)
            level = _level(score, edges[_cohort(one), id])
            drawn.append(CELL.format(level, score, title, levels[level]))
        return Markup("").join(drawn)

    return cells


def _cohort(one: Member) -> tuple[str, str]:
    return one.grade, one.category


def _edges(members: Sequence[Member]) -> Mapping[tuple[tuple[str, str], str], tuple[int, int]]:
    """The ends of the middle half of each education, by grade and category."""
    found: dict[tuple[tuple[str, str], str], tuple[int, int]] = {}
    for group in {_cohort(one) for one in members}:
        for id in dimensions():
            scores = sorted(one.features.get(f"dimension.{id}", 0) for one in members if _cohort(one) == group)
            found[group, id] = scores[(len(scores) - 1) // 4], scores[(3 * len(scores) + 3) // 4 - 1]
    return found


def _level(score: int, edges: tuple[int, int]) -> str:
    if not score:
        return "none"
    low, high = edges
    return "upper" if score > high else "lower" if score < low else "middle"
