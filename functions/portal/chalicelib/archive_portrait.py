"""The portrait 全息画像 as a page: the five educations, what each number is made of, and how it is for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from yinji.archive import terms
from yinji.archive.access import OFFICE
from yinji.archive.groups import Group, Place
from yinji.archive.groups_store import Groups
from yinji.archive.kinds import dimensions, kinds
from yinji.archive.portrait import Portrait, Tally
from yinji.archive.quiet import quiet, term_looked_at
from yinji.archive.store import Archive, Member
from yinji.clearance import university

from . import archive_chart
from .archive_story import aims, counting, found, shared
from .visit import Visit
from .words import Words

WIDTH, HEIGHT = 600, 34
BAR_TOP, BAR_HEIGHT = 9, 16


@dataclass(frozen=True)
class Made:
    """What a score is made of in one kind and term: records that count, hours, points earned and points counted."""

    tally: Tally
    title: str
    limit: int
    href: str

    @property
    def hours(self) -> str:
        return f"{self.tally.minutes / 60:.1f}".removesuffix(".0") if self.tally.minutes else ""

    @property
    def over(self) -> bool:
        """Whether more was earned than counts."""
        return self.tally.worth > self.tally.score


@dataclass(frozen=True)
class Education:
    """One of the five: its score and records in all years, how it is in the group, its picture, what it is made of."""

    id: str
    title: str
    about: str
    score: int
    records: int
    href: str
    place: Place | None
    picture: Markup
    made: Sequence[tuple[str, Sequence[Made]]] = ()
    """By term, the latest first."""


def portrait(visit: Visit, archive: Archive, groups: Groups, student: str) -> dict[str, Any]:
    """The portrait of `student` beside their group: two reads of the table."""
    known = found(visit, student, archive.portrait)
    group = groups.of(known.student)
    told = shared(visit, known)
    base: str = told["base"]
    top = max([_most(known, group, id) for id in dimensions()])
    return told | {
        "educations": [_education(visit.words, base, known, group, id, top) for id in dimensions()],
        "years": [_year(base, known, year) for year in reversed(known.years)],
        "courses": _courses(visit.words, base, known, group),
        "overall": known.score(),
        "overall_place": group.place("overall", known.score()) if group else None,
        "number": known.records(),
        "all_records": counting(base),
        "group": group,
        "group_school": visit.words.say(university.schools()[group.school]) if group and group.school else "",
        "weights": [f"{visit.words.say(one.title)} {one.weight} %" for one in dimensions().values()],
        "aims": aims(visit.words, base, known, group),
        "school": visit.words.say(university.schools()[known.student.school]),
        "quiet": _quiet(visit, known, group),
        "certifies": visit.may("certify-record", school=known.student.school),
        "pending": sum(one.pending for one in known.tallies),
        "pending_href": f"{base}/records?state=pending",
    }


def _quiet(visit: Visit, known: Portrait, group: Group | None) -> str:
    """Why the student is on the list of those who have gone quiet, for whoever may see that list; empty if not."""
    student = known.student
    if visit.someone.role == "student" or not visit.may("see-groups", school=student.school, department=OFFICE):
        return ""
    found = quiet([Member.of(known)], term_looked_at(visit.today), {student.cohort: group})
    return found[0].why(visit.language) if found else ""


def _most(known: Portrait, group: Group | None, dimension: str) -> int:
    place = _place(known, group, dimension)
    return max(known.score(dimension), place.p75 if place else 0, 1)


def _place(known: Portrait, group: Group | None, dimension: str) -> Place | None:
    return group.place(f"dimension.{dimension}", known.score(dimension)) if group else None


def _education(words: Words, base: str, known: Portrait, group: Group | None, id: str, top: int) -> Education:
    dimension, place = dimensions()[id], _place(known, group, id)
    score, title = known.score(id), words.say(dimension.title)
    return Education(
        id,
        title,
        words.say(dimension.about),
        score,
        known.records(dimension=id),
        counting(base, dimension=id),
        place,
        bar(words, title, score, place, top),
        [
            (term, [_made(words, base, one) for one in known.tallies if (one.term, one.dimension) == (term, id)])
            for term in sorted({one.term for one in known.tallies if one.dimension == id}, reverse=True)
        ],
    )


def _made(words: Words, base: str, tally: Tally) -> Made:
    kind = kinds()[tally.kind]
    where = counting(base, term=tally.term, dimension=tally.dimension, kind=tally.kind)
    return Made(tally, words.say(kind.title), kind.term, where)


def bar(words: Words, title: str, score: int, place: Place | None, top: int) -> Markup:
    """A score as a bar, and over it the middle half of the group with its median."""

    def x(value: int) -> float:
        return round(WIDTH * min(value, top) / top, 1)

    shapes = [
        Markup('<rect class="all" y="{}" width="{}" height="{}"/>').format(BAR_TOP, WIDTH, BAR_HEIGHT),
        Markup('<rect class="part" y="{}" width="{}" height="{}"/>').format(BAR_TOP, x(score), BAR_HEIGHT),
    ]
    if place:
        low, high = x(place.p25), x(place.p75)
        shapes += [
            Markup('<rect class="half" x="{}" y="2" width="{}" height="{}"/>').format(
                low, max(round(high - low, 1), 2), HEIGHT - 4
            ),
            Markup('<path class="median" d="M{} 2v{}"/>').format(x(place.median), HEIGHT - 4),
        ]
        label = words("archive.bar-in-group", title=title, score=score, low=place.p25, high=place.p75)
    else:
        label = words("archive.bar", title=title, score=score)
    return Markup('<svg class="education" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
                  "{}</svg>").format(WIDTH, HEIGHT, label, Markup("").join(shapes))  # fmt: skip


# --- term by term ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """A score term by term: its picture, and the table behind it: term, points, where their records are listed (empty
    where there are none), and where the group is, if that may be shown."""

    title: str
    picture: Markup
    rows: Sequence[tuple[str, int, str, Place | None]]


def _courses(words: Words, base: str, known: Portrait, group: Group | None) -> list[Course]:
    """The overall score and each education, term by term beside the group; none before there are two terms."""
    own = {one.term for one in known.tallies}
    names = sorted(own | set(group.terms if group else ()))
    if len(names) < 2:
        return []
    titles = {"": words("archive.overall"), **{id: words.say(one.title) for id, one in dimensions().items()}}
    return [_course(words, base, known, group, names, id, title) for id, title in titles.items()]


def _course(
    words: Words, base: str, known: Portrait, group: Group | None, names: Sequence[str], id: str, title: str
) -> Course:
    feature = f"dimension.{id}" if id else "overall"
    scores = [known.score(id, term=term) for term in names]
    places = [group.place(feature, score, term) if group else None for term, score in zip(names, scores, strict=True)]
    whole = [one for one in places if one]
    told = [terms.title(term, words.language) for term in names]
    sentence = words("archive.course", title=title, first=told[0], last=told[-1], before=scores[0], now=scores[-1])
    narrowed = {"dimension": id} if id else {}
    return Course(
        title,
        # a band with holes would say what nobody knows
        archive_chart.of_terms(names, whole if len(whole) == len(names) else (), scores, sentence),
        [
            (one, score, counting(base, term=term, **narrowed) if known.records(dimension=id, term=term) else "", place)
            for term, one, score, place in zip(names, told, scores, places, strict=True)
        ][::-1],
    )


@dataclass(frozen=True)
class YearRow:
    """A year of the portrait: the score in each education with the records it is made of, and in all."""

    year: str
    scores: Sequence[tuple[str, int, int, str]]
    """Education, points, records, and where the records are listed."""
    overall: int
    records: int
    href: str


def _year(base: str, known: Portrait, year: str) -> YearRow:
    return YearRow(
        year,
        [
            (id, known.score(id, year=year), known.records(dimension=id, year=year),
             counting(base, year=year, dimension=id))
            for id in dimensions()
        ],
        known.score(year=year),
        known.records(year=year),
        counting(base, year=year),
    )  # fmt: skip
