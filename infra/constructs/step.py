"""A clearance step as infrastructure: everything follows from its definition."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from yinji.clearance.definition import StepDefinition

from infra.constructs.doors import ApiDoor, on_message
from infra.constructs.function import Function
from infra.constructs.storage import Bucket, SealingKey, TableWithStream
from infra.setting import Setting


@dataclass(frozen=True)
class House:
    """What the functions of a service share."""

    setting: Setting
    layer: lambda_.ILayerVersion
    table: TableWithStream
    intake: Bucket
    documents: Bucket
    bus: events.EventBus
    sealing: SealingKey
    facts: TableWithStream
    """What is known of people, each once (yinji.forms.facts)."""


class Step(Construct):
    """The Lambda of a step, its routes, and what else it listens to."""

    def __init__(self, scope: Construct, step: StepDefinition, house: House, api: ApiDoor) -> None:
        super().__init__(scope, "".join(part.title() for part in step.id.split("-")))
        has_feed = step.feed is not None
        environment = {"YINJI_TABLE": house.table.table.table_name, "YINJI_PUBLIC_URL": house.setting.public_url}
        if step.sealed or step.facts:
            environment |= {"YINJI_SEALING_KEY": house.sealing.arn}
        if step.facts:
            environment |= {"YINJI_FACTS_TABLE": house.facts.table.table_name}
        if has_feed:
            environment |= {
                "YINJI_INTAKE_BUCKET": house.intake.name,
                "YINJI_DOCUMENTS_BUCKET": house.documents.name,
                "YINJI_BUS": house.bus.event_bus_name,
            }
        self.function = Function(
            self,
            "Step",
            setting=house.setting,
            folder=f"clearance/steps/{step.module}",
            layers=[house.layer],
            environment=environment,
            # a first snapshot of ten thousand rows is ten thousand transactions
            timeout=900 if has_feed else 29,
            memory=1024,
            asynchronous=has_feed or step.ready,
            answers_people=True,
        )
        house.table.changed_by(self.function)
        if step.sealed:
            house.sealing.seals_by(self.function)
        if step.facts:
            house.facts.read_by(self.function)
            if not step.sealed:
                house.sealing.opens_by(self.function)
        api.route(self.function, "POST", f"/api/clearance/cases/{{student}}/steps/{step.id}/{{action}}")
        api.route(self.function, "POST", f"/api/clearance/steps/{step.id}/{{action}}")
        if has_feed:
            api.route(self.function, "POST", f"/api/clearance/steps/{step.id}/feed/{{decision}}")
            self._feed(step, house)
        if step.ready:
            on_message(house.bus, self.function, "StepReady", "step-ready", {"step": [step.id]})

    def _feed(self, step: StepDefinition, house: House) -> None:
        prefix = f"feeds/{step.id}/"
        house.intake.read_by(self.function, prefix, f"previews/{step.id}/")
        house.intake.written_by(self.function, prefix, f"previews/{step.id}/")
        house.intake.listed_by(self.function)
        house.documents.read_by(self.function, prefix, f"reports/{prefix}", f"previews/{step.id}/")
        house.documents.listed_by(self.function)
        house.documents.written_by(self.function, prefix, f"reports/{prefix}", f"previews/{step.id}/")
        self.function.allow(["events:PutEvents"], [house.bus.event_bus_arn])
        on_message(house.bus, self.function, "RosterApplied", "roster-applied", {})
        on_message(house.bus, self.function, "IntakeLeft", "intake-left", {"key": [{"prefix": prefix}]})
