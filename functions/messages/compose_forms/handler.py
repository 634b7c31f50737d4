"""messages-compose-forms: what an office is told of facts.

Trigger: fact-corrected on the bus. Reads nothing. Writes: a message in the box of the department that answers for the
system of record. Emits: metrics. What comes twice is said once.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.messages.compose import of_corrected
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics

outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    message = of_corrected(event["detail"])
    # it stands in the box, and nobody gets a mail for each
    if message and outbox.put(message, clock.now(), ()):
        count("MessagesComposed", kind=message.kind)
