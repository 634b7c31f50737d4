"""counts: the faults of the network in numbers, for the dashboard.

Trigger: every five minutes. Reads: the open incidents. Writes nothing but metrics. The numbers are counted anew each
time, so they cannot drift.
"""

from collections import Counter
from typing import Any, get_args

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import gauge, logger, metrics
from yinji.repair.incident import WORK, Priority
from yinji.repair.incidents_store import Incidents

MINUTE = 60

incidents = Incidents()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    now, every = clock.now(), incidents.open()
    work = [one for one in every if one.state in WORK]
    by_priority = Counter(one.priority for one in work)
    for priority in get_args(Priority):
        gauge("OpenIncidents", by_priority[priority], priority=str(priority))
    ages = [(now - one.opened_at).total_seconds() / MINUTE for one in work]
    gauge("OldestOpenIncident", max(ages, default=0), MetricUnit.NoUnit)
    gauge("IncidentsToConfirm", len(every) - len(work))
    return {"open": len(work), "to_confirm": len(every) - len(work)}
