"""The page of the report: which forms ask for what is known already."""

from __future__ import annotations

from functools import partial
from typing import Any

from yinji.forms.answered import office_title
from yinji.forms.report import YEAR, FormYear, Year, fact_title, findings, of_year
from yinji.forms.store import Forms
from yinji.platform.problem import Problem

from .forms_chart import MOST, Line, drawn
from .visit import Visit

FIRST_YEAR = 2026
"""Before that nothing was sent by this service."""


def year(visit: Visit, forms: Forms) -> dict[str, Any]:
    """What the year was like that the query names, this one unless told. Raises Problem("not-found") for years that
    are still to come."""
    visit.demand("see-form-figures", department=visit.someone.department)
    told = visit.query.get("year", "") or str(visit.today.year)
    if not YEAR.fullmatch(told) or not FIRST_YEAR <= int(told) <= visit.today.year:
        raise Problem("not-found")

    def edits(office: str) -> bool:
        return visit.may("manage-forms", department=office)

    found = of_year(told, forms.every_newest(), partial(forms.of_form, lean=True), forms.version)
    months = 12 if int(told) < visit.today.year else visit.today.month
    repeating = [one for one in found.forms if one.whole.repeated][:MOST]
    lines = [Line(visit.words.say(one.title), numbers(one, told, months), begins(one)) for one in repeating]
    return {
        "found": found,
        "months": [f"{told}-{month:02}" for month in range(1, months + 1)],
        "repeating": repeating,
        "picture": drawn(lines, visit.words) if lines and months > 1 else "",
        "findings": findings(forms.every_published()),
        "fact_title": fact_title,
        "office_title": office_title,
        "before": int(told) - 1 if int(told) > FIRST_YEAR else 0,
        "after": int(told) + 1 if int(told) < visit.today.year else 0,
        "edits": edits,
        "office_of": {form.id: form.office for form in forms.every_newest()},
        "percent": percent,
        "share": share(found),
    }


def numbers(one: FormYear, year: str, months: int) -> list[int]:
    """How many were asked again in each month so far."""
    every = (one.months.get(f"{year}-{month:02}") for month in range(1, months + 1))
    return [tally.repeated if tally else 0 for tally in every]


def begins(one: FormYear) -> int:
    """The month, from 0, in which the form was first sent."""
    return int(min(one.months)[5:]) - 1


def share(found: Year) -> str:
    return percent(found.whole.spared)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
