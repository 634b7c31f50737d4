"""Students, records and what source systems deliver, for tests of the growth archive."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st
from yinji.archive.bulk import Bulk
from yinji.archive.catalogue import Activity
from yinji.archive.cohorts import Cohorts
from yinji.archive.items import TABLE
from yinji.archive.kinds import dimensions, kinds
from yinji.archive.portrait import Portrait, portrait_document
from yinji.archive.readers import COLUMNS as READERS
from yinji.archive.readers import Device
from yinji.archive.record import STATES, Certification, Record, key_of, path_of
from yinji.archive.store import Archive, Member
from yinji.archive.student import COLUMNS, Student
from yinji.clearance.case import Graduate
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.clock import stamp

from tests.functions.conftest import Cloud

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
SU = Student(
    student="2022S01001",
    name="苏明",
    school="S01",
    grade="2022",
    category="undergraduate",
    name_latin="Su Ming",
    programme="汉语言文学",
    class_name="中文 2201",
    counsellor="T0001",
    card="0A1B2C3D",
)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""

    def set(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set(AT)
    return set


def student(number: int, school: str = "S01", grade: str = "2022", **more: Any) -> Student:
    known = {"programme": "汉语言文学", "class_name": "中文 2201", "counsellor": "T0001", "card": ""} | more
    return Student(f"{grade}{school}{number:03}", f"学生{number}", school, grade, "undergraduate", **known)


def record(number: int = 1, kind: str = "book", student: str = SU.student, **more: Any) -> Record:
    told: dict[str, Any] = {
        "source": "library-loans",
        "title": f"书 {number}",
        "day": date(2024, 10, 1),
        "entity": f"isbn-{number}",
        "as_of": "2026-06-01T04:00:00.000Z",
        "certification": Certification("library-loans", AT),
    }
    return Record(student=student, id=f"L{number}", kind=kind, **(told | more))


@st.composite
def records(draw: st.DrawFn, day: date, most: int) -> list[Record]:
    """Up to `most` records of any kind and state within five hundred days of `day`, some of them about one thing."""

    def one(number: int) -> Record:
        kind = draw(st.sampled_from(list(kinds())))
        more: dict[str, Any] = {
            "day": day + timedelta(days=draw(st.integers(-500, 500))),
            "time": draw(st.sampled_from(["", "08:00", "19:30"])),
            "state": draw(st.sampled_from(STATES)),
            "entity": draw(st.sampled_from(["", "a", "b", f"e{number}"])),
            "place": draw(st.sampled_from(["", "图书馆", "报告厅"])),
            "minutes": draw(st.sampled_from([0, 60, 95])),
        }
        return record(number, kind, **more)

    return [one(number) for number in range(draw(st.integers(0, most)))]


def register_csv(students: Iterable[Student]) -> bytes:
    return as_csv(COLUMNS, ({name: getattr(one, name) for name in COLUMNS} for one in students))


def as_csv(head: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(head))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


LOANS = ("loan_id", "reader", "title", "isbn", "borrowed_on", "changed_at", "state")


def loan(number: int = 1, student: str = SU.student, **more: Any) -> dict[str, Any]:
    """A line of the library's loans."""
    return {
        "loan_id": f"L{number}",
        "reader": student,
        "title": f"书 {number}",
        "isbn": f"isbn-{number}",
        "borrowed_on": "2024-10-01",
        "changed_at": "2026-06-01 12:00:00",
        "state": "",
    } | more


class Library:
    """A cloud with students, to which source systems deliver; what is put there is dealt with at once."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._number = 0

    def enrol(self, *students: Student) -> dict[str, Any]:
        return self.put("students/register.csv", register_csv(students or [SU]), "archive/enrol")

    def put(self, key: str, data: bytes, folder: str) -> dict[str, Any]:
        self.cloud.s3.put_object(Bucket="archive", Key=key, Body=data)
        self.cloud.deliver(key, folder)
        return self.report(key)

    def deliver(self, source: str, data: bytes, name: str = "") -> dict[str, Any]:
        """Put a file of `source`, and load all of it; the report."""
        self._number += 1
        key = f"records/{source}/{name or f'{self._number}.csv'}"
        self.cloud.s3.put_object(Bucket="archive", Key=key, Body=data)
        self.ingest(key)
        self.load()
        return self.report(key)

    def loans(self, *lines: Mapping[str, Any], name: str = "") -> dict[str, Any]:
        return self.deliver("library-loans", as_csv(LOANS, lines), name)

    def ingest(self, key: str) -> Any:
        told = {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": key}}}]}
        return self.cloud.send("archive/ingest", told)

    def load(self) -> None:
        """Load what is planned, and have the portraits computed that follow."""
        for message in self.cloud.taken_out("LOAD"):
            self.cloud.send("archive/load", message)
        for message in self.cloud.taken_out("REFRESH"):
            self.cloud.send("archive/portrait", message)

    def report(self, key: str) -> dict[str, Any]:
        return json.loads(self.cloud.s3.get_object(Bucket="archive", Key=f"reports/{key}.json")["Body"].read())


def fill(student: Student, records: Iterable[Record]) -> None:
    """Deliver `records` of an enrolled student, and compute the portrait that follows."""
    archive, by_source = Archive(), dict[str, list[Record]]()
    for one in records:
        by_source.setdefault(one.source, []).append(one)
    for source, some in by_source.items():
        archive.load(student, source, some)
    archive.refresh(student.student)


def with_archive(*graduates: Graduate) -> None:
    """Give `graduates` an archive with a book in it."""
    archive = Archive()
    for one in graduates:
        who = Student(one.student, one.name, one.school, one.student[:4], "undergraduate", class_name="2201")
        archive.enrol([who])
        fill(who, [record(student=one.student, title="Walden", place="B2")])


def member(
    number: int,
    overall: int = 0,
    school: str = "S01",
    grade: str = "2022",
    terms: Mapping[str, Mapping[str, int]] | None = None,
    features: Mapping[str, int] | None = None,
    **more: Any,
) -> Member:
    """A student as groups count them, who has `overall`, and in each of `terms` what it says."""
    who = student(number, school, grade)
    known = dict.fromkeys(("student", "name", "school", "grade", "category", "programme", "class_name", "counsellor"))
    told: dict[str, Any] = {name: getattr(who, name) for name in known} | {"last_day": None, "waiting": 0} | more
    every = {"overall": overall} | {f"dimension.{id}": overall for id in dimensions()} | dict(features or {})
    return Member(**told, features=every, by_term=terms or {})


def put_members(members: Iterable[Member]) -> None:
    """Put the portraits of `members`, with the features and terms they are said to have, and announce them."""
    cohorts, items = Cohorts(), list[dict[str, Any]]()
    for one in members:
        names = ("student", "name", "school", "grade", "category", "programme", "class_name", "counsellor")
        who = Student(**{name: getattr(one, name) for name in names})
        cohorts.changing(who.cohort)
        told = portrait_document(Portrait(who, last_day=one.last_day, waiting=one.waiting, version=1)) | {
            "features": json.dumps(dict(one.features)),
            "by_term": json.dumps({term: dict(some) for term, some in one.by_term.items()}),
            "computed_at": "2026-06-01T04:00:00.000Z",
        }
        items.append({"pk": f"STUDENT#{one.student}", "sk": "PORTRAIT", "cohort": who.cohort, **told})
    Bulk(TABLE).put(items)


BEGINS = datetime(2026, 6, 10, 11, 0, tzinfo=UTC)
"""Seven in the evening on the campus."""


def activity(number: int = 1, **more: Any) -> Activity:
    """A lecture that the School of Humanities announced, in a hall of two hundred."""
    told: dict[str, Any] = {
        "kind": "lecture",
        "title": f"讲座 {number}",
        "begins_at": BEGINS,
        "minutes": 90,
        "organiser": "文学院",
        "school": "S01",
        "place": "致远楼报告厅",
        "capacity": 200,
        "as_of": "2026-06-01T04:00:00.000Z",
    }
    return Activity(f"A{number}", **(told | more))


# --- readers ---------------------------------------------------------------------------------------------------
GATE = Device("gate-main-1", "gate", "library-main", "中心图书馆")
DOOR = Device("door-hall-1", "check-in", "大礼堂", "大礼堂东门")
HEARD = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
"""When the messages of these tests came, unless they say otherwise: noon on the campus."""


def readers_csv(*devices: Device) -> bytes:
    rows = (
        {"device": one.id, "kind": one.kind, "place": one.place, "title": one.title, "retired": "yes" * one.retired}
        for one in devices
    )
    return as_csv(READERS, rows)


def passed(
    *passes: tuple[int, str, datetime],
    device: str = GATE.id,
    boot: str = "a1",
    received: datetime = HEARD,
    behind: timedelta = timedelta(0),
    **more: Any,
) -> dict[str, Any]:
    """The event of a message that came at `received` with passes (number, card, true instant), from a reader whose
    clock is `behind` by that much."""
    told = [{"seq": seq, "card": card, "at": stamp(at - behind)} for seq, card, at in passes]
    return {
        "device": device,
        "boot": boot,
        "sent_at": stamp(received - behind),
        "passes": told,
        "received": int(received.timestamp() * 1000),
        "topic_device": device,
        "client": device,
    } | more


COUNSELLOR = Session("T0001", "counsellor", "王老师", school="S01")
OFFICER = Session("T0002", "school-officer", "李老师", school="S01")
OF_STUDENTS = "/api/archive/students"


def session_of(one: Student = SU) -> Session:
    return Session(one.student, "student", one.name)


class School(Library):
    """A school whose students claim things and whose people decide about them."""

    def claim(self, who: Student = SU, session: Session | None = None, **fields: Any) -> SimpleNamespace:
        told = {"kind": "award", "title": "数学建模竞赛", "day": "2026-03-01", "level": "province"}
        told |= {"idempotency_key": uuid.uuid4().hex} | fields
        path = f"{OF_STUDENTS}/{who.student}/claims"
        return self.cloud.call("archive/claim", session or session_of(who), "POST", path, told)

    def dispute(self, key: str, words: str = "不是我借的", who: Student = SU, **fields: Any) -> SimpleNamespace:
        told = {"words": words, "idempotency_key": uuid.uuid4().hex} | fields
        path = f"{OF_STUDENTS}/{who.student}/records/{path_of(key)}/dispute"
        return self.cloud.call("archive/claim", session_of(who), "POST", path, told)

    def decide(
        self, deed: str, key: str, session: Session = COUNSELLOR, student: str = SU.student, **fields: Any
    ) -> SimpleNamespace:
        """Do `deed` to the record as it is, unless a version is given."""
        known = Archive().record(student, key)
        told = {"version": known.version if known else 1, "idempotency_key": uuid.uuid4().hex} | fields
        path = f"{OF_STUDENTS}/{student}/records/{path_of(key)}/{deed}"
        return self.cloud.call("archive/certify", session, "POST", path, told)

    def many(self, number: int, kind: str = "service", students: int = 5) -> list[Record]:
        """So many claims of a kind, of several students, one after the other."""
        whose = [student(one) for one in range(1, students + 1)]
        self.enrol(*whose)
        made = [
            record(
                place,
                kind,
                whose[place % students].student,
                source="claim",
                state="pending",
                certification=None,
                entity="",
                title=f"志愿服务 {place}",
                via="claim",
                as_of=stamp(AT + timedelta(minutes=place)),
            )
            for place in range(number)
        ]
        for one in made:
            Archive().add(one, "S01")
        return made

    def begin(self, kind: str = "service", session: Session = COUNSELLOR, **fields: Any) -> SimpleNamespace:
        told = {"kind": kind, "idempotency_key": uuid.uuid4().hex} | fields
        return self.cloud.call("archive/certify", session, "POST", "/api/archive/certify/begin", told)

    def end(self, deed: str, round: str, session: Session = COUNSELLOR) -> SimpleNamespace:
        """Certify the "rest" of a round, or "give-up"."""
        return self.cloud.call("archive/certify", session, "POST", f"/api/archive/certify/{deed}", {"round": round})

    def decide_sample(self, begun: SimpleNamespace, deed: str = "certify", **fields: Any) -> None:
        for one in begun.json["sample"]:
            answer = self.decide(deed, key_of(one["record"]), student=one["student"], **fields)
            assert answer.status == 200, answer.json


__all__ = [
    "AT",
    "BEGINS",
    "COUNSELLOR",
    "DOOR",
    "GATE",
    "HEARD",
    "LOANS",
    "OFFICER",
    "OF_STUDENTS",
    "SU",
    "Library",
    "School",
    "activity",
    "as_csv",
    "fill",
    "loan",
    "member",
    "passed",
    "put_members",
    "readers_csv",
    "record",
    "register_csv",
    "session_of",
    "student",
    "with_archive",
]
