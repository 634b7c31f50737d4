"""The sample events are complete, in the index, and make sense to the functions they are for."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import boto3
import pytest
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.deliveries import Deliveries, Delivery
from yinji.archive.readers_store import Readers
from yinji.archive.record import record_document
from yinji.archive.selection_store import Selections
from yinji.archive.store import Archive
from yinji.clearance import definition
from yinji.clearance.case import Case, Change, Graduate, open_case
from yinji.clearance.evidence import Upload
from yinji.editions.model import ALONE, Edition
from yinji.editions.store import Editions
from yinji.forms.facts_store import Facts
from yinji.forms.store import Forms
from yinji.forms.submission import decide
from yinji.identity.access_log import AccessLog
from yinji.identity.store import People
from yinji.messages.model import Message
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.clock import instant
from yinji.platform.ids import id_of
from yinji.repair.incidents_store import Incidents
from yinji.repair.places_store import Places
from yinji.repair.reports_store import Reports
from yinji.visits.store import Visits
from yinji.visits.store import item_of as item_of_visit

from tests import handlers, proofs, repairs, submissions
from tests import visits as visited
from tests.archives import DOOR, GATE, LOANS, SU, Library, activity, as_csv, loan, readers_csv, register_csv
from tests.archives import record as archived
from tests.archives import student as archived_student
from tests.functions.conftest import FEED_ROWS, Cloud, store
from tests.functions.test_archive_seal import rendered
from tests.functions.test_repair_places import csv_of
from tests.functions.test_season import next_workday
from tests.graduates import BATCH, LIN, NOW, event, graduate, roster_csv, snapshot
from tests.repairs import campus, keep
from tests.repairs_at_work import incident, open_incident
from tests.unit.test_case import FULL, act, feed, settled
from tests.unit.test_inspection import pdf
from tests.unit.test_repair_triage import report as fault_report
from tests.visits import visit

ALUMNI = "alumni-registration"
EVENTS = Path(__file__).parents[2] / "events"
SAMPLES = {path.relative_to(EVENTS).as_posix(): path for path in sorted(EVENTS.rglob("*.json"))}
FUNCTIONS = {path.parent.relative_to(handlers.FUNCTIONS).as_posix() for path in handlers.FUNCTIONS.rglob("handler.py")}
ROSTER = "rosters/2026-summer/毕业生 名单.csv"
WHO = replace(FULL, student=LIN.student)


def folder_of(name: str) -> str:
    return name.split(".")[0]


def sample(name: str) -> dict[str, Any]:
    return json.loads(SAMPLES[name].read_text("utf-8"))


def test_every_function_has_a_sample_and_every_sample_a_function() -> None:
    named = {folder_of(name) for name in SAMPLES if not name.startswith("portal/")}
    assert named == FUNCTIONS


def test_the_index_lists_every_sample() -> None:
    index = (EVENTS / "README.md").read_text("utf-8")
    assert re.findall(r"^\| (\S+\.json) ", index, re.MULTILINE) and set(
        re.findall(r"^\| (\S+\.json) ", index, re.MULTILINE)
    ) == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_names_only_actions_and_keys_there_can_be(name: str) -> None:
    told = sample(name)
    if "routeKey" in told and "/steps/" in told["rawPath"] and told["requestContext"]["http"]["method"] == "POST":
        step = told["rawPath"].split("/steps/")[1].split("/")[0]
        if "pathParameters" not in told:
            assert definition.steps()[step].appointments, "its times are set"
            return
        action = told["pathParameters"].get("action")
        assert definition.steps()[step].module == folder_of(name).split("/")[-1]
        assert action is None or action in definition.steps()[step].actions
        assert told["rawPath"].endswith(told["pathParameters"].get("action") or told["pathParameters"]["decision"])
    for record in told.get("Records", []):
        if record["eventSource"] == "aws:s3":
            assert unquote_plus(record["s3"]["object"]["key"]).startswith(
                (
                    "rosters/",
                    "feeds/",
                    "evidence/",
                    "devices/",
                    "catalogue/",
                    "students/",
                    "records/",
                    "photos/",
                    "imports/",
                    "facts/",
                )
            )


def prepared(cloud: Cloud, case: Case | None, who: Graduate = WHO) -> None:
    """The season the samples are about, with the case of their student as it should be."""
    store().declare(BATCH)
    cloud.s3.put_object(Bucket="intake", Key=ROSTER, Body=roster_csv([who, graduate(2)]))
    batch = {"title": dict(BATCH.title), "opens_on": "2026-06-01", "deadline": "2026-07-15"}
    cloud.s3.put_object(Bucket="intake", Key="rosters/2026-summer/batch.json", Body=json.dumps(batch))
    for step, cells in FEED_ROWS.items():
        rows = [cells | {"student": LIN.student}]
        data = snapshot(step, ["student", *cells], rows, as_of=cloud.tick())
        cloud.s3.put_object(Bucket="intake", Key=f"feeds/{step}/2026-06-15.csv", Body=data)
    for step, field in (("thesis-deposit", "thesis"), ("residence-permit", "record")) if case else ():
        if step not in case.steps:
            continue
        taken = Upload(UPLOADED, LIN.student, step, field, NOW, "accepted", "pdf", 900, "e3" * 32, 1)
        coming = replace(taken, id=COMING, status="expected")
        for upload in (replace(taken, status="expected"), coming):
            store().expect(upload, NOW.date())
        store().settle_upload(taken)
        cloud.s3.put_object(Bucket="documents", Key=taken.thumbnail_key, Body=b"\xff\xd8")
        cloud.s3.put_object(Bucket="intake", Key=coming.raw_key, Body=pdf())
    Archive().enrol([SU])
    Editions().add(
        Edition(
            SU.student, "4a6b7b8a47b2f07ab54550fd", ALONE, "both", "ink", "K7QFM2XD9TRWB3HN", SU.student, NOW,
            "requested", clock.now(),
        )
    )  # fmt: skip
    Readers(Archive(), Catalogue()).register([GATE])
    cloud.s3.put_object(Bucket="archive", Key="devices/register.csv", Body=readers_csv(GATE, DOOR))
    if case:
        opening = open_case(who, BATCH, event("open"))
        store().open(Change(None, replace(case, version=1), opening.event))


MASTER = replace(WHO, category="postgraduate", supervisor="T0123")
SCHOLAR = replace(WHO, category="international", flags=frozenset({"lives_in", "scholarship"}))
LENT = feed(open_case(MASTER, BATCH, event("open")).after, "lab-equipment")
VACATED = act(
    act(open_case(SCHOLAR, BATCH, event("open")).after, "dormitory", "book-inspection"), "dormitory", "sign-off"
)
PAID = act(VACATED, "scholarship-settlement", "confirm-account")
UPLOADED, COMING = "5b0e7d1c9a3f48d2b6c4e8f7a1902d3e", "c81f2a6e4b7d4e0f9a53d6b2c7e10f84"
MASTER = open_case(replace(WHO, category="postgraduate", flags=frozenset({"thesis"})), BATCH, event("open")).after
ABROAD = open_case(replace(WHO, category="international", flags=frozenset({"abroad"})), BATCH, event("open")).after
OPENED = open_case(WHO, BATCH, event("open")).after
FINISHED = settled(OPENED, until="")
ANSWERED = act(
    OPENED,
    "personal-file",
    "declare-destination",
    agreement="signed",
    receiver="江城人才中心",
    address="江城市人民路 1 号",
)
SIGNABLE = settled(OPENED)
APPROVED = act(SIGNABLE, "school-approval", "sign-off") if SIGNABLE.state("school-approval") == "ready" else SIGNABLE
FAULT = "7d1f0c2ab94e4b6d8c335a10"
REPORTED = fault_report("LIB-1-01", id="0f8fad5bd9cb469fa1657086")
Check = Callable[[Cloud, Any], Any]


def state(step: str, expected: str) -> Check:
    return lambda cloud, answer: cloud.case().state(step) == expected


def status(expected: int) -> Check:
    return lambda cloud, answer: answer["statusCode"] == expected


def accepted(cloud: Cloud, answer: Any) -> bool:
    upload = store().upload(LIN.student, COMING)
    return upload is not None and upload.status == "accepted"


def reported(key: str) -> Check:
    return lambda cloud, answer: cloud.report(key)["status"] == "accepted"


def timers() -> list[Any]:
    return boto3.client("scheduler").list_schedules(GroupName=os.environ["YINJI_TIMERS"])["Schedules"]


def in_box(box: str = WHO.student) -> list[Message]:
    return list(Outbox().box(box, box).messages)


def announced(cloud: Cloud) -> None:
    """What the samples of the catalogue are about: a lecture that begins in a moment, a table that was delivered."""
    Library(cloud).enrol(replace(SU, student=LIN.student))
    Catalogue().put(activity(begins_at=clock.now() + timedelta(minutes=10)))
    table = as_csv(("id", "kind", "title", "begins_at", "minutes"), [SAMPLE_LINE])
    cloud.s3.put_object(Bucket="archive", Key="catalogue/activities/2026-autumn.csv", Body=table)


def delivered(cloud: Cloud) -> None:
    """What the samples of the import are about: a register, loans, and a chunk of a delivery that is planned."""
    put: Any = cloud.s3.put_object
    put(Bucket="archive", Key="students/2026-autumn.csv", Body=register_csv([archived_student(1, "S02", "2023")]))
    put(Bucket="archive", Key="records/library-loans/2026-06-01.csv", Body=as_csv(LOANS, [loan(7)]))
    at, told = clock.now(), [(2, "new", record_document(archived(7)))]
    Deliveries().keep(Delivery(PLANNED, "records/library-loans/x.csv", "library-loans", at, at, "loading", 1, 1))
    chunk = gzip.compress(json.dumps({SU.student: told}).encode())
    put(Bucket="archive", Key=f"imports/{PLANNED}/00000.json.gz", Body=chunk)


VISITED = f"visit:{id_of('visit', 'key-1')}"
PLANNED = "20260601T040000-0123456789ab"
VISIT = "5d0c8f6e2b1a47c39e80d1f2"


def a_visit_is_booked() -> None:
    """The visit that the samples of a technician's round are about."""
    asked, _ = visit(on=date(2026, 6, 10))
    item_of_visit(replace(asked, id=VISIT, state="booked", window="morning", technician="N001", version=2)).save()


def state_of_visit() -> str:
    found = Visits().find(VISIT)
    return found.state if found else ""


def campus_is_there(cloud: Cloud) -> None:
    """What the samples of repair are about: a campus, a label, and the table that was delivered."""
    places = repairs.campus()
    repairs.keep(places)
    table = csv_of([*places, replace(places[-1], id="LIB-2-05")])
    cloud.s3.put_object(Bucket="repair", Key="imports/places-2026-autumn.csv", Body=table)


def drawn(cloud: Cloud, answer: Any) -> bool:
    found = Archive().portrait(SU.student)
    return answer == {"batchItemFailures": []} and found is not None and found.records() == 1


SAMPLE_LINE = {"id": "L1", "kind": "lecture", "title": "一", "begins_at": "2026-09-11 19:00", "minutes": "90"}
RESULTS: dict[str, tuple[Case | None, Check]] = {
    "archive/compare.json": (None, status(200)),
    "archive/compare.file.json": (
        None,
        lambda cloud, answer: (
            answer["statusCode"] == 200
            and [one["what"] for one in store().exports_on(clock.now().date())] == ["archive-quiet"]
        ),
    ),
    "archive/compare.quiet.json": (None, lambda cloud, answer: json.loads(answer["body"])["students"] == []),
    "archive/groups.json": (None, lambda cloud, answer: answer["whole"]),
    "archive/selections.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"selections": []}),
    "archive/selections.begin.json": (
        None,
        lambda cloud, answer: [one.title for one in Selections().all()] == ["2022 级本科生"],
    ),
    "archive/admit_device.json": (None, lambda cloud, answer: answer == {"allowProvisioning": True}),
    "archive/capture.json": (
        None,
        lambda cloud, answer: "11:59" in [one.time for one in Archive().records(SU.student)],
    ),
    "archive/readers.json": (None, lambda cloud, answer: json.loads(answer["body"])["devices"][0]["id"] == GATE.id),
    "archive/readers.decide.json": (
        None,
        lambda cloud, answer: json.loads(answer["body"]) == {"device": GATE.id, "counts": {}},
    ),
    "archive/readers.readmit.json": (None, status(200)),
    "archive/register_readers.json": (
        None,
        lambda cloud, answer: len(Readers(Archive(), Catalogue()).standings()) == 2,
    ),
    "archive/take_up.json": (None, lambda cloud, answer: answer == {}),
    "archive/enrol.json": (None, lambda cloud, answer: Archive().student("2023S02001") is not None),
    "archive/ingest.json": (None, lambda cloud, answer: [one["chunk"] for one in cloud.taken_out("LOAD")] == [0]),
    "archive/load.json": (None, lambda cloud, answer: Archive().record(SU.student, "library-loans#L7") is not None),
    "archive/portrait.json": (None, drawn),
    "archive/portrait.imported.json": (None, drawn),
    "archive/activities.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["activities"]) == 1),
    "archive/activities.announce.json": (
        None,
        lambda cloud, answer: answer["headers"]["Location"].endswith("?done=catalogue.announced"),
    ),
    "archive/audience.json": (None, lambda cloud, answer: json.loads(answer["body"])["guests"] == []),
    "archive/catalogue_intake.json": (None, lambda cloud, answer: Catalogue().find("L1") is not None),
    "archive/check_in.json": (
        None,
        lambda cloud, answer: "problem=check-in-code-wrong" in answer["headers"]["Location"],
    ),
    "archive/code_on_screen.json": (None, lambda cloud, answer: json.loads(answer["body"])["came"] == 0),
    "archive/sign_up.json": (None, lambda cloud, answer: Catalogue().mine("A1", LIN.student) is not None),
    "repair/counts.json": (None, lambda cloud, answer: answer == {"open": 1, "to_confirm": 0}),
    "repair/learnt.json": (None, lambda cloud, answer: json.loads(answer["body"])["month"] == "2026-06"),
    "repair/open311.json": (None, lambda cloud, answer: "<service_requests />" in answer["body"]),
    "repair/open311.post.json": (None, status(201)),
    "clearance/advance.json": (
        None,
        lambda cloud, answer: (
            answer == {"batchItemFailures": []} and [kind for kind, _ in cloud.said] == ["step-ready"]
        ),
    ),
    "clearance/arrange.json": (OPENED, lambda cloud, answer: cloud.case().withdrawn_at is not None),
    "clearance/anchor.json": (OPENED, lambda cloud, answer: answer["cases"] == 1),
    "clearance/audit_export.json": (OPENED, lambda cloud, answer: len(json.loads(answer["body"])["events"]) == 1),
    "clearance/audit_export.school.json": (OPENED, status(200)),
    "clearance/audit_export.anchors.json": (OPENED, status(200)),
    "archive/certify.json": (None, lambda cloud, answer: json.loads(answer["body"])["state"] == "revoked"),
    "archive/certify.begin.json": (
        None,
        lambda cloud, answer: json.loads(answer["body"])["code"] == "nothing-to-certify",
    ),
    "archive/claim.json": (None, lambda cloud, answer: json.loads(answer["body"])["state"] == "pending"),
    "archive/claim_evidence.json": (None, lambda cloud, answer: json.loads(answer["body"])["fields"]["key"]),
    "archive/transcript.json": (None, status(200)),
    "archive/editions.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["editions"]) == 1),
    "archive/editions.ask.json": (None, lambda cloud, answer: json.loads(answer["body"])["state"] == "requested"),
    "archive/editions.revoke.json": (None, status(404)),
    "archive/edition_download.json": (None, status(404)),
    "archive/kept_copy.json": (None, status(404)),
    "archive/shares.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"shares": []}),
    "archive/shares.make.json": (None, status(422)),  # its day is long over
    "archive/shared.json": (None, status(404)),
    "archive/verify.json": (None, status(404)),
    "archive/pack.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "archive/runs.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"runs": []}),
    "archive/runs.begin.json": (None, status(409)),
    "archive/render.json": (None, lambda cloud, answer: Editions().of(SU.student)[0].state == "rendered"),
    # the double has no chain; what is said of one is tested with the authority
    "archive/authority_watch.json": (None, lambda cloud, answer: answer is None),
    "archive/release.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "archive/release.begun.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "repair/follow.json": (None, status(303)),  # back to the page, which says that there is no such report
    "repair/follow.rate.json": (None, status(404)),
    "repair/follow.when.json": (None, status(404)),
    "repair/photo_arrived.json": (None, lambda cloud, answer: answer is None),
    "repair/photo_show.json": (None, status(404)),
    "repair/photo_upload.json": (None, status(404)),
    "repair/report.json": (None, lambda cloud, answer: json.loads(answer["body"])["code"] == "ticket-unknown"),
    "repair/report.form.json": (None, status(303)),
    "repair/report.place.json": (None, lambda cloud, answer: json.loads(answer["body"])["code"] == "label-unknown"),
    "repair/report.solved.json": (None, status(403)),
    # visits: asking
    "visits/ask.json": (None, lambda cloud, answer: json.loads(answer["body"])["code"] == "page-unknown"),
    "visits/ask.form.json": (None, status(303)),  # back to the page, with what was typed
    "visits/ask.desk.json": (None, lambda cloud, answer: json.loads(answer["body"])["code"] == "day-not-open"),
    "visits/ask.days.json": (None, status(200)),
    "visits/change.json": (None, status(303)),  # back to the page, which says that there is no such visit
    "visits/change.move.json": (None, status(404)),
    "visits/calendar.json": (None, status(404)),
    "clearance/appointment_calendar.json": (act(OPENED, "dormitory", "book-inspection"), status(200)),
    "clearance/batches.json": (OPENED, status(200)),
    "clearance/batches.close.json": (OPENED, lambda cloud, answer: store().closing("2026-summer") is not None),
    "clearance/batches.declare.json": (
        None,
        lambda cloud, answer: cloud.s3.head_object(Bucket="intake", Key="rosters/2026-winter/batch.json"),
    ),
    "clearance/cases.json": (OPENED, lambda cloud, answer: json.loads(answer["body"])["name"] == WHO.name),
    "clearance/cases.queue.json": (OPENED, status(200)),
    "clearance/cases.school.json": (OPENED, lambda cloud, answer: len(json.loads(answer["body"])["cases"]) == 1),
    "clearance/certificate.json": (FINISHED, lambda cloud, answer: cloud.case().certificate is not None),
    "clearance/certificate_download.json": (OPENED, status(404)),
    "clearance/exports.json": (OPENED, lambda cloud, answer: answer["statusCode"] == 200 and answer["isBase64Encoded"]),
    "clearance/evidence_arrived.json": (MASTER, accepted),
    "clearance/evidence_arrived.intake_left.json": (MASTER, accepted),
    "clearance/evidence_download.json": (MASTER, status(303)),
    "clearance/evidence_download.thumbnail.json": (MASTER, status(200)),
    "clearance/evidence_upload.json": (MASTER, lambda cloud, answer: json.loads(answer["body"])["fields"]["key"]),
    "clearance/evidence_upload.status.json": (
        MASTER,
        lambda cloud, answer: json.loads(answer["body"])["status"] == "accepted",
    ),
    "clearance/sealed_answer.json": (
        PAID,
        lambda cloud, answer: json.loads(answer["body"])["value"] == "6222000012345678",
    ),
    "clearance/figures.json": (OPENED, lambda cloud, answer: sum(answer.values()) == 1),
    "clearance/guide_pdf.json": (None, status(200)),
    "clearance/open_cases.json": (None, lambda cloud, answer: cloud.case().graduate == WHO),
    "clearance/open_cases.batch.json": (OPENED, lambda cloud, answer: str(cloud.case().deadline) == "2026-07-15"),
    "clearance/open_cases.intake_left.json": (None, reported(ROSTER)),
    "clearance/rearrange.json": (OPENED, lambda cloud, answer: answer == {"changed": 0}),
    "clearance/practice.json": (None, lambda cloud, answer: cloud.case("P-library-01").practice == "library"),
    "clearance/reconcile.json": (OPENED, lambda cloud, answer: answer == {}),
    "clearance/reconcile.after_outage.json": (FINISHED, lambda cloud, answer: answer["case-finished"] == 1),
    "clearance/slots.json": (OPENED, lambda cloud, answer: len(json.loads(answer["body"])["slots"]) > 40),
    "clearance/slots.close.json": (
        OPENED,
        lambda cloud, answer: (
            answer["headers"]["Location"] == "/appointments/dormitory?day=2026-06-16&done=dormitory.slots#notice"
        ),
    ),
    "clearance/steps/campus_card.json": (OPENED, reported("feeds/campus-card/2026-06-15.csv")),
    "clearance/steps/campus_card.step_ready.json": (OPENED, lambda cloud, answer: cloud.case().version == 1),
    "clearance/steps/diploma.json": (APPROVED, state("diploma", "submitted")),
    "archive/authority.json": (None, lambda cloud, answer: answer["body"].count(".") == 2),
    "archive/seal.json": (
        None,
        lambda cloud, answer: [one.state for one in Editions().of(WHO.student)] == ["sealed"],
    ),
    "clearance/steps/dormitory.json": (OPENED, state("dormitory", "submitted")),
    "clearance/steps/dormitory.bulk.json": (
        OPENED,
        lambda cloud, answer: (
            [one["code"] for one in json.loads(answer["body"])["outcomes"]] == ["not-possible-now", "not-in-season"]
        ),
    ),
    "clearance/steps/exit_survey.json": (OPENED, state("exit-survey", "done")),
    "clearance/steps/graduation_audit.json": (OPENED, state("graduation-audit", "done")),
    "clearance/steps/household_registration.json": (OPENED, state("household-registration", "submitted")),
    "clearance/steps/housing_deposit.json": (VACATED, state("housing-deposit", "done")),
    "clearance/steps/lab_equipment.json": (LENT, state("lab-equipment", "done")),
    "clearance/steps/library_loans.json": (OPENED, state("library-loans", "done")),
    "clearance/steps/library_loans.confirm.json": (
        OPENED,
        lambda cloud, answer: answer["headers"]["Location"] == "/office/library-loans?problem=feed-not-held",
    ),
    "clearance/steps/library_loans.intake_left.json": (OPENED, state("library-loans", "done")),
    "clearance/steps/library_loans.preview.json": (
        OPENED,
        lambda cloud, answer: (
            "&preview=" in answer["headers"]["Location"] and cloud.case().state("library-loans") == "ready"
        ),
    ),
    "clearance/steps/library_loans.roster_applied.json": (OPENED, state("library-loans", "ready")),
    "clearance/steps/party_transfer.json": (OPENED, state("party-transfer", "submitted")),
    "clearance/steps/personal_file.json": (OPENED, state("personal-file", "done")),
    "clearance/steps/scholarship_settlement.json": (VACATED, state("scholarship-settlement", "submitted")),
    "clearance/steps/residence_permit.json": (ABROAD, state("residence-permit", "submitted")),
    "clearance/steps/school_approval.json": (SIGNABLE, state("school-approval", "done")),
    "clearance/steps/thesis_deposit.json": (MASTER, state("thesis-deposit", "submitted")),
    "clearance/steps/tuition.json": (OPENED, state("tuition", "blocked")),
    "identity/account.json": (None, lambda cloud, answer: json.loads(answer["body"])["role"] == "counsellor"),
    "identity/authorizer.json": (None, lambda cloud, answer: answer["isAuthorized"] is False),
    "identity/demo_sign_in.json": (OPENED, lambda cloud, answer: answer["cookies"][0].startswith("yinji_session=")),
    "identity/demo_sign_in.personas.json": (OPENED, status(200)),
    "identity/my_data.json": (
        OPENED,
        lambda cloud, answer: json.loads(answer["body"])["graduate"]["case"]["name"] == WHO.name,
    ),
    "identity/people.json": (None, lambda cloud, answer: People().person("T0001").grants[0].school == "S01"),
    "identity/people.operator.json": (
        None,
        lambda cloud, answer: People().person("T0001").grants[0].role == "administrator",
    ),
    "identity/seen.json": (
        None,
        lambda cloud, answer: [one.what for one in AccessLog().of(WHO.student)] == ["list", "case"],
    ),
    "identity/sign_in_cas.json": (None, lambda cloud, answer: "problem=sign-in-stale" in answer["headers"]["Location"]),
    "identity/sign_in_oidc.json": (
        None,
        lambda cloud, answer: "problem=sign-in-stale" in answer["headers"]["Location"],
    ),
    "identity/sign_out.json": (None, status(303)),
    "privacy/retention.json": (FINISHED, lambda cloud, answer: answer["left"] == 0),
    "privacy/retention.granted.json": (
        FINISHED,
        lambda cloud, answer: answer["erased"] == 1 and cloud.case() is None,
    ),
    "identity/who_saw.json": (OPENED, lambda cloud, answer: json.loads(answer["body"])["seen"] == []),
    "identity/who_saw.auditor.json": (
        OPENED,
        lambda cloud, answer: [look["what"] for look in cloud.looks()] == ["access-log"],
    ),
    # there is no such report, and no such fault
    "messages/compose_repair.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "messages/compose_repair.incident.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "messages/compose_archive.json": (
        None,
        lambda cloud, answer: [one.kind for one in in_box()] == ["place-given"],
    ),
    "messages/compose.json": (None, lambda cloud, answer: [one.kind for one in in_box()] == ["welcome"]),
    "messages/send.json": (OPENED, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "messages/send.schedule.json": (None, lambda cloud, answer: answer == {"looked_at": 0}),
    "messages/deadlines.json": (OPENED, lambda cloud, answer: set(answer) == {"said"}),
    "messages/deadlines.missed.json": (
        settled(OPENED, until="exit-survey"),
        lambda cloud, answer: answer == {"said": len(in_box())},
    ),
    "repair/places_intake.json": (None, lambda cloud, answer: Places().find("LIB-2-05") is not None),
    "repair/labels.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["labels"]) == 8),
    "repair/labels.replace.json": (None, status(404)),
    "repair/labels.sheet.json": (None, status(404)),
    "messages/digest.json": (OPENED, lambda cloud, answer: set(answer) == {"said"}),
    "messages/digest.missed.json": (SIGNABLE, lambda cloud, answer: answer["said"] == len(in_box("office:S01")) == 1),
    "messages/inbox.json": (OPENED, lambda cloud, answer: json.loads(answer["body"]) == {"messages": []}),
    "messages/inbox.read.json": (None, status(303)),
    "messages/inbox.preferences.json": (None, lambda cloud, answer: Outbox().settings(WHO.student).language == "en"),
    "messages/remind.json": (OPENED, lambda cloud, answer: [one.kind for one in in_box()] == ["reminder"]),
    "repair/work.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["incidents"]) == 1),
    "repair/work.take.json": (None, lambda cloud, answer: json.loads(answer["body"])["technician"] == "N001"),
    "repair/rota.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"technicians": []}),
    "repair/rota.put.json": (None, status(422)),  # nobody made them a technician
    "repair/clocks.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []} and len(timers()) == 2),
    "repair/escalate.json": (None, lambda cloud, answer: Incidents().find(FAULT).priority == 2),
    "repair/triage.json": (None, lambda cloud, answer: Reports().find(REPORTED.id).incident != ""),
    "repair/sweep.json": (None, lambda cloud, answer: Reports().find(REPORTED.id).incident != ""),
    "repair/sort.json": (None, status(404)),
    "repair/sort.split.json": (None, status(303)),  # back to the page, which says that there is no such fault
    "repair/notices.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"notices": []}),
    "repair/notices.make.json": (None, status(422)),  # its night is long over
    "repair/outages.json": (None, status(200)),
    "visits/record.json": (None, lambda cloud, answer: state_of_visit() == "done"),
    "visits/record.miss.json": (None, lambda cloud, answer: state_of_visit() == "not-met"),
    "visits/sheet.json": (None, status(200)),
    "visits/round_calendar.json": (None, status(404)),  # its link was made by another key
    "visits/round_calendar.renew.json": (None, lambda cloud, answer: Visits().calendar_turn("N001") == 1),
    "repair/monitor.json": (None, lambda cloud, answer: '"outcome": "opened"' in answer["body"]),
    "repair/monitor.resolved.json": (None, lambda cloud, answer: '"outcome": "recovered"' in answer["body"]),
    "repair/monitor.zabbix.json": (None, lambda cloud, answer: '"outcome": "opened"' in answer["body"]),
    "visits/days.json": (None, lambda cloud, answer: Visits().coming("meiyuan", clock.today()) != []),
    "visits/settle.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "visits/desk.json": (None, lambda cloud, answer: json.loads(answer["body"])["without"] == []),
    "visits/desk.close.json": (None, status(409)),  # it is long over
    "visits/desk.move.json": (None, status(404)),
    "visits/plans.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"plans": []}),
    "visits/plans.put.json": (None, status(422)),  # nobody made them a technician
    "visits/figures.json": (None, lambda cloud, answer: json.loads(answer["body"])["whole"]["asked"] == 1),
    "visits/remind.json": (None, lambda cloud, answer: answer is None),
    "messages/compose_visits.json": (
        None,
        lambda cloud, answer: [one.kind for one in Outbox().box(VISITED, "nobody").messages] == ["visit-booked"],
    ),
    "messages/compose_forms.json": (
        None,
        lambda cloud, answer: [one.kind for one in in_box("office:finance")] == ["fact-corrected"],
    ),
    "messages/compose_submissions.json": (
        None,
        lambda cloud, answer: [one.kind for one in in_box(LIN.student)] == ["form-returned"],
    ),
    "messages/compose_submissions.layout.json": (
        None,
        lambda cloud, answer: [one.kind for one in in_box("office:student-affairs")] == ["form-layout"],
    ),
    "forms/records_intake.json": (None, lambda cloud, answer: "bank-card" in Facts().of(WHO.student)),
    "forms/facts.json": (None, lambda cloud, answer: json.loads(answer["body"])["facts"] == []),
    "forms/facts.correct.json": (None, lambda cloud, answer: "phone" in Facts().of(WHO.student)),
    "forms/conflicts.json": (None, lambda cloud, answer: json.loads(answer["body"]) == {"conflicts": []}),
    "forms/conflicts.take.json": (None, status(404)),
    "forms/decide.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["waiting"]) == 1),
    "forms/decide.one.json": (None, lambda cloud, answer: json.loads(answer["body"])["decides"] is True),
    "forms/decide.return.json": (None, lambda cloud, answer: json.loads(answer["body"])["state"] == "returned"),
    "forms/decide.sealed.json": (None, lambda cloud, answer: json.loads(answer["body"])["value"] == submissions.CARD),
    "forms/relay.json": (None, lambda cloud, answer: [kind for kind, _ in cloud.said] == ["submission-decided"]),
    "forms/deliver.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "forms/connect.json": (None, lambda cloud, answer: json.loads(answer["body"])["secret"] == ""),
    "forms/pdf.json": (None, lambda cloud, answer: answer["headers"]["Content-Type"] == "application/pdf"),
    "forms/pdf.preview.json": (None, lambda cloud, answer: answer["headers"]["Content-Type"] == "application/pdf"),
    "forms/answers.json": (None, status(200)),
    "forms/figures.json": (None, lambda cloud, answer: json.loads(answer["body"])["whole"]["submissions"] == 1),
    "forms/announce.json": (None, lambda cloud, answer: [kind for kind, _ in cloud.said] == ["fact-corrected"]),
    "forms/library.json": (None, lambda cloud, answer: len(json.loads(answer["body"])["forms"]) >= 9),
    "forms/library.form.json": (None, lambda cloud, answer: json.loads(answer["body"])["draft"] is None),
    "forms/fill.json": (None, lambda cloud, answer: Forms().draft(WHO.student, ALUMNI) is not None),
    "forms/fill.page.json": (None, lambda cloud, answer: "fields=email%2Cphone" in answer["headers"]["Location"]),
    "forms/fill.submit.json": (None, lambda cloud, answer: "phone" in Facts().of(WHO.student)),
    "forms/submission.json": (None, status(403)),
    "forms/submission.withdraw.json": (None, status(403)),
    "forms/document.json": (None, lambda cloud, answer: json.loads(answer["body"])["id"]),
    "forms/learn_step.json": (
        ANSWERED,
        lambda cloud, answer: Facts().of(WHO.student)["file-receiver"].value == "江城人才中心",
    ),
    "forms/learn.json": (None, lambda cloud, answer: answer == {"batchItemFailures": []}),
    "forms/author.json": (
        None,
        lambda cloud, answer: [one["id"] for one in json.loads(answer["body"])["forms"]] == ["stipend-account"],
    ),
    "forms/author.begin.json": (None, lambda cloud, answer: Forms().head("bicycle") is not None),
    "forms/author.edit.json": (None, lambda cloud, answer: json.loads(answer["body"])["version"] == 1),
    "forms/author.publish.json": (None, status(409)),  # nothing differs from what is published
    "forms/import_form.json": (
        None,
        lambda cloud, answer: len(json.loads(answer["body"])["schema"]["properties"]) == 4,
    ),
    "messages/stop.json": (None, lambda cloud, answer: Outbox().settings(WHO.student).stopped == {"yours"}),
}


def sent_back(decided: bool) -> None:
    """LIN asked for aid, and, when it is decided, the school sent it back."""
    one = submissions.keep()
    if decided:
        at = instant("2026-06-10T02:00:00.000Z")
        said = decide(one, "return", submissions.SCHOOL, "请补上证明材料", "5d0c8f6e2b1a47c39e80d1f2", at)
        assert Forms().change(*said)


def test_every_sample_has_a_result_to_expect() -> None:
    assert set(RESULTS) == {name for name in SAMPLES if not name.startswith("portal/")}


@pytest.mark.parametrize("name", RESULTS)
def test_a_sample_makes_its_function_do_what_it_is_for(
    cloud: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, check = RESULTS[name]
    prepared(cloud, case, case.graduate if case else WHO)
    if name.startswith("archive/"):
        announced(cloud)
        delivered(cloud)
        Archive().enrol([SU])
        Archive().add(archived(1), SU.school)
    if name.startswith("repair/"):
        campus_is_there(cloud)
    if name.startswith("forms/") or name == "messages/compose_submissions.json":
        sent_back(decided=name in ("forms/relay.json", "messages/compose_submissions.json"))
    if name == "forms/records_intake.json":
        cards = f"学号,银行卡号\n{WHO.student},6222021234567894\n".encode()
        cloud.s3.put_object(Bucket="forms", Key="facts/finance/2026-06-15.csv", Body=cards)
    if name == "messages/compose_visits.json":
        visited.keep()
        visited.ask(1, mail="somebody@example.com")
    if name == "messages/compose_archive.json":
        announced(cloud)
        Catalogue().sign_up("A1", LIN.student, instant("2026-06-01T03:00:00.000Z"), "a-key-of-mine")

    if name.startswith("visits/"):
        a_visit_is_booked()
    if name == "visits/sheet.json":
        monkeypatch.setattr(handlers.warm("visits/sheet"), "route_pdf", lambda data, at: b"%PDF")
    if name.startswith("repair/"):
        open_incident(incident(FAULT))
        keep(campus())
        Reports().file(REPORTED)
    if name in ("archive/authority.json", "archive/seal.json"):
        proofs.with_authority(cloud, monkeypatch)
        rendered(cloud, Editions())
    told = sample(name)
    if who := told.get("requestContext", {}).get("authorizer", {}).get("lambda"):
        # the samples are of a day that has passed
        who |= {"since": str(int(clock.now().timestamp())), "proved": str(int(clock.now().timestamp()))}
    if name == "clearance/certificate.json":
        monkeypatch.setattr(handlers.warm("clearance/certificate"), "certificate_pdf", lambda data, at: b"%PDF")
    if name == "clearance/slots.close.json":
        monkeypatch.setattr(clock, "today", lambda: date(2026, 6, 15))
    if name == "clearance/guide_pdf.json":
        monkeypatch.setattr(handlers.warm("clearance/guide_pdf"), "guide_pdf", lambda data, at: b"%PDF")
    if "step_version" in told.get("body", "") or '"cases"' in told.get("body", ""):
        # the samples are of a fresh case and a day that has passed
        step = told["rawPath"].split("/steps/")[1].split("/")[0]
        version = case.steps[step].version if case else 0
        told["body"] = re.sub(r'(step_version(?:": |=))0', rf"\g<1>{version}", told["body"])
        day = clock.today().isoformat() if "entered_on" in told["body"] else next_workday()
        told["body"] = told["body"].replace("2026-06-16", day)
    assert check(cloud, cloud.invoke(folder_of(name), told))
