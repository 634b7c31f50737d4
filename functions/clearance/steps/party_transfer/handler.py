"""party-transfer 党组织关系转接: the student names the receiver, the organisation department signs off."""

from yinji.clearance.step import Step

step = Step("party-transfer")
handler = step.handler
