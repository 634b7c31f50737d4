"""Moments as credentials tell them."""

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """`at`, which has a time zone, in UTC to the second (ISO 8601)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
