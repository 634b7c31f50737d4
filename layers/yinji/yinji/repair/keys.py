"""The deployment's secret by which labels and links of reports are told from made-up ones."""

from __future__ import annotations

from yinji.platform.environment import setting


def repair_key() -> str:
    """The secret YINJI_REPAIR_KEY, looked up again every five minutes. It never changes while labels hang about."""
    from aws_lambda_powertools.utilities import parameters

    return str(parameters.get_secret(setting("REPAIR_KEY"), max_age=300))  # pyright: ignore[reportUnknownMemberType]
