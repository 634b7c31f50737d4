"""One-form: forms, what is filled and sent of them, and what offices say to it."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct
from yinji.forms.desk import DEEDS

from infra.constructs.storage import Index, TableWithStream
from infra.setting import Setting
from infra.stacks.clearance import Beside, Clearance

INDEXES = (Index("by-person", "person", "at"), Index("by-form", "form", "at"), Index("by-office", "waits_for", "since"))
PEOPLE: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}


class Forms(Beside):
    """See the module; each method below makes the functions of one subject."""

    def __init__(self, scope: Construct, id: str, setting: Setting, clearance: Clearance, **more: object) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self.table = TableWithStream(self, "FormsTable", self.house.table.key, INDEXES)
        self._authoring()
        CfnOutput(self, "FormsTableName", value=self.table.table.table_name)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {"FORMS_TABLE": self.table.table.table_name}

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
        for deed in DEEDS:
            route(author, "POST", f"{api}/{{form}}/{deed}")
