"""personal-file 档案去向: a form of the student's, done when it is sent."""

from yinji.clearance.step import Step

step = Step("personal-file")
handler = step.handler
