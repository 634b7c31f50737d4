"""Repair: places and labels, reports, incidents and the work on them."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from yinji.repair.items import ByBuilding
from yinji.repair.photos import ARRIVING
from yinji.repair.photos import KEPT as PHOTOS
from yinji.repair.register import PREFIX as TABLES
from yinji.repair.register import REPORTS as PLACES_TOLD
from yinji.repair.work import DEEDS

from infra.constructs.doors import BucketDoor, Inbox, Outlet, Timers, every, on_change
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
INCIDENTS: dict[str, object] = {"dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal("INCIDENT")}}}}
"""Whatever happens to incidents."""
BEARING_A_CONTACT: dict[str, object] = {
    "dynamodb": {
        "Keys": {"sk": {"S": lambda_.FilterRule.is_equal("REPORT")}},
        "NewImage": {"contact": {"S": lambda_.FilterRule.exists()}},
    }
}
"""Reports whose reporter wants to be told."""
NEW_REPORTS: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal("REPORT")}}},
}
"""Reports that came in."""
NEWS_SECONDS = 120
"""How long the function may take that gets what whoever reported may have to be told of."""
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
            passing=ARRIVING,
            kept={PHOTOS: "faults", TABLES: "deliveries", REPORTS: "reports"},
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
        self.doors: list[tuple[str, str, Function]] = []
        self.queues: list[tuple[str, Inbox]] = []
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
            "CLIENT_KEYS": self.open311_keys.secret_arn if self.open311_keys else "",
            "MONITOR_SECRET": self.monitors.secret_arn,
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
        report = self._function("repair/report", "REPAIR_TABLE", "REPAIR_KEY", "SESSION_KEYS", "PUBLIC_URL", **PEOPLE)
        self.table.read_by(report, index=True)
        self.table.added_to_by(report)
        self._proves(report)
        self._knows_sessions(report)
        reason = (
            "Whoever cannot use the network reports it without an account; a page at a place gives out few tickets."
        )
        self.routes.route(report, "POST", "/api/repair/reports", open=reason)
        self.routes.route(report, "POST", "/api/repair/solved", open=reason)
        reason = "Whoever stands before a label sees its place; a made-up code is refused, and each address is counted."
        self.routes.route(report, "GET", "/api/repair/places/{code}", open=reason, counted=True)

        follow = self._function("repair/follow", "REPAIR_TABLE", "REPAIR_KEY", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(follow)
        self._proves(follow)
        reason = "Whoever filed a report was given its link, which has 144 bits that only this deployment can make."
        self.routes.route(follow, "POST", "/api/repair/follow/{link}/{word}", open=reason)
        self._photos(reason)

    def _photos(self, reason: str) -> None:
        """Photos that are added to reports and incidents; `reason` is why a report's link is enough."""
        upload = self._function("repair/photo_upload", "REPAIR_TABLE", "REPAIR_BUCKET", "REPAIR_KEY", "PUBLIC_URL",
                                **PEOPLE)  # fmt: skip
        self.table.read_by(upload)
        self._proves(upload)
        # whoever is given a presigned address may do what the function may
        self.bucket.written_by(upload, ARRIVING)
        self.routes.route(upload, "POST", "/api/repair/photos/{link}", open=reason)
        self.routes.route(upload, "POST", "/api/repair/incidents/{incident}/photo")

        arrived = self._function(
            "repair/photo_arrived", "REPAIR_TABLE", "REPAIR_BUCKET", timeout=120, memory=3008, asynchronous=True,
            extra_layers=[python_layer(self, "Inspection", self.setting, "inspection")],
        )  # fmt: skip
        self.table.changed_by(arrived)
        self.bucket.read_by(arrived, ARRIVING)
        self.bucket.listed_by(arrived)
        self.bucket.emptied_by(arrived, ARRIVING)
        self.bucket.written_by(arrived, PHOTOS)
        self.doors.append((ARRIVING, "", arrived))

        show = self._function("repair/photo_show", "REPAIR_TABLE", "REPAIR_BUCKET", **PEOPLE)
        self.table.read_by(show)
        self.bucket.read_by(show, PHOTOS)
        self.routes.route(show, "GET", "/api/repair/photos/{report}")
        self.routes.route(show, "GET", "/api/repair/incidents/{incident}/photo")

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

        monitor = self._function("repair/monitor", "REPAIR_TABLE", "PUBLIC_URL", "MONITOR_SECRET", "SESSION_KEYS",
                                 **PEOPLE)  # fmt: skip
        self.table.changed_by(monitor, index=True)
        monitor.allow(["secretsmanager:GetSecretValue"], [self.monitors.secret_arn])
        reason = "A monitor has no account: it proves by a secret which one it is."
        self._knows_sessions(monitor)
        route(monitor, "POST", "/api/repair/monitor/{source}", open=reason)
        CfnOutput(self, "MonitorSecretArn", value=self.monitors.secret_arn)

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
        on_change(self.table, clocks, INCIDENTS, BEARING_A_CONTACT)
        # the stream bears no third reader
        self.news = Outlet(
            self, "News", name=f"{self.setting.prefix}-repair-news", feeds=clocks,
            reader=f"{self.setting.prefix}-messages-compose-repair", seconds=NEWS_SECONDS,
        )  # fmt: skip
        clocks.function.add_environment("YINJI_NEWS_QUEUE", self.news.url)
        escalate = self._function("repair/escalate", "REPAIR_TABLE", timeout=30, memory=512, asynchronous=True)
        self.table.changed_by(escalate)
        timers = Timers(self, "Timers", name=f"{self.setting.prefix}-repair", function=escalate)
        for function in (clocks, escalate):
            timers.set_by(function)

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
