"""Graduates, batches, rosters and snapshots for tests."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from yinji.clearance.case import Batch, Case, Event, Graduate, open_case
from yinji.clearance.roster import COLUMNS, FLAGS

NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
BATCH = Batch("2026-summer", {"zh": "2026 年夏季", "en": "Summer 2026"}, date(2026, 6, 1), date(2026, 6, 30))
LIN = Graduate(
    student="2022S01001",
    name="林晓雨",
    name_latin="Lin Xiaoyu",
    category="undergraduate",
    school="S01",
    programme="汉语言文学",
    class_name="中文 2201",
    counsellor="T0001",
    email="2022s01001@stu.example.edu",
    room="梅园 3-412",
    flags=frozenset({"lives_in"}),
)


def event(key: str = "k", who: str = "roster", at: datetime = NOW, **more: Any) -> Event:
    return Event(**({"key": key, "what": "test", "who": who, "role": "system", "at": at} | more))


def opened(graduate: Graduate = LIN) -> Case:
    return open_case(graduate, BATCH, event("open")).after


def graduate(number: int, school: str = "S01", **changes: Any) -> Graduate:
    return replace(LIN, student=f"2022{school}{number:03d}", name=f"学生{number}", school=school, **changes)


def roster_csv(graduates: Iterable[Graduate]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for one in graduates:
        flags = {flag: "yes" if flag in one.flags else "no" for flag in FLAGS}
        writer.writerow({name: getattr(one, name) for name in COLUMNS if name not in FLAGS} | flags)
    return out.getvalue()


def snapshot(
    step: str,
    columns: Iterable[str],
    rows: Iterable[Mapping[str, Any]],
    /,
    as_of: datetime | str = NOW - timedelta(hours=1),
    encoding: str = "utf-8",
    **lies: Any,
) -> bytes:
    """A snapshot as a department's export writes it; `lies` replace what its first line says."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns))
    writer.writeheader()
    listed = list(rows)
    writer.writerows(listed)
    table = out.getvalue().encode(encoding)
    told = {"step": step, "as_of": as_of if isinstance(as_of, str) else as_of.isoformat(), "rows": len(listed)}
    told |= {"sha256": hashlib.sha256(table).hexdigest()} | lies
    head = " ".join(f"{name}={value}" for name, value in told.items())
    return f"#yinji-feed {head}\n".encode() + table
