"""Secrets of the deployment, by what the environment calls them."""

from __future__ import annotations

from yinji.platform.environment import setting


def secret(name: str) -> str:
    """What Secrets Manager keeps under the ARN of the variable YINJI_<name>, looked up again every five minutes."""
    from aws_lambda_powertools.utilities import parameters

    return str(parameters.get_secret(setting(name), max_age=300))  # pyright: ignore[reportUnknownMemberType]
