"""register-readers: the register of readers was delivered; who is new or different is kept, nobody is taken away.

Trigger: S3 devices/* of the archive's bucket. Reads: the bucket. Writes: the register of readers; reports/devices/.
Emits nothing. A reader that is out of service says so in the column `retired`.
"""

from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive import reader_register
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers_store import Readers
from yinji.archive.refusing import told_of
from yinji.archive.store import Archive
from yinji.archive.table_intake import Found, deal
from yinji.clearance.intake import delivered
from yinji.platform.environment import setting
from yinji.platform.observability import count, logger, metrics

s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    for key in delivered(event):
        register(key)


def register(key: str) -> None:
    deal(s3, setting("ARCHIVE_BUCKET"), key, f"reports/{key}.json", partial(keep, key))


def keep(key: str, data: bytes, found: Found) -> dict[str, Any]:
    """Keep what is new or different in the register `data`; what its report says."""
    table = reader_register.read(key, data)
    changed = readers.register(table.devices)
    count("ReaderRowsRejected", len(table.rejected))
    return {
        "counts": {"devices": len(table.devices), "changed": changed, "rejected": len(table.rejected)},
        "rejected": told_of(table.rejected),
    }
