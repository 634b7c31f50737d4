"""Lists to take along: what pages show of graduates, queues and the season, as tables in the reader's language.

Everything here is a pure function of its arguments; the texts are in exports.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance import definition, flow, university
from yinji.clearance.definition import StepDefinition
from yinji.clearance.overview import NOTHING, BurnDown, heat_map
from yinji.clearance.queue import Entry
from yinji.clearance.sealing import Sealed
from yinji.clearance.view import RowView, answers_view, say, school_figures
from yinji.platform.clock import instant
from yinji.platform.sheets import Cell, Table

PERSONAL = frozenset({"matrix", "queue", "cases"})
"""Exports that name people: each is written down."""
KINDS = ("csv", "xlsx")


@cache
def _said() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("exports.toml").read_text("utf-8"))


class Lists:
    """Tables in one language ("zh" or "en")."""

    def __init__(self, language: str) -> None:
        self._language = language

    def _title(self, what: str) -> str:
        return say(_said()["titles"][what], self._language)

    def _heads(self, *names: str) -> list[str]:
        return [say(_said()["columns"][name], self._language) for name in names]

    def _step(self, step: StepDefinition) -> str:
        return say(step.title, self._language)

    def _school(self, school: str) -> str:
        every = university.schools()
        return say(every[school], self._language) if school in every else school

    def _flow(self, id: str) -> str:
        return say(flow.TITLES[id], self._language) if id in flow.TITLES else id

    def graduates(self, rows: Sequence[RowView], what: str = "matrix") -> Table:
        """A line for each graduate, a column for each step that applies to any of them."""
        columns = [step for id, step in definition.steps().items() if any(id in row.states for row in rows)]
        schools = {school: self._school(school) for school in {row.lean.school for row in rows}}
        flows = {id: self._flow(id) for id in {row.lean.flow for row in rows}}
        words = {state: say(text, self._language) for state, text in _said()["states"].items()}
        lines: list[list[Cell]] = []
        for row in rows:
            lean, states = row.lean, row.states
            finished = instant(lean.finished_at) if lean.finished_at else None
            line: list[Cell] = [
                lean.student, lean.name, schools[lean.school], lean.class_name, lean.programme, lean.counsellor,
                flows[lean.flow], lean.batch, lean.deadline, row.left, finished,
            ]  # fmt: skip
            line += [words[states[step.id]] if step.id in states else "" for step in columns]
            lines.append(line)
        heads = self._heads(
            "student", "name", "school", "class", "programme", "counsellor", "flow", "batch", "deadline", "left",
            "finished",
        )  # fmt: skip
        widths = [13, 16, 20, 14, 18, 12, 18, 14, 12, 9, 17, *(14 for _ in columns)]
        return Table(self._title(what), [*heads, *(self._step(step) for step in columns)], widths, lines)

    def queue(self, entries: Sequence[Entry], step: StepDefinition, now: datetime, *, whole: bool = False) -> Table:
        """A line for each who waits, oldest first, a column for each question of the step; numbers that are kept sealed
        by their last signs, or `whole` where the entries hold them opened."""
        questions: dict[str, str] = {}
        every = [field for action in step.actions.values() for field in action.fields]
        for field in [*every, *step.former]:
            if any(entry.answers.get(field.name) for entry in entries):
                questions.setdefault(say(field.title, self._language), field.name)
        lines: list[list[Cell]] = []
        for entry in entries:
            # documents stay where they are: a list in a file would outlive what one may see of them
            answered: dict[str, str] = {}
            for question, answer in answers_view(step, entry.answers, self._language):
                if isinstance(answer, Sealed):
                    answered[question] = str(entry.answers[answer.field]) if whole else answer.text
                elif isinstance(answer, str):
                    answered[question] = answer
            since = instant(entry.since)
            line: list[Cell] = [
                entry.student, entry.name, self._school(entry.school), self._flow(entry.flow), since,
                (now - since) // timedelta(days=1),
            ]  # fmt: skip
            lines.append(line + [answered.get(question, "") for question in questions])
        heads = [*self._heads("student", "name", "school", "flow", "since", "days"), *questions]
        title = f"{self._title('queue')} {self._step(step)}"
        return Table(title, heads, [13, 16, 20, 18, 17, 9, *(22 for _ in questions)], lines)

    def season(self, by_school: Mapping[str, Sequence[RowView]]) -> Table:
        """A line for each school, with how many have not settled each step."""
        heat = heat_map(by_school)
        columns = [step for id, step in definition.steps().items() if any(id in cells for cells in heat.values())]
        lines: list[list[Cell]] = []
        for school, cells in heat.items():
            figures = school_figures(by_school[school])
            line: list[Cell] = [self._school(school), figures.cases, figures.finished, figures.left, figures.stuck]
            lines.append(line + [cells.get(step.id, NOTHING).left for step in columns])
        not_done = say(_said()["columns"]["not-done"], self._language)
        heads = [not_done.format(step=self._step(step)) for step in columns]
        return Table(
            self._title("season"),
            [*self._heads("school", "graduates", "done", "unfinished", "stuck"), *heads],
            [24, 10, 10, 10, 10, *(14 for _ in columns)],
            lines,
        )

    def burn_down(self, found: Sequence[BurnDown]) -> Table:
        """A line for each day of each batch."""
        lines: list[list[Cell]] = [
            [say(one.batch.title, self._language), day.day, day.unfinished, day.ideal]
            for one in found
            for day in one.days
        ]
        heads = self._heads("batch", "day", "unfinished", "steady")
        return Table(self._title("burn-down"), heads, [24, 12, 12, 14], lines)


def told_of(query: Mapping[str, Any]) -> dict[str, str]:
    """Which filters a record of an export names: never what was searched for, which may be somebody's name."""
    return {name: str(value)[:60] for name, value in query.items() if value and name not in ("q", "counsellor", "sort")}
