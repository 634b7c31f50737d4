"""Books of the demo's students, made without a cloud: for the preview of templates, for tests and for the bench."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from tabular.reading import rows
from yinji.archive.groups import Group, year
from yinji.archive.portrait import portrait
from yinji.archive.record import Certification, Record
from yinji.archive.sources import sources
from yinji.archive.store import Member
from yinji.archive.student import Student
from yinji.editions.book import Book, book

from infra.local.season import archive, people

TODAY = date(2026, 6, 20)
AT = datetime(2026, 6, 20, 2, tzinfo=UTC)
GRADUATES = 160


@cache
def season() -> tuple[Sequence[Student], dict[str, list[Record]]]:
    """The undergraduates who leave this year, and what is known of each; all of it is certified."""
    leaving = archive.students(people.enrol(GRADUATES, 1, TODAY.year), TODAY)
    leaving = [one for one in leaving if one.grade == str(TODAY.year - 4)]
    told = archive.generate(leaving, TODAY)
    counsellors = {one.student: one.counsellor for one in leaving}
    found: dict[str, list[Record]] = {one.student: [] for one in leaving}
    for key, data in told.files.items():
        source = sources().get(key.split("/")[1])
        if source is None:
            continue  # the register
        head, lines = rows(key, data)
        read = source.reader(head, AT, "demo", TODAY)
        for _, cells in lines:
            one = read(cells)
            assert isinstance(one, Record), (key, cells, one)  # noqa: S101 - the demo's lines are right
            if one.kind in ("service", "work"):  # claimed, and looked at by the school
                one = replace(one, certification=Certification(counsellors[one.student], AT))
            found[one.student].append(one)
    return leaving, found


@cache
def group_of(student: Student) -> Group:
    """Whom `student` is compared with: the smallest group that may be shown."""
    leaving, records = season()
    members = []
    for one in leaving:
        told = portrait(one, records[one.student])
        members.append(
            Member(
                one.student, one.name, one.school, one.grade, one.category, one.programme, one.class_name,
                one.counsellor, told.features, told.by_term, told.last_day, told.waiting,
            )
        )  # fmt: skip
    every = year(student.grade, student.category, members)
    own = every.programmes.get((student.school, student.programme))
    return own or every.schools.get(student.school) or every.whole


def typical(records: int = archive.EACH) -> Student:
    """Who has about so many records, of as many kinds as may be."""
    leaving, found = season()
    near = sorted(leaving, key=lambda one: (abs(len(found[one.student]) - records), one.student))[:8]
    return max(near, key=lambda one: len({record.kind for record in found[one.student]}))


def book_of(student: Student) -> Book:
    return book(student, season()[1][student.student], group_of(student))
