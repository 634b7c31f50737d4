"""One-form: what is known of people, what systems of record deliver and where the two differ; forms, what is filled and
sent of them, and what offices say to it."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from yinji.clearance.evidence import PREFIX as EVIDENCE
from yinji.clearance.exports import KINDS
from yinji.forms.delivering import TRIES
from yinji.forms.desk import DEEDS as OF_FORMS
from yinji.forms.facts_desk import DEEDS
from yinji.forms.records import PREFIX, REPORTS
from yinji.forms.submission import VERDICTS

from infra.constructs.doors import BucketDoor, Inbox, on_change, on_message
from infra.constructs.function import Function
from infra.constructs.storage import Bucket, Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.service import python_layer

NEW_CONFLICT: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {"Keys": {"pk": {"S": lambda_.FilterRule.begins_with("CONFLICTS#")}}},
}
"""Somebody says otherwise than a system of record."""
ANSWERED: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {
        "Keys": {
            "pk": {"S": lambda_.FilterRule.begins_with("SUBMISSION#")},
            "sk": {"S": lambda_.FilterRule.begins_with("EVENT#")},
        },
        "NewImage": {"what": {"S": lambda_.FilterRule.or_("submit", "correct")}},
    },
}
"""Somebody sent a form, or sent it again."""
HAPPENED: dict[str, object] = {
    "eventName": lambda_.FilterRule.is_equal("INSERT"),
    "dynamodb": {
        "Keys": {
            "pk": {"S": lambda_.FilterRule.begins_with("SUBMISSION#")},
            "sk": {"S": lambda_.FilterRule.begins_with("EVENT#")},
        }
    },
}
"""What happens to submissions."""
INDEXES = (Index("by-person", "person", "at"), Index("by-form", "form", "at"), Index("by-office", "waits_for", "since"))
PEOPLE: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}


class Forms(Beside):
    """See the module; each method below makes the functions of one subject. The table of facts is the house's: steps
    read it too."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self.table = TableWithStream(self, "FormsTable", self.house.table.key, INDEXES)
        self.bucket = Bucket(
            self,
            "FormsBucket",
            setting=setting,
            name="forms",
            key=self.house.table.key,
            logs=clearance.access_logs,
            kept={PREFIX: "arriving", REPORTS: "reports"},
        )
        self.tabular = python_layer(self, "Tabular", setting, "tabular")
        self.doors: list[tuple[str, str, Function]] = []
        self._records()
        self._facts()
        self._learning()
        self._authoring()
        self._filling()
        self._deciding()
        self._outputs()
        self._connected()
        self._figures()
        BucketDoor(self, "FormsDoor", self.bucket, self.doors)
        CfnOutput(self, "FormsTableName", value=self.table.table.table_name)
        CfnOutput(self, "FormsBucketName", value=self.bucket.name)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {"FORMS_TABLE": self.table.table.table_name, "FORMS_BUCKET": self.bucket.name}

    def _records(self) -> None:
        """What systems of record deliver."""
        intake = self._function(
            "forms/records_intake",
            "FACTS_TABLE",
            "FORMS_BUCKET",
            "SEALING_KEY",
            timeout=900,
            memory=1769,
            asynchronous=True,
            extra_layers=[self.tabular],
        )
        self.house.facts.changed_by(intake)
        self.house.sealing.seals_by(intake)
        self.bucket.read_by(intake, PREFIX)
        self.bucket.listed_by(intake)
        self.bucket.emptied_by(intake, PREFIX)
        self.bucket.erased_by(intake, PREFIX)
        self.bucket.written_by(intake, REPORTS)
        self.doors.append((PREFIX, "", intake))

    def _facts(self) -> None:
        """What people say of what is known of them, and what departments decide."""
        facts = self._function("forms/facts", "FACTS_TABLE", "SEALING_KEY", "PUBLIC_URL", **PEOPLE)
        self.house.facts.changed_by(facts)
        self.house.sealing.seals_by(facts)
        self.routes.route(facts, "GET", "/api/forms/facts")
        self.routes.route(facts, "POST", "/api/forms/facts/{kind}")

        conflicts = self._showing("forms/conflicts", "FACTS_TABLE", "PUBLIC_URL", **PEOPLE)
        self.house.facts.changed_by(conflicts)
        self.routes.route(conflicts, "GET", "/api/forms/conflicts")
        for deed in DEEDS:
            self.routes.route(conflicts, "POST", f"/api/forms/conflicts/{{conflict}}/{deed}")

        announce = self._function("forms/announce", "BUS", asynchronous=True)
        announce.allow(["events:PutEvents"], [self.house.bus.event_bus_arn])
        on_change(self.house.facts, announce, NEW_CONFLICT)

    def _learning(self) -> None:
        """What is answered becomes known."""
        learn = self._function("forms/learn_step", "TABLE", "FACTS_TABLE", "SEALING_KEY", timeout=60, asynchronous=True)
        self.house.table.looked_up_by(learn)
        self.house.facts.changed_by(learn)
        self.house.sealing.seals_by(learn)
        on_message(self.house.bus, learn, "StepAnswered", "step-answered", {})

    def _filling(self) -> None:
        """What people fill, send and hand in, and what becomes known by it."""
        route, house = self.routes.route, self.house
        form, sent = "/api/forms/f/{form}", "/api/forms/s/{submission}"
        library = self._function("forms/library", "FORMS_TABLE", "FACTS_TABLE", "TABLE", **PEOPLE)
        self.table.read_by(library, index=True)
        house.facts.read_by(library)
        route(library, "GET", "/api/forms")
        route(library, "GET", form)

        told = ("FORMS_TABLE", "FACTS_TABLE", "TABLE", "SEALING_KEY", "PUBLIC_URL")
        fill = self._function("forms/fill", *told, **PEOPLE)
        self.table.changed_by(fill)
        house.facts.changed_by(fill)
        house.sealing.seals_by(fill)
        house.table.looked_up_by(fill)
        for deed in ("save", "submit", "give-up"):
            route(fill, "POST", f"{form}/{deed}")

        told = ("FORMS_TABLE", "FACTS_TABLE", "TABLE", "SEALING_KEY", "PUBLIC_URL")
        submission = self._showing("forms/submission", *told, **PEOPLE)
        self.table.changed_by(submission)
        house.facts.read_by(submission)
        house.sealing.opens_by(submission)
        route(submission, "GET", sent)
        for deed in ("withdraw", "correct"):
            route(submission, "POST", f"{sent}/{deed}")

        told = ("FORMS_TABLE", "TABLE", "INTAKE_BUCKET", "DOCUMENTS_BUCKET", "PUBLIC_URL")
        document = self._showing("forms/document", *told, **PEOPLE)
        self.table.looked_up_by(document)
        house.table.changed_by(document)
        # whoever is given a presigned address may do what the function may
        house.intake.written_by(document, EVIDENCE)
        house.documents.read_by(document, EVIDENCE)
        route(document, "POST", f"{form}/documents")
        for part in ("", "/file", "/thumbnail"):
            route(document, "GET", f"{form}/documents/{{id}}{part}")
        for part in ("/file", "/thumbnail"):
            route(document, "GET", f"{sent}/documents/{{id}}{part}")

        learn = self._function(
            "forms/learn",
            "FORMS_TABLE",
            "FACTS_TABLE",
            "TABLE",
            "SEALING_KEY",
            timeout=60,
            memory=512,
            asynchronous=True,
        )
        self.table.looked_up_by(learn)
        house.facts.changed_by(learn)
        house.sealing.seals_by(learn)
        on_change(self.table, learn, ANSWERED)

    def _authoring(self) -> None:
        """What offices do to their forms: they put items and take none away."""
        route, api = self.routes.route, "/api/forms/desk"
        author = self._function("forms/author", "FORMS_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.read_by(author)
        self.table.added_to_by(author)
        for method in ("GET", "POST"):
            route(author, method, api)
        route(author, "GET", f"{api}/{{form}}")
        route(author, "POST", f"{api}/{{form}}/edit/{{change}}")
        route(author, "POST", f"{api}/{{form}}/documents")
        for deed in OF_FORMS:
            route(author, "POST", f"{api}/{{form}}/{deed}")

        bring_in = self._function(
            "forms/import_form", "FORMS_TABLE", "PUBLIC_URL", **PEOPLE | {"memory": 1769},
            extra_layers=[self.tabular],
        )  # fmt: skip
        self.table.read_by(bring_in)
        self.table.added_to_by(bring_in)
        route(bring_in, "POST", f"{api}/import")

    def _unseals(self, function: Function) -> None:
        """Let `function` read whole what is kept sealed of submissions."""
        self.house.facts.looked_up_by(function)
        self.house.sealing.opens_by(function)

    def _deciding(self) -> None:
        """What waits for offices, and what they say to it."""
        sealed = ("FORMS_TABLE", "FACTS_TABLE", "SEALING_KEY")
        decide = self._showing("forms/decide", *sealed, "PUBLIC_URL", **PEOPLE)
        self.table.read_by(decide, index=True)
        self.table.added_to_by(decide)
        self._unseals(decide)
        route, queue = self.routes.route, "/api/forms/queue"
        route(decide, "GET", queue)
        route(decide, "GET", f"{queue}/{{submission}}")
        route(decide, "POST", f"{queue}/{{submission}}/sealed/{{question}}")
        for verdict in VERDICTS:
            route(decide, "POST", f"/api/forms/s/{{submission}}/{verdict}")

    def _outputs(self) -> None:
        """What comes out of a form: documents, and tables of every answer."""
        route, desk = self.routes.route, "/api/forms/desk/{form}"
        sealed = ("FORMS_TABLE", "FACTS_TABLE", "SEALING_KEY")
        pdf = self._showing(
            "forms/pdf", *sealed, "PEOPLE_TABLE", "BUS", **PEOPLE | {"memory": 1769},
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )  # fmt: skip
        self.table.looked_up_by(pdf)
        self._unseals(pdf)
        self.people.read_by(pdf)
        pdf.allow(["events:PutEvents"], [self.house.bus.event_bus_arn])
        route(pdf, "GET", "/api/forms/s/{submission}/form.pdf", counted=True)
        route(pdf, "GET", f"{desk}/preview.pdf", counted=True)

        # this memory brings the processor that writes ten thousand rows in a few seconds
        answers = self._showing("forms/answers", "TABLE", *sealed, **PEOPLE | {"memory": 2048})
        self.table.read_by(answers, index=True)
        self.house.table.added_to_by(answers)
        self._unseals(answers)
        for kind in KINDS:
            route(answers, "GET", f"{desk}/answers.{kind}", counted=True)

    def _connected(self) -> None:
        """Approved answers go to other systems; what was decided is said."""
        connect = self._function("forms/connect", "FORMS_TABLE", "PUBLIC_URL", **PEOPLE)
        self.table.read_by(connect)
        self.table.added_to_by(connect)
        self.routes.route(connect, "POST", "/api/forms/desk/{form}/connect")

        # five posts of ten seconds each, and whoever is slow to say where their names lead
        deliver = self._function("forms/deliver", "FORMS_TABLE", timeout=120, memory=512, asynchronous=True)
        self.table.looked_up_by(deliver)
        name = f"{self.setting.prefix}-form-deliveries"
        deliveries = Inbox(self, "Deliveries", name=name, function=deliver, tries=TRIES)

        relay = self._function("forms/relay", "FORMS_TABLE", "BUS", asynchronous=True)
        self.table.looked_up_by(relay)
        relay.allow(["events:PutEvents"], [self.house.bus.event_bus_arn])
        deliveries.fed_by(relay)
        on_change(self.table, relay, HAPPENED)
        for function in (deliver, relay):
            function.function.add_environment("YINJI_DELIVERIES_QUEUE", deliveries.url)

    def _figures(self) -> None:
        """What is asked that is known already."""
        figures = self._function("forms/figures", "FORMS_TABLE", called="FiguresOfForms", **PEOPLE)
        self.table.read_by(figures, index=True)
        self.routes.route(figures, "GET", "/api/forms/figures/{calendar_year}")
        self.routes.route(figures, "GET", "/api/forms/figures/{calendar_year}/{file}", counted=True)
