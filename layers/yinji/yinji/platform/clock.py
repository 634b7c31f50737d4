"""Time. Instants are aware datetimes in UTC; days are the university's, which is in China (UTC+8, no summer time)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

CAMPUS = timezone(timedelta(hours=8), "Asia/Shanghai")


def now() -> datetime:
    """This instant, in UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> date:
    """Today's date on the campus."""
    return datetime.now(CAMPUS).date()


def stamp(instant: datetime) -> str:
    """`instant` as text that sorts by time: ISO 8601, UTC, milliseconds. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The aware datetime of an ISO 8601 `text`. Raises ValueError when it is malformed or has no time zone."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        return parsed.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant must be within the years that have a number") from error
