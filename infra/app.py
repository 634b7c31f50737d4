"""The CDK app: `npx cdk synth`. What a deployment can be told is in setting.py, and in cdk.json as context.

cdk-nag's rules for solutions run over every synthesis; what they find and is right nevertheless is accepted beside
the thing itself, with its reason (constructs/reasons.py).
"""

from __future__ import annotations

from aws_cdk import App, Environment, Stack, Tags, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.setting import Setting
from infra.stacks.archive import Archive
from infra.stacks.archive_dashboard import ArchiveDashboard
from infra.stacks.clearance import Clearance
from infra.stacks.dashboards import Dashboards
from infra.stacks.desk import Desk
from infra.stacks.editions import Editions
from infra.stacks.forms import Forms
from infra.stacks.forms_dashboard import FormsDashboard
from infra.stacks.front_door import REGION, FrontDoor
from infra.stacks.identity import Identity
from infra.stacks.messages import Messages
from infra.stacks.portal import Portal
from infra.stacks.privacy import Privacy
from infra.stacks.repair import Repair
from infra.stacks.repair_dashboard import RepairDashboard
from infra.stacks.visits import Visits
from infra.stacks.visits_dashboard import VisitsDashboard


def build(app: App, setting: Setting | None = None) -> list[Stack]:
    """All stacks of one deployment in `app`, as its context says unless `setting` is given."""
    setting = setting or Setting.of(app.node)
    environment = Environment(region=setting.region)
    clearance = Clearance(
        app, setting.stack("Clearance"), setting, env=environment, termination_protection=not setting.local
    )
    desk = Desk(app, setting.stack("Desk"), setting, clearance, env=environment)
    repair = Repair(app, setting.stack("Repair"), setting, clearance, env=environment)
    visits = Visits(app, setting.stack("Visits"), setting, clearance, env=environment)
    forms = Forms(app, setting.stack("Forms"), setting, clearance, env=environment)
    messages = Messages(app, setting.stack("Messages"), setting, clearance, repair, visits, forms, env=environment)
    archive = Archive(app, setting.stack("Archive"), setting, clearance, messages, env=environment)
    editions = Editions(app, setting.stack("Editions"), setting, clearance, archive, env=environment)
    privacy = Privacy(
        app, setting.stack("Privacy"), setting, clearance, messages, archive, editions, forms, env=environment
    )
    identity = Identity(
        app, setting.stack("Identity"), setting, clearance, messages, archive, editions, forms, env=environment
    )
    portal = Portal(
        app,
        setting.stack("Portal"),
        setting,
        clearance,
        messages,
        archive,
        editions,
        repair,
        visits,
        forms,
        env=environment,
    )
    dashboards = Dashboards(
        app,
        setting.stack("Dashboards"),
        setting,
        clearance,
        [desk, messages, identity, privacy],
        [archive, editions, repair, visits, forms],
        portal,
        env=environment,
    )
    archive_dashboard = ArchiveDashboard(
        app, setting.stack("ArchiveDashboard"), setting, [archive, editions], dashboards.alarms, env=environment
    )
    repair_dashboard = RepairDashboard(
        app, setting.stack("RepairDashboard"), setting, [repair], dashboards.alarms, env=environment
    )
    visits_dashboard = VisitsDashboard(
        app, setting.stack("VisitsDashboard"), setting, [visits], dashboards.alarms, env=environment
    )
    forms_dashboard = FormsDashboard(
        app, setting.stack("FormsDashboard"), setting, [forms], dashboards.alarms, env=environment
    )
    # a local deployment does not deploy the front door; its proxy reads the template
    front_door = FrontDoor(
        app,
        setting.stack("FrontDoor"),
        setting,
        api_id=clearance.api.api.ref,
        portal_api_id=portal.api_id,
        portal_stage=portal.stage,
        env=Environment(region=REGION),
        cross_region_references=setting.region != REGION,
    )
    Tags.of(app).add("project", "yinji")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    return [
        clearance,
        desk,
        repair,
        visits,
        forms,
        messages,
        archive,
        editions,
        identity,
        privacy,
        portal,
        dashboards,
        archive_dashboard,
        repair_dashboard,
        visits_dashboard,
        forms_dashboard,
        front_door,
    ]


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
