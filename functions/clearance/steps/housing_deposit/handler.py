"""housing-deposit 住宿押金退还. Feed: student, refunded (yes|no), amount (yuan). Abroad: an account first."""

from datetime import date

from yinji.clearance import bank
from yinji.clearance.case import DONE, SUBMITTED, UNSETTLED, Facts, Graduate, Reason, Standing, Values, blocked
from yinji.clearance.cells import flag, yuan
from yinji.clearance.step import Row, Step

step = Step("housing-deposit")


@step.on_feed
def read(row: Row) -> Values:
    return {"refunded": flag(row, "refunded"), "amount": yuan(row, "amount")}


@step.on("declare-account")
def account(answers: Values, graduate: Graduate, today: date) -> Values:
    """An account that a transfer can reach."""
    return bank.abroad(answers)


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    nothing_to_refund = facts.feed is not None and (facts.feed["refunded"] or facts.feed["amount"] == "0.00")
    if facts.signed_off or nothing_to_refund:
        return DONE
    if "abroad" in graduate.flags:
        return SUBMITTED if "iban" in facts.answers else UNSETTLED
    return blocked(Reason("not-refunded", {"amount": facts.feed["amount"]})) if facts.feed else UNSETTLED


handler = step.handler
