"""Ids that follow from what they are of: the same for the same, so that what is asked for twice is made once."""

from __future__ import annotations

import hashlib


def id_of(*told: str, length: int = 24) -> str:
    """`length` hexadecimal digits of the SHA-256 of `told`, a line each; also of text that is no UTF-8."""
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:length]
