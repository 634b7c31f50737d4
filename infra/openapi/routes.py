"""The routes of the HTTP API, as the CDK app has them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aws_cdk import App
from aws_cdk import aws_apigatewayv2 as apigateway

from infra.app import build
from infra.setting import ROOT


@dataclass(frozen=True)
class Route:
    """A route of the template; one that is `open` asks nobody for a session."""

    key: str
    open: bool

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.key.partition(" ")[2]


def routes() -> list[Route]:
    """Every route of a local deployment with every way of signing in: those of AWS, and the demo's."""
    told = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    ways = {"sign_in": "oidc,cas,demo", "cas_url": "https://cas.example.edu/cas"}
    app = App(context=told | ways | {"deployment": "local", "aws:cdk:bundling-stacks": []})
    build(app)
    found = [one for one in app.node.find_all() if isinstance(one, apigateway.CfnRoute)]
    every = [Route(str(one.route_key), one.authorization_type == "NONE") for one in found]
    return sorted(every, key=lambda route: (route.path, route.method))
