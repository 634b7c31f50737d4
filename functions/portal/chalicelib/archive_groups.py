"""Groups of students as pages: how schools and programmes differ, how terms went, who has gone quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from yinji.archive import terms
from yinji.archive.decisions import OFFICE, demand_groups, demand_names
from yinji.archive.glance import Against, Glance, Marks, Sketch, against, differences, thin
from yinji.archive.groups_store import Groups
from yinji.archive.kinds import dimensions
from yinji.archive.quiet import term_looked_at
from yinji.archive.titles import feature_title, features
from yinji.clearance import university
from yinji.identity import seen
from yinji.platform.problem import Problem

from . import archive_chart
from .visit import Visit
from .words import Words

FORMATS = ("xlsx", "csv")
MOST_THIN = 8
"""How many thin programmes are told before the rest is folded away."""
SIGNS: Mapping[Against, str] = {"far-below": "▼▼", "below": "▼", "like": "＝", "above": "▲", "far-above": "▲▲"}


@dataclass(frozen=True)
class Cell:
    """The median of a group in something, and how it lies to the whole university's."""

    median: int
    against: Against

    @property
    def sign(self) -> str:
        return SIGNS[self.against]


@dataclass(frozen=True)
class Multiple:
    """A dimension term by term: its picture, and the table behind it: term, own marks if any, the university's."""

    title: str
    picture: Markup
    rows: Sequence[tuple[str, Marks | None, Marks]]


# --- which grade is shown -------------------------------------------------------------------------------------


def year_title(words: Words, id: str) -> Markup:
    category, _, grade = id.rpartition("-")
    return words("groups.year", grade=grade, category=words(f"groups.category-{category}"))


def _chosen(visit: Visit, groups: Groups) -> tuple[Glance | None, list[tuple[str, Markup, bool]]]:
    """The grade that is asked for, or the first that has been here for a year; and all there are, with their links."""
    every = groups.glances()
    asked = visit.query.get("year", "")
    if asked and asked not in every:
        raise Problem("not-found")
    begun = [id for id in every if int(id.rpartition("-")[2]) < visit.today.year - 1]
    id = asked or next(iter(begun or every), "")
    choices = [(visit.here(year=one), year_title(visit.words, one), one == id) for one in every]
    return (groups.glance(id) if id else None), choices


def _exports(whats: Sequence[str], **asked: str) -> dict[str, list[tuple[str, str]]]:
    """Where the lists behind a page can be had, by what they are: format and address."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return {
        what: [(kind, f"/api/archive/lists/{what}.{kind}" + (f"?{query}" if query else "")) for kind in FORMATS]
        for what in whats
    }


def _links(visit: Visit, school: str = "") -> list[tuple[str, Markup]]:
    """Where one goes from here, for whoever may."""
    words = visit.words
    names = visit.may("see-archive", school=school, department=OFFICE)
    selects = visit.may("select-archives", department=OFFICE)
    quiet = "/archive/quiet" + (f"?{urlencode({'school': school})}" if school else "")
    return [
        *([("/archive/groups", words("groups.all-schools"))] if school and _sees_all(visit) else []),
        *([(quiet, words("quiet.title"))] if names else []),
        *([("/archive/selections", words("selections.title"))] if selects else []),
    ]


def _sees_all(visit: Visit) -> bool:
    return visit.may("see-groups", school="", department=OFFICE)


# --- schools compared -----------------------------------------------------------------------------------------


def _cells(sketch: Sketch, whole: Sketch) -> list[Cell]:
    """The cells of a row: overall and each dimension."""
    return [
        Cell(sketch.features[name].median, against(sketch.features[name], whole.features[name])) for name in COLUMNS
    ]


COLUMNS = ["overall", *(f"dimension.{id}" for id in dimensions())]


def schools(visit: Visit, groups: Groups) -> dict[str, Any]:
    """A grade, school by school: two reads."""
    demand_groups(visit.someone, "")
    words = visit.words
    found, years = _chosen(visit, groups)
    shown: dict[str, Any] = {"glance": found, "years": years, "links": _links(visit)}
    if found is None:
        return shown
    every = university.schools()
    thinnest = [_thin(words, one, of_school=True) for one in thin(found)]
    return shown | {
        "title": year_title(words, found.id),
        "columns": [words.say(feature_title(name)) for name in COLUMNS],
        "rows": [
            (f"/archive/groups/{id}?{urlencode({'year': found.id})}", words.say(every[id]), found.schools[id].number,
             _cells(found.schools[id], found.whole))
            for id in every if id in found.schools
        ],
        "whole": _cells(found.whole, found.whole),
        "signs": SIGNS,
        "differences": [
            words(
                "groups.difference",
                dimension=words.say(dimensions()[one.dimension].title),
                low=one.low,
                lowest=words.say(every[one.lowest]),
                high=one.high,
                highest=words.say(every[one.highest]),
            )
            for one in differences(found)
        ],
        "thin": thinnest[:MOST_THIN],
        "thin_rest": thinnest[MOST_THIN:],
        "multiples": multiples(words, found, ""),
        "exports": _exports(("groups", "programmes", "history"), year=found.id),
    }  # fmt: skip


def _thin(words: Words, one: Any, *, of_school: bool) -> Markup:
    """A thin programme in a sentence."""
    return words(
        "groups.thin",
        programme=Markup("<bdi>{}</bdi>").format(one.programme),
        school=words("groups.of-school", school=words.say(university.schools()[one.school])) if of_school else "",
        dimension=words.say(dimensions()[one.dimension].title),
        median=one.median,
        of_all=one.of_all,
        quarter=one.quarter,
    )


def multiples(words: Words, found: Glance, school: str) -> list[Multiple]:
    """Each dimension and the number of records, term by term; beside the university's those of `school`."""
    own = found.schools.get(school) if school else None
    names = list(found.whole.terms)
    titles = [terms.title(term, words.language) for term in names]
    told: list[Multiple] = []
    for feature in [*(f"dimension.{id}" for id in dimensions()), "records"] if names else ():
        whole = [found.whole.terms[term][feature] for term in names]
        mine = [own.terms[term][feature] for term in names] if own else []
        title = words.say(feature_title(feature))
        sentence = words(
            "groups.multiple",
            title=title,
            first=titles[0],
            last=titles[-1],
            before=(mine or whole)[0].median,
            now=(mine or whole)[-1].median,
        )
        rows = list(zip(titles, mine or [None] * len(names), whole, strict=True))
        told.append(Multiple(title, archive_chart.of_terms(names, whole, [one.median for one in mine], sentence), rows))
    return told


# --- a school -------------------------------------------------------------------------------------------------


def school(visit: Visit, groups: Groups, school: str) -> dict[str, Any]:
    """A school's own grade beside the whole university, and its programmes: two reads."""
    demand_groups(visit.someone, school)
    words = visit.words
    found, years = _chosen(visit, groups)
    own = found.schools.get(school) if found else None
    shown: dict[str, Any] = {
        "school": school,
        "name": words.say(university.schools()[school]),
        "years": years,
        "links": _links(visit, school),
        "glance": found,
        "own": own,
        "title": year_title(words, found.id) if found else "",
    }
    if found is None or own is None:
        return shown
    compared = [(name, own.features[name], found.whole.features[name]) for name in features() if name in own.features]
    top = max((max(mine.p75, all_.p75) for name, mine, all_ in compared if name in COLUMNS), default=1)
    lines = [
        (words.say(feature_title(name)), mine, all_, against(mine, all_),
         _quarters(words, name, mine, all_, top) if name in COLUMNS else None)
        for name, mine, all_ in compared
    ]  # fmt: skip
    programmes = found.programmes_of(school)
    return shown | {
        "lines": lines,
        "signs": SIGNS,
        "answer": [line for line in lines if line[3] in ("far-below", "far-above")],
        "columns": [words.say(feature_title(name)) for name in COLUMNS],
        "programmes": [(name, one.number, _cells(one, found.whole)) for name, one in programmes.items()],
        "thin": [_thin(words, one, of_school=False) for one in thin(found, school)],
        "multiples": multiples(words, found, school),
        "exports": _exports(("groups", "programmes", "history"), year=found.id, school=school),
    }


def _quarters(words: Words, feature: str, own: Marks, whole: Marks, top: int) -> Markup:
    sentence = words(
        "groups.quarters",
        title=words.say(feature_title(feature)),
        p25=own.p25, median=own.median, p75=own.p75, all25=whole.p25, all=whole.median, all75=whole.p75,
    )  # fmt: skip
    return archive_chart.of_quarters(own, whole, top, sentence)


# --- who has gone quiet ---------------------------------------------------------------------------------------


def quiet(visit: Visit, groups: Groups) -> dict[str, Any]:
    """Who of a school has gone quiet, each with the reason; who sees all schools is first told how many of each."""
    words, session = visit.words, visit.someone
    school = visit.query.get("school", session.school)
    every = university.schools()
    term = term_looked_at(visit.today)
    if not school:
        demand_groups(session, "")
        visit.demand("see-archive", school="", department=OFFICE)
        counted = groups.gone_quiet(term)
        most = sorted(every, key=lambda id: -counted.get(id, 0))
        return {
            "school": "",
            "choices": [(f"/archive/quiet?school={id}", words.say(every[id]), counted.get(id)) for id in most],
            "number": sum(counted.values()) if counted else None,
            "term": terms.title(term, words.language),
            "links": _links(visit),
        }
    demand_names(session, school)
    found = groups.quiet(school, term)
    # before it is shown; what cannot be written down is not shown
    seen.note(session, "quiet", *(one.member.student for one in found))
    return {
        "school": school,
        "choices": [],
        "links": [(f"/archive/groups/{school}", words("groups.title")), *_links(visit, school)],
        "name": words.say(every[school]),
        "term": terms.title(term, words.language),
        "found": [(one.member, one.why(words.language)) for one in found],
        "exports": _exports(("quiet",), school=school)["quiet"],
    }
