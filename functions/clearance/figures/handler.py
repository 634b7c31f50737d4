"""figures: the season in numbers, for the dashboard.

Trigger: every five minutes. Reads: the index by school, the heads of the queues, the states of the feeds. Writes
nothing but metrics. The numbers are recomputed from the cases each time, so they cannot drift.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from yinji.clearance import definition, university
from yinji.clearance.case import State
from yinji.clearance.queue import queue_id, waits_for_office
from yinji.clearance.store import Lean, Store
from yinji.clearance.view import RowView, row_view
from yinji.platform import clock
from yinji.platform.clock import instant
from yinji.platform.observability import count, gauge, logger, metrics

CASE_STATES = ("open", "in-progress", "finished", "overdue")
HOUR = 3600

store = Store()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(raise_on_empty_metrics=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    now, today = clock.now(), clock.today()
    rows = [row_view(lean) for lean in store.everybody()]
    states = Counter(state_of(row, row.lean.deadline < today) for row in rows)
    for state in CASE_STATES:
        count("Cases", states[state], state=state)
    count("CasesTotal", len(rows))
    ahead = [(row.lean.deadline - today).days for row in rows if not row.lean.finished_at]
    count("DaysToDeadline", min(ahead, default=0))
    for step in definition.steps().values():
        step_figures(step, rows, now)
    return dict(states)


def state_of(row: RowView, late: bool) -> str:
    """finished; overdue when the deadline is over; open when nothing is settled yet; else in progress."""
    lean: Lean = row.lean
    if lean.finished_at:
        return "finished"
    if late:
        return "overdue"
    return "open" if row.left == len(row.states) else "in-progress"


def step_figures(step: definition.StepDefinition, rows: list[RowView], now: datetime) -> None:
    """Unfinished cases, what waits for the office and for how long, and how old the feed is."""
    states: list[State] = [row.states[step.id] for row in rows if step.id in row.states]
    count("StepUnfinished", sum(state not in ("done", "waived") for state in states), step=step.id)
    waiting = sum(waits_for_office(step, state) for state in states)
    count("StepBacklog", waiting, step=step.id)
    gauge("OldestWaitingHours", oldest(step, now) if waiting else 0, MetricUnit.NoUnit, step=step.id)
    if step.feed and (as_of := store.feed(step.id).as_of):
        age = (now - as_of).total_seconds() / HOUR
        gauge("FeedAgeHours", max(age, 0), MetricUnit.NoUnit, step=step.id)


def oldest(step: definition.StepDefinition, now: datetime) -> float:
    """For how many hours the first in the step's queue has been waiting; of all schools' queues where each has one."""
    schools = university.schools() if step.department == "school" else [""]
    heads = [store.queue(queue_id(step.id, school), limit=1)[0] for school in schools]
    return max(((now - instant(entry.since)).total_seconds() / HOUR for head in heads for entry in head), default=0)
