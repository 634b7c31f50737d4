"""messages-deadlines: whoever still has something to do is told 7, 3 and 1 days before the deadline.

Trigger: every morning at 08:30 of the campus; by hand with {"today": "2026-06-23"} for a morning that was missed.
Reads: the index by school. Writes: messages and their deliveries; again they find themselves said. Emits nothing.
"""

from datetime import date
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.clearance.view import row_view
from yinji.messages.compose import of_deadline
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics

store = Store()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    now = clock.now()
    today = date.fromisoformat(event["today"]) if "today" in event else clock.today()
    said = 0
    for lean in store.everybody():
        message = of_deadline(row_view(lean), today, now)
        if message and outbox.put(message, now):
            count("MessagesComposed", kind=message.kind)
            said += 1
    return {"said": said}
