"""Anchors in the documents bucket: anchors/<day>.json, the heads they are over, and what they found rewritten.

Heads lie below anchors/heads/ under the root over them: an anchor can never stand with other heads than its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any

from yinji.clearance.chain import Head, Tree, Witness

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "anchors/"
ERASED = f"{FOLDER}erased/"
THREADS = 8
Anchor = Mapping[str, Any]


class Anchors:
    """The anchors in the bucket `documents`. Every method raises what S3 raises when it cannot be reached."""

    def __init__(self, client: S3Client, documents: str) -> None:
        self._client, self._documents = client, documents

    def days(self) -> list[str]:
        """The days that have an anchor, in order (ISO 8601)."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._documents, Prefix=FOLDER, Delimiter="/"
        )
        keys = [entry.get("Key", "") for page in pages for entry in page.get("Contents", [])]
        return sorted(key.removeprefix(FOLDER).removesuffix(".json") for key in keys)

    def of(self, days: Sequence[str]) -> list[Anchor]:
        """The anchors of `days`, in their order."""
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(self._read, [f"{FOLDER}{day}.json" for day in days]))

    def newest(self) -> Anchor | None:
        days = self.days()
        return self.of(days[-1:])[0] if days else None

    def heads(self, anchor: Anchor) -> list[Head]:
        """The heads that `anchor` is over."""
        return [Head(*told) for told in self._read(f"{FOLDER}heads/{anchor['root']}.json")]

    def keep(self, anchor: Anchor, heads: Sequence[Head], rewritten: Sequence[str]) -> None:
        """Keep `anchor` over `heads`, and whose history was found `rewritten` when it was made; the anchor last."""
        listed = [[head.student, head.version, head.chain] for head in sorted(heads)]
        self._write(f"{FOLDER}heads/{anchor['root']}.json", listed)
        if rewritten:
            self._write(f"{FOLDER}rewritten/{anchor['date']}.json", list(rewritten))
        self._write(f"{FOLDER}{anchor['date']}.json", anchor)

    def note_erasure(self, head: Head) -> None:
        """Write down that the history which ends with `head` is about to be erased.

        Here and not in the table, by what nobody but the retention job may put: whoever writes into the table could
        excuse there what they took away. The name is a hash from which nobody finds whose history it was.
        """
        self._client.put_object(Bucket=self._documents, Key=f"{ERASED}{head.leaf}", Body=b"")

    def erased(self) -> set[str]:
        """The leaves of the heads whose histories were erased."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._documents, Prefix=ERASED)
        return {entry.get("Key", "").removeprefix(ERASED) for page in pages for entry in page.get("Contents", [])}

    def _read(self, key: str) -> Any:
        return json.loads(self._client.get_object(Bucket=self._documents, Key=key)["Body"].read())

    def _write(self, key: str, document: Any) -> None:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self._client.put_object(Bucket=self._documents, Key=key, Body=text.encode(), ContentType="application/json")


class Witnesses:
    """Who witnesses a history: the newest anchor, its heads read once."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchor = anchors.newest()
        self._tree = Tree(anchors.heads(self._anchor)) if self._anchor else None

    def of(self, student: str) -> Witness | None:
        """The newest anchor with the way from the head of `student` to its root; None when it does not know them."""
        found = self._tree.find(student) if self._tree else None
        return Witness(self._anchor, *found) if self._anchor and found else None


def due(days: Sequence[str], today: date) -> bool:
    """Whether `today` still needs its anchor."""
    return not days or days[-1] < today.isoformat()
