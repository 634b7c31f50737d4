"""take-up: passes that lacked something are looked at again: a card was enrolled since, a reader registered, or an
activity announced late.

Trigger: schedule, every ten minutes; it asks what there is rather than follow what came, for what a pass lacks comes in
three ways, and what was missed once is found the next time. Reads: passes that wait, the register of readers, cards,
students, the catalogue. Writes: passes, records, who came. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.readers_store import Readers
from yinji.archive.store import Archive
from yinji.platform.observability import count, gauge, logger, metrics

readers = Readers(Archive(), Catalogue())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    counts = readers.take_up()
    count("PassesTakenUp", counts["captured"] + counts["repeated"])
    gauge("PassesWaiting", counts["pending"])
    return dict(counts)
