"""The archive's groups as tables to take along, in the reader's language. Pure; the texts are in tables.toml."""

from __future__ import annotations

from collections.abc import Sequence

from yinji.archive import terms
from yinji.archive.glance import Glance, Marks, against
from yinji.archive.kinds import dimensions
from yinji.archive.quiet import Quiet
from yinji.archive.titles import feature_title, features, said
from yinji.clearance import university
from yinji.platform.sheets import Cell, Table

MARKS = ("p25", "median", "p75", "mean")


class Tables:
    """Tables in one language ("zh" or "en"); of one school where it is told, beside the whole university."""

    def __init__(self, language: str) -> None:
        self._language = language

    def _heads(self, *names: str) -> list[str]:
        return [said()["columns"][name][self._language] for name in names]

    def _title(self, what: str) -> str:
        return said()["titles"][what][self._language]

    def _school(self, school: str) -> str:
        every = university.schools()
        return every[school][self._language] if school in every else school

    @property
    def _all(self) -> str:
        return said()["features"]["all"][self._language]

    def _told(self, marks: Marks, whole: Marks) -> list[Cell]:
        compared = said()["against"][against(marks, whole)][self._language]
        return [marks.p25, marks.median, marks.p75, marks.mean / 10, compared]

    def groups(self, glance: Glance, school: str = "") -> Table:
        """A line for each feature of each school."""
        lines: list[list[Cell]] = []
        parts = {self._school(id): one for id, one in glance.schools.items() if id == (school or id)}
        for title, sketch in {self._all: glance.whole, **parts}.items():
            lines += [
                [title, sketch.number, feature_title(name)[self._language],
                 *self._told(sketch.features[name], glance.whole.features[name])]
                for name in features() if name in sketch.features
            ]  # fmt: skip
        heads = self._heads("school", "number", "feature", *MARKS, "against")
        return Table(self._title("groups"), heads, [24, 8, 22, 12, 12, 12, 9, 14], lines)

    def programmes(self, glance: Glance, school: str = "") -> Table:
        """A line for each dimension of each programme."""
        lines: list[list[Cell]] = [
            [self._school(of), name, sketch.number, dimension.title[self._language],
             *self._told(sketch.features[f"dimension.{id}"], glance.whole.features[f"dimension.{id}"])]
            for (of, name), sketch in glance.programmes.items() if of == (school or of)
            for id, dimension in dimensions().items() if f"dimension.{id}" in sketch.features
        ]  # fmt: skip
        heads = self._heads("school", "programme", "number", "feature", *MARKS, "against")
        return Table(self._title("programmes"), heads, [24, 24, 8, 16, 12, 12, 12, 9, 14], lines)

    def history(self, glance: Glance, school: str = "") -> Table:
        """A line for each feature of each term of each school."""
        parts = {self._school(id): one for id, one in glance.schools.items() if id == (school or id)}
        lines: list[list[Cell]] = []
        for title, sketch in {self._all: glance.whole, **parts}.items():
            for term, told in sketch.terms.items():
                lines += [
                    [title, sketch.number, terms.title(term, self._language), feature_title(name)[self._language],
                     *self._told(marks, glance.whole.terms[term][name])]
                    for name, marks in told.items()
                ]  # fmt: skip
        heads = self._heads("school", "number", "term", "feature", *MARKS, "against")
        return Table(self._title("history"), heads, [24, 8, 26, 16, 12, 12, 12, 9, 14], lines)

    def quiet(self, found: Sequence[Quiet], school: str) -> Table:
        """A line for each who has gone quiet, with the sentence why."""
        lines: list[list[Cell]] = [
            [one.member.student, one.member.name, self._school(school), one.member.programme, one.member.class_name,
             one.member.counsellor, ", ".join(str(number) for number in one.before), one.now, one.median,
             one.member.last_day, one.why(self._language)]
            for one in found
        ]  # fmt: skip
        heads = self._heads(
            "student", "name", "school", "programme", "class", "counsellor", "before", "now", "half", "last-day", "why"
        )
        return Table(self._title("quiet"), heads, [13, 16, 20, 18, 14, 12, 12, 9, 12, 13, 60], lines)
