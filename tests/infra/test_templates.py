"""What is true of every template: it can be deployed, keeps to the rules, and is the same in both deployments."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any
from zipfile import ZipFile

import aws_cdk
import pytest
from aws_cdk import aws_s3 as s3

from infra.app import build
from infra.setting import ROOT
from tests import portal
from tests.infra.synthesis import CONTEXT, Synthesis

pytestmark = pytest.mark.slow

MOST_RESOURCES = 450
NOT_DEPLOYED_LOCALLY = {"FrontDoor"}
# W3005: CDK names a function's role among what it waits for, although the role's ARN says so already.
UNLINTED = ["W3005"]
EMULATOR = ROOT / ".local" / "emulator" / "bin" / "python"
HANDLED = "from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as h; print('\\n'.join(h))"


def test_every_template_is_clean_of_lint(either: Synthesis) -> None:
    from cfnlint.api import ManualArgs, lint

    for stack, template in either.templates.items():
        region = "us-east-1"
        found = lint(json.dumps(template), config=ManualArgs(regions=[region], ignore_checks=UNLINTED))
        assert not found, (stack, [str(match) for match in found])


def test_what_the_rules_find_is_mended_or_has_its_reason(either: Synthesis) -> None:
    assert either.findings == ()


def test_a_finding_without_a_reason_stops_the_synthesis(tmp_path: Any) -> None:
    app = aws_cdk.App(context=CONTEXT | {"aws:cdk:bundling-stacks": []}, outdir=str(tmp_path))
    s3.Bucket(build(app)[0], "Naked")
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_no_stack_comes_near_the_limit_of_five_hundred_resources(either: Synthesis) -> None:
    assert {stack: count for stack, count in either.counts().items() if count >= MOST_RESOURCES} == {}


def test_a_template_is_small_enough_to_be_deployed(either: Synthesis) -> None:
    sizes = {stack: len(json.dumps(template)) for stack, template in either.templates.items()}
    assert {stack: size for stack, size in sizes.items() if size > 900_000} == {}


def test_the_emulator_knows_every_type_of_resource(local: Synthesis) -> None:
    if not EMULATOR.exists():
        pytest.skip("the emulator is not installed in .local/emulator")
    known = set(subprocess.run([EMULATOR, "-c", HANDLED], check=True, capture_output=True, text=True).stdout.split())
    used = {resource.type for resource in local.resources if resource.stack not in NOT_DEPLOYED_LOCALLY}
    expanded = {name for name in used if name.startswith("AWS::Serverless::")}  # the emulator's SAM does that
    assert used - expanded - known == set()


# --- the same template in both places ----------------------------------------------------------------------
ONLY_LOCAL = re.compile(r"DemoSignIn|SignInDemo")
"""Resources that only a local deployment has: signing in as anybody, and what watches that."""
TELLS_APART = {"YINJI_DEPLOYMENT", "YINJI_SIGN_IN"}
LISTS_FUNCTIONS = {"AWS::CloudWatch::Dashboard"}
"""They show every function, the one for signing in as well."""


def comparable(template: Mapping[str, Any]) -> dict[str, Any]:
    """The resources, without the hash of its function that a published version bears in its name."""
    text = re.sub(r"CurrentVersion[0-9A-F]{8}[0-9a-f]{32}", "CurrentVersion", json.dumps(template["Resources"]))
    return json.loads(text)


def test_a_local_deployment_differs_from_aws_by_signing_in_and_by_knowing_that_it_is_local(
    aws: Synthesis, local: Synthesis
) -> None:
    assert aws.templates.keys() == local.templates.keys()
    for stack in aws.templates:
        there, here = comparable(aws.templates[stack]), comparable(local.templates[stack])
        assert there.keys() - here.keys() == set()
        assert {name for name in here.keys() - there.keys() if not ONLY_LOCAL.search(name)} == set()
        for name, resource in there.items():
            if resource["Type"] in LISTS_FUNCTIONS:
                continue
            for deployment in (resource, here[name]):
                variables = deployment.get("Properties", {}).get("Environment", {}).get("Variables", {})
                for variable in TELLS_APART:
                    variables.pop(variable, None)
            assert resource == here[name], name


def test_aws_has_nothing_of_signing_in_as_anybody(aws: Synthesis) -> None:
    for template in aws.templates.values():
        assert "demo" not in json.dumps(template).lower()
    handlers = list(aws.folder.glob("asset.*/handler.py"))
    assert handlers
    assert [path for path in handlers if "demo" in path.read_text("utf-8").lower()] == []
    assert not list(aws.folder.glob("asset.*/**/personas.py")), "nor does any layer hold the people one can be"


def test_the_portal_takes_the_scripts_of_others_along_as_a_checkout_has_them(aws: Synthesis) -> None:
    folder = "chalicelib/static/"
    (package,) = [one for one in map(ZipFile, aws.folder.glob("asset.*.zip")) if f"{folder}portal.js" in one.namelist()]
    packed = {name.removeprefix(folder): package.read(name).decode() for name in package.namelist() if folder in name}
    served = portal.module("chalicelib.static").files()
    assert {"htmx.min.js", "json-schema.js", "forms-check.js"} <= set(served)
    assert {name: packed.get(name) for name in served} == served


def test_every_function_on_aws_knows_that_it_is_on_aws(aws: Synthesis) -> None:
    for function in aws.of_type("AWS::Lambda::Function"):
        if function.stack == "Clearance":
            assert function.properties["Environment"]["Variables"]["YINJI_DEPLOYMENT"] == "aws"


def test_other_stacks_find_what_clearance_gives_them_by_these_names(either: Synthesis) -> None:
    told = either.templates["Clearance"]["Outputs"]
    assert {name for name in told if not name.startswith("Exports")} == {
        "IntakeBucket", "DocumentsBucket", "TableName", "PeopleTableName", "FactsTableName", "BusName", "ApiId",
        "ApiUrl", "SessionKeysArn",
    }  # fmt: skip
