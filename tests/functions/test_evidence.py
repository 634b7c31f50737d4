"""Evidence from the moment a graduate asks to upload it until somebody looks at it: nothing but what was accepted."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto import mock_aws
from yinji.clearance import definition, evidence
from yinji.clearance.evidence import MOST_A_DAY
from yinji.clearance.store import Store
from yinji.identity.session import Session
from yinji.platform import clock, objects

from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer, store
from tests.graduates import LIN, graduate
from tests.unit.test_inspection import image, made, on_opening, pdf, photograph, written

pytestmark = pytest.mark.slow

MASTER = replace(LIN, category="postgraduate", flags=frozenset({"thesis"}))
GUEST = graduate(2, category="international", flags=frozenset())
GUEST_SESSION = Session(GUEST.student, "student", GUEST.name)
LIBRARY = officer("library")
ASKED = {"step": "thesis-deposit", "action": "upload-thesis", "field": "thesis", "type": "application/pdf", "size": 900}


@pytest.fixture
def opened(cloud: Cloud) -> Cloud:
    cloud.open(MASTER, GUEST)
    return cloud


def root(student: str = LIN.student) -> str:
    return f"/api/clearance/cases/{student}/evidence"


def begin(cloud: Cloud, session: Session = STUDENT, student: str = LIN.student, **other: Any) -> SimpleNamespace:
    return cloud.call("clearance/evidence_upload", session, "POST", root(student), ASKED | other)


def told(cloud: Cloud, id: str, session: Session = STUDENT, **more: Any) -> SimpleNamespace:
    return cloud.call("clearance/evidence_upload", session, "GET", f"{root(session.sub)}/{id}", **more)


def arrive(cloud: Cloud, upload: Any, data: bytes) -> None:
    """What S3 does with a form that a browser posts to it."""
    cloud.s3.put_object(Bucket="intake", Key=upload["fields"]["key"], Body=data)
    cloud.deliver(upload["fields"]["key"], "clearance/evidence_arrived")


def uploaded(cloud: Cloud, data: bytes | None = None) -> str:
    upload = begin(cloud).json
    arrive(cloud, upload, pdf() if data is None else data)
    return str(upload["id"])


def hand_in_anew(cloud: Cloud, student: str) -> str:
    """Everything from asking to the accepted answer; the upload's id."""
    session = Session(student, "student", "x")
    upload = begin(cloud, session, student).json
    arrive(cloud, upload, pdf())
    assert told(cloud, upload["id"], session).json["status"] == "accepted"
    assert hand_in(cloud, upload["id"], session, student).status == 200
    return str(upload["id"])


def keys(cloud: Cloud, bucket: str) -> list[str]:
    found = cloud.s3.list_objects_v2(Bucket=bucket, Prefix="evidence/").get("Contents", [])
    return [entry["Key"] for entry in found]


def fetch(cloud: Cloud, session: Session | None, id: str, part: str = "file", student: str = LIN.student) -> Any:
    return cloud.call("clearance/evidence_download", session, "GET", f"{root(student)}/{id}/{part}")


def hand_in(cloud: Cloud, id: str, session: Session = STUDENT, student: str = LIN.student) -> SimpleNamespace:
    fields = {"thesis_title": "围城研究", "thesis": id, "same_as_print": "yes"}
    return cloud.act(session, "thesis-deposit", "upload-thesis", student, **fields)


# --- asking --------------------------------------------------------------------------------------------------
def test_a_form_lets_one_object_of_that_type_and_size_be_put_for_a_quarter_of_an_hour(opened: Cloud) -> None:
    answer = begin(opened)
    assert answer.status == 200
    key = f"evidence/thesis-deposit/{LIN.student}/{answer.json['id']}"
    assert answer.json["fields"]["key"] == key
    assert answer.json["fields"]["Content-Type"] == "application/pdf"
    policy = json.loads(base64.b64decode(answer.json["fields"]["policy"]))
    assert ["content-length-range", 0, 50 * 2**20] in policy["conditions"]
    assert {"Content-Type": "application/pdf"} in policy["conditions"] and {"key": key} in policy["conditions"]
    assert {"bucket": "intake"} in policy["conditions"]
    left = clock.instant(policy["expiration"]) - clock.now()
    assert 800 < left.total_seconds() <= 900
    assert told(opened, answer.json["id"]).json["status"] == "expected"


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-1"])
def test_addresses_name_the_host_that_the_pages_let_the_browser_reach(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_REGION", region)
    with mock_aws():
        post = objects.client().generate_presigned_post(Bucket="yinji-intake-123456789012", Key="x")
    place = urlsplit(post["url"])
    assert f"{place.scheme}://{place.netloc}" == f"https://yinji-intake-123456789012.s3.{region}.amazonaws.com"


@pytest.mark.parametrize(
    ("other", "status", "code"),
    [
        ({"step": "no-such"}, 404, "not-found"),
        ({"action": "sign-off"}, 404, "not-found"),
        ({"field": "thesis_title"}, 404, "not-found"),
        ({"step": "residence-permit", "action": "send-permit", "field": "permit"}, 404, "not-applicable"),
        ({"type": "image/jpeg"}, 422, "upload-type"),
        ({"type": "application/vnd.ms-word.document.macroEnabled.12"}, 422, "upload-type"),
        ({"size": 50 * 2**20 + 1}, 422, "upload-too-large"),
        ({"size": -1}, 400, "malformed-request"),
        ({"size": "x"}, 400, "malformed-request"),
        ({"size": "٣"}, 400, "malformed-request"),
    ],
)
def test_only_what_a_question_asks_for_can_be_uploaded(
    opened: Cloud, other: dict[str, Any], status: int, code: str
) -> None:
    answer = begin(opened, **other)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert not [item for item in everything(opened) if item["sk"]["S"].startswith("UPLOAD")]


def everything(cloud: Cloud) -> list[dict[str, Any]]:
    return cloud.dynamodb.scan(TableName="Cases")["Items"]


@pytest.mark.parametrize(
    ("shut", "code"),
    [
        ({"withdrawn_at": clock.now()}, "case-withdrawn"),
        ({"opens_on": clock.today() + timedelta(days=1)}, "not-open-yet"),
    ],
)
def test_a_case_that_nobody_may_act_on_takes_no_documents_either(
    opened: Cloud, shut: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = replace(opened.case(), **shut)
    monkeypatch.setattr(Store, "get", lambda *_: case)
    answer = begin(opened)
    assert (answer.status, answer.json["code"]) == (409, code)
    assert not [item for item in everything(opened) if item["sk"]["S"].startswith("UPLOAD")]


def test_nobody_uploads_for_somebody_else(opened: Cloud) -> None:
    for session in (GUEST_SESSION, COUNSELLOR, LIBRARY, Session("a", "administrator", "a")):
        assert begin(opened, session).json["code"] == "forbidden"
    assert begin(opened, STUDENT, GUEST.student).json["code"] == "forbidden"
    other = {"sec-fetch-site": "cross-site"}
    path = root()
    assert opened.call("clearance/evidence_upload", STUDENT, "POST", path, ASKED, headers=other).status == 403


def test_an_action_of_another_flow_and_a_step_that_is_done_take_nothing(opened: Cloud) -> None:
    asked = {"step": "residence-permit", "action": "send-record", "field": "record", "type": "image/jpeg"}
    assert begin(opened, GUEST_SESSION, GUEST.student, **asked).json["code"] == "not-possible-now"
    assert hand_in(opened, uploaded(opened)).status == 200
    assert opened.act(LIBRARY, "thesis-deposit", "sign-off").status == 200
    assert begin(opened).json["code"] == "not-possible-now"


def test_uploads_of_a_day_are_counted_by_step_and_no_race_gets_by(opened: Cloud) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(begin(opened).status)) for _ in range(MOST_A_DAY + 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * MOST_A_DAY + [429] * 5
    asked = {"step": "residence-permit", "action": "send-permit", "field": "permit", "type": "image/png"}
    assert begin(opened, GUEST_SESSION, GUEST.student, **asked).status == 200


# --- arriving ------------------------------------------------------------------------------------------------
def test_what_is_accepted_lies_clean_among_the_documents_and_nowhere_else(opened: Cloud) -> None:
    id = uploaded(opened)
    answer = told(opened, id)
    assert answer.json["status"] == "accepted" and answer.json["type"] == "application/pdf"
    upload = store().upload(LIN.student, id)
    assert upload and keys(opened, "documents") == sorted([upload.document_key, upload.thumbnail_key])
    assert keys(opened, "intake") == []
    kept = opened.s3.get_object(Bucket="documents", Key=upload.document_key)
    assert kept["ContentType"] == "application/pdf" and len(kept["Body"].read()) == upload.size


def test_a_photograph_is_kept_without_where_it_was_taken(opened: Cloud) -> None:
    asked = {"step": "residence-permit", "action": "send-permit", "field": "permit", "type": "image/jpeg"}
    upload = begin(opened, GUEST_SESSION, GUEST.student, **asked).json
    arrive(opened, upload, photograph())
    known = store().upload(GUEST.student, upload["id"])
    assert known and known.status == "accepted"
    kept = opened.s3.get_object(Bucket="documents", Key=known.document_key)["Body"].read()
    assert b"SECRETPHONE" not in kept and b"Exif" not in kept
    fields = {"permit": upload["id"], "expires_on": clock.today().isoformat()}
    assert opened.act(GUEST_SESSION, "residence-permit", "send-permit", GUEST.student, **fields).status == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (made(on_opening), "active"),
        (written(image(), "png"), "wrong-type"),
        (pdf()[:300], "damaged"),
        (b"PK\x03\x04", "office"),
    ],
)
def test_what_is_refused_is_gone_and_the_graduate_learns_why_in_their_language(
    opened: Cloud, data: bytes, code: str
) -> None:
    id = uploaded(opened, data)
    for language in ("zh", "en"):
        answer = told(opened, id, headers={"accept-language": language})
        assert answer.json["status"] == "refused"
        assert answer.json["reason"] == {"code": code, "text": evidence.refusals()[code][language]}
    assert keys(opened, "intake") == keys(opened, "documents") == []
    assert hand_in(opened, id).json["code"] == "invalid-form"


def test_a_delivery_that_comes_twice_or_late_changes_nothing(opened: Cloud) -> None:
    upload = begin(opened).json
    arrive(opened, upload, pdf())
    before, known = told(opened, upload["id"]).json, keys(opened, "documents")
    opened.deliver(upload["fields"]["key"], "clearance/evidence_arrived")
    arrive(opened, upload, pdf(3))
    assert (told(opened, upload["id"]).json, keys(opened, "documents")) == (before, known)
    assert keys(opened, "intake") == []


def test_of_two_documents_under_one_address_the_one_that_is_found_was_accepted(
    opened: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second document is accepted while the first is being looked into."""
    upload = begin(opened).json
    settle = Store.settle_upload

    def slowly(self: Store, mine: Any) -> bool:
        monkeypatch.setattr(Store, "settle_upload", settle)
        arrive(opened, upload, pdf(7))
        return settle(self, mine)

    monkeypatch.setattr(Store, "settle_upload", slowly)
    arrive(opened, upload, pdf(2))
    known = store().upload(LIN.student, upload["id"])
    assert known and known.pages == 7
    assert keys(opened, "documents") == sorted([known.document_key, known.thumbnail_key])


def test_what_nobody_asked_for_is_taken_away(opened: Cloud) -> None:
    upload = begin(opened).json
    stray = f"evidence/residence-permit/{LIN.student}/{upload['id']}"
    for key in (f"evidence/thesis-deposit/{LIN.student}/{'0' * 32}", stray, "evidence/x", "evidence///"):
        opened.s3.put_object(Bucket="intake", Key=key, Body=pdf())
        opened.deliver(key, "clearance/evidence_arrived")
    assert keys(opened, "intake") == keys(opened, "documents") == []
    assert told(opened, upload["id"]).json["status"] == "expected"


def test_what_was_left_lying_is_brought_again(opened: Cloud) -> None:
    upload = begin(opened).json
    opened.s3.put_object(Bucket="intake", Key=upload["fields"]["key"], Body=pdf())
    opened.said.clear()
    opened.invoke("clearance/reconcile", {"patience_seconds": -5})
    [left] = [detail for kind, detail in opened.said if kind == "intake-left" and "evidence/" in detail["key"]]
    opened.invoke("clearance/evidence_arrived", {"id": "m", "detail-type": "intake-left", "detail": left})
    assert told(opened, upload["id"]).json["status"] == "accepted"


def test_what_comes_to_nothing_is_forgotten_and_what_is_accepted_is_not(opened: Cloud) -> None:
    waits, taken, refused = begin(opened).json["id"], uploaded(opened), uploaded(opened, b"x")
    items = {item["sk"]["S"]: item for item in everything(opened) if item["sk"]["S"].startswith("UPLOAD#")}
    assert {id: "expires_at" in items[f"UPLOAD#{id}"] for id in (waits, taken, refused)} == {
        waits: True,
        taken: False,
        refused: True,
    }
    assert all("school" not in item or item["sk"]["S"] == "CASE" for item in everything(opened))


# --- answering with it ---------------------------------------------------------------------------------------
def test_a_thesis_is_handed_in_signed_off_or_sent_back(opened: Cloud) -> None:
    first = uploaded(opened)
    assert hand_in(opened, first).json["state"] == "submitted"
    assert opened.act(LIBRARY, "thesis-deposit", "send-back", reason="缺声明页").status == 200
    assert opened.case().steps["thesis-deposit"].facts.answers == {}
    assert hand_in(opened, uploaded(opened)).json["state"] == "submitted"
    assert opened.act(LIBRARY, "thesis-deposit", "sign-off").json["state"] == "done"


def test_an_answer_is_an_accepted_document_of_this_graduate_and_question(opened: Cloud) -> None:
    asked = {"step": "residence-permit", "action": "send-permit", "field": "permit", "type": "application/pdf"}
    of_another = begin(opened, GUEST_SESSION, GUEST.student, **asked).json
    arrive(opened, of_another, pdf())
    waiting = begin(opened).json["id"]
    moved = replace(store().upload(LIN.student, uploaded(opened)), step="residence-permit", id="f" * 32)  # type: ignore[type-var]
    store().expect(replace(moved, status="expected"), clock.today())
    store().settle_upload(moved)
    for id in (of_another["id"], waiting, moved.id, "0" * 32, "../x", "A" * 32):
        answer = hand_in(opened, id)
        assert (answer.status, answer.json["code"]) == (422, "invalid-form"), id
        assert answer.json["errors"] == [{"field": "thesis", "code": "invalid"}]
    assert opened.case().state("thesis-deposit") == "ready"


def test_the_date_beside_a_document_must_make_sense(opened: Cloud) -> None:
    asked = {"step": "residence-permit", "action": "send-permit", "field": "permit", "type": "image/png"}
    upload = begin(opened, GUEST_SESSION, GUEST.student, **asked).json
    arrive(opened, upload, written(image(), "png"))
    act: Callable[[str], Any] = lambda day: opened.act(  # noqa: E731
        GUEST_SESSION, "residence-permit", "send-permit", GUEST.student, permit=upload["id"], expires_on=day
    )
    assert act("2020-01-01").json["code"] == "date-past"
    assert act(clock.today().isoformat()).status == 200


# --- looking at it -------------------------------------------------------------------------------------------
def test_a_file_is_fetched_from_s3_by_an_address_that_is_good_for_a_minute(opened: Cloud) -> None:
    id = uploaded(opened)
    answer = fetch(opened, LIBRARY, id)
    assert answer.status == 303 and answer.headers["Cache-Control"] == "no-store"
    place = urlsplit(answer.headers["Location"])
    query = {name: values[0] for name, values in parse_qs(place.query).items()}
    upload = store().upload(LIN.student, id)
    assert upload and place.path == f"/{upload.document_key}"
    assert query["X-Amz-Expires"] == "60"
    assert query["response-content-disposition"] == 'inline; filename="thesis-deposit.pdf"'
    assert query["response-content-type"] == "application/pdf"


def test_a_thumbnail_comes_from_our_own_origin(opened: Cloud) -> None:
    answer = fetch(opened, STUDENT, uploaded(opened), "thumbnail")
    assert answer.status == 200 and answer.encoded
    assert base64.b64decode(answer.body).startswith(b"\xff\xd8")
    assert answer.headers["Content-Type"] == "image/jpeg" and "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (STUDENT, 303),
        (GUEST_SESSION, 403),
        (COUNSELLOR, 303),
        (Session("T2", "school-officer", "x", school="S01"), 303),
        (Session("T3", "counsellor", "x", school="S02"), 403),
        (LIBRARY, 303),
        (officer("finance"), 403),
        (Session("T4", "department-officer", "x"), 403),
        (Session("T5", "administrator", "x"), 403),
        (Session("T6", "auditor", "x"), 403),
        (None, 401),
    ],
    ids=lambda thing: f"{thing.role} {thing.school or thing.department}" if isinstance(thing, Session) else str(thing),
)
def test_who_sees_the_answers_of_a_step_sees_its_documents_and_nobody_else(
    opened: Cloud, who: Session | None, status: int
) -> None:
    id = uploaded(opened)
    for part in ("file", "thumbnail"):
        expected = 200 if (status, part) == (303, "thumbnail") else status
        assert fetch(opened, who, id, part).status == expected
        if status == 403 and who and who.role in ("student", "counsellor"):
            assert fetch(opened, who, "0" * 32, part).status == 403, "nor do they learn whether there is one"


def test_a_confidential_step_keeps_its_documents_from_the_school(
    opened: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = uploaded(opened)
    steps = definition.steps()
    hidden = dict(steps) | {"thesis-deposit": replace(steps["thesis-deposit"], confidential=True)}
    monkeypatch.setattr(definition, "steps", lambda: hidden)
    assert fetch(opened, COUNSELLOR, id).status == 403
    assert fetch(opened, LIBRARY, id).status == fetch(opened, STUDENT, id).status == 303


def test_what_was_not_accepted_and_what_is_somebody_elses_is_not_found(opened: Cloud) -> None:
    for id in (begin(opened).json["id"], uploaded(opened, b"x"), "0" * 32):
        assert fetch(opened, STUDENT, id).status == 404
    mine = uploaded(opened)
    assert fetch(opened, GUEST_SESSION, mine, student=GUEST.student).status == 404
    assert told(opened, mine, GUEST_SESSION).status == 404


def test_an_address_is_signed_for_the_documents_bucket_only(opened: Cloud) -> None:
    place = urlsplit(fetch(opened, STUDENT, uploaded(opened)).headers["Location"])
    assert place.netloc == "documents.s3.us-east-1.amazonaws.com" or place.path.startswith("/documents/")


def test_a_large_photograph_still_has_a_small_thumbnail(opened: Cloud) -> None:
    out = io.BytesIO()
    image((4000, 3000)).save(out, "JPEG")
    asked = {"step": "residence-permit", "action": "send-permit", "field": "permit", "type": "image/jpeg"}
    upload = begin(opened, GUEST_SESSION, GUEST.student, **asked).json
    arrive(opened, upload, out.getvalue())
    answer = fetch(opened, GUEST_SESSION, upload["id"], "thumbnail", GUEST.student)
    assert 500 < len(base64.b64decode(answer.body)) < 30_000
