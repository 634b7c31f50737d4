"""Students, records and what source systems deliver, for tests of the growth archive."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from yinji.archive.record import Certification, Record, key_of, path_of
from yinji.archive.store import Archive
from yinji.archive.student import COLUMNS, Student
from yinji.identity.session import Session
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
        for message in self.cloud.taken_out("LOAD"):
            self.cloud.send("archive/load", message)

    def report(self, key: str) -> dict[str, Any]:
        return json.loads(self.cloud.s3.get_object(Bucket="archive", Key=f"reports/{key}.json")["Body"].read())


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
    "AT", "COUNSELLOR", "LOANS", "OFFICER", "OF_STUDENTS", "SU", "Library", "School", "as_csv", "loan", "record",
    "register_csv", "session_of", "student",
]  # fmt: skip
