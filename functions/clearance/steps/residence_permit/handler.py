"""residence-permit 居留许可与离境: a document of the student's and its date; international education signs off."""

from datetime import date, timedelta

from yinji.clearance.case import Graduate, Values
from yinji.clearance.step import Step
from yinji.platform.problem import Problem

step = Step("residence-permit")
[DAYS_BACK] = [field.days_back for field in step.definition.actions["send-record"].fields if field.days_back]


@step.on("send-permit")
def valid_still(answers: Values, graduate: Graduate, today: date) -> Values:
    """Whoever is still in the country holds a document that has not run out."""
    if date.fromisoformat(answers["expires_on"]) < today:
        raise Problem("date-past")
    return answers


@step.on("send-record")
def entered_already(answers: Values, graduate: Graduate, today: date) -> Values:
    if not today - timedelta(days=DAYS_BACK) <= date.fromisoformat(answers["entered_on"]) <= today:
        raise Problem("date-ahead")
    return answers


handler = step.handler
