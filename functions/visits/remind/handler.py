"""remind: people are told of tomorrow's visit, those who left an address.

Trigger: every hour from four to seven in the afternoon. Reads: tomorrow's days, their visits, who stopped their mail.
Writes: visits with what happened to them; the mail follows from that. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.messages.reminding import remind
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.visits.store import Visits

visits = Visits()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    count("VisitsReminded", remind(visits, outbox, clock.now()))
