"""Counts how often somebody asked, in the table `Limits`, and says when it was too often.

One UpdateItem for what is counted, and no read. An item is a window of one person, code or address; it goes by itself
when the window is over.

When the table does not answer, whoever asks is let in: in the last week of June ten thousand people who cannot finish
are worse than a machine that is not stopped for a while, which the firewall and the API's own throttle still hold. It
is counted, and an alarm tells.
"""
# pyright: reportIncompatibleVariableOverride=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from yinji.identity.session import signing_keys
from yinji.platform import clock
from yinji.platform.limits import Limit, key, of_the_day
from yinji.platform.observability import count, logger
from yinji.platform.problem import Problem

SERVICE = "limits"
"""What counts here counts for all services together."""


class CounterItem(Model):
    """How often somebody asked in a window."""

    class Meta:
        table_name = os.environ.get("YINJI_LIMITS_TABLE", "Limits")
        # whoever asks waits for this: it had better be quick, or not be
        connect_timeout_seconds = 1
        read_timeout_seconds = 1
        max_retry_attempts = 0
        max_pool_connections = 32

    pk = UnicodeAttribute(hash_key=True)
    hits = NumberAttribute()
    expires_at = NumberAttribute()


def hit(limit: Limit, whom: str) -> None:
    """Count that the person or code `whom` asked. Raises Problem("too-often")."""
    _hit(limit, whom, by_address=False)


def hit_from(limit: Limit, address: str) -> None:
    """Count that somebody at `address` asked, who did not say who they are. Raises Problem("too-often")."""
    _hit(limit, address, by_address=True)


def _hit(limit: Limit, whom: str, *, by_address: bool) -> None:
    now = clock.now()
    window = limit.window(now)
    ends = window + limit.seconds
    try:
        secret = of_the_day(signing_keys()[0], now) if by_address else ""
        item = CounterItem(key(limit, whom, window, secret))
        item.update(actions=[CounterItem.hits.add(1), CounterItem.expires_at.set(ends)])
    except Exception as error:  # whatever keeps us from counting keeps nobody from what they came for
        logger.warning("not counted", extra={"limit": limit.name, "why": type(error).__name__})
        count("LimitsUnreachable", service=SERVICE)
        return
    if item.hits > limit.most * _factor():
        count("RequestsLimited", limit=limit.name, service=SERVICE)
        raise Problem("too-often", seconds=max(1, ends - int(now.timestamp())))


def _factor() -> int:
    """By how much a deployment raises all limits: where machines act for people, as in a local season."""
    return int(os.environ.get("YINJI_LIMIT_FACTOR", "1"))
