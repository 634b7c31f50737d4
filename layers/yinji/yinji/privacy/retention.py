"""What is to go when: batches that have been over for long enough, and archives of who came long ago and has no case
(map.toml says how long that is). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from yinji.clearance.case import Batch
from yinji.platform.clock import CAMPUS
from yinji.privacy.map import terms

NEVER_CLOSED = timedelta(days=365)
"""A batch that nobody closes is over a year after its deadline."""

TERM_BEGINS = (9, 1)
"""Month and day on which a grade begins."""


@dataclass(frozen=True)
class Due:
    """What of a batch's cases is to go: the keys of sealed numbers, or all there is."""

    numbers: bool
    cases: bool


def over(batch: Batch, closed_at: datetime | None) -> date:
    """The day of the campus from which on the terms of `batch` run."""
    return closed_at.astimezone(CAMPUS).date() if closed_at else batch.deadline + NEVER_CLOSED


def due(batch: Batch, closed_at: datetime | None, today: date) -> Due:
    """What of `batch` is to go on the day `today`."""
    since = today - over(batch, closed_at)
    return Due(numbers=since >= terms()["numbers"].length, cases=since >= terms()["case"].length)


def archive_due(grade: str, today: date) -> bool:
    """Whether the archive of somebody who came in `grade` and has no case is to go on the day `today`; the archive of
    who has a case goes with it."""
    return date(int(grade), *TERM_BEGINS) + terms()["archive"].length <= today
