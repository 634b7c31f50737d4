"""Pages of one archive: the years as a timeline, records as a list, and everything known of one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from markupsafe import Markup, escape
from yinji.archive.access import OFFICE, visible_student
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.deciding import said
from yinji.archive.groups import Group
from yinji.archive.kinds import dimensions, hundreds, kinds, levels
from yinji.archive.portrait import Portrait
from yinji.archive.record import STUDENT, Record, key_of
from yinji.archive.sources import sources
from yinji.archive.store import Archive, RecordEvent
from yinji.archive.story import Moment, Story, Wanted, Year, latest_first, story
from yinji.archive.titles import source_title
from yinji.clearance import university
from yinji.identity import seen
from yinji.platform.problem import Problem

from .archive_certify import Row, described, opened
from .visit import Visit
from .words import Words

PAGE = 200
"""Records of a list that are shown at a time."""
STATES = {"certified": "done", "pending": "submitted", "refused": "blocked", "revoked": "waived", "void": "waiting"}
"""The shape and colour in which the state of a record is said, beside its word."""
STUDIES = 6
"""Up to which year of studies there is a word for it."""
WIDTH, HEIGHT, FLOOR = 640, 120, 96


@dataclass(frozen=True)
class Aim:
    """How far one of the four hundreds is, and where what it counts is listed."""

    title: str
    number: int
    aim: int
    href: str
    middle: int | None = None
    """What half of the group has at most, where that may be shown."""

    @property
    def missing(self) -> int:
        return max(0, self.aim - self.number)

    @property
    def part(self) -> float:
        """What is reached of it, of a hundred."""
        return round(min(100.0, 100 * self.number / self.aim), 1)


def own(visit: Visit) -> str:
    """The student number of the student who visits. Raises Problem("forbidden") for anybody else."""
    session = visit.someone
    visit.demand("act-in-archive", student=session.sub)
    return session.sub


def found(visit: Visit, student: str, get: Callable[[str], Portrait | None]) -> Portrait:
    """The portrait of `student`: that somebody else looks is written down before anything is drawn."""
    portrait = get(student) if STUDENT.fullmatch(student) else None
    visible_student(visit.someone, "see-archive", student, lambda _: portrait.student if portrait else None)
    assert portrait  # noqa: S101
    seen.note(visit.someone, "archive", student)
    return portrait


def base(visit: Visit, student: str) -> str:
    """Below which path the pages of this archive are for whoever visits."""
    return "/archive" if visit.someone.sub == student else f"/archive/students/{student}"


def shared(visit: Visit, portrait: Portrait) -> dict[str, Any]:
    """What every page of one archive is told."""
    student = portrait.student.student
    return {
        "portrait": portrait,
        "student": portrait.student,
        "own": visit.someone.sub == student,
        "base": base(visit, student),
        "kinds": kinds(),
        "dimensions": dimensions(),
        "shapes": STATES,
        "span": partial(span, visit.words),
        "told": partial(told, visit.words),
    }


def counting(base: str, **wanted: str) -> str:
    """Where the records are listed that a number counts."""
    return f"{base}/records?{urlencode({'state': 'certified'} | wanted)}"


def span(words: Words, term: str) -> Markup:
    """A term or an academic year in words."""
    begins, ends, half = (*term.split("-"), "")[:3]
    if half:
        return words(f"archive.term-{half}", begins=begins, ends=ends)
    return words("archive.year", begins=begins, ends=ends)


def told(words: Words, record: Record) -> Markup:
    """A record as the sentence of a timeline."""
    sentence = Markup(escape(words.say(kinds()[record.kind].told)))  # noqa: S704 - escaped
    return sentence.format(what=Markup("<bdi>{}</bdi>").format(record.title))


def aims(words: Words, base: str, portrait: Portrait, group: Group | None = None) -> list[Aim]:
    """The four hundreds of a student, beside `group` if there is one."""
    return [
        Aim(
            words.say(one.title),
            portrait.hundreds.get(id, 0),
            one.aim,
            counting(base, hundred=id),
            group.quantile(f"hundred.{id}", 50) if group else None,
        )
        for id, one in hundreds().items()
    ]


# --- the timeline ---------------------------------------------------------------------------------------------


def timeline(visit: Visit, archive: Archive, student: str) -> dict[str, Any]:
    """The years of a student, one at a time (`year` of the query), and a picture of the whole."""
    portrait = found(visit, student, archive.portrait)
    told_of = story(archive.records(portrait.student.student), portrait.student.grade)
    year = told_of.year(visit.query.get("year", ""))
    years = [one.year for one in told_of.years]
    place = years.index(year.year) if year else 0
    known = shared(visit, portrait)
    return known | {
        "here": "/archive" if known["own"] else f"{known['base']}/years",
        "story": told_of,
        "year": year,
        "years": years,
        "earlier": years[place + 1] if place + 1 < len(years) else "",
        "later": years[place - 1] if place else "",
        "spine": spine,
        "moments": {one.record.key: one for one in year.moments} if year else {},
        "moment": partial(moment, visit.words),
        "aims": aims(visit.words, known["base"], portrait),
        "picture": skyline(told_of, year, visit.words),
        "study": study(year),
        "latest": not year or year == told_of.years[0],
    }


def spine(record: Record) -> str:
    """How the spine of a book looks: colour and height, the same whenever it is drawn."""
    number = crc32(record.thing.encode())
    return f"c{number % 5} h{number // 5 % 3}"


def study(year: Year | None) -> int:
    """Which year of studies it is, where there is a word for it; else 0."""
    return year.study if year and 1 <= year.study <= STUDIES else 0


def moment(words: Words, one: Moment) -> Markup:
    """What a moment is, in words."""
    return (
        words(f"archive.first-{one.kind}") if one.number == 1 else words(f"archive.nth-{one.kind}", number=one.number)
    )


def skyline(told_of: Story, year: Year | None, words: Words) -> Markup:
    """How many records count in each month, as a row of bars, those of `year` strong; nothing of who has none."""
    months = list(told_of.months.items())
    if not months:
        return Markup("")
    top, step = max(number for _, number in months) or 1, WIDTH / len(months)
    begins = int(year.year[:4]) if year else 0
    shapes: list[Markup] = []
    for place, (month, number) in enumerate(months):
        of = month.year if month.month >= 9 else month.year - 1
        height = round((FLOOR - 8) * number / top, 1)
        shapes.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                "now" if of == begins else "then",
                round(step * place + step * 0.1, 1),
                round(FLOOR - height, 1),
                round(step * 0.8, 1),
                height,
            )
        )
        if month.month == 9 or place == 0:
            at = round(step * place, 1)
            shapes.append(Markup('<path d="M{} {}v6"/><text x="{}" y="{}">{}</text>').format(
                at, FLOOR, at + 2, HEIGHT - 6, month.year if month.month == 9 else f"{month:%Y-%m}"
            ))  # fmt: skip
    busiest, most = max(months, key=lambda one: one[1])
    label = words("archive.picture", n=sum(told_of.months.values()), month=_month(words, busiest), most=most)
    return Markup('<svg class="skyline" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, label, Markup("").join(shapes)
    )


def _month(words: Words, month: date) -> Markup:
    return words("archive.month", year=month.year, name=words(f"month.{month.month}"))


# --- lists ----------------------------------------------------------------------------------------------------


def records(visit: Visit, archive: Archive, student: str) -> dict[str, Any]:
    """The records that the query asks for, the latest first: what a number is made of."""
    portrait = found(visit, student, archive.portrait)
    query, words = visit.query, visit.words
    wanted = Wanted(**{name: query.get(name, "") for name in ("year", "term", "dimension", "kind", "hundred", "state")})
    every = archive.records(portrait.student.student)
    some = latest_first(one for one in every if wanted.fits(one))
    page = int(told) if (told := query.get("page", "")).isdecimal() and len(told) < 6 else 0
    first = page * PAGE
    titles = [
        span(words, wanted.term or wanted.year) if _known(wanted.term or wanted.year) else "",
        words.say(dimensions()[wanted.dimension].title) if wanted.dimension in dimensions() else "",
        words.say(hundreds()[wanted.hundred].title) if wanted.hundred in hundreds() else "",
        words.say(kinds()[wanted.kind].title) if wanted.kind in kinds() else "",
        words(f"archive.state-{wanted.state}") if wanted.state in STATES else "",
    ]
    return shared(visit, portrait) | {
        "wanted": wanted,
        "titles": [title for title in titles if title],
        "number": len(some),
        "things": len({one.thing for one in some}) if _about_things(wanted) else None,
        "listed": some[first : first + PAGE],
        "first": first,
        "next": page + 1 if first + PAGE < len(some) else None,
        "chips": _chips(visit, every, wanted),
        "states": list(STATES),
        "counts": {state: sum(one.state == state for one in every) for state in STATES},
    }


def _known(span: str) -> bool:
    """Whether `span` reads as an academic year or a term."""
    parts = span.split("-")
    years = all(part.isdecimal() and len(part) == 4 for part in parts[:2])
    return len(parts) in (2, 3) and years and parts[2:] in ([], ["1"], ["2"])


def _about_things(wanted: Wanted) -> bool:
    """Whether records of one thing are counted once in what is asked for."""
    if wanted.hundred:
        return True
    return bool(wanted.kind in kinds() and kinds()[wanted.kind].entity)


@dataclass(frozen=True)
class Chip:
    """A way to narrow the list: its words, where it leads, and whether it is chosen."""

    text: str
    href: str
    chosen: bool
    count: int


def _chips(visit: Visit, every: Sequence[Record], wanted: Wanted) -> list[Chip]:
    """Kinds that there are among what is asked for otherwise; the chosen one leads back to all."""
    rest = Wanted(wanted.year, wanted.term, wanted.dimension, "", wanted.hundred, wanted.state)
    some = [one.kind for one in every if rest.fits(one)]
    return [
        Chip(
            visit.words.say(kind.title),
            visit.here(kind="" if id == wanted.kind else id, page=""),
            id == wanted.kind,
            some.count(id),
        )
        for id, kind in kinds().items()
        if id in some
    ]


# --- one record -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """What happened to a record, in words; `was` are the facts that were other ones before, by their titles."""

    what: Markup
    who: str
    at: datetime
    why: str
    was: Sequence[tuple[Markup, str]]


def one_record(visit: Visit, archive: Archive, catalogue: Catalogue, student: str, path: str) -> dict[str, Any]:
    """Everything known of one record, of what it is about, and what happened to it. Raises Problem("not-found")."""
    portrait = found(visit, student, archive.portrait)
    record = archive.record(portrait.student.student, key_of(path))
    if record is None:
        raise Problem("not-found")
    words = visit.words
    school = portrait.student.school
    events = [_happening(visit, school, event) for event in archive.events(record.student, record.key)]
    row = Row(record, portrait.student)
    decides = visit.may("certify-record", school=school) and row.deeds
    return (
        described(words)
        | shared(visit, portrait)
        | {
            "record": record,
            "facts": [*_facts(words, record), *_about(visit, catalogue, record)],
            "told_by": words.say(source_title(record.source)),
            "came": _came(record),
            "opened": opened(archive, row) if decides else None,
            "certified": _certified(visit, school, record),
            "events": events[::-1],
            "disputes": visit.may("act-in-archive", student=record.student) and record.state != "void",
            "dispute_at": f"/api/archive/students/{record.student}/records/{record.path}/dispute",
            "points": _points(words, record),
        }
    )


def _facts(words: Words, record: Record) -> list[tuple[Markup, Any]]:
    """What its source says of a record, by the titles of the facts; what is unknown is left out."""
    hours = f"{record.minutes / 60:.1f}".rstrip("0").rstrip(".")
    known: list[tuple[str, Any]] = [
        ("day", words("archive.at", day=words.day(record.day), time=record.time) if record.time
         else words.day(record.day)),
        ("place", record.place),
        ("organiser", record.organiser),
        ("hours", words("archive.hours", n=record.minutes / 60, hours=hours) if record.minutes else ""),
        ("level", words.say(levels()[record.level]) if record.level in levels() else ""),
        ("dimension", words.say(dimensions()[record.education].title)),
        ("entity", record.entity),
        ("note", record.note),
    ]  # fmt: skip
    return [(words(f"archive.fact-{name}"), value) for name, value in known if value]


def _about(visit: Visit, catalogue: Catalogue, record: Record) -> list[tuple[Markup, Any]]:
    """What the catalogue knows of the book, the teacher or the activity of a record, by the titles of the facts."""
    words, about = visit.words, kinds()[record.kind].entity if record.entity else ""
    known: list[tuple[str, Any]] = []
    if about == "book" and (book := catalogue.book(record.entity)):
        known = [("author", book.author), ("publisher", book.publisher)]
    elif about == "teacher" and (teacher := catalogue.teacher(record.entity)):
        school = university.schools().get(teacher.school)
        known = [("rank", teacher.title), ("school", words.say(school) if school else "")]
    elif about == "activity" and (activity := catalogue.find(record.entity)):
        link = Markup('<a href="/archive/activities/{}">{}</a>').format(activity.id, activity.title)
        known = [("announced", link if visit.may("see-catalogue") else "")]
    return [(words(f"archive.fact-{name}"), value) for name, value in known if value]


def _points(words: Words, record: Record) -> Markup:
    """What the record is worth, and up to how much of its kind counts in a term."""
    kind = kinds()[record.kind]
    points = f"{kind.points(record.minutes / 60, record.level):.1f}".rstrip("0").rstrip(".")
    return words("archive.worth", points=points, kind=words.say(kind.title), limit=kind.term)


def _certified(visit: Visit, school: str, record: Record) -> Markup:
    """How it came that the record counts, or does not; students are told the office, staff the person."""
    words, decided = visit.words, record.certification
    if decided is None:
        return words(f"archive.why-{record.state}")
    who = words.say(source_title(record.source)) if decided.by == record.source else _who(visit, school, decided.by, "")
    return words(f"archive.by-{record.state}", who=who, when=words.campus_day(decided.at))


def _came(record: Record) -> str:
    """How the record came, whoever changed it since; empty where its source says it already."""
    if record.source in sources():
        return "import"
    return record.via if record.via in ("device", "check-in") else ""


def _who(visit: Visit, school: str, who: str, role: str) -> str:
    """Who did something: an office by its name to the student, the person as well to staff."""
    words = visit.words
    if role == "system":
        return words.say(source_title(who))
    if role == "student":
        return words("history.you") if visit.someone.sub == who else words("history.graduate")
    known = university.schools().get(school) if role != "department-officer" else university.departments()[OFFICE]
    name = words.say(known) if known else words("one.counsellor")
    return name if visit.someone.role == "student" else words("history.person", office=name, id=who)


def _happening(visit: Visit, school: str, event: RecordEvent) -> Happening:
    words = visit.words
    was = [(words(f"archive.fact-{name}"), str(value) or words("archive.nothing"))
           for name, value in (event.was or {}).items() if name in FACTS_TOLD]  # fmt: skip
    what = event.what if event.what in EVENTS else "changed"
    return Happening(
        words(f"archive.event-{what}"),
        _who(visit, school, event.who, event.role),
        event.at,
        said(event.why, words.language),
        was,
    )


EVENTS = frozenset(
    {"certified", "refused", "revoked", "disputed", "settled", "corrected", "claimed", "withdrawn", "void"}
)
"""What can happen to a record and has a word of its own."""
FACTS_TOLD = frozenset({"title", "day", "time", "place", "organiser", "minutes", "note", "entity"})
"""Facts whose earlier value the history of a record tells."""
