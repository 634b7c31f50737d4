"""Repair: places and labels, reports, incidents and the work on them."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from yinji.repair.work import DEEDS

from infra.constructs.doors import Timers, on_change
from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.constructs.storage import Bucket, Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance

INDEXES = (
    Index("by-building", "building", "id"),
    Index("by-incident", "incident", "filed_at"),
    Index("by-shelf", "shelf", "place_on_shelf"),
)
INCIDENTS: dict[str, object] = {"dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal("INCIDENT")}}}}
"""Whatever happens to incidents."""
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
            kept={},
        )
        self.key = secretsmanager.Secret(
            self,
            "RepairKey",
            description="Yinji: proves that labels and links of reports are ours",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(self.key, "It is in every printed label: labels would be worth nothing.", "AwsSolutions-SMG4")
        self._places()
        self._reports()
        self._triage()
        self._work()
        self._open311()
        self._learn()
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

    def _reports(self) -> None:
        """Reports, by whoever scans a label."""

    def _triage(self) -> None:
        """Reports become incidents; monitors, maintenance, outages that everybody may know of."""

    def _work(self) -> None:
        """What technicians do, when it has to be done by, and what whoever reported it is told."""
        work = self._function("repair/work", "REPAIR_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(work, index=True)
        self.routes.route(work, "GET", "/api/repair/incidents")
        self.routes.route(work, "GET", "/api/repair/incidents/{incident}")
        for deed in DEEDS:
            self.routes.route(work, "POST", f"/api/repair/incidents/{{incident}}/{deed}")

        rota = self._function("repair/rota", "REPAIR_TABLE", "PEOPLE_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(rota)
        self.people.read_by(rota)
        self.routes.route(rota, "GET", "/api/repair/rota")
        self.routes.route(rota, "POST", "/api/repair/rota")
        self.routes.route(rota, "POST", "/api/repair/rota/{staff}")
        self.routes.route(rota, "POST", "/api/repair/rota/{staff}/day")
        self.routes.route(rota, "POST", "/api/repair/rota/{staff}/leave")
        self._clocks()

    def _clocks(self) -> None:
        """Timers for when clocks run out, and who is woken by them."""
        clocks = self._function("repair/clocks", "REPAIR_TABLE", timeout=60, memory=512, asynchronous=True)
        self.table.looked_up_by(clocks)
        on_change(self.table, clocks, INCIDENTS)
        escalate = self._function("repair/escalate", "REPAIR_TABLE", timeout=30, memory=512, asynchronous=True)
        self.table.changed_by(escalate)
        timers = Timers(self, "Timers", name=f"{self.setting.prefix}-repair", function=escalate)
        for function in (clocks, escalate):
            timers.set_by(function)

    def _open311(self) -> None:
        """The same for clients of the standard Open311 GeoReport v2."""

    def _learn(self) -> None:
        """What there is to learn from incidents that are over."""
