"""The deployment's secrets of repair: by which labels and links of reports are told from made-up ones, and by which a
monitor is."""

from __future__ import annotations

from yinji.platform.environment import setting


def repair_key() -> str:
    """The secret YINJI_REPAIR_KEY, looked up again every five minutes. It never changes while labels hang about."""
    return _secret(setting("REPAIR_KEY"))


def monitor_secret() -> str:
    """The secret YINJI_MONITOR_SECRET, which monitors send with what they tell."""
    return _secret(setting("MONITOR_SECRET"))


def _secret(name: str) -> str:
    from aws_lambda_powertools.utilities import parameters

    return str(parameters.get_secret(name, max_age=300))  # pyright: ignore[reportUnknownMemberType]
