"""Findings of cdk-nag that stand, each with its reason and beside what it is about."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *findings: str) -> None:
    """Let `findings` (`AwsSolutions-S1`, `AwsSolutions-IAM5[Resource::*]`) stand below `construct`."""
    for finding in findings:
        Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
