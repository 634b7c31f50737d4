"""tuition 学费结清. Feed: student, arrears (yuan), items (separated by ;). Loan holders confirm their agreement."""

from yinji.clearance.case import DONE, UNSETTLED, Facts, Graduate, Reason, Standing, Values, blocked
from yinji.clearance.cells import listed, yuan
from yinji.clearance.step import Row, Step

step = Step("tuition")


@step.on_feed
def read(row: Row) -> Values:
    return {"arrears": yuan(row, "arrears"), "items": listed(row, "items")}


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    if facts.feed is None:
        return UNSETTLED
    reasons: list[Reason] = []
    if facts.feed["arrears"] != "0.00":
        reasons.append(Reason("arrears", {"arrears": facts.feed["arrears"], "items": facts.feed["items"]}))
    if "student_loan" in graduate.flags and facts.answers.get("agreed") != "yes":
        reasons.append(Reason("agreement"))
    return blocked(*reasons) if reasons else DONE


handler = step.handler
