"""exit-survey 毕业生问卷: a form of the student's, done when it is sent."""

from yinji.clearance.step import Step

step = Step("exit-survey")
handler = step.handler
