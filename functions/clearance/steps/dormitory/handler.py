"""dormitory 退宿: the student books the inspection of the room, housing signs off. Who is abroad declares who collects
what is left in it."""

from datetime import date

from yinji.clearance.case import Graduate, Values
from yinji.clearance.step import Step
from yinji.platform.problem import invalid_form

PROXY = ("room_proxy_name", "room_proxy_phone", "room_proxy_identity")

step = Step("dormitory")


@step.on("hand-back-from-abroad")
def check(answers: Values, graduate: Graduate, today: date) -> Values:
    """Somebody who comes for the belongings is named in full; nobody is when nothing is left."""
    if answers["belongings"] == "nothing-left":
        return {**answers, **dict.fromkeys(PROXY, "")}
    missing = [name for name in PROXY if not answers.get(name)]
    if missing:
        raise invalid_form(dict.fromkeys(missing, "required"))
    return answers


handler = step.handler
