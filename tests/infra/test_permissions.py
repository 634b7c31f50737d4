"""What functions may do: no more than is written down here with its reason, and all that they do."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from itsdangerous import TimestampSigner
from sign_in import Identity
from sign_in.cas import Server
from sign_in.oidc import Provider
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.record import RecordEvent
from yinji.clearance.store import Store
from yinji.editions.store import Editions
from yinji.identity.people import Grant
from yinji.identity.session import Session, sign
from yinji.identity.store import People
from yinji.messages import stop
from yinji.platform import clock
from yinji.repair import labels
from yinji.repair.incident import Event
from yinji.repair.incidents_store import Incidents
from yinji.repair.incidents_store import item_of as item_of_incident
from yinji.repair.items import ReportItem
from yinji.repair.photos import of_repair
from yinji.repair.reports_store import Reports
from yinji.visits import acts
from yinji.visits.days import Day, Held, Places, at_campus
from yinji.visits.service import closes
from yinji.visits.store import Visits
from yinji.visits.store import item_of as item_of_visit
from yinji.visits.visit import Visit, Wish

from infra.setting import ROOT
from tests import forms as filling
from tests import papers, proofs, submissions
from tests import visits as visited
from tests.archives import SU, Library, loan
from tests.archives import student as archived_student
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, cloud, officer
from tests.functions.test_archive_seal import rendered
from tests.functions.test_batches import ADMINISTRATOR, tomorrow
from tests.functions.test_events import announced, campus_is_there, delivered
from tests.functions.test_evidence import fetch, hand_in_anew
from tests.functions.test_feed_pages import AUDITOR, looked_at, table, used
from tests.functions.test_messages import record
from tests.functions.test_repair_report_photos import arrive, photo
from tests.functions.test_repair_triage import recent
from tests.functions.test_repair_triage import record as reported
from tests.functions.test_repair_work_timers import record as change_of
from tests.functions.test_repair_work_timers import stream
from tests.functions.test_season import next_slot, settle_everything
from tests.graduates import LIN, graduate
from tests.infra.synthesis import Resource, Synthesis, listed, plain
from tests.infra.test_functions import functions
from tests.repairs import KEY, campus, join, keep, label, outage
from tests.repairs_at_work import incident, open_incident
from tests.sessions import begun
from tests.unit.test_multipart import KIND as MULTIPART
from tests.unit.test_multipart import sent as sent_parts
from tests.unit.test_repair_learning import fault
from tests.visits import day as visit_day
from tests.visits import fields as of_visit
from tests.visits import keep as keep_days
from tests.visits import visit

pytestmark = pytest.mark.slow

__all__ = ["cloud"]

INTAKE = "arn:aws:s3:::yinji-intake-123456789012-us-east-1"
FORMS = "arn:aws:s3:::yinji-forms-123456789012-us-east-1"
REPAIR = "arn:aws:s3:::yinji-repair-123456789012-us-east-1"
EDITIONS = "arn:aws:s3:::yinji-editions-123456789012-us-east-1"
DOCUMENTS = "arn:aws:s3:::yinji-documents-123456789012-us-east-1"
ARCHIVE = "arn:aws:s3:::yinji-archive-123456789012-us-east-1"
STAR_RESOURCES = {
    "*": ({"dynamodb:ListStreams"}, "it cannot be limited to one table"),
    f"{INTAKE}/rosters/*": (
        {"s3:GetObject", "s3:PutObject"},
        "rosters are named by who delivers them, batches by who declares",
    ),
    f"{INTAKE}/feeds/*": ({"s3:GetObject", "s3:PutObject"}, "snapshots are named by who delivers them"),
    f"{INTAKE}/previews/*": ({"s3:GetObject", "s3:PutObject"}, "a preview bears its hash"),
    f"{DOCUMENTS}/previews/*": ({"s3:GetObject", "s3:PutObject"}, "a preview bears its hash"),
    f"{DOCUMENTS}/anchors/*": (
        {"s3:GetObject", "s3:PutObject"},
        "an anchor is named after its day, heads after their root",
    ),
    f"{DOCUMENTS}/feeds/*": ({"s3:GetObject", "s3:PutObject"}, "the snapshot in force bears its hash"),
    f"{INTAKE}/evidence/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        "a document arrives under step, student and id",
    ),
    f"{DOCUMENTS}/evidence/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
        "a document lies under student, id and hash",
    ),
    f"{DOCUMENTS}/reports/*": ({"s3:GetObject", "s3:PutObject"}, "a report is named after its delivery"),
    f"{EDITIONS}/rendered/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
        "an edition lies under its student and id",
    ),
    f"{EDITIONS}/sealed/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
        "a sealed edition lies under its student, id and digest",
    ),
    f"{EDITIONS}/packs/*": ({"s3:GetObject", "s3:PutObject"}, "a pack lies under its run and school"),
    f"{EDITIONS}/authority/*": ({"s3:GetObject"}, "chains of former keys bear their hash"),
    f"{ARCHIVE}/students/*": ({"s3:GetObject"}, "registers are named by who delivers them"),
    f"{ARCHIVE}/records/*": ({"s3:GetObject"}, "files of sources are named by who delivers them"),
    f"{ARCHIVE}/imports/*": ({"s3:GetObject", "s3:PutObject"}, "chunks bear the id of their delivery"),
    f"{ARCHIVE}/ledgers/*": ({"s3:GetObject", "s3:PutObject"}, "a ledger is named after its source"),
    f"{ARCHIVE}/reports/*": ({"s3:GetObject", "s3:PutObject"}, "a report is named after its delivery"),
    f"{ARCHIVE}/catalogue/*": ({"s3:GetObject"}, "tables of the catalogue are named by who delivers them"),
    f"{ARCHIVE}/devices/*": ({"s3:GetObject"}, "registers of readers are named by who delivers them"),
    f"{ARCHIVE}/reports/devices/*": ({"s3:PutObject"}, "a report is named after its delivery"),
    "arn:aws:iot:us-east-1:123456789012:thing/*": (
        {
            "iot:CreateThing",
            "iot:DescribeThing",
            "iot:UpdateThing",
            "iot:AttachThingPrincipal",
            "iot:ListThingPrincipals",
            "iot:DescribeThingType",
        },
        "things are made as readers of the register come",
    ),
    "arn:aws:iot:us-east-1:123456789012:cert/*": (
        {
            "iot:CreateThing",
            "iot:DescribeThing",
            "iot:UpdateThing",
            "iot:AttachThingPrincipal",
            "iot:ListThingPrincipals",
            "iot:DescribeThingType",
            "iot:DescribeCertificate",
            "iot:UpdateCertificate",
            "iot:AttachPolicy",
            "iot:ListAttachedPolicies",
        },
        "nobody can foresee the id of a certificate",
    ),
    f"{REPAIR}/photos/arriving/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        "a photo is named after its report",
    ),
    f"{REPAIR}/photos/kept/*": ({"s3:GetObject", "s3:PutObject"}, "the same"),
    f"{FORMS}/facts/*": (
        {"s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
        "tables of systems of record are named by who delivers them",
    ),
    f"{FORMS}/reports/facts/*": ({"s3:PutObject"}, "a report is named after its delivery"),
    f"{REPAIR}/imports/*": ({"s3:GetObject"}, "tables of places are named by who delivers them"),
    f"{REPAIR}/reports/places/*": ({"s3:GetObject", "s3:PutObject"}, "a report is named after its delivery"),
    "arn:aws:scheduler:us-east-1:123456789012:schedule/yinji-repair/*": (
        {"scheduler:CreateSchedule"},
        "a timer is named by what it is for",
    ),
    f"{ARCHIVE}/reports/catalogue/*": ({"s3:PutObject"}, "a report is named after its delivery"),
    f"{DOCUMENTS}/certificates/*": (
        {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
        "a certificate is named by student and code",
    ),
}
"""Resources with a wildcard, by the pattern they may be written as; what may be done to them; why."""


PORTAL = "RoleDefaultPolicy"
"""The policy of the portal, whose stack has no other."""


KEY_READERS = (
    "AuthorizerRole", "SignInOidcRole", "SignInCasRole", "DemoSignInRole", "SignOutRole", "AccountRole", "SendRole",
    "StopRole", "CheckInRole", "CodeOnScreenRole", "SharedRole", "VerifyRole", "ReportRole", "FollowRole",
    "PhotoUploadRole", "LabelsRole", "MonitorRole", "ComposeRepairRole", "RoundCalendarRole", "AskRole", PORTAL,
)  # fmt: skip
"""Who signs or reads sessions, the links that stop mail, and the codes by which one checks in; who counts addresses."""
OTHER_READERS = ("Open311Role", "ChangeRole", "CalendarRole")
"""Who reads keys that have nothing to do with sessions: those of labels, of clients of Open311, of links of visits."""


def statements(of: Synthesis) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for policy in of.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            yield policy.id, statement
    for role in of.of_type("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role.id, statement


def test_no_action_has_a_wildcard(either: Synthesis) -> None:
    found = [(who, action) for who, one in statements(either) for action in listed(one["Action"]) if "*" in action]
    assert found == []


def test_every_resource_with_a_wildcard_has_its_reason(either: Synthesis) -> None:
    for who, statement in statements(either):
        for resource in map(plain, listed(statement["Resource"])):
            if "*" not in resource:
                continue
            fitting = [
                actions
                for pattern, (actions, _) in STAR_RESOURCES.items()
                if (resource == pattern if pattern == "*" else fnmatchcase(resource, pattern))
            ]
            assert fitting, (who, resource)
            assert set(listed(statement["Action"])) <= set().union(*fitting), (who, resource)


def test_no_reason_outlives_its_wildcard(either: Synthesis) -> None:
    used = {plain(resource) for _, one in statements(either) for resource in listed(one["Resource"])}
    for pattern in STAR_RESOURCES:
        assert [resource for resource in used if "*" in resource and fnmatchcase(resource, pattern)], pattern


def test_no_role_has_a_policy_of_aws(either: Synthesis) -> None:
    roles = [
        role
        for role in either.of_type("AWS::IAM::Role")
        if role.stack in ("Clearance", "Desk", "Messages", "Identity", "Privacy")
    ]
    assert roles
    assert [role.id for role in roles if role.properties.get("ManagedPolicyArns")] == []


def test_the_portal_may_only_read(either: Synthesis) -> None:
    """It counts how often somebody asked besides, in a table that holds nothing else."""
    may = {
        (action, place(plain(resource)))
        for who, one in statements(either)
        if who.startswith(PORTAL)
        for action in listed(one["Action"])
        for resource in listed(one["Resource"])
    }
    reads = ("dynamodb:Get", "dynamodb:BatchGet", "dynamodb:Query", "secretsmanager:Get", "kms:De", "s3:Get", "s3:List")
    writes = {(action, resource) for action, resource in may if not action.startswith((*reads, "logs:"))}
    # it says who looked at whose case, and cannot change what it said
    assert writes == {("dynamodb:UpdateItem", "limits-table"), ("sqs:SendMessage", "looks")}
    assert {action for action, _ in may if action.startswith("logs:")} == {"logs:CreateLogStream", "logs:PutLogEvents"}


SHOW = {
    "CasesRole", "CertificateDownloadRole", "EvidenceDownloadRole", "AppointmentCalendarRole", "AuditExportRole",
    "ExportsRole", "SealedAnswerRole", "WhoSawRole", "CompareRole", "AudienceRole", "ClaimEvidenceRole",
    "TranscriptRole", "EditionsRole", "EditionDownloadRole", "SharedRole", "RunsRole", "ConflictsRole",
    "SubmissionRole", "DocumentRole", "DecideRole", "PdfRole", "AnswersRole", PORTAL,
}  # fmt: skip
"""Who shows a graduate's data to others."""


def test_who_shows_a_graduates_data_may_say_who_looked_and_only_one_function_may_read_that(either: Synthesis) -> None:
    told: dict[str, set[str]] = {}
    for who, one in statements(either):
        for action in listed(one["Action"]):
            if action.startswith("sqs:") and any("Looks" in plain(place) for place in listed(one["Resource"])):
                told.setdefault(who.split("DefaultPolicy")[0] or who, set()).add(action)
    senders = {who for who, actions in told.items() if actions == {"sqs:SendMessage"}}
    [reader] = told.keys() - senders
    assert {who[:-8] if who[:-8] in SHOW else who for who in senders} == {
        who.removesuffix("DefaultPolicy") for who in SHOW
    }
    assert reader.startswith("SeenRole") and "sqs:SendMessage" not in told[reader]


def test_what_keeps_looks_can_touch_neither_roles_nor_sign_ins(either: Synthesis) -> None:
    looks = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["SEEN#*"]}}
    for who, actions in (("SeenRole", {"dynamodb:UpdateItem"}), ("WhoSawRole", {"dynamodb:Query"})):
        [one] = [
            one
            for policy, one in statements(either)
            if policy.startswith(who) and "PeopleTable" in json.dumps(one["Resource"])
        ]
        assert (set(listed(one["Action"])), one["Condition"]) == (actions, looks)


def test_ones_own_export_is_read_and_nothing_is_written(either: Synthesis) -> None:
    may = {
        action for who, one in statements(either) if who.startswith("MyDataRole") for action in listed(one["Action"])
    }
    reads = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "kms:Decrypt", "kms:DescribeKey"}
    assert may == reads | {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_what_counts_can_do_nothing_else_with_what_is_counted(either: Synthesis) -> None:
    may = {
        action
        for _, one in statements(either)
        for resource in map(plain, listed(one["Resource"]))
        for action in listed(one["Action"])
        if place(resource) == "limits-table"
    }
    assert may == {"dynamodb:UpdateItem"}


def test_who_counts_changes_something_or_hands_out_much(either: Synthesis) -> None:
    asked: dict[str, set[str]] = {}
    targets = {one.id: one.properties for one in either.of_type("AWS::ApiGatewayV2::Integration")}
    for route in either.of_type("AWS::ApiGatewayV2::Route"):
        key = route.properties["RouteKey"]
        if key == "$default":
            continue
        integration = plain(route.properties["Target"]).split("${")[1].rstrip("}")
        uri = plain(targets[integration]["IntegrationUri"])
        asked.setdefault(uri, set()).add(key)
    counting = {who.split("Role")[0] for who, one in statements(either) for to in listed(one["Resource"])
                if place(plain(to)) == "limits-table"} - {""}  # fmt: skip
    for uri, keys in asked.items():
        reads = all(key.startswith("GET") for key in keys)
        counted = any(f"{{{name}{as_}" in uri for name in counting for as_ in ("Live", "Function"))
        freely = reads and not any(
            part in str(keys)
            for part in (
                "exports",
                "transcript",
                "audit",
                "anchors",
                "sign-in",
                "lists",
                "sign-ups/",
                "kept-copy",
                "shared/",
                "verify/",
                "sheets/",
                "figures/{calendar_year}/{file}",
                "sheet.pdf",
                "visit.ics",
                "preview.pdf",
                "answers.csv",
            )
        )
        assert counted != freely, (uri, keys)


def test_the_portal_sees_of_buckets_what_became_of_deliveries_and_no_more(either: Synthesis) -> None:
    told = [one for who, one in statements(either) if who.startswith(PORTAL) and str(one["Action"]).startswith("s3:")]
    shown = {
        DOCUMENTS: ["reports/feeds/*", "previews/*"],
        DOCUMENTS.replace("documents", "archive"): ["reports/records/*", "reports/students/*"],
        REPAIR: ["reports/places/*"],
    }
    read = {plain(place) for one in told if one["Action"] == "s3:GetObject" for place in listed(one["Resource"])}
    assert read == {f"{bucket}/{prefix}" for bucket, prefixes in shown.items() for prefix in prefixes}
    lists = {plain(one["Resource"]): one["Condition"] for one in told if one["Action"] == "s3:ListBucket"}
    assert lists == {bucket: {"StringLike": {"s3:prefix": prefixes}} for bucket, prefixes in shown.items()}


def test_only_what_answers_or_signs_people_in_reads_the_keys_of_sessions(either: Synthesis) -> None:
    readers = {who for who, one in statements(either) if "secretsmanager:GetSecretValue" in listed(one["Action"])}
    assert readers and all(who.startswith((*KEY_READERS, *OTHER_READERS)) for who in readers)
    secrets = {
        place(plain(resource))
        for who, one in statements(either)
        if who.startswith(OTHER_READERS) and "secretsmanager:GetSecretValue" in listed(one["Action"])
        for resource in listed(one["Resource"])
    }
    assert secrets == {"repair-key", "open311-keys", "visits-key"}


def test_who_reads_the_table_may_use_its_key(either: Synthesis) -> None:
    of_key: dict[str, set[str]] = {}
    of_table: dict[str, set[str]] = {}
    for who, one in statements(either):
        for action in listed(one["Action"]):
            chosen = of_key if action.startswith("kms:") else of_table if action.startswith("dynamodb:") else {}
            chosen.setdefault(who, set()).add(action)
    for who, actions in of_table.items():
        assert {"kms:Decrypt", "kms:DescribeKey"} <= of_key[who], who
        if "dynamodb:PutItem" in actions:
            assert {"kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"} <= of_key[who], who


# --- they may do all that they do --------------------------------------------------------------------------
NAMED = {
    "/index/by-school": "index",
    "CasesTable": "table",
    "${Bus": "bus",
    "FnGetAttBus": "bus",
    "SessionKeys": "secret",
}
BUCKETS = {
    "editions": EDITIONS,
    "intake": INTAKE,
    "documents": DOCUMENTS,
    "archive": ARCHIVE,
    "repair": REPAIR,
    "forms": FORMS,
}
SECRETS = {
    "RepairKey": "repair-key",
    "Open311Keys": "open311-keys",
    "MonitorSecret": "monitor-secret",
    "VisitsKey": "visits-key",
}
QUEUES = {
    "seen": "looks",
    "load": "loads",
    "ingest": "ingests",
    "refresh": "refreshes",
    "news": "news",
    "deliveries": "form-deliveries",
}
IN_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Get": "dynamodb:GetItem",
}


def needed(service: str, operation: str, told: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The actions and resources that a call of AWS needs, resources by the name they have in the template."""
    if service == "dynamodb":
        entries = told.get("TransactItems")
        actions = (
            {IN_TRANSACTION[kind] for entry in entries for kind in entry} if entries else {f"dynamodb:{operation}"}
        )
        named = {told.get("TableName"), *told.get("RequestItems", ())}
        tables = named | {one["TableName"] for entry in entries or () for one in entry.values()} - {None}
        others = {
            "Messages": "messages-",
            "People": "people-",
            "Limits": "limits-",
            "Archive": "archive-",
            "Editions": "editions-",
            "Repair": "repair-",
            "Visits": "visits-",
            "Forms": "forms-",
            "Facts": "facts-",
        }
        other = next((name for table, name in others.items() if table in tables), "")
        return {(action, other + ("index" if told.get("IndexName") else "table")) for action in actions}
    if operation == "ListObjectVersions":
        return {("s3:ListBucketVersions", BUCKETS[told["Bucket"]])}
    if operation == "DeleteObjects":
        keys = [one["Key"] for one in told["Delete"]["Objects"]]
        return {("s3:DeleteObjectVersion", f"{BUCKETS[told['Bucket']]}/{key}") for key in keys}
    if service == "s3":
        bucket = BUCKETS[told["Bucket"]]
        if operation == "ListObjectsV2":
            return {("s3:ListBucket", bucket)}
        return {(f"s3:{operation.replace('HeadObject', 'GetObject')}", f"{bucket}/{told['Key']}")}
    if service == "sesv2":
        return {("ses:SendEmail", "mail-domain"), ("ses:SendEmail", "mail-set")}
    if service == "events":
        return {("events:PutEvents", "bus")}
    if service == "kms":
        return {(f"kms:{operation}", "signing-key" if told["KeyId"] == "alias/signing" else "sealing-key")}
    if service == "sqs":
        return {(f"sqs:{operation}", QUEUES[told["QueueUrl"].rpartition("-")[2]])}
    if service == "scheduler":
        return {(f"scheduler:{operation}", "timers")}
    assert service == "secretsmanager"
    return {("secretsmanager:GetSecretValue", SECRETS.get(told["SecretId"], "secret"))}


def place(resource: str) -> str:
    """A policy's resource as `needed` calls it."""
    if "ArchiveTable" in resource:
        return "archive-index" if "/index/" in resource else "archive-table"
    if "EditionsTable" in resource:
        return "editions-index" if "/index/" in resource else "editions-table"
    if "RepairTable" in resource:
        return "repair-index" if "/index/" in resource else "repair-table"
    if "VisitsTable" in resource:
        return "visits-index" if "/index/" in resource else "visits-table"
    if "FormsTable" in resource:
        return "forms-index" if "/index/" in resource else "forms-table"
    for part, name in (
        ("FactsTable", "facts-table"),
        ("SigningKey", "signing-key"),
        ("/index/waiting", "messages-index"),
        ("MessagesTable", "messages-table"),
        (":identity/example.edu", "mail-domain"),
        (":configuration-set/yinji-messages", "mail-set"),
        ("/index/by-school", "index"),
        ("CasesTable", "table"),
        ("PeopleTable", "people-table"),
        ("LimitsTable", "limits-table"),
        ("${Bus", "bus"),
        ("FnGetAttBus", "bus"),  # as the stacks beside it know it
        ("SessionKeys", "secret"),
        ("RepairKey", "repair-key"),
        ("VisitsKey", "visits-key"),
        ("Open311Keys", "open311-keys"),
        ("MonitorSecret", "monitor-secret"),
        ("SealingKey", "sealing-key"),
        (":schedule/yinji-repair/", "timers"),
        ("NewsQueue", "news"),
        ("Deliveries", "form-deliveries"),
        ("Looks", "looks"),
        ("Loads", "loads"),
        ("Ingests", "ingests"),
        ("Refreshes", "refreshes"),
    ):
        if part in resource:
            return name
    return resource


@pytest.fixture
def did(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[tuple[str, str]]]:
    """What each function needed since, by folder."""
    from botocore.client import BaseClient

    found: dict[str, set[tuple[str, str]]] = {}
    at_work: list[str] = []
    call, invoke = BaseClient._make_api_call, cloud.invoke
    # what is drawn and told is no matter here: drawing needs the layer's fonts
    monkeypatch.setattr("yinji.clearance.definition.StepDefinition.guide", lambda *about: "")
    monkeypatch.setattr("typeset.certificate.certificate_pdf", lambda data, at: b"%PDF-")
    monkeypatch.setattr("typeset.guide.guide_pdf", lambda data, at: b"%PDF-")
    monkeypatch.setattr("typeset.labels.labels_pdf", lambda *about: b"%PDF-")
    monkeypatch.setattr("typeset.route.route_pdf", lambda *about: b"%PDF-")

    def watch(self: Any, operation: str, told: Any) -> Any:
        if at_work:
            found[at_work[-1]].update(needed(self.meta.service_model.service_name, operation, told))
        return call(self, operation, told)

    def enter(folder: str, event: dict[str, Any]) -> Any:
        at_work.append(folder)
        found.setdefault(folder, set())
        try:
            return invoke(folder, event)
        finally:
            at_work.pop()

    monkeypatch.setattr(BaseClient, "_make_api_call", watch)
    monkeypatch.setattr(cloud, "invoke", enter)
    return found


def test_only_what_asks_for_evidence_puts_it_and_only_what_looks_into_it_takes_it_away(either: Synthesis) -> None:
    may: dict[tuple[str, str], set[str]] = {}
    for who, one in statements(either):
        for resource in map(plain, listed(one["Resource"])):
            for action in listed(one["Action"]) if resource.endswith("/evidence/*") else ():
                may.setdefault((resource, action), set()).add(who.split("Role")[0])
    assert may == {
        (f"{INTAKE}/evidence/*", "s3:PutObject"): {"EvidenceUpload", "ClaimEvidence", "Document"},
        (f"{INTAKE}/evidence/*", "s3:GetObject"): {"EvidenceArrived"},
        (f"{INTAKE}/evidence/*", "s3:DeleteObject"): {"EvidenceArrived"},
        (f"{DOCUMENTS}/evidence/*", "s3:PutObject"): {"EvidenceArrived"},
        (f"{DOCUMENTS}/evidence/*", "s3:DeleteObject"): {"EvidenceArrived"},
        (f"{DOCUMENTS}/evidence/*", "s3:GetObject"): {"EvidenceDownload", "ClaimEvidence", "Document"},
        (f"{DOCUMENTS}/evidence/*", "s3:DeleteObjectVersion"): {"Retention"},
    }


def test_only_who_seals_and_who_shows_sealed_numbers_may_use_their_key(either: Synthesis) -> None:
    may: dict[str, set[str]] = {}
    for who, one in statements(either):
        if any("SealingKey" in plain(resource) for resource in listed(one["Resource"])):
            may.setdefault(who.split("Role")[0].removesuffix("Step"), set()).update(listed(one["Action"]))
    seals, opens = {"kms:GenerateDataKey", "kms:Decrypt"}, {"kms:Decrypt"}
    assert may == {
        "CampusCard": seals,
        "HousingDeposit": seals,
        "ScholarshipSettlement": seals,
        # what is known already is offered to be confirmed
        **dict.fromkeys(("PartyTransfer", "HouseholdRegistration", "PersonalFile", "Diploma"), opens),
        "Exports": opens,
        "SealedAnswer": opens,
        "MyData": opens,
        "Facts": seals,
        "RecordsIntake": seals,
        "Learn": seals,
        "Fill": seals,
        **dict.fromkeys(("Submission", "Decide", "Pdf", "Answers"), opens),
    }


def play_archive(cloud: Cloud) -> None:
    """Every sample of the archive, once what it is about is there; and what an import does the second time."""
    announced(cloud)
    delivered(cloud)
    library = Library(cloud)
    library.enrol(SU, archived_student(2))
    library.loans(loan(1), loan(2))
    library.loans(loan(1, title="另一版", changed_at="2026-06-03 12:00:00"), loan(2, archived_student(2).student,
                  changed_at="2026-06-03 12:00:00"))  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        proofs.with_authority(cloud, patched)
        rendered(cloud, Editions())
        play_samples(cloud)


def play_reports(cloud: Cloud) -> None:
    """A label is scanned, a fault reported with a photo, mended, and confirmed."""
    keep(campus())
    item_of_incident(outage("LIB-SW1", state="fixed", changed_at=clock.now())).save()
    path = f"/api/repair/places/{label('LIB-1-01')}"
    ticket = cloud.call("repair/report", None, "GET", path).json["ticket"]
    told = {"ticket": ticket, "symptom": "slow", "idempotency_key": "k" * 12, "verdict": "slow"}
    made = cloud.call("repair/report", None, "POST", "/api/repair/reports", told).json
    assert cloud.call("repair/report", None, "POST", "/api/repair/solved", told).status == 200
    link = made["follow"].removeprefix("/r/follow/")
    asked = {"type": "image/jpeg", "size": "900"}
    assert cloud.call("repair/photo_upload", None, "POST", f"/api/repair/photos/{link}", asked).status == 200
    arrive(cloud, made["id"], photo())
    for who in (officer("network-centre"), AUDITOR):
        assert cloud.call("repair/photo_show", who, "GET", f"/api/repair/photos/{made['id']}").status == 303
    join(made["id"], "e" * 24)
    for word in ("rate", "confirm"):
        said = {"idempotency_key": "k" * 12, "face": "good"}
        assert cloud.call("repair/follow", None, "POST", f"/api/repair/follow/{link}/{word}", said).status == 200


def play_told(cloud: Cloud) -> None:
    """Somebody who left an address reports a fault that is mended, and is told; whoever mended it adds a photo."""
    keep(campus())
    fixed = open_incident(incident("d" * 24, "LIB-2-01", state="fixed", technician="N001", version=1))
    Reports().file(recent("LIB-2-01", who="lin", contact="lin@example.edu"))
    items = cloud.dynamodb.scan(TableName="Repair")["Items"]
    [filed] = [one for one in items if one.get("contact", {}).get("S") == "lin@example.edu"]
    cloud.invoke("repair/clocks", {"Records": [record(filed)]})
    join(filed["report"]["S"], fixed.id)
    cloud.send("messages/compose_repair", {"report": filed["report"]["S"]}, {"incident": fixed.id})
    deliveries = [
        one
        for one in cloud.dynamodb.scan(TableName="Messages")["Items"]
        if one["sk"]["S"].startswith("DELIVERY#") and one["box"]["S"].startswith("report:")
    ]
    assert deliveries
    cloud.invoke("messages/send", {"Records": [record(one) for one in deliveries]})
    technician, path = Session("N001", "technician", "x"), f"/api/repair/incidents/{fixed.id}/photo"
    asked = {"type": "image/jpeg", "size": "900"}
    assert cloud.call("repair/photo_upload", technician, "POST", path, asked).status == 200
    arrive(cloud, of_repair(fixed.id), photo())
    assert cloud.call("repair/photo_show", technician, "GET", path).status == 303


def play_places(cloud: Cloud) -> None:
    """A table of places, and labels printed, fetched, replaced and retired."""
    campus_is_there(cloud)
    cloud.invoke("repair/places_intake", json.loads((ROOT / "events/repair/places_intake.json").read_text("utf-8")))
    made, office, labels = (
        {"format": "door", "idempotency_key": "k" * 8},
        officer("network-centre"),
        "/api/repair/labels",
    )
    asked = made | {"within": "LIB", "kind.room": "yes", "missing": "yes"}
    sheet = cloud.call("repair/labels", office, "POST", labels, asked).json
    first, second = (f"{labels}/{one['serial']}" for one in sheet["labels"][:2])
    for place in (f"{first}/replace", f"{second}/retire"):
        assert cloud.call("repair/labels", office, "POST", place, made).status == 200
    assert cloud.call("repair/labels", office, "GET", sheet["address"]).status == 200


def play_visits(cloud: Cloud) -> None:
    """Somebody asks for a visit, the office for another; it is looked at, moved, cancelled, and one is rated."""
    date_ = at_campus(clock.now()) + timedelta(days=7)
    Visits().put_day(Day("zhuyuan", date_, (Places("N001", "morning", 1),)))
    told = cloud.call("visits/ask", None, "GET", "/api/visits/days/zhuyuan").json
    asked = of_visit(1) | {
        "community": "zhuyuan",
        "ticket": told["ticket"],
        "day": str(date_),
        "idempotency_key": "k" * 12,
    }
    links = [
        cloud.call("visits/ask", who, "POST", path, asked | {"name": path}).json["follow"].removeprefix("/visits/v/")
        for who, path in ((None, "/api/visits"), (ADMINISTRATOR, "/api/visits/desk/ask"))
    ]
    assert cloud.call("visits/calendar", None, "GET", f"/api/visits/v/{links[0]}/visit.ics").status == 200
    for link, deed, status in ((links[1], "move", 200), (links[0], "cancel", 200), (links[1], "rate", 409)):
        said = {"idempotency_key": "k" * 12, "day": str(date_), "wish": "morning", "wait": "yes", "face": "good"}
        assert cloud.call("visits/change", None, "POST", f"/api/visits/v/{link}/{deed}", said).status == status


def play_samples(cloud: Cloud) -> None:
    for path in sorted((ROOT / "events" / "archive").glob("*.json")):
        cloud.invoke(f"archive/{path.name.split('.')[0]}", json.loads(path.read_text("utf-8")))
    Catalogue().change("A1", lambda known: (replace(known, place="x"), RecordEvent("changed", "x", "x", clock.now())))
    items = [
        one for one in cloud.dynamodb.scan(TableName="Archive")["Items"] if one["sk"]["S"][:5] in ("EVENT", "SIGNU")
    ]
    cloud.invoke("messages/compose_archive", {"Records": [*map(streamed, items)]})


def streamed(item: dict[str, Any]) -> dict[str, Any]:
    """What the archive's stream says of `item`: who holds a place has waited for it."""
    return record(item, item | {"standing": {"S": "waiting"}} if "standing" in item else None)


def play_work(cloud: Cloud) -> None:
    """A fault is opened, its clocks run out, somebody takes it, hands it over, mends it; the office keeps the rota."""
    keep(campus())
    one = open_incident(incident())
    stream(cloud, change_of(None, one))
    cloud.invoke("repair/escalate", {"incident": one.id, "purpose": "response"})
    People().grant("N001", Grant("technician"))
    centre, technician = officer("network-centre"), Session("N001", "technician", "x")
    for path, fields in (
        ("", {"areas": "north"}),
        ("/day", {"day": "2026-06-20", "duty": "on"}),
    ):
        assert cloud.call("repair/rota", centre, "POST", f"/api/repair/rota/N001{path}", fields).status == 200
    assert cloud.call("repair/rota", technician, "GET", "/api/repair/rota").status == 200
    for path in ("", f"/{one.id}"):
        assert cloud.call("repair/work", technician, "GET", f"/api/repair/incidents{path}").status == 200
    for who, deed, fields in (
        (technician, "take", {}),
        (centre, "hand-over", {"to": "N001", "why": "other"}),
        (technician, "fix", {"cause": "other"}),
    ):
        fields |= {"version": "1", "idempotency_key": "k" * 12}
        answer = cloud.call("repair/work", who, "POST", f"/api/repair/incidents/{one.id}/{deed}", fields)
        assert answer.status == 200, answer.json
    assert cloud.call("repair/rota", centre, "POST", "/api/repair/rota/N001/leave", {}).status == 200


VISITED_AT = "xishan"
"""Where the technician of `play_round` goes; others are at work elsewhere."""


def play_round(cloud: Cloud) -> None:
    """A technician visits somebody and asks to come again, finds nobody elsewhere, prints the sheet, and a program
    fetches the calendar."""
    technician, today = Session("N001", "technician", "x"), at_campus(clock.now())
    keep_days(*(replace(visit_day(today + timedelta(days)), community=VISITED_AT) for days in (0, 7)))
    here, gone = (booked_visit(number, on=today, wish="morning") for number in (11, 12))
    for one, deed, fields in (
        (here, "finish", {"minutes": "5", "solved": "no"}),
        (here, "follow-up", {"day": str(today + timedelta(days=7))}),
        (gone, "miss", {}),
    ):
        fields |= {"version": str(one.version), "idempotency_key": "k" * 12}
        for _ in range(2):
            path = f"/api/visits/round/{one.id}/{deed}"
            assert cloud.call("visits/record", technician, "POST", path, fields).status == 200
    assert cloud.call("visits/sheet", technician, "GET", f"/api/visits/round/{today}/sheet.pdf").status == 200
    made = cloud.call("visits/round_calendar", technician, "POST", "/api/visits/calendar", {"turn": "0"}).json
    assert cloud.call("visits/round_calendar", None, "GET", made["address"]).status == 200
    cloud.invoke("visits/days", {})
    keys = {"pk": {"S": f"DAYS#{VISITED_AT}"}, "sk": {"S": str(today)}}
    changed = {"eventName": "MODIFY", "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
    assert cloud.invoke("visits/settle", {"Records": [changed]}) == {"batchItemFailures": []}


def booked_visit(number: int, on: date, wish: Wish) -> Visit:
    """A visit of N001."""
    one, _ = visit(number, on=on, wish=wish, community=VISITED_AT)
    after, _ = acts.book(one, Held("N001", "morning"), clock.now())
    item_of_visit(after).save()
    return after


def play_triage(cloud: Cloud) -> None:
    """Reports become incidents, are sorted by hand, and monitors tell of devices; planned, announced, left lying."""
    keep(campus())
    network, api = officer("network-centre"), "/api/repair"
    told = [recent(room) for room in ("LIB-1-01", "LIB-2-01", "LIB-1-03")]
    left = recent("LIB-2-03", filed_at=clock.now() - timedelta(hours=1))
    for one in (*told, left):
        Reports().file(one)
    cloud.invoke("repair/triage", {"Records": [reported(one) for one in told[:2]]})
    first, second = [one.incident for one in Reports().find_many([one.id for one in told[:2]]).values()]
    seen = {"version": 1, "idempotency_key": "a-key-of-mine"}
    merge = f"{api}/incidents/{first}/merge"
    assert cloud.call("repair/sort", network, "POST", merge, seen | version_of(first) | {"into": second}).status == 200
    parted = seen | version_of(second) | {"reports": told[0].id}
    assert cloud.call("repair/sort", network, "POST", f"{api}/incidents/{second}/split", parted).status == 200
    cloud.invoke("repair/triage", {"Records": [reported(told[2])]})
    until = {"until": f"{tomorrow(1)}T10:00", "title_zh": "换", "title_en": "New"}
    planned = seen | until | {"kind": "maintenance", "cause": "LIB-2"}
    made = cloud.call("repair/notices", network, "POST", f"{api}/notices", planned).json
    cloud.invoke("repair/sweep", {})
    assert cloud.call("repair/notices", network, "GET", f"{api}/notices").status == 200
    assert cloud.call("repair/notices", network, "POST", f"{api}/notices/{made['id']}/end", seen).status == 200
    cloud.invoke("repair/sweep", {})
    for name in ("monitor", "monitor.resolved", "monitor.zabbix", "outages"):
        sample = json.loads((ROOT / f"events/repair/{name}.json").read_text("utf-8"))
        assert cloud.invoke(f"repair/{name.split('.')[0]}", sample)["statusCode"] == 200


def version_of(id: str) -> dict[str, int]:
    """The version of an incident as it is."""
    found = Incidents().find(id)
    assert found
    return {"version": found.version}


def play_making(cloud: Cloud) -> None:
    """Finance makes a form, publishes it, and brings another in from Excel."""
    api, finance = "/api/forms/desk", officer("finance")
    words = {"title.zh": "题目", "title.en": "Title", "idempotency_key": "a-key-of-mine"}
    for what, fields in (("", {"id": "bicycle"}), ("/bicycle/edit/field-add", {"page": "1", "fact": "phone"})):
        sent = words | fields | {"version": 1}
        assert cloud.call("forms/author", finance, "POST", f"{api}{what}", sent).status == 200, what
    for number, deed in enumerate(("publish", "retire", "restore"), 2):
        assert (
            cloud.call("forms/author", finance, "POST", f"{api}/bicycle/{deed}", words | {"version": number}).status
            == 200
        )
    for path in (api, f"{api}/bicycle"):
        assert cloud.call("forms/author", finance, "GET", path).status == 200
    body = sent_parts(('name="idempotency_key"', b"a-key-of-mine"), ('name="file"; filename="x"', papers.hardship()))
    assert (
        cloud.call(
            "forms/import_form", finance, "POST", f"{api}/import", body, headers={"content-type": MULTIPART}
        ).status
        == 200
    )


def play_facts(cloud: Cloud) -> None:
    """Finance delivers cards; somebody says that theirs is another one, and finance decides."""
    key, card, other = "facts/finance/2026-06-15.csv", "6222021234567894", "6222021234567886"
    cloud.s3.put_object(Bucket="forms", Key=key, Body=f"学号,银行卡号\n{LIN.student},{card}\n".encode())
    cloud.invoke("forms/records_intake", json.loads((ROOT / "events/forms/records_intake.json").read_text("utf-8")))
    assert cloud.call("forms/facts", STUDENT, "GET", "/api/forms/facts").status == 200
    said = {"value": other, "version": 1}
    assert cloud.call("forms/facts", STUDENT, "POST", "/api/forms/facts/bank-card", said).status == 200
    items = cloud.dynamodb.scan(TableName="Facts")["Items"]
    [new] = [one for one in items if one["pk"]["S"].startswith("CONFLICTS#")]
    cloud.invoke("forms/announce", {"Records": [record(new)]})
    [told] = [detail for kind, detail in cloud.said if kind == "fact-corrected"]
    cloud.invoke("messages/compose_forms", {"detail": told})
    finance = officer("finance")
    [one] = cloud.call("forms/conflicts", finance, "GET", "/api/forms/conflicts").json["conflicts"]
    path = f"/api/forms/conflicts/{one['id']}/take"
    assert cloud.call("forms/conflicts", finance, "POST", path, {"version": one["version"]}).status == 200


def play_filling(cloud: Cloud) -> None:
    """Somebody looks what there is to fill, fills it on two pages with a document, sends it, takes it back, changes it;
    their office looks; the stream says the same once more."""
    form, who = filling.published(filling.rich(approvals=("finance",))), filling.WHO
    place, send = f"/api/forms/f/{form.id}", uuid.uuid4().hex
    for path in ("/api/forms", place):
        assert cloud.call("forms/library", who, "GET", path).status == 200
    told = {"field": "paper", "type": "application/pdf", "size": "100"}
    assert cloud.call("forms/document", who, "POST", f"{place}/documents", told).status == 200
    paper = filling.handed_in(form, "paper")
    document = f"{place}/documents/{paper}"
    assert cloud.call("forms/document", who, "GET", document).status == 200
    upload = Store().upload(who.sub, paper)
    assert upload
    cloud.s3.put_object(Bucket="documents", Key=upload.thumbnail_key, Body=b"x")
    for part in ("file", "thumbnail"):
        assert cloud.call("forms/document", who, "GET", f"{document}/{part}").status < 400
    first = {"answers": {"name": "苏明", "phone": "13800138000", "card": filling.CARD}, "page": 0}
    assert cloud.call("forms/fill", who, "POST", f"{place}/save", first).json["wrong"] == {}
    rest = {"more": "yes", "why": "一些说明", "paper": paper, "sign": "typed:苏明"}
    sent = cloud.call("forms/fill", who, "POST", f"{place}/submit", {"answers": rest, "idempotency_key": send}).json
    one = f"/api/forms/s/{sent['id']}"
    for person in (who, officer("finance")):
        assert cloud.call("forms/submission", person, "GET", one).status == 200
    assert cloud.call("forms/document", officer("finance"), "GET", f"{one}/documents/{paper}/file").status == 303
    assert cloud.call("forms/submission", who, "POST", f"{one}/withdraw", {"idempotency_key": send}).status == 200
    assert cloud.call("forms/submission", who, "POST", f"{one}/correct", {}).status == 200
    again = {"idempotency_key": uuid.uuid4().hex}
    assert cloud.call("forms/fill", who, "POST", f"{place}/submit", again).json["state"] == "waiting"
    assert cloud.call("forms/fill", who, "POST", f"{place}/give-up", {}).status == 200
    items = cloud.dynamodb.scan(TableName="Forms")["Items"]
    happened = [one for one in items if one["pk"]["S"] == f"SUBMISSION#{sent['id']}" and "EVENT#" in one["sk"]["S"]]
    assert cloud.invoke("forms/learn", {"Records": [record(one) for one in happened]}) == {"batchItemFailures": []}


def play_forms_out(cloud: Cloud) -> None:
    """Offices agree to what somebody sent, open a number, print it, take all answers, connect the form; people are
    told, and what is asked again."""
    api, aid = "/api/forms", submissions.keep()
    school, affairs, document = submissions.SCHOOL, submissions.AFFAIRS, "application/pdf"
    for who in (school, affairs):
        assert len(cloud.call("forms/decide", who, "GET", f"{api}/queue").json["waiting"]) == 1
        one = cloud.call("forms/decide", who, "GET", f"{api}/queue/{aid.id}").json
        said = {"version": one["version"], "idempotency_key": uuid.uuid4().hex}
        assert cloud.call("forms/decide", who, "POST", f"{api}/s/{aid.id}/approve", said).status == 200
    assert cloud.call("forms/decide", affairs, "POST", f"{api}/queue/{aid.id}/sealed/bank_card", {}).status == 200
    for query in ("", "?whole=yes"):
        told = cloud.call("forms/pdf", affairs, "GET", f"{api}/s/{aid.id}/form.pdf{query}")
        assert told.headers["Content-Type"] == document
        assert cloud.call("forms/answers", affairs, "GET", f"{api}/desk/{aid.form}/answers.xlsx{query}").status == 200
    assert cloud.call("forms/pdf", affairs, "GET", f"{api}/desk/{aid.form}/preview.pdf").status == 200
    for url in ("http://127.0.0.1:9/", ""):
        said = {"url": url, "idempotency_key": uuid.uuid4().hex}
        assert cloud.call("forms/connect", affairs, "POST", f"{api}/desk/{aid.form}/connect", said).status == 200
        items = cloud.dynamodb.scan(TableName="Forms")["Items"]
        happened = [one for one in items if one["pk"]["S"] == f"SUBMISSION#{aid.id}" and "EVENT#" in one["sk"]["S"]]
        cloud.invoke("forms/relay", {"Records": [record(one) for one in happened]})
    [told] = cloud.taken_out("DELIVERIES")
    message = {"messageId": "1", "receiptHandle": "r", "eventSource": "aws:sqs", "body": json.dumps(told)}
    cloud.invoke("forms/deliver", {"Records": [message | {"attributes": {"ApproximateReceiveCount": "1"}}]})
    for kind, detail in cloud.said:
        if kind == "submission-decided":
            cloud.invoke("messages/compose_submissions", {"detail-type": kind, "detail": detail})
    for path in ("2026", "2026/report.csv"):
        assert cloud.call("forms/figures", affairs, "GET", f"{api}/figures/{path}").status == 200


def play(cloud: Cloud) -> None:
    """A little of everything that functions do."""
    play_triage(cloud)
    play_reports(cloud)
    play_told(cloud)
    play_places(cloud)
    play_work(cloud)
    play_visits(cloud)
    play_facts(cloud)
    play_making(cloud)
    play_forms_out(cloud)
    cloud.open(LIN, graduate(2), graduate(3))
    hand_in_a_thesis(cloud)
    give_an_account(cloud)
    cloud.feed("library-loans", {"student": LIN.student, "loans": 1, "titles": "乡土中国"})
    loan = {"which": "乡土中国", "payment": "desk"}
    assert cloud.act(STUDENT, "library-loans", "declare-lost", **loan).status == 200
    settle_everything(cloud)
    message = {"id": "m", "source": "yinji.clearance", "detail": {"student": LIN.student}}
    cloud.invoke("clearance/certificate", message | {"detail-type": "case-finished"})
    assert cloud.case().certificate
    root = f"/api/clearance/cases/{LIN.student}"
    assert cloud.call("clearance/certificate_download", STUDENT, "GET", f"{root}/certificate").status == 200
    assert cloud.call("clearance/cases", STUDENT, "GET", root).status == 200
    assert cloud.call("clearance/cases", COUNSELLOR, "GET", "/api/clearance/schools/S01").status == 200
    queue = "/api/clearance/steps/library-loans/queue"
    assert cloud.call("clearance/cases", officer("library"), "GET", queue).status == 200
    cloud.invoke("clearance/reconcile", {})
    cloud.invoke("clearance/figures", {})
    assert cloud.invoke("clearance/anchor", {})["cases"] == 5
    for path in (f"cases/{LIN.student}/audit.json", "schools/S01/audit.ndjson", "anchors.json"):
        assert cloud.call("clearance/audit_export", AUDITOR, "GET", f"/api/clearance/{path}").status == 200
    found = looked_at(cloud, table(f"{LIN.student},0,0.00,")).json
    assert used(cloud, found["id"]).status == 200
    applied = {"detail-type": "roster-applied", "detail": {"batch": "2026-summer"}}
    left = {"detail-type": "intake-left", "detail": {"key": "feeds/tuition/none.csv"}}
    for told in (applied, left):
        cloud.invoke("clearance/steps/tuition", message | told)
    sign_in_and_out(cloud)
    write_and_read(cloud)
    run_the_desk(cloud)
    look_at_others(cloud)
    cloud.invoke("privacy/retention", {})
    assert cloud.invoke("privacy/retention", {"student": graduate(9).student})["erased"] == 1
    play_archive(cloud)
    play_round(cloud)
    report_by_open311(cloud)
    play_visits_of_offices(cloud)
    play_filling(cloud)


def play_visits_of_offices(cloud: Cloud) -> None:
    """Offices change days, move visits, cancel, call; people are told by mail; a year is told of."""
    api, centre = "/api/visits/desk", officer("network-centre")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("yinji.platform.clock.now", lambda: visited.NOW)
        patched.setattr("yinji.platform.clock.today", lambda: visited.NOW.date())
        for staff, places in (("N001", {"place.meiyuan.morning": "2"}), ("N002", {"place.meiyuan.afternoon": "1"})):
            People().grant(staff, Grant("technician"))
            assert cloud.call("visits/plans", centre, "POST", f"{api}/plans/{staff}", places).status == 200
        assert cloud.call("visits/plans", centre, "GET", f"{api}/plans").status == 200
        those = [visited.ask(number, mail=f"{number}@example.com") for number in range(4)]
        cloud.invoke("visits/days", {})
        act = {"version": 2, "idempotency_key": "a-key-of-mine"}
        deeds = {"move": {"day": str(visited.SECOND)}, "cancel": {}, "remind": {}}
        for one, (deed, more) in zip(those, deeds.items(), strict=False):
            path = f"{api}/visits/{one.id}"
            assert cloud.call("visits/desk", centre, "POST", f"{path}/{deed}", act | more).status == 200, deed
            assert cloud.call("visits/desk", centre, "GET", path).status == 200
        day = f"{api}/days/meiyuan/{visited.FIRST}"
        for turn, fields in (
            ("places", {"place.N001.morning": "1"}),
            ("usual", {}),
            ("close", {"reason": "雪"}),
            ("open", {}),
        ):
            assert cloud.call("visits/desk", centre, "POST", f"{day}/{turn}", fields).status == 200, turn
        new = {"community": "meiyuan", "day": "2026-12-05"}
        assert cloud.call("visits/desk", centre, "POST", f"{api}/days", new).status == 200
        for path in (api, day):
            assert cloud.call("visits/desk", centre, "GET", path).status == 200
        items = cloud.dynamodb.scan(TableName="Visits")["Items"]
        cloud.invoke(
            "messages/compose_visits", {"Records": [record(one) for one in items if "EVENT#" in one["sk"]["S"]]}
        )
        cloud.invoke("visits/settle", {"Records": [record(one) for one in items if "DAYS#" in one["pk"]["S"]]})
        cloud.invoke("messages/send", {})
        patched.setattr("yinji.platform.clock.now", lambda: closes(visited.SECOND) + timedelta(minutes=5))
        cloud.invoke("visits/remind", {})
    for path in ("2026", "2026/visits.xlsx"):
        assert cloud.call("visits/figures", AUDITOR, "GET", f"/api/visits/figures/{path}").status == 200


def report_by_open311(cloud: Cloud) -> None:
    """A little of everything that clients of Open311 do, and of what faults teach."""
    keep(campus())
    root, form = "/api/open311/v2", {"api_key": "a-key-of-the-tests", "service_code": "slow", "address_id": "LIB-1-01"}
    posted = cloud.call("repair/open311", None, "POST", f"{root}/requests.json", list(form.items()))
    assert posted.status == 201
    coded = form | {"address_id": labels.code("7QF3MX", KEY)}  # good, and of no label that was printed
    assert cloud.call("repair/open311", None, "POST", f"{root}/requests.json", list(coded.items())).status == 400
    joined = fault("i1", opened=clock.now(), found="power")
    assert Incidents().change(replace(joined, version=1), Event("opened", "opened", "triage", clock.now()))
    report = ReportItem(f"REPORT#{posted.json[0]['service_request_id']}", "REPORT")
    report.update(actions=[ReportItem.incident.set(joined.id)])
    for path in ("requests.xml", f"requests/{posted.json[0]['service_request_id']}.json"):
        assert cloud.call("repair/open311", None, "GET", f"{root}/{path}").status == 200
    assert cloud.call("repair/learnt", AUDITOR, "GET", "/api/repair/figures").json["whole"]["mended"] >= 1
    assert set(cloud.invoke("repair/counts", {})) == {"open", "to_confirm"}


def look_at_others(cloud: Cloud) -> None:
    """A little of everything that offices see of graduates, which is written down; and one's own data to take along."""
    root, second = f"/api/clearance/cases/{LIN.student}", f"/api/clearance/cases/{graduate(2).student}"
    thesis = f"/api/clearance/cases/{graduate(9).student}/evidence"
    [upload] = [
        item["sk"]["S"].partition("#")[2]
        for item in cloud.dynamodb.scan(TableName="Cases")["Items"]
        if item["sk"]["S"].startswith("UPLOAD#") and graduate(9).student in item["pk"]["S"]
    ]
    for folder, who, path in (
        ("clearance/cases", COUNSELLOR, root),
        ("clearance/certificate_download", COUNSELLOR, f"{root}/certificate"),
        ("clearance/appointment_calendar", officer("housing"), f"{second}/steps/dormitory/appointment.ics"),
        ("clearance/evidence_download", officer("library"), f"{thesis}/{upload}/file"),
        ("clearance/evidence_download", officer("library"), f"{thesis}/{upload}/thumbnail"),
        ("identity/who_saw", AUDITOR, f"{root}/seen"),
        ("identity/who_saw", STUDENT, "/api/account/seen"),
        ("identity/my_data", STUDENT, "/api/account/export.json"),
    ):
        assert cloud.call(folder, who, "GET", path).status in (200, 303), path
    looks = cloud.looks()
    assert {look["what"] for look in looks} >= {"case", "certificate", "appointment", "document", "list"}
    assert cloud.keep(*looks) == {"batchItemFailures": []}


def run_the_desk(cloud: Cloud) -> None:
    """A little of everything around the steps: appointments, lists, guides, practice, batches, the other steps."""
    api, second = "/api/clearance", graduate(2).student
    me = Session(second, "student", "x")
    slot = next_slot()
    assert cloud.act(me, "dormitory", "book-inspection", second, slot=slot).status == 200
    ics = f"{api}/cases/{second}/steps/dormitory/appointment.ics"
    assert cloud.call("clearance/appointment_calendar", me, "GET", ics).status == 200
    slots = f"{api}/steps/dormitory/slots"
    assert cloud.call("clearance/slots", me, "GET", slots).status == 200
    close = {"day": slot[:10], "slot": slot, "do": "close"}
    assert cloud.call("clearance/slots", officer("housing"), "POST", slots, close).status == 200
    for file in ("matrix.csv?school=S01", "season.xlsx", "burn-down.csv", "queue.csv?step=dormitory"):
        assert cloud.call("clearance/exports", AUDITOR, "GET", f"{api}/exports/{file}").status == 200
    assert cloud.call("clearance/guide_pdf", None, "GET", f"{api}/guides/undergraduate/zh.pdf").status == 200
    key = {"idempotency_key": "a-key-of-mine"}
    for _ in range(2):  # what is there already begins anew
        assert cloud.call("clearance/practice", officer("library"), "POST", f"{api}/practice", key).status == 200
    cloud.invoke("clearance/advance", json.loads((ROOT / "events/clearance/advance.json").read_text("utf-8")))
    extended = key | {"until": tomorrow(60), "reason": "生病住院"}
    path = f"{api}/cases/{second}/arrangements/extend"
    assert cloud.call("clearance/arrange", COUNSELLOR, "POST", path, extended).status == 200
    winter = {"batch": "2026-winter", "title_zh": "冬", "title_en": "Winter"}
    winter |= {"opens_on": tomorrow(0), "deadline": tomorrow(30)}
    assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", f"{api}/batches", winter).status == 200
    cloud.deliver("rosters/2026-winter/batch.json", "clearance/open_cases")
    assert cloud.call("clearance/batches", AUDITOR, "GET", f"{api}/batches").status == 200
    for deed, fields in (("close", {}), ("carry-over", {"into": "2026-winter"})):
        path = f"{api}/batches/2026-summer/{deed}"
        assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", path, fields).status == 200
    [told] = [detail for kind, detail in cloud.said if kind == "rearrange"]
    message = {"id": "m", "source": "yinji.clearance", "detail-type": "rearrange", "detail": told}
    assert cloud.invoke("clearance/rearrange", message)["changed"] > 0


def sign_in_and_out(cloud: Cloud) -> None:
    """A little of everything about who somebody is; what the servers answer is no matter here."""
    assert cloud.call("identity/demo_sign_in", None, "GET", "/api/sign-in/demo/personas").status == 200
    demo, chosen = "/api/sign-in/demo", {"persona": "counsellor:S01"}
    held = cloud.call("identity/demo_sign_in", None, "POST", demo, chosen).cookies[0].split(";")[0]
    me = Session("CS01", "counsellor", "x", school="S01")
    cloud.invoke("identity/people", {"staff": "T0100", "name": "x", "role": "counsellor", "school": "S02"})
    found = Identity("T0100", "x", clock.now())
    for way, protocol in (("oidc", Provider), ("cas", Server)):
        folder = f"identity/sign_in_{way}"
        with (
            patch.object(protocol, "away", lambda *_: "https://sso.example.edu/auth"),
            patch.object(protocol, "identity", lambda *_: found),
        ):
            attempt = cloud.call(folder, None, "GET", f"/api/sign-in/{way}").cookies[0].split(";")[0]
            assert cloud.call(folder, None, "GET", f"/api/sign-in/{way}/back", cookies=[attempt]).status == 303
    assert cloud.call("identity/account", me, "GET", "/api/account").status == 200
    lent = {"to": "T0100", "ends_on": clock.today().isoformat()}
    assert cloud.call("identity/account", me, "POST", "/api/account/lent", lent).status == 200
    back = {"to": "T0100", "key": "counsellor#S01#CS01"}
    assert cloud.call("identity/account", me, "POST", "/api/account/lent/take-back", back).status == 200
    assert cloud.call("identity/account", STUDENT, "POST", "/api/account/role", {"key": ""}).status == 200
    path, end = "/api/people/T0100/grants/end", {"key": "counsellor#S02"}
    assert cloud.call("identity/people", ADMINISTRATOR, "POST", path, end).status == 200
    old = TimestampSigner.get_timestamp
    with patch.object(TimestampSigner, "get_timestamp", lambda self: old(self) - 3600):
        stale = sign(begun(me), ["new"])
    event = json.loads((ROOT / "events/identity/authorizer.json").read_text("utf-8"))
    cloud.invoke("identity/authorizer", event | {"cookies": [f"yinji_session={stale}"]})
    for path in ("/api/sign-out", "/api/sign-out/everywhere"):
        assert cloud.call("identity/sign_out", None, "POST", path, cookies=[held]).status == 303


def write_and_read(cloud: Cloud) -> None:
    """A little of everything about messages."""
    boto3.client("sesv2").create_email_identity(EmailIdentity="yinji@example.edu")
    items = cloud.dynamodb.scan(TableName="Cases")["Items"]
    cloud.invoke("messages/compose", {"Records": [record(item) for item in items if item["sk"]["S"] == "CASE"]})
    cloud.invoke("messages/deadlines", {"today": "2026-06-23"})
    cloud.invoke("messages/digest", {"today": "2026-06-15"})
    root = f"/api/clearance/cases/{graduate(2).student}"
    key = {"idempotency_key": "a-key-of-mine"}
    assert cloud.call("messages/remind", COUNSELLOR, "POST", f"{root}/remind", key).status == 200
    items = cloud.dynamodb.scan(TableName="Messages")["Items"]
    waiting = [record(item) for item in items if item["sk"]["S"].startswith("DELIVERY#")]
    cloud.invoke("messages/send", {"Records": waiting})
    cloud.invoke("messages/send", {})
    student, read = Session(graduate(2).student, "student", "x"), {"upto": "MESSAGE#2026"}
    assert cloud.call("messages/inbox", student, "GET", "/api/messages").status == 200
    assert cloud.call("messages/inbox", student, "POST", "/api/messages/read", read).status == 200
    assert cloud.call("messages/inbox", student, "POST", "/api/messages/preferences", {"language": "en"}).status == 200
    token = stop.token(student.sub, "yours", ["new"])
    assert cloud.call("messages/stop", None, "POST", f"/api/messages/stop/{token}").status == 200


def hand_in_a_thesis(cloud: Cloud) -> None:
    master = graduate(9, category="postgraduate", flags=frozenset({"thesis"}))
    session = Session(master.student, "student", "x")
    cloud.open(master)
    id = hand_in_anew(cloud, master.student)
    assert fetch(cloud, session, id, student=master.student).status == 303
    assert fetch(cloud, session, id, "thumbnail", master.student).status == 200


def give_an_account(cloud: Cloud) -> None:
    who = graduate(11, category="international", flags=frozenset({"scholarship"}))
    me, office = Session(who.student, "student", "x"), officer("international-education")
    cloud.open(who)
    for card in ("6222000012345678", "6222000012345679"):  # the key is made, then used
        account = {"holder": "x y", "card": card, "bank": "Bank of X"}
        step = "scholarship-settlement"
        assert cloud.act(me, step, "confirm-account", who.student, **account).status == 200
    answered = {"student": who.student, "step": step, "version": 2, "at": "2026-06-15T04:00:00.000Z"}
    cloud.invoke(
        "forms/learn_step", {"id": "m", "source": "yinji.clearance", "detail-type": "step-answered", "detail": answered}
    )
    place = f"/api/clearance/cases/{who.student}/sealed/{step}/card"
    assert cloud.call("clearance/sealed_answer", office, "POST", place, {}).status == 200
    path = f"/api/clearance/exports/queue.xlsx?step={step}&whole=1"
    assert cloud.call("clearance/exports", office, "GET", path).status == 200


def allowed(of: Synthesis, function: Resource) -> set[tuple[str, str]]:
    role = function.properties["Role"]["Fn::GetAtt"][0]
    return {
        (action, place(plain(resource)))
        for policy in of.of_type("AWS::IAM::Policy")
        if {"Ref": role} in policy.properties["Roles"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def test_functions_may_do_all_that_a_season_asks_of_them(
    cloud: Cloud, did: dict[str, set[tuple[str, str]]], local: Synthesis
) -> None:
    play(cloud)
    # steps are made by one construct; some of each kind will do
    assert {folder for folder in functions(local) if not folder.startswith("clearance/steps/")} <= did.keys()
    for folder, needs in did.items():
        may = allowed(local, functions(local)[folder])
        missing = {
            (action, resource)
            for action, resource in needs
            if not any(action == one and fnmatchcase(resource, where) for one, where in may)
        }
        assert missing == set(), folder
