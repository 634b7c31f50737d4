"""The deployment's secret by which labels and links of reports are told from made-up ones, and the keys it gave out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from yinji.platform.environment import setting


def repair_key() -> str:
    """The secret YINJI_REPAIR_KEY, looked up again every five minutes. It never changes while labels hang about."""
    from aws_lambda_powertools.utilities import parameters

    return str(parameters.get_secret(setting("REPAIR_KEY"), max_age=300))  # pyright: ignore[reportUnknownMemberType]


def open311_keys() -> Mapping[str, str]:
    """The keys of clients of Open311 by the clients' names, of the secret YINJI_CLIENT_KEYS; looked up again every
    five minutes."""
    from aws_lambda_powertools.utilities import parameters

    found = parameters.get_secret(setting("CLIENT_KEYS"), max_age=300)  # pyright: ignore[reportUnknownMemberType]
    return cast(Mapping[str, str], json.loads(str(found)))
