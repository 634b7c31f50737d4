"""What people need around the steps of clearance: batches, documents, lists, guides, practice. It works on what the
clearance stack holds; a stack of its own keeps both below CloudFormation's 500 resources."""

from __future__ import annotations

from constructs import Construct

from infra.constructs.doors import ApiRoutes
from infra.setting import Setting
from infra.stacks.clearance import Clearance
from infra.stacks.service import ServiceStack, python_layer


class Desk(ServiceStack):
    """See the module; each method below makes the functions of one subject."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, **more)
        self.house, self.session_keys = clearance.house, clearance.session_keys
        self.layer = python_layer(self, "Yinji", setting, "yinji")
        self.routes = ApiRoutes(self, "Routes", clearance.api.api.ref, clearance.api.authorizer_id)
        self._batches()
        self._guides()
        self._practice()

    def _batches(self) -> None:
        batches = self._function(
            "clearance/batches", "TABLE", "PUBLIC_URL", timeout=29, memory=1024, answers_people=True
        )
        self.house.table.changed_by(batches, index=True)
        self.routes.route(batches, "GET", "/api/clearance/batches")

    def _guides(self) -> None:
        paper = self._function(
            "clearance/guide_pdf",
            "PUBLIC_URL",
            timeout=29,
            memory=1769,
            answers_people=True,
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )
        reason = "Guides are for everybody, before anybody has signed in."
        self.routes.route(paper, "GET", "/api/clearance/guides/{flow}/{file}", open=reason)

    def _practice(self) -> None:
        practice = self._function("clearance/practice", "TABLE", "PUBLIC_URL", timeout=29, answers_people=True)
        self.house.table.changed_by(practice)
        self.routes.route(practice, "POST", "/api/clearance/practice")
