"""Visits: who asks, the days of the service, the technicians' rounds, and what a year was like."""

from __future__ import annotations

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from yinji.visits.desk import DEEDS, TURNS
from yinji.visits.rounds import DEEDS as ROUND_DEEDS

from infra.constructs.doors import every, on_change
from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.constructs.storage import Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.service import python_layer

INDEXES = (Index("by-month", "month", "place_in_month"),)
DAYS: dict[str, object] = {"dynamodb": {"Keys": {"pk": {"S": lambda_.FilterRule.begins_with("DAYS#")}}}}
"""Whatever happens to days, and whoever waits for one."""
HAPPENED: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {
        "Keys": {
            "pk": {"S": lambda_.FilterRule.begins_with("VISIT#")},
            "sk": {"S": lambda_.FilterRule.begins_with("EVENT#")},
        }
    },
}
"""What happens to visits."""
PEOPLE: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}


class Visits(Beside):
    """See the module; each method below makes the functions of one subject."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self.table = TableWithStream(self, "VisitsTable", self.house.table.key, INDEXES)
        self.key = secretsmanager.Secret(
            self,
            "VisitsKey",
            description="Yinji: proves that links of visits and of calendars are ours",
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(self.key, "It is in every link that people were given: they would lead nowhere.", "AwsSolutions-SMG4")
        self._asking()
        self._days()
        self._rounds()
        self._year()
        CfnOutput(self, "VisitsTableName", value=self.table.table.table_name)
        CfnOutput(self, "VisitsKeyArn", value=self.key.secret_arn)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {"VISITS_TABLE": self.table.table.table_name, "VISITS_KEY": self.key.secret_arn}

    def _proves(self, function: Function) -> None:
        """Let `function` read the secret by which links are told from made-up ones."""
        function.allow(["secretsmanager:GetSecretValue"], [self.key.secret_arn])

    def _asking(self) -> None:
        """Who asks for a visit, and looks what became of it."""
        ask = self._function("visits/ask", "VISITS_TABLE", "VISITS_KEY", "SESSION_KEYS", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(ask)
        self._proves(ask)
        self._knows_sessions(ask)
        reason = "Who is old has no account; a page gives out a ticket for few visits, and each address is counted."
        self.routes.route(ask, "POST", "/api/visits", open=reason)
        reason = "Everybody may know on which days the service comes; each address is counted."
        self.routes.route(ask, "GET", "/api/visits/days/{community}", open=reason, counted=True)
        self.routes.route(ask, "POST", "/api/visits/desk/ask")

        change = self._function("visits/change", "VISITS_TABLE", "VISITS_KEY", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(change)
        self._proves(change)
        reason = "Whoever asked for a visit was given its link, which has 144 bits that only this deployment can make."
        self.routes.route(change, "POST", "/api/visits/v/{link}/{deed}", open=reason)

        calendar = self._function("visits/calendar", "VISITS_TABLE", "VISITS_KEY", "PUBLIC_URL", **PEOPLE)
        self.table.read_by(calendar)
        self._proves(calendar)
        self.routes.route(calendar, "GET", "/api/visits/v/{link}/visit.ics", open=reason, counted=True)

    def _days(self) -> None:
        """The days of the service, who gets a place, and who is told of tomorrow."""
        days = self._function("visits/days", "VISITS_TABLE", timeout=300, memory=1024, asynchronous=True)
        self.table.changed_by(days)
        every(days, minutes=60)

        settle = self._function("visits/settle", "VISITS_TABLE", timeout=60, memory=512, asynchronous=True)
        self.table.changed_by(settle)
        on_change(self.table, settle, DAYS)
        self._desk()

    def _desk(self) -> None:
        """What the communities' offices and the network centre see of the days, and do to them."""
        route, api = self.routes.route, "/api/visits/desk"
        desk = self._function("visits/desk", "VISITS_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(desk, index=True)
        route(desk, "GET", api)
        route(desk, "POST", f"{api}/days")
        route(desk, "GET", f"{api}/days/{{community}}/{{day}}")
        for turn in TURNS:
            route(desk, "POST", f"{api}/days/{{community}}/{{day}}/{turn}")
        route(desk, "GET", f"{api}/visits/{{visit}}")
        for deed in DEEDS:
            route(desk, "POST", f"{api}/visits/{{visit}}/{deed}")

        plans = self._function("visits/plans", "VISITS_TABLE", "PEOPLE_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(plans)
        self.people.read_by(plans)
        route(plans, "GET", f"{api}/plans")
        route(plans, "POST", f"{api}/plans")
        route(plans, "POST", f"{api}/plans/{{staff}}")
        route(plans, "POST", f"{api}/plans/{{staff}}/leave")

    def _rounds(self) -> None:
        """What technicians do on a day of the service."""
        record = self._function("visits/record", "VISITS_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.changed_by(record)
        for deed in ROUND_DEEDS:
            self.routes.route(record, "POST", f"/api/visits/round/{{visit}}/{deed}")

        sheet = self._function(
            "visits/sheet", "VISITS_TABLE", **PEOPLE | {"memory": 1769},
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )  # fmt: skip
        self.table.read_by(sheet, index=True)
        self.routes.route(sheet, "GET", "/api/visits/round/{day}/sheet.pdf", counted=True)

        calendar = self._function(
            "visits/round_calendar", "VISITS_TABLE", "VISITS_KEY", "SESSION_KEYS", "PUBLIC_URL", **PEOPLE
        )
        self.table.read_by(calendar, index=True)
        self.table.added_to_by(calendar)
        self._proves(calendar)
        self._knows_sessions(calendar)
        reason = "Calendar programs have no account: the link has 144 bits, can be replaced, and tells of nobody."
        self.routes.route(calendar, "GET", "/api/visits/calendar/{calendar}", open=reason, counted=True)
        self.routes.route(calendar, "POST", "/api/visits/calendar")

    def _year(self) -> None:
        """What a year was like."""
        figures = self._function("visits/figures", "VISITS_TABLE", called="FiguresOfVisits", **PEOPLE)
        self.table.read_by(figures, index=True)
        self.routes.route(figures, "GET", "/api/visits/figures/{calendar_year}")
        self.routes.route(figures, "GET", "/api/visits/figures/{calendar_year}/{file}", counted=True)
