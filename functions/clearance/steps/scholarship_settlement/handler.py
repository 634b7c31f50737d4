"""scholarship-settlement 奖学金结算: the student says which account, international education pays and signs off."""

from datetime import date

from yinji.clearance import bank
from yinji.clearance.case import Graduate, Values
from yinji.clearance.step import Step

step = Step("scholarship-settlement")


@step.on("confirm-account")
def card(answers: Values, graduate: Graduate, today: date) -> Values:
    """The card's number without spaces."""
    return {**answers, "card": bank.card(answers["card"], "card")}


@step.on("declare-account")
def account(answers: Values, graduate: Graduate, today: date) -> Values:
    """An account that a transfer can reach."""
    return bank.abroad(answers)


handler = step.handler
