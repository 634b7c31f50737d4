"""dormitory 退宿: the student books the inspection of the room, housing signs off."""

from datetime import date, timedelta

from yinji.clearance.case import Graduate, Values
from yinji.clearance.step import Step
from yinji.platform.problem import Problem

SATURDAY = 5

step = Step("dormitory")
[DAYS_AHEAD] = [field.days_ahead for field in step.definition.actions["book-inspection"].fields if field.days_ahead]


@step.on("book-inspection")
def check(answers: Values, graduate: Graduate, today: date) -> Values:
    """A working day from today on, no further ahead than the form offers."""
    last = today + timedelta(days=DAYS_AHEAD)
    day = date.fromisoformat(answers["date"])
    if not today <= day <= last or day.weekday() >= SATURDAY:
        raise Problem("date-not-possible", first=today.isoformat(), last=last.isoformat())
    return answers


handler = step.handler
