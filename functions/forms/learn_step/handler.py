"""learn-step: what graduates answer at steps of clearance is known from then on, and nobody asks for it again.

Trigger: step-answered on the bus. Reads: the case, its key. Writes: facts of the graduate. Emits: metrics. A repeated
message says the same again, which changes nothing.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition
from yinji.clearance.keys import Keys
from yinji.clearance.store import Store
from yinji.forms import clearance
from yinji.forms.facts_store import Facts
from yinji.platform.clock import instant
from yinji.platform.observability import count, logger, metrics

store = Store()
keys = Keys()
facts = Facts()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    detail = event["detail"]
    student, step = str(detail["student"]), definition.steps().get(str(detail["step"]))
    case = store.get(student)
    if case is None or case.practice or step is None or step.id not in case.steps:
        return  # withdrawn or taken away meanwhile
    key = keys.existing(student) if step.sealed else None
    said = clearance.said(case, step, key, instant(str(detail["at"])))
    count("FactsLearnt", facts.take(student, said).changed)
