"""messages-compose-submissions: what people are told of what offices decided about a form that they sent, and
offices of a layout that does not work.

Trigger: submission-decided and layout-failed on the bus. Reads: the submission, its form. Writes: messages and their
deliveries. Emits: metrics. What comes twice is said once; what a later event overtook is not said.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.bus import LAYOUT_FAILED
from yinji.forms.library import BEGINNING
from yinji.forms.store import Forms
from yinji.messages.filled import of_layout, of_submission
from yinji.messages.model import BOX_ONLY, Message
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
    message = failed(told) if event["detail-type"] == LAYOUT_FAILED else decided(told)
    if message and outbox.put(message, clock.now(), () if message.kind in BOX_ONLY else ("email",)):
        count("MessagesComposed", kind=message.kind)


def decided(told: Mapping[str, Any]) -> Message | None:
    one = forms.find(told["submission"])
    if one is None or one.state != told["state"] or one.times[one.state] != instant(told["at"]):
        return None
    return of_submission(one, forms.version(one.form, one.form_version).title)


def failed(told: Mapping[str, Any]) -> Message | None:
    id, version = told["form"], told["version"]
    # told as of when it was published: the same message, however often somebody asks for a document
    published = (one for one in forms.form_history(id) if one.what == "publish" and one.told.get("version") == version)
    at = next((one.at for one in published), BEGINNING)
    return of_layout(id, version, told["office"], forms.version(id, version).title, told["why"], at)
