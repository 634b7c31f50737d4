"""diploma 领取毕业证书: the student chooses the delivery, academic affairs hands it over. Then the case is closed.

A proxy shows a one-time code that only the graduate was told. It is void once it was used, when another delivery is
chosen, and after five wrong tries.
"""

from datetime import date

from yinji.clearance import codes
from yinji.clearance.case import Graduate, Reason, Values
from yinji.clearance.step import Step, TurnedDown
from yinji.platform.problem import Problem

MOST_TRIES = 5
TRIES = "code_tries"

step = Step("diploma")
_ways = {
    action.id: {field.name for field in action.fields}
    for action in step.definition.actions.values()
    if action.by == "student"
}
NOTHING = {name: "" for fields in _ways.values() for name in fields} | {"details": "", "code": "", TRIES: ""}
"""What is forgotten of a delivery when another one is chosen."""


@step.on("book-pick-up")
def pick_up(answers: Values, graduate: Graduate, today: date) -> Values:
    return {**NOTHING, **answers, "delivery": "pick-up"}


@step.on("ask-for-mail")
def mail(answers: Values, graduate: Graduate, today: date) -> Values:
    return {**NOTHING, **answers, "delivery": "mail"}


@step.on("authorise-proxy")
def authorise(answers: Values, graduate: Graduate, today: date) -> Values:
    """Whoever authorises anew gets a new code."""
    return {**NOTHING, **answers, "delivery": "proxy", "code": codes.one_time()}


@step.signs("post")
def post(known: Values, answers: Values) -> Values:
    return answers


@step.signs("hand-to-proxy")
def hand_to_proxy(known: Values, answers: Values) -> Values | TurnedDown:
    """The code is compared with the one that holds; a wrong one is counted."""
    if codes.same(str(answers["code"]), str(known.get("code", ""))):
        return {"identity_checked": answers["identity_checked"], "code": "", TRIES: ""}
    tries = int(known.get(TRIES) or 0) + 1
    if tries < MOST_TRIES:
        return TurnedDown(Problem("code-wrong"), {TRIES: str(tries)})
    return TurnedDown(Problem("code-locked"), {"code": "", TRIES: ""}, Reason("code-locked"))


handler = step.handler
