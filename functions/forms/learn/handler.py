"""learn: what people answered becomes what is known of them, also where whoever kept it died before that.

Trigger: the stream of the table of forms: what happened to submissions. Reads: the submission, its form. Writes: what
is known of whoever sent it. Emits: metrics.

Whoever sends a form makes facts of it at once. This says the same once more, as of the same instant: that changes
nothing where it was said, so it does not matter how often, or in which order, the stream tells of it.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance.store import Store
from yinji.forms.facts_store import Facts
from yinji.forms.sending import Desk
from yinji.forms.store import Forms, submission_of_key
from yinji.platform.observability import count, logger, metrics

SAYS = ("submit", "correct")
forms = Forms()
desk = Desk(forms, Facts(), Store())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    told: dict[str, list[str]] = {}
    for record in event["Records"]:
        image = record["dynamodb"]
        if image["NewImage"]["what"]["S"] in SAYS:
            told.setdefault(submission_of_key(image["Keys"]["pk"]["S"]), []).append(image["SequenceNumber"])
    failed: list[str] = []
    for id, numbers in told.items():
        try:
            one = forms.find(id)
            count("FormFactsMadeGood", desk.learn(one) if one else 0)
        except Exception as error:  # the others go on
            logger.error("answers not learnt", exc_info=error)
            failed += numbers
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
