"""The season as files: what the university and its departments put into the intake bucket.

The same options give the same bytes. Student numbers carry the year, everything else that is dated hangs on the
day, so that a season is always current.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from yinji.clearance import definition, flow
from yinji.clearance.case import Graduate
from yinji.clearance.roster import COLUMNS, FLAGS
from yinji.clearance.step import Row
from yinji.platform import clock
from yinji.platform.text import BYTE_ORDER_MARK

from infra.local.season import expected
from infra.local.season.debts import Account, account
from infra.local.season.people import FULL, enrol

OPEN_FOR = timedelta(days=21)
OPENED_AGO = timedelta(days=7)
EXPORTED_AT = time(22, 30, tzinfo=clock.CAMPUS)
"""When departments export, on the evening before."""
LATE = 3
FILES = {"undergraduate": "undergraduates", "postgraduate": "postgraduates", "international": "international"}
IN_GB18030 = "tuition"
WITH_BYTE_ORDER_MARK = "library-loans"
"""Departments' systems differ; these are the two that are not plain UTF-8."""


@dataclass(frozen=True)
class Options:
    """How many graduates, which of all possible seasons, and the day it is looked at (a day of the campus)."""

    graduates: int = sum(FULL.values())
    seed: int = 1
    today: date = field(default_factory=clock.today)


@dataclass(frozen=True)
class Season:
    """`files` by key of the intake bucket; `facts` of every step with a feed, by step and student."""

    options: Options
    batch: str
    graduates: Sequence[Graduate]
    files: Mapping[str, bytes]
    facts: Mapping[str, Mapping[str, Account]]

    def snapshots(self, as_of: datetime, day: int | None = None) -> dict[str, bytes]:
        """Every department's snapshot as true at `as_of`, the season being `day` days old; None: all is settled."""
        return {
            f"feeds/{step}/{as_of.astimezone(clock.CAMPUS):%Y-%m-%dT%H%M%S}.csv": _snapshot(
                step, as_of, [one.settled if day is None else one.on(day) for one in accounts.values()]
            )
            for step, accounts in self.facts.items()
        }

    def expected(self) -> Counter[str]:
        """How many graduates have each step, by the rules of the university and not by the cases."""
        return expected.expected(self)

    def at_first(self) -> dict[str, Counter[str]]:
        """How many graduates are in which state, by step, once `files` are read and nobody has acted."""
        return expected.at_first(self)


def generate(options: Options | None = None) -> Season:
    """The season that `options` describe."""
    options = options or Options()
    today = options.today
    batch = f"{today.year}-{_term(today)[0]}"
    graduates = enrol(options.graduates, options.seed, today.year)
    season = Season(options, batch, graduates, {}, _facts(graduates, options))
    exported = datetime.combine(today - timedelta(days=1), EXPORTED_AT)
    files = _rosters(batch, today, graduates) | season.snapshots(exported, day=0)
    return replace(season, files=files)


def _term(day: date) -> tuple[str, str, str]:
    """The graduating term of a day: its id and its name in both languages."""
    if day.month < 3:
        return "spring", "春季", "Spring"
    return ("summer", "夏季", "Summer") if day.month < 9 else ("winter", "冬季", "Winter")


def _facts(graduates: Sequence[Graduate], options: Options) -> dict[str, dict[str, Account]]:
    facts: dict[str, dict[str, Account]] = {}
    for step in definition.steps().values():
        if step.feed:
            random = Random(f"{step.id} {options.seed}")
            facts[step.id] = {
                graduate.student: account(step.id, graduate.student, random, options.today.year)
                for graduate in graduates
                if step.id in _applicable(graduate)
            }
    return facts


_steps_of: dict[tuple[str, frozenset[str]], frozenset[str]] = {}


def _applicable(graduate: Graduate) -> frozenset[str]:
    """The steps of a graduate; there are few combinations of what decides it."""
    key = (flow.flow_of(graduate), graduate.flags)
    if key not in _steps_of:
        _steps_of[key] = frozenset(flow.applicable(graduate))
    return _steps_of[key]


# --- rosters -------------------------------------------------------------------------------------------------
def _rosters(batch: str, today: date, graduates: Sequence[Graduate]) -> dict[str, bytes]:
    _, zh, en = _term(today)
    declared = {
        "title": {"zh": f"{today.year} 年{zh}毕业生", "en": f"{en} {today.year}"},
        "opens_on": (today - OPENED_AGO).isoformat(),
        "deadline": (today + OPEN_FOR).isoformat(),
    }
    files = {f"rosters/{batch}/batch.json": json.dumps(declared, ensure_ascii=False, indent=2).encode()}
    undergraduates = [graduate for graduate in graduates if graduate.category == "undergraduate"]
    late = undergraduates[:: len(undergraduates) // LATE][:LATE] if len(undergraduates) > LATE else []
    told_late = {graduate.student for graduate in late}
    for category, name in FILES.items():
        listed = [one for one in graduates if one.category == category and one.student not in told_late]
        if listed:
            files[f"rosters/{batch}/{name}.csv"] = _csv(COLUMNS, map(_cells, listed))
    if late:
        files[f"rosters/{batch}/late-additions.csv"] = _csv(COLUMNS, map(_cells, _with_mistakes(late)))
    return files


def _with_mistakes(late: Sequence[Graduate]) -> list[Graduate]:
    """`late`, typed in by hand: a school that does not exist, a row without a name, and a row that comes twice."""
    first = late[0]
    stranger = replace(first, student=f"{first.student}X1", school="S99")
    nameless = replace(first, student=f"{first.student}X2", name="")
    return [first, stranger, *late[1:], nameless, first]


def _cells(graduate: Graduate) -> list[str]:
    return [
        ("yes" if column in graduate.flags else "no") if column in FLAGS else getattr(graduate, column)
        for column in COLUMNS
    ]


# --- feeds ---------------------------------------------------------------------------------------------------
def _snapshot(step: str, as_of: datetime, rows: Sequence[Row]) -> bytes:
    feed = definition.steps()[step].feed
    assert feed  # noqa: S101 - only steps with a feed have facts
    encoding = "gb18030" if step == IN_GB18030 else "utf-8"
    table = _csv(feed.columns, ([row[column] for column in feed.columns] for row in rows), encoding)
    told = {
        "step": step,
        "as_of": as_of.isoformat(timespec="seconds"),
        "rows": len(rows),
        "sha256": hashlib.sha256(table).hexdigest(),
    }
    head = "#yinji-feed " + " ".join(f"{name}={value}" for name, value in told.items()) + "\r\n"
    return (BYTE_ORDER_MARK if step == WITH_BYTE_ORDER_MARK else b"") + head.encode() + table


def _csv(columns: Iterable[str], rows: Iterable[Sequence[str]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)
