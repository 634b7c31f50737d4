"""Selections: who gets an archive, said by rules and by lists of student numbers. Pure.

Whoever fits a rule is chosen, and whoever is on the list, but for those who are excepted. A list is what somebody
pasted or uploaded; its lines are kept with it, so that it can be told which of them name nobody before it counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yinji.archive.record import STUDENT
from yinji.archive.student import Student
from yinji.clearance import university
from yinji.clearance.roster import CATEGORIES
from yinji.platform.problem import Problem

if TYPE_CHECKING:
    from yinji.archive.store import Member

MOST_LISTED = 10_000
MOST_RULES = 5
LONGEST_TITLE = 80
LARGEST_FILE = 4 * 2**20
ZIPPED = b"PK"
MOST_TOLD = 200
"""How many lines that name nobody are told; the others are counted."""
HEADS = ("student", "学号", "student number", "student_number")
GRADE = re.compile(r"20\d\d")
PARTS = ("grade", "category", "school", "programme", "class_name")


@dataclass(frozen=True)
class Rule:
    """Everybody of a grade, category, school, programme and class; what is empty is any."""

    grade: str = ""
    category: str = ""
    school: str = ""
    programme: str = ""
    class_name: str = ""

    def fits(self, member: Member | Student) -> bool:
        return all(getattr(self, part) in ("", getattr(member, part)) for part in PARTS)

    def may_hold(self, cohort: str) -> bool:
        """Whether anybody of the cohort school#grade#category could fit."""
        school, grade, category = cohort.split("#")
        return self.school in ("", school) and self.grade in ("", grade) and self.category in ("", category)

    @property
    def parts(self) -> dict[str, str]:
        """What it says, without what is any."""
        return {part: value for part in PARTS if (value := getattr(self, part))}


@dataclass(frozen=True)
class Listed:
    """A student number as it stood in a line of a list."""

    line: int
    student: str


@dataclass(frozen=True)
class Choice:
    """What a version of a selection says."""

    rules: Sequence[Rule] = ()
    included: Sequence[Listed] = ()
    excluded: Sequence[Listed] = ()

    @property
    def left_out(self) -> frozenset[str]:
        return frozenset(one.student for one in self.excluded)

    def chosen_by_rule(self, member: Member) -> bool:
        return any(rule.fits(member) for rule in self.rules) and member.student not in self.left_out

    @property
    def document(self) -> dict[str, Any]:
        return {
            "rules": [rule.parts for rule in self.rules],
            "included": [[one.line, one.student] for one in self.included],
            "excluded": [[one.line, one.student] for one in self.excluded],
        }


def choice_of(document: Mapping[str, Any]) -> Choice:
    """The choice of a stored document."""
    return Choice(
        [Rule(**parts) for parts in document["rules"]],
        [Listed(line, student) for line, student in document["included"]],
        [Listed(line, student) for line, student in document["excluded"]],
    )


# --- what was sent ---------------------------------------------------------------------------------------------


def rule_of(parts: Mapping[str, str]) -> Rule | None:
    """The rule that a form says; None when it says nothing. Raises Problem("selection-rule")."""
    told = {part: unicodedata.normalize("NFC", parts.get(part, "").strip()) for part in PARTS}
    right = (
        GRADE.fullmatch(told["grade"]) or not told["grade"],
        told["category"] in ("", *CATEGORIES),
        told["school"] in ("", *university.schools()),
        len(told["programme"]) <= 200 and len(told["class_name"]) <= 100,
    )
    if not all(right):
        raise Problem("selection-rule")
    return Rule(**told) if any(told.values()) else None


def pasted(text: str) -> list[Listed]:
    """The student numbers of a text, each of its line: separated by spaces, commas or new lines.

    Raises Problem("list-too-long").
    """
    found = [
        (number, part)
        for number, line in enumerate(text.splitlines(), 1)
        for part in re.split(r"[\s,;，；、]+", line)
        if part
    ]
    return _listed(found)


def uploaded(data: bytes) -> list[Listed]:
    """The student numbers of a workbook or CSV: of the column that says so in its head, otherwise of the first.

    Raises Problem("list-unreadable"), Problem("list-too-long").
    """
    # what reads tables is a layer of the functions that take some; pages do without
    from tabular import Unreadable, rows

    try:
        head, lines = rows("list.xlsx" if data.startswith(ZIPPED) else "list.csv", data)
        known = [place for place, title in enumerate(head) if title.strip().lower() in HEADS]
        column = known[0] if known else 0
        # a table of one column may have no head at all
        first = [(1, head[0])] if not known and head and STUDENT.fullmatch(_number(head[0])) else []
        found = first + [
            (number, cells[column]) for number, cells in lines if len(cells) > column and cells[column].strip()
        ]
    except Unreadable as error:
        raise Problem("list-unreadable") from error
    return _listed(found)


def _listed(found: Sequence[tuple[int, str]]) -> list[Listed]:
    """Each number once, in the line in which it came first. What could be no number is told as it stands, shortened."""
    known: dict[str, int] = {}
    for line, text in found:
        known.setdefault(_number(text), line)
    if len(known) > MOST_LISTED:
        raise Problem("list-too-long", limit=MOST_LISTED)
    return [Listed(line, student) for student, line in known.items()]


def _number(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()[:20]


# --- what comes of it ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """Whom a choice chooses as of now: how many, by school; of how many of the list nobody is known, and which."""

    number: int = 0
    by_school: Mapping[str, int] = field(default_factory=dict[str, int])
    by_rule: int = 0
    by_list: int = 0
    """Those whom no rule chose."""
    left_out: int = 0
    """Those who were excepted, and would have been chosen."""
    unknown: Sequence[Listed] = ()
    unknown_exceptions: Sequence[Listed] = ()


def preview(choice: Choice, members: Iterable[Member], listed: Mapping[str, Student]) -> Preview:
    """`members` are those whom a rule may choose, each once; `listed` the students of both lists that there are."""
    schools = Counter[str]()
    by_rule: set[str] = set()
    left_out: set[str] = set()
    excepted = choice.left_out
    for member in members:
        if any(rule.fits(member) for rule in choice.rules):
            if member.student in excepted:
                left_out.add(member.student)
            else:
                by_rule.add(member.student)
                schools[member.school] += 1
    by_list = 0
    for one in choice.included:
        who = listed.get(one.student)
        if who is None or one.student in by_rule:
            continue
        if one.student in excepted:
            left_out.add(one.student)
        else:
            by_list += 1
            schools[who.school] += 1
    order = list(university.schools())
    return Preview(
        len(by_rule) + by_list,
        dict(sorted(schools.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))),
        len(by_rule),
        by_list,
        len(left_out),
        [one for one in choice.included if one.student not in listed],
        [one for one in choice.excluded if one.student not in listed],
    )
