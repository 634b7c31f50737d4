"""campus-card 校园卡与邮箱. Feed: student, balance (yuan). The student chooses refund or donation."""

from datetime import date

from yinji.clearance import bank
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


@step.on("choose")
def at_home(answers: Values, graduate: Graduate, today: date) -> Values:
    """The choice, which takes the place of one made from abroad."""
    return {**answers, "balance_abroad": ""}


@step.on("choose-from-abroad")
def from_abroad(answers: Values, graduate: Graduate, today: date) -> Values:
    """The choice; a transfer needs an account that it can reach."""
    account = {"account_holder": "", "iban": "", "swift": "", "bank_abroad": "", **answers, "balance_to": ""}
    return bank.abroad(account) if account["balance_abroad"] == "transfer" else account


@step.settles
def standing(facts: Facts, graduate: Graduate) -> Standing:
    balance = facts.feed["balance"] if facts.feed else None
    if balance is not None and balance.startswith("-"):
        return blocked(Reason("overdrawn", {"amount": balance.removeprefix("-")}))
    choice = facts.answers.get("balance_to") or facts.answers.get("balance_abroad")
    if not choice:
        return UNSETTLED
    settled = facts.signed_off or choice == "donate" or balance == "0.00"
    return DONE if settled else SUBMITTED


handler = step.handler
