"""The book of an archive: everything it says, as plain data that a typesetter sets. Pure.

Only what is certified stands in it. It is made of a student's records and of the group they are compared with and of
nothing else, so that the same records make the same book, in whatever order they come.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from yinji.archive import terms
from yinji.archive.groups import Group
from yinji.archive.hours import minutes_of
from yinji.archive.kinds import Text, dimensions, hundreds, kinds, levels, rules
from yinji.archive.portrait import Portrait, portrait
from yinji.archive.record import Record
from yinji.archive.sources import sources
from yinji.archive.story import Story, story
from yinji.archive.story import Year as YearOfStory
from yinji.archive.student import Student
from yinji.archive.transcript import Part, Transcript, transcript
from yinji.clearance import university

SEPTEMBER = 9
MONTHS = 12


class Profile(TypedDict):
    number: str
    name: str
    name_latin: str
    school: Text
    programme: str
    class_name: str
    grade: str


class Counted(TypedDict):
    """How many there are of what."""

    title: Text
    number: int


class Moment(TypedDict):
    """The `number`th thing of `kind`; 1 is the first."""

    kind: Text
    number: int
    title: str
    day: str


class Year(TypedDict):
    """An academic year; `months` is how many records each month has, from September on. `busiest` is a month, as
    "2024-05", and how many records it has, `place` where they were most often and how often; None where none stands
    out."""

    year: str
    title: Text
    study: int
    records: int
    months: Sequence[int]
    counts: Sequence[Counted]
    busiest: tuple[str, int] | None
    place: tuple[str, int] | None
    weeks: int
    moments: Sequence[Moment]


class Thing(TypedDict):
    """A book, a lecture, a teacher: what records of one kind are about, with the days of all of them."""

    title: str
    days: Sequence[str]
    minutes: int
    place: str
    organiser: str
    level: Text | None


class Chapter(TypedDict):
    """All records of one kind, by what they are about, the oldest first; `minutes` as far as they are known."""

    kind: str
    title: Text
    records: int
    minutes: int
    things: Sequence[Thing]


class Place(TypedDict):
    """Where the student is in the group: `share` in a hundred of it have as much or less."""

    share: int
    p25: int
    median: int
    p75: int


class Dimension(TypedDict):
    title: Text
    about: Text
    score: int
    place: Place | None
    kinds: Sequence[Scored]


class Scored(TypedDict):
    title: Text
    records: int
    score: int


class Term(TypedDict):
    """The overall score of a term, and the quarters and the middle of the group; None where there is no group."""

    term: str
    title: Text
    score: int
    records: int
    place: Place | None


class Aim(TypedDict):
    """One of the four hundreds."""

    title: Text
    aim: int
    reached: int


class Line(TypedDict):
    """Records of one kind in a term: minutes they count for, and what of it is credited."""

    term: str
    kind: Text
    records: int
    minutes: int
    credited: int
    limit: int | None


class Credited(TypedDict):
    title: Text
    asked: int
    credited: int
    tenths: int
    lines: Sequence[Line]


class Hours(TypedDict):
    """The second-classroom transcript, in minutes; credits in tenths."""

    asked: int
    credited: int
    tenths: int
    fulfilled: bool
    parts: Sequence[Credited]


class Voucher(TypedDict):
    """Who vouched for how many records; `person` tells whether somebody looked at each, or a system's word stands."""

    title: Text
    records: int
    person: bool


class Book(TypedDict):
    """What the book says; days and months are in ISO 8601. Scores are compared with `group`, None is nobody."""

    student: Profile
    university: Text
    first: str
    last: str
    records: int
    minutes: int
    things: int
    years: Sequence[Year]
    chapters: Sequence[Chapter]
    overall: int
    overall_place: Place | None
    dimensions: Sequence[Dimension]
    terms: Sequence[Term]
    group: Counted | None
    hundreds: Sequence[Aim]
    transcript: Hours
    vouched: Sequence[Voucher]


def book(student: Student, records: Iterable[Record], group: Group | None) -> Book:
    """The book of `student`; `records` are theirs, in any order, of which those count that are certified. `group` is
    the one that may be shown to them."""
    counting = sorted((one for one in records if one.counts), key=lambda one: (one.day, one.time, one.key))
    told, hours, years = portrait(student, counting), transcript(student, counting), story(counting, student.grade)
    chapters = _chapters(counting)
    return Book(
        student=Profile(
            number=student.student,
            name=student.name,
            name_latin=student.name_latin,
            school=_text(university.schools()[student.school]),
            programme=student.programme,
            class_name=student.class_name,
            grade=student.grade,
        ),
        university=_text(university.name()),
        first=counting[0].day.isoformat() if counting else "",
        last=counting[-1].day.isoformat() if counting else "",
        records=len(counting),
        minutes=sum(minutes_of(one, rules(student.programme)) for one in counting),
        things=sum(len(one["things"]) for one in chapters),
        years=[_year(one, years) for one in reversed(years.years)],
        chapters=chapters,
        overall=told.score(),
        overall_place=_place(group, "overall", told.score()),
        dimensions=[_dimension(id, told, group) for id in dimensions()],
        terms=[_term(term, scores, group) for term, scores in told.by_term.items()],
        group=_group(group) if group else None,
        hundreds=[Aim(title=hundreds()[one.hundred].title, aim=one.aim, reached=one.reached) for one in hours.hundreds],
        transcript=_hours(hours),
        vouched=_vouched(student, counting),
    )


def _text(one: Mapping[str, Any]) -> Text:
    return {"zh": one["zh"], "en": one["en"]}


def _term_title(term: str) -> Text:
    """A term or an academic year in words."""
    return {language: terms.title(term, language) for language in ("zh", "en")}


@cache
def _said() -> Mapping[str, Mapping[str, Text]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


# --- the years ---------------------------------------------------------------------------------------------------


def _year(one: YearOfStory, whole: Story) -> Year:
    begins = int(one.year[:4])
    months = [date(begins + (SEPTEMBER + at > MONTHS), (SEPTEMBER - 1 + at) % MONTHS + 1, 1) for at in range(MONTHS)]
    return Year(
        year=one.year,
        title=_term_title(one.year),
        study=one.study,
        records=one.records,
        months=[whole.months.get(month, 0) for month in months],
        counts=[Counted(title=kinds()[id].title, number=number) for id, number in one.counts.items()],
        busiest=(one.busiest[0].isoformat()[:7], one.busiest[1]) if one.busiest else None,
        place=one.place,
        weeks=one.weeks,
        moments=[
            Moment(kind=kinds()[at.kind].title, number=at.number, title=at.record.title, day=at.record.day.isoformat())
            for at in one.moments
        ],
    )


# --- what it was about -------------------------------------------------------------------------------------------


def _chapters(counting: Iterable[Record]) -> list[Chapter]:
    by_kind: defaultdict[str, dict[str, list[Record]]] = defaultdict(dict)
    for one in counting:
        # what is about nothing in particular, such as an hour of sport, is told by its title
        thing = one.thing if kinds()[one.kind].entity else f"{one.title}#{one.level}"
        by_kind[one.kind].setdefault(thing, []).append(one)
    return [
        Chapter(
            kind=id,
            title=kind.title,
            records=sum(len(some) for some in by_kind[id].values()),
            minutes=sum(one.minutes for some in by_kind[id].values() for one in some),
            things=[_thing(some) for some in by_kind[id].values()],
        )
        for id, kind in kinds().items()
        if id in by_kind
    ]


def _thing(records: Sequence[Record]) -> Thing:
    """What a note says is not told: it may be about what a student and a teacher talked of."""
    first = records[0]
    return Thing(
        title=first.title,
        days=[one.day.isoformat() for one in records],
        minutes=sum(one.minutes for one in records),
        place=first.place,
        organiser=first.organiser,
        level=levels().get(first.level),
    )


# --- beside the others -------------------------------------------------------------------------------------------


def _place(group: Group | None, feature: str, value: int, term: str = "") -> Place | None:
    found = group.place(feature, value, term) if group else None
    return Place(share=found.share, p25=found.p25, median=found.median, p75=found.p75) if found else None


def _dimension(id: str, told: Portrait, group: Group | None) -> Dimension:
    score = told.score(id)
    parts: dict[str, list[int]] = {}
    for one in told.tallies:
        if one.dimension == id and one.records:
            part = parts.setdefault(one.kind, [0, 0])
            part[0] += one.records
            part[1] += one.score
    return Dimension(
        title=dimensions()[id].title,
        about=dimensions()[id].about,
        score=score,
        place=_place(group, f"dimension.{id}", score),
        kinds=[
            Scored(title=kind.title, records=parts[name][0], score=parts[name][1])
            for name, kind in kinds().items()
            if name in parts
        ],
    )


def _term(term: str, scores: Mapping[str, int], group: Group | None) -> Term:
    return Term(
        term=term,
        title=_term_title(term),
        score=scores["overall"],
        records=scores["records"],
        place=_place(group, "overall", scores["overall"], term),
    )


def _group(group: Group) -> Counted:
    _, _, category, *programme = group.id.split("#")
    kind = "programme" if programme else "school" if group.school else "grade" if group.grade else "category"
    school = university.schools()[group.school] if group.school else None
    title = {
        language: _said()["groups"][kind][language].format(
            school=school[language] if school else "",
            grade=group.grade,
            category=_said()["categories"][category][language],
            programme="".join(programme),
        )
        for language in ("zh", "en")
    }
    return Counted(title=title, number=group.number)


# --- what is credited, and by whose word -------------------------------------------------------------------------


def _hours(told: Transcript) -> Hours:
    return Hours(
        asked=told.asked,
        credited=told.credited,
        tenths=told.tenths,
        fulfilled=told.fulfilled,
        parts=[_part(one) for one in told.parts],
    )


def _part(part: Part) -> Credited:
    return Credited(
        title=dimensions()[part.dimension].title,
        asked=part.asked,
        credited=part.credited,
        tenths=part.tenths,
        lines=[
            Line(
                term=one.line.term,
                kind=kinds()[one.line.kind].title,
                records=len(one.records),
                minutes=one.line.minutes,
                credited=one.line.credited,
                limit=one.line.limit,
            )
            for one in part.entries
        ],
    )


def _vouched(student: Student, counting: Iterable[Record]) -> list[Voucher]:
    """By whose word how many records count, most first; of a person their office is told."""
    numbers = Counter[tuple[bool, str]]()
    for one in counting:
        numbers[one.decided, "" if one.decided else one.source if one.source in sources() else one.via] += 1
    school = _text(university.schools()[student.school])
    return [
        Voucher(title=school if person else _source(name), records=number, person=person)
        for (person, name), number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
    ]


def _source(name: str) -> Text:
    known = sources().get(name)
    return known.title if known else _said()["vouched"].get(name, _said()["vouched"]["import"])
