"""Deliveries of source systems on their way, in the table `Archive`.

Items: DELIVERIES <id> (a delivery), DELIVERY#<id> CHUNK#<number> (what became of a chunk), SOURCE#<source> STATE (which
delivery of the source is on its way).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from yinji.archive.bulk import Bulk
from yinji.archive.items import TABLE, ChunkItem, FileItem, SourceItem
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.platform.clock import instant, stamp

State = Literal["waiting", "loading", "loaded", "refused"]
DELIVERIES = "DELIVERIES"
PAGE = 50


@dataclass(frozen=True)
class Delivery:
    """The object `key` of `source` as it was put at `at`. `counts` are of lines, by what became of them."""

    id: str
    key: str
    source: str
    at: datetime
    began_at: datetime
    state: State = "waiting"
    chunks: int = 0
    lines: int = 0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    ended_at: datetime | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The delivery as programs read it."""
        told = {
            "id": self.id,
            "key": self.key,
            "source": self.source,
            "state": self.state,
            "at": stamp(self.at),
            "began_at": stamp(self.began_at),
            "lines": self.lines,
            "chunks": self.chunks,
            "counts": dict(self.counts),
        }
        return told | ({"ended_at": stamp(self.ended_at)} if self.ended_at else {})


class Deliveries:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk = Bulk(TABLE)

    def find(self, id: str) -> Delivery | None:
        item = one(FileItem, DELIVERIES, id)
        return _delivery(values(item)) if item else None

    def latest(self) -> list[Delivery]:
        """The deliveries that came last, the latest first."""
        found = FileItem.query(DELIVERIES, scan_index_forward=False, limit=PAGE)
        return [_delivery(values(item)) for item in found]

    def keep(self, delivery: Delivery) -> None:
        FileItem(DELIVERIES, delivery.id, **delivery.document).save()

    def begin(self, source: str, id: str) -> bool:
        """Let the delivery `id` of `source` be on its way; False while another one is."""
        free = SourceItem.current.does_not_exist() | (SourceItem.current == id)
        return kept(lambda: SourceItem(f"SOURCE#{source}").update([SourceItem.current.set(id)], condition=free))

    def end(self, source: str, id: str) -> None:
        """Let the next delivery of `source` begin, if `id` was on its way."""
        item = SourceItem(f"SOURCE#{source}")
        kept(lambda: item.update([SourceItem.current.remove()], condition=SourceItem.current == id))

    def start(self, id: str, number: int) -> bool:
        """Note that a chunk is begun; False when it was begun before."""
        chunk = ChunkItem(f"DELIVERY#{id}", f"CHUNK#{number:05}")
        return kept(lambda: chunk.save(condition=ChunkItem.pk.does_not_exist()))

    def loaded(self, delivery: Delivery, number: int, counts: Mapping[str, int]) -> bool:
        """Note what became of a chunk; whether it was the last one that was left. A chunk may be noted again."""
        told = {name: count for name, count in counts.items() if count}
        ChunkItem(f"DELIVERY#{delivery.id}", f"CHUNK#{number:05}", counts=told).save()
        return len(self._loaded(delivery.id)) == delivery.chunks

    def counts(self, id: str) -> Counter[str]:
        """What became of all chunks of a delivery together."""
        found = Counter[str]()
        for counts in self._loaded(id):
            found.update(counts)
        return found

    def _loaded(self, id: str) -> list[Mapping[str, int]]:
        """What became of each chunk that is loaded."""
        items = map(plains, self._bulk.query("pk", f"DELIVERY#{id}", ["counts"], consistent=True))
        return [item["counts"] for item in items if "counts" in item]


def _delivery(told: Mapping[str, Any]) -> Delivery:
    ended = told.get("ended_at")
    return Delivery(
        told["id"],
        told["key"],
        told["source"],
        instant(told["at"]),
        instant(told["began_at"]),
        told["state"],
        int(told["chunks"]),
        int(told["lines"]),
        {name: int(count) for name, count in told["counts"].items()},
        instant(ended) if ended else None,
    )
