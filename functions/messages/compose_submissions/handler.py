"""messages-compose-submissions: what people are told of what offices decided about a form that they sent.

Trigger: submission-decided on the bus. Reads: the submission, its form. Writes: messages and their deliveries. Emits:
metrics. What comes twice is said once; what a later event overtook is not said.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms.store import Forms
from yinji.messages.filled import of_submission
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.clock import instant
from yinji.platform.observability import count, logger, metrics

forms = Forms()
outbox = Outbox()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    told = event["detail"]
    one = forms.find(told["submission"])
    if one is None or one.state != told["state"] or one.times[one.state] != instant(told["at"]):
        return
    message = of_submission(one, forms.version(one.form, one.form_version).title)
    if message and outbox.put(message, clock.now()):
        count("MessagesComposed", kind=message.kind)
