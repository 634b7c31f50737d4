"""The portal: the Chalice app of functions/portal behind a REST API, reading what clearance keeps and nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aws_cdk import CfnOutput, CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from chalice.cdk import Chalice
from constructs import Construct
from yinji.repair.register import REPORTS as PLACES_TOLD

from infra.bundling import NOT_CODE, own_script
from infra.constructs.doors import SEND
from infra.constructs.storage import COUNT, READ_ITEMS, READ_KEY
from infra.setting import FOLDER_TAG, Setting
from infra.stacks.archive import Archive
from infra.stacks.clearance import Clearance
from infra.stacks.editions import Editions
from infra.stacks.forms import Forms
from infra.stacks.messages import Messages
from infra.stacks.repair import Repair
from infra.stacks.service import python_layer
from infra.stacks.visits import Visits

CONFIG = '{"version": "2.0", "app_name": "portal"}'
TIMEOUT = 29
FEED_PAPERS = ("reports/feeds/", "previews/")
"""What the pages about feeds show of the documents bucket."""
ARCHIVE_PAPERS = ("reports/records/", "reports/students/")
"""What the page about deliveries to archives shows of the archive's bucket."""
REPAIR_PAPERS = (PLACES_TOLD,)
"""What the page about places shows of repair's bucket."""


class Portal(Stack):
    """See the module. `api_id` and `stage` are of the REST API; what is not /api goes there."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        messages: Messages,
        archive: Archive,
        editions: Editions,
        repair: Repair,
        visits: Visits,
        forms: Forms,
        **more: object,
    ) -> None:
        super().__init__(scope, id, **more)
        self.function_name = f"{setting.prefix}-portal"
        self.api_name = self.function_name
        self.stage = "pages"
        role = self._role(clearance, messages, archive, editions, repair, visits, forms)
        with _staged(setting) as source:
            chalice = Chalice(
                self,
                "Chalice",
                source_dir=str(source),
                stage_config={
                    "api_gateway_stage": self.stage,
                    "api_gateway_endpoint_type": "REGIONAL",
                    "minimum_compression_size": 1024,
                    "autogen_policy": False,
                    "manage_iam_role": False,
                    "iam_role_arn": role.role_arn,
                    "lambda_timeout": TIMEOUT,
                    "lambda_memory_size": 1024,
                    "environment_variables": {
                        "POWERTOOLS_SERVICE_NAME": "portal",
                        "POWERTOOLS_METRICS_NAMESPACE": "Yinji",
                        "POWERTOOLS_LOG_LEVEL": "INFO",
                        "YINJI_DEPLOYMENT": setting.deployment,
                        "YINJI_PUBLIC_URL": setting.public_url,
                        "YINJI_SESSION_KEYS": clearance.session_keys.secret_arn,
                        "YINJI_UPLOAD_ORIGIN": setting.upload_origin or clearance.house.intake.origin,
                        "YINJI_SIGN_IN": ",".join(setting.ways),
                        "YINJI_PEOPLE_TABLE": clearance.people.table.table_name,
                        "YINJI_TABLE": clearance.house.table.table.table_name,
                        # of the intake it is told the name only, to tell departments
                        "YINJI_INTAKE_BUCKET": clearance.house.intake.name,
                        "YINJI_DOCUMENTS_BUCKET": clearance.house.documents.name,
                        "YINJI_MESSAGES_TABLE": messages.table.table.table_name,
                        "YINJI_ARCHIVE_TABLE": archive.table.table.table_name,
                        "YINJI_ARCHIVE_BUCKET": archive.bucket.name,
                        "YINJI_EDITIONS_TABLE": editions.table.table.table_name,
                        "YINJI_REPAIR_TABLE": repair.table.table.table_name,
                        "YINJI_REPAIR_BUCKET": repair.bucket.name,
                        "YINJI_REPAIR_KEY": repair.key.secret_arn,
                        "YINJI_REPAIR_ORIGIN": setting.upload_origin or repair.bucket.origin,
                        "YINJI_VISITS_TABLE": visits.table.table.table_name,
                        "YINJI_VISITS_KEY": visits.key.secret_arn,
                        "YINJI_FORMS_TABLE": forms.table.table.table_name,
                        "YINJI_FACTS_TABLE": clearance.house.facts.table.table_name,
                        "YINJI_SEEN_QUEUE": clearance.seen.url if clearance.seen else "",
                        **clearance.limits.told,
                    },
                },
            )
        self._finish(chalice.get_resource("APIHandler"), chalice.get_resource("RestAPI"), setting)
        self.api_id: str = chalice.get_resource("RestAPI").ref
        for name, value in {"PortalApiId": self.api_id, "PortalStage": self.stage}.items():
            CfnOutput(self, name, value=value)

    def _role(
        self,
        clearance: Clearance,
        messages: Messages,
        archive: Archive,
        editions: Editions,
        repair: Repair,
        visits: Visits,
        forms: Forms,
    ) -> iam.Role:
        """The portal's role: it reads cases, by school as well, facts, archives, editions, repair, visits, forms,
        messages, people, the signing keys and those of repair and visits, and what became of deliveries and previews
        of feeds; it writes its own log, counts how often somebody asked, and says into one queue who looked at whose
        data."""
        seen = clearance.seen
        assert seen  # noqa: S101
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.function_name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        table = clearance.house.table
        tables = (table, archive.table, editions.table, repair.table, visits.table, forms.table)
        for actions, resource in (
            (["logs:CreateLogStream", "logs:PutLogEvents"], log.log_group_arn),
            (READ_ITEMS, table.table.table_arn),
            *((["dynamodb:Query"], arn) for each in tables for arn in each.index_arns),
            (READ_ITEMS, archive.table.table.table_arn),
            (READ_ITEMS, editions.table.table.table_arn),
            (READ_ITEMS, repair.table.table.table_arn),
            (READ_ITEMS, visits.table.table.table_arn),
            (READ_ITEMS, forms.table.table.table_arn),
            (READ_ITEMS, clearance.house.facts.table.table_arn),
            (READ_ITEMS, messages.table.table.table_arn),
            (READ_ITEMS, clearance.people.table.table_arn),
            (COUNT, clearance.limits.table.table_arn),
            (READ_KEY, table.key.key_arn),
            (["secretsmanager:GetSecretValue"], clearance.session_keys.secret_arn),
            (["secretsmanager:GetSecretValue"], repair.key.secret_arn),
            (["secretsmanager:GetSecretValue"], visits.key.secret_arn),
            (SEND, seen.queue.queue_arn),
        ):
            role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))
        clearance.house.documents.shown_to(role, *FEED_PAPERS)
        archive.bucket.shown_to(role, *ARCHIVE_PAPERS)
        repair.bucket.shown_to(role, *REPAIR_PAPERS)
        return role

    def _finish(self, function: CfnResource, api: CfnResource, setting: Setting) -> None:
        """What Chalice has no word for."""
        function.add_property_override("FunctionName", self.function_name)
        function.add_property_override("Description", "functions/portal")
        # a layer of this stack: one of another stack could not change any more while this one refers to it
        layer = python_layer(self, "Yinji", setting, "yinji")
        function.add_property_override("Layers", [layer.layer_version_arn])
        function.add_property_override(f"Tags.{FOLDER_TAG}", "portal")
        # Chalice names the interpreter it was packaged with. The package holds pure Python only (ours and Chalice's
        # own two modules), whatever is compiled comes with the layer: so it runs on what the layer is made for.
        function.add_property_override("Runtime", "python3.13")
        function.add_property_override("Architectures", ["arm64"])
        # metrics of a REST API go by its name, which Chalice makes the same for every university
        for place in ("Name", "DefinitionBody.info.title"):
            api.add_property_override(place, self.api_name)
        api.add_property_override(
            "MethodSettings",
            [{"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 400, "ThrottlingBurstLimit": 800}],
        )


@contextlib.contextmanager
def _staged(setting: Setting) -> Iterator[Path]:
    """A passing copy of functions/portal with the scripts of others in it, as Chalice packages it.

    Chalice imports the app from there and leaves its own files in it and in the working directory; CDK has taken what
    it needs when the construct stands. Nothing of it stays, and the package is the same for the same sources.
    """
    root = setting.root
    workshop = root / ".local" / "portal"
    workshop.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop) as folder, contextlib.chdir(folder), _modules_put_back():
        app = Path(folder, "app")
        shutil.copytree(root / "functions" / "portal", app, ignore=shutil.ignore_patterns(*NOT_CODE, ".chalice"))
        borrowed = own_script(root / "functions" / "portal" / "chalicelib" / "static.py", "borrowed")
        for name, text in borrowed(root).items():
            (app / "chalicelib" / "static" / name).write_text(text, "utf-8")
        (app / ".chalice").mkdir()
        (app / ".chalice" / "config.json").write_text(CONFIG, "utf-8")
        before = dict(os.environ)
        os.environ["AWS_DEFAULT_REGION"] = setting.region  # it asks how the region's services are called, no service
        try:
            yield app
        finally:
            # Chalice sets what the function will be told, to import the app; nobody else is meant
            os.environ.clear()
            os.environ.update(before)


@contextlib.contextmanager
def _modules_put_back() -> Iterator[None]:
    """Forget the modules that are imported from the copy: it is gone when somebody needs them again."""

    def of_portal() -> list[str]:
        return [name for name in sys.modules if name.split(".")[0] in ("app", "chalicelib")]

    before, path, bytecode = (
        {name: sys.modules.pop(name) for name in of_portal()},
        list(sys.path),
        sys.dont_write_bytecode,
    )
    sys.dont_write_bytecode = True  # compiled files would travel along, another interpreter's
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        sys.path[:] = path
        for name in of_portal():
            del sys.modules[name]
        sys.modules.update(before)
