"""The school of somebody who sends a form, whose officers may have to agree."""

from __future__ import annotations

from yinji.clearance import university
from yinji.clearance.store import Store
from yinji.forms.facts import Fact
from yinji.identity.session import Session


def school_of(session: Session, fact: Fact | None, cases: Store) -> str:
    """The id of the school of `session`, or an empty text: their own where they act for one; of a student that
    of their case; or that whose id or name, in either language, the registry told as the `fact` "school"."""
    if session.school:
        return session.school
    if session.role == "student" and (case := cases.get(session.sub)):
        return case.graduate.school
    # what they say themselves does not choose who agrees to it
    return named(str(fact.value)) if fact and fact.recorded else ""


def named(text: str) -> str:
    """The id of the school that is called `text`, or an empty text."""
    sought = text.strip().casefold()
    return next(
        (id for id, one in university.schools().items() if sought in (id.casefold(), one["zh"], one["en"].casefold())),
        "",
    )
