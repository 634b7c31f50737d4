"""Where notices live: the table `Repair`.

Items (pk, sk): NOTICES NOTICE#<id>; an id sorts by when the notice is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from yinji.archive.bulk import Bulk
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.platform.clock import instant, stamp
from yinji.repair.incidents_store import KEPT
from yinji.repair.items import TABLE, NoticeItem
from yinji.repair.notices import Kind, Notice, id_beginning

PK = "NOTICES"


class Notices:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def put(self, notice: Notice) -> bool:
        """Keep a new notice; False when it is there already."""
        item = NoticeItem(
            PK,
            sk_of(notice.id),
            notice=notice.id,
            kind=notice.kind,
            title=dict(notice.title),
            cause=notice.cause or None,
            in_building=notice.building or None,
            since=stamp(notice.since),
            until=stamp(notice.until),
            by=notice.by,
            at=stamp(notice.at),
            expires_at=int((notice.until + KEPT).timestamp()),
        )
        return kept(lambda: item.save(condition=NoticeItem.pk.does_not_exist()))

    def find(self, id: str) -> Notice | None:
        item = one(NoticeItem, PK, sk_of(id))
        return notice_of(values(item)) if item else None

    def current(self, at: datetime, *, back: timedelta = timedelta()) -> list[Notice]:
        """Those that are not over at `at`, or were for no longer than `back`: what holds and what is to come, that
        which is over first before the others."""
        since = sk_of(id_beginning(at - back))
        found = [notice_of(plains(item)) for item in self._bulk.query("pk", PK, since=since, consistent=True)]
        return [notice for notice in found if notice.end > at - back]

    def end(self, notice: Notice, at: datetime) -> bool:
        """Let it be over now; False when it was ended before, or there is none."""
        item = NoticeItem(PK, sk_of(notice.id))
        there = NoticeItem.pk.exists() & NoticeItem.ended_at.does_not_exist()
        return kept(lambda: item.update(actions=[NoticeItem.ended_at.set(stamp(at))], condition=there))


def sk_of(id: str) -> str:
    return f"NOTICE#{id}"


def notice_of(told: Mapping[str, Any]) -> Notice:
    """The notice of an item's values."""
    ended = told.get("ended_at")
    return Notice(
        told["notice"],
        cast(Kind, told["kind"]),
        told["title"],
        told.get("cause") or "",
        told.get("in_building") or "",
        instant(told["since"]),
        instant(told["until"]),
        told["by"],
        instant(told["at"]),
        instant(ended) if ended else None,
    )
