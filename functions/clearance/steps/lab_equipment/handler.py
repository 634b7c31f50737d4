"""lab-equipment 实验室设备归还. Feed: student, items (count), names (separated by ;). The supervisor signs off."""

from yinji.clearance.case import DONE, SUBMITTED, UNSETTLED, Facts, Graduate, Reason, Standing, Values, blocked
from yinji.clearance.cells import count, listed
from yinji.clearance.step import Row, Step

step = Step("lab-equipment")


@step.on_feed
def read(row: Row) -> Values:
    return {"items": count(row, "items"), "names": listed(row, "names")}


@step.keeps_answers
def nothing_new_is_lent(old: Values, new: Values) -> bool:
    """What was said and signed covers what was on loan then; another item is not covered by it."""
    return bool(new["items"] <= old["items"])


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    if facts.feed is None:
        return UNSETTLED
    if facts.signed_off:
        return DONE
    if facts.feed["items"] and "handed_over" not in facts.answers:
        return blocked(Reason("on-loan", {"items": str(facts.feed["items"]), "names": facts.feed["names"]}))
    return SUBMITTED


handler = step.handler
