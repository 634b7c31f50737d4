"""The growth archive: its table and bucket, and the functions that capture, load, certify, count and compare."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from yinji.archive.importing import PREFIX, WORK
from yinji.clearance.evidence import PREFIX as EVIDENCE

from infra.constructs.doors import BucketDoor, Inbox, on_change
from infra.constructs.function import Function
from infra.constructs.storage import BY_COHORT, TO_LOOK_AT, Bucket, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.messages import Messages
from infra.stacks.service import python_layer

STUDENT = "/api/archive/students/{student}"
STUDENTS, REPORTS = "students/", "reports/"
KEPT = {PREFIX: "deliveries", STUDENTS: "deliveries", REPORTS: "reports"}
ONE_BY_ONE: dict[str, object] = {
    "dynamodb": {
        "Keys": {"sk": {"S": lambda_.FilterRule.begins_with("RECORD#")}},
        "NewImage": {"via": {"S": lambda_.FilterRule.or_("device", "check-in", "claim", "office")}},
    }
}
"""Changes of records, but for those of an import, which computes portraits itself."""


class Archive(Beside):
    """See the module; each method below makes the functions of one subject."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        messages: Messages,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self.messages = messages.table
        key = self.house.table.key
        self.table = TableWithStream(self, "ArchiveTable", key, (BY_COHORT, TO_LOOK_AT))
        self.bucket = Bucket(
            self, "ArchiveBucket", setting=setting, name="archive", key=key, logs=clearance.access_logs, kept=KEPT
        )
        self.tabular = python_layer(self, "Tabular", setting, "tabular")
        self._import()
        self._portraits()
        self._certify()
        CfnOutput(self, "ArchiveTableName", value=self.table.table.table_name)
        CfnOutput(self, "ArchiveBucketName", value=self.bucket.name)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "ARCHIVE_TABLE": self.table.table.table_name,
            "ARCHIVE_BUCKET": self.bucket.name,
            "MESSAGES_TABLE": self.messages.table.table_name,
        }

    def _import(self) -> None:
        """What source systems deliver: students, and records in bulk."""
        told = ("ARCHIVE_TABLE", "ARCHIVE_BUCKET")
        enrol = self._function("archive/enrol", *told, timeout=900, memory=1769, asynchronous=True,
                               extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(enrol)
        self.bucket.read_by(enrol, STUDENTS)
        self.bucket.written_by(enrol, f"{REPORTS}{STUDENTS}")
        self.bucket.listed_by(enrol)

        load = self._function("archive/load", *told, timeout=300, memory=1769, asynchronous=True,
                              extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(load)
        self._papers(load)
        loads = Inbox(self, "Loads", name=f"{self.setting.prefix}-load", function=load, at_once=1)

        # a file of two hundred megabytes lies in memory several times over
        ingest = self._function("archive/ingest", *told, timeout=900, memory=5000, asynchronous=True,
                                extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(ingest)
        self.bucket.read_by(ingest, PREFIX)
        self._papers(ingest)
        ingests = Inbox(self, "Ingests", name=f"{self.setting.prefix}-ingest", function=ingest, at_once=1, at_work=4)
        for name, inbox in {"LOAD_QUEUE": loads, "INGEST_QUEUE": ingests}.items():
            inbox.fed_by(ingest)
            ingest.function.add_environment(f"YINJI_{name}", inbox.url)
        BucketDoor(self, "ArchiveDoor", self.bucket, [(STUDENTS, "", enrol)], [(PREFIX, ingests)])

    def _papers(self, function: Function) -> None:
        """Let `function` work with chunks, ledgers and reports of deliveries."""
        self.bucket.read_by(function, WORK)
        self.bucket.written_by(function, WORK, f"{REPORTS}{PREFIX}")
        self.bucket.listed_by(function)

    def _portraits(self) -> None:
        portrait = self._function("archive/portrait", "ARCHIVE_TABLE", timeout=120, memory=1024, asynchronous=True)
        self.table.changed_by(portrait)
        on_change(self.table, portrait, ONE_BY_ONE)

    def _certify(self) -> None:
        """What students claim and say is wrong, what their school decides, and the transcript that comes of it."""
        cases, documents, intake, route = self.house.table, self.house.documents, self.house.intake, self.routes.route
        people = {"timeout": 29, "memory": 1024, "answers_people": True}

        claim = self._function("archive/claim", "ARCHIVE_TABLE", "TABLE", "PUBLIC_URL", **people)
        self.table.changed_by(claim)
        cases.looked_up_by(claim)
        route(claim, "POST", f"{STUDENT}/claims")
        route(claim, "POST", f"{STUDENT}/claims/{{claim}}/change")
        route(claim, "POST", f"{STUDENT}/claims/{{claim}}/withdraw")
        route(claim, "POST", f"{STUDENT}/records/{{key}}/dispute")

        told = ("ARCHIVE_TABLE", "TABLE", "INTAKE_BUCKET", "DOCUMENTS_BUCKET", "PUBLIC_URL")
        evidence = self._showing("archive/claim_evidence", *told, **people)
        self.table.looked_up_by(evidence)
        cases.changed_by(evidence)
        # whoever is given a presigned address may do what the function may
        intake.written_by(evidence, EVIDENCE)
        documents.read_by(evidence, EVIDENCE)
        route(evidence, "POST", f"{STUDENT}/evidence")
        for part in ("", "/file", "/thumbnail"):
            route(evidence, "GET", f"{STUDENT}/evidence/{{id}}{part}")

        # this memory brings the processor that certifies five hundred records in seconds
        certify = self._function("archive/certify", "ARCHIVE_TABLE", "MESSAGES_TABLE", "PUBLIC_URL",
                                 **(people | {"memory": 1769}))  # fmt: skip
        self.table.changed_by(certify, index=True)
        self.messages.added_to_by(certify)
        route(certify, "POST", f"{STUDENT}/records/{{key}}/{{deed}}")
        for deed in ("begin", "rest", "give-up"):
            route(certify, "POST", f"/api/archive/certify/{deed}")

        transcript = self._showing("archive/transcript", "ARCHIVE_TABLE", **people)
        self.table.read_by(transcript)
        route(transcript, "GET", f"{STUDENT}/transcript/{{file}}", counted=True)
