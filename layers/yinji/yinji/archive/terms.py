"""Academic terms 学期: the first from September to January, the second from February to August.

A term is written as the ministry does, "2024-2025-1"; its year is "2024-2025". Days are days of the campus.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

FIRST, SECOND = "1", "2"
_AUTUMN, _SPRING = 9, 2


@lru_cache(4096)
def term_of(day: date) -> str:
    """The term that `day` is in."""
    if day.month >= _AUTUMN:
        return f"{day.year}-{day.year + 1}-{FIRST}"
    if day.month < _SPRING:
        return f"{day.year - 1}-{day.year}-{FIRST}"
    return f"{day.year - 1}-{day.year}-{SECOND}"


def year_of(term: str) -> str:
    """The academic year of a term."""
    return term[:9]


def bounds(term: str) -> tuple[date, date]:
    """The first and the last day of a term. Raises ValueError for what is none."""
    begins, ends, half = term.split("-")
    if half not in (FIRST, SECOND) or int(ends) != int(begins) + 1:
        raise ValueError(f"{term} is no term")
    if half == FIRST:
        return date(int(begins), 9, 1), date(int(ends), 1, 31)
    return date(int(ends), 2, 1), date(int(ends), 8, 31)


def before(term: str) -> str:
    """The term before `term`."""
    begins, ends, half = term.split("-")
    if half == SECOND:
        return f"{begins}-{ends}-{FIRST}"
    return f"{int(begins) - 1}-{int(ends) - 1}-{SECOND}"


def title(term: str, language: str) -> str:
    """A term or an academic year in words."""
    begins, ends, *half = term.split("-")
    name = f"term-{half[0]}" if half else "year"
    return _words()[language][name].format(begins=begins, ends=ends)


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def year_of_study(year: str, grade: str) -> int:
    """Which year of studies the academic year `year` is for who came in `grade` ("2021"): 1 is the first."""
    return int(year[:4]) - int(grade) + 1
