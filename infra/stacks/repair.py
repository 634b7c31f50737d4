"""Repair: places and labels, reports, incidents and the work on them."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from yinji.repair.items import ByBuilding
from yinji.repair.register import PREFIX as TABLES
from yinji.repair.register import REPORTS as PLACES_TOLD

from infra.constructs.doors import BucketDoor, Inbox
from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.constructs.storage import Bucket, Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.service import python_layer

REPORTS = "reports/"

INDEXES = (
    Index(ByBuilding.Meta.index_name, "building", "id"),
    Index("by-incident", "incident", "filed_at"),
    Index("by-shelf", "shelf", "place_on_shelf"),
)
PEOPLE: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}


class Repair(Beside):
    """See the module; each method below makes the functions of one subject."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        key = self.house.table.key
        self.table = TableWithStream(self, "RepairTable", key, INDEXES)
        self.bucket = Bucket(
            self,
            "RepairBucket",
            setting=setting,
            name="repair",
            key=key,
            logs=clearance.access_logs,
            kept={TABLES: "deliveries", REPORTS: "reports"},
        )
        self.key = secretsmanager.Secret(
            self,
            "RepairKey",
            description="Yinji: proves that labels and links of reports are ours",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(self.key, "It is in every printed label: labels would be worth nothing.", "AwsSolutions-SMG4")
        self.doors: list[tuple[str, str, Function]] = []
        self.queues: list[tuple[str, Inbox]] = []
        self._places()
        self._reports()
        self._triage()
        self._work()
        self._open311()
        self._learn()
        BucketDoor(self, "RepairDoor", self.bucket, self.doors, self.queues)
        CfnOutput(self, "RepairTableName", value=self.table.table.table_name)
        CfnOutput(self, "RepairBucketName", value=self.bucket.name)
        CfnOutput(self, "RepairKeyArn", value=self.key.secret_arn)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "REPAIR_TABLE": self.table.table.table_name,
            "REPAIR_BUCKET": self.bucket.name,
            "REPAIR_KEY": self.key.secret_arn,
        }

    def _proves(self, function: Function) -> None:
        """Let `function` read the secret by which labels and links are told from made-up ones."""
        function.allow(["secretsmanager:GetSecretValue"], [self.key.secret_arn])

    def _places(self) -> None:
        """Places and what hangs on what, labels and their sheets."""
        intake = self._function(
            "repair/places_intake", "REPAIR_TABLE", "REPAIR_BUCKET", timeout=900, memory=1769, asynchronous=True,
            extra_layers=[python_layer(self, "Tabular", self.setting, "tabular")],
        )  # fmt: skip
        self.table.changed_by(intake, index=True)
        self.bucket.read_by(intake, TABLES)
        self.bucket.written_by(intake, PLACES_TOLD)
        self.bucket.listed_by(intake)
        self.doors.append((TABLES, "", intake))

        labels = self._function(
            "repair/labels", "REPAIR_TABLE", "REPAIR_KEY", "PUBLIC_URL", **PEOPLE | {"memory": 1769},
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )  # fmt: skip
        self.table.changed_by(labels, index=True)
        self._proves(labels)
        self.routes.route(labels, "POST", "/api/repair/labels")
        for deed in ("replace", "retire"):
            self.routes.route(labels, "POST", f"/api/repair/labels/{{serial}}/{deed}")
        self.routes.route(labels, "GET", "/api/repair/sheets/{sheet}", counted=True)

    def _reports(self) -> None:
        """Reports, by whoever scans a label."""

    def _triage(self) -> None:
        """Reports become incidents; monitors, maintenance, outages that everybody may know of."""

    def _work(self) -> None:
        """What technicians do, when it has to be done by, and what whoever reported it is told."""

    def _open311(self) -> None:
        """The same for clients of the standard Open311 GeoReport v2."""

    def _learn(self) -> None:
        """What there is to learn from incidents that are over."""
