"""Claims: what students say they did, with evidence, and what they say is wrong with a record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from yinji.archive.record import Record, key_of
from yinji.archive.store import Archive
from yinji.clearance.evidence import MOST_A_DAY
from yinji.platform import clock

from tests.archives import COUNSELLOR, OF_STUDENTS, SU, School, loan, session_of, student
from tests.functions.conftest import Cloud, officer
from tests.unit.test_inspection import pdf, photograph

pytestmark = pytest.mark.slow


@pytest.fixture
def school(cloud: Cloud) -> School:
    made = School(cloud)
    made.enrol(SU, student(2))
    return made


def only(who: str = SU.student) -> Record:
    [found] = Archive().records(who)
    return found


def change(school: School, id: str, deed: str = "change", **fields: Any) -> SimpleNamespace:
    path = f"{OF_STUDENTS}/{SU.student}/claims/{id}/{deed}"
    told = {"version": only().version, "idempotency_key": f"change-{deed}-1"} | fields
    return school.cloud.call("archive/claim", session_of(), "POST", path, told)


def begin(school: School, **other: Any) -> SimpleNamespace:
    told = {"field": "evidence", "type": "application/pdf", "size": 900} | other
    return school.cloud.call(
        "archive/claim_evidence", session_of(), "POST", f"{OF_STUDENTS}/{SU.student}/evidence", told
    )


def uploaded(school: School, data: bytes | None = None) -> str:
    """Everything from asking to what was found in it."""
    upload = begin(school).json
    school.cloud.s3.put_object(Bucket="intake", Key=upload["fields"]["key"], Body=data or pdf())
    school.cloud.deliver(upload["fields"]["key"], "clearance/evidence_arrived")
    return str(upload["id"])


def look(school: School, session: Any, id: str, part: str = "/file") -> SimpleNamespace:
    path = f"{OF_STUDENTS}/{SU.student}/evidence/{id}{part}"
    return school.cloud.call("archive/claim_evidence", session, "GET", path)


# --- claiming ------------------------------------------------------------------------------------------------
def test_a_claim_waits_to_be_certified_and_counts_nothing_yet(school: School) -> None:
    answer = school.claim(hours="1.5")
    assert answer.status == 200 and answer.json["state"] == "pending"
    kept = only()
    assert (kept.path, kept.source, kept.via) == (answer.json["record"], "claim", "claim")
    assert (kept.title, kept.level, kept.minutes, kept.state) == ("数学建模竞赛", "province", 90, "pending")
    [event] = Archive().events(SU.student, kept.key)
    assert (event.what, event.who, event.role) == ("claimed", SU.student, "student")
    found = Archive().refresh(SU.student)
    assert found and found.waiting == 1 and found.score() == 0
    assert [one.key for one in Archive().waiting("S01", 10)[0]] == [kept.key]


def test_a_claim_that_is_sent_twice_is_one(school: School) -> None:
    first = school.claim(idempotency_key="the-same-key")
    assert school.claim(idempotency_key="the-same-key").json == first.json
    assert school.claim(idempotency_key="the-same-key", title="另一个").json["code"] == "key-reused"
    assert only().title == "数学建模竞赛"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"kind": "library-visit"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"day": "2999-01-01"}, "day"),
        ({"day": "1999-01-01"}, "day"),
        ({"day": "gestern"}, "day"),
        ({"hours": "-1"}, "hours"),
        ({"hours": "nan"}, "hours"),
        ({"hours": "9999"}, "hours"),
        ({"dimension": "magic"}, "dimension"),
        ({"kind": "service", "level": "province"}, "level"),
        ({"evidence": "0" * 32}, "evidence"),
        ({"evidence": "../../x"}, "evidence"),
        ({"state": "certified"}, "state"),
        ({"title": "\u202e\u202e"}, "title"),
    ],
)
def test_what_cannot_be_right_is_refused_and_named(school: School, fields: dict[str, Any], wrong: str) -> None:
    answer = school.claim(**fields)
    assert (answer.status, answer.json["code"]) == (422, "invalid-form")
    assert [one["field"] for one in answer.json["errors"]] == [wrong]
    assert not Archive().records(SU.student)


def test_nobody_claims_for_somebody_else(school: School) -> None:
    for session in (session_of(student(2)), COUNSELLOR, officer("student-affairs")):
        assert school.claim(session=session).json["code"] == "forbidden"
    assert not Archive().records(SU.student)


def test_who_has_no_archive_is_told_so(school: School) -> None:
    assert school.claim(who=student(9)).json["code"] == "no-archive"


def test_a_form_without_script_is_led_back_to_its_page(school: School) -> None:
    fields = [("kind", "award"), ("title", ""), ("day", "2026-03-01"), ("level", ""), ("idempotency_key", "12345678")]
    fields.append(("next", "/archive/claim?at=claim.make#notice"))
    path = f"{OF_STUDENTS}/{SU.student}/claims"
    answer = school.cloud.call("archive/claim", session_of(), "POST", path, fields)
    assert answer.status == 303 and "problem=invalid-form&fields=title" in answer.headers["Location"]


# --- while it waits ------------------------------------------------------------------------------------------
def test_a_claim_is_changed_while_it_waits_and_what_it_was_is_kept(school: School) -> None:
    school.claim()
    told = {"kind": "award", "title": "美赛", "day": "2026-03-02"}
    assert change(school, only().id, **told).status == 200
    assert change(school, only().id, **told).status == 200, "sent again"
    kept = only()
    assert (kept.title, kept.level, kept.version) == ("美赛", "", 2)
    last = Archive().events(SU.student, kept.key)[-1]
    assert last.what == "changed" and last.was
    assert last.was == {"title": "数学建模竞赛", "level": "province", "day": "2026-03-01"}


def test_a_claim_is_taken_back_while_it_waits(school: School) -> None:
    school.claim()
    assert change(school, only().id, "withdraw").json["state"] == "void"
    assert Archive().waiting("S01", 10) == ([], "")
    assert change(school, only().id, "withdraw", idempotency_key="another-key").json["code"] == "decided-already"


def test_what_was_decided_is_neither_changed_nor_taken_back(school: School) -> None:
    school.claim()
    assert school.decide("certify", only().key).status == 200
    for deed in ("change", "withdraw"):
        fields = {"kind": "award", "title": "美赛", "day": "2026-03-02"} if deed == "change" else {}
        assert change(school, only().id, deed, **fields).json["code"] == "decided-already"
    assert only().counts


def test_of_a_change_and_a_decision_the_first_one_stands(school: School) -> None:
    school.claim()
    told = {"kind": "award", "title": "美赛", "day": "2026-03-02"}
    assert change(school, only().id, **told).status == 200
    answer = school.decide("certify", only().key, version=1)
    assert (answer.status, answer.json["code"]) == (409, "changed-meanwhile")
    assert only().state == "pending"


def test_only_claims_are_changed_and_only_ones_own(school: School) -> None:
    school.loans(loan(1))
    path = f"{OF_STUDENTS}/{SU.student}/claims/L1/withdraw"
    told = {"version": 1, "idempotency_key": "12345678"}
    assert school.cloud.call("archive/claim", session_of(), "POST", path, told).json["code"] == "not-found"
    path = f"{OF_STUDENTS}/{SU.student}/claims/x/withdraw"
    for session in (session_of(student(2)), COUNSELLOR):
        assert school.cloud.call("archive/claim", session, "POST", path, told).json["code"] == "forbidden"


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "1.0", "٣", "9" * 9])
def test_who_changes_something_says_what_they_saw(school: School, version: str) -> None:
    school.claim()
    assert change(school, only().id, "withdraw", version=version).json["code"] == "malformed-request"


# --- evidence ------------------------------------------------------------------------------------------------
def test_evidence_of_a_claim_is_looked_into_and_shown_as_that_of_a_step(school: School) -> None:
    id = uploaded(school)
    assert look(school, session_of(), id, "").json == {
        "id": id, "step": "archive-claim", "field": "evidence", "status": "accepted", "type": "application/pdf",
        "size": look(school, session_of(), id, "").json["size"],
    }  # fmt: skip
    assert school.claim(evidence=id).status == 200
    assert only().evidence == {"evidence": id}
    school.cloud.looks()
    for session in (session_of(), COUNSELLOR, officer("student-affairs")):
        assert look(school, session, id).status == 303
        assert look(school, session, id, "/thumbnail").status == 200
    seen = [(one["who"], one["what"], one["step"]) for one in school.cloud.looks()]
    assert seen == [
        (who, what, "archive-claim")
        for who in ("T0001", "officer-student-affairs")
        for what in ("document", "thumbnail")
    ]


def test_a_student_without_a_case_hands_in_evidence_too(school: School) -> None:
    assert school.cloud.case() is None
    assert uploaded(school)


def test_what_is_no_document_is_refused_and_makes_no_claim(school: School) -> None:
    id = uploaded(school, b"PK\x03\x04")
    assert look(school, session_of(), id, "").json["reason"]["code"] == "office"
    assert school.claim(evidence=id).json["code"] == "invalid-form"
    assert look(school, COUNSELLOR, id).json["code"] == "not-found"


def test_a_document_is_not_shown_to_who_may_not_see_the_archive(school: School) -> None:
    id = uploaded(school)
    others = [session_of(student(2)), officer("library"), COUNSELLOR.__class__("T9", "counsellor", "x", school="S02")]
    for session in others:
        assert look(school, session, id).json["code"] == "forbidden"
    assert look(school, COUNSELLOR, "0" * 32).json["code"] == "not-found"


def test_evidence_of_others_and_of_steps_is_no_evidence_of_a_claim(school: School) -> None:
    id = uploaded(school)
    assert school.claim(who=student(2), evidence=id).json["code"] == "invalid-form"
    path = f"/api/clearance/cases/{SU.student}/evidence/{id}"
    assert school.cloud.call("clearance/evidence_upload", session_of(), "GET", path).status == 404


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"field": "title"}, "not-found"),
        ({"type": "text/html"}, "upload-type"),
        ({"size": 10 * 2**20 + 1}, "upload-too-large"),
        ({"size": "x"}, "malformed-request"),
    ],
)
def test_only_what_the_form_asks_for_can_be_uploaded(school: School, other: dict[str, Any], code: str) -> None:
    assert begin(school, **other).json["code"] == code


def test_uploads_of_claims_are_counted_by_themselves(school: School) -> None:
    answers = [begin(school).status for _ in range(MOST_A_DAY + 1)]
    assert answers == [200] * MOST_A_DAY + [429]


def test_a_photograph_as_evidence_is_kept_without_where_it_was_taken(school: School) -> None:
    upload = begin(school, type="image/jpeg").json
    school.cloud.s3.put_object(Bucket="intake", Key=upload["fields"]["key"], Body=photograph())
    school.cloud.deliver(upload["fields"]["key"], "clearance/evidence_arrived")
    [kept] = [
        one["Key"]
        for one in school.cloud.s3.list_objects_v2(Bucket="documents", Prefix=f"evidence/{SU.student}/")["Contents"]
        if "thumbnail" not in one["Key"]
    ]
    assert b"SECRETPHONE" not in school.cloud.s3.get_object(Bucket="documents", Key=kept)["Body"].read()


# --- something is wrong here ---------------------------------------------------------------------------------
def test_what_is_said_to_be_wrong_goes_on_counting_and_stands_in_the_queue(school: School) -> None:
    school.loans(loan(1))
    answer = school.dispute("library-loans#L1")
    assert answer.status == 200
    kept = only()
    assert kept.counts and kept.disputed == "不是我借的" and kept.disputed_at
    assert [one.key for one in Archive().waiting("S01", 10)[0]] == ["library-loans#L1"]
    found = Archive().refresh(SU.student)
    assert found and found.hundreds["books"] == 1 and found.waiting == 1


def test_who_says_more_about_it_waits_since_the_first_time(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.loans(loan(1))
    school.dispute("library-loans#L1", idempotency_key="the-first")
    first = only().disputed_at
    assert school.dispute("library-loans#L1", idempotency_key="the-first").status == 200
    assert only().version == 2
    later = clock.now().replace(year=2027)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert school.dispute("library-loans#L1", "书名也不对").status == 200
    assert only().disputed == "书名也不对" and only().disputed_at == first


def test_what_is_wrong_has_to_be_said_and_of_a_record_that_there_is(school: School) -> None:
    school.loans(loan(1), loan(2, state="void"))
    assert school.dispute("library-loans#L1", " ").json["code"] == "invalid-form"
    assert school.dispute("library-loans#L1", "x" * 501).json["code"] == "invalid-form"
    assert school.dispute("library-loans#L9").json["code"] == "not-found"
    assert school.dispute(key_of("nothing")).json["code"] == "not-found"
    assert not only().disputed
