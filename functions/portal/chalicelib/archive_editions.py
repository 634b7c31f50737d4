"""Editions of an archive as pages: a student's own, and the runs that make them for many."""

from __future__ import annotations

from typing import Any

from yinji.archive.access import OFFICE, visible_student
from yinji.archive.record import STUDENT
from yinji.archive.selection_store import Selections
from yinji.archive.store import Archive
from yinji.clearance import codes
from yinji.editions.model import AGAIN, ALONE, LANGUAGES, THEMES
from yinji.editions.runs import Runs, progress
from yinji.editions.store import Editions
from yinji.identity import seen
from yinji.platform.problem import Problem

from .archive_story import base
from .visit import Visit

SHAPES = {
    "planned": "waiting",
    "requested": "submitted",
    "rendered": "submitted",
    "sealed": "done",
    "unchanged": "done",
    "held": "blocked",
    "failed": "blocked",
}
"""The shape and colour in which the state of an edition is said, beside its word."""
STANDINGS = {"in-force": "done", "superseded": "waived", "revoked": "blocked"}
MOST_TOLD = 200
"""How many editions that went wrong are listed."""


def editions(visit: Visit, archive: Archive, store: Editions, student: str) -> dict[str, Any]:
    """The editions of `student`, and how another one is asked for."""
    known = archive.student(student) if STUDENT.fullmatch(student) else None
    found = visible_student(visit.someone, "see-archive", student, lambda _: known)
    seen.note(visit.someone, "edition", student)
    every = store.of(student)
    return {
        "student": found,
        "own": visit.someone.sub == student,
        "revokes": visit.may("select-archives", department=OFFICE),
        "base": base(visit, student),
        "editions": every,
        "making": visit.someone.sub == student and any(one.state in ("requested", "rendered") for one in every),
        "shapes": SHAPES,
        "standings": STANDINGS,
        "spoken": codes.spoken,
        "languages": LANGUAGES,
        "themes": THEMES,
    }


def runs(visit: Visit, store: Runs, made: Editions, selections: Selections) -> dict[str, Any]:
    """Every run, whom another one could be for, and what went wrong of what students asked for themselves."""
    visit.demand("select-archives", department=OFFICE)
    return {
        "wrong": list(made.of_run(ALONE, *sorted(AGAIN)))[:MOST_TOLD],
        "shapes": SHAPES,
        "runs": store.all(),
        "selections": [one for one in selections.all() if one.kept and not one.archived_at],
        "languages": LANGUAGES,
        "themes": THEMES,
    }


def run(visit: Visit, store: Runs, made: Editions, id: str) -> dict[str, Any]:
    """How far a run is, and what went wrong in it."""
    visit.demand("select-archives", department=OFFICE)
    found = store.find(id)
    if found is None:
        raise Problem("not-found")
    every = list(made.of_run(id))
    far = progress(every, visit.now)
    wrong = [one for one in every if one.state in AGAIN]
    return {
        "run": found,
        "progress": far,
        "done": far.states.get("sealed", 0) + far.states.get("unchanged", 0),
        "going": not found.planned or far.left,
        "wrong": wrong[:MOST_TOLD],
        "more": max(0, len(wrong) - MOST_TOLD),
        "wrong_number": len(wrong),
        "packs": store.packs(id, visit.now),
        "shapes": SHAPES,
    }
