"""thesis-deposit 提交学位论文: the student hands in the final version, the library signs off."""

from yinji.clearance.step import Step

step = Step("thesis-deposit")
handler = step.handler
