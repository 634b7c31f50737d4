"""What every stack of functions has: a way to make a function of a folder, told by name what it needs to know."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.bundling import layer_code
from infra.constructs.doors import Inbox
from infra.constructs.function import Function
from infra.constructs.step import House
from infra.constructs.storage import TableWithStream
from infra.setting import Setting


class ServiceStack(Stack):
    """A stack with functions. `functions` are all of them, by folder; dashboards and alarms are made from that.

    `layer` is the stack's own layer version of layers/yinji: one of another stack could not change any more while this
    one refers to it.
    """

    house: House
    layer: lambda_.LayerVersion
    session_keys: secretsmanager.ISecret
    people: TableWithStream
    seen: Inbox | None = None
    """Where it is written down who looks at a student's data, once there is one."""

    def __init__(self, scope: Construct, id: str, setting: Setting, **more: object) -> None:
        super().__init__(scope, id, **more)
        self.functions: dict[str, Function] = {}
        self.setting = setting

    @property
    def known(self) -> dict[str, str]:
        """What a function can be told: the names of its variables YINJI_<name>, and their values."""
        house = self.house
        return {
            "TABLE": house.table.table.table_name,
            "FACTS_TABLE": house.facts.table.table_name,
            "PEOPLE_TABLE": self.people.table.table_name,
            "INTAKE_BUCKET": house.intake.name,
            "DOCUMENTS_BUCKET": house.documents.name,
            "BUS": house.bus.event_bus_name,
            "SEALING_KEY": house.sealing.arn,
            "SESSION_KEYS": self.session_keys.secret_arn,
            "PUBLIC_URL": self.setting.public_url,
            "SEEN_QUEUE": self.seen.url if self.seen else "",
        }

    def _showing(self, folder: str, *environment: str, **more: object) -> Function:
        """A function that shows a student's data to others: as `_function`, and it can write down who looked."""
        assert self.seen  # noqa: S101
        function = self._function(folder, "SEEN_QUEUE", *environment, **more)
        self.seen.fed_by(function)
        return function

    def _knows_sessions(self, function: Function) -> None:
        """Let `function` read the keys that sign sessions, and under which addresses are counted."""
        function.allow(["secretsmanager:GetSecretValue"], [self.session_keys.secret_arn])

    def _function(self, folder: str, *environment: str, called: str = "", **more: object) -> Function:
        """The function in `folder`, told what `environment` names; `called` so in the stack, if not as its folder."""
        name = called or "".join(part.title() for part in folder.split("/")[-1].split("_"))
        layers = [self.layer, *more.pop("extra_layers", [])]  # type: ignore[misc]
        known = self.known
        function = self.functions[folder] = Function(
            self,
            name,
            setting=self.setting,
            folder=folder,
            layers=layers,
            environment={f"YINJI_{name}": known[name] for name in environment},
            **more,
        )
        return function


def python_layer(scope: Construct, id: str, setting: Setting, name: str) -> lambda_.LayerVersion:
    """The layer in layers/<name>."""
    return lambda_.LayerVersion(
        scope,
        f"{id}Layer",
        code=layer_code(setting, name),
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[lambda_.Architecture.ARM_64],
        description=f"layers/{name}",
        removal_policy=RemovalPolicy.DESTROY,
    )
