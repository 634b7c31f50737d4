"""The growth archive: its table and bucket, and the functions that capture, load, certify, count and compare."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from yinji.archive.catalogue_intake import PREFIX as CATALOGUE
from yinji.archive.deciding import EVENTS
from yinji.archive.importing import PREFIX, WORK
from yinji.archive.ledger import LEDGERS
from yinji.clearance.evidence import PREFIX as EVIDENCE

from infra.constructs.doors import BucketDoor, Inbox, every, on_change
from infra.constructs.fleet import Fleet
from infra.constructs.function import Function
from infra.constructs.storage import BY_COHORT, TO_LOOK_AT, Bucket, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.messages import Messages
from infra.stacks.service import python_layer

STUDENT = "/api/archive/students/{student}"
STUDENTS, READERS, REPORTS = "students/", "devices/", "reports/"
DEEDS = ("draft", "keep", "archive", "restore")
"""What is done to a selection."""
KEPT = {
    PREFIX: "deliveries",
    STUDENTS: "deliveries",
    READERS: "deliveries",
    CATALOGUE: "deliveries",
    WORK: "deliveries",
    REPORTS: "reports",
}
"""How long what is kept; the ledgers of sources are kept for good."""
ACTIVITIES = "/api/archive/activities"
ONE_BY_ONE: dict[str, object] = {
    "dynamodb": {
        "Keys": {"sk": {"S": lambda_.FilterRule.begins_with("RECORD#")}},
        "NewImage": {"via": {"S": lambda_.FilterRule.or_("device", "check-in", "claim", "office")}},
    }
}
"""Changes of records, but for those of an import, which says whose portraits follow from it when it is over."""

TOLD: tuple[dict[str, object], ...] = (
    {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {
            "Keys": {"sk": {"S": lambda_.FilterRule.begins_with("EVENT#")}},
            "NewImage": {"what": {"S": lambda_.FilterRule.or_(*EVENTS.values())}},
        },
    },
    {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {
            "Keys": {
                "pk": {"S": lambda_.FilterRule.begins_with("ACTIVITY#")},
                "sk": {"S": lambda_.FilterRule.begins_with("EVENT#")},
            }
        },
    },
    {
        "eventName": lambda_.FilterRule.is_equal("MODIFY"),
        "dynamodb": {
            "Keys": {"sk": {"S": lambda_.FilterRule.begins_with("SIGNUP#")}},
            "NewImage": {"standing": {"S": lambda_.FilterRule.is_equal("held")}},
        },
    },
)
"""What students are told of: decisions about their records, changes of activities, places given to who waited."""


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
        self._catalogue()
        self._portraits()
        self._import(self._capture())
        self._groups()
        self._certify()
        self._tell()
        CfnOutput(self, "ArchiveTableName", value=self.table.table.table_name)
        CfnOutput(self, "ArchiveBucketName", value=self.bucket.name)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "ARCHIVE_TABLE": self.table.table.table_name,
            "ARCHIVE_BUCKET": self.bucket.name,
            "MESSAGES_TABLE": self.messages.table.table_name,
        }

    def _import(self, register: Function) -> None:
        """What source systems deliver: students, records in bulk, and readers, whose function is `register`."""
        told = ("ARCHIVE_TABLE", "ARCHIVE_BUCKET")
        enrol = self._function("archive/enrol", *told, timeout=900, memory=1769, asynchronous=True,
                               extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(enrol)
        self.table.filled_by(enrol)
        self.bucket.read_by(enrol, STUDENTS)
        self.bucket.written_by(enrol, f"{REPORTS}{STUDENTS}")
        self.bucket.listed_by(enrol)

        load = self._function("archive/load", *told, timeout=300, memory=1769, asynchronous=True,
                              extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(load)
        self.table.filled_by(load)
        self._papers(load)
        loads = Inbox(self, "Loads", name=f"{self.setting.prefix}-load", function=load, at_once=1)

        # a file of two hundred megabytes lies in memory several times over
        ingest = self._function("archive/ingest", *told, timeout=900, memory=5000, asynchronous=True,
                                extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(ingest)
        self.bucket.read_by(ingest, PREFIX)
        self._papers(ingest)
        ingests = Inbox(self, "Ingests", name=f"{self.setting.prefix}-ingest", function=ingest, at_once=1, at_work=4)
        self._feeds(ingest, LOAD=loads, INGEST=ingests, REFRESH=self.refreshes)
        self._feeds(load, REFRESH=self.refreshes)
        doors = [(STUDENTS, "", enrol), (CATALOGUE, "", self.intake), (READERS, "", register)]
        BucketDoor(self, "ArchiveDoor", self.bucket, doors, [(PREFIX, ingests)])

    def _feeds(self, function: Function, **inboxes: Inbox) -> None:
        """Let `function` put messages into queues, which it knows as YINJI_<name>_QUEUE."""
        for name, inbox in inboxes.items():
            inbox.fed_by(function)
            function.function.add_environment(f"YINJI_{name}_QUEUE", inbox.url)

    def _papers(self, function: Function) -> None:
        """Let `function` work with chunks, ledgers and reports of deliveries."""
        self.bucket.read_by(function, WORK, LEDGERS)
        self.bucket.written_by(function, WORK, LEDGERS, f"{REPORTS}{PREFIX}")
        self.bucket.listed_by(function)

    def _portraits(self) -> None:
        portrait = self._function("archive/portrait", "ARCHIVE_TABLE", timeout=120, memory=1769, asynchronous=True)
        self.table.changed_by(portrait)
        on_change(self.table, portrait, ONE_BY_ONE)
        self.refreshes = Inbox(self, "Refreshes", name=f"{self.setting.prefix}-refresh", function=portrait, at_once=1)

    def _groups(self) -> None:
        """How groups of students are compared, who has gone quiet, and who gets an archive."""
        groups = self._function("archive/groups", "ARCHIVE_TABLE", timeout=900, memory=1769, asynchronous=True)
        self.table.changed_by(groups, index=True)
        every(groups, minutes=15)

        compare = self._showing("archive/compare", "ARCHIVE_TABLE", "TABLE", timeout=29, memory=2048,
                                answers_people=True)  # fmt: skip
        self.table.read_by(compare, index=True)
        self.house.table.added_to_by(compare)
        for path in ("groups", "groups/{year}", "quiet", "lists/{file}"):
            self.routes.route(compare, "GET", f"/api/archive/{path}", counted=True)

        selections = self._function("archive/selections", "ARCHIVE_TABLE", "PUBLIC_URL", timeout=29, memory=1769,
                                    answers_people=True, extra_layers=[self.tabular])  # fmt: skip
        self.table.changed_by(selections, index=True)
        for method, path in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/{id}"),
            *(("POST", f"/{{id}}/{deed}") for deed in DEEDS),
        ):
            self.routes.route(selections, method, f"/api/archive/selections{path}")

    def _capture(self) -> Function:
        """What readers send, who of them is admitted, and the function that keeps their register."""
        capture = self._function("archive/capture", "ARCHIVE_TABLE", timeout=60, memory=1024, asynchronous=True)
        self.table.changed_by(capture)
        passes = Inbox(self, "Passes", name=f"{self.setting.prefix}-passes", function=capture, at_once=10)
        admit = self._function("archive/admit_device", "ARCHIVE_TABLE", timeout=5, memory=512)
        self.table.marked_by(admit)
        Fleet(self, "Fleet", setting=self.setting, inbox=passes, captures=capture, admits=admit)

        take_up = self._function("archive/take_up", "ARCHIVE_TABLE", timeout=300, memory=512, asynchronous=True)
        self.table.changed_by(take_up, index=True)
        every(take_up, minutes=10)

        readers = self._function("archive/readers", "ARCHIVE_TABLE", timeout=29, memory=1024, answers_people=True)
        self.table.changed_by(readers, index=True)
        self.routes.route(readers, "GET", "/api/archive/devices")
        self.routes.route(readers, "POST", "/api/archive/devices/{device}/passes")
        self.routes.route(readers, "POST", "/api/archive/devices/{device}/readmit")

        register = self._function("archive/register_readers", "ARCHIVE_TABLE", "ARCHIVE_BUCKET", timeout=60, memory=512,
                                  asynchronous=True, extra_layers=[self.tabular])  # fmt: skip
        self.table.marked_by(register)
        self.bucket.read_by(register, READERS)
        self.bucket.written_by(register, f"{REPORTS}{READERS}")
        self.bucket.listed_by(register)
        return register

    def _catalogue(self) -> None:
        """What is announced, who comes, and the code on a screen by which who came checks in."""
        route = self.routes.route
        intake = self._function("archive/catalogue_intake", "ARCHIVE_TABLE", "ARCHIVE_BUCKET", timeout=900, memory=1769,
                                asynchronous=True, extra_layers=[self.tabular])  # fmt: skip
        self.intake = intake
        self.table.changed_by(intake)
        self.table.filled_by(intake)
        self.bucket.read_by(intake, CATALOGUE)
        self.bucket.written_by(intake, f"{REPORTS}{CATALOGUE}")
        self.bucket.listed_by(intake)

        told = ("ARCHIVE_TABLE", "PUBLIC_URL")
        people: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}
        activities = self._function("archive/activities", *told, **people)
        self.table.changed_by(activities)
        route(activities, "GET", ACTIVITIES)
        route(activities, "POST", ACTIVITIES)
        route(activities, "GET", f"{ACTIVITIES}/{{activity}}")
        for deed in ("change", "cancel"):
            route(activities, "POST", f"{ACTIVITIES}/{{activity}}/{deed}")

        sign_up = self._function("archive/sign_up", *told, **people)
        self.table.changed_by(sign_up)
        for deed in ("sign-up", "give-back"):
            route(sign_up, "POST", f"{ACTIVITIES}/{{activity}}/{deed}")

        audience = self._showing("archive/audience", "ARCHIVE_TABLE", "TABLE", **people)
        self.table.read_by(audience)
        self.house.table.added_to_by(audience)
        route(audience, "GET", f"{ACTIVITIES}/{{activity}}/sign-ups")
        route(audience, "GET", f"{ACTIVITIES}/{{activity}}/sign-ups/{{file}}", counted=True)

        check_in = self._function("archive/check_in", *told, "SESSION_KEYS", **people)
        self.table.changed_by(check_in)
        route(check_in, "POST", "/api/archive/check-in/{token}")
        code = self._function("archive/code_on_screen", *told, "SESSION_KEYS", **people)
        self.table.read_by(code)
        route(code, "GET", f"{ACTIVITIES}/{{activity}}/check-in-code")
        for function in (check_in, code):
            self._knows_sessions(function)

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
        certify = self._function("archive/certify", "ARCHIVE_TABLE", "PUBLIC_URL", **(people | {"memory": 1769}))
        self.table.changed_by(certify, index=True)
        route(certify, "POST", f"{STUDENT}/records/{{key}}/{{deed}}")
        for deed in ("begin", "rest", "give-up"):
            route(certify, "POST", f"/api/archive/certify/{deed}")

        transcript = self._showing("archive/transcript", "ARCHIVE_TABLE", **people)
        self.table.read_by(transcript)
        route(transcript, "GET", f"{STUDENT}/transcript/{{file}}", counted=True)

    def _tell(self) -> None:
        """What follows for students from what happens here: the second reader of the stream, and the last it bears."""
        told = ("ARCHIVE_TABLE", "MESSAGES_TABLE")
        compose = self._function("messages/compose_archive", *told, timeout=300, memory=1024, asynchronous=True)
        self.table.read_by(compose)
        self.messages.added_to_by(compose)
        on_change(self.table, compose, *TOLD)
