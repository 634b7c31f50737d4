"""household-registration 户口迁移: the student says where it moves to, security signs off."""

from yinji.clearance.step import Step

step = Step("household-registration")
handler = step.handler
