"""deliver: approved answers are posted to where their form is connected.

Trigger: the queue of deliveries, which forms/relay fills. Reads: the submission, its form. Writes nothing. Emits: posts
to webhooks; metrics. What was not taken is tried again after a while, ever longer, under the same id; what was changed
since is delivered as it is now by another message, and not by this one.
"""

from http.client import HTTPException
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.forms.delivering import Queue, deliver, read
from yinji.forms.store import Forms
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.platform.posting import NotAllowed

# that nobody takes anything of a whole batch is for its queue to tell, and no failure of ours
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
forms = Forms()
queue = Queue()


class NotTaken(Exception):
    """The webhook did not take it. The text tells the status, or the kind of error, and never the address."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    wanted = read(record.body)
    one = forms.find(wanted.submission)
    head = forms.head(one.form) if one else None
    if one is None or head is None or head.webhook is None:
        return
    if (one.state, one.version) != ("approved", wanted.version):
        return
    try:
        status = deliver(one, forms.version(one.form, one.form_version), head.webhook, clock.now())
        told = "" if 200 <= status < 300 else str(status)
    except (NotAllowed, OSError, HTTPException) as error:
        told = type(error).__name__
    if not told:
        count("FormDeliveries")
        return
    count("FormDeliveriesFailed")
    queue.put_off(record.receipt_handle, int(record.attributes.approximate_receive_count))
    raise NotTaken(told)
