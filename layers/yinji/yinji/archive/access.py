"""Whose archive somebody may see or decide about."""

from __future__ import annotations

from collections.abc import Callable

from yinji.archive.student import Student
from yinji.clearance.policy import Permission, demand
from yinji.identity.session import Session
from yinji.platform.http import Body
from yinji.platform.problem import Problem

OFFICE = "student-affairs"
"""The department that sees every archive."""


def visible_student(
    session: Session, permission: Permission, student: str, get: Callable[[str], Student | None]
) -> Student:
    """The student, whom `get` looks up, if `session` may do what `permission` says about their archive.

    Who may so for some only is told the same of others and of nobody: Problem("forbidden"). Who may for any is told
    that there is none: Problem("no-archive").
    """
    if session.role == "student":
        demand(session, permission, student=student)
    found = get(student) if len(student) <= 16 else None
    demand(session, permission, student=student, school=found.school if found else "", department=OFFICE)
    if found is None:
        raise Problem("no-archive")
    return found


def seen_version(body: Body) -> int:
    """The version of a record that whoever sent `body` saw. Raises Problem("malformed-request")."""
    text = body.fields.get("version", "")
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 1_000_000):
        raise Problem("malformed-request")
    return int(text)
