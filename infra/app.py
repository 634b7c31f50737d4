"""The CDK app: `npx cdk synth`. What a deployment can be told is in setting.py, and in cdk.json as context."""

from __future__ import annotations

import sys

from aws_cdk import App, Environment, Stack, Tags

from infra.setting import ROOT, Setting

sys.path[:0] = [str(ROOT / "layers" / "yinji")]

from infra.stacks.clearance import Clearance  # noqa: E402
from infra.stacks.portal import Portal  # noqa: E402


def build(app: App) -> list[Stack]:
    """All stacks of one deployment in `app`."""
    setting = Setting.of(app.node)
    environment = Environment(region=setting.region)
    clearance = Clearance(app, setting.stack("Clearance"), setting, env=environment)
    portal = Portal(app, setting.stack("Portal"), setting, clearance, env=environment)
    Tags.of(app).add("project", "yinji")
    return [clearance, portal]


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
