"""Cells of the tables that departments deliver. Each function raises ValueError(column, code) for what it cannot read.

`code` is a key of refusals.toml that says what is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

_YUAN = re.compile(r"-?\d{1,9}(\.\d{1,2})?")
_COUNT = re.compile(r"\d{1,6}")
LONGEST = 500


def flag(row: Mapping[str, str], column: str) -> bool:
    """yes or no."""
    if row[column] not in ("yes", "no"):
        raise ValueError(column, "yes-no")
    return row[column] == "yes"


def count(row: Mapping[str, str], column: str) -> int:
    """A whole number from 0 on."""
    if not _COUNT.fullmatch(row[column]):
        raise ValueError(column, "number")
    return int(row[column])


def yuan(row: Mapping[str, str], column: str) -> str:
    """An amount from 0 on, as text with two decimals."""
    amount = signed_yuan(row, column)
    if amount.startswith("-"):
        raise ValueError(column, "amount")
    return amount


def signed_yuan(row: Mapping[str, str], column: str) -> str:
    """An amount that may be negative, as text with two decimals; zero has no sign."""
    if not _YUAN.fullmatch(row[column]):
        raise ValueError(column, "amount")
    return str(abs(amount) if not (amount := Decimal(row[column]).quantize(Decimal("0.01"))) else amount)


def listed(row: Mapping[str, str], column: str) -> str:
    """Texts separated by semicolons, as one sentence part."""
    if len(row[column]) > LONGEST:
        raise ValueError(column, "value")
    return "、".join(part.strip() for part in row[column].split(";") if part.strip())
