"""Repair: places and labels, reports, incidents and the work on them."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.doors import every, on_change
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
NEW_REPORTS: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal("REPORT")}}},
}
"""Reports that came in."""
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
        self.monitors = secretsmanager.Secret(
            self,
            "MonitorSecret",
            description="Yinji: what monitors send with what they tell of devices",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(self.monitors, "It is changed here and in the monitor at once, by hand.", "AwsSolutions-SMG4")
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
            "MONITOR_SECRET": self.monitors.secret_arn,
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
        triage = self._function("repair/triage", "REPAIR_TABLE", timeout=60, memory=1024, asynchronous=True)
        self.table.changed_by(triage)
        on_change(self.table, triage, NEW_REPORTS, window=1)  # reports of one outage come together
        sweep = self._function("repair/sweep", "REPAIR_TABLE", timeout=300, memory=1024, asynchronous=True)
        self.table.changed_by(sweep, index=True)
        every(sweep, minutes=5)

        route = self.routes.route
        sort = self._function("repair/sort", "REPAIR_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(sort)
        for deed in ("merge", "split"):
            route(sort, "POST", f"/api/repair/incidents/{{incident}}/{deed}")

        notices = self._function("repair/notices", "REPAIR_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(notices)
        route(notices, "GET", "/api/repair/notices")
        route(notices, "POST", "/api/repair/notices")
        route(notices, "POST", "/api/repair/notices/{notice}/end")

        outages = self._function("repair/outages", "REPAIR_TABLE", **PEOPLE)
        self.table.read_by(outages, index=True)
        reason = "Whoever has no network wants to know why, and cannot sign in; it tells of nobody."
        route(outages, "GET", "/api/repair/outages", open=reason)

        monitor = self._function("repair/monitor", "REPAIR_TABLE", "PUBLIC_URL", "MONITOR_SECRET", **PEOPLE)
        self.table.changed_by(monitor, index=True)
        monitor.allow(["secretsmanager:GetSecretValue"], [self.monitors.secret_arn])
        reason = "A monitor has no account: it proves by a secret which one it is."
        route(monitor, "POST", "/api/repair/monitor/{source}", open=reason)
        CfnOutput(self, "MonitorSecretArn", value=self.monitors.secret_arn)

    def _work(self) -> None:
        """What technicians do, when it has to be done by, and what whoever reported it is told."""

    def _open311(self) -> None:
        """The same for clients of the standard Open311 GeoReport v2."""

    def _learn(self) -> None:
        """What there is to learn from incidents that are over."""
