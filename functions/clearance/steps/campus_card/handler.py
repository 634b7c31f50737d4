"""campus-card 校园卡与邮箱. Feed: student, balance (yuan). The student chooses refund or donation."""

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
from yinji.clearance.cells import signed_yuan
from yinji.clearance.step import Row, Step

step = Step("campus-card")


@step.on_feed
def read(row: Row) -> Values:
    return {"balance": signed_yuan(row, "balance")}


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    balance = facts.feed["balance"] if facts.feed else None
    if balance is not None and balance.startswith("-"):
        return blocked(Reason("overdrawn", {"amount": balance.removeprefix("-")}))
    choice = facts.answers.get("balance_to")
    if choice is None:
        return UNSETTLED
    settled = facts.signed_off or choice == "donate" or balance == "0.00"
    return DONE if settled else SUBMITTED


handler = step.handler
