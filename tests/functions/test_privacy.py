"""No personal data in logs or metrics: markers are planted in everything that comes in, and looked for afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from yinji.clearance.case import Graduate
from yinji.clearance.store import Store
from yinji.identity.session import Session, sign
from yinji.platform.observability import logger

from tests import handlers
from tests.functions.conftest import Cloud, officer, store
from tests.functions.test_certificate import documents, finish
from tests.functions.test_feeds import row
from tests.functions.test_identity import request
from tests.functions.test_reading import record
from tests.functions.test_season import next_slot
from tests.graduates import LIN, roster_csv
from tests.sessions import begun
from tests.unit.test_inspection import pdf

pytestmark = pytest.mark.slow

MARK = "ZZQXJ"
WHO: Graduate = replace(
    LIN,
    student=f"{MARK}01",
    name=f"姓名{MARK}",
    name_latin=f"Latin{MARK}",
    email=f"{MARK}@example.edu",
    programme=f"专业{MARK}",
    class_name=f"班{MARK}",
    room=f"房{MARK}",
    flags=frozenset({"lives_in", "party_member", "household_on_campus", "student_loan"}),
)
ME = Session(WHO.student, "student", WHO.name)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], str]]:
    """Everything written since: the functions' log, their metrics, and what libraries would log."""
    caplog.set_level(logging.INFO)
    log = io.StringIO()
    handler = cast(logging.StreamHandler[Any], logger.registered_handler)
    before = handler.setStream(log)

    def read() -> str:
        out = capfd.readouterr()
        return log.getvalue() + out.out + out.err + caplog.text

    yield read
    assert before is not None
    handler.setStream(before)


def quietly(cloud: Cloud, folder: str, event: dict[str, Any]) -> str:
    """Invoke; a failure's type and text are what the runtime would write into the log."""
    try:
        cloud.invoke(folder, event)
    except Exception as error:
        return repr(error)
    return ""


def test_a_whole_season_says_nothing_of_anybody(cloud: Cloud, said: Any) -> None:
    cloud.open(WHO, replace(WHO, student=f"{MARK}02", school="S99"), replace(WHO, student=f"{MARK}03", email="x"))
    cloud.open(replace(WHO, name=f"改{MARK}"))
    cloud.put(f"rosters/2026-summer/{MARK}.csv", roster_csv([WHO]) + '"' + MARK, "clearance/open_cases")
    cloud.feed(
        "library-loans",
        {"student": WHO.student, "loans": 1, "titles": f"书{MARK}"},
        key=f"feeds/library-loans/{MARK}.csv",
    )
    cloud.feed("library-loans", {"student": WHO.student, "fines": MARK})
    cloud.feed("tuition", {"student": WHO.student, "items": f"费{MARK}", "arrears": 1})
    cloud.feed("graduation-audit", {"student": WHO.student, "passed": "no", "missing": f"课{MARK}"})
    long = f"详情{MARK}"
    acts: list[tuple[Session, str, str, dict[str, str]]] = [
        (ME, "library-loans", "declare-lost", {"which": long, "payment": "card"}),
        (officer("library"), "library-loans", "send-back", {"reason": long}),
        (officer("library"), "library-loans", "waive", {"reason": long}),
        (ME, "tuition", "confirm-agreement", {"agreed": "yes"}),
        (ME, "dormitory", "book-inspection", {"slot": next_slot()}),
        (ME, "dormitory", "book-inspection", {"slot": MARK}),
        (ME, "campus-card", "choose", {"balance_to": MARK, "mailbox": MARK}),
        (ME, "party-transfer", "declare-destination", {"organisation": long, "place": long}),
        (ME, "household-registration", "declare-destination", {"move_to": "home", "address": long}),
        (ME, "personal-file", "declare-destination", {"agreement": "signed", "receiver": long, "address": long}),
        (ME, "exit-survey", "answer", {"teaching": "5", "services": "4", "words": long}),
        (ME, "exit-survey", "answer", {"teaching": "5", MARK: MARK}),
        (ME, "school-approval", "sign-off", {MARK: MARK}),
        (
            ME,
            "diploma",
            "ask-for-mail",
            {"addressee": long, "mail_phone": MARK, "mail_address": long, "mail_country": MARK},
        ),
        (ME, "exit-survey", MARK, {}),
    ]
    for session, step, action, fields in acts:
        cloud.act(session, step, action, WHO.student, **fields)
    for student in (WHO.student, f"{MARK}99"):
        for path in ("", "/certificate"):
            folder = "clearance/certificate_download" if path else "clearance/cases"
            cloud.call(folder, ME, "GET", f"/api/clearance/cases/{student}{path}")
    cloud.call("clearance/cases", officer("housing"), "GET", f"/api/clearance/steps/dormitory/queue?next={MARK}")
    cloud.call("identity/demo_sign_in", None, "GET", "/api/sign-in/demo/personas")
    cloud.call("identity/demo_sign_in", None, "POST", "/api/sign-in/demo", {"persona": f"student:{WHO.student}"})
    cloud.invoke("identity/authorizer", request(f"yinji_session={sign(begun(ME), ['new'])}", f"other={MARK}"))
    cloud.invoke("clearance/advance", {"Records": [record(None, cloud.case(WHO.student))]})
    cloud.invoke("clearance/figures", {})
    cloud.invoke("clearance/reconcile", {})
    text = said()
    assert '"message":"roster delivered"' in text and "FeedRowsChanged" in text, "there was something to look through"
    assert MARK not in text


def test_accounts_and_roles_say_nothing_either(cloud: Cloud, said: Any) -> None:
    """Sealed numbers, the register of people, roles, sign-out: everything that is written there bears the marker."""
    scholar = replace(WHO, category="international", flags=frozenset({"scholarship"}))
    cloud.open(scholar)
    office = officer("international-education")
    account = {"holder": f"户{MARK}", "card": "6222000012345678", "bank": f"行{MARK}"}
    step = "scholarship-settlement"
    assert cloud.act(ME, step, "confirm-account", WHO.student, **account).status == 200
    assert cloud.act(ME, step, "confirm-account", WHO.student, **(account | {"card": MARK * 3})).status == 422
    for field in ("card", MARK):
        cloud.call(
            "clearance/sealed_answer", office, "POST", f"/api/clearance/cases/{WHO.student}/sealed/{step}/{field}"
        )
    for file in (f"queue.xlsx?step={step}&whole=1&q={MARK}", f"queue.csv?step={MARK}", f"{MARK}.csv"):
        cloud.call("clearance/exports", office, "GET", f"/api/clearance/exports/{file}")
    administrator, staff = Session(f"{MARK}A", "administrator", MARK), f"{MARK}9"
    grant = {"name": f"名{MARK}", "role": "counsellor", "school": "S01", "department": "", "ends_on": ""}
    for place, body in ((staff, grant), (staff, grant | {"role": MARK}), (MARK.lower(), grant)):
        cloud.call("identity/people", administrator, "POST", f"/api/people/{place}/grants", body)
    cloud.call("identity/people", administrator, "GET", f"/api/people/{staff}")
    counsellor = Session(staff, "counsellor", MARK, school="S01")
    for path, body in (
        ("role", {"key": MARK}),
        ("lent", {"to": MARK, "ends_on": MARK, "reason": MARK}),
        ("lent/take-back", {"to": MARK, "key": MARK}),
    ):
        cloud.call("identity/account", counsellor, "POST", f"/api/account/{path}", body)
    cloud.call("identity/account", counsellor, "GET", "/api/account")
    cloud.call("identity/sign_out", None, "POST", "/api/sign-out", cookies=[f"yinji_session={MARK}"])
    with pytest.raises(ValueError, match="role cannot be"):
        cloud.invoke("identity/people", {"staff": staff, "name": MARK, "role": MARK})
    text = said()
    assert "NumbersUnsealed" in text and "RowsExported" in text
    assert MARK not in text and "6222000012345678" not in text


def test_a_certificate_says_nothing_either(cloud: Cloud, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers.warm("clearance/certificate"), "certificate_pdf", lambda data, at: b"%PDF")
    finish(WHO)
    cloud.invoke("clearance/advance", {"Records": [record(None, cloud.case(WHO.student))]})
    told = json.dumps(cloud.said, ensure_ascii=False)
    assert "case-finished" in told and WHO.student in told, "messages on the bus name students by their number"
    assert MARK not in told.replace(WHO.student, ""), "and tell nothing else of them"
    cloud.invoke("clearance/certificate", {"detail": {"student": WHO.student, "version": 1}})
    assert len(documents(cloud)) == 1
    cloud.call("clearance/certificate_download", ME, "GET", f"/api/clearance/cases/{WHO.student}/certificate")
    text = said()
    assert "CertificatesIssued" in text
    assert MARK not in text


def test_documents_say_nothing_either(cloud: Cloud, said: Any) -> None:
    cloud.open(replace(WHO, category="postgraduate", flags=frozenset({"thesis"})))
    root = f"/api/clearance/cases/{WHO.student}/evidence"
    asked = {"step": "thesis-deposit", "action": "upload-thesis", "field": "thesis", "type": "application/pdf"}
    for data in (pdf(), pdf()[:200] + MARK.encode()):
        upload = cloud.call("clearance/evidence_upload", ME, "POST", root, asked | {"size": len(data)}).json
        cloud.s3.put_object(Bucket="intake", Key=upload["fields"]["key"], Body=data)
        cloud.deliver(upload["fields"]["key"], "clearance/evidence_arrived")
        cloud.call("clearance/evidence_upload", ME, "GET", f"{root}/{upload['id']}")
        for part in ("file", "thumbnail"):
            cloud.call("clearance/evidence_download", ME, "GET", f"{root}/{upload['id']}/{part}")
    assert cloud.call("clearance/evidence_upload", ME, "POST", root, asked | {"step": MARK, "size": 1}).status == 404
    text = said()
    assert "EvidenceAccepted" in text and "EvidenceRefused" in text and '"code":"damaged"' in text
    assert MARK not in text and WHO.student not in text


def test_failures_say_nothing_either(cloud: Cloud, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is gone, the bus is deaf, records are broken: the traces of that name nobody."""
    cloud.open(WHO)
    case = cloud.case(WHO.student)
    broken = {"pk": WHO.student, "sk": "CASE", "name": WHO.name, "batch": MARK}
    traces = [quietly(cloud, "clearance/advance", {"Records": [record(None, broken)]})]
    store().lease_feed("library-loans", MARK, timedelta(minutes=2))
    with contextlib.suppress(Exception):
        cloud.feed("library-loans", row(WHO.student, 1, titles=MARK))
    cloud.dynamodb.delete_table(TableName="Cases")
    body = {"step_version": 0, "idempotency_key": f"{MARK}12345", "teaching": "5", "services": "4", "words": MARK}
    path = f"/api/clearance/cases/{WHO.student}/steps/exit-survey/answer"
    assert cloud.call("clearance/steps/exit_survey", ME, "POST", path, body).status == 500
    assert cloud.call("clearance/cases", ME, "GET", f"/api/clearance/cases/{WHO.student}").status == 500
    message = {"id": MARK, "detail-type": "step-ready", "detail": {"student": WHO.student, "step": "campus-card"}}
    traces.append(quietly(cloud, "clearance/steps/campus_card", message))
    cloud.s3.put_object(Bucket="intake", Key=f"rosters/2026-summer/{MARK}.csv", Body=roster_csv([WHO]))
    deliver = {"Records": [{"s3": {"object": {"key": f"rosters/2026-summer/{MARK}.csv"}}}]}
    traces.append(quietly(cloud, "clearance/open_cases", deliver))
    monkeypatch.setattr(Store, "get", lambda self, student: case)
    traces.append(quietly(cloud, "clearance/certificate", {"detail": {"student": WHO.student, "version": 1}}))
    assert any(traces), "something did fail"
    text = said() + "".join(traces)
    assert '"message":"request failed"' in text
    assert MARK not in text


def test_a_file_that_is_looked_at_and_histories_that_are_exported_say_nothing(cloud: Cloud, said: Any) -> None:
    from tests.functions.test_feed_pages import AUDITOR, looked_at, table, used

    cloud.open(WHO)
    assert looked_at(cloud, table(f"{WHO.student},{MARK},0,{MARK}")).json["errors"]
    found = looked_at(cloud, table(f"{WHO.student},1,0,书{MARK}")).json
    assert found["would"] == {"blocked": 1} and used(cloud, found["id"]).status == 200
    assert cloud.invoke("clearance/anchor", {})["cases"] == 1
    for path in (f"cases/{WHO.student}/audit.json", "schools/S01/audit.ndjson", "anchors.json"):
        assert cloud.call("clearance/audit_export", AUDITOR, "GET", f"/api/clearance/{path}").status == 200
    told = said()
    assert "anchored" in told and MARK not in told
