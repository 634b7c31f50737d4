"""The CDK app, synthesized in this process without bundling: seconds rather than minutes."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yinji.clearance.items
import yinji.messages.items
import yinji.platform.counter  # noqa: F401 - before Chalice imports the portal with the names of a template's tables

from infra.app import build
from infra.setting import ROOT, Setting

Template = Mapping[str, Any]
ACCOUNT, REGION = "123456789012", "us-east-1"
CONTEXT = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]


@dataclass(frozen=True)
class Resource:
    stack: str
    id: str
    type: str
    body: Template = field(repr=False)

    @property
    def properties(self) -> Template:
        return self.body.get("Properties", {})


@dataclass(frozen=True)
class Synthesis:
    """One deployment: its templates by the name of their stack without prefix, and what validation found."""

    templates: Mapping[str, Template] = field(repr=False)
    findings: tuple[tuple[str, str, str], ...]
    """Plugin, rule, construct."""
    folder: Path

    def of_type(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type in types]

    @cached_property
    def resources(self) -> list[Resource]:
        return [
            Resource(stack, id, body["Type"], body)
            for stack, template in self.templates.items()
            for id, body in template["Resources"].items()
        ]

    def counts(self) -> Counter[str]:
        return Counter(resource.stack for resource in self.resources)


def synthesize(deployment: str, root: Path = ROOT, **context: Any) -> Synthesis:
    """The templates of `deployment`, of the checkout at `root`, with `context` besides that of cdk.json."""
    import aws_cdk

    folder = Path(tempfile.mkdtemp(prefix="yinji-synthesis-"))
    ways = {"sign_in": f"oidc,cas{',demo' if deployment == 'local' else ''}", "cas_url": "https://cas.example.edu/cas"}
    told = CONTEXT | ways | {"deployment": deployment, "aws:cdk:bundling-stacks": []} | context
    app = aws_cdk.App(context=told, outdir=str(folder))
    setting = Setting.of(app.node, root)
    build(app, setting)
    failed = ""
    try:
        app.synth()
    except RuntimeError as error:
        failed = str(error)
    report = folder / "validation-report.json"
    findings = tuple(_findings(json.loads(report.read_text("utf-8")))) if report.exists() else ()
    if failed and not findings:
        raise RuntimeError(failed)
    prefix = setting.stack("")
    templates = {
        path.name.removesuffix(".template.json").removeprefix(prefix).removeprefix("-"): json.loads(
            path.read_text("utf-8")
        )
        for path in sorted(folder.glob("*.template.json"))
    }
    return Synthesis(templates, findings, folder)


def _findings(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation.get("violatingConstructs", [{}]):
                yield plugin["pluginName"], violation["ruleName"], construct.get("constructPath", "")


def plain(value: Any) -> str:
    """A template's value as one text: what is not known before deployment stands as ${it}."""
    match value:
        case str():
            return value
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": "AWS::AccountId"}:
            return ACCOUNT
        case {"Ref": "AWS::Region"}:
            return REGION
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::ImportValue": name}:
            return f"${{{plain(name)}}}"
        case {"Fn::Join": [between, parts]}:
            return between.join(plain(part) for part in parts)
        case {"Fn::Sub": text}:
            return text
        case _:
            return json.dumps(value, sort_keys=True)


def listed(value: Any) -> list[Any]:
    """What stands where CloudFormation takes one or many."""
    return value if isinstance(value, list) else [value]
