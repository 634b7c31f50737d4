"""library-loans 图书归还. Feed: student, loans (count), fines (yuan), titles (separated by ;)."""

from yinji.clearance.case import (
    DONE,
    SUBMITTED,
    UNSETTLED,
    Facts,
    Graduate,
    Reason,
    Standing,
    Values,
    blocked,
)
from yinji.clearance.cells import count, listed, yuan
from yinji.clearance.step import Row, Step

step = Step("library-loans")


@step.on_feed
def read(row: Row) -> Values:
    return {"loans": count(row, "loans"), "fines": yuan(row, "fines"), "titles": listed(row, "titles")}


@step.keeps_answers
def nothing_new_is_due(old: Values, new: Values) -> bool:
    """A declaration covers what was on loan when it was made; another loan is not covered by it."""
    return bool(new["loans"] <= old["loans"] and float(new["fines"]) <= float(old["fines"]))


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    if facts.feed is None:
        return UNSETTLED
    loans, fines = facts.feed["loans"], facts.feed["fines"]
    if facts.signed_off or (loans == 0 and fines == "0.00"):
        return DONE
    if "which" in facts.answers or "way" in facts.answers:
        return SUBMITTED
    abroad = "abroad" in graduate.flags
    reasons: list[Reason] = []
    if loans:
        told = {"loans": str(loans), "titles": facts.feed["titles"]}
        reasons.append(Reason("books-abroad" if abroad else "books-on-loan", told))
    if fines != "0.00":
        reasons.append(Reason("fines-abroad" if abroad else "fines", {"fines": fines}))
    return blocked(*reasons)


handler = step.handler
