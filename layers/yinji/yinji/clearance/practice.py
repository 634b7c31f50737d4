"""Practice: cases on which an office learns. They belong to it alone, and nothing counts, lists or certifies them.

A practice case is known by its number, which neither a roster nor a feed can name: those know capitals and digits
only. So nothing that comes from outside reaches one.
"""

from __future__ import annotations

PREFIX = "P-"
LONGEST_CODE = 10


def number(office: str, place: int) -> str:
    """The number of the practice case at `place` (from 1) of an office: a school or a department."""
    return f"{_beginning(office)}{place:02}"


def is_practice(student: str) -> bool:
    """Whether `student` is the number of a practice case, whosever."""
    return student.startswith(PREFIX)


def belongs_to(student: str, office: str) -> bool:
    """Whether `student` is the number of a practice case of `office`."""
    return bool(office) and student.startswith(_beginning(office))


def partition(office: str) -> str:
    """Where the index by school holds the practice cases of `office`: below no school."""
    return f"practice:{office}"


def _beginning(office: str) -> str:
    return f"{PREFIX}{office.replace('-', '')[:LONGEST_CODE]}-"
