"""diploma 领取毕业证书: the student chooses the delivery, academic affairs hands it over. Then the case is closed."""

from datetime import date

from yinji.clearance.case import Graduate, Values
from yinji.clearance.step import Step
from yinji.platform.problem import Problem

step = Step("diploma")


@step.on("choose-delivery")
def check(answers: Values, graduate: Graduate, today: date) -> Values:
    """Mail needs an address, a proxy needs a name and an identity number."""
    if answers["delivery"] != "pick-up" and not str(answers.get("details", "")).strip():
        raise Problem("invalid-form", fields="details", errors=[{"field": "details", "code": "required"}])
    return {"details": "", **answers}


handler = step.handler
