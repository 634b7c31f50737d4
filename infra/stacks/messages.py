"""Messages: the outbox with its table, what fills it, what empties it, and what readers do with their box."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from constructs import Construct
from yinji.clearance.bus import FACT_CORRECTED, LAYOUT_FAILED, SUBMISSION_DECIDED

from infra.constructs.doors import OF_CASES, every, every_hour, every_morning, on_change, on_message, read_from
from infra.constructs.storage import Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import CASES, Beside, Clearance
from infra.stacks.forms import Forms
from infra.stacks.repair import NEWS_SECONDS, Repair
from infra.stacks.visits import HAPPENED, Visits

WAITING = Index("waiting", "waits", "due_at")
NEW_DELIVERY = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.begins_with("DELIVERY#")}}},
}


class Messages(Beside):
    """See the module. `table` is the outbox; the portal reads it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        repair: Repair,
        visits: Visits,
        forms: Forms,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self._repair, self._of_visits, self._of_forms = repair, visits, forms
        self.table = TableWithStream(self, "MessagesTable", self.house.table.key, (WAITING,), expires="expires")
        self._mail()
        self._fill()
        self._follow(clearance)
        self._visits()
        self._forms()
        self._empty()
        self._boxes()
        CfnOutput(self, "MessagesTableName", value=self.table.table.table_name)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "MESSAGES_TABLE": self.table.table.table_name,
            "MAIL_FROM": self.setting.mail_from,
            "MAIL_SET": self.mail_set,
            "WEBHOOK_SECRET": self.setting.webhook_secret,
            "REPAIR_TABLE": self._repair.table.table.table_name,
            "REPAIR_KEY": self._repair.key.secret_arn,
            "VISITS_TABLE": self._of_visits.table.table.table_name,
            "VISITS_KEY": self._of_visits.key.secret_arn,
            "FORMS_TABLE": self._of_forms.table.table.table_name,
        }

    def _mail(self) -> None:
        """The domain mail is from, and what SES keeps and refuses for it."""
        domain = self.setting.mail_from.partition("@")[2]
        self.mail_set = f"{self.setting.prefix}-messages"
        ses.CfnConfigurationSet(
            self,
            "MailSet",
            name=self.mail_set,
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(reputation_metrics_enabled=True),
            # whoever's address does not exist, or who called our mail spam, is not written to again
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
        )
        ses.CfnEmailIdentity(self, "MailDomain", email_identity=domain)
        place = f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}"
        self._mail_arns = [f"{place}:identity/{domain}", f"{place}:configuration-set/{self.mail_set}"]

    def _fill(self) -> None:
        cases = self.house.table
        compose = self._function("messages/compose", "MESSAGES_TABLE", asynchronous=True)
        self.table.changed_by(compose)
        on_change(cases, compose, OF_CASES)

        long = {"timeout": 600, "memory": 1024, "asynchronous": True}
        deadlines = self._function("messages/deadlines", "TABLE", "MESSAGES_TABLE", **long)
        cases.read_by(deadlines, index=True)
        self.table.changed_by(deadlines)
        every_morning(deadlines, 8, 30)

        digest = self._function("messages/digest", "TABLE", "MESSAGES_TABLE", "WEBHOOK_SECRET", **long)
        cases.read_by(digest)
        self.table.changed_by(digest)
        every_morning(digest, 8, 0)

        told = ("TABLE", "MESSAGES_TABLE", "PUBLIC_URL")
        remind = self._function("messages/remind", *told, timeout=15, memory=1024, answers_people=True)
        cases.read_by(remind)
        self.table.changed_by(remind)
        self.routes.route(remind, "POST", f"{CASES}/remind")

    def _follow(self, clearance: Clearance) -> None:
        """What whoever reported a fault is told of it."""
        told = ("REPAIR_TABLE", "MESSAGES_TABLE", "SESSION_KEYS")
        news = self._repair.news
        compose = self._function(
            "messages/compose_repair", *told, timeout=NEWS_SECONDS, memory=1024, failures=news.failures
        )
        self._repair.table.read_by(compose, index=True)
        self.table.read_by(compose)
        self.table.added_to_by(compose)
        self._knows_sessions(compose)
        clearance.limits.counted_by(compose)
        read_from(news.queue, compose)

    def _visits(self) -> None:
        """What whoever left an address is told of a visit, and of tomorrow's."""
        told, table = ("VISITS_TABLE", "MESSAGES_TABLE"), self._of_visits.table
        compose = self._function("messages/compose_visits", *told, timeout=300, memory=1024, asynchronous=True)
        table.read_by(compose)
        self.table.added_to_by(compose)
        on_change(table, compose, HAPPENED)

        remind = self._function(
            "visits/remind", *told, called="RemindOfVisits", timeout=300, memory=1024, asynchronous=True
        )
        table.changed_by(remind)
        self.table.looked_up_by(remind)
        every_hour(remind, 16, 19, 5)

    def _forms(self) -> None:
        """What departments are told of facts, and whoever sent a form of it."""
        compose = self._function("messages/compose_forms", "MESSAGES_TABLE", asynchronous=True)
        self.table.added_to_by(compose)
        on_message(self.house.bus, compose, "FactCorrected", FACT_CORRECTED, {})

        decided = self._function("messages/compose_submissions", "FORMS_TABLE", "MESSAGES_TABLE", asynchronous=True)
        self._of_forms.table.read_by(decided)
        self.table.added_to_by(decided)
        on_message(self.house.bus, decided, "SubmissionDecided", SUBMISSION_DECIDED, {})
        on_message(self.house.bus, decided, "LayoutFailed", LAYOUT_FAILED, {})

    def _empty(self) -> None:
        told = ("TABLE", "MESSAGES_TABLE", "PUBLIC_URL", "SESSION_KEYS", "MAIL_FROM", "MAIL_SET", "WEBHOOK_SECRET")
        send = self._function(
            "messages/send", *told, "REPAIR_TABLE", "REPAIR_KEY", "VISITS_TABLE", "VISITS_KEY", "FORMS_TABLE",
            "FACTS_TABLE",
            timeout=300, memory=512, asynchronous=True,
        )  # fmt: skip
        self.house.table.read_by(send)
        self._repair.table.looked_up_by(send)
        self._of_visits.table.looked_up_by(send)
        self._of_forms.table.looked_up_by(send)
        self.house.facts.read_by(send)
        self.table.changed_by(send, index=True)
        secrets = [self.session_keys.secret_arn, self._repair.key.secret_arn, self._of_visits.key.secret_arn]
        secrets += filter(None, [self.setting.webhook_secret])
        send.allow(["secretsmanager:GetSecretValue"], secrets)
        send.allow(["ses:SendEmail"], self._mail_arns)
        on_change(self.table, send, NEW_DELIVERY)
        every(send, minutes=5)

    def _boxes(self) -> None:
        inbox = self._function(
            "messages/inbox", "MESSAGES_TABLE", "PUBLIC_URL", timeout=15, memory=1024, answers_people=True
        )
        self.table.changed_by(inbox)
        self.routes.route(inbox, "GET", "/api/messages")
        self.routes.route(inbox, "POST", "/api/messages/read")
        self.routes.route(inbox, "GET", "/api/messages/preferences")
        self.routes.route(inbox, "POST", "/api/messages/preferences")

        stop = self._function(
            "messages/stop", "MESSAGES_TABLE", "SESSION_KEYS", timeout=15, memory=1024, answers_people=True
        )
        self.table.changed_by(stop)
        self._knows_sessions(stop)
        reason = "The token in the path is signed: it stops one kind of mail to one reader, and nothing else."
        self.routes.route(stop, "GET", "/api/messages/stop/{token}", open=reason)
        self.routes.route(stop, "POST", "/api/messages/stop/{token}", open=reason)
