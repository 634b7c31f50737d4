"""Students: who they are, as the register of students says, and whom they are compared with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from yinji.clearance import university
from yinji.clearance.roster import CATEGORIES

COLUMNS = (
    "student", "name", "name_latin", "school", "grade", "category", "programme", "class_name", "counsellor", "card",
)  # fmt: skip
"""The register's columns, in this order."""
PATTERNS = {
    "student": re.compile(r"[A-Z0-9]{6,16}"),
    "grade": re.compile(r"20\d\d"),
    "category": re.compile("|".join(CATEGORIES)),
    "counsellor": re.compile(r"[A-Z0-9]{2,16}|"),
    "card": re.compile(r"[A-F0-9]{8,20}|"),
}
LONGEST = {"name": 200, "name_latin": 200, "programme": 200, "class_name": 100}


@dataclass(frozen=True)
class Student:
    """`grade` 年级 is the year in which they came; `card` the number of their campus card, which readers read."""

    student: str
    name: str
    school: str
    grade: str
    category: str
    name_latin: str = ""
    programme: str = ""
    class_name: str = ""
    counsellor: str = ""
    card: str = ""

    @property
    def cohort(self) -> str:
        """Whom they are compared with: school#grade#category."""
        return cohort(self.school, self.grade, self.category)


def cohort(school: str, grade: str, category: str) -> str:
    return f"{school}#{grade}#{category}"


def student_of(cells: Mapping[str, str]) -> Student | str:
    """The student of a row of the register, or the name of the first column that cannot be right."""
    told = {name: unicodedata.normalize("NFC", cells[name].strip()) for name in COLUMNS}
    for name, pattern in PATTERNS.items():
        if not pattern.fullmatch(told[name]):
            return name
    for name, longest in LONGEST.items():
        if len(told[name]) > longest or any(unicodedata.category(sign) == "Cc" for sign in told[name]):
            return name
    if not told["name"]:
        return "name"
    if told["school"] not in university.schools():
        return "school"
    return Student(**told)


def student_document(student: Student) -> dict[str, Any]:
    """`student` as stored; read back by `stored_student`."""
    told = {one.name: getattr(student, one.name) for one in fields(student)}
    return {name: value for name, value in told.items() if value}


def stored_student(document: Mapping[str, Any]) -> Student:
    return Student(**{one.name: document[one.name] for one in fields(Student) if one.name in document})
