"""The page of what comes out of a form: its answers as files, its layout, and the system that it is connected to."""

from __future__ import annotations

from typing import Any

from yinji.forms import desk
from yinji.forms.form import OF_SCHOOL
from yinji.forms.store import Forms
from yinji.platform.posting import LONGEST_URL

from .forms_report import FIRST_YEAR
from .visit import Visit


def one(visit: Visit, forms: Forms, id: str) -> dict[str, Any]:
    """What there is to take of the form, for who works on it."""
    session = visit.someone
    found = desk.opened(forms, id, session)
    sealed = any(field.sealed for field in found.form.fields)
    theirs = session.department in (found.head.office, *found.form.approvals)
    return {
        "head": found.head,
        "form": found.form,
        "years": list(range(visit.today.year, FIRST_YEAR - 1, -1)),
        # administrators look after forms, and read nobody's accounts
        "whole": sealed and session.role == "department-officer" and theirs and found.head.office != OF_SCHOOL,
        "longest": LONGEST_URL,
    }
