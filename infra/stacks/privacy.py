"""Privacy: what lets go of what has been kept for long enough. It reaches into the tables of the other stacks."""

from __future__ import annotations

from constructs import Construct
from yinji.archive.ledger import LEDGERS
from yinji.clearance.anchors import ERASED, FOLDER
from yinji.clearance.evidence import PREFIX
from yinji.editions.model import RENDERED, SEALED
from yinji.privacy.erasing import CERTIFICATES

from infra.constructs.doors import every_morning
from infra.setting import Setting
from infra.stacks.archive import Archive
from infra.stacks.clearance import Beside, Clearance
from infra.stacks.editions import Editions
from infra.stacks.forms import Forms
from infra.stacks.messages import Messages


class Privacy(Beside):
    """See the module."""

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
        self.messages, self.archive = messages.table, archive.table
        self.archive_bucket = archive.bucket
        self.editions, self.forms = editions, forms.table
        self._retention()

    @property
    def known(self) -> dict[str, str]:
        return super().known | {
            "MESSAGES_TABLE": self.messages.table.table_name,
            "ARCHIVE_TABLE": self.archive.table.table_name,
            "ARCHIVE_BUCKET": self.archive_bucket.name,
            "FORMS_TABLE": self.forms.table.table_name,
            "EDITIONS_TABLE": self.editions.table.table.table_name,
            "EDITIONS_BUCKET": self.editions.bucket.name,
        }

    def _retention(self) -> None:
        told = ("TABLE", "FACTS_TABLE", "FORMS_TABLE", "PEOPLE_TABLE", "MESSAGES_TABLE", "ARCHIVE_TABLE",
                "EDITIONS_TABLE", "DOCUMENTS_BUCKET", "ARCHIVE_BUCKET", "EDITIONS_BUCKET")  # fmt: skip
        retention = self._function("privacy/retention", *told, timeout=900, memory=1024, asynchronous=True)
        table, documents = self.house.table, self.house.documents
        table.read_by(retention, index=True)
        table.emptied_by(retention)
        table.marked_by(retention)
        self.house.facts.emptied_by(retention)
        self.forms.read_by(retention, index=True)
        self.forms.emptied_by(retention)
        self.people.emptied_by(retention)
        self.messages.emptied_by(retention)
        self.archive.read_by(retention, index=True)
        self.archive.emptied_by(retention)
        self.archive.added_to_by(retention)  # that a cohort changes by who goes
        self.editions.table.emptied_by(retention)
        self.editions.bucket.erased_by(retention, RENDERED, SEALED)
        self.archive_bucket.read_by(retention, LEDGERS)
        self.archive_bucket.written_by(retention, LEDGERS)
        self.archive_bucket.listed_by(retention)
        documents.read_by(retention, FOLDER, "feeds/")
        documents.written_by(retention, ERASED, "feeds/")
        documents.listed_by(retention)
        documents.erased_by(retention, PREFIX, CERTIFICATES)
        every_morning(retention, 3, 30)
