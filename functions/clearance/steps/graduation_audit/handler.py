"""graduation-audit 毕业资格审核. Feed: student, passed (yes|no), missing (texts separated by ;)."""

from yinji.clearance.case import DONE, UNSETTLED, Facts, Graduate, Reason, Standing, Values, blocked
from yinji.clearance.cells import flag, listed
from yinji.clearance.step import Row, Step

step = Step("graduation-audit")


@step.on_feed
def read(row: Row) -> Values:
    return {"passed": flag(row, "passed"), "missing": listed(row, "missing")}


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    if facts.feed is None:
        return UNSETTLED
    if facts.feed["passed"]:
        return DONE
    return blocked(Reason("audit-not-passed", {"missing": facts.feed["missing"]}))


handler = step.handler
