"""The deployment's secrets of repair: by which labels and links of reports are told from made-up ones, by which a
monitor is, and the keys that clients of Open311 were given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from yinji.platform.secrets import secret


def repair_key() -> str:
    """The secret YINJI_REPAIR_KEY, looked up again every five minutes. It never changes while labels hang about."""
    return secret("REPAIR_KEY")


def monitor_secret() -> str:
    """The secret YINJI_MONITOR_SECRET, which monitors send with what they tell."""
    return secret("MONITOR_SECRET")


def open311_keys() -> Mapping[str, str]:
    """The keys of clients of Open311 by the clients' names, of the secret YINJI_CLIENT_KEYS."""
    return cast(Mapping[str, str], json.loads(secret("CLIENT_KEYS")))
