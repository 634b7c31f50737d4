"""escalate: a clock of an incident ran out, or a mended one has waited for an answer long enough.

Trigger: a one-time schedule: {"incident": ..., "purpose": "response", "repair" or "answer"}. Reads: the incident as it
is by then. Writes: the incident and what happened to it; a schedule anew where its clock runs longer by now. Emits:
metrics.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.platform import clock
from yinji.platform.observability import count, logger, metrics
from yinji.platform.problem import Problem
from yinji.repair.escalating import escalated
from yinji.repair.incidents_store import Incidents
from yinji.repair.timers import Timers, wanted

incidents = Incidents()
timers = Timers()
ATTEMPTS = 8
"""How often somebody else may be quicker; then the schedule tries again."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    id, purpose, now = event["incident"], event["purpose"], clock.now()
    for name in ("EscalatedIncidents", "IncidentsClosedUnanswered"):
        count(name, 0)  # so that each has a line of its own, however rare it is
    for _ in range(ATTEMPTS):
        incident = incidents.find(id)
        if incident is None:
            return
        found = escalated(incident, purpose, now)
        if found is None:
            for timer in wanted(incident, now):
                if timer.purpose == purpose:
                    timers.set(id, timer, now)
            return
        if incidents.change(*found):
            count("IncidentsClosedUnanswered" if purpose == "answer" else "EscalatedIncidents")
            return
    raise Problem("too-busy")
