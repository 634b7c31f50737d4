"""What is asked that is known already: the point of one-form, by form and month, down to zero. Pure; nobody is named.

It is counted anew from what was sent each time somebody looks, so that it is never wrong for long. Beside it stand
questions of published forms whose words ask for a fact without pointing at it: they will be asked again.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from yinji.clearance.definition import Text
from yinji.forms import facts
from yinji.forms.answered import office_title, say
from yinji.forms.filling import Way
from yinji.forms.form import Field, Form
from yinji.forms.matching import of_title
from yinji.forms.submission import Submission
from yinji.platform.clock import CAMPUS
from yinji.platform.sheets import Cell, Table

YEAR = re.compile(r"20[0-9]{2}")
THREADS = 8
WAYS: tuple[Way, ...] = ("asked", "confirmed", "corrected", "skipped")
COUNTED = ("submissions", *WAYS, "repeated")
TELLING = 0.8
"""From where on words are said to ask for a fact: a report that cries wolf is read by nobody."""
ASKING = frozenset({"text", "paragraph", "number", "date", "choice"})
"""Ways of asking that a fact could take the place of."""


@dataclass(frozen=True)
class Tally:
    """Some submissions: how their questions were dealt with, and how many `repeated` what was known."""

    submissions: int = 0
    asked: int = 0
    confirmed: int = 0
    corrected: int = 0
    skipped: int = 0
    repeated: int = 0

    @property
    def spared(self) -> float | None:
        """Of what was to be answered, the share that needed no typing."""
        answered = self.asked + self.confirmed + self.corrected
        return self.confirmed / answered if answered else None


@dataclass(frozen=True)
class Repeat:
    """A question that asked for what was known, so many `times`. `fact` is what it should point at, as its words say,
    or empty where only its answers say so. It is `mended` when the form, as it is filled today, asks so no more."""

    field: str
    title: Text
    fact: str
    times: int
    mended: bool


@dataclass(frozen=True)
class FormYear:
    """A form in a year; of months without a submission there is nothing."""

    form: str
    title: Text
    office: str
    whole: Tally
    months: Mapping[str, Tally]
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True)
class Year:
    year: str
    whole: Tally
    months: Mapping[str, Tally]
    forms: tuple[FormYear, ...]
    """Those that were sent, whichever repeats most first."""


@dataclass(frozen=True)
class Finding:
    """A question of a published form that asks for `fact`, surely or likely, and does not point at it."""

    form: str
    title: Text
    field: str
    question: Text
    fact: str
    sure: bool


# --- counting --------------------------------------------------------------------------------------------------------
def beginning(year: str) -> datetime:
    return datetime(int(year), 1, 1, tzinfo=CAMPUS)


def of_year(
    year: str,
    forms: Sequence[Form],
    of_form: Callable[[str, datetime], Iterable[Submission]],
    version: Callable[[str, int], Form],
) -> Year:
    """What `year` was like for `forms`, each as it is filled today or was last; `of_form` gives what was sent of one
    since an instant, `version` a form as it was."""

    def one(form: Form) -> tuple[Form, list[Submission]]:
        since = beginning(year)
        return form, [each for each in of_form(form.id, since) if _month(each).startswith(year)]

    with ThreadPoolExecutor(THREADS) as threads:
        found = [(form, sent) for form, sent in threads.map(one, forms) if sent]
    lines = [_form_year(form, sent, version) for form, sent in found]
    every = [each for _, sent in found for each in sent]
    ordered = sorted(lines, key=lambda line: (-line.whole.repeated, -line.whole.submissions, line.form))
    return Year(year, tally(every), _months(every), tuple(ordered))


def tally(some: Iterable[Submission]) -> Tally:
    ways, sent, repeated = Counter[str](), 0, 0
    for one in some:
        sent += 1
        ways.update(one.ways.values())
        repeated += len(one.repeated)
    return Tally(sent, ways["asked"], ways["confirmed"], ways["corrected"], ways["skipped"], repeated)


def _months(some: Sequence[Submission]) -> dict[str, Tally]:
    here = sorted({_month(one) for one in some})
    return {month: tally(one for one in some if _month(one) == month) for month in here}


def _month(one: Submission) -> str:
    return f"{one.at.astimezone(CAMPUS):%Y-%m}"


def _form_year(form: Form, sent: Sequence[Submission], version: Callable[[str, int], Form]) -> FormYear:
    times, last = Counter[str](), dict[str, int]()
    for one in sent:
        for name in one.repeated:
            times[name] += 1
            last[name] = max(last.get(name, 0), one.form_version)
    repeats: list[Repeat] = []
    for name, number in times.most_common():
        asked = version(form.id, last[name]).by_name.get(name)
        if asked is None:
            continue
        today = form.by_name.get(name)
        fact, _ = suggested(asked)
        repeats.append(Repeat(name, asked.title, fact, number, today is None or bool(today.fact)))
    return FormYear(form.id, form.title, form.office, tally(sent), _months(sent), tuple(repeats))


# --- what will be asked again ----------------------------------------------------------------------------------------
def suggested(one: Field) -> tuple[str, bool]:
    """The fact that the words of `one` ask for, and whether surely; an empty text when for none."""
    best = next(iter(of_title(one.title, 1)), None)
    return (best.fact, best.sure) if best and best.score >= TELLING else ("", False)


def findings(forms: Iterable[Form]) -> list[Finding]:
    """Questions of `forms` that ask for a fact and point at none, those that surely do first. What is asked in a table
    is of somebody else."""
    found: list[Finding] = []
    for form in forms:
        pointed = {one.fact for one in form.fields if one.fact}
        for one in form.fields:
            fact, sure = suggested(one) if not one.fact and one.way in ASKING else ("", False)
            if fact and fact not in pointed:
                found.append(Finding(form.id, form.title, one.name, one.title, fact, sure))
    return sorted(found, key=lambda one: (not one.sure, one.form))


# --- how it is told --------------------------------------------------------------------------------------------------
def tally_document(one: Tally) -> dict[str, int]:
    return {name: getattr(one, name) for name in COUNTED}


def year_document(found: Year, wanting: Sequence[Finding]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "year": found.year,
        "whole": tally_document(found.whole),
        "months": {month: tally_document(one) for month, one in found.months.items()},
        "forms": [
            {
                "form": line.form,
                "title": dict(line.title),
                "office": line.office,
                "whole": tally_document(line.whole),
                "months": {month: tally_document(one) for month, one in line.months.items()},
                "repeats": [
                    {
                        "field": one.field,
                        "title": dict(one.title),
                        "fact": one.fact,
                        "times": one.times,
                        "mended": one.mended,
                    }
                    for one in line.repeats
                ],
            }
            for line in found.forms
        ],
        "findings": [
            {
                "form": one.form,
                "title": dict(one.title),
                "field": one.field,
                "question": dict(one.question),
                "fact": one.fact,
                "sure": one.sure,
            }
            for one in wanting
        ],
    }


def table(found: Year, language: str) -> Table:
    """A line for each form and month."""
    said = _said()
    lines: list[list[Cell]] = [
        [
            say(line.title, language),
            say(office_title(line.office), language),
            month,
            *(getattr(one, name) for name in COUNTED),
        ]
        for line in found.forms
        for month, one in line.months.items()
    ]
    heads = [told[language] for told in said["columns"].values()]
    return Table(f"{said['title'][language]} {found.year}", heads, [28, 16, 10, *[12] * len(COUNTED)], lines)


def fact_title(fact: str) -> Text:
    """What a fact is called; of one that there is not, nothing."""
    kind = facts.kinds().get(fact)
    return kind.title if kind else {}


@cache
def _said() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
