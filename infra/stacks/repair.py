"""Repair: places and labels, reports, incidents and the work on them."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.doors import every
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
        self.open311_keys: secretsmanager.Secret | None = None
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
            "CLIENT_KEYS": self.open311_keys.secret_arn if self.open311_keys else "",
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

    def _open311(self) -> None:
        """The same for clients of the standard Open311 GeoReport v2."""
        keys = secretsmanager.Secret(
            self,
            "Open311Keys",
            description="Yinji: the keys of clients of Open311, by the clients' names",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - the key is generated into it
                generate_string_key="first",
                exclude_punctuation=True,
                password_length=48,
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(keys, "Who has a key would be locked out; docs/repair.md says how one is replaced.", "AwsSolutions-SMG4")
        self.open311_keys = keys
        open311 = self._function("repair/open311", "REPAIR_TABLE", "REPAIR_KEY", "CLIENT_KEYS", "PUBLIC_URL", **PEOPLE)
        self._proves(open311)
        open311.allow(["secretsmanager:GetSecretValue"], [keys.secret_arn])
        self.table.read_by(open311, index=True)
        self.table.added_to_by(open311)
        why = "Clients of Open311 bring keys of their own, and read what the standard lets everybody read."
        for ending in ("xml", "json"):
            for method, path in (
                ("GET", f"discovery.{ending}"),
                ("GET", f"v2/services.{ending}"),
                ("GET", f"v2/requests.{ending}"),
                ("POST", f"v2/requests.{ending}"),
            ):
                self.routes.route(open311, method, f"/api/open311/{path}", open=why)
        for path in ("services/{service}", "requests/{request}", "tokens/{token}"):
            self.routes.route(open311, "GET", f"/api/open311/v2/{path}", open=why)
        CfnOutput(self, "Open311KeysArn", value=keys.secret_arn)

    def _learn(self) -> None:
        """What there is to learn from incidents that are over, and how many are open."""
        counts = self._function("repair/counts", "REPAIR_TABLE", timeout=120, memory=1024, asynchronous=True)
        self.table.read_by(counts, index=True)
        every(counts, minutes=5)
        learnt = self._function("repair/learnt", "REPAIR_TABLE", **PEOPLE)
        self.table.read_by(learnt, index=True)
        self.routes.route(learnt, "GET", "/api/repair/figures")
