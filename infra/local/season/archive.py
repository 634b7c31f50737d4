"""The growth archive's demo: students, and what seven source systems know of their years.

The same options give the same bytes; each system exports in its own format, as such systems do.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import Workbook
from yinji.archive.student import COLUMNS, Student
from yinji.archive.terms import bounds, term_of
from yinji.clearance.case import Graduate

from infra.local.season.people import chinese_name, programmes

EACH = 110
"""Records of a student, on average: 440,000 for 4,000."""
REGISTER = "students/students.csv"
QUIET = 0.06
"""Of so many nothing is heard in the running term."""
LECTURES_A_TERM, ACTIVITIES_A_TERM = 60, 46
TEACHERS = 240
COMING = 24
YOUNGER_SCHOOLS = ("S01", "S02", "S03", "S08")
SHARES = {
    "library-gate": 0.32, "library-loans": 0.17, "lectures": 0.15, "second-classroom": 0.19, "sport": 0.1,
    "tutoring": 0.065, "awards": 0.005,
}  # fmt: skip
"""Of all records, how many each system has."""
Row = dict[str, Any]


@dataclass(frozen=True)
class ArchiveSeason:
    """`files` by key of the archive's bucket; `records` is how many lines they have, by student."""

    students: Sequence[Student]
    files: Mapping[str, bytes]
    records: Mapping[str, int]


@dataclass(frozen=True)
class Event:
    """An activity or a lecture that many take part in."""

    id: str
    kind: str
    title: str
    day: date
    place: str
    organiser: str
    dimension: str
    hours: int
    capacity: int = 0


@cache
def _words() -> Mapping[str, Sequence[Sequence[str]]]:
    raw = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: [line.split("|") for line in block.strip().split("\n")] for name, block in raw.items()}


def students(graduates: Sequence[Graduate], today: date) -> list[Student]:
    """The undergraduates among `graduates`, and half as many again who came later and are still studying."""
    found = [
        Student(
            one.student, one.name, one.school, one.student[:4], one.category, one.name_latin, one.programme,
            one.class_name, one.counsellor, card_of(one.student),
        )
        for one in graduates
        if one.category == "undergraduate"
    ]  # fmt: skip
    random, newest = Random("younger students"), int(term_of(today)[:4])
    grades = [str(newest - back) for back in range(3)]
    for place in range(len(found) // 2):
        school = YOUNGER_SCHOOLS[place % len(YOUNGER_SCHOOLS)]
        grade = grades[place // len(YOUNGER_SCHOOLS) % len(grades)]
        number = 1 + place // (len(YOUNGER_SCHOOLS) * len(grades))
        programme = programmes(school)[number % len(programmes(school))]
        name, latin = chinese_name(random)
        id = f"{grade}{school}{number:03}"
        found.append(
            Student(
                id, name, school, grade, "undergraduate", latin, programme.name, f"{programme.short} {grade[2:]}01",
                f"T{school[1:]}01", card_of(id),
            )
        )  # fmt: skip
    return found


def isbn(place: int) -> str:
    """The number of a book, with its check digit (ISBN-13)."""
    digits = f"978700{place:06}"
    return digits + str(-sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(digits)) % 10)


def card_of(student: str) -> str:
    """The number of a student's campus card."""
    return hashlib.sha256(f"card {student}".encode()).hexdigest()[:8].upper()


def generate(students: Sequence[Student], today: date, each: int = EACH, seed: int = 1) -> ArchiveSeason:
    """What the systems deliver about `students`: each * len(students) records in all, until the day before `today`."""
    rows: dict[str, list[Row]] = {source: [] for source in SHARES}
    numbers = _numbers(students, each, seed)
    calendar = _Calendar(today)
    for student, number in zip(students, numbers, strict=True):
        _Years(student, Random(f"{seed} {student.student}"), calendar, today).tell(number, rows)
    files = {REGISTER: _csv(COLUMNS, [{name: getattr(one, name) for name in COLUMNS} for one in students])}
    for source, lines in rows.items():
        name, write = FORMATS[source]
        files[f"records/{source}/{name}"] = write(lines)
    told = dict(zip((one.student for one in students), numbers, strict=True))
    return ArchiveSeason(students, files, told)


def _numbers(students: Sequence[Student], each: int, seed: int) -> list[int]:
    """How many records each has: some much more than others, and all together as many as asked for."""
    random = Random(f"diligence {seed}")
    weights = [random.lognormvariate(0, 0.4) for _ in students]
    whole = each * len(students)
    numbers = [max(1, int(weight * whole / sum(weights))) for weight in weights]
    for place in range(whole - sum(numbers)):
        numbers[place % len(numbers)] += 1
    return numbers


class _Calendar:
    """Lectures and activities of every term, the same for everybody."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._known: dict[tuple[str, bool], list[Event]] = {}

    def lectures(self, term: str) -> list[Event]:
        return self._of(term, True)

    def activities(self, term: str) -> list[Event]:
        return self._of(term, False)

    def _of(self, term: str, lectures: bool) -> list[Event]:
        if (term, lectures) not in self._known:
            random = Random(f"{term} {lectures}")
            number = LECTURES_A_TERM if lectures else ACTIVITIES_A_TERM
            make = self._lecture if lectures else self._activity
            self._known[term, lectures] = [make(term, place, random) for place in range(number)]
        return self._known[term, lectures]

    def _lecture(self, term: str, place: int, random: Random) -> Event:
        [topic], [chair] = random.choice(_words()["topics"]), random.choice(_words()["chairs"])
        [room] = random.choice(_words()["places"])
        day = _day_in(term, random, self._today)
        return Event(f"LEC-{term}-{place:03}", "lecture", f"{chair}：{topic}", day, room, chair, "", 2)

    def _activity(self, term: str, place: int, random: Random) -> Event:
        kind, dimension, title, hours = _words()["activities"][place % len(_words()["activities"])]
        [room] = random.choice(_words()["places"])
        day = _day_in(term, random, self._today)
        return Event(f"ACT-{term}-{place:03}", kind, title, day, room, "校团委", dimension, int(hours))


def _day_in(term: str, random: Random, today: date) -> date:
    first, last = bounds(term)
    last = min(last - timedelta(days=20), today - timedelta(days=1))
    return first + timedelta(days=random.randrange(max(1, (last - first).days)))


class _Years:
    """One student's years: how much of what they do differs from student to student and from term to term."""

    def __init__(self, student: Student, random: Random, calendar: _Calendar, today: date) -> None:
        self._student, self._random, self._calendar, self._today = student, random, calendar, today
        terms = [term_of(date(int(student.grade), 9, 1))]
        while bounds(terms[-1])[1] < today and len(terms) < 8:
            terms.append(term_of(bounds(terms[-1])[1] + timedelta(days=1)))
        if len(terms) > 1 and random.random() < QUIET:
            terms.pop()
        self._terms = terms
        self._tastes = [share * random.lognormvariate(0, 0.35) for share in SHARES.values()]
        self._drift = random.uniform(0.75, 1.25)
        self._used: Counter[str] = Counter()

    def tell(self, number: int, rows: dict[str, list[Row]]) -> None:
        works: dict[str, Callable[[int, str], Row]] = {
            "library-gate": self._gate,
            "library-loans": self._loan,
            "lectures": self._lecture,
            "second-classroom": self._activity,
            "sport": self._sport,
            "tutoring": self._talk,
            "awards": self._award,
        }
        weights = [self._drift**place for place in range(len(self._terms))]
        for source in self._random.choices(list(SHARES), self._tastes, k=number):
            self._used[source] += 1
            term = self._random.choices(self._terms, weights)[0]
            rows[source].append(works[source](self._used[source], term))

    def _day(self, term: str) -> date:
        return _day_in(term, self._random, self._today)

    def _id(self, source: str, number: int) -> str:
        return f"{source}{self._student.student}-{number:04}"

    def _gate(self, number: int, term: str) -> Row:
        [gate] = self._random.choice(_words()["gates"])
        first = f"{self._random.randint(7, 19):02}:{self._random.randint(0, 59):02}"
        return {"pass_id": self._id("G", number), "student": self._student.student, "gate": gate,
                "day": self._day(term).isoformat(), "first_at": first}  # fmt: skip

    def _loan(self, number: int, term: str) -> Row:
        place = self._random.randrange(len(_words()["books"]))
        day = self._day(term)
        return {
            "loan_id": self._id("B", number), "reader": self._student.student, "title": _words()["books"][place][0],
            "isbn": isbn(place), "borrowed_on": day.isoformat(), "changed_at": f"{day} 20:00:00", "state": "",
        }  # fmt: skip

    def _lecture(self, number: int, term: str) -> Row:
        event = self._random.choice(self._calendar.lectures(term))
        return {
            "checkin_id": self._id("L", number), "student": self._student.student, "lecture": event.title,
            "lecture_id": event.id, "organiser": event.organiser, "place": event.place, "date": event.day.isoformat(),
            "time": "19:00", "minutes": event.hours * 60,
        }  # fmt: skip

    def _activity(self, number: int, term: str) -> Row:
        event = self._random.choice(self._calendar.activities(term))
        return {
            "编号": self._id("A", number), "学号": self._student.student, "类别": KINDS[event.kind],
            "活动名称": event.title, "活动编号": event.id, "主办单位": event.organiser, "地点": event.place,
            "日期": event.day.strftime("%Y/%m/%d"), "学时": event.hours, "五育": EDUCATIONS[event.dimension],
        }  # fmt: skip

    def _sport(self, number: int, term: str) -> Row:
        [item] = self._random.choice(_words()["sports"])
        return {"id": self._id("S", number), "student": self._student.student, "item": item, "place": "体育馆",
                "at": self._day(term).isoformat(), "minutes": self._random.choice((30, 45, 60, 90))}  # fmt: skip

    def _talk(self, number: int, term: str) -> Row:
        teacher = self._random.randrange(TEACHERS)
        name, _ = _teachers()[teacher]
        [topic] = self._random.choice(_words()["talks"])
        return {"talk_id": self._id("T", number), "student": self._student.student, "teacher": f"T9{teacher:03}",
                "teacher_name": f"{name}老师", "topic": topic, "day": self._day(term).isoformat(),
                "minutes": self._random.choice((20, 30, 45))}  # fmt: skip

    def _award(self, number: int, term: str) -> Row:
        dimension, title = self._random.choice(_words()["awards"])
        level = self._random.choices(list(LEVELS), (8, 5, 2, 1))[0]
        rank = self._random.choice(("一等奖", "二等奖", "三等奖"))
        return {
            "证书编号": self._id("W", number), "学号": self._student.student, "奖项": f"{title}{rank}",
            "颁奖单位": f"{LEVELS[level]}组委会", "级别": level, "五育": EDUCATIONS[dimension],
            "获奖日期": self._day(term).isoformat(),
        }  # fmt: skip


def catalogue(students: Sequence[Student], today: date) -> dict[str, bytes]:
    """The catalogue's tables: what took place since the first of `students` came, what is coming in the next weeks, the
    books and the teachers; by key of the archive's bucket."""
    calendar, term = _Calendar(today), term_of(date(int(min(one.grade for one in students)), 9, 1))
    events = [*_coming(today)]
    while bounds(term)[0] < today:
        events += [*calendar.lectures(term), *calendar.activities(term)]
        term = term_of(bounds(term)[1] + timedelta(days=1))
    tables: dict[str, list[Row]] = {
        "activities": [
            {
                "id": one.id, "kind": one.kind, "title": one.title, "organiser": one.organiser, "school": "",
                "place": one.place, "begins_at": f"{one.day}T{'19:00' if one.kind == 'lecture' else '14:00'}:00+08:00",
                "minutes": one.hours * 60, "dimension": one.dimension, "capacity": one.capacity, "about": "",
                "state": "announced",
            }
            for one in events
        ],
        "books": [
            {"isbn": isbn(place), "title": title, "author": author, "publisher": ""}
            for place, (title, author) in enumerate(_words()["books"])
        ],
        "teachers": [
            {"staff": f"T9{place:03}", "name": name, "title": "", "school": ""}
            for place, (name, _) in enumerate(_teachers())
        ],
    }  # fmt: skip
    return {f"catalogue/{name}/{name}.csv": _plain_csv(rows) for name, rows in tables.items()}


def _coming(today: date) -> list[Event]:
    """What is announced for the coming weeks, beginning this very day; some have few places."""
    random, found = Random(f"coming {today}"), list[Event]()
    for place in range(COMING):
        day = today + timedelta(days=place * 28 // COMING)
        capacity = random.choice((0, 12, 60, 200))
        [room] = random.choice(_words()["places"])
        if place % 2:
            kind, dimension, title, hours = random.choice(_words()["activities"])
            found.append(
                Event(f"NEXT-{day}-{place}", kind, title, day, room, "校团委", dimension, int(hours), capacity)
            )
        else:
            [topic], [chair] = random.choice(_words()["topics"]), random.choice(_words()["chairs"])
            title = f"{chair}：{topic}"
            found.append(Event(f"NEXT-{day}-{place}", "lecture", title, day, room, chair, "", 2, capacity))
    return found


@cache
def _teachers() -> list[tuple[str, str]]:
    random = Random("teachers")
    return [chinese_name(random) for _ in range(TEACHERS)]


KINDS = {"activity": "活动", "service": "志愿", "art": "艺术", "work": "实践"}
EDUCATIONS = {"moral": "德", "intellectual": "智", "physical": "体", "aesthetic": "美", "labour": "劳", "": ""}
LEVELS = {"院级": "学院", "校级": "学校", "省级": "省", "国家级": "全国"}


# --- how each system exports -----------------------------------------------------------------------------------
def _csv(columns: Sequence[str], rows: Sequence[Row], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def _plain_csv(rows: Sequence[Row]) -> bytes:
    return _csv(list(rows[0]) if rows else [], rows)


def _old_csv(rows: Sequence[Row]) -> bytes:
    return _csv(list(rows[0]) if rows else [], rows, "gb18030")


def _ndjson(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _xlsx(rows: Sequence[Row]) -> bytes:
    book: Any = Workbook(write_only=True)
    sheet = book.create_sheet("获奖")
    for row in [list(rows[0]) if rows else [], *(list(row.values()) for row in rows)]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _parquet(rows: Sequence[Row]) -> bytes:
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    names = list(rows[0]) if rows else []
    kinds = {name: DataType.int64() if name == "minutes" else DataType.utf8() for name in names}
    out = io.BytesIO()
    write_parquet(Table.from_pydict({name: Array([row[name] for row in rows], kinds[name]) for name in names}), out)
    return out.getvalue()


FORMATS: Mapping[str, tuple[str, Callable[[Sequence[Row]], bytes]]] = {
    "library-gate": ("gate.csv", _plain_csv),
    "library-loans": ("loans.csv", _plain_csv),
    "lectures": ("lectures.csv", _plain_csv),
    "second-classroom": ("platform.csv", _old_csv),
    "sport": ("sport.ndjson", _ndjson),
    "tutoring": ("talks.parquet", _parquet),
    "awards": ("awards.xlsx", _xlsx),
}
