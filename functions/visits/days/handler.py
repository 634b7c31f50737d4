"""days: the Wednesdays of the coming weeks are made, and who waited in vain, or for a day that was closed, is carried
over.

Trigger: every hour. Reads and writes: days of communities, who waits for them, visits with what happened to them.
Reads: where technicians usually go. Emits: metrics.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.visits.days import at_campus
from yinji.visits.store import Visits

visits = Visits()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now = clock.now()
    count("VisitDaysMade", visits.make_days(at_campus(now)))
    moved, left = visits.carry_over(now)
    count("VisitsCarriedOver", moved)
    count("VisitsWithoutDay", left)
