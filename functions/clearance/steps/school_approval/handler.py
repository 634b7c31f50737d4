"""school-approval 学院审核: the counsellor signs, when every step above is settled."""

from yinji.clearance.step import Step

step = Step("school-approval")
handler = step.handler
