"""release: runs of editions go on, and what was left lying is taken up again.

Trigger: every minute; the stream of the table of editions, runs that were begun or resumed. Reads: runs, selections,
the archive's index by cohort. Writes: editions that are planned or requested. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.archive.selection_store import Selections
from yinji.editions.releasing import Releaser
from yinji.editions.runs import Runs
from yinji.editions.store import Editions
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics

releaser = Releaser(Runs(), Editions(), Selections().students)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    done = releaser.release(clock.now())
    count("EditionsPlanned", done.planned)
    count("EditionsReleased", done.released)
    count("EditionsTakenUp", done.taken_up)
    count("EditionsFailed", done.failed)
    return {"batchItemFailures": []}
