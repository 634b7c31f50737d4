"""The certificate: made once, however often it is asked for, and found by whom it belongs to."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from yinji.clearance import codes
from yinji.clearance.case import Case, Change, Graduate, open_case
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock

from tests import handlers
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.functions.test_store import together
from tests.graduates import BATCH, LIN, event
from tests.unit.test_case import FULL, settled

MAKE, FETCH = "clearance/certificate", "clearance/certificate_download"
MESSAGE = {
    "id": "1",
    "source": "yinji.clearance",
    "detail-type": "case-finished",
    "detail": {"student": LIN.student, "version": 9},
}
PATH = f"/api/clearance/cases/{LIN.student}/certificate"


def finish(who: Graduate = LIN) -> Case:
    """`who` with a finished case in the table."""
    store().declare(BATCH)
    opening = open_case(who, BATCH, event("open"))
    store().open(Change(None, replace(settled(opening.after, until=""), version=1), opening.event))
    case = store().get(who.student)
    assert case and case.finished
    return case


def documents(cloud: Cloud) -> list[str]:
    found = cloud.s3.list_objects_v2(Bucket="documents", Prefix="certificates/")
    return [entry["Key"] for entry in found.get("Contents", [])]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the documents say, instead of drawing them."""
    said: list[Any] = []

    def draw(data: Any, at: Any) -> bytes:
        said.append(data)
        return f"%PDF {data.code}".encode()

    monkeypatch.setattr(handlers.warm(MAKE), "certificate_pdf", draw)
    return said


def test_a_finished_case_gets_its_certificate(cloud: Cloud, drawn: list[Any]) -> None:
    finish()
    cloud.invoke(MAKE, MESSAGE)
    case = cloud.case()
    code = case.certificate.code
    assert codes.normal(code) == code
    assert documents(cloud) == [f"certificates/{LIN.student}/{code}.pdf"]
    record = store().certificate(code)
    assert record and (record.student, record.name, record.issued_at) == (
        LIN.student,
        LIN.name,
        case.certificate.issued_at,
    )
    assert drawn[0].verify_url == f"https://yinji.example.edu/verify/{code}"
    assert [line.title.en for line in drawn[0].steps][-1] == "Diploma"
    assert len(drawn[0].steps) == len(case.steps)


def test_a_certificate_of_late_evening_in_greenwich_is_of_the_campus_s_next_day(
    cloud: Cloud, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish()
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 15, 20, 0, tzinfo=UTC))
    cloud.invoke(MAKE, MESSAGE)
    assert drawn[0].issued_on == date(2026, 6, 16)
    assert store().events(LIN.student)[-1].what == "certificate-issued"


def test_a_repeated_message_makes_no_second_one(cloud: Cloud, drawn: list[Any]) -> None:
    finish()
    for _ in range(3):
        cloud.invoke(MAKE, MESSAGE)
    assert len(documents(cloud)) == len(drawn) == 1
    assert cloud.case().version == 2


def test_who_is_not_finished_or_not_there_gets_none(cloud: Cloud, drawn: list[Any]) -> None:
    cloud.invoke(MAKE, MESSAGE)
    cloud.open()
    cloud.invoke(MAKE, MESSAGE)
    assert documents(cloud) == drawn == []
    assert cloud.case().certificate is None


def test_of_two_at_once_one_document_stays_and_the_case_names_it(cloud: Cloud, drawn: list[Any]) -> None:
    finish()
    together([lambda: cloud.invoke(MAKE, MESSAGE) for _ in range(4)])
    assert documents(cloud) == [codes.document_key(LIN.student, cloud.case().certificate.code)]
    assert cloud.case().version == 2


def test_a_lost_answer_does_not_take_the_document_away(
    cloud: Cloud, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish()
    certify = Store.certify

    def lost(self: Store, change: Change) -> bool:
        assert certify(self, change)
        return certify(self, change)  # as a repetition after a lost answer finds it

    monkeypatch.setattr(Store, "certify", lost)
    cloud.invoke(MAKE, MESSAGE)
    assert documents(cloud) == [codes.document_key(LIN.student, cloud.case().certificate.code)]


def test_a_crash_before_the_case_names_it_is_made_up_for(
    cloud: Cloud, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "certify", lambda self, change: (_ for _ in ()).throw(ConnectionError("gone")))
        with pytest.raises(ConnectionError):
            cloud.invoke(MAKE, MESSAGE)
    assert cloud.case().certificate is None
    cloud.invoke(MAKE, MESSAGE)
    assert codes.document_key(LIN.student, cloud.case().certificate.code) in documents(cloud)


def test_a_case_that_changed_meanwhile_is_tried_again(
    cloud: Cloud, drawn: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish()
    monkeypatch.setattr(Store, "certify", lambda self, change: False)
    with pytest.raises(RuntimeError, match="try again"):
        cloud.invoke(MAKE, MESSAGE)
    assert documents(cloud) == []


def test_a_certificate_is_fetched_by_whom_it_belongs_to(cloud: Cloud, drawn: list[Any]) -> None:
    finish()
    assert cloud.call(FETCH, STUDENT, "GET", PATH).json["code"] == "not-found"
    cloud.invoke(MAKE, MESSAGE)
    code = cloud.case().certificate.code
    for session in (STUDENT, COUNSELLOR, officer("library"), Session("A", "auditor", "x")):
        answer = cloud.call(FETCH, session, "GET", PATH)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert base64.b64decode(answer.body) == f"%PDF {code}".encode()
    for session, status in [
        (None, 401),
        (Session("2022S01999", "student", "x"), 403),
        (Session("T", "counsellor", "x", school="S02"), 403),
    ]:
        assert cloud.call(FETCH, session, "GET", PATH).status == status


@pytest.mark.slow
@pytest.mark.parametrize(
    "who",
    [
        LIN,
        FULL,
        replace(LIN, name="𠮷野㛃", name_latin="Yoshino"),
        replace(LIN, name="阿卜杜热合曼·买买提明·吐尔逊", name_latin="Abdurahman Mamatimin Tursun"),
        replace(
            LIN,
            name="Nguyễn Thị Minh Khai",
            name_latin="Nguyễn Thị Minh Khai",
            nationality="VN",
            category="international",
        ),
        replace(LIN, name="محمد علي", name_latin="Muhammad Ali", nationality="PK", category="international"),
        replace(LIN, name="长" * 60, name_latin="Longname" * 12, programme="专业" * 40),
    ],
    ids=["plain", "every step", "rare", "long", "accents", "right to left", "endless"],
)
def test_a_real_certificate_says_who_and_what(cloud: Cloud, who: Graduate) -> None:
    from pypdf import PdfReader

    case = finish(who)
    message = MESSAGE | {"detail": {"student": who.student, "version": 1}}
    cloud.invoke(MAKE, message)
    code = cloud.case(who.student).certificate.code
    body = cloud.s3.get_object(Bucket="documents", Key=codes.document_key(who.student, code))["Body"].read()
    reader = PdfReader(io.BytesIO(body))
    assert len(reader.pages) == 1
    text = "".join(reader.pages[0].extract_text().split())
    assert who.student in text
    assert code in text.replace("-", "")
    assert "江屿大学" in text and "Schoolapproval" in text.replace("\u00a0", "")
    if who.name.isascii() or "一" <= who.name[0] <= "\u9fff":
        assert "".join(who.name.split())[:8] in text
    assert case.finished
