"""Editions of growth archives: asked for, typeset, sealed, fetched."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from yinji.editions.model import AUTHORITY, PACKS, RENDERED, SEALED
from yinji.editions.store import STATUS as PLACES

from infra.constructs.doors import BucketDoor, Inbox, every, every_morning, on_change
from infra.constructs.storage import BY_CODE, BY_RUN, Bucket, SigningKey, TableWithStream
from infra.setting import Setting
from infra.stacks.archive import STUDENT, Archive
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.service import python_layer

REQUESTED: dict[str, object] = {
    "dynamodb": {
        "Keys": {"sk": {"S": lambda_.FilterRule.begins_with("EDITION#")}},
        "NewImage": {"state": {"S": lambda_.FilterRule.is_equal("requested")}},
    }
}
"""Editions that are to be rendered."""
RUNS: dict[str, object] = {"dynamodb": {"Keys": {"pk": {"S": lambda_.FilterRule.is_equal("RUNS")}}}}
"""Runs that began, or go on."""


class Editions(Beside):
    """See the module."""

    def __init__(
        self, scope: Construct, id: str, setting: Setting, clearance: Clearance, archive: Archive, **more: object
    ) -> None:
        super().__init__(scope, id, setting, clearance, **more)
        key = self.house.table.key
        self.archive = archive.table
        self.messages = archive.messages
        self.table = TableWithStream(self, "EditionsTable", key, (BY_RUN, BY_CODE))
        self.bucket = Bucket(
            self,
            "EditionsBucket",
            setting=setting,
            name="editions",
            key=key,
            logs=clearance.access_logs,
            kept={RENDERED: "arriving", PACKS: "printed"},
        )
        self.signing = SigningKey(self, "Signing")
        self._made()
        self._asked()
        self._verified()
        CfnOutput(self, "EditionsTableName", value=self.table.table.table_name)
        CfnOutput(self, "EditionsBucketName", value=self.bucket.name)
        CfnOutput(self, "SigningKeyArn", value=self.signing.arn)

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "ARCHIVE_TABLE": self.archive.table.table_name,
            "MESSAGES_TABLE": self.messages.table.table_name,
            "EDITIONS_TABLE": self.table.table.table_name,
            "EDITIONS_BUCKET": self.bucket.name,
            "SIGNING_KEY": self.signing.arn,
        }

    def _made(self) -> None:
        """Typeset, then sealed."""
        render = self._function(
            "archive/render", "ARCHIVE_TABLE", "EDITIONS_TABLE", "EDITIONS_BUCKET", "PUBLIC_URL",
            timeout=120, memory=1769, asynchronous=True,
            extra_layers=[python_layer(self, "Typeset", self.setting, "typeset")],
        )  # fmt: skip
        self.archive.read_by(render)
        self.table.changed_by(render)
        self.bucket.written_by(render, RENDERED)
        on_change(self.table, render, REQUESTED)

        self.proof = python_layer(self, "Proof", self.setting, "proof")
        seal = self._function(
            "archive/seal", "EDITIONS_TABLE", "EDITIONS_BUCKET", "MESSAGES_TABLE", "PUBLIC_URL", "SIGNING_KEY",
            timeout=60, memory=1769, asynchronous=True, extra_layers=[self.proof],
        )  # fmt: skip
        self.table.changed_by(seal)
        self.bucket.read_by(seal, RENDERED, AUTHORITY)
        self.bucket.written_by(seal, SEALED, delete=True)
        self.bucket.emptied_by(seal, RENDERED)
        self.bucket.listed_by(seal)
        self.signing.signs_by(seal)
        self.messages.added_to_by(seal)
        seals = Inbox(self, "Seals", name=f"{self.setting.prefix}-seal", function=seal)
        BucketDoor(self, "EditionsDoor", self.bucket, [], [(RENDERED, seals)])

        # runs go on, and what was left lying is taken up again
        release = self._function("archive/release", "EDITIONS_TABLE", "ARCHIVE_TABLE", timeout=300, memory=1769,
                                 asynchronous=True)  # fmt: skip
        self.table.changed_by(release, index=True)
        self.archive.read_by(release, index=True)
        on_change(self.table, release, RUNS)
        every(release, minutes=1)

        # a school's editions are some hundred megabytes at most
        pack = self._function("archive/pack", "ARCHIVE_TABLE", "EDITIONS_TABLE", "EDITIONS_BUCKET", timeout=300,
                              memory=1769, disk=2048, asynchronous=True)  # fmt: skip
        self.archive.read_by(pack)
        self.table.changed_by(pack)
        self.bucket.read_by(pack, SEALED)
        self.bucket.written_by(pack, PACKS)
        packs = Inbox(self, "Packs", name=f"{self.setting.prefix}-pack", function=pack, at_once=1)

        runs = self._showing("archive/runs", "ARCHIVE_TABLE", "EDITIONS_TABLE", "EDITIONS_BUCKET", "PUBLIC_URL",
                             timeout=29, memory=1769, answers_people=True)  # fmt: skip
        packs.fed_by(runs)
        runs.function.add_environment("YINJI_PACK_QUEUE", packs.url)
        self.bucket.read_by(runs, PACKS)
        self.archive.read_by(runs)
        self.table.changed_by(runs, index=True)
        route, path = self.routes.route, "/api/archive/runs"
        for method, rest in (("GET", ""), ("POST", ""), ("GET", "/{run}")):
            route(runs, method, f"{path}{rest}")
        for deed in ("pause", "resume", "again", "pack"):
            route(runs, "POST", f"{path}/{{run}}/{deed}")
        route(runs, "GET", f"{path}/{{run}}/packs/{{school}}", counted=True)
        route(runs, "POST", "/api/archive/editions/again")

    def _asked(self) -> None:
        people: dict[str, object] = {"timeout": 29, "memory": 1024, "answers_people": True}
        editions = self._showing("archive/editions", "ARCHIVE_TABLE", "EDITIONS_TABLE", "MESSAGES_TABLE", "PUBLIC_URL",
                                  **people)  # fmt: skip
        self.messages.added_to_by(editions)
        self.archive.read_by(editions)
        self.table.changed_by(editions)
        self.routes.route(editions, "GET", f"{STUDENT}/editions")
        self.routes.route(editions, "POST", f"{STUDENT}/editions")
        self.routes.route(editions, "POST", f"{STUDENT}/editions/{{edition}}/revoke")

        shares = self._function("archive/shares", "ARCHIVE_TABLE", "EDITIONS_TABLE", "PUBLIC_URL", **people)
        self.archive.read_by(shares)
        self.table.changed_by(shares)
        self.routes.route(shares, "GET", f"{STUDENT}/shares")
        self.routes.route(shares, "POST", f"{STUDENT}/shares")
        self.routes.route(shares, "POST", f"{STUDENT}/shares/{{share}}/revoke")

        download = self._showing("archive/edition_download", "ARCHIVE_TABLE", "EDITIONS_TABLE", "EDITIONS_BUCKET",
                                 **people)  # fmt: skip
        self.archive.read_by(download)
        self.table.read_by(download)
        self.bucket.read_by(download, SEALED)
        self.routes.route(download, "GET", f"{STUDENT}/editions/{{edition}}/{{file}}")
        kept = self._function(
            "archive/kept_copy", "ARCHIVE_TABLE", "EDITIONS_TABLE", "EDITIONS_BUCKET", "PUBLIC_URL", "SIGNING_KEY",
            extra_layers=[self.proof], **people,
        )  # fmt: skip
        self.archive.read_by(kept)
        self.table.read_by(kept)
        self.bucket.read_by(kept, SEALED, AUTHORITY)
        self.bucket.listed_by(kept, AUTHORITY)
        self.signing.seen_by(kept)
        self.routes.route(kept, "GET", f"{STUDENT}/editions/{{edition}}/kept-copy", counted=True)
        self._checked(people)

    def _checked(self, people: dict[str, object]) -> None:
        """By whoever has a link or a code, without an account."""
        shared = self._showing("archive/shared", "EDITIONS_TABLE", "EDITIONS_BUCKET", "SESSION_KEYS", **people)
        self.table.read_by(shared, index=True)
        self.bucket.read_by(shared, SEALED)
        reason = "Whoever has the link of a shared archive sees it; a link has 192 random bits and can be revoked."
        self.routes.route(shared, "GET", "/api/archive/shared/{token}/{file}", open=reason, counted=True)

        verify = self._function("archive/verify", "EDITIONS_TABLE", "SESSION_KEYS", **people)
        for function in (shared, verify):
            self._knows_sessions(function)
        self.table.read_by(verify, index=True)
        reason = "Whoever holds an archive checks it; a code has 80 random bits, and tells nothing of whose it is."
        self.routes.route(verify, "GET", "/api/archive/verify/{code}", open=reason, counted=True)

    def _verified(self) -> None:
        """What whoever verifies an edition needs, and may have without an account."""
        authority = self._function(
            "archive/authority", "EDITIONS_TABLE", "EDITIONS_BUCKET", "PUBLIC_URL", "SIGNING_KEY",
            timeout=29, memory=1024, answers_people=True, extra_layers=[self.proof],
        )  # fmt: skip
        self.table.queried_by(authority, PLACES)
        self.bucket.read_by(authority, AUTHORITY)
        self.bucket.listed_by(authority, AUTHORITY)
        self.signing.signs_by(authority)
        watch = self._function("archive/authority_watch", "EDITIONS_BUCKET", memory=1024, asynchronous=True,
                               extra_layers=[self.proof])  # fmt: skip
        self.bucket.read_by(watch, AUTHORITY)
        self.bucket.listed_by(watch, AUTHORITY)
        every_morning(watch, 6, 0)
        why = "Whoever is handed an archive verifies it without an account: it is the same for everybody."
        for path in ("did.json", "authority.pem", "status/{number}"):
            self.routes.route(authority, "GET", f"/.well-known/{path}", open=why)
