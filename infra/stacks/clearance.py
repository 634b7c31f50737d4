"""The clearance service: tables, buckets, bus, API with its authorizer, and the functions that every case needs."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from yinji.clearance import definition
from yinji.clearance.evidence import PREFIX

from infra.constructs.doors import OF_CASES, ApiDoor, ApiRoutes, BucketDoor, Inbox, every, on_change, on_message
from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.constructs.step import House, Step
from infra.constructs.storage import Bucket, Counters, SealingKey, TableWithStream, access_logs
from infra.setting import Setting
from infra.stacks.service import ServiceStack, python_layer

CASES = "/api/clearance/cases/{student}"
INTAKE_KEPT = {"rosters/": "deliveries", "feeds/": "deliveries", "previews/": "previews"}
# reports outlive what they are about: an object without one would be taken for left lying
DOCUMENTS_KEPT = {
    "reports/": "reports",
    "feeds/": "deliveries",
    "previews/": "previews",
    # the newest anchor alone is compared with, and its heads are put anew every day
    "anchors/heads/": "deliveries",
    "anchors/rewritten/": "deliveries",
    "anchors/erased/": "deliveries",
}
LOOKS = "SEEN#*"
"""The partitions of the table of people that hold who looked at whose data."""


class Clearance(ServiceStack):
    """See the module."""

    def __init__(self, scope: Construct, id: str, setting: Setting, **more: object) -> None:
        super().__init__(scope, id, setting, **more)
        key = kms.Key(
            self,
            "Key",
            description="Yinji: cases and documents at rest",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.access_logs = logs = access_logs(self, "AccessLogs")
        self.layer = python_layer(self, "Yinji", setting, "yinji")
        self.house = House(
            setting=setting,
            layer=self.layer,
            table=TableWithStream(self, "CasesTable", key),
            intake=Bucket(
                self, "Intake", setting=setting, name="intake", key=key, logs=logs, passing=PREFIX, kept=INTAKE_KEPT
            ),
            documents=Bucket(
                self, "Documents", setting=setting, name="documents", key=key, logs=logs, kept=DOCUMENTS_KEPT
            ),
            bus=events.EventBus(self, "Bus", event_bus_name=f"{setting.prefix}-clearance"),
            sealing=SealingKey(self, "Sealing"),
            facts=TableWithStream(self, "FactsTable", key, (), followed=True),
        )
        self.session_keys = secretsmanager.Secret(
            self,
            "SessionKeys",
            description='Yinji: {"key": newest, "older": [...]}: they sign sessions',
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"older":[]}',  # noqa: S106 - the key is generated into it
                generate_string_key="key",
                exclude_punctuation=True,
                password_length=48,
            ),
        )
        accept(
            self.session_keys,
            "Keys rotate by the runbook in docs/operations.md: the older key must stay valid for a session's length.",
            "AwsSolutions-SMG4",
        )
        self.people = TableWithStream(self, "PeopleTable", key, ())
        self.limits = Counters(self, "LimitsTable", setting.limit_factor)
        self._identity()
        self._clearance()
        self._outputs()

    def _identity(self) -> None:
        authorizer = self._function(
            "identity/authorizer", "SESSION_KEYS", "PEOPLE_TABLE", timeout=5, answers_people=True
        )
        self._knows_sessions(authorizer)
        self.people.read_by(authorizer)
        self.api = ApiDoor(self, "Api", setting=self.setting, authorizer=authorizer, limits=self.limits)

        # here, because whatever shows a case puts something into its queue
        seen = self._function("identity/seen", "PEOPLE_TABLE", timeout=29, memory=1024, asynchronous=True)
        self.people.noted_in_by(seen, LOOKS)
        self.seen = Inbox(self, "Looks", name=f"{self.setting.prefix}-seen", function=seen)

    def _clearance(self) -> None:
        house, api, bus = self.house, self.api, self.house.bus
        doors: list[tuple[str, str, Function]] = []

        open_cases = self._function(
            "clearance/open_cases",
            "TABLE",
            "INTAKE_BUCKET",
            "DOCUMENTS_BUCKET",
            "BUS",
            timeout=900,
            memory=1024,
            asynchronous=True,
        )
        house.table.changed_by(open_cases, index=True)
        house.intake.read_by(open_cases, "rosters/")
        house.intake.listed_by(open_cases)
        house.documents.read_by(open_cases, "reports/rosters/")
        house.documents.listed_by(open_cases)
        house.documents.written_by(open_cases, "reports/rosters/")
        open_cases.allow(["events:PutEvents"], [bus.event_bus_arn])
        on_message(bus, open_cases, "IntakeLeft", "intake-left", {"key": [{"prefix": "rosters/"}]})
        doors += [("rosters/", ".csv", open_cases), ("rosters/", ".json", open_cases)]

        for definition_ in definition.steps().values():
            step = Step(self, definition_, house, api)
            self.functions[step.function.folder] = step.function
            if definition_.feed:
                doors.append((f"feeds/{definition_.id}/", "", step.function))
        doors.append((PREFIX, "", self._evidence_arrived()))
        BucketDoor(self, "IntakeDoor", house.intake, doors)

        advance = self._function("clearance/advance", "BUS", asynchronous=True)
        advance.allow(["events:PutEvents"], [bus.event_bus_arn])
        on_change(house.table, advance, OF_CASES)

        certificate = self._function(
            "clearance/certificate",
            "TABLE",
            "DOCUMENTS_BUCKET",
            "PUBLIC_URL",
            timeout=60,
            memory=1769,
            asynchronous=True,
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )
        house.table.changed_by(certificate)
        house.documents.written_by(certificate, "certificates/", delete=True)
        on_message(bus, certificate, "CaseFinished", "case-finished", {})

        download = self._showing(
            "clearance/certificate_download", "TABLE", "DOCUMENTS_BUCKET", timeout=29, memory=1024, answers_people=True
        )
        house.table.read_by(download)
        house.documents.read_by(download, "certificates/")
        api.route(download, "GET", f"{CASES}/certificate")

        cases = self._showing("clearance/cases", "TABLE", timeout=29, memory=1024, answers_people=True)
        house.table.read_by(cases, index=True)
        api.route(cases, "GET", CASES)
        api.route(cases, "GET", "/api/clearance/schools/{school}")
        api.route(cases, "GET", "/api/clearance/steps/{step}/queue")

        reconcile = self._function(
            "clearance/reconcile",
            "TABLE",
            "INTAKE_BUCKET",
            "DOCUMENTS_BUCKET",
            "BUS",
            timeout=300,
            memory=1024,
            asynchronous=True,
        )
        house.table.read_by(reconcile, index=True)
        house.intake.listed_by(reconcile)
        house.documents.listed_by(reconcile)
        reconcile.allow(["events:PutEvents"], [bus.event_bus_arn])
        every(reconcile, minutes=5)

        figures = self._function("clearance/figures", "TABLE", timeout=120, memory=1024, asynchronous=True)
        house.table.read_by(figures, index=True)
        every(figures, minutes=5)

    def _evidence_arrived(self) -> Function:
        """What looks into uploaded documents. It stands here because a bucket's doors are all told at once."""
        house = self.house
        arrived = self._function(
            "clearance/evidence_arrived",
            "TABLE",
            "INTAKE_BUCKET",
            "DOCUMENTS_BUCKET",
            timeout=120,
            # a photograph of 64 million pixels, unpacked three times
            memory=3008,
            asynchronous=True,
            extra_layers=[python_layer(self, "Inspection", self.setting, "inspection")],
        )
        house.table.changed_by(arrived)
        house.intake.read_by(arrived, PREFIX)
        house.intake.listed_by(arrived)
        house.intake.emptied_by(arrived, PREFIX)
        house.documents.written_by(arrived, PREFIX, delete=True)
        on_message(house.bus, arrived, "IntakeLeft", "intake-left", {"key": [{"prefix": PREFIX}]})
        return arrived

    def _outputs(self) -> None:
        told = {
            "IntakeBucket": self.house.intake.name,
            "DocumentsBucket": self.house.documents.name,
            "TableName": self.house.table.table.table_name,
            "PeopleTableName": self.people.table.table_name,
            "FactsTableName": self.house.facts.table.table_name,
            "BusName": self.house.bus.event_bus_name,
            "ApiId": self.api.api.ref,
            "ApiUrl": self.api.api.attr_api_endpoint,
            "SessionKeysArn": self.session_keys.secret_arn,
        }
        for name, value in told.items():
            CfnOutput(self, name, value=value)


class Beside(ServiceStack):
    """A stack that works on what the clearance stack holds, and adds `routes` of its own to its API."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, **more)
        self.house, self.session_keys = clearance.house, clearance.session_keys
        self.people, self.seen = clearance.people, clearance.seen
        self.layer = python_layer(self, "Yinji", setting, "yinji")
        self.routes = ApiRoutes(self, "Routes", clearance.api.api.ref, clearance.api.authorizer_id, clearance.limits)
