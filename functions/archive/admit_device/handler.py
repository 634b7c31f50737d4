"""admit-device: a reader asks for its certificate; it gets one if the register knows it and nobody came before it.

Trigger: AWS IoT, before it provisions a thing (pre-provisioning hook). Reads and writes: the register of readers, where
the certificate is noted. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers_store import Readers
from yinji.archive.store import Archive
from yinji.platform.clock import now
from yinji.platform.observability import count, logger, metrics

readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, bool]:
    device, certificate = str(event["parameters"].get("Device", "")), str(event.get("certificateId", ""))
    admitted = bool(certificate) and readers.admit(device, certificate, now())
    count("ReadersAdmitted", admitted)
    count("ReadersTurnedAway", not admitted)
    return {"allowProvisioning": admitted}
