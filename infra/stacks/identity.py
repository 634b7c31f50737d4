"""Identity: signing in by what the university has, signing out, who is who; each way of signing in its own function."""

from __future__ import annotations

from constructs import Construct

from infra.constructs.function import Function
from infra.setting import Setting
from infra.stacks.archive import Archive
from infra.stacks.clearance import LOOKS, Beside, Clearance
from infra.stacks.editions import Editions
from infra.stacks.forms import Forms
from infra.stacks.messages import Messages
from infra.stacks.service import python_layer

BEFORE = "It is where sessions come from."


class Identity(Beside):
    """See the module. Which ways there are, the setting `sign_in` says; `demo` is for local deployments only."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        messages: Messages,
        archive: Archive,
        editions: Editions,
        forms: Forms,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        self.messages, self.archive, self.editions = messages.table, archive.table, editions.table
        self.forms = forms.table
        for way in setting.ways:
            {"oidc": self._oidc, "cas": self._cas, "demo": self._demo}[way]()
        self._sign_out()
        self._accounts()
        self._own_data()

    @property
    def known(self) -> dict[str, str]:
        setting = self.setting
        return super().known | {
            "MESSAGES_TABLE": self.messages.table.table_name,
            "ARCHIVE_TABLE": self.archive.table.table_name,
            "EDITIONS_TABLE": self.editions.table.table_name,
            "FORMS_TABLE": self.forms.table.table_name,
            "OIDC_ISSUER": setting.oidc_issuer,
            "OIDC_CLIENT": setting.oidc_client,
            "OIDC_SECRET": setting.oidc_secret,
            "OIDC_ACCOUNT": setting.oidc_account,
            "CAS_URL": setting.cas_url,
        }

    def _way(self, way: str, *told: str) -> Function:
        """The function that signs in by `way`: its routes, and what signing in takes."""
        layer = python_layer(self, f"SignIn{way.title()}", self.setting, "demo" if way == "demo" else "sign_in")
        environment = ("SESSION_KEYS", "TABLE", "ARCHIVE_TABLE", "PEOPLE_TABLE", "PUBLIC_URL", *told)
        folder = "identity/demo_sign_in" if way == "demo" else f"identity/sign_in_{way}"
        function = self._function(
            folder, *environment, timeout=29, memory=1024, answers_people=True, extra_layers=[layer]
        )
        if way == "demo":  # whoever is chosen gets the role they are chosen in
            self.house.table.read_by(function, index=True)
            self.archive.read_by(function, index=True)
            self.people.changed_by(function)
        else:
            self.house.table.looked_up_by(function)
            self.archive.looked_up_by(function)
            self.people.marked_by(function)
            self.people.added_to_by(function)
        secrets = [self.session_keys.secret_arn, *([self.setting.oidc_secret] if "OIDC_SECRET" in told else [])]
        function.allow(["secretsmanager:GetSecretValue"], list(filter(None, secrets)))
        return function

    def _oidc(self) -> None:
        function = self._way("oidc", "OIDC_ISSUER", "OIDC_CLIENT", "OIDC_SECRET", "OIDC_ACCOUNT")
        for path in ("", "/back", "/leave"):
            self.routes.route(function, "GET", f"/api/sign-in/oidc{path}", open=BEFORE, counted=True)

    def _cas(self) -> None:
        function = self._way("cas", "CAS_URL")
        for path in ("", "/back", "/leave"):
            self.routes.route(function, "GET", f"/api/sign-in/cas{path}", open=BEFORE, counted=True)

    def _demo(self) -> None:
        function = self._way("demo")
        self.routes.route(function, "GET", "/api/sign-in/demo", open=BEFORE)
        self.routes.route(function, "POST", "/api/sign-in/demo", open=BEFORE)
        self.routes.route(function, "GET", "/api/sign-in/demo/personas", open=BEFORE)

    def _sign_out(self) -> None:
        told = ("SESSION_KEYS", "PEOPLE_TABLE", "PUBLIC_URL")
        sign_out = self._function("identity/sign_out", *told, timeout=10, memory=512, answers_people=True)
        self._knows_sessions(sign_out)
        self.people.marked_by(sign_out)
        reason = "Whoever has no session any more signs out too."
        self.routes.route(sign_out, "POST", "/api/sign-out", open=reason)
        self.routes.route(sign_out, "POST", "/api/sign-out/everywhere", open=reason)

    def _accounts(self) -> None:
        told = ("SESSION_KEYS", "TABLE", "ARCHIVE_TABLE", "PEOPLE_TABLE", "PUBLIC_URL")
        account = self._function("identity/account", *told, timeout=15, memory=1024, answers_people=True)
        self._knows_sessions(account)
        self.house.table.looked_up_by(account)
        self.archive.looked_up_by(account)
        self.people.changed_by(account)
        self.routes.route(account, "GET", "/api/account")
        for path in ("role", "lent", "lent/take-back"):
            self.routes.route(account, "POST", f"/api/account/{path}")

        people = self._function(
            "identity/people", "PEOPLE_TABLE", "PUBLIC_URL", timeout=29, memory=1024, answers_people=True
        )
        self.people.changed_by(people)
        self.routes.route(people, "GET", "/api/people/{staff}")
        self.routes.route(people, "POST", "/api/people")
        self.routes.route(people, "POST", "/api/people/{staff}/grants")
        self.routes.route(people, "POST", "/api/people/{staff}/grants/end")

    def _own_data(self) -> None:
        """What everybody may ask about what is kept of them: who looked at it, and all of it to take along."""
        who_saw = self._showing(
            "identity/who_saw", "TABLE", "PEOPLE_TABLE", timeout=15, memory=1024, answers_people=True
        )
        self.people.queried_by(who_saw, LOOKS)
        self.house.table.looked_up_by(who_saw)
        self.routes.route(who_saw, "GET", "/api/account/seen")
        self.routes.route(who_saw, "GET", "/api/clearance/cases/{student}/seen")

        told = (
            "TABLE",
            "PEOPLE_TABLE",
            "MESSAGES_TABLE",
            "ARCHIVE_TABLE",
            "EDITIONS_TABLE",
            "FACTS_TABLE",
            "FORMS_TABLE",
            "PUBLIC_URL",
            "SEALING_KEY",
        )
        my_data = self._function("identity/my_data", *told, timeout=15, memory=1024, answers_people=True)
        for table in (self.house.table, self.house.facts, self.people, self.messages, self.archive, self.editions):
            table.read_by(my_data)
        self.forms.read_by(my_data, index=True)
        self.house.sealing.opens_by(my_data)
        self.routes.route(my_data, "GET", "/api/account/export.json")
