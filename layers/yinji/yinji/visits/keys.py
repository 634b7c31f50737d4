"""The deployment's secret of visits: by which links of visits and of calendars are told from made-up ones."""

from __future__ import annotations

from yinji.platform.secrets import secret


def visits_key() -> str:
    """The secret YINJI_VISITS_KEY, looked up again every five minutes."""
    return secret("VISITS_KEY")
