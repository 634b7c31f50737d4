"""Where reports live: the table `Repair`.

Items (pk, sk): REPORT#<id> REPORT. Index by-incident (incident, filed_at); of Open311 also by-shelf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from yinji.archive.bulk import Bulk
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.platform.clock import instant, stamp
from yinji.repair.items import TABLE, ByIncident, ByShelf, ReportItem
from yinji.repair.report import Report, Source, Symptom

KEPT = timedelta(days=180)
"""How long a report is kept (the data map's term `reports-of-faults`): long enough for a term's statistics."""


class Reports:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def file(self, report: Report) -> bool:
        """Keep a new report: one write, on the condition that it is not there; False when it is, which is fine."""
        listed = report.source == "open311"
        item = ReportItem(
            pk_of(report.id),
            report=report.id,
            at_place=report.place,
            in_building=report.building,
            area=report.area,
            line=list(report.line),
            symptom=report.symptom,
            text=report.text or None,
            check=report.check or None,
            contact=report.contact or None,
            language=report.language,
            source=report.source,
            reporter=report.reporter,
            noticed_at=stamp(report.noticed_at),
            filed_at=stamp(report.filed_at),
            shelf=_shelf(report.filed_at) if listed else None,
            place_on_shelf=f"{stamp(report.filed_at)}#{report.id}" if listed else None,
            expires_at=int((report.filed_at + KEPT).timestamp()),
        )
        return kept(lambda: item.save(condition=ReportItem.pk.does_not_exist()))

    def find(self, id: str) -> Report | None:
        item = one(ReportItem, pk_of(id), "REPORT")
        return report_of(values(item)) if item else None

    def find_many(self, ids: Sequence[str]) -> dict[str, Report]:
        """Those of `ids` that there are, as of now."""
        found = self._bulk.get_many([(pk_of(id), "REPORT") for id in ids])
        return {one.id: one for one in map(report_of, map(plains, found))}

    def of_incident(self, incident: str) -> list[Report]:
        """The reports of an incident, the oldest first, as of a moment ago."""
        found = self._bulk.query("incident", incident, index=ByIncident.Meta.index_name)
        return [report_of(plains(item)) for item in found]

    def of_open311(self, start: datetime, end: datetime) -> Iterator[Report]:
        """What clients of Open311 filed from `start` to `end`, the youngest first, as of a moment ago."""
        for shelf in _shelves(start, end):
            found = self._bulk.query(
                "shelf", shelf, index=ByShelf.Meta.index_name, since=stamp(start), sort="place_on_shelf"
            )
            month = [report_of(plains(item)) for item in found]
            yield from (report for report in reversed(month) if report.filed_at <= end)


def _shelf(at: datetime) -> str:
    return f"open311#{at.astimezone(UTC):%Y-%m}"


def _shelves(start: datetime, end: datetime) -> list[str]:
    """The shelves of all months from `start` to `end`, the last first."""
    first, last = (at.astimezone(UTC).year * 12 + at.astimezone(UTC).month - 1 for at in (start, end))
    return [f"open311#{month // 12:04}-{month % 12 + 1:02}" for month in range(last, first - 1, -1)]


def pk_of(id: str) -> str:
    return f"REPORT#{id}"


def report_of(told: Mapping[str, Any]) -> Report:
    """The report of an item's values."""
    return Report(
        told["report"],
        told["at_place"],
        told["in_building"],
        told["area"],
        tuple(told["line"]),
        cast(Symptom, told["symptom"]),
        told.get("text") or "",
        told.get("check") or "",
        told.get("contact") or "",
        cast(Literal["zh", "en"], told["language"]),
        cast(Source, told["source"]),
        told["reporter"],
        instant(told["noticed_at"]),
        instant(told["filed_at"]),
        told.get("incident") or "",
        bool(told.get("photo")),
    )
