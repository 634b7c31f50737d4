"""rearrange: many cases are changed alike, as an administrator decided: a newer flow, another batch.

Trigger: event rearrange. Reads: the table and its index. Writes: the table. Emits nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.batches import carry_over, migrate
from yinji.clearance.store import Store
from yinji.platform.observability import count, logger, metrics

store = Store()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    told = EventBridgeEvent(event).detail
    if told["what"] == "migrate":
        changed = migrate(store, str(told["flow"]), int(told["version"]), str(told["who"]))
    else:
        changed = carry_over(store, str(told["batch"]), str(told["into"]), str(told["who"]))
    count("CasesRearranged", changed)
    logger.info("rearranged", extra={"what": told["what"], "changed": changed})
    return {"changed": changed}
